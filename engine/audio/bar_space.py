"""Where in the bar and how fast: what each hop was taken for in, a belief over all of it out.

The bar pointer model (Whiteley, Cemgil and Godsill 2006) in the form of Krebs, Boeck and Widmer
2015: one row of states for each tempo, as many as a bar of four has hops at it, walked one state a
hop; the tempo may change on a beat. `step` is the forward algorithm, so it only knows the past.
The states lie in one flat array: walking is a shift by one, and only the first states of beats
need the matrix of tempo changes. Some belief always leaks to all states alike, so that another
track can be found, and some to the place that is held to be right, so that a breakdown does not
wash it away. Plain numpy, no clock; on the analysis thread about 0.1 ms a hop.
"""

from __future__ import annotations

import numpy as np

from engine.audio.network import SPREAD_HOPS, Seen
from engine.records import HOP_SECONDS

BEATS = 4
TEMPO_STEP = 0.01
"""Rows differ by this share of the tempo, or by a hop a bar where that is more."""
MARGIN = 1.03
"""The range is wider than asked for by this factor."""
STIFFNESS = 300.0
"""exp(-STIFFNESS |ratio - 1|) weighs a change of tempo from beat to beat."""
LEAK, RETURN = 2e-4, 5e-3
"""Share of belief that goes to all states, and to the place held to be right, each hop."""
LEVELS = np.array([1 / 3, 2 / 3, 1.0])
"""How much of a beat a hop can be: states are sorted into these by their distance from one."""
SHARE = 0.06
"""Share of hops that are taken to be beats: what the network says is divided by this (the scaled
likelihood of Bourlard and Morgan 1994)."""
MISSED = 0.3
"""Share of beats that are taken to go unseen: so a breakdown says little against any tempo."""
LEAST = 0.02
"""No probability of the network is believed to be smaller."""
PRIOR_BPM, PRIOR_OCTAVES = 125.0, 0.8
"""Centre and width of the log-normal weight of tempi in the leak."""


