"""The musical clock: a count of beats that never stops and never runs backwards, one step a hop.

`Transport.advance(time, reading)` glides the count towards what a tempo source says (the ear,
Link, MIDI clock, taps ...) and gives the Beat at `time`. A reading is followed while it is sure
enough; where it is not, or where there is none, the clock runs on at the tempo that it has and
only its confidence falls. A far phase (a new track, another source) is reached within a beat or
so by running faster or slower. Whole beats are skipped forward, at once, where the source counts
the bar otherwise for some time. Sources are believed as they come: whoever reads music must not
flip (ear.py sees to that). Runs on the analysis thread; so must `beat_one` and `skip`.
"""

from __future__ import annotations

import numpy as np

from engine.records import Beat, Reading

FOLLOW = 0.15
"""Confidence from which a reading is followed: below where it is shown, so that it fits by then."""
NEAR = 0.15
"""Beats of error above which the clock moves to another phase rather than being corrected."""
NEAR_SECONDS = 0.25
"""Time constant with which a small error goes."""
SLEW, FAST_SLEW, FREE_SLEW = 0.1, 0.5, 0.8
"""How much faster or slower than its tempo it may run: locked; moving; when nothing was sure."""
TEMPO_SECONDS = 0.15
"""Time constant with which the tempo follows the reading's."""
RISE_SECONDS, HOLD_SECONDS = 0.1, 6.0
"""Time constants of confidence, up and down."""
BAR_SECONDS = 1.0
"""For so long a source must count the bar otherwise before whole beats are skipped."""
PHRASE = 16


class Transport:
    """A beat clock. Times are show seconds and must not fall from call to call."""

    def __init__(self, bpm: float = 120.0) -> None:
        self._time: float | None = None
        self._beat = 0.0
        self._bpm = bpm
        self._confidence = 0.0
        self._source = "flywheel"
        self._pending = 0.0  # beats by which the count lags behind what it follows
        self._moving = False
        self._bar_skip, self._bar_since = 0, 0.0
        self._bar_by_hand = False

    def advance(self, time: float, reading: Reading | None = None) -> Beat:
        """Move the clock to `time` along `reading` (made at any earlier time), and read it."""
        dt = 0.0 if self._time is None else max(0.0, time - self._time)
        self._time = time if self._time is None else max(self._time, time)
        self._beat += dt * self._bpm / 60.0
        sure = 0.0
        if reading is not None:
            sure = reading.confidence
            if sure >= FOLLOW:
                self._follow(reading, dt)
        self._slew(dt)
        self._trust(sure, dt)
        return self.beat

    @property
    def beat(self) -> Beat:
        """The clock as last advanced."""
        time = self._time or 0.0
        return Beat(time, self._beat, self._bpm, min(1.0, self._confidence), self._source)

    def beat_one(self, time: float) -> None:
        """The beat nearest to `time` is the first of a bar and phrase: the count skips forward.

        From then on no source is asked about bars, until `relearn`.
        """
        self._move_to(time)
        self.skip(-round(self._at(time)) % PHRASE)
        self._bar_by_hand = True

    def skip(self, beats: int) -> None:
        """Count `beats` whole beats more at once, so that bars start elsewhere; phase stays."""
        self._beat += beats
        self._bar_skip = 0

    def relearn(self) -> None:
        """Forget what was believed; the clock runs on until a reading is sure again."""
        self._confidence, self._source = 0.0, "flywheel"
        self._bar_by_hand = False

    def _at(self, time: float) -> float:
        """Where the clock will have been at `time` when the pending correction is through."""
        return self._beat + self._pending + (time - (self._time or 0.0)) * self._bpm / 60.0

    def _move_to(self, time: float) -> None:
        """Make `time` a beat, as fast as is allowed."""
        self._pending += (0.5 - self._at(time)) % 1.0 - 0.5
        self._moving = True

    def _follow(self, reading: Reading, dt: float) -> None:
        """Take over the tempo, and by how much the count is off the reading."""
        age = (self._time or 0.0) - reading.time
        phase = reading.phase + age * reading.bpm / 60.0
        self._source = reading.source
        share = 1.0 - np.exp(-dt / TEMPO_SECONDS) if self._confidence >= FOLLOW else 1.0
        self._bpm += float(share) * (reading.bpm - self._bpm)
        error = (phase - self._beat + 0.5) % 1.0 - 0.5
        if self._moving:  # half a beat off, do not change direction on the way
            error = self._pending + (error - self._pending + 0.5) % 1.0 - 0.5
        self._pending = error
        self._moving = NEAR < abs(error) < 0.75 or (self._moving and 0.02 < abs(error) < 0.75)
        if reading.bar_beat is not None and not self._bar_by_hand and not self._moving:
            self._follow_bar(round(reading.bar_beat + phase - self._beat) % 4)

    def _follow_bar(self, skip: int) -> None:
        """The source counts the bar `skip` beats further on: believe it when it stays so."""
        time = self._time or 0.0
        if skip != self._bar_skip:
            self._bar_skip, self._bar_since = skip, time
        elif skip and time - self._bar_since >= BAR_SECONDS:
            self.skip(skip)

    def _slew(self, dt: float) -> None:
        """Let some of the pending correction into the count."""
        if self._moving:
            limit = FAST_SLEW if self._confidence >= FOLLOW else FREE_SLEW
            extra = self._pending
        else:
            limit, extra = SLEW, self._pending * min(1.0, dt / NEAR_SECONDS)
        most = limit * dt * self._bpm / 60.0
        extra = float(np.clip(extra, -most, most))
        self._beat += extra
        self._pending -= extra
        self._moving = self._moving and abs(self._pending) > 1e-9

    def _trust(self, sure: float, dt: float) -> None:
        """Confidence rises to the reading's at once, but not on the way there; it falls slowly."""
        if dt == 0.0:
            return
        if self._moving:
            sure = min(sure, max(FOLLOW, self._confidence))
        seconds = RISE_SECONDS if sure > self._confidence else HOLD_SECONDS
        self._confidence += (sure - self._confidence) * (1.0 - float(np.exp(-dt / seconds)))
        if self._confidence < FOLLOW:
            self._source = "flywheel"
