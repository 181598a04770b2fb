"""A steady pulse: how strongly each hop looked like a beat in, the exact beat and tempo out.

A Kalman filter over the time of the last beat and the period. Around each beat that it expects it
looks for the peak of what was seen, and the clearer that is, the more it moves. So the phase is
known far finer than a hop, and the tempo well enough to hold a breakdown of many bars. Where what
is seen keeps lying on one side (a pitch fader), it loosens its grip. Times are true times: the
delay of the eyes is taken off by the caller. On the analysis thread.
"""

from __future__ import annotations

import numpy as np

from engine.records import HOP_SECONDS

WINDOW_HOPS = 5
"""So far from the expected beat a peak is looked for, but not beyond a sixth of a beat."""
SIGMA_SECONDS = 0.008
"""How far a clear peak lies from the beat."""
PERIOD_WALK, TIME_WALK = 0.0006, 0.002
"""What a period may change from beat to beat, as a share, and what a beat may be off, seconds."""
FIRST_PERIOD, LOOSE_PERIOD = 0.02, 0.015
"""How unsure the period is at first and when the grip is loosened, as a share."""
FAINT = 0.12
"""Peaks that hold less above what is around them are not looked at."""
REMEMBER = 256
"""Hops of what was seen that are kept (2.7 s)."""
SEEN = 0.4
"""A peak that holds so much was clearly a beat."""
LOOK_BACK = 4
"""Past beats that another place is asked about when it is first thought of."""


class SteadyPulse:
    """Follows one pulse once `set`. `step` once a hop, in order."""

    def __init__(self) -> None:
        self._seen = np.zeros(REMEMBER)
        self.period, self.time, self.strength = 0.5, 0.0, 0.0
        """Seconds a beat; a beat's time; how clearly the last beats were seen, 0..1."""
        self.weakest, self._before = 0.0, 0.0
        """The same of the weaker of each two neighbours: low where only every other is a beat."""
        self._spread = np.zeros((2, 2))
        self._side = 0.0
        self._now = 0.0
        self.beats = 0
        """Beats followed since it was set."""
        self.past = 0
        """Beats in a row, just before it was set by `another`, that were clearly seen, and how
        clearly those before it were (`past_strength`): it need not wait to show them again."""
        self.past_strength = 0.0

    def another(self, time: float, period: float) -> SteadyPulse:
        """One with the same memory of what was seen, set to another beat."""
        pulse = SteadyPulse()
        pulse._seen[:], pulse._now = self._seen, self._now
        pulse.set(time, period)
        pulse._look_back()
        return pulse

    def _look_back(self) -> None:
        """What the place would have shown at its last beats, from memory."""
        reach = min(WINDOW_HOPS, int(self.period / 6 / HOP_SECONDS))
        for ago in reversed(range(LOOK_BACK)):
            middle = self._hop_of(self.time - ago * self.period)
            if not 3 <= middle - reach <= middle + reach < REMEMBER:
                continue  # forgotten, or not over yet
            weight = self._peak(middle, reach)[0]
            self.past_strength += 0.4 * (weight - self.past_strength)
            self.past = self.past + 1 if weight >= SEEN else 0

    def set(self, time: float, period: float) -> None:
        """A beat was at `time`, the next is a period later."""
        self.time, self.period = time, period
        self._spread = np.diag([0.015**2, (FIRST_PERIOD * period) ** 2])
        self._side, self.beats = 0.0, 0

    def phase(self, time: float) -> float:
        """Beats since the last known one at `time`: mostly 0..1, a little more before a step."""
        return (time - self.time) / self.period

    def step(self, time: float, seen: float) -> bool:
        """`seen` is how much the hop that ends at `time` was a beat. True when a beat is done."""
        self._seen[:-1] = self._seen[1:]
        self._seen[-1] = seen
        self._now = time
        reach = min(WINDOW_HOPS, int(self.period / 6 / HOP_SECONDS))
        behind = time - self.time - (reach + 1) * HOP_SECONDS
        if behind < self.period:
            return False
        self.time += (behind // self.period - 1.0) * self.period  # not asked for a long time
        self.beats += 1
        self._predict()
        self._measure(reach)
        return True

    def _predict(self) -> None:
        walk = np.array([[1.0, 1.0], [0.0, 1.0]])
        self.time += self.period
        self._spread = walk @ self._spread @ walk.T
        self._spread[0, 0] += TIME_WALK**2
        self._spread[1, 1] += (PERIOD_WALK * self.period) ** 2

    def _hop_of(self, time: float) -> int:
        """Where in memory a time lies."""
        return REMEMBER - 1 - round((self._now - time) / HOP_SECONDS)

    def _peak(self, middle: int, reach: int) -> tuple[float, float]:
        """How clear the highest peak around a place in memory is, 0..1, and where it lies."""
        low, high = max(1, middle - reach), min(REMEMBER - 1, middle + reach + 1)
        peak = low + int(self._seen[low:high].argmax())
        near = self._seen[max(0, peak - 2) : peak + 3] - np.median(self._seen[low - 1 : high + 1])
        near = np.maximum(near, 0.0)
        total = float(near.sum())
        if total <= 0.0:
            return 0.0, float(middle)
        return min(1.0, total), max(0, peak - 2) + float(near @ np.arange(len(near))) / total

    def _measure(self, reach: int) -> None:
        """Look for the peak around the beat that was just expected, and move."""
        weight, at = self._peak(self._hop_of(self.time), reach)
        self.strength += 0.4 * (weight - self.strength)
        self.weakest += 0.4 * (min(weight, self._before) - self.weakest)
        self._before = weight
        if weight < FAINT:
            return
        error = self._now - (REMEMBER - 1 - at) * HOP_SECONDS - self.time
        self._move(error, (SIGMA_SECONDS / weight) ** 2)

    def _move(self, error: float, variance: float) -> None:
        total = self._spread[0, 0] + variance
        self._side = 0.6 * self._side + 0.4 * error / float(np.sqrt(total))
        if abs(self._side) > 1.6:  # beats in a row lie on one side: the tempo moves
            self._spread[1, 1] += (LOOSE_PERIOD * self.period) ** 2
            self._spread[0, 0] += SIGMA_SECONDS**2
            total, self._side = self._spread[0, 0] + variance, 0.0
        gain = self._spread[:, 0] / total
        self.time += float(gain[0]) * error
        self.period = float(np.clip(self.period + gain[1] * error, 0.2, 2.0))
        self._spread = self._spread - np.outer(gain, self._spread[0])
