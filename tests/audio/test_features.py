"""Features of sounds whose answer is known, and what a hop costs."""

from __future__ import annotations

import numpy as np
import pytest

from engine import clock
from engine.audio.features import FeatureExtractor
from engine.audio.media import stream_hops
from engine.records import SAMPLERATE


def last_features(mono: np.ndarray):
    extractor = FeatureExtractor()
    stereo = np.repeat(mono.astype(np.float32)[:, None], 2, axis=1)
    return [extractor.process(block) for block in stream_hops(stereo)][-2]


def sine(hz: float, amplitude: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(SAMPLERATE) / SAMPLERATE)


@pytest.mark.parametrize("hz, band", [(70, 0), (800, 1), (6000, 3)])
def test_a_sine_shows_its_rms_in_its_band_only(hz, band):
    features = last_features(sine(hz))
    wanted = 0.5 / np.sqrt(2)
    assert features.bands[band] == pytest.approx(wanted, rel=0.03)
    for other in {0, 1, 2, 3} - {band}:
        assert features.bands[other] < 0.02 * wanted
    assert features.rms == pytest.approx(wanted, rel=0.12 if hz < 100 else 0.02)
    assert features.peak == pytest.approx(0.5, rel=0.02)


def test_centroid_and_flatness_tell_tone_from_noise():
    tone = last_features(sine(1000))
    noise = last_features(np.random.default_rng(0).normal(0, 0.1, SAMPLERATE))
    assert tone.centroid_hz == pytest.approx(1000, rel=0.05)
    assert noise.centroid_hz == pytest.approx(12000, rel=0.1)
    assert tone.flatness < 0.02 < 0.8 < noise.flatness <= 1.0


def test_silence_is_zero_everywhere():
    features = last_features(np.zeros(SAMPLERATE))
    assert (features.rms, features.peak, features.centroid_hz, features.flatness) == (0, 0, 0, 0)
    assert features.bands == (0,) * 4 and features.onsets == (0,) * 3 and features.flux == (0,) * 5
    assert (features.harmonic, features.percussive) == (0, 0) and features.chroma == (0,) * 12
    assert max(features.drums) < 0.1


def test_a_kick_shows_in_the_hop_after_it_and_not_in_the_hats(kicks):
    extractor = FeatureExtractor()
    found = [extractor.process(b) for b in stream_hops(kicks(120, 4.0, first=0.25, hats=False))]
    kick = np.array([f.onsets[0] for f in found])
    hat = np.array([f.onsets[2] for f in found])
    for beat in np.arange(0.75, 3.5, 0.5):
        near = [k for k, f in enumerate(found) if beat < f.time <= beat + 0.03]
        assert kick[near].max() > 10 * np.median(kick) + 0.05
        assert hat[near].max() < 0.2 * kick[near].max()


def test_a_hop_costs_well_under_a_millisecond(demo_samples):
    extractor = FeatureExtractor()
    costs = []
    for block in stream_hops(demo_samples[: 5 * SAMPLERATE]):
        begun = clock.monotonic()
        extractor.process(block)
        costs.append(clock.monotonic() - begun)
    print(f"features: {1000 * np.median(costs):.3f} ms a hop")
    assert np.median(costs) < 0.001
