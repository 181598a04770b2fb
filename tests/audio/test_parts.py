"""Harmonic and percussive parts and chroma of sounds whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio.features import FeatureExtractor
from engine.audio.media import stream_hops
from engine.records import SAMPLERATE, Features


def heard(mono: np.ndarray) -> list[Features]:
    extractor = FeatureExtractor()
    stereo = np.repeat(mono.astype(np.float32)[:, None], 2, axis=1)
    return [extractor.process(block) for block in stream_hops(stereo)]


def tone(hz: float, seconds: float = 1.5) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * SAMPLERATE)) / SAMPLERATE)


def test_a_held_chord_is_harmonic_and_a_click_percussive():
    chord = tone(220) + tone(277.2) + tone(329.6)
    last = heard(chord)[-2]
    assert last.harmonic > 5 * last.percussive and last.harmonic > 0.2
    click = np.zeros(SAMPLERATE)
    at = SAMPLERATE // 2
    click[at : at + 200] = np.random.default_rng(0).normal(0, 0.5, 200)
    loudest = max(heard(click), key=lambda f: f.percussive)
    assert loudest.percussive > 5 * loudest.harmonic
    assert 0.5 < loudest.time < 0.56


@pytest.mark.parametrize("hz, pitch_class", [(110.0, 9), (261.63, 0), (622.25, 3), (987.77, 11)])
def test_a_tone_shows_its_pitch_class(hz, pitch_class):
    chroma = np.array(heard(tone(hz))[-2].chroma)
    assert chroma.argmax() == pitch_class
    assert chroma[pitch_class] > 0.8 * chroma.sum()


def test_the_root_of_a_chord_leads():
    chord = sum(tone(130.81 * 2 ** (k / 12)) for k in (0, 4, 7))
    assert int(np.argmax(heard(chord)[-2].chroma)) == 0
