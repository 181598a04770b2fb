"""What one hop of sound is like: AudioBlock in, Features out, before any automatic gain.

Bands, centroid and flatness come from the long window of spectra.py, what begins from the leaning
one. Onset strength is the half-wave rectified flux of the log-compressed spectrum (Mueller,
Fundamentals of Music Processing, 2015, section 6.1.2), averaged over the bins of a band; for
kick and bass the rise of the whole band's amplitude, so that a bass that only changes its note
does not count. Drums, harmonic and percussive parts and chroma have files of their own. Runs on
the analysis thread.
"""

from __future__ import annotations

import math

import numpy as np

from engine.audio.chroma import Chroma
from engine.audio.drums import DrumEar
from engine.audio.hpss import Hpss
from engine.audio.spectra import LONG, SHORT, Spectra, bins
from engine.records import SAMPLERATE, AudioBlock, Features

BANDS_HZ = ((20.0, 150.0), (150.0, 2500.0), (1200.0, 5000.0), (2500.0, 12000.0))
"""Bass, mid, midhigh (which overlaps its neighbours), high."""
ONSETS_HZ = ((40.0, 250.0), (1000.0, 5000.0), (7000.0, 15000.0))
"""Kick, snare, hat. A kick falls into its band from above; the snare band is above most notes."""
COMPRESSION, KICK_COMPRESSION = 20.0, 1.0
"""gamma of log(1 + gamma |X|) / log(1 + gamma): little for kicks, so that bass notes stay small."""
HAT_IN_SNARE = 0.5
"""What a hat leaves in the snare band is taken off as this share of the rise in its own band."""
FLATNESS_HZ = np.geomspace(100.0, 12000.0, 25)
"""Edges of the bands over whose mean powers flatness is taken: one bin alone is too ragged."""


class Rises:
    """Onset strengths: how much the log-compressed onset spectrum rose since the last hop."""

    def __init__(self) -> None:
        self._snare, self._hat = (bins(*hz, SHORT) for hz in ONSETS_HZ[1:])
        self._kick, self._bass = bins(*ONSETS_HZ[0], SHORT), bins(40.0, BANDS_HZ[0][1], SHORT)
        self._upper = [bins(*hz, SHORT) for hz in BANDS_HZ[1:]]
        self._end = self._hat.stop
        self._last = np.zeros(self._end)
        self._last_low = (0.0, 0.0)

    def step(self, spectrum: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Onsets (kick, snare, hat) and flux (all, bass, mid, midhigh, high)."""
        low = tuple(_compressed(math.sqrt(part @ part)) for part in
                    (spectrum[self._kick], spectrum[self._bass]))  # fmt: skip
        kick, bass = (max(0.0, now - last) for now, last in zip(low, self._last_low, strict=True))
        now = np.log1p(COMPRESSION * spectrum[: self._end]) / math.log1p(COMPRESSION)
        rise = np.maximum(now - self._last, 0.0)
        self._last, self._last_low = now, low
        snare, hat = float(rise[self._snare].mean()), float(rise[self._hat].mean())
        upper = [float(rise[part].mean()) for part in self._upper]
        onsets = (kick, max(0.0, snare - HAT_IN_SNARE * hat), hat)
        return onsets, (0.25 * bass + float(rise.mean()), bass, *upper)


def _compressed(amplitude: float) -> float:
    return math.log1p(KICK_COMPRESSION * amplitude) / math.log1p(KICK_COMPRESSION)


class FeatureExtractor:
    """Turns hops into Features, one call a hop, in order."""

    def __init__(self) -> None:
        self._spectra, self._rises = Spectra(), Rises()
        self._drums, self._hpss, self._chroma = DrumEar(), Hpss(), Chroma()
        self._band_bins = [bins(low, high, LONG) for low, high in BANDS_HZ]
        self._freqs_hz = np.fft.rfftfreq(LONG, 1 / SAMPLERATE)
        self._edges = np.unique(np.round(FLATNESS_HZ * LONG / SAMPLERATE).astype(int))
        self._widths = np.diff(self._edges)

    def process(self, block: AudioBlock) -> Features:
        """Features at the end of the block; `samples` must be (HOP, 2)."""
        samples = block.samples
        self._spectra.take(samples)
        power, spectrum = self._spectra.power(), self._spectra.onset()
        onsets, flux = self._rises.step(spectrum)
        harmonic, percussive = self._hpss.step(power)
        return Features(
            time=block.time,
            rms=float(np.sqrt(np.mean(np.square(samples)))),
            peak=float(np.abs(samples).max()),
            bands=tuple(float(np.sqrt(power[part].sum())) for part in self._band_bins),
            onsets=onsets,
            centroid_hz=self._centroid(power),
            flatness=self._flatness(power),
            flux=flux,
            drums=self._drums.step(spectrum),
            harmonic=harmonic,
            percussive=percussive,
            chroma=self._chroma.step(samples),
        )

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
