"""The flywheel of the plain ear: single beats in, a steady count out."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio.flywheel import Flywheel
from engine.records import HOP_SECONDS, Beat


class Heard:
    def __init__(self, time: float, bpm: float, confidence: float = 0.4) -> None:
        self.time, self.bpm, self.confidence = time, bpm, confidence


def play(wheel: Flywheel, beats, bpm: float, until: float) -> list[Beat]:
    """Advance hop by hop; each beat is heard in the hop in which it falls."""
    start = wheel.time or 0.0
    waiting = [t for t in beats if t > start]
    out = []
    for k in range(1, int((until - start) / HOP_SECONDS)):
        time, heard = start + k * HOP_SECONDS, None
        if waiting and waiting[0] <= time:
            heard = Heard(waiting.pop(0), bpm)
        wheel.advance(time, heard)
        out.append(Beat(time, wheel.beat, wheel.bpm, wheel.confidence))
    return out


def off_beat(beat: Beat, true: np.ndarray) -> float:
    """Seconds from the nearest counted beat to the nearest true one."""
    nearest = beat.time - (beat.beat - round(beat.beat)) * 60 / beat.bpm
    return nearest - true[np.abs(true - nearest).argmin()]


def test_a_breakdown_is_held():
    true = np.arange(0, 60, 60 / 126)
    wheel = Flywheel()
    play(wheel, true[true < 20], 126.4, 20)  # the tracker's own tempo is a little off
    held = play(wheel, [], 126.4, 40)
    drift = abs(off_beat(held[-1], true))
    print(f"drift after 20 s without a beat: {1000 * drift:.1f} ms")
    assert drift < 0.03
    assert 0.3 < held[-1].confidence < held[0].confidence


def test_jitter_is_smoothed():
    rng = np.random.default_rng(3)
    true = np.arange(0, 42, 60 / 124)
    beats = play(Flywheel(), true + rng.normal(0, 0.012, len(true)), 124.0, 40)
    errors = [off_beat(b, true) for b in beats if b.time > 15]
    assert np.std(errors) < 0.008


def test_half_beat_flips_are_resisted_until_they_persist():
    period = 60 / 124
    true = np.arange(0, 60, period)
    wheel = Flywheel()
    play(wheel, true[true < 15], 124, 15)
    flipped = true[(true > 15) & (true < 18)] + period / 2
    after = play(wheel, flipped, 124, 18)
    assert max(abs(off_beat(b, true)) for b in after) < 0.02
    stays = true[true > 18] + period / 2
    end = play(wheel, stays, 124, 30)[-1]
    assert abs(off_beat(end, stays)) < 0.02


def test_a_tempo_step_is_followed():
    slow, fast = np.arange(0, 15, 60 / 120), np.arange(15, 40, 60 / 132)
    wheel = Flywheel()
    play(wheel, slow, 120, 15)
    beats = play(wheel, fast, 132, 30)
    assert beats[-1].bpm == pytest.approx(132, rel=0.005)
    assert abs(off_beat(beats[-1], fast)) < 0.02
    steps = np.diff([b.beat for b in beats])
    assert steps.min() > 0


def test_a_single_wild_tempo_changes_nothing():
    wheel = Flywheel()
    play(wheel, np.arange(0, 15, 0.5), 120, 15)
    wheel.advance(15.0, Heard(15.0, 300.0))
    assert wheel.bpm == pytest.approx(120, abs=0.5)


def test_relearn_lets_go():
    wheel = Flywheel()
    play(wheel, np.arange(0, 10, 0.5), 120, 10)
    wheel.relearn()
    assert wheel.confidence == 0.0
    beats = play(wheel, np.arange(10.1, 16, 60 / 150), 150, 16)
    assert beats[-1].bpm == pytest.approx(150, rel=0.01)


def test_a_skip_leaves_phase_and_tempo_alone():
    true = np.arange(0, 40, 0.5)
    wheel = Flywheel()
    play(wheel, true[true < 15], 120, 15)
    before = wheel.beat
    wheel.skip(3)
    assert wheel.beat == before + 3
    end = play(wheel, true[true > 15], 120, 30)[-1]
    assert abs(off_beat(end, true)) < 0.005 and end.bpm == pytest.approx(120, abs=0.1)
