"""One piece of music with what is known of it, and the few ways in which times are moved.

All label times are seconds from the first sample. A beat inside an `unknown` span may be there but
cannot be held against anybody: an ambient introduction, a fade of two unmatched tempi, an end in
which nothing sounds any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from training.music.sounds import RATE


@dataclass(frozen=True)
class Piece:
    """Mono `samples` float32 (n,) at 48 kHz and their labels.

    `beats` seconds, rising; `bar_pos` 1..meter for each beat, 0 where not known; `meter` beats a
    bar, 0 where not known; `sections` (name, start, end); `drops` seconds; `entries` seconds at
    which the drums come back without a build-up; `changes` seconds at which another track takes
    over; `unknown` (start, end) spans; `tempo` median BPM, 0 without beats; `kind` what made it
    (generator, set, mma, openttd, hydrogen, nothing); `style` and `source` say which.
    """

    samples: np.ndarray
    beats: np.ndarray
    bar_pos: np.ndarray
    meter: int = 4
    tempo: float = 0.0
    kind: str = "generator"
    style: str = ""
    source: str = ""
    sections: tuple[tuple[str, float, float], ...] = ()
    drops: tuple[float, ...] = ()
    entries: tuple[float, ...] = ()
    changes: tuple[float, ...] = ()
    unknown: tuple[tuple[float, float], ...] = ()
    augmentations: tuple[str, ...] = field(default=())

    @property
    def seconds(self) -> float:
        """How long the sound lasts."""
        return len(self.samples) / RATE

    def known(self, time: float | np.ndarray) -> np.ndarray:
        """Whether times lie outside every unknown span."""
        time = np.asarray(time, float)
        out = np.ones(time.shape, bool)
        for start, end in self.unknown:
            out &= (time < start) | (time >= end)
        return out

    def noted(self, what: str, samples: np.ndarray | None = None) -> Piece:
        """The same piece after an augmentation that moves no time."""
        samples = self.samples if samples is None else samples.astype(np.float32, copy=False)
        return replace(self, samples=samples, augmentations=(*self.augmentations, what))


def moved(piece: Piece, to, samples: np.ndarray) -> Piece:
    """The piece with new samples and every label time put through `to` (rising, array to array).

    What falls outside the new samples is left out.
    """
    end = len(samples) / RATE
    beats = to(piece.beats)
    inside = (beats >= 0) & (beats < end)

    def points(times: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(float(t) for t in to(np.asarray(times, float)) if 0 <= t < end)

    def span(start: float, stop: float) -> tuple[float, float]:
        a, b = to(np.array([start, stop]))
        return max(0.0, float(a)), min(end, float(b))

    sections = tuple((name, *span(a, b)) for name, a, b in piece.sections)
    tempo = 60.0 / float(np.median(np.diff(beats))) if len(beats) > 1 else 0.0
    return replace(
        piece, samples=samples.astype(np.float32, copy=False), beats=beats[inside],
        bar_pos=piece.bar_pos[inside], tempo=tempo, drops=points(piece.drops),
        entries=points(piece.entries), changes=points(piece.changes),
        sections=tuple(s for s in sections if s[2] > s[1]),
        unknown=tuple(s for s in (span(*u) for u in piece.unknown) if s[1] > s[0]),
    )


def cut(piece: Piece, start: float, end: float) -> Piece:
    """The stretch from `start` to `end` seconds."""
    samples = piece.samples[round(start * RATE) : round(end * RATE)]
    return moved(piece, lambda t: np.asarray(t) - round(start * RATE) / RATE, samples)
