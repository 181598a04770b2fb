"""The bands of every piece, computed once, and batches of segments with their targets.

`write_bands` keeps float16 (hops, PLAIN) beside the labels' name under out/ear/SPLIT. A
`Lane` plays one piece after another in segments, as the ear will hear them: from its start or
from anywhere within, with a speed, a tuning, an equaliser and a noise floor of its own, and stirred
(stir.py); lanes that validate hear the pieces as they are.
Targets are soft: a beat is spread over the hops around it, so that the network says where between
two hops it fell.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.audio.front_end import WIDTH, bands_of, with_rises
from engine.audio.network import DELAY_SECONDS, SPREAD_HOPS
from engine.records import HOP_SECONDS
from training.ear.stir import OCTAVES, beneath, stirred, tuned
from training.music import dataset

MUSIC, OUT = Path("training/out/music"), Path("training/out/ear")
LINGER = 1.0
"""Seconds for which the pulse is taken to go on after the last beat."""
GAP = 2.5
"""Two beats further apart than this have nothing between them."""
LEAD = 200
"""Hops heard before a segment, for what remembers in the front end."""
SPEEDS, TEMPI = (0.8, 1.25), (60.0, 186.0)
"""Bands are played so much slower or faster, but no piece beyond these tempi: every groove at
many, yet what is counted at 174 is not asked to be counted at 217."""
TUNINGS = (-0.4, 0.4)
"""Octaves by which all sound is lower or higher."""
CUT = 0.4
"""Share of new pieces that follow the one before as a DJ's cut does: what was heard is kept."""
BENEATH, CLEAN = 0.12, 0.2
"""Shares of the segments with another piece beneath, and of the pieces heard as they are."""
SEGMENTS = (2, 6)
"""A lane stays with a piece for so many segments (from, up to)."""


def write_bands(split: str) -> int:
    """Compute what is missing; returns how many pieces are there."""
    folder = OUT / split
    folder.mkdir(parents=True, exist_ok=True)
    pieces = dataset.paths(MUSIC / split)
    for path in pieces:
        out = folder / f"{path.name}.npy"
        if not out.exists():
            samples = np.load(path.with_suffix(".npy"), mmap_mode="r")
            bands = bands_of(samples.astype(np.float32) / 32767.0).astype(np.float16)
            part = out.with_suffix(f".{os.getpid()}.part")  # two trainings may be at it
            with part.open("wb") as file:
                np.save(file, bands)
            part.rename(out)
    return len(pieces)


@dataclass(frozen=True)
class Rows:
    """One piece: `bands` float16 (hops, PLAIN) and `targets` float32 (hops, len(COLUMNS))."""

    name: str
    bands: np.ndarray
    targets: np.ndarray
    tempo: float = 0.0


COLUMNS = ("beat", "down", "down_known", "pulse", "known", "cos", "sin", "phase_known")
"""What a row of targets holds: soft beat 0..1, which share of it is a first beat, whether that is
known, whether there is a beat at all, whether anything is known, and the phase on a circle."""


def targets_of(labels: dict, hops: int) -> np.ndarray:
    """Float32 (hops, len(COLUMNS)) from the labels of a piece."""
    beats, places = np.array(labels["beats"], float), np.array(labels["bar_pos"], int)
    time = (np.arange(hops) + 1) * HOP_SECONDS - DELAY_SECONDS
    out = np.zeros((hops, len(COLUMNS)), np.float32)
    out[:, 4] = 1.0
    for start, end in labels["unknown"]:
        out[(time >= start) & (time < end), 4] = 0.0
    if not len(beats):
        out[:, 2] = 1.0
        return out
    after = np.searchsorted(beats, time)
    before = np.clip(after - 1, 0, len(beats) - 1)
    after = np.clip(after, 0, len(beats) - 1)
    nearest = np.where(time - beats[before] < beats[after] - time, before, after)
    distance = np.abs(time - beats[nearest]) / HOP_SECONDS
    out[:, 0] = np.maximum(0.0, 1.0 - distance / SPREAD_HOPS)
    out[:, 1] = places[nearest] == 1
    out[:, 2] = places[nearest] > 0
    gap = beats[after] - beats[before]
    inside = (gap > 0) & (gap < GAP)
    last = (time >= beats[before]) & (time < beats[before] + LINGER)
    out[:, 3] = inside | last
    phase = 2 * np.pi * (time - beats[before]) / np.maximum(gap, 1e-3)
    out[:, 5], out[:, 6], out[:, 7] = np.cos(phase), np.sin(phase), inside * out[:, 4]
    return out


