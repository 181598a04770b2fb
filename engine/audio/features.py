"""What one hop of sound is like: AudioBlock in, Features out, before any automatic gain.

Two sliding windows end at the newest sample: a Hann window of 2048 for bands, centroid and
flatness, and for onsets one of 1024 that leans to the newest samples, so that a hit shows in the
hop in which it falls (measured: a kick 20 ms sooner than with a Hann window). Onset strength is
the half-wave rectified flux of the log-compressed spectrum (Mueller, Fundamentals of Music
Processing, 2015, section 6.1.2), averaged over the bins of the snare and hat bands; for kicks
the rise of the whole band's amplitude, so that a bass that only changes its note does not count.
State is only the last 2048 samples and one spectrum; runs on the analysis thread.
"""

from __future__ import annotations

import numpy as np

from engine.records import HOP, SAMPLERATE, AudioBlock, Features

LONG, SHORT = 2048, 1024
BANDS_HZ = ((20.0, 150.0), (150.0, 2500.0), (2500.0, 12000.0))
"""Bass, mid, high."""
ONSETS_HZ = ((40.0, 250.0), (1000.0, 5000.0), (7000.0, 15000.0))
"""Kick, snare, hat. A kick falls into its band from above; the snare band is above most notes."""
FALL = 128
"""Samples over which the onset window falls at its new end."""
COMPRESSION = (1.0, 20.0, 20.0)
"""gamma of log(1 + gamma |X|) / log(1 + gamma): little for kicks, so that bass notes stay small."""
HAT_IN_SNARE = 0.5
"""What a hat leaves in the snare band is taken off as this share of the rise in its own band."""
FLATNESS_HZ = np.geomspace(100.0, 12000.0, 25)
"""Edges of the bands over whose mean powers flatness is taken: one bin alone is too ragged."""


def _leaning_window() -> np.ndarray:
    """Half a Hann window rising over SHORT - FALL samples, half a short one falling."""
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(SHORT - FALL) / (SHORT - FALL))
    fall = 0.5 + 0.5 * np.cos(np.pi * np.arange(FALL) / FALL)
    return np.concatenate([rise, fall]).astype(np.float32)


def _bins(low_hz: float, high_hz: float, size: int) -> slice:
    """FFT bins of a window of `size` samples whose centres lie in low..high."""
    step = SAMPLERATE / size
    return slice(int(np.ceil(low_hz / step)), int(high_hz / step) + 1)


class FeatureExtractor:
    """Turns hops into Features, one call a hop, in order."""

    def __init__(self) -> None:
        self._recent = np.zeros(LONG, np.float32)
        self._long = np.hanning(LONG + 1)[:-1].astype(np.float32)
        self._short = _leaning_window()
        self._short *= 2.0 / self._short.sum()  # a sine of amplitude 1 peaks at 1
        self._power_scale = 2.0 / (LONG * float((self._long**2).sum()))  # Parseval
        self._band_bins = [_bins(low, high, LONG) for low, high in BANDS_HZ]
        self._onset_bins = [_bins(low, high, SHORT) for low, high in ONSETS_HZ]
        self._freqs_hz = np.fft.rfftfreq(LONG, 1 / SAMPLERATE)
        self._edges = np.unique(np.round(FLATNESS_HZ * LONG / SAMPLERATE).astype(int))
        self._widths = np.diff(self._edges)
        self._last: list = [0.0, 0.0, 0.0]

    def process(self, block: AudioBlock) -> Features:
        """Features at the end of the block; `samples` must be (HOP, 2)."""
        samples = block.samples
        self._recent[:-HOP] = self._recent[HOP:]
        self._recent[-HOP:] = samples.mean(axis=1)
        power = np.abs(np.fft.rfft(self._recent * self._long)) ** 2 * self._power_scale
        return Features(
            time=block.time,
            rms=float(np.sqrt(np.mean(np.square(samples)))),
            peak=float(np.abs(samples).max()),
            bands=tuple(float(np.sqrt(power[bins].sum())) for bins in self._band_bins),
            onsets=self._flux(),
            centroid_hz=self._centroid(power),
            flatness=self._flatness(power),
        )

    def _flux(self) -> tuple[float, float, float]:
        spectrum = np.abs(np.fft.rfft(self._recent[-SHORT:] * self._short))
        kick, snare, hat = (spectrum[bins] for bins in self._onset_bins)
        rises = []
        for k, part in enumerate((np.sqrt(kick @ kick), snare, hat)):
            now = np.log1p(COMPRESSION[k] * part) / np.log1p(COMPRESSION[k])
            rises.append(float(np.maximum(now - self._last[k], 0.0).mean()))
            self._last[k] = now
        return rises[0], max(0.0, rises[1] - HAT_IN_SNARE * rises[2]), rises[2]

    def _centroid(self, power: np.ndarray) -> float:
        """Mean frequency weighted by amplitude (Peeters 2004); 0 in silence."""
        amplitude = np.sqrt(power)
        total = float(amplitude.sum())
        return float(amplitude @ self._freqs_hz) / total if total > 1e-6 else 0.0

    def _flatness(self, power: np.ndarray) -> float:
        """Geometric over arithmetic mean of the band powers (Gray and Markel 1974)."""
        first, last = self._edges[0], self._edges[-1]
        bands = np.add.reduceat(power[first:last], self._edges[:-1] - first) / self._widths
        mean = float(bands.mean())
        return float(np.exp(np.log(bands + 1e-20).mean())) / mean if mean > 1e-14 else 0.0
