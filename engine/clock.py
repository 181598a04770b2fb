"""The only file that knows what time it is.

`Clock.now()` is seconds since the show began. Live the audio clock is the master (samples
captured / rate, placed and carried between blocks by the system's monotonic clock); without sound
the wall clock; for rendering and tests the frame clock, which stands still until it is set.
"""

from __future__ import annotations

import time as _time
from typing import Protocol


class Clock(Protocol):
    """Anything that tells show time."""

    def now(self) -> float:
        """Seconds since the show began; never runs backwards."""
        ...


def monotonic() -> float:
    """Seconds on the system's steady clock: for durations, never for show time."""
    return _time.perf_counter()


def timestamp() -> str:
    """Local date and time for file names and reports: 20261121-014900."""
    return _time.strftime("%Y%m%d-%H%M%S")


def sleep(seconds: float) -> None:
    """Let other threads run for a while."""
    if seconds > 0:
        _time.sleep(seconds)


class WallClock:
    """Show time from the system's steady clock, starting at zero."""

    def __init__(self) -> None:
        self._start = monotonic()

    def now(self) -> float:
        return monotonic() - self._start


class FrameClock:
    """Show time that is set by hand: index / fps for a film."""

    def __init__(self) -> None:
        self._time = 0.0

    def now(self) -> float:
        return self._time

    def set(self, time: float) -> None:
        self._time = time


class AudioClock:
    """Show time that follows the sound in the room, and flies on when none is heard.

    `now()` is the place in the stream of what sounds at this moment; it is known to the analysis
    a little later (or earlier, for a song that is played to the room). `heard` is called by the
    analysis thread for each hop. Its times tremble, so the offset to the steady clock is pulled
    by a few per cent of the error: a late block does not make the show stutter. The first hop
    sets it at once.
    """

    GAIN = 0.02

    def __init__(self) -> None:
        self._offset = -monotonic()
        self._heard = False
        self._last = 0.0

    def heard(self, time: float, sounded: float | None = None) -> None:
        """What ends at show time `time` was in the room at `sounded` (monotonic; default now)."""
        offset = time - (monotonic() if sounded is None else sounded)
        if not self._heard:
            self._offset, self._heard = offset, True
        else:
            self._offset += self.GAIN * (offset - self._offset)

    def now(self) -> float:
        self._last = max(self._last, monotonic() + self._offset)
        return self._last
