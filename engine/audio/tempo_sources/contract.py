"""What a tempo source is, and its twin in memory.

A source is polled once a hop by the analysis thread and answers at once with a Reading for show
time `time`. Times here are those of the room: what sounds at the moment that the show clock says
`time`. What a source hears is taken in on threads of its own.
"""

from __future__ import annotations

from typing import Protocol

from engine.records import Reading

SLOWEST, FASTEST = 20.0, 400.0
"""Beats a minute outside which nothing is believed."""


class TempoSource(Protocol):
    """Somebody who may know the beat. `name` is what the operator calls it."""

    name: str

    def there(self, time: float) -> bool:
        """Whether it knows a beat now: peers in the session, packets or clocks lately."""
        ...

    def read(self, time: float) -> Reading | None:
        """Its word for show time `time` (the reading's own time may differ a little)."""
        ...

    def align(self, time: float, beat: float) -> None:
        """The hand, or the running clock, says that the count is `beat` at `time`.

        Taken over by a source that knows a tempo and no phase of its own; others ignore it.
        """
        ...

    def says(self) -> str:
        """Its state in some words for --stats, such as "2 peers"."""
        ...

    def close(self) -> None:
        """Stop listening; may be called twice."""
        ...


class MemoryTempo:
    """A source whose word is set by hand: the twin for tests and rehearsal."""

    def __init__(self, name: str = "memory", reading: Reading | None = None) -> None:
        self.name = name
        self.reading = reading

    def there(self, time: float) -> bool:
        return self.reading is not None

    def read(self, time: float) -> Reading | None:
        return self.reading

    def align(self, time: float, beat: float) -> None:
        pass

    def says(self) -> str:
        return "there" if self.reading else "nothing"

    def close(self) -> None:
        self.reading = None
