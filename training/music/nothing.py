"""Sound without a beat: silence, line noise, a crowd alone, ambient pads, single sounds.

Labelled as having none: the ear must say so.
"""

from __future__ import annotations

import numpy as np

from training.music.piece import Piece
from training.music.room import babble
from training.music.sounds import RATE, Voice, drum, filtered, riser

STYLES = ("silence", "crowd", "pads", "noise", "scattered", "tones")


def nothing(rng: np.random.Generator, style: str | None = None, seconds: float = 45.0) -> Piece:
    """A piece without beats, `style` one of STYLES or drawn."""
    style = style or str(rng.choice(STYLES, p=[0.1, 0.35, 0.25, 0.1, 0.1, 0.1]))
    n = round(seconds * RATE)
    made = {"silence": _silence, "crowd": babble, "pads": _pads, "noise": _noise,
            "scattered": _scattered, "tones": _tones}[style](rng, n)
    gain = rng.uniform(0.02, 0.5) / max(1e-6, float(np.abs(made).max()))
    samples = (made * (gain if style != "silence" else 1.0)).astype(np.float32)
    none = np.zeros(0)
    return Piece(samples, none, none.astype(int), 0, 0.0, "nothing", style, style,
                 (("nothing", 0.0, seconds),))


def _silence(rng: np.random.Generator, n: int) -> np.ndarray:
    """Digital silence, or the noise of an open line at -90 to -60 dB."""
    return rng.standard_normal(n) * float(rng.choice([0.0, 10 ** rng.uniform(-4.5, -3.0)]))


def _noise(rng: np.random.Generator, n: int) -> np.ndarray:
    """Wind, rain, a ventilator: noise in a band, slowly swelling."""
    low = rng.uniform(40, 2000)
    noise = filtered(rng.standard_normal(n, np.float32), "bandpass", (low, low * rng.uniform(2, 8)))
    return noise * _swell(rng, n)


def _swell(rng: np.random.Generator, n: int) -> np.ndarray:
    points = max(3, n // (3 * RATE))
    return np.interp(np.linspace(0, 1, n), np.linspace(0, 1, points), rng.uniform(0.3, 1, points))


def _pads(rng: np.random.Generator, n: int) -> np.ndarray:
    """Chords that come and go at times of their own."""
    voice = Voice(rng, wave=str(rng.choice(["saw", "soft", "organ"])), dull=rng.uniform(1.5, 5),
                  attack=rng.uniform(0.5, 2.0), sustain=1.0, unison=2)
    out, at = np.zeros(n, np.float32), 0
    while at < n - 3 * RATE:
        length = float(rng.uniform(3, 9))
        for note in rng.integers(40, 76, 3):
            tone = voice.note(int(note), length)
            tone = tone * np.hanning(len(tone))
            part = out[at : at + len(tone)]
            part += tone[: len(part)]
        at += round(length * rng.uniform(0.5, 0.95) * RATE)
    return out


def _scattered(rng: np.random.Generator, n: int) -> np.ndarray:
    """Somebody unpacks: knocks and sweeps at random times over a little babble."""
    out = 0.05 * babble(rng, n)
    for at in np.flatnonzero(rng.random(n // RATE * 2) < 0.4):
        sound = drum(rng) if rng.random() < 0.9 else riser(rng, 2.0)
        start = int((at + rng.uniform(0, 1)) * RATE / 2)
        part = out[start : start + len(sound)]
        part += rng.uniform(0.1, 0.9) * sound[: len(part)]
    return out


def _tones(rng: np.random.Generator, n: int) -> np.ndarray:
    """A drone or a slow siren: a sound check."""
    t = np.arange(n) / RATE
    siren = np.sin(2 * np.pi * rng.uniform(0.02, 0.2) * t)
    pitch = rng.uniform(50, 900) * (1 + rng.uniform(0, 0.3) * siren)
    return np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * _swell(rng, n)
