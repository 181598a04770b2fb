"""Finds the first beat of the bar: sound and the clock's Beat in, now and then a correction out.

In most club music the harmony changes on the first beat and the snare or clap falls on the second
and fourth. So for each beat the change of chroma from the beat before and the snare's strength
are kept, summed over the four positions with a slow decay, and when one position has led clearly
for two bars the finder says by how many beats the count must skip forward. Runs on the analysis
thread; one larger spectrum every fourth hop.
"""

from __future__ import annotations

import numpy as np

from engine.records import HOP, SAMPLERATE, AudioBlock, Beat, Features

WINDOW = 8192
EVERY_HOPS = 4
NOTES = np.arange(45, 93)
"""MIDI notes that count: 110 Hz to 1.7 kHz."""
DECAY = 0.975
"""Weight kept from beat to beat: about ten bars are remembered."""
NEED_BEATS, LEAD_BEATS, LEAD_AGAIN_BEATS = 16, 8, 32
"""Beats heard before the first verdict; beats for which the first, and a later other one, leads."""
MARGIN = 0.15
"""How far the winner must lie above the runner-up, relative to the mean change."""
LEAST_CHANGE = 0.03
"""Mean change of chroma a beat below which differences are chance."""
SNARE_WEIGHT = 0.5
SURE = 0.4


def _note_matrix() -> np.ndarray:
    """Weights (12, bins) that fold a power spectrum into chroma, each note a semitone wide."""
    hz = np.fft.rfftfreq(WINDOW, 1 / SAMPLERATE)
    note = 69 + 12 * np.log2(np.maximum(hz, 1.0) / 440.0)
    inside = (note > NOTES[0] - 0.5) & (note < NOTES[-1] + 0.5)
    matrix = np.zeros((12, len(hz)), np.float32)
    matrix[np.round(note[inside]).astype(int) % 12, np.flatnonzero(inside)] = 1.0
    return matrix


class BarFinder:
    """One call a hop, in order. `process` gives how many beats to skip forward: 0 most times."""

    def __init__(self) -> None:
        self._matrix = _note_matrix()
        self._window = np.hanning(WINDOW).astype(np.float32)
        self._recent = np.zeros(WINDOW, np.float32)
        self._hops = 0
        self.reset()

    def reset(self) -> None:
        """Forget which position led."""
        self._changes = np.zeros(4)
        self._snares = np.zeros(4)
        self._before, self._chroma, self._snare = np.zeros(12), np.zeros(12), 0.0
        self._count = -1
        self._weight = 0.0
        self._beats = self._leads = 0
        self._leader, self._decided = -1, False

    @property
    def decided(self) -> bool:
        """True once a first beat of the bar has been settled."""
        return self._decided

    def process(self, block: AudioBlock, features: Features, beat: Beat) -> int:
        """Beats 0..3 to add to the count so that multiples of four are first beats."""
        self._recent[:-HOP] = self._recent[HOP:]
        self._recent[-HOP:] = block.samples.mean(axis=1)
        self._hops += 1
        skip, count, phase = 0, int(beat.beat), beat.beat % 1.0
        if count != self._count:
            if count == self._count + 1 and beat.confidence >= SURE:
                skip = self._judge(self._count % 4)
            self._count = count + skip
            self._before, self._chroma, self._snare = self._chroma, np.zeros(12), 0.0
        if phase < 0.2:
            self._snare = max(self._snare, features.onsets[1])
        if phase > 0.5 and self._hops % EVERY_HOPS == 0:  # the whole window lies in this beat
            power = np.abs(np.fft.rfft(self._recent * self._window)) ** 2
            self._chroma = self._chroma + np.sqrt(self._matrix @ power)
        return skip

    def _judge(self, position: int) -> int:
        """A beat at `position` of the bar is over: add what it showed, and see who leads."""
        self._changes[position] += _change(self._before, self._chroma)
        self._snares[position] += self._snare
        self._changes *= DECAY
        self._snares *= DECAY
        self._weight = DECAY * (self._weight + 0.25)  # beats remembered at each position
        self._beats += 1
        scores = self._scores()
        second, best = np.sort(scores)[-2:]
        leader = int(scores.argmax()) if best - second >= MARGIN else -1
        self._leads = self._leads + 1 if leader == self._leader else 1
        self._leader = leader
        needed = LEAD_AGAIN_BEATS if self._decided else LEAD_BEATS
        if leader < 0 or self._beats < NEED_BEATS or self._leads < needed:
            return 0
        return self._skip(-leader % 4)

    def _scores(self) -> np.ndarray:
        """For each position, how much speaks for its being the first beat."""
        snares = self._snares / (self._snares.sum() + 1e-9)
        back = [snares[(d + 1) % 4] + snares[(d + 3) % 4] for d in range(4)]
        usual = max(float(self._changes.mean()), LEAST_CHANGE * self._weight)
        return self._changes / (usual + 1e-9) + SNARE_WEIGHT * np.array(back)

    def _skip(self, beats: int) -> int:
        self._decided = True
        self._changes = np.roll(self._changes, beats)
        self._snares = np.roll(self._snares, beats)
        self._leader = 0
        return beats


def _change(before: np.ndarray, after: np.ndarray) -> float:
    """0 for the same chroma, 1 for chroma with nothing in common (cosine distance)."""
    size = float(np.linalg.norm(before) * np.linalg.norm(after))
    return 1.0 - float(before @ after) / size if size > 1e-9 else 0.0
