"""Pieces on disk: `NAME.npy` (int16 mono, 48 kHz) and `NAME.json` (labels) in a split's folder.

    out/train/generator-00012.npy   out/train/generator-00012.json   (also valid/, final/)

The JSON has the fields of piece.Piece without the samples, times in seconds from the first sample:

    beats        [0.42, 0.89, ...]              every beat, also where the drums are out
    bar_pos      [1, 2, 3, 4, 1, ...]           beat of the bar; 0 where it is not known
    meter        4                              beats a bar; 0: not known (only beats to learn)
    tempo        128.0                          median BPM; 0 without beats
    sections     [["build", 30.1, 45.2], ...]   name, start, end
    drops        [45.2]                         first beat after a breakdown or build-up
    entries      [7.6]                          drums come back without one: neither right nor wrong
    changes      [61.0]                         another track takes over with another grid
    unknown      [[0.0, 7.6]]                   spans in which beats count neither way
    kind, style, source, augmentations, seconds, seed

A piece is made from the seed (split, kind, number) alone: the same command gives the same set, and
a run that was stopped goes on where it was. Splits share no seed and no file, groove or song.
`train` is wider than the others: more soundfonts and kits (those that are installed), looser
players, missing drums, a singer; `valid` and `final` need the one soundfont only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path
from shutil import which

import numpy as np

from training.music import drumsongs, openttd
from training.music.desk import handle
from training.music.generate import generate
from training.music.grooves import groove
from training.music.kits import kits
from training.music.midi import FONTS, fonts, installed
from training.music.nothing import nothing
from training.music.piece import Piece, cut
from training.music.room import spoil
from training.music.sets import mix
from training.music.singer import sung

SPLITS = ("train", "valid", "final")
LABELS = tuple(f.name for f in fields(Piece) if f.name != "samples")
SHARES = {"generator": 0.34, "set": 0.17, "nothing": 0.06, "mma": 0.28, "openttd": 0.1,
          "hydrogen": 0.05}  # fmt: skip
"""Share of the minutes that each kind gets."""
IN_SETS = {"generator": 0.75, "mma": 0.15, "openttd": 0.05, "hydrogen": 0.05}
"""Where the tracks of a set come from."""
PLAIN = 0.2
"""Share of pieces that are left as they were made."""
SUNG = 0.25
"""Share of the others in `train` over which somebody sings."""


def save(piece: Piece, path: Path, seed: tuple[int, ...] = ()) -> None:
    """Write `path`.npy and, when that is complete, `path`.json."""
    whole = np.round(np.clip(piece.samples, -1, 1) * 32767).astype(np.int16)
    np.save(path.with_suffix(".npy"), whole)
    labels = {name: getattr(piece, name) for name in LABELS}
    labels["beats"] = [round(float(t), 5) for t in piece.beats]
    labels["bar_pos"] = [int(p) for p in piece.bar_pos]
    labels |= {"seconds": round(piece.seconds, 3), "seed": list(seed)}
    part = path.with_suffix(".part")
    part.write_text(json.dumps(labels))
    part.rename(path.with_suffix(".json"))


def load_labels(path: str | Path) -> dict:
    """The JSON of a piece; `path` may have either suffix or none."""
    return json.loads(Path(path).with_suffix(".json").read_text())


def load(path: str | Path) -> Piece:
    """A piece as it was written, samples float32; `path` may have either suffix or none."""
    labels = load_labels(path)
    samples = np.load(Path(path).with_suffix(".npy")).astype(np.float32) / 32767.0
    known = {name: labels[name] for name in LABELS}
    for name, value in known.items():
        if isinstance(value, list):
            known[name] = tuple(tuple(v) if isinstance(v, list) else v for v in value)
    known |= {"beats": np.array(labels["beats"]), "bar_pos": np.array(labels["bar_pos"], int)}
    return Piece(samples, **known)


def paths(folder: str | Path) -> list[Path]:
    """The pieces of a split's folder, without suffix, by name."""
    return [p.with_suffix("") for p in sorted(Path(folder).glob("*.json"))]


