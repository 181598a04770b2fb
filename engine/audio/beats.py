"""The plain ear: hops of sound in, a Reading out, by signal processing alone.

Two listeners propose a tempo: aubio, fed only the kick (a low-pass at 150 Hz: with the full band it
lands on off-beats and doubles tempi), and a comb over the onsets of the last eight seconds, which
also understands broken beats. Where aubio agrees with a good place of the comb, that wins. The
phase is where kicks and snares of these seconds heap up when folded at the tempo, since aubio's
own beat times trail by up to 25 ms and may sit on the bass. What is said here is still a
proposal: transport.py decides. Runs on the analysis thread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt

from engine.audio.bars import BarFinder
from engine.audio.flywheel import Flywheel
from engine.audio.tempo import phase_of, tempo_grid, tempo_scores
from engine.records import HOP, HOP_SECONDS, SAMPLERATE, AudioBlock, Beat, Features, Reading

KICK_HZ = 150.0
WINDOW = 1024
LOW_BPM, HIGH_BPM = 70.0, 180.0
QUIET = 10 ** (-60 / 20)
"""RMS of the bass band below which nothing is believed."""
MEMORY_HOPS = 768
"""Onsets remembered: 8.2 s."""
FIRST_HOPS = 280
"""Nothing is said before so much was heard since silence: 3 s."""
FLOORS = np.array([0.05, 0.012, 0.006])
"""Onset strengths of kick, snare and hat below which they are not blown up to full size."""
TEMPO_WEIGHTS, PHASE_WEIGHTS = np.array([1.0, 0.7, 0.3]), np.array([1.0, 0.5, 0.0])
PHASE_SECONDS = 2.0
"""Time constant with which older onsets count less for the phase, where a small error of tempo
would smear them."""
AUBIO_BONUS = 1.25
AUBIO_GATE = 0.04
"""aubio's confidence below which it is not asked (it says 0.1 to 0.6 on club music)."""
STRENGTH, SUPPORT = 0.12, 1.4
"""What the comb and the heap must reach for a beat to be reported."""
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
    """Proposes beats from the kick filter, aubio and the onsets. One call a hop, in order."""

    def __init__(self, low_bpm: float = LOW_BPM, high_bpm: float = HIGH_BPM) -> None:
        self.set_range(low_bpm, high_bpm)
        self._sos = butter(4, KICK_HZ, "lowpass", fs=SAMPLERATE, output="sos")
        self._recent = np.exp(-np.arange(MEMORY_HOPS)[::-1] * HOP_SECONDS / PHASE_SECONDS)
        self.reset()

    def set_range(self, low_bpm: float, high_bpm: float) -> None:
        """Fold tempi into low..high."""
        self._range = (low_bpm, high_bpm)
        self._grid = tempo_grid(low_bpm, high_bpm)

    def reset(self) -> None:
        """Forget everything heard."""
        import aubio

        self._aubio = aubio.tempo("default", WINDOW, HOP, SAMPLERATE)
        self._zi = np.zeros((len(self._sos), 2))
        self._onsets = np.zeros((MEMORY_HOPS, 3))
        self._heard_hops = 0
        self._next = 0.0  # no need to look for a beat before this time

    def process(self, block: AudioBlock, features: Features) -> BeatObservation | None:
        """The newest beat when one has just passed, else None. `samples` must be (HOP, 2)."""
        kick, self._zi = sosfilt(self._sos, block.samples.mean(axis=1), zi=self._zi)
        self._aubio(kick.astype(np.float32))
        self._onsets[:-1] = self._onsets[1:]
        self._onsets[-1] = features.onsets
        loud = features.bands[0] > QUIET
        self._heard_hops = self._heard_hops + 1 if loud or self._heard_hops else 0
        if block.time < self._next or self._heard_hops < FIRST_HOPS:
            return None
        self._next = block.time + 0.25
        return self._observe(block.time)

    def _observe(self, now: float) -> BeatObservation | None:
        loudest = np.maximum(self._onsets.max(axis=0), FLOORS)
        onsets = self._onsets[-self._heard_hops :] / loudest
        bpm, strength = self._tempo(onsets @ TEMPO_WEIGHTS)
        recent = self._recent[-len(onsets) :] * (onsets**2 @ PHASE_WEIGHTS)
        ago, support = phase_of(recent, 60.0 / bpm)
        if strength < STRENGTH or support < SUPPORT:
            return None
        time = min(now, now - ago - DELAY_SECONDS)
        self._next = time + 60.0 / bpm + 2 * HOP_SECONDS + DELAY_SECONDS
        return BeatObservation(time, bpm, min(1.0, strength))

    def _tempo(self, onsets: np.ndarray) -> tuple[float, float]:
        """The best tempo, between the steps of the grid, and its score."""
        scores = tempo_scores(onsets, self._grid)
        heard = fold(self._aubio.get_bpm(), *self._range)
        if heard and self._aubio.get_confidence() > AUBIO_GATE:
            scores = np.where(np.abs(self._grid / heard - 1) < 0.02, AUBIO_BONUS, 1.0) * scores
        best = int(scores.argmax())
        return float(self._grid[best]), float(scores[best])


class OnsetEar:
    """Tracker, flywheel and bar finder as one source of readings. One call a hop, in order."""

    def __init__(self, low_bpm: float = LOW_BPM, high_bpm: float = HIGH_BPM) -> None:
        self.tracker = BeatTracker(low_bpm, high_bpm)
        self.relearn()

    def set_range(self, low_bpm: float, high_bpm: float) -> None:
        """Tempi outside low..high are folded into it from now on."""
        self.tracker.set_range(low_bpm, high_bpm)

    def relearn(self) -> None:
        """Forget everything heard."""
        self.tracker.reset()
        self._flywheel = Flywheel()
        self._bars = BarFinder()

    def process(self, block: AudioBlock, features: Features) -> Reading:
        """What is believed at the end of the block."""
        wheel = self._flywheel
        wheel.advance(block.time, self.tracker.process(block, features))
        sure = min(1.0, wheel.confidence)
        beat = Beat(block.time, wheel.beat, wheel.bpm, sure)
        skip = self._bars.process(block, features, beat)
        if skip:
            wheel.skip(skip)
        bar_beat = int(wheel.beat) % 4 if self._bars.decided else None
        return Reading(block.time, wheel.bpm, wheel.beat % 1.0, bar_beat, sure)
