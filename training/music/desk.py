"""What a DJ's hands do to one track: EQ kills, filters, pitch faders, loop rolls, a late start.

Each function takes a Piece and a random generator and returns the Piece changed, its labels with
it. `handle` draws a few of them.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, sosfiltfilt

from training.music.piece import Piece, cut, moved
from training.music.sounds import RATE, swept


def late_start(piece: Piece, rng: np.random.Generator) -> Piece:
    """The ear is switched on somewhere, not on a beat."""
    if piece.seconds < 40:
        return piece
    start = float(rng.choice([rng.uniform(0, 2), rng.uniform(2, piece.seconds - 35)], p=[0.7, 0.3]))
    return cut(piece, start, piece.seconds).noted("late start")


def pitch(piece: Piece, rng: np.random.Generator) -> Piece:
    """The fader: up to 8 % faster or slower, sometimes moved while it plays."""
    first = rng.uniform(-0.08, 0.08)
    last = first if rng.random() < 0.6 else np.clip(first + rng.uniform(-0.05, 0.05), -0.08, 0.08)
    moment = rng.uniform(0.2, 0.8) * piece.seconds
    glide = rng.uniform(0.5, 8.0)
    return at_speed(piece, lambda s: 1 + np.interp(s, (moment, moment + glide), (first, last)))\
        .noted("pitch")


def at_speed(piece: Piece, speed) -> Piece:
    """Played at `speed(seconds of the record)` times its own; pitch goes with it."""
    marks = np.arange(0, len(piece.samples) + 480, 480) / RATE  # 10 ms apart
    played = np.concatenate([[0.0], np.cumsum((marks[1] - marks[0]) / speed(marks[:-1]))])
    total = int(np.interp(piece.seconds, marks, played) * RATE)
    source = np.interp(np.arange(total) / RATE, played, marks) * RATE
    left = np.minimum(source.astype(np.int64), len(piece.samples) - 2)
    share = (source - left).astype(np.float32)
    samples = piece.samples[left] * (1 - share) + piece.samples[left + 1] * share

    def to(times: np.ndarray) -> np.ndarray:
        times = np.asarray(times, float)
        beyond = np.maximum(0, times - marks[-1]) + np.minimum(0, times)
        return np.interp(times, marks, played) + beyond

    return moved(piece, to, samples)


def _bars(piece: Piece) -> np.ndarray:
    return piece.beats[piece.bar_pos == 1] if (piece.bar_pos == 1).any() else piece.beats[::4]


def eq_kills(piece: Piece, rng: np.random.Generator) -> Piece:
    """Lows, mids or highs out for some bars, one to three times."""
    bars = _bars(piece)
    if len(bars) < 8:
        return piece
    samples = piece.samples.copy()
    for _ in range(int(rng.integers(1, 4))):
        first = int(rng.integers(1, len(bars) - 3))
        last = min(len(bars) - 1, first + int(rng.choice([1, 2, 4, 8])))
        a, b = (round(float(bars[k]) * RATE) for k in (first, last))
        band = ((5, 180), (350, 2500), (3500, 20_000))[rng.choice(3, p=[0.6, 0.2, 0.2])]
        sos = butter(1, band, "bandpass", fs=RATE, output="sos")
        samples[a:b] -= np.float32(rng.uniform(0.8, 1.0)) * sosfiltfilt(sos, samples[a:b])
    return piece.noted("eq kill", samples)


def filter_ride(piece: Piece, rng: np.random.Generator) -> Piece:
    """The desk's filter turned over the whole mix for four to sixteen bars."""
    bars = _bars(piece)
    if len(bars) < 8:
        return piece
    first = int(rng.integers(0, len(bars) - 4))
    last = min(len(bars) - 1, first + int(rng.choice([4, 8, 16])))
    a, b = (round(float(bars[k]) * RATE) for k in (first, last))
    kind = str(rng.choice(["lowpass", "highpass"]))
    ends = (18_000.0 if kind == "lowpass" else 20.0, rng.uniform(150, 1500))
    count = (b - a) // 960 + 1
    curve = np.exp(np.interp(np.linspace(0, 1, count), (0, rng.uniform(0.3, 0.9), 1.0),
                             np.log((ends[0], ends[1], ends[0]))))
    samples = piece.samples.copy()
    samples[a:b] = swept(samples[a:b], curve, 960, kind)
    return piece.noted("filter ride", samples)


def loop_roll(piece: Piece, rng: np.random.Generator) -> Piece:
    """A quarter to one beat caught and repeated for two to eight beats, the grid running on."""
    if len(piece.beats) < 40:
        return piece
    samples = piece.samples.copy()
    for _ in range(int(rng.integers(1, 4))):
        k = int(rng.integers(8, len(piece.beats) - 10))
        each = float(rng.choice([0.25, 0.5, 1.0, 1.0]))
        beats = piece.beats[k : k + int(rng.choice([2, 4, 8])) + 1]
        a, b = round(beats[0] * RATE), round(beats[-1] * RATE)
        size = max(480, round((beats[1] - beats[0]) * each * RATE))
        samples[a:b] = np.resize(samples[a : a + size], b - a)
    return piece.noted("loop roll", samples)


HANDS = ((eq_kills, 0.3), (filter_ride, 0.25), (loop_roll, 0.12), (pitch, 0.4), (late_start, 0.7))


def handle(piece: Piece, rng: np.random.Generator, share: float = 1.0) -> Piece:
    """A few of HANDS, drawn; `share` scales how many."""
    for change, chance in HANDS:
        if rng.random() < chance * share:
            piece = change(piece, rng)
    return piece
