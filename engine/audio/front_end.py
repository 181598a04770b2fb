"""What the ear's network sees: hops of sound in, a row of band strengths and their rises out.

Three windows end at the newest sample and lean towards it, so that a hit shows in the hop in which
it falls: a short one for when, a middle one for which drum, a long one for which note. Amplitudes
are gathered in logarithmic bands, divided by how loud it was lately, and compressed by a
logarithm; beside each band stands its half-wave rectified rise, as in Boeck, Krebs and Widmer
2014 ("A multi-model approach to beat tracking"), and three numbers say how far the notes of just
now are from those before: bars begin where the harmony changes. `FrontEnd.process` runs once a hop
on the analysis thread; `bands_of` does the same for a whole recording, for training.
"""

from __future__ import annotations

import numpy as np

from engine.records import HOP, HOP_SECONDS, SAMPLERATE

WINDOWS = ((1024, 128, 3, 60.0, 16000.0, 1), (2048, 384, 6, 35.0, 10000.0, 2),
           (4096, 1024, 12, 110.0, 1760.0, 4))  # fmt: skip
"""For each window: samples, of which the last so many fall; bands an octave from Hz, to Hz; and
over how many hops a rise is taken."""
GAIN = 300.0
"""Amplitude over loudness is scaled by this before log10(1 + x): hats then reach about 1."""
QUIET = 3e-4
"""Loudness is not taken to be less (-70 dB): silence stays silent."""
FADE = float(np.exp(-HOP_SECONDS / 10.0))
"""The loudness of lately falls with ten seconds."""
NOTES_SECONDS = (0.15, 0.6, 2.0)
"""Time constants of three running means of the long window's bands; each pair is compared."""
LONGEST = max(size for size, *_ in WINDOWS)


def _window(size: int, fall: int) -> np.ndarray:
    """Half a Hann window rising, a shorter one falling; a sine of amplitude 1 peaks at 1."""
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(size - fall) / (size - fall))
    window = np.concatenate([rise, 0.5 + 0.5 * np.cos(np.pi * np.arange(fall) / fall)])
    return (window * 2.0 / window.sum()).astype(np.float32)