def makers(split: str, sampled: bool = True) -> dict[str, Callable[[np.random.Generator], Piece]]:
    """For each kind a function from a random generator to a raw piece of that split."""

    made = {
        "generator": partial(generate, sampled=sampled, wide=sampled and split == "train"),
        "nothing": nothing,
        "mma": partial(groove, split),
        "openttd": partial(openttd.song, split), "hydrogen": partial(drumsongs.drum_song, split),
    }

    def dj_set(rng: np.random.Generator) -> Piece:
        kinds = rng.choice(list(IN_SETS), int(rng.choice([2, 2, 3])), p=list(IN_SETS.values()))
        return mix([_shortened(made[kind](rng), rng) for kind in kinds], rng)

    return {**made, "set": dj_set}


def _shortened(piece: Piece, rng: np.random.Generator) -> Piece:
    """At most 80 s of a track for a set, which would else be very long."""
    start = rng.uniform(0, max(0.0, piece.seconds - 80.0))
    return cut(piece, start, min(piece.seconds, start + 80.0))


def make(split: str, kind: str, number: int, sampled: bool = True) -> Piece:
    """Piece `number` of a kind: raw, then what the DJ's hands and the room do to it.

    `sampled` False: the generator does without the soundfont and sounds the same everywhere.
    """
    rng = np.random.default_rng(seed_of(split, kind, number))
    piece = makers(split, sampled)[kind](rng)
    if rng.random() < PLAIN:
        return piece
    if split == "train" and kind != "nothing" and rng.random() < SUNG:
        piece = sung(piece, rng)
    if kind != "nothing":
        piece = handle(piece, rng)
    return spoil(piece, rng, 0.4 if kind == "nothing" else 1.0)


def missing(kinds: tuple[str, ...]) -> str:
    """What has to be installed before these kinds can be made; empty when nothing."""
    parts = {"fluidsynth and fluid-soundfont-gm": installed(), "mma": bool(which("mma")),
             "openttd-openmsx": openttd.FOLDER.is_dir(), "hydrogen-data": drumsongs.DATA.is_dir()}
    wanted = set(kinds) & {"mma", "openttd", "hydrogen", "set"}  # a set may hold any of them
    return ", ".join(name for name, there in parts.items() if wanted and not there)


def narrow() -> str:
    """Packages of instruments that would make `train` wider and are not here; empty when none."""
    lacking = [name for name, path in FONTS.items() if path not in fonts()]
    return ", ".join([*lacking, *(() if kits() else ("hydrogen-drumkits",))])


def seed_of(split: str, kind: str, number: int) -> tuple[int, ...]:
    """The seed of a piece."""
    return (SPLITS.index(split), *kind.encode(), number)


def write(
    split: str, minutes: float, out: Path, kinds: tuple[str, ...] = tuple(SHARES),
    told: Callable[[str], object] = sys.stderr.write,
) -> float:
    """Fill out/split up to `minutes`, shared among the kinds; returns the minutes there."""
    folder = out / split
    folder.mkdir(parents=True, exist_ok=True)
    whole, total = sum(SHARES[kind] for kind in kinds), 0.0
    for kind in kinds:
        goal, done = minutes * SHARES[kind] / whole, 0.0
        for done, name in _fill(folder, split, kind, goal):
            told(f"\r{split} {kind}: {done:.1f} of {goal:.1f} min  {name}   ")
        total += done
        told("\n")
    return total


def _fill(folder: Path, split: str, kind: str, goal: float) -> Iterator[tuple[float, str]]:
    minutes, number = 0.0, 0
    while minutes < goal:
        path = folder / f"{kind}-{number:05d}"
        if not path.with_suffix(".json").exists():
            save(make(split, kind, number), path, seed_of(split, kind, number))
        minutes += load_labels(path)["seconds"] / 60.0
        number += 1
        yield minutes, path.name
