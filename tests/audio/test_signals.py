"""Signals over the demo track and over made features: range, reactions, automatic gain."""

from __future__ import annotations

import numpy as np
import pytest

from engine import params
from engine.audio import demo
from engine.audio.claims import Hearing
from engine.audio.media import stream_hops
from engine.followers import AutoGain, Hits
from engine.records import HOP_SECONDS, SAMPLERATE, Beat, Features
from engine.signals import SignalMaker, time_values


def run(samples: np.ndarray):
    """Times (n,) and every signal as name -> (n,)."""
    hearing, maker, found = Hearing(ear="onsets"), SignalMaker(), []
    for block in stream_hops(samples):
        found.append(maker.step(*hearing.process(block)))
    names = list(params.SIGNALS)
    table = np.array([[s.values[name] for name in names] for s in found])
    return np.array([s.time for s in found]), dict(zip(names, table.T, strict=True))


@pytest.fixture(scope="module")
def shown(demo_samples):
    return run(demo_samples)


def part(shown, name: str, section: str) -> np.ndarray:
    starts = [*demo.sections().items(), ("end", 69.6)]
    k = [name_ for name_, _ in starts].index(section)
    times, signals = shown
    return signals[name][(times > starts[k][1] + 0.5) & (times < starts[k + 1][1] - 0.2)]


def test_every_signal_is_there_and_within_range(shown):
    _, signals = shown
    assert set(signals) == set(params.SIGNALS)
    for name, values in signals.items():
        assert 0.0 <= values.min() and values.max() <= 1.0, name
        if name != "silence":
            assert values.max() > 0.6, f"{name} never gets up"
            assert values.std() > 0.03, f"{name} hardly moves"


def test_kicks_light_up_at_the_kicks(shown):
    times, signals = shown
    beats = np.array(demo.beats())
    drop = beats[(beats > 39) & (beats < 61)]
    late = []
    for beat in drop:
        near = (times > beat) & (times <= beat + 0.05)
        late.append(times[near][signals["kick"][near].argmax()] - beat)
        assert signals["kick"][near].max() == 1.0
    print(f"kick signal after the kick: median {1000 * np.median(late):.1f} ms")
    assert np.median(late) < 0.025
    fired = np.sum(part(shown, "kick", "drop") == 1.0)
    assert fired < 1.4 * len(drop)  # not everything is a kick


def test_the_breakdown_is_quiet_below_and_the_drop_is_not(shown):
    assert np.median(part(shown, "bass", "breakdown")) < 0.2 < 0.5
    assert np.median(part(shown, "bass", "drop")) > 0.5
    assert np.mean(part(shown, "kick", "breakdown")) < 0.15
    assert np.mean(part(shown, "hat", "breakdown")) < 0.1 < np.mean(part(shown, "hat", "drop"))
    assert np.median(part(shown, "noisiness", "build")) > 2 * np.median(
        part(shown, "noisiness", "breakdown")
    )
    assert np.median(part(shown, "brightness", "drop")) > np.median(
        part(shown, "brightness", "breakdown")
    )


def test_a_hit_falls_smoothly():
    hits = Hits(fall=0.15, rest=0.1, share=0.5, floor=0.01)
    values = [hits.step(0.3 if k == 20 else 0.0) for k in range(60)]
    assert values[19] == 0.0 and values[20] == 1.0
    tenth = next(k for k in range(20, 60) if values[k] < np.exp(-1))
    assert (tenth - 20) * HOP_SECONDS == pytest.approx(0.15, abs=0.015)


def test_gain_follows_the_level_of_the_input(demo_samples):
    part_ = demo_samples[10 * SAMPLERATE : 18 * SAMPLERATE]
    loud, soft = run(part_)[1], run(0.2 * part_)[1]  # 14 dB softer
    for name in ("level", "bass", "mid", "high"):
        settled = slice(2 * 93, None)
        assert np.median(soft[name][settled]) == pytest.approx(
            np.median(loud[name][settled]), abs=0.05
        ), name
    assert np.sum(soft["kick"] == 1.0) == pytest.approx(np.sum(loud["kick"] == 1.0), abs=4)


def test_silence_is_nothing_and_line_noise_stays_small():
    silent = run(np.zeros((2 * SAMPLERATE, 2), np.float32))[1]
    assert silent.pop("silence")[-1] > 0.99
    assert silent.pop("confidence").max() < 0.3
    assert all(values.max() == 0.0 for values in silent.values())
    hiss = np.random.default_rng(0).normal(0, 3e-4, (4 * SAMPLERATE, 2)).astype(np.float32)
    for name, values in run(hiss)[1].items():
        allowed = {"silence": 1.0, "confidence": 0.3}.get(name, 0.1)
        assert values.max() <= allowed, name  # -70 dB


def test_gain_comes_back_after_a_loud_part():
    gain = AutoGain(floor=0.01)
    for _ in range(200):
        gain.step(0.8)
    assert gain.step(0.2) < 0.3
    assert [gain.step(0.2) for _ in range(round(20 / HOP_SECONDS))][-1] > 0.6


def test_the_same_sound_gives_the_same_signals(demo_samples):
    part_ = demo_samples[8 * SAMPLERATE : 11 * SAMPLERATE]
    first, second = run(part_)[1], run(part_)[1]
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


def test_confidence_is_the_beats():
    features = Features(1.0, 0.1, 0.2, (0.1, 0.1, 0.1, 0.1), (0, 0, 0), 1000.0, 0.1)
    beat = Beat(time=1.0, beat=2.0, confidence=0.7)
    signals = SignalMaker().step(features, beat)
    assert signals.values["confidence"] == 0.7
    assert signals.beat is beat and signals.time == 1.0


def test_musical_time_is_closed_form():
    beat = Beat(time=10.0, beat=21.0, bpm=120.0)
    values = time_values(beat, 10.25)
    assert set(values) == set(params.TIMES)
    assert values["beat"] == 21.5 and values["phase"] == 0.5 and values["t"] == 10.25
    assert values["bar"] == pytest.approx(1.5 / 4) and values["phrase"] == pytest.approx(5.5 / 16)
    assert time_values(beat, 10.25) == values
