"""What tempo sources from outside say, written down for a take, and said again from one.

`Witness` stands before a live source and tells `note` what it says, hop by hop; `TakeTempo` says
the same at the same hops. Analysis thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.audio.tempo_sources.contract import TempoSource
from engine.records import HOP_SECONDS, Reading


def hop_of(time: float) -> int:
    """The hop (from 0) that ends at show time `time`."""
    return round(time / HOP_SECONDS) - 1


class Witness:
    """A TempoSource that passes on another's words; each goes to `note(hop, name, reading)`."""

    def __init__(self, source: TempoSource, note: Callable[[int, str, Reading], None]) -> None:
        self._source, self._note, self.name = source, note, source.name
        self._said: tuple[float, Reading | None] = (-1.0, None)

    def there(self, time: float) -> bool:
        there = self._source.there(time)
        self._said = (time, self._source.read(time) if there else None)
        if self._said[1] is not None:
            self._note(hop_of(time), self.name, self._said[1])
        return there

    def read(self, time: float) -> Reading | None:
        return self._said[1] if time == self._said[0] else self._source.read(time)

    def align(self, time: float, beat: float) -> None:
        self._source.align(time, beat)

    def says(self) -> str:
        return self._source.says()

    def close(self) -> None:
        self._source.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)  # `publish` of a session that is led


class TakeTempo:
    """A TempoSource that says what a take holds; `readings` by hop."""

    def __init__(self, name: str, readings: Mapping[int, Reading]) -> None:
        self.name, self._readings = name, readings

    def there(self, time: float) -> bool:
        return hop_of(time) in self._readings

    def read(self, time: float) -> Reading | None:
        return self._readings.get(hop_of(time))

    def align(self, time: float, beat: float) -> None:
        pass

    def says(self) -> str:
        return "from a take"

    def close(self) -> None:
        pass
