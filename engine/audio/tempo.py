"""Tempo and phase of a stretch of onsets: pure functions on arrays at the hop rate.

The tempo is where the autocorrelation of the onsets is high at one to four beats (a comb on the
tempogram, Grosche and Mueller 2011), weighted by a broad prior over tempi. The phase is where the
onsets, folded at that tempo, heap up. No state, no clock.
"""

from __future__ import annotations

import numpy as np

from engine.records import HOP_SECONDS

PRIOR_BPM, PRIOR_OCTAVES = 128.0, 0.7
"""Centre and width of the log-normal prior (the usual 120 bpm, moved towards the dance floor)."""
STEPS_PER_OCTAVE = 360
COMB = ((1.0, 0.8), (2.0, 0.8), (3.0, 0.3), (4.0, 2.0))
"""Lags in beats and what the correlation there counts: a bar repeats better than anything else."""
COMB_SUM = sum(weight for _, weight in COMB)


def tempo_grid(low_bpm: float, high_bpm: float) -> np.ndarray:
    """Tempi from low to high, evenly spaced in octaves."""
    steps = int(np.log2(high_bpm / low_bpm) * STEPS_PER_OCTAVE) + 1
    return low_bpm * 2.0 ** (np.arange(steps) / STEPS_PER_OCTAVE)


def tempo_scores(onsets: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """For each tempo of the grid how well onsets (n,) repeat at it; 1 is perfect, 0 is chance."""
    size = 2 * len(onsets)
    centred = onsets - onsets.mean()
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    correlation = np.fft.irfft(power, size)[: len(onsets)]
    if correlation[0] <= 1e-12:
        return np.zeros(len(grid))
    correlation = correlation / (correlation[0] * np.linspace(1, 0, len(onsets), endpoint=False))
    correlation = np.convolve(correlation, (0.25, 0.5, 0.25), "same")
    lags = np.arange(len(onsets))
    hops = 60.0 / grid / HOP_SECONDS
    total = sum(w * np.interp(b * hops, lags, correlation, right=0.0) for b, w in COMB)
    prior = np.exp(-0.5 * (np.log2(grid / PRIOR_BPM) / PRIOR_OCTAVES) ** 2)
    return total / COMB_SUM * prior


def phase_of(onsets: np.ndarray, period: float) -> tuple[float, float]:
    """Seconds since the last beat at the end of onsets (n,), and how clearly they heap up.

    The second value is the energy within 60 ms of the beat over what chance would put there.
    """
    ages = np.arange(len(onsets))[::-1] * HOP_SECONDS
    folded = ages % period
    bins = max(8, round(period / HOP_SECONDS))
    heap = np.bincount((folded / period * bins).astype(int) % bins, onsets, bins)
    smooth = heap + 0.5 * (np.roll(heap, 1) + np.roll(heap, -1))
    peak = (smooth.argmax() + 0.5) / bins * period
    distance = (folded - peak + period / 2) % period - period / 2
    close = np.abs(distance) <= 0.02
    weight = float(onsets[close].sum())
    total = float(onsets.sum())
    if weight <= 0.0 or total <= 0.0:
        return 0.0, 0.0
    ago = peak + float(distance[close] @ onsets[close]) / weight
    near = float(onsets[np.abs(distance) <= 0.06].sum())
    return ago % period, near / total * period / 0.12
