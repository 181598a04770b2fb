"""The musical clock: a flywheel that observed beats and taps pull on, one step a hop.

`Transport.advance(time, observation)` gives the Beat at `time`. The count never stops and never
runs backwards: corrections are slewed, the tempo is held where nothing is heard. Beats heard far
off the clock's own (half a beat, most often) must agree with each other for some seconds before
the clock believes them; so must a new tempo. A steady run of beats is fitted by a straight line,
which holds a breakdown of many bars within some milliseconds. Runs on the analysis thread;
`tap` and `beat_one` must be called from that thread too.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import numpy as np

from engine.records import Beat

NEAR = 0.18
"""Beats of error up to which an observation belongs to the clock's own beat."""
AGREE = 0.1
"""Beats, within which strangers must lie to be one new phase."""
STUBBORN = 8
"""Strangers in a row after which a locked clock moves to their phase."""
TEMPO_STEP = 0.03
"""Relative difference that counts as another tempo."""
TEMPO_RUN = 4
OCTAVE_RUN = 24
"""Observations in a row needed to believe another tempo; a double or half one needs more."""
GAIN = 0.2
"""Share of a phase error corrected by each beat."""
SLEW, FAST_SLEW = 0.08, 0.5
"""How much faster or slower than the tempo the clock may run: locked, and moving to a phase."""
FIT = 48
"""Beats in the straight line fit."""
HOLD_SECONDS = 30.0
"""Time constant with which confidence fades while nothing is heard."""
TAP_GAP_SECONDS = 2.5
TAP_HOLD_SECONDS = 8.0
"""A longer gap starts new taps; so long after the last of three taps the music is not believed."""
PHRASE = 16


class Heard(Protocol):
    """What the clock needs of an observation."""

    time: float
    bpm: float
    confidence: float


