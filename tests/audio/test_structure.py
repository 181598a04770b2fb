"""Breakdowns, builds and drops of generated songs: found where they are, and not elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.audio.features import FeatureExtractor
from engine.audio.media import stream_hops
from engine.errors import ModelError
from engine.records import SAMPLERATE, Beat, Features
from engine.structure import INPUTS, DropEar, DropInputs, Structure
from training.drum_machine import PARTS, Song

NAMES = ("intensity", "silence", "breakdown", "build", "drop")


def heard(samples: np.ndarray, bpm: float) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Times and the signals, the beat clock running true."""
    extractor, structure, rows, times = FeatureExtractor(), Structure(), [], []
    for block in stream_hops(samples):
        beat = Beat(block.time, block.time * bpm / 60.0, bpm, 0.9, "test")
        rows.append(structure.step(extractor.process(block), beat))
        times.append(block.time)
    return np.array(times), {name: np.array([row[name] for row in rows]) for name in NAMES}


def song_with_a_drop(style: str, seed: int) -> Song:
    song = Song(style, seed)
    for _ in range(6):
        song.bar()
    song.mark("breakdown")
    for _ in range(4):
        song.bar({"chords", "plucks"})
    song.mark("build")
    for _ in range(2):
        song.bar({"chords", "roll", "riser"})
    song.mark("drop")
    for _ in range(4):
        song.bar()
    return song


@pytest.mark.parametrize("style, seed", [("house", 1), ("drum_and_bass", 2), ("techno", 3)])
def test_the_drop_is_found_within_a_beat_and_told_once(style, seed):
    song = song_with_a_drop(style, seed)
    beat = 4 * song.step
    times, signals = heard(song.music().samples, 60.0 / beat)
    (drop,), (breakdown,), (build,) = (song.marks[n] for n in ("drop", "breakdown", "build"))
    told = times[signals["drop"] == 1.0]
    assert len(told) == 1 and 0.0 <= told[0] - drop <= beat
    inside = (times > breakdown + 10 * beat) & (times < build)
    assert np.median(signals["breakdown"][inside]) > 0.8
    assert signals["breakdown"][times < breakdown].max() < 0.1
    assert signals["breakdown"][times > drop + 4 * beat].max() < 0.1
    rising = (times > build + 4 * beat) & (times < drop)
    assert signals["build"][rising].max() > 0.5
    quiet = (times > breakdown + 8 * beat) & (times < build)
    full = (times > breakdown - 8 * beat) & (times < breakdown)
    assert np.mean(signals["intensity"][quiet]) < 0.8 * np.mean(signals["intensity"][full])
    for name, values in signals.items():
        assert 0.0 <= values.min() and values.max() <= 1.0, name


def test_steady_music_has_no_drop_and_no_breakdown():
    song = Song("breaks", 5)
    for bar in range(16):
        song.bar(PARTS if bar % 8 else PARTS - {"chords"})
    _, signals = heard(song.music().samples, 15.0 / song.step)
    assert signals["drop"].max() == 0.0 and signals["breakdown"].max() < 0.1


def test_silence_is_told_within_a_second_and_ends_at_once():
    song = Song("house", 1)
    for _ in range(2):
        song.bar()
    music = song.music().samples
    quiet = np.zeros((2 * SAMPLERATE, 2), np.float32)
    times, signals = heard(np.concatenate([music, quiet, music[: SAMPLERATE // 2]]), 124.0)
    end = len(music) / SAMPLERATE
    assert signals["silence"][(times > end + 1.2) & (times < end + 2.0)].min() > 0.8
    assert signals["silence"][-10:].max() < 0.1
    assert signals["drop"].max() == 0.0


def test_other_weights_of_the_drop_ear_are_refused_in_one_line(tmp_path):
    (tmp_path / "broken.npz").write_bytes(b"nothing")
    np.savez(tmp_path / "narrow.npz", hidden=np.zeros((4, 3)), bias=np.zeros(4), out=np.zeros(4),
             last=np.zeros(()))  # fmt: skip
    for name, words in (("broken", "cannot be read"), ("narrow", "not the drop ear's"),
                        ("none", "No such file")):  # fmt: skip
        with pytest.raises(ModelError, match=words):
            DropEar(tmp_path / f"{name}.npz")


def test_what_the_drop_ear_sees_is_level_in_silence_and_rises_with_the_kick():
    inputs = DropInputs()
    quiet = Features(0.0, 0.0, 0.0, (0.0,) * 4, (0.0,) * 3, 0.0, 0.0)
    for _ in range(3000):
        seen = inputs.step(quiet)
    assert seen.shape == (INPUTS,) and np.abs(seen[:-3]).max() < 1e-6
    loud = replace(quiet, rms=0.2, bands=(0.2, 0.1, 0.1, 0.1), drums=(0.9, 0.0, 0.0))
    before, after = seen[-1], inputs.step(loud)
    assert after[0] > 1.0 and after[-1] < before and np.abs(after).max() <= 6.0
    ear = DropEar()
    assert 0.0 <= ear.step(quiet) <= ear.step(loud) <= 1.0
