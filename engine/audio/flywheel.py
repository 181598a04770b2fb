"""Holds a beat between observations: single beats in, a steady count of beats out.

`Flywheel.advance(time, observation)` moves the count to `time`. Corrections are slewed, the tempo
is held where nothing is heard. Beats heard far off its own (half a beat, most often) must agree
with each other for some seconds before they are believed; so must a new tempo. A steady run of
beats is fitted by a straight line, which holds a breakdown of many bars within some milliseconds.
Used by the plain ear (beats.py), which hears single beats. Runs on the analysis thread.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import numpy as np

NEAR = 0.18
"""Beats of error up to which an observation belongs to the flywheel's own beat."""
AGREE = 0.1
"""Beats, within which strangers must lie to be one new phase."""
STUBBORN = 8
"""Strangers in a row after which a locked flywheel moves to their phase."""
TEMPO_STEP = 0.03
"""Relative difference that counts as another tempo."""
TEMPO_RUN = 4
OCTAVE_RUN = 24
"""Observations in a row needed to believe another tempo; a double or half one needs more."""
GAIN = 0.2
"""Share of a phase error corrected by each beat."""
SLEW, FAST_SLEW = 0.08, 0.5
"""How much faster or slower than the tempo it may run: locked, and moving to a phase."""
FIT = 48
"""Beats in the straight line fit."""
HOLD_SECONDS = 30.0
"""Time constant with which confidence fades while nothing is heard."""


class Heard(Protocol):
    """What it needs of an observation."""

    time: float
    bpm: float
    confidence: float


class Flywheel:
    """A count of beats with inertia. Times are show seconds and must not fall."""

    def __init__(self, bpm: float = 120.0) -> None:
        self.time: float | None = None
        self.beat = 0.0
        self.bpm = bpm
        self.confidence = 0.0
        self._running = False  # it has believed a beat since it last forgot
        self._pending = 0.0  # beats still to be slewed
        self._slew = SLEW
        self._strangers: deque[float] = deque(maxlen=STUBBORN)
        self._tempi: deque[float] = deque(maxlen=OCTAVE_RUN)
        self._line: deque[tuple[float, float]] = deque(maxlen=FIT)  # (time, beat) that agreed

    def advance(self, time: float, heard: Heard | None = None) -> None:
        """Move to `time`, with the beat that was heard in this hop, if any."""
        dt = 0.0 if self.time is None else max(0.0, time - self.time)
        self.time = time if self.time is None else max(self.time, time)
        step = dt * self.bpm / 60.0
        extra = float(np.clip(self._pending, -self._slew * step, self._slew * step))
        self.beat += step + extra
        self._pending -= extra
        if self._pending == 0.0:
            self._slew = SLEW
        self.confidence *= float(np.exp(-dt / HOLD_SECONDS))
        if heard is not None:
            self._hear(heard)

    def skip(self, beats: int) -> None:
        """Count `beats` whole beats more at once; phase and tempo stay."""
        self.beat += beats
        self._line = deque(((t, b + beats) for t, b in self._line), maxlen=FIT)

    def relearn(self) -> None:
        """Forget what was believed; the count runs on until beats are heard again."""
        self.confidence, self._running = 0.0, False
        self._forget()

    def _error(self, time: float) -> float:
        """Beats -0.5..0.5 by which it lags behind a beat at `time`."""
        return (0.5 - self._at(time)) % 1.0 - 0.5

    def _at(self, time: float) -> float:
        """Where it will have been at `time` when the pending correction is through."""
        return self.beat + self._pending + (time - (self.time or 0.0)) * self.bpm / 60.0

    def _move_to(self, time: float) -> None:
        """Make `time` a beat, as fast as is allowed."""
        self._pending += self._error(time)
        self._slew = FAST_SLEW
        self._forget()

    def _forget(self) -> None:
        self._strangers.clear()
        self._tempi.clear()
        self._line.clear()

    def _hear(self, heard: Heard) -> None:
        if self._new_tempo(heard.bpm):
            self.bpm = float(np.median(list(self._tempi)[-TEMPO_RUN:]))
            self._move_to(heard.time)
            self.confidence = max(0.3, 0.5 * self.confidence)
        error = self._error(heard.time)
        if not self._running:
            self.bpm, self._running, self.confidence = heard.bpm, True, 0.3
            self._pending = 0.0
            self.beat += self._error(heard.time) % 1.0  # nothing to glide from: be there at once
        elif abs(error) > NEAR:
            self._stranger(heard.time, error)
        else:
            self._friend(heard, error)

    def _new_tempo(self, bpm: float) -> bool:
        """True when a run of observations agrees on a tempo that is not the flywheel's."""
        if abs(bpm / self.bpm - 1.0) < TEMPO_STEP:
            self._tempi.clear()
            return False
        if self._tempi and abs(bpm / self._tempi[-1] - 1.0) > TEMPO_STEP:
            self._tempi.clear()
        self._tempi.append(bpm)
        ratio = bpm / self.bpm
        octave = min(abs(ratio - r) for r in (0.5, 2.0)) < 2 * TEMPO_STEP
        return len(self._tempi) >= (OCTAVE_RUN if octave else TEMPO_RUN)

    def _stranger(self, time: float, error: float) -> None:
        """A beat off its own: believed when a whole run of them agrees."""
        self.confidence *= 0.93
        if self._strangers and abs((error - self._strangers[-1] + 0.5) % 1.0 - 0.5) > AGREE:
            self._strangers.clear()
        self._strangers.append(error)
        if len(self._strangers) == STUBBORN:
            self._move_to(time)

    def _friend(self, heard: Heard, error: float) -> None:
        """A beat where it expects one: phase and tempo follow a little."""
        self._strangers.clear()
        trust = min(1.0, 0.5 + 2.0 * heard.confidence)
        self.confidence += 0.2 * (trust - self.confidence)
        self._line.append((heard.time, self._at(heard.time) + error))
        self._pending += GAIN * error
        if len(self._line) >= 8:
            self.bpm += 0.1 * (self._fitted(heard.bpm) - self.bpm)
        elif abs(heard.bpm / self.bpm - 1.0) < TEMPO_STEP:
            self.bpm += 0.2 * (heard.bpm - self.bpm)

    def _fitted(self, heard_bpm: float) -> float:
        """Tempo of the straight line through the beats that agreed, if it is believable."""
        times, beats = np.array(self._line).T
        times = times - times.mean()
        slope = float(times @ (beats - beats.mean()) / (times @ times))
        return slope * 60.0 if abs(slope * 60.0 / heard_bpm - 1.0) < TEMPO_STEP else self.bpm