class BarSpace:
    """A belief over tempo and place in a bar of four. One step a hop, in order."""

    def __init__(self, low_bpm: float, high_bpm: float) -> None:
        bar = BEATS * 60.0 / HOP_SECONDS
        longest, shortest = bar / low_bpm * MARGIN, bar / high_bpm / MARGIN
        count = int(np.log(longest / shortest) / TEMPO_STEP) + 1
        self.lengths = np.unique(np.round(np.geomspace(shortest, longest, count)).astype(int))
        self.bpm = bar / self.lengths
        self.starts = np.concatenate([[0], np.cumsum(self.lengths)])
        places = [np.arange(n) * (BEATS / n) for n in self.lengths]
        self.place = np.concatenate(places).astype(np.float32)  # beats since the bar began
        turns = 2 * np.pi * self.place
        self._cos, self._sin = np.cos(turns), np.sin(turns)
        self._set_levels()
        self._set_walk()
        self._prior = self._flat()
        self._belief = self._prior.copy()
        self._next = np.empty_like(self._belief)
        self._likelihood = np.empty_like(self._belief)

    def _flat(self) -> np.ndarray:
        rows = np.exp(-0.5 * (np.log2(self.bpm / PRIOR_BPM) / PRIOR_OCTAVES) ** 2) / self.lengths
        flat = np.repeat(rows, self.lengths).astype(np.float32)
        return flat / flat.sum()

    def _set_levels(self) -> None:
        """For each state which of 7 likelihoods it takes: none, three of a beat, of a first."""
        hops_a_beat = np.repeat(self.lengths / BEATS, self.lengths)
        off = np.abs(self.place - np.round(self.place)) * hops_a_beat
        level = np.round(np.maximum(0.0, 1.0 - off / SPREAD_HOPS) * 3).astype(int)
        first = np.round(self.place) % BEATS == 0
        self._kind = np.where(level > 0, level + 3 * first, 0).astype(np.intp)

    def _set_walk(self) -> None:
        firsts = np.ceil(np.outer(self.lengths, np.arange(BEATS)) / BEATS - 1e-9).astype(int)
        self._firsts = self.starts[:-1, None] + firsts
        lasts = self._firsts - 1
        lasts[:, 0] = self.starts[1:] - 1
        self._lasts = lasts
        ratio = self.lengths[:, None] / self.lengths[None, :]
        change = np.exp(-STIFFNESS * np.abs(ratio - 1.0))
        self._change = (change / change.sum(axis=1, keepdims=True)).T.astype(np.float32)
        self._pieces = self._firsts.ravel()

    def reset(self) -> None:
        """Believe nothing."""
        self._belief[:] = self._prior

    def step(self, seen: Seen, held: tuple[float, float] | None = None) -> None:
        """One hop on. `held` is the place held to be right: tempo, beats into the bar."""
        old, new = self._belief, self._next
        new[1:] = old[:-1]
        new[self._firsts] = self._change @ old[self._lasts]
        new *= 1.0 - LEAK
        np.multiply(self._prior, LEAK, out=self._likelihood)
        new += self._likelihood
        if held is not None:
            new *= 1.0 - RETURN
            new[self._around(*held)] += RETURN / 3
        np.take(self._table(seen), self._kind, out=self._likelihood)
        new *= self._likelihood
        new *= 1.0 / float(new.sum())
        self._belief, self._next = new, old

    def _table(self, seen: Seen) -> np.ndarray:
        """Likelihoods of the seven kinds of state: hops that are no beat, or so much of one."""
        none = max(seen.none, LEAST) / (1.0 - SHARE)
        table = [none]
        for said, share in ((seen.beat, 0.75 * SHARE), (seen.down, 0.25 * SHARE)):
            hit = MISSED * none + (1.0 - MISSED) * said / share
            table += [level * hit + (1.0 - level) * none for level in LEVELS]
        return np.array(table, np.float32)

    def _around(self, bpm: float, place: float) -> np.ndarray:
        """Three states of the nearest row around a place."""
        row = int(np.abs(self.bpm - bpm).argmin())
        length = int(self.lengths[row])
        at = round(place * length / BEATS)
        return self.starts[row] + np.arange(at - 1, at + 2) % length

    def tempo(self) -> tuple[int, int, float]:
        """Rows (from, to) of the likeliest tempo within some percent, and the belief in them."""
        rows = np.add.reduceat(self._belief, self.starts[:-1])
        wide = np.convolve(rows, (1.0, 1.0, 1.0, 1.0, 1.0), "same")
        best = int(wide.argmax())
        low, high = max(0, best - 4), min(len(rows), best + 5)
        return low, high, float(rows[low:high].sum())

    def phase(self, low: int, high: int) -> tuple[float, float, float]:
        """Of the rows low..high: phase 0..1, how sure it is 0..1, and the mean tempo."""
        part = slice(int(self.starts[low]), int(self.starts[high]))
        belief = self._belief[part]
        x, y = float(belief @ self._cos[part]), float(belief @ self._sin[part])
        rows = np.add.reduceat(belief, self.starts[low:high] - self.starts[low])
        length = float(rows @ self.lengths[low:high]) / float(rows.sum())
        sure = float(np.hypot(x, y)) / max(float(rows.sum()), 1e-9)
        return float(np.arctan2(y, x) / (2 * np.pi)) % 1.0, sure, BEATS * 60 / HOP_SECONDS / length

    def bar(self, low: int, high: int) -> np.ndarray:
        """Belief (4,) in each beat of the bar, of the rows low..high: right in mid-beat."""
        pieces = self._pieces[BEATS * low : BEATS * high]
        part = self._belief[: int(self.starts[high])]
        return np.add.reduceat(part, pieces).reshape(-1, BEATS).sum(axis=0)
