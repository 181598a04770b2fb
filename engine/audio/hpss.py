"""How much of a hop sustains and how much strikes: power spectrum in, two amplitudes out.

Median filtering (Fitzgerald, Harmonic/percussive separation using median filtering, DAFx 2010),
made causal: a tone is what the median over the last 23 hops (0.25 s) of a band holds, a strike is
what the median over 21 neighbouring bands holds now. Each band's power is divided between the two
by the paper's soft mask; to count as a strike it must stand out of the tone twofold (Driedger,
Mueller and Disch, Extending harmonic-percussive separation of audio, ISMIR 2014), else dense
chords strike all the time: so the two do not add up to the whole. Bands are single bins up to
1 kHz, where tones lie close, and a third of a semitone wide above, which is cheap. A tone counts
as harmonic from 0.13 s after it began. State is 23 hops of band amplitudes; runs on the analysis
thread.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import median_filter

from engine.audio.spectra import LONG
from engine.records import SAMPLERATE

HOPS, NEIGHBOURS = 23, 21
STAND_OUT = 2.0
LOW_HZ, LINEAR_HZ, HIGH_HZ = 90.0, 1000.0, 15000.0
"""Below LOW_HZ kick and bass are one: both medians see a single hump there."""


def _edges() -> np.ndarray:
    step = SAMPLERATE / LONG
    first, bend, last = (round(hz / step) for hz in (LOW_HZ, LINEAR_HZ, HIGH_HZ))
    ratio = 1.0 + 1.0 / bend  # the first wide band is one bin wide
    count = int(np.log(last / bend) / np.log(ratio))
    above = np.unique(np.round(bend * ratio ** np.arange(1, count + 1)).astype(int))
    return np.concatenate([np.arange(first, bend + 1), above])


class Hpss:
    """One call a hop, in order."""

    def __init__(self) -> None:
        self._edges = _edges()
        bands = len(self._edges) - 1
        self._past = np.zeros((bands, HOPS), np.float32)
        self._slot = 0

    def step(self, power: np.ndarray) -> tuple[float, float]:
        """RMS amplitudes (harmonic, percussive) of a power spectrum (LONG / 2 + 1,)."""
        first, last = self._edges[0], self._edges[-1]
        banded = np.add.reduceat(power[first:last], self._edges[:-1] - first)
        amplitude = np.sqrt(banded).astype(np.float32)
        self._past[:, self._slot] = amplitude
        self._slot = (self._slot + 1) % HOPS
        held = np.square(np.partition(self._past, HOPS // 2, axis=1)[:, HOPS // 2])
        struck = np.square(median_filter(amplitude, NEIGHBOURS, mode="nearest"))
        harmonic = float(banded @ (held / (held + struck + 1e-12)))
        percussive = float(banded @ (struck / (STAND_OUT**2 * held + struck + 1e-12)))
        return math.sqrt(harmonic), math.sqrt(percussive)
