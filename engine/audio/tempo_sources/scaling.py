"""Doubles or halves what a source says: x2 and /2 of the operator.

Readings tell a place within a beat and at most within a bar; at half the tempo it must be known
which of two beats is one, so the beats are counted through here. Analysis thread only.
"""

from __future__ import annotations

from dataclasses import replace

from engine.records import Beat, Reading


class Scaling:
    """Readings at `factor` times their tempo (a quarter to four)."""

    def __init__(self) -> None:
        self.factor = 1.0
        self._time = 0.0
        self._count: float | None = None  # beats of the source at `_time`
        self._shift = 0  # beats by which the hand counts the source's bar otherwise

    def times(self, factor: float) -> None:
        """Multiply the tempo; nothing beyond a quarter and four."""
        if 0.25 <= self.factor * factor <= 4.0:
            self.factor *= factor

    def restart(self) -> None:
        """Count anew: another source speaks."""
        self._count, self._shift = None, 0

    def one(self, time: float, bpm: float) -> None:
        """The hand says that a bar begins at `time`: of the scaled beats, one is there.

        `bpm` is the source's tempo.
        """
        if self._count is not None:
            beats = round(self._count + (time - self._time) * bpm / 60.0)
            self._count -= beats
            self._shift -= beats

    def apply(self, reading: Reading, beat: Beat) -> Reading:
        """The reading as it is meant; `beat` is where the clock is, and settles what is open."""
        if self._count is None:
            expected = beat.at(reading.time) / self.factor
        else:
            expected = self._count + (reading.time - self._time) * reading.bpm / 60.0
        known = reading.bar_beat is not None
        span = 4.0 if known else 1.0
        place = (reading.bar_beat or 0) + self._shift + reading.phase
        count = expected + (place - expected + span / 2.0) % span - span / 2.0
        self._time, self._count = reading.time, count
        if self.factor == 1.0:
            return reading
        scaled = count * self.factor
        bar_beat = int(scaled // 1.0) % 4 if known else None
        return replace(
            reading, bpm=reading.bpm * self.factor, phase=scaled % 1.0, bar_beat=bar_beat
        )
