"""What the operator is told: the spectrum; layers, hands and cues in words."""

from types import MappingProxyType

import numpy as np
import pytest

from engine.cues import Cue, Span
from engine.operating import (
    BANDS,
    SHOWN,
    Spectrum,
    held_lines,
    layer_line,
    next_cue,
    small_pictures,
)
from engine.params import SIGNALS
from engine.records import SAMPLERATE, SOUND_SAMPLES, Beat, Controls, Effect, Layer, Moment, Signals


def tone(hz, amplitude=0.5):
    wave = amplitude * np.sin(2 * np.pi * hz * np.arange(SOUND_SAMPLES) / SAMPLERATE)
    return np.repeat(wave[:, None], 2, 1).astype(np.float32)


@pytest.mark.parametrize("hz", [80.0, 440.0, 3000.0, 12_000.0])
def test_a_tone_stands_in_its_band(hz):
    bands = Spectrum().of(tone(hz))
    middle = BANDS * np.log(hz / 40.0) / np.log(400.0)
    assert bands.shape == (BANDS,) and abs(int(bands.argmax()) - middle) <= 3.0
    assert bands.max() > 0.7 and np.median(bands) < 0.5


def test_bands_fall_slowly_and_silence_is_empty():
    hearing = Spectrum()
    high = hearing.of(tone(440.0)).max()
    silence = np.zeros((SOUND_SAMPLES, 2), np.float32)
    after = hearing.of(silence).max()
    assert high - 0.1 < after < high
    for _ in range(20):
        rest = hearing.of(silence)
    assert rest.max() == 0.0


def test_layers_and_hands_in_words():
    assert layer_line(Layer("generator")) == "generator"
    layer = Layer("picture", "/some/where/moon.png", 0.4, "screen", (), (Effect("glow"),))
    assert layer_line(layer) == "picture  moon.png  screen  40 %  + glow"
    hands = Controls(MappingProxyType({"strength": 0.625}), MappingProxyType({"line": "oh"}))
    assert held_lines(Moment(controls=hands)) == ("strength  0.625", "line  oh")


def test_the_next_cue_is_the_nearest_that_has_not_come():
    cues = (
        Cue(Span(10.0), preset="bloom"), Cue(Span(30.0), numbers={"strength": None}),
        Cue(Span(0.0, beats=44.0), line="hello"),
    )
    moment = Moment(signals=Signals(beat=Beat(0.0, 0.0, 120.0)))
    assert next_cue(cues, moment, 4.0) == "cue in 6 s  preset bloom"
    assert next_cue(cues, moment, 11.0) == "cue in 11 s  hello"
    assert next_cue(cues, moment, 25.0) == "cue in 5 s  strength"
    assert next_cue(cues, moment, 31.0) == ""


def test_the_signals_that_are_shown_are_signals():
    assert set(SHOWN) <= set(SIGNALS)


def test_looks_that_ship_have_small_pictures():
    found = dict(small_pictures(["bloom", "nobody", "bloom", "night_drive"]))
    assert list(found) == ["bloom", "night_drive"]
    assert all(picture.ndim == 3 and picture.dtype == np.uint8 for picture in found.values())