def read(split: str, known: dict[str, Rows]) -> dict[str, Rows]:
    """All pieces of a split that have bands, those `known` already as they are."""
    out = {}
    for path in sorted((OUT / split).glob("*.npy")):
        if path.stem not in known:
            bands = np.load(path, mmap_mode="r")
            labels = dataset.load_labels(MUSIC / split / path.stem)
            targets = targets_of(labels, len(bands))
            known[path.stem] = Rows(path.stem, bands, targets, labels["tempo"])
        out[path.stem] = known[path.stem]
    return out


def equaliser(rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Gains float32 (PLAIN,) over the bands, smooth in frequency, and a noise floor."""
    knots = np.linspace(5, 14, 6)
    decibels = np.interp(OCTAVES, knots, rng.normal(0, 5, 6)) + rng.normal(0, 3)
    floor = 10 ** rng.uniform(-3, 0.3) if rng.random() < 0.5 else 0.0
    return (10 ** (decibels / 20)).astype(np.float32), float(floor)


class Lane:
    """One listener of the batch; `plain` hears every piece as it is."""

    def __init__(self, rng: np.random.Generator, hops: int, plain: bool = False) -> None:
        self._rng, self._hops, self._plain = rng, hops, plain
        self._left, self._first = 0, True

    def next(self, pieces: list[Rows]) -> tuple[np.ndarray, np.ndarray, bool]:
        """Rows (hops, WIDTH), targets, and whether what was heard before is to be forgotten."""
        begins = self._left == 0 or self._at >= len(self._piece.bands) - self._hops // 4
        if begins:
            self._begin(pieces)
        forgets = self._first or (begins and self._rng.random() >= CUT)
        self._first = False
        self._left -= 1
        lead = min(LEAD, int(self._at / self._speed))  # running means need some seconds to settle
        at = self._at + self._speed * np.arange(-lead, self._hops)
        self._at = int(at[-1] + self._speed)
        at = at[: np.searchsorted(at, len(self._piece.bands) - 1)]
        bands = _between(self._piece.bands, at)
        if not self._clean:
            bands = self._disturbed(bands, pieces)
        rows = np.zeros((self._hops, WIDTH), np.float32)
        targets = np.zeros((self._hops, len(COLUMNS)), np.float32)
        rows[: len(bands) - lead] = with_rises(bands)[lead:]
        targets[: len(bands) - lead] = _between(self._piece.targets, at[lead:])
        return rows, targets, forgets

    def _disturbed(self, bands: np.ndarray, pieces: list[Rows]) -> np.ndarray:
        """The bands of a segment as they might have come in."""
        rng = self._rng
        bands = (10.0 ** bands[:, self._tuning] - 1.0) * self._gains
        if rng.random() < BENEATH:
            other = pieces[rng.integers(len(pieces))].bands
            start = int(rng.integers(max(1, len(other) - len(bands))))
            part = other[start : start + len(bands)].astype(np.float32)
            bands = beneath(bands, 10.0**part - 1.0, rng)
        bands = stirred(bands, rng)
        noise = self._floor * rng.exponential(1.0, bands.shape).astype(np.float32)
        return np.log10(1.0 + bands + noise)

    def _begin(self, pieces: list[Rows]) -> None:
        rng = self._rng
        self._piece = pieces[rng.integers(len(pieces))]
        last = max(1, len(self._piece.bands) - self._hops)
        self._at = 0 if rng.random() < 0.3 else int(rng.integers(last))
        self._left = int(rng.integers(*SEGMENTS, endpoint=True))
        self._gains, self._floor = equaliser(rng)
        self._speed = self._drawn_speed()
        self._tuning = tuned(rng.uniform(*TUNINGS))
        self._clean = self._plain or rng.random() < CLEAN

    def _drawn_speed(self) -> float:
        if self._plain:
            return 1.0
        low, high, tempo = *SPEEDS, self._piece.tempo
        if tempo:
            low, high = max(low, min(1.0, TEMPI[0] / tempo)), min(high, max(1.0, TEMPI[1] / tempo))
        return self._rng.uniform(low, high)


def _between(rows: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Float32 rows at places that lie between them."""
    if not len(at):
        return np.zeros((0, rows.shape[1]), np.float32)
    low = at.astype(int)
    part = np.asarray(rows[low[0] : low[-1] + 2], np.float32)
    low, share = low - low[0], (at - low).astype(np.float32)[:, None]
    return part[low] * (1.0 - share) + part[low + 1] * share
