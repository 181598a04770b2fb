"""Songs in which a snare is hard to tell: what sounds like one, and claps of many kinds.

A `HardSong` is a drum_machine.Song with other sounds beside its own: stabs and plucks whose filter
snaps shut, arpeggios, a resonant acid line, all with echo and room, and a clap of layered bursts,
reverberant or low-passed, in the place of the snare. Its parts are those of the drum machine and
`stabs`, `arpeggio` and `acid`. Every figure is drawn from the seed; nothing is taken from the demo
track, which stays the foreign test.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import fftconvolve

from training.drum_machine import RATE, STEPS, Song, _band, _hz, _saw, _t
from training.music.sounds import swept

TONES = ("plucks", "stabs", "arpeggio", "acid", "chords", "voice", "bass")
"""Parts without a drum."""
SWEEP = 96
"""Samples between two values of a moving cutoff."""


def clap(rng: np.random.Generator) -> np.ndarray:
    """One to five bursts of noise, each layer in its own band, with a tail or a room."""
    t = _t(rng.uniform(0.2, 0.5))
    out = np.zeros(len(t))
    for _ in range(rng.integers(1, 4)):
        at = np.cumsum(rng.uniform(0.005, 0.014, rng.integers(1, 5))) - 0.005
        fall = rng.uniform(0.002, 0.008)
        gain = sum((t >= d) * np.exp(-np.maximum(0, t - d) / fall) for d in (0.0, *at[1:]))
        gain = gain + (t >= at[-1]) * np.exp(-np.maximum(0, t - at[-1]) / rng.uniform(0.03, 0.14))
        low = rng.uniform(500, 1800)
        noise = _band(rng.standard_normal(len(t)), "bandpass", (low, low * rng.uniform(2.5, 8)))
        out += rng.uniform(0.4, 1.0) * noise * gain
    if rng.random() < 0.5:
        out = out + rng.uniform(0.1, 0.6) * _room(out, rng)
    if rng.random() < 0.25:
        out = _band(out, "lowpass", rng.uniform(1800, 6000))
    return 0.9 * out / np.abs(out).max()


def _room(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    t = _t(0.8)
    tail = rng.standard_normal(len(t)) * np.exp(-t / rng.uniform(0.06, 0.3))
    return fftconvolve(sound, tail / np.sqrt((tail**2).sum()))[: len(sound)]


class HardSong(Song):
    """A song with more parts; `bar(parts)` and `music()` as in Song."""

    extras = ("stabs", "arpeggio", "acid")

    def __init__(self, style: str, seed: int, bpm: float | None = None) -> None:
        super().__init__(style, seed, bpm)
        rng = self._draw = np.random.default_rng((seed, 1))
        if rng.random() < 0.7:
            self.kit.snare = clap(rng)
        self.kit.level |= {"stabs": rng.uniform(0.15, 0.8), "arpeggio": rng.uniform(0.15, 0.6),
                           "acid": rng.uniform(0.1, 0.4)}  # fmt: skip
        self._rhythm = np.flatnonzero(rng.random(STEPS) < rng.uniform(0.2, 0.5))
        self._figure = [int(n) for n in rng.integers(-1, 5, STEPS)]
        self._shapes = {name: self._shape() for name in self.extras}
        self._echo = rng.uniform(0, 0.6), int(rng.choice([2, 3, 4]))
        self._wet = rng.uniform(0, 0.4)
        self._more = int(rng.integers(0, 3))
        self._kept: dict[tuple, np.ndarray] = {}

    def _shape(self) -> dict[str, float]:
        """Cutoffs, falls and resonance of one instrument, drawn."""
        rng = self._draw
        return {"shut": rng.uniform(150, 800), "open": 800 * 11 ** rng.random(),
                "voices": int(rng.integers(2, 8)), "drive": rng.uniform(0, 2),
                "snap": rng.uniform(0.03, 0.15), "fall": rng.uniform(0.06, 0.4),
                "q": rng.uniform(0.7, 3.0), "detune": rng.uniform(0.02, 0.2),
                "up": int(rng.choice([0, 12, 12, 24]))}  # fmt: skip

    def _note(self, part: str, notes: tuple[int, ...]) -> np.ndarray:
        """Notes struck at once by a part's instrument; kept for the next time."""
        if (part, notes) not in self._kept:
            shape, t = self._shapes[part], _t(0.5)
            wave = sum(
                _saw(_hz(n + shape["up"] + shape["detune"] * k), len(t), self._draw.random())
                for n in notes for k in np.linspace(-1, 1, shape["voices"])
            )
            cutoff = shape["shut"] + shape["open"] * np.exp(-t[::SWEEP] / shape["snap"])
            sound = swept(swept(wave, cutoff, SWEEP, q=shape["q"]), cutoff, SWEEP)
            sound = np.tanh(shape["drive"] * sound / sound.std()) if shape["drive"] > 1 else sound
            sound = sound * np.exp(-t / shape["fall"]) * np.minimum(1, t / 0.002)
            self._kept[part, notes] = sound / np.abs(sound).max()
        return self._kept[part, notes]

    def _stabs(self, level: float) -> None:
        notes = (*self._chord(), *(n + 12 for n in self._chord()[: self._more]))
        for k in self._rhythm:
            self._add(k, "music", self._note("stabs", notes), level)

    def _arpeggio(self, level: float) -> None:
        notes = self._chord()
        for k, tone in enumerate(self._figure):
            if tone >= 0:
                note = notes[tone % 4] + 12 * (tone // 4)
                self._add(k, "music", self._note("arpeggio", (note,)), level)

    def _acid(self, level: float) -> None:
        for k, tone in enumerate(self._figure):
            note = self.kit.root + 12 + (0, 0, 12, 3, 7, 10)[tone]
            gain = level * (1.0 if tone % 2 else 0.6)
            self._add(k, "music", self._note("acid", (note,)), gain)

    def _sends(self, buses: dict[str, np.ndarray]) -> None:
        music = buses["music"]
        gain, steps = self._echo
        delay = round(steps * self.step * RATE)
        dry = music.copy()
        for k in (1, 2, 3):
            music[k * delay :] += gain**k * dry[: -k * delay]
        music += self._wet * _room(music, self._draw)
