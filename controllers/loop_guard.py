"""Notices a port that sends back what it is sent, so that lights do not press buttons.

A loop (a thru port, a patched cable) returns nearly every message at once. A hand may by chance
press what was just lit, so single returns count for nothing: only when most come back are the
lights of that port left alone. One guard a port, on the MIDI thread.
"""

from __future__ import annotations

from collections.abc import Sequence

BACK_SECONDS, FIRST_SECONDS = 0.15, 1.0
"""How soon a loop returns a message; how long after plugging in every return is dropped."""
ENOUGH = 8


class LoopGuard:
    """`looped` says that the port returns what it gets."""

    def __init__(self, time: float) -> None:
        self._begun = time
        self._sent: dict[bytes, float] = {}
        self._count = self._back = 0
        self.looped = False

    def sent(self, message: Sequence[int], time: float) -> None:
        """A message goes out at `time`, steady seconds."""
        self._sent[bytes(message)] = time
        self._count += 1

    def returned(self, message: Sequence[int], time: float) -> bool:
        """Whether a message that came in is one of ours, to be dropped."""
        at = self._sent.pop(bytes(message), None)
        if at is None or time - at > BACK_SECONDS:
            return self.looped and at is not None
        self._back += 1
        if self._back >= ENOUGH and 2 * self._back >= self._count:
            self.looped = True
        return self.looped or time - self._begun < FIRST_SECONDS
