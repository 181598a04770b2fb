"""What taps teach the ear: that it counts twice too fast, half too slow, or between the beats.

When the taps are over and the ear is followed again, its octave and its half beat are put as the
hand had them, for as long as the ear goes on as it does; when it changes its mind by itself, the
lesson is forgotten. Analysis thread only.
"""

from __future__ import annotations

from dataclasses import replace

from engine.audio.tempo_sources.scaling import Scaling
from engine.records import Beat, Reading

SURE = 0.3
"""Confidence from which the ear has something that can be put right."""
SAME = 0.06
"""Share by which tempi may differ and be the same but for the octave."""
BETWEEN = 0.35
"""Beats of difference from which the ear is between the hand's beats."""
LEAP = 0.25
"""Beats by which the ear must leap from hop to hop to have changed its mind."""


class Lesson:
    """Readings of the ear as the hand had them."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """The ear is believed as it is."""
        self._scaling = Scaling()
        self._shift = 0.0
        self._before: Reading | None = None

    @property
    def learnt(self) -> bool:
        return self._before is not None

    def says(self) -> str:
        """What is put right, for --stats; empty for nothing."""
        octave = f"x{self._scaling.factor:g}" if self._scaling.factor != 1.0 else ""
        return " ".join(part for part in (octave, "half a beat" if self._shift else "") if part)

    def learn(self, hand: Reading, ear: Reading, beat: Beat) -> None:
        """Compare what the hand and the ear say; nothing is learnt where they agree."""
        self.forget()
        ratio = hand.bpm / ear.bpm
        factor = next((f for f in (1.0, 2.0, 0.5) if abs(ratio / f - 1.0) < SAME), None)
        if factor is None or ear.confidence < SURE:
            return
        self._scaling.times(factor)
        self._before = ear
        heard = self._scaling.apply(ear, beat)
        there = _phase(hand, heard.time)
        if abs(_off(heard.phase, there)) > BETWEEN:
            self._shift = 0.5
        if factor == 1.0 and not self._shift:
            self._before = None

    def apply(self, ear: Reading, beat: Beat) -> Reading:
        """The ear's reading put right; as it is after a change of its mind."""
        before, self._before = self._before, ear
        if before is None or _leapt(before, ear):
            self.forget()
            return ear
        reading = self._scaling.apply(ear, beat)
        place = (reading.bar_beat or 0) + reading.phase + self._shift
        bar_beat = None if reading.bar_beat is None else int(place) % 4
        return replace(reading, phase=place % 1.0, bar_beat=bar_beat)


def _phase(reading: Reading, time: float) -> float:
    return (reading.phase + (time - reading.time) * reading.bpm / 60.0) % 1.0


def _off(phase: float, other: float) -> float:
    return (phase - other + 0.5) % 1.0 - 0.5


def _leapt(before: Reading, now: Reading) -> bool:
    """Whether the ear has gone to another tempo or another place."""
    if abs(now.bpm / before.bpm - 1.0) > SAME:
        return True
    return abs(_off(now.phase, _phase(before, now.time))) > LEAP
