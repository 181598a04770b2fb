"""The steady pulse: exact beats and tempo from what hops looked like."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio.network import SPREAD_HOPS
from engine.audio.steady import SteadyPulse
from engine.records import HOP_SECONDS


def follow(pulse: SteadyPulse, beats: np.ndarray, start: float, end: float, clear=0.8) -> None:
    for k in range(int(start / HOP_SECONDS), int(end / HOP_SECONDS)):
        time = (k + 1) * HOP_SECONDS
        hops = np.abs(beats - time).min() / HOP_SECONDS
        pulse.step(time, clear * max(0.0, 1.0 - hops / SPREAD_HOPS))


def lag(pulse: SteadyPulse, beats: np.ndarray, time: float) -> float:
    """Seconds by which the pulse is behind the true beats at `time`."""
    phase = pulse.phase(time) % 1.0
    true = np.interp(time, beats, np.arange(len(beats))) % 1.0
    return ((true - phase + 0.5) % 1.0 - 0.5) * pulse.period


def test_tempo_and_phase_become_exact():
    beats = 0.2 + np.arange(100) * 60 / 127.3
    pulse = SteadyPulse()
    pulse.set(0.21, 60 / 129)
    follow(pulse, beats, 0.21, 16.0)
    assert 60 / pulse.period == pytest.approx(127.3, rel=0.001)
    assert abs(lag(pulse, beats, 16.0)) < 0.003


def test_a_breakdown_of_sixteen_bars_is_held():
    beats = 0.2 + np.arange(120) * 60 / 127.3
    pulse = SteadyPulse()
    pulse.set(0.2, 60 / 127.3)
    follow(pulse, beats, 0.2, 20.0)
    follow(pulse, beats, 20.0, 50.0, clear=0.0)
    assert abs(lag(pulse, beats, 50.0)) < 0.04
    assert pulse.strength < 0.05


def test_jitter_is_smoothed():
    rng = np.random.default_rng(1)
    beats = np.arange(100) * 60 / 124.0
    pulse = SteadyPulse()
    pulse.set(0.0, 60 / 124)
    follow(pulse, beats + rng.normal(0, 0.008, 100), 0.0, 15.0)
    errors = []
    for end in np.arange(15.5, 40.0, 0.5):
        follow(pulse, beats + rng.normal(0, 0.008, 100), end - 0.5, end)
        errors.append(lag(pulse, beats, end))
    assert np.std(errors) < 0.006


@pytest.mark.parametrize("ratio", [0.96, 1.05])
def test_a_pitch_fader_is_followed(ratio):
    periods = np.full(120, 60 / 128.0)
    periods[40:56] = 60 / 128.0 / np.linspace(1.0, ratio, 16)  # sixteen beats long
    periods[56:] = 60 / 128.0 / ratio
    beats = np.concatenate([[0.0], np.cumsum(periods)])
    pulse = SteadyPulse()
    pulse.set(0.0, periods[0])
    follow(pulse, beats, 0.0, float(beats[100]))
    assert 60 / pulse.period == pytest.approx(128 * ratio, rel=0.004)
    assert abs(lag(pulse, beats, float(beats[100]))) < 0.012


def test_another_place_is_asked_what_it_showed_before_it_was_thought_of():
    beats = 0.2 + np.arange(40) * 60 / 140
    pulse = SteadyPulse()
    pulse.set(0.2, 60 / 120)  # follows what is not there
    follow(pulse, beats, 0.2, 8.0)
    last = float(beats[beats < 7.9].max())
    right = pulse.another(last, 60 / 140)
    wrong = pulse.another(last + 0.2, 60 / 140)
    assert right.past >= 3 and right.past_strength > 0.6
    assert wrong.past == 0 and wrong.past_strength < 0.2
    assert right.beats == 0 and right.strength == 0.0


def test_what_was_never_heard_shows_nothing():
    pulse = SteadyPulse().another(0.4, 0.5)
    assert pulse.past == 0 and pulse.past_strength == 0.0