def _filters(size: int, per_octave: int, low_hz: float, high_hz: float) -> np.ndarray:
    """Triangles (bins, bands), each of area one, evenly spaced in octaves where bins allow."""
    steps = int(np.log2(high_hz / low_hz) * per_octave) + 1
    hz = low_hz * 2.0 ** (np.arange(steps) / per_octave)
    centres = np.unique(np.round(hz * size / SAMPLERATE).astype(int))
    bins = np.arange(size // 2 + 1)[:, None]
    left, middle, right = centres[:-2], centres[1:-1], centres[2:]
    up, down = (bins - left) / (middle - left), (right - bins) / (right - middle)
    triangles = np.maximum(0.0, np.minimum(up, down))
    return (triangles / triangles.sum(axis=0)).astype(np.float32)


class _Bank:
    """One window and its bands."""

    def __init__(self, size: int, fall: int, per_octave: int, low_hz: float, high_hz: float):
        self.size = size
        self.window = _window(size, fall)
        filters = _filters(size, per_octave, low_hz, high_hz)
        used = np.flatnonzero(filters.any(axis=1))
        self.bins = slice(int(used[0]), int(used[-1]) + 1)
        self.filters = np.ascontiguousarray(filters[self.bins])

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        """Amplitudes (..., bands) of frames (..., at least size), seen at their new end."""
        spectrum = np.fft.rfft(frames[..., -self.size :] * self.window)
        return np.abs(spectrum[..., self.bins]) @ self.filters


BANKS = tuple(_Bank(*row[:5]) for row in WINDOWS)
BANDS = tuple(bank.filters.shape[1] for bank in BANKS)
"""Bands of each window."""
PLAIN = sum(BANDS)
WIDTH = 2 * PLAIN + len(NOTES_SECONDS)
"""Numbers in a row: bands, then rises, then changes of harmony."""
_SHARES = 1.0 - np.exp(-HOP_SECONDS / np.array(NOTES_SECONDS))
_PAIRS = ((0, 1), (1, 2), (0, 2))
_NEAR = np.abs(np.subtract.outer(np.arange(BANDS[2]), np.arange(BANDS[2]))) <= 4
_CONTRAST = (np.eye(BANDS[2]) - _NEAR / _NEAR.sum(axis=0)).astype(np.float32)
"""Takes from each band of the long window the mean of those within a third: notes stand out."""
_ENDS = np.cumsum(BANDS)
_PARTS = [
    (row[5], int(b - n), int(b)) for row, n, b in zip(WINDOWS, BANDS, _ENDS, strict=True)
]  # hops of the rise, first and last column of each window's bands


class FrontEnd:
    """Rows for the network, one call a hop, in order."""

    def __init__(self) -> None:
        self._recent = np.zeros(LONGEST, np.float32)
        self._level = QUIET
        self._before = np.zeros((1 + max(row[5] for row in WINDOWS), sum(BANDS)), np.float32)
        self._notes = np.zeros((len(NOTES_SECONDS), BANDS[2]))
        self._hops = 0

    def process(self, samples: np.ndarray) -> np.ndarray:
        """A row float32 (WIDTH,) for samples (HOP, 2)."""
        self._recent[:-HOP] = self._recent[HOP:]
        mono = samples.mean(axis=1, dtype=np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            sound = np.isfinite(mono @ mono)
        self._recent[-HOP:] = mono if sound else 0.0  # what is no sound must not stay in memory
        middle = self._recent[-2048:]
        loud = float(np.sqrt(middle @ middle / len(middle)))
        self._level = max(loud, self._level * FADE, QUIET)
        now = np.concatenate([bank(self._recent) for bank in BANKS])
        now = np.log10(1.0 + GAIN / self._level * now).astype(np.float32)
        size = len(self._before)
        self._before[self._hops % size] = now
        then = [self._before[(self._hops - ago) % size, a:b] for ago, a, b in _PARTS]
        self._hops += 1
        self._notes += _SHARES[:, None] * (_notes(now) - self._notes)
        rises = np.maximum(now - np.concatenate(then), 0.0)
        return np.concatenate([now, rises, _changes(self._notes)])


def _notes(bands: np.ndarray) -> np.ndarray:
    """How far notes (..., bands) stand out in the long window of bands (..., PLAIN)."""
    return np.maximum(bands[..., -BANDS[2] :] @ _CONTRAST, 0.0)


def _changes(notes: np.ndarray) -> np.ndarray:
    """Float32 (..., 3): cosine distance of each pair of running means (..., 3, bands)."""
    sizes = np.sqrt((notes**2).sum(axis=-1)) + 1e-3
    unit = notes / sizes[..., None]
    pairs = [(unit[..., a, :] * unit[..., b, :]).sum(axis=-1) for a, b in _PAIRS]
    quiet = sizes.min(axis=-1, keepdims=True) < 0.05
    return np.where(quiet, 0.0, 1.0 - np.stack(pairs, axis=-1)).astype(np.float32)


def bands_of(samples: np.ndarray) -> np.ndarray:
    """The first half of the rows, float32 (hops, PLAIN), for all of mono samples (n,)."""
    hops = len(samples) // HOP
    padded = np.concatenate([np.zeros(LONGEST - HOP, np.float32), samples[: hops * HOP]])
    frames = np.lib.stride_tricks.sliding_window_view(padded, LONGEST)[::HOP]
    out = np.empty((hops, PLAIN), np.float32)
    level = QUIET
    for start in range(0, hops, 1024):
        part = frames[start : start + 1024]
        levels = np.sqrt(np.mean(np.square(part[:, -2048:]), axis=1))
        for k, loud in enumerate(levels):
            levels[k] = level = max(float(loud), level * FADE, QUIET)
        now = np.concatenate([bank(part) for bank in BANKS], axis=1)
        out[start : start + 1024] = np.log10(1.0 + GAIN / levels[:, None] * now)
    return out


def with_rises(bands: np.ndarray) -> np.ndarray:
    """Rows (hops, WIDTH) from their first part (hops, PLAIN)."""
    from scipy.signal import lfilter

    rises = np.zeros_like(bands)
    for ago, a, b in _PARTS:
        rises[:, a:b] = bands[:, a:b]
        rises[ago:, a:b] -= bands[:-ago, a:b]
    now = _notes(bands)
    notes = [lfilter([k], [1.0, k - 1.0], now, axis=0) for k in _SHARES]
    changes = _changes(np.stack(notes, axis=1))
    return np.concatenate([bands, np.maximum(rises, 0.0), changes], axis=1)
