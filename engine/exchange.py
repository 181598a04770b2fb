"""Hand-off between threads: a ring for samples, a mailbox for state, a queue for events.

The ring is written by one thread (the audio callback) and read by one (analysis): it neither
locks nor allocates when written. The mailbox keeps the newest value only and nobody waits. The
queue loses nothing.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

import numpy as np

from engine.records import HOP

T = TypeVar("T")


class SampleRing:
    """One writer, one reader ring of float32 frames (frames, channels).

    Both sides count samples from the start of the show; a single aligned integer store is
    atomic under CPython, so no lock is needed. When the reader is too slow the oldest samples
    are lost and counted in `overruns`.
    """

    def __init__(self, capacity: int = 1 << 16, channels: int = 2) -> None:
        self._data = np.zeros((capacity, channels), np.float32)
        self._written = 0
        self._read = 0
        self.overruns = 0

    @property
    def available(self) -> int:
        """Samples that can be read now."""
        return self._written - self._read

    @property
    def written(self) -> int:
        """Samples that came in since the start."""
        return self._written

    @property
    def consumed(self) -> int:
        """Samples that were read or lost since the start."""
        return self._read

    def write(self, samples: np.ndarray) -> None:
        """Copy (n, channels) float32 samples in; n may be any size up to the capacity."""
        n, size = len(samples), len(self._data)
        start = self._written % size
        first = min(n, size - start)
        self._data[start : start + first] = samples[:first]
        if first < n:
            self._data[: n - first] = samples[first:]
        self._written += n

    def read_into(self, out: np.ndarray) -> bool:
        """Fill `out` (n, channels), of the ring's whole size at most, with the next samples; False
        if too few are there. Only where the writer leaves what was not read."""
        n, size = len(out), len(self._data)
        if self.available < n:
            return False
        start = self._read % size
        first = min(n, size - start)
        out[:first] = self._data[start : start + first]
        if first < n:
            out[first:] = self._data[: n - first]
        self._read += n
        return True

    def read_hop(self) -> np.ndarray | None:
        """The next HOP samples as a new array (HOP, channels), or None if too few are there."""
        size = len(self._data)
        behind = self._written - self._read
        if behind > size:
            lost = -(-(behind - size // 2) // HOP) * HOP
            self._read += lost
            self.overruns += 1
        if self._written - self._read < HOP:
            return None
        start = self._read % size
        hop = self._data.take(range(start, start + HOP), axis=0, mode="wrap")
        self._read += HOP
        return hop


class Mailbox(Generic[T]):
    """The newest value, for any number of readers. Putting and getting never wait."""

    def __init__(self, value: T) -> None:
        self._value = value

    def put(self, value: T) -> None:
        self._value = value

    def get(self) -> T:
        return self._value


class EventQueue(Generic[T]):
    """Every event, in order, from many writers to one reader; never waits."""

    def __init__(self) -> None:
        self._events: deque[T] = deque()

    def put(self, event: T) -> None:
        self._events.append(event)

    def drain(self) -> list[T]:
        """All events since the last drain, oldest first."""
        events = []
        while self._events:
            events.append(self._events.popleft())
        return events