class Transport:
    """A beat clock with memory. Times are show seconds and must not fall from call to call."""

    def __init__(self, bpm: float = 120.0) -> None:
        self._time: float | None = None
        self._beat = 0.0
        self._pending = 0.0  # beats still to be slewed
        self._slew = SLEW
        self._bpm = bpm
        self._confidence = 0.0
        self._source = "flywheel"
        self._strangers: deque[float] = deque(maxlen=STUBBORN)
        self._tempi: deque[float] = deque(maxlen=OCTAVE_RUN)
        self._line: deque[tuple[float, float]] = deque(maxlen=FIT)  # (time, beat) that agreed
        self._taps: list[float] = []
        self._tapped_until = -1.0

    def advance(self, time: float, heard: Heard | None = None) -> Beat:
        """Move the clock to `time`, with what was heard in this hop, and read it."""
        dt = 0.0 if self._time is None else max(0.0, time - self._time)
        self._time = time if self._time is None else max(self._time, time)
        step = dt * self._bpm / 60.0
        extra = float(np.clip(self._pending, -self._slew * step, self._slew * step))
        self._beat += step + extra
        self._pending -= extra
        if self._pending == 0.0:
            self._slew = SLEW
        self._confidence *= float(np.exp(-dt / HOLD_SECONDS))
        if heard is not None and heard.time > self._tapped_until:
            self._hear(heard)
        return self.beat

    @property
    def beat(self) -> Beat:
        """The clock as last advanced."""
        time = self._time or 0.0
        return Beat(time, self._beat, self._bpm, min(1.0, self._confidence), self._source)

    def tap(self, time: float) -> None:
        """A tap on the beat. One sets the phase; two or more in a row fit the tempo too.

        Missed taps are allowed for: the line is fitted through whole multiples of the median
        interval. From three taps on the music is not listened to for some seconds.
        """
        if self._taps and not 0.15 < time - self._taps[-1] < TAP_GAP_SECONDS:
            if time - self._taps[-1] <= 0.15:
                return  # a bounce of the key
            self._taps = []
        self._taps = [*self._taps[-19:], time]
        if len(self._taps) > 1:
            times = np.array(self._taps)
            counts = np.round((times - times[0]) / np.median(np.diff(times)))
            self._bpm = float(np.clip(60.0 / np.polyfit(counts, times, 1)[0], 30.0, 300.0))
        if len(self._taps) > 2:
            self._tapped_until = time + TAP_HOLD_SECONDS
            self._confidence = max(self._confidence, 0.9)
        self._source = "tap"
        self._move_to(time)

    def beat_one(self, time: float) -> None:
        """The beat nearest to `time` is the first of a bar and phrase: the count skips forward."""
        self._move_to(time)
        self.skip(-round(self._at(time)) % PHRASE)

    def skip(self, beats: int) -> None:
        """Count `beats` whole beats more at once, so that bars start elsewhere; phase stays."""
        self._beat += beats
        self._line = deque(((t, b + beats) for t, b in self._line), maxlen=FIT)

    def relearn(self) -> None:
        """Forget what was believed; the clock runs on until it hears beats again."""
        self._confidence, self._source, self._tapped_until = 0.0, "flywheel", -1.0
        self._forget()

    def _at(self, time: float) -> float:
        """Where the clock will have been at `time` when the pending correction is through."""
        return self._beat + self._pending + (time - (self._time or 0.0)) * self._bpm / 60.0

    def _error(self, time: float) -> float:
        """Beats -0.5..0.5 by which the clock lags behind a beat at `time`."""
        return (0.5 - self._at(time)) % 1.0 - 0.5

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
            self._bpm = float(np.median(list(self._tempi)[-TEMPO_RUN:]))
            self._move_to(heard.time)
            self._confidence = max(0.3, 0.5 * self._confidence)
        error = self._error(heard.time)
        if self._source == "flywheel":
            self._bpm, self._source, self._confidence = heard.bpm, "audio", 0.3
            self._move_to(heard.time)
        elif abs(error) > NEAR:
            self._stranger(heard.time, error)
        else:
            self._friend(heard, error)

    def _new_tempo(self, bpm: float) -> bool:
        """True when a run of observations agrees on a tempo that is not the clock's."""
        if abs(bpm / self._bpm - 1.0) < TEMPO_STEP:
            self._tempi.clear()
            return False
        if self._tempi and abs(bpm / self._tempi[-1] - 1.0) > TEMPO_STEP:
            self._tempi.clear()
        self._tempi.append(bpm)
        ratio = bpm / self._bpm
        octave = min(abs(ratio - r) for r in (0.5, 2.0)) < 2 * TEMPO_STEP
        return len(self._tempi) >= (OCTAVE_RUN if octave else TEMPO_RUN)

    def _stranger(self, time: float, error: float) -> None:
        """A beat off the clock's own: believed when a whole run of them agrees."""
        self._confidence *= 0.93
        if self._strangers and abs((error - self._strangers[-1] + 0.5) % 1.0 - 0.5) > AGREE:
            self._strangers.clear()
        self._strangers.append(error)
        if len(self._strangers) == STUBBORN:
            self._move_to(time)

    def _friend(self, heard: Heard, error: float) -> None:
        """A beat where the clock expects one: phase and tempo follow a little."""
        self._strangers.clear()
        self._source = "audio"
        trust = min(1.0, 0.5 + 2.0 * heard.confidence)
        self._confidence += 0.2 * (trust - self._confidence)
        self._line.append((heard.time, self._at(heard.time) + error))
        self._pending += GAIN * error
        if len(self._line) >= 8:
            self._bpm += 0.1 * (self._fitted(heard.bpm) - self._bpm)
        elif abs(heard.bpm / self._bpm - 1.0) < TEMPO_STEP:
            self._bpm += 0.2 * (heard.bpm - self._bpm)

    def _fitted(self, heard_bpm: float) -> float:
        """Tempo of the straight line through the beats that agreed, if it is believable."""
        times, beats = np.array(self._line).T
        times = times - times.mean()
        slope = float(times @ (beats - beats.mean()) / (times @ times))
        return slope * 60.0 if abs(slope * 60.0 / heard_bpm - 1.0) < TEMPO_STEP else self._bpm
