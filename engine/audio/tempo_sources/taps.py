"""Taps of a hand, fitted by a straight line: one sets the phase, two or more the tempo as well.

Up to 20 taps count (a single interval is 20 ms off, ten taps 2 ms: QLC+ #1306). The tempo is the
slope of a regression over whole multiples of the usual interval, so missed taps do no harm; a key
that bounces is not heard, and a double tap is left out. A pause starts anew, and so do four steady
taps at another tempo. Analysis thread only.
"""

from __future__ import annotations

import numpy as np

from engine.audio.tempo_sources.contract import FASTEST, SLOWEST
from engine.records import Reading

MOST = 20
BOUNCE_SECONDS = 0.1
RESET_SECONDS = 1.5
"""A longer pause starts anew, unless the taps are slow: then 2.6 intervals (one or two missed)."""
DOUBLE = 0.6
"""A tap sooner than this share of the usual interval is one too many."""
STEADY = 0.15
"""Intervals that differ by no more than this share are one tempo."""
HOLD_SECONDS = 8.0
"""So long after the last of three taps they are believed; after one or two, SNAP_SECONDS."""
SNAP_SECONDS = 2.0


class Taps:
    """The taps so far as a tempo source."""

    name = "tap"

    def __init__(self) -> None:
        self._taps: list[float] = []
        self._raw: list[float] = []  # the last four, also those left out
        self._bpm = 120.0
        self._beat_time = 0.0

    def tap(self, time: float, bpm: float) -> None:
        """A tap at show time `time`; `bpm` is the tempo of the clock, kept by a first tap."""
        if self._raw and time - self._raw[-1] < BOUNCE_SECONDS:
            return
        usual = self._usual()
        if self._raw and time - self._raw[-1] > max(RESET_SECONDS, 2.6 * usual):
            self._taps, self._raw, usual = [], [], 0.0
        self._raw = [*self._raw[-3:], time]
        if self._another_tempo(usual):
            self._taps = list(self._raw)
        elif not self._taps or time - self._taps[-1] >= DOUBLE * usual:
            self._taps = [*self._taps[1 - MOST :], time]
        self._fit(bpm)

    def forget(self) -> None:
        """No longer there."""
        self._taps, self._raw = [], []

    @property
    def count(self) -> int:
        """Taps in the line."""
        return len(self._taps)

    def there(self, time: float) -> bool:
        hold = HOLD_SECONDS if len(self._taps) > 2 else SNAP_SECONDS
        return bool(self._taps) and time - self._taps[-1] < hold

    def read(self, time: float) -> Reading | None:
        if not self._taps:
            return None
        phase = (time - self._beat_time) * self._bpm / 60.0 % 1.0
        return Reading(time, self._bpm, phase, None, 0.95 if self.count > 2 else 0.6, self.name)

    def align(self, time: float, beat: float) -> None:
        pass

    def says(self) -> str:
        return f"{self.count} taps" if self._taps else "no taps"

    def close(self) -> None:
        self.forget()

    def _usual(self) -> float:
        """The median interval of the taps that count, 0 before two."""
        return float(np.median(np.diff(self._taps))) if len(self._taps) > 1 else 0.0

    def _another_tempo(self, usual: float) -> bool:
        """Whether the last four taps are steady among themselves and unlike those before."""
        if len(self._raw) < 4 or usual == 0.0:
            return False
        steps = np.diff(self._raw)
        step = float(np.median(steps))
        multiple = max(1.0, round(step / usual))
        return bool(
            np.abs(steps / step - 1.0).max() < STEADY
            and abs(step / (usual * multiple) - 1.0) > STEADY
        )

    def _fit(self, bpm: float) -> None:
        """Tempo and phase of the straight line through the taps."""
        times = np.array(self._taps)
        usual = self._usual()
        if usual == 0.0:
            self._bpm, self._beat_time = bpm, self._taps[-1]
            return
        counts = np.cumsum([0, *np.maximum(1, np.round(np.diff(times) / usual))])
        period, first = np.polyfit(counts, times, 1)
        self._bpm = float(np.clip(60.0 / period, SLOWEST, FASTEST))
        self._beat_time = float(first + period * counts[-1])
