"""The beats of a piece in seconds, steady or drifting: where a beat count falls in time.

Beat 0 is the first beat of the first bar. Swing and a player's looseness belong to the notes and
never move the grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Grid:
    """`times` are the seconds of beats 0, 1, 2 ...; `meter` beats a bar."""

    times: np.ndarray
    meter: int = 4

    def at(self, beat: float | np.ndarray) -> float | np.ndarray:
        """Seconds of a beat count, which may lie between beats or outside the grid."""
        times = self.times
        inside = np.interp(beat, np.arange(len(times)), times)
        late = np.maximum(0.0, np.asarray(beat) - (len(times) - 1)) * (times[-1] - times[-2])
        early = np.minimum(0.0, beat) * (times[1] - times[0])
        return inside + late + early

    def seconds(self, beat: float, length: float) -> float:
        """How long `length` beats last from a beat count on."""
        return float(self.at(beat + length) - self.at(beat))

    @property
    def bpm(self) -> float:
        """The median tempo."""
        return float(60.0 / np.median(np.diff(self.times)))


def steady(bpm: float, beats: int, start: float = 0.0) -> Grid:
    """A machine's grid."""
    return Grid(start + np.arange(beats) * 60.0 / bpm)


def drifting(bpm: float, beats: int, rng: np.random.Generator, depth: float) -> Grid:
    """Players': the tempo wanders within about +-`depth` (a share), a little from beat to beat."""
    slow = np.interp(np.arange(beats), np.linspace(0, beats, max(2, beats // 12)),
                     rng.uniform(-1.0, 1.0, max(2, beats // 12)))
    period = 60.0 / bpm * (1.0 + depth * slow + 0.15 * depth * rng.standard_normal(beats))
    return Grid(np.concatenate([[0.0], np.cumsum(period[:-1])]))
