"""What can happen to the sound of a segment, done to its bands: cheap, and new at every hearing.

Each function takes amplitudes float32 (hops, PLAIN) (of the front end, before its logarithm) and a
random generator and returns amplitudes of the same shape; beats stay where they are. So a network
hears no piece twice alike: a DJ's kills and filters, a fader, a compressor, a room, other music
or a crowd beneath. On the training's own thread.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter

from engine.audio.front_end import BANDS, WINDOWS
from engine.records import HOP_SECONDS

OCTAVES = np.concatenate(
    [
        np.log2(row[3]) + np.arange(n) / n * np.log2(row[4] / row[3])
        for row, n in zip(WINDOWS, BANDS, strict=True)
    ]
).astype(np.float32)
"""Where each band lies, as the logarithm to base two of its frequency."""
LOWS, HIGHS = np.log2(200.0), np.log2(2500.0)
KILLED = 0.03
"""What a kill leaves of an amplitude (-30 dB)."""
SLOPE = 2.0
"""How a swept filter falls: amplitudes by 12 dB an octave."""
PRESS_SECONDS = 0.15


def killed(bands: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lows (mostly), mids or highs are out for a stretch of the segment or all of it."""
    low, high = ((0, LOWS), (LOWS, HIGHS), (HIGHS, 99))[rng.choice(3, p=[0.55, 0.2, 0.25])]
    out, n = bands.copy(), len(bands)
    a = int(rng.integers(-n // 2, n // 2))
    b, a = a + int(rng.integers(n // 2 + n // 8, n + n // 2)), max(0, a)
    left = KILLED ** rng.uniform(0.4, 1.0)
    out[a:b, (low <= OCTAVES) & (high > OCTAVES)] *= np.float32(left)
    return out


def swept(bands: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A low-pass or high-pass whose corner glides."""
    points = int(rng.integers(2, 5))
    corner = np.interp(np.linspace(0, 1, len(bands)), np.linspace(0, 1, points),
                       rng.uniform(6.5, 13.5, points))[:, None]  # fmt: skip
    over = OCTAVES - corner if rng.random() < 0.6 else corner - 1.5 - OCTAVES
    return bands * np.exp2(-SLOPE * np.clip(over, 0.0, 3.0)).astype(np.float32)


def faded(bands: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The fader moves: a few decibels up and down, over seconds or at once."""
    knots = np.linspace(0, len(bands), int(rng.choice([3, 6, 20])))
    decibels = np.interp(np.arange(len(bands)), knots, rng.normal(0, 5, len(knots)))
    return bands * (10 ** (decibels / 20)).astype(np.float32)[:, None]


def pressed(bands: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A compressor: what is loud for longer than its attack is turned down."""
    keep = float(np.exp(-HOP_SECONDS / PRESS_SECONDS / rng.uniform(0.5, 2)))
    loud = lfilter([1 - keep], [1, -keep], np.sqrt((bands**2).mean(axis=1)) + 0.1)
    gain = (loud / np.median(loud)) ** -rng.uniform(0.3, 0.9)
    return bands * np.clip(gain, 0.1, 10.0).astype(np.float32)[:, None]


def roomy(bands: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A room: every sound dies away over some tenths of a second, beneath the direct one."""
    keep = float(np.exp(-HOP_SECONDS * 6.9 / rng.uniform(0.3, 2.0)))
    share = rng.uniform(0.05, 0.35)
    tail = lfilter([0.0, share * np.sqrt(1 - keep**2)], [1, -keep], bands**2, axis=0)
    return np.sqrt(bands**2 + tail).astype(np.float32)


WAYS: tuple[tuple[Callable, float], ...] = (
    (killed, 0.2), (swept, 0.15), (faded, 0.25), (pressed, 0.2), (roomy, 0.15),
)  # fmt: skip
"""With the share of segments that each is done to."""


def stirred(bands: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Some of WAYS, drawn anew for every segment."""
    for way, share in WAYS:
        if rng.random() < share:
            bands = way(bands, rng)
    return bands


def beneath(bands: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another sound 8 to 24 dB lower, at its own mean loudness; all hops or those that it has."""
    ratio = np.sqrt((bands**2).mean() + 1e-6) / np.sqrt((other**2).mean() + 1e-6)
    gain = np.float32(ratio * 10 ** (-rng.uniform(8, 24) / 20))
    out = bands.copy()
    n = min(len(out), len(other))
    out[:n] = np.sqrt(out[:n] ** 2 + (gain * other[:n]) ** 2)
    return out


def tuned(octaves: float) -> np.ndarray:
    """Which band stands in for each when all sound is so much higher; the last are held."""
    ends, parts = np.cumsum(BANDS), []
    for (_, _, per_octave, *_), n, end in zip(WINDOWS, BANDS, ends, strict=True):
        steps = round(octaves * per_octave)
        parts.append(np.clip(np.arange(end - n, end) - steps, end - n, end - 1))
    return np.concatenate(parts)
