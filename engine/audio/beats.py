"""Hears beats: hops of sound in, now and then a BeatObservation out, through aubio.

Measured before building: aubio's tempo tracker fed the full band lands on off-beats and doubles
tempi; fed only the kick (a low-pass at 150 Hz) it finds 85 to 174 bpm within 0.1 bpm. So that is
what it gets. Its beat times trail by up to 25 ms with long kicks, so the phase is read again from
the kick onsets of the last seconds, laid over each other at aubio's tempo; where they form no
peak near aubio's beat (a breakdown), nothing is reported. What is left is still a proposal:
transport.py decides. Runs on the analysis thread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt

from engine.records import HOP, HOP_SECONDS, SAMPLERATE, AudioBlock, Features

KICK_HZ = 150.0
WINDOW = 1024
LOW_BPM, HIGH_BPM = 70.0, 180.0
GATE = 0.04
"""aubio's confidence below which a beat is a guess (it says 0.1 to 0.6 on club music)."""
QUIET = 10 ** (-60 / 20)
"""RMS of the bass band below which nothing is believed."""
MEMORY_HOPS = 384
"""Kick onsets remembered for the phase: 4.1 s."""
REACH_SECONDS = 0.06
"""How far from aubio's beat the onsets' peak may lie."""
SUPPORT = 1.4
"""Onset energy within reach of the beat, over what chance would put there, that is enough."""
DELAY_SECONDS = 0.012
"""By how much the onsets' peak trails the true beat: measured on the demo track."""


@dataclass(frozen=True, slots=True)
class BeatObservation:
    """A beat heard at show time `time` (never later than now), its tempo, confidence 0..1."""

    time: float
    bpm: float
    confidence: float


def fold(bpm: float, low: float = LOW_BPM, high: float = HIGH_BPM) -> float:
    """Double or halve a tempo into low..high; 0 for what is no tempo."""
    if not 20.0 <= bpm <= 400.0:
        return 0.0
    while bpm < low:
        bpm *= 2.0
    while bpm > high:
        bpm /= 2.0
    return bpm


class BeatTracker:
    """aubio's tempo tracker between a kick filter and a check of the phase. One call a hop."""

    def __init__(self, low_bpm: float = LOW_BPM, high_bpm: float = HIGH_BPM) -> None:
        self._range = (low_bpm, high_bpm)
        self._sos = butter(4, KICK_HZ, "lowpass", fs=SAMPLERATE, output="sos")
        self._ages = np.arange(MEMORY_HOPS)[::-1] * HOP_SECONDS
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        import aubio

        self._tempo = aubio.tempo("default", WINDOW, HOP, SAMPLERATE)
        self._zi = np.zeros((len(self._sos), 2))
        self._kicks = np.zeros(MEMORY_HOPS)
        self._hops = 0

    def process(self, block: AudioBlock, features: Features) -> BeatObservation | None:
        """The beat that fell in this hop, or None. `samples` must be (HOP, 2)."""
        kick, self._zi = sosfilt(self._sos, block.samples.mean(axis=1), zi=self._zi)
        found = self._tempo(kick.astype(np.float32))[0]
        self._kicks[:-1] = self._kicks[1:]
        self._kicks[-1] = features.onsets[0] ** 2
        self._hops += 1
        if not found or features.bands[0] < QUIET:
            return None
        return self._observe(block.time)

    def _observe(self, now: float) -> BeatObservation | None:
        bpm = fold(self._tempo.get_bpm(), *self._range)
        confidence = min(1.0, self._tempo.get_confidence())
        if bpm == 0.0 or confidence < GATE:
            return None
        ago = self._hops * HOP_SECONDS - self._tempo.get_last_s()
        shift, support = self._phase(ago, 60.0 / bpm)
        if support < SUPPORT:
            return None
        time = min(now, now - ago + shift - DELAY_SECONDS)
        return BeatObservation(time, bpm, confidence)

    def _phase(self, ago: float, period: float) -> tuple[float, float]:
        """Seconds from aubio's beat to the peak of the onsets near it, and its support."""
        distance = (ago - self._ages + period / 2) % period - period / 2
        near = np.abs(distance) <= REACH_SECONDS
        total = float(self._kicks.sum())
        if total <= 0.0:
            return 0.0, 0.0
        distance, weight = distance[near], self._kicks[near]
        support = float(weight.sum()) / total * period / (2 * REACH_SECONDS)
        counts, edges = np.histogram(distance, 12, (-REACH_SECONDS, REACH_SECONDS), weights=weight)
        smooth = np.convolve(counts, (0.5, 1.0, 0.5), "same")
        peak = edges[int(smooth.argmax())] + REACH_SECONDS / 12
        close = np.abs(distance - peak) <= 0.02
        heavy = float(weight[close].sum())
        shift = float(distance[close] @ weight[close]) / heavy if heavy > 0.0 else 0.0
        return shift, support
