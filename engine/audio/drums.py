"""Hears drums: the onset spectrum of each hop in, how sure a kick, a snare and a hat begin out.

A band's rise alone cannot tell a kick from a bass note or a snare from a pluck. So a small network
(three layers, about 10,000 weights of our own, `training/drums.py`) looks at 21 bands over the last
four hops, in decibels below the loudest of the last seconds, at their mean over the last 16, and at
how flat the upper bands are inside: noise is flat, the partials of a tone are not. It answers in
the hop in which the hit is heard. State is 16 hops; runs on the analysis thread.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from engine.errors import ModelError
from engine.records import HOP_SECONDS

WEIGHTS = Path(__file__).with_name("drums.npz")
DRUMS = ("kick", "snare", "hat")
EDGES = (1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 28, 36, 46, 60, 77, 98, 126, 161, 206, 264, 320)
"""Bins of the onset spectrum (46.9 Hz each) between which the bands lie: 47 Hz to 15 kHz."""
HOPS, PAST = 4, 16
"""Hops that are looked at one by one, and those of which the mean is."""
BANDS = len(EDGES) - 1
NOISY, FLAT_HOPS, FLAT_DB = 9, 2, 10.0
"""First band that is wide enough (800 Hz) to be flat or not; hops of it; flatness shown as 0."""
INPUTS = BANDS * (HOPS + 1) + (BANDS - NOISY) * FLAT_HOPS
RANGE_DB = 60.0
LEAST = 10 ** (-RANGE_DB / 20)
FLOOR = 0.02
"""Amplitude below which the reference never falls: the noise of an open line is no drum."""
QUIET = 0.003
"""Amplitude below which nothing is a drum."""
RISE_SECONDS, FALL_SECONDS = 0.03, 8.0
"""How fast the reference follows a louder and a softer sound."""


class DrumInputs:
    """What the network sees; one call a hop, in order. Needs no weights, so training uses it."""

    def __init__(self) -> None:
        self._edges = np.array(EDGES[:-1])
        self._up = 1.0 - math.exp(-HOP_SECONDS / RISE_SECONDS)
        self._down = 1.0 - math.exp(-HOP_SECONDS / FALL_SECONDS)
        self._reference = FLOOR
        self.amplitude = 0.0
        self._past = np.zeros((PAST, BANDS), np.float32)
        self._flat = np.zeros((FLAT_HOPS, BANDS - NOISY), np.float32)
        self._inside = np.array(EDGES[NOISY:-1]) - EDGES[NOISY]
        self._widths = np.diff(EDGES[NOISY:])

    def step(self, spectrum: np.ndarray) -> np.ndarray:
        """The inputs (INPUTS,), each 0..1.5, from magnitudes (513,) of the onset window.

        A sine of amplitude 1 must peak at 1 in `spectrum`. 1 is as loud as the recent loudest.
        """
        power = np.square(spectrum[: EDGES[-1]])
        amplitude = np.sqrt(np.add.reduceat(power, self._edges))
        total = math.sqrt(float(power.sum()))
        self.amplitude = total
        share = self._up if total > self._reference else self._down
        self._reference = max(FLOOR, self._reference + share * (total - self._reference))
        below_db = 20.0 * np.log10(amplitude / self._reference + LEAST)
        self._past[1:] = self._past[:-1]
        self._past[0] = 1.0 + below_db / RANGE_DB
        self._flat[1:] = self._flat[:-1]
        self._flat[0] = self._flatness(power)
        parts = (self._past[:HOPS].ravel(), self._past.mean(axis=0), self._flat.ravel())
        return np.concatenate(parts)

    def _flatness(self, power: np.ndarray) -> np.ndarray:
        """Geometric over arithmetic mean in each upper band, in decibels over FLAT_DB below 1."""
        power = power[EDGES[NOISY] :] + 1e-12
        flat_db = 10.0 * np.add.reduceat(np.log10(power), self._inside) / self._widths
        flat_db -= 10.0 * np.log10(np.add.reduceat(power, self._inside) / self._widths)
        return np.maximum(0.0, 1.0 + flat_db / FLAT_DB)


class DrumEar:
    """One call a hop, in order. Raises ModelError when the weights are missing or damaged."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self._layers = _load(weights)
        self._inputs = DrumInputs()

    def step(self, spectrum: np.ndarray) -> tuple[float, float, float]:
        """How sure (0..1) a kick, a snare and a hat begin in this hop."""
        x = self._inputs.step(spectrum)
        if self._inputs.amplitude < QUIET:
            return 0.0, 0.0, 0.0
        for weight, bias in self._layers[:-1]:
            x = np.maximum(weight @ x + bias, 0.0)
        weight, bias = self._layers[-1]
        sure = 1.0 / (1.0 + np.exp(-np.clip(weight @ x + bias, -30.0, 30.0)))
        return tuple(sure.tolist())


def _load(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            count = len(file.files) // 2
            layers = [(file[f"weight{k}"], file[f"bias{k}"]) for k in range(count)]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: the drum ear's weights cannot be read ({error})") from None
    if not layers or layers[0][0].shape[1] != INPUTS or layers[-1][0].shape[0] != len(DRUMS):
        wanted = f"{INPUTS} inputs, {len(DRUMS)} drums"
        raise ModelError(f"{path}: not the drum ear's weights ({wanted})")
    return [(w.astype(np.float32), b.astype(np.float32)) for w, b in layers]
