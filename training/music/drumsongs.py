"""Hydrogen's demo songs: their patterns and kits are read and played here, tempo map exact.

The XML tells the tempo and the pattern of each column; a column of 192 ticks is a bar of four. A
song is played at its tempo or up to a quarter off it, with its kit's own samples, alone or with
bass and chords of the generator. A song belongs to one split. Debian: hydrogen (hydrogen-data).
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.audio.media import decode
from training.music.grid import drifting, steady
from training.music.parts import Band, Score, play_bass, play_tones
from training.music.piece import Piece
from training.music.sounds import RATE, draw_kit
from training.music.styles import STYLES

DATA = Path("/usr/share/hydrogen/data")
SONGS = {
    "train": ("GM_kit_Diddley", "GM_kit_demo1", "GM_kit_demo2", "tutorial_georgyporgy"),
    "valid": ("GM_kit_demo3",), "final": ("GM_kit_Jazzy", "TR808kit-demo"),
}  # fmt: skip
QUARTER = 48
BAND_STYLES = ("pop", "hip-hop", "shuffle", "breaks")


@lru_cache
def _song(name: str) -> tuple[float, float, tuple, dict]:
    """(bpm, swing 0..1, columns of (beat, instrument, velocity) notes, sounds by instrument)."""
    root = ElementTree.parse(DATA / "demo_songs" / f"{name}.h2song").getroot()
    for element in root.iter():
        element.tag = element.tag.split("}")[-1]
    patterns = {}
    for pattern in root.find("patternList"):
        notes = [(int(n.findtext("position")) / QUARTER, n.findtext("instrument"),
                  float(n.findtext("velocity"))) for n in pattern.find("noteList")]
        patterns[pattern.findtext("name")] = notes
    columns = tuple(tuple(note for ref in group for note in patterns[ref.text])
                    for group in root.find("patternSequence"))
    sounds = {i.findtext("id"): _sample(i) for i in root.find("instrumentList")}
    return (float(root.findtext("bpm")), float(root.findtext("swing_factor")), columns,
            {k: v for k, v in sounds.items() if v is not None})


def _sample(instrument: ElementTree.Element) -> np.ndarray | None:
    """The loudest layer of an instrument."""
    files = [e.text for e in instrument.iter("filename") if e.text]
    path = DATA / "drumkits" / (instrument.findtext("drumkit") or "") / "".join(files[-1:])
    if not path.is_file():
        return None
    return decode(path).mean(axis=1)[: 2 * RATE].astype(np.float32)


def drum_song(split: str, rng: np.random.Generator) -> Piece:
    """A song of the split, repeated to about a minute."""
    name = str(rng.choice(SONGS[split]))
    bpm, swing, columns, sounds = _song(name)
    bpm *= float(rng.choice([1.0, rng.uniform(0.75, 1.25)]))
    bars = int(np.clip(rng.uniform(45, 80) * bpm / 240, 12, 48))
    first = int(rng.integers(len(columns)))
    grid = drifting(bpm, 4 * bars + 1, rng, rng.uniform(0.0, 0.015))
    if rng.random() < 0.4:
        grid = steady(bpm, 4 * bars + 1)
    score = Score(grid, rng, 4 * bars, loose=rng.uniform(0.0, 0.006))
    for bar in range(bars):
        for beat, instrument, velocity in columns[(first + bar) % len(columns)]:
            late = swing / 12 if round(4 * beat) % 2 else 0.0
            if instrument in sounds:
                score.add("drums", 4 * bar + beat + late, sounds[instrument], 0.5 * velocity)
    if rng.random() < 0.6:
        _accompany(score, bars, rng)
    mixed = np.tanh(sum(score.buses.values()) * rng.uniform(0.8, 1.6))
    mixed *= 0.9 / max(1e-6, float(np.abs(mixed).max()))
    count, end = 4 * bars, float(grid.at(4 * bars))
    return Piece(
        mixed.astype(np.float32), grid.times[:count], np.arange(count) % 4 + 1, 4, grid.bpm,
        "hydrogen", name, name, (("song", 0.0, end),), unknown=((end, len(mixed) / RATE),))


def _accompany(score: Score, bars: int, rng: np.random.Generator) -> None:
    name = str(rng.choice(BAND_STYLES))
    style = next(style for style in STYLES if style.name == name)
    band = Band(style, draw_kit(rng, style.kicks), rng)
    on = {"pad", "lead"} if rng.random() < 0.5 else {"stab", "pad"}
    for bar in range(bars):
        play_bass(score, band, bar)
        play_tones(score, band, bar, on)
