"""What remembers at the hop rate: gain that does not pump, clocks that run on, a hue that stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import params
from engine.followers import AutoGain, HueFollower, RunningClock
from engine.params import PARAMS
from engine.records import HOP_SECONDS, Beat, Features
from engine.signals import FULL, USUAL, HearingSettings, SignalMaker, clock_values, time_values


def hops(seconds: float) -> int:
    return round(seconds / HOP_SECONDS)


def features(k: int, loud: float) -> Features:
    time = (k + 1) * HOP_SECONDS
    return Features(time, loud, loud, (loud,) * 4, (0.0,) * 3, 1000.0, 0.1)


def made(levels, settings=USUAL):
    maker = SignalMaker()
    return [
        maker.step(features(k, loud), Beat(k * HOP_SECONDS), settings)
        for k, loud in enumerate(levels)
    ]


def test_gain_does_not_pump_with_the_kick_and_survives_one_crack():
    gain, references = AutoGain(floor=0.01), []
    for k in range(hops(12)):
        phase = k * HOP_SECONDS * 2.1 % 1.0
        gain.step(0.1 + 0.4 * np.exp(-phase / 0.2))
        references.append(gain.reference)
    settled = np.array(references[hops(4) :])
    assert settled.std() / settled.mean() < 0.06
    before = gain.reference
    for _ in range(2):
        gain.step(1.0)  # a crack of 20 ms
    assert gain.reference < 1.35 * before


def test_settings_switch_the_gain_off_and_set_floor_and_speed():
    soft = [0.05] * hops(3)
    numbers = {name: param.default for name, param in PARAMS.items()}
    fixed = HearingSettings.of({**numbers, "hearing.auto_gain": 0})
    assert made(soft)[-1].values["level"] > 0.9
    assert made(soft, fixed)[-1].values["level"] == pytest.approx(0.05 / FULL["level"], rel=0.02)
    floored = HearingSettings.of({**numbers, "hearing.gain_floor": -20.0})
    assert made(soft, floored)[-1].values["level"] == pytest.approx(0.5, rel=0.02)
    slow = replace(USUAL, following=((0.5, 0.5),) * 5)
    assert made(soft[:20], slow)[-1].values["bass"] < 0.5 < made(soft[:20])[-1].values["bass"]


def test_clocks_stand_in_silence_run_when_loud_and_never_go_back():
    clock, seen = RunningClock(), []
    for k in range(hops(6)):
        value, rate = clock.step(1.0 if 2.0 < k * HOP_SECONDS < 4.0 else 0.0)
        seen.append(value + 0.2 * rate)  # as drawn, 0.2 s ahead
    assert seen[hops(1.9)] == 0.0
    assert np.diff(seen).min() >= 0.0
    assert clock.step(0.0)[0] == pytest.approx(4.0, abs=0.1)


def test_clock_values_are_carried_on_in_closed_form():
    signals = made([0.2] * hops(2))[-1]
    now, later = (clock_values(signals, signals.time + ahead) for ahead in (0.0, 0.1))
    assert set(now) == set(params.CLOCKS)
    for name, (value, rate) in signals.clocks.items():
        assert now[name] == value and later[name] == pytest.approx(value + 0.1 * rate)
    assert clock_values(signals, signals.time + 0.1) == later


def test_hue_is_the_leading_class_turns_the_short_way_and_stays_when_unclear():
    hue = HueFollower()
    a, b = ([0.01 * (k != note) + 0.001 for k in range(12)] for note in (11, 0))
    a[11] = b[0] = 0.1
    for _ in range(hops(3)):
        shown, sure = hue.step(tuple(a))
    assert shown == pytest.approx(11 / 12, abs=0.01) and sure > 0.9
    path = [hue.step(tuple(b))[0] for _ in range(hops(3))]
    assert (path[-1] + 0.5) % 1.0 == pytest.approx(0.5, abs=0.01)
    assert all(value > 0.9 or value < 0.02 for value in path)  # from B up to C, not down
    for _ in range(hops(3)):
        shown, sure = hue.step((0.01,) * 12)
    assert sure < 0.1 and (shown + 0.5) % 1.0 == pytest.approx(0.5, abs=0.01)


def test_signals_of_the_beat_are_functions_of_time():
    beat = Beat(time=10.0, beat=20.0, bpm=120.0)
    at, later = (time_values(beat, t) for t in (10.0, 10.5))
    assert at["onbeat"] == 1.0 and time_values(beat, 10.4)["onbeat"] < 0.1
    assert (at["toggle"], later["toggle"]) == (0.0, 1.0)
    assert at["random"] != later["random"] and time_values(beat, 10.2)["random"] == at["random"]
