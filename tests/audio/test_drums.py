"""The drum ear on patterns whose every stroke is known, and on what is no drum."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio.drums import DRUMS, DrumEar
from engine.audio.media import stream_hops
from engine.audio.spectra import Spectra
from engine.errors import ModelError
from engine.followers import Hits
from training.drum_machine import Song, groove

LATE_SECONDS = 0.025
"""A hit must be told within this time: a hop to collect it, and one more for what begins late."""


def struck(samples: np.ndarray) -> dict[str, np.ndarray]:
    """When each drum was told, seconds."""
    spectra, ear = Spectra(), DrumEar()
    hits = {name: Hits(0.1, 0.05, share=0.0, floor=0.5, over_mean=0.0) for name in DRUMS}
    found = {name: [] for name in DRUMS}
    for block in stream_hops(samples):
        spectra.take(block.samples)
        for name, sure in zip(DRUMS, ear.step(spectra.onset()), strict=True):
            if hits[name].step(sure) == 1.0:
                found[name].append(block.time)
    return {name: np.array(times) for name, times in found.items()}


def f_measure(found: np.ndarray, true: np.ndarray) -> float:
    found, true = found[found > 1.0], true[true > 1.0]
    right = sum(np.any((found >= t) & (found <= t + LATE_SECONDS)) for t in true)
    return 2 * right / (len(found) + len(true))


def test_drums_are_told_from_bass_chords_and_plucks():
    scores = {name: [] for name in DRUMS}
    for style in ("house", "breaks", "drum_and_bass"):
        music = groove(style, seed=2, bars=4)
        found = struck(music.samples)
        for name in DRUMS:
            scores[name].append(f_measure(found[name], music.hits[name]))
    print({name: np.round(values, 2).tolist() for name, values in scores.items()})
    means = {name: np.mean(values) for name, values in scores.items()}
    assert means["kick"] >= 0.9 and means["snare"] >= 0.9 and means["hat"] >= 0.85
    assert min(*scores["kick"], *scores["snare"]) >= 0.8


def test_plucks_and_chords_over_a_beat_without_snare_are_no_snare():
    music = groove("techno", seed=1, bars=4)
    assert len(struck(music.samples)["snare"]) <= 2


def test_a_softer_line_changes_little():
    music = groove("techno", seed=4, bars=4)
    loud, soft = struck(music.samples), struck(0.1 * music.samples)
    assert abs(len(loud["kick"]) - len(soft["kick"])) <= 2


def test_missing_and_wrong_weights_are_told_in_one_line(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        DrumEar(tmp_path / "none.npz")
    np.savez(tmp_path / "other.npz", weight0=np.zeros((3, 7)), bias0=np.zeros(3))
    with pytest.raises(ModelError, match="not the drum ear's weights"):
        DrumEar(tmp_path / "other.npz")


@pytest.mark.parametrize("parts", [{"plucks"}, {"plucks", "chords", "bass"}])
def test_plucks_without_any_drum_are_no_snare(parts):
    told, seconds = 0, 0.0
    for seed in (101, 102, 103):
        song = Song("house", seed)
        for _ in range(4):
            song.bar(parts)
        told, seconds = told + len(struck(song.music().samples)["snare"]), seconds + song.now
    print(f"{parts}: {60.0 * told / seconds:.1f} false snares a minute")
    assert 60.0 * told / seconds <= 6.0
