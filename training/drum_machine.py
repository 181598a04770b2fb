"""Club patterns with known drum times: what the drum ear learns from and is tested on.

A `Song` strings bars of chosen parts together, so breakdowns, builds and drops fall on known
beats; `groove(style, seed)` is the short way. Each seed builds other drums, notes and levels:
kick, snare or clap and hats, beside them bass, chords, plucks, toms and a voice under a side
chain. Out: stereo sound and the true times of every kick, snare and hat. Numpy and scipy only;
the same seed gives the same sound.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from scipy.signal import butter, sosfilt

RATE = 48_000
STEPS = 16
"""Steps of a bar."""
STYLES = {
    "house": (124, "x...x...x...x...", "....x.......x...", "..x...x...x...x."),
    "techno": (134, "x...x...x...x...", "................", "..x...x...x...x."),
    "tech_house": (127, "x...x...x...x...", "....x..x....x...", "x.xxx.xxx.xxx.xx"),
    "breaks": (130, "x.....x...x.....", "....x.......x..x", "x.x.x.x.x.x.x.x."),
    "drum_and_bass": (174, "x.........x.....", "....x.......x...", "x.x.x.x.x.x.x.x."),
    "half_time": (140, "x.....x.........", "........x.......", "x.x.x.x.x.x.xxx."),
    "garage": (132, "x.....x...x.....", "....x.......x...", "..x..x.x..x..x.x"),
}
"""Tempo, kick, snare and hat of each style; a dot is a rest."""


@dataclass
class Music:
    """`samples` float32 (n, 2); drum name to true times in seconds; `beats` seconds."""

    samples: np.ndarray
    hits: dict[str, np.ndarray]
    beats: np.ndarray
    marks: dict[str, list[float]] = field(default_factory=dict)


def _t(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * RATE)) / RATE


def _band(sound: np.ndarray, kind: str, freq: float | tuple[float, float]) -> np.ndarray:
    return sosfilt(butter(2, freq, kind, fs=RATE, output="sos"), sound, axis=0)


def _saw(hz: float, n: int, phase: float) -> np.ndarray:
    p = (phase + np.arange(n) * hz / RATE) % 1.0
    step = hz / RATE
    low, high = p / step, (p - 1.0) / step
    blep = np.where(low < 1, 2 * low - low**2 - 1, 0)
    blep += np.where(high > -1, high**2 + 2 * high + 1, 0)
    return 2 * p - 1 - blep


def _hz(note: float) -> float:
    return 440.0 * 2.0 ** ((note - 69) / 12)


class Kit:
    """One set of drums and synth sounds, drawn from a seed."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self.kick = self._kick()
        self.snare = self._snare() if rng.random() < 0.6 else self._clap()
        self.hat = self._hat(rng.uniform(0.012, 0.03))
        self.open = self._hat(rng.uniform(0.05, 0.12))
        self.tom = self._tom()
        self.root = int(rng.integers(28, 38))
        self.cutoff_hz = float(np.exp(rng.uniform(np.log(400), np.log(4000))))
        self.rolling = rng.random() < 0.5
        self.level = {name: rng.uniform(*LEVELS[name]) for name in LEVELS}
        self.duck = rng.uniform(0.2, 0.9)

    def _kick(self) -> np.ndarray:
        rng, t = self._rng, _t(0.5)
        low, fall = rng.uniform(42, 58), rng.uniform(0.07, 0.25)
        hz = low + rng.uniform(40, 90) * np.exp(-t / 0.05)
        hz += rng.uniform(100, 400) * np.exp(-t / 0.01)
        body = np.sin(2 * np.pi * np.cumsum(hz) / RATE) * np.exp(-((t / fall) ** 1.4))
        click = _band(rng.standard_normal(len(t)), "highpass", 2000) * np.exp(-t / 0.003)
        return np.tanh(rng.uniform(1.0, 2.5) * body) * 0.8 + rng.uniform(0.02, 0.2) * click

    def _snare(self) -> np.ndarray:
        rng, t = self._rng, _t(0.3)
        pitch = rng.uniform(170, 240)
        tone = np.sin(2 * np.pi * pitch * t + 3 * np.exp(-t / 0.02)) * np.exp(-t / 0.05)
        noise = _band(rng.standard_normal(len(t)), "bandpass", (rng.uniform(900, 1800), 9000))
        return rng.uniform(0.2, 0.7) * tone + 0.7 * noise * np.exp(-t / rng.uniform(0.05, 0.12))

    def _clap(self) -> np.ndarray:
        rng, t = self._rng, _t(0.35)
        gap = rng.uniform(0.007, 0.012)
        burst = sum((t >= d) * np.exp(-np.maximum(0, t - d) / 0.004) for d in (0, gap, 2 * gap))
        tail = (t >= 2 * gap) * np.exp(-(t - 2 * gap) / rng.uniform(0.05, 0.1))
        return _band(rng.standard_normal(len(t)), "bandpass", (850, 5500)) * (burst + tail)

    def _hat(self, fall: float) -> np.ndarray:
        t = _t(6 * fall)
        noise = _band(self._rng.standard_normal(len(t)), "highpass", self._rng.uniform(6500, 9000))
        return noise * np.exp(-t / fall)

    def _tom(self) -> np.ndarray:
        t, pitch = _t(0.3), self._rng.uniform(90, 500)
        return np.sin(2 * np.pi * pitch * (t + 0.02 * np.exp(-t / 0.03))) * np.exp(-t / 0.08)

    def bass(self, note: float, seconds: float) -> np.ndarray:
        t = _t(seconds)
        tone = 0.6 * _saw(_hz(note + 12), len(t), 0.3) + 0.9 * np.sin(2 * np.pi * _hz(note) * t)
        shape = np.minimum(1, np.minimum(t / 0.006, (seconds - t) / 0.02))
        return _band(tone, "lowpass", 350.0) * shape

    def pluck(self, note: float, cutoff_hz: float) -> np.ndarray:
        t = _t(0.5)
        wave = _saw(_hz(note), len(t), 0.1) + _saw(_hz(note + 0.08), len(t), 0.6)
        low = _band(wave, "lowpass", cutoff_hz)
        low += _band(wave, "lowpass", 3 * cutoff_hz) * np.exp(-t / 0.05)
        return 0.25 * low * np.exp(-t / 0.16) * np.minimum(1, t / 0.002)

    def chord(self, notes: list[int], seconds: float, cutoff_hz: float) -> np.ndarray:
        t = _t(seconds)
        wave = sum(_saw(_hz(n + d), len(t), self._rng.random()) for n in notes for d in (-0.1, 0.1))
        shape = np.minimum(1, np.minimum(t / 0.004, (seconds - t) / 0.02))
        return _band(wave / 4, "lowpass", cutoff_hz) * shape

    def voice(self, note: float, seconds: float) -> np.ndarray:
        """A sung vowel: a saw with vibrato through three formants."""
        t = _t(seconds)
        wave = _saw(_hz(note), len(t), 0.0) * (1 + 0.2 * np.sin(2 * np.pi * 5.5 * t))
        formants = self._rng.uniform((300, 900, 2300), (800, 1800, 3200))
        sound = sum(_band(wave, "bandpass", (0.9 * f, 1.1 * f)) for f in formants)
        return sound * np.minimum(1, np.minimum(t / 0.02, (seconds - t) / 0.05))


PARTS = frozenset({"kick", "snare", "hat", "bass", "chords", "plucks"})
"""What may sound in a bar; also `roll` (a snare roll whose pace doubles in the second half),
`riser` (noise that grows), `voice` and `toms`."""
LEVELS = {
    "kick": (0.6, 0.9), "snare": (0.3, 0.6), "hat": (0.1, 0.35), "bass": (0.15, 0.4),
    "plucks": (0.2, 0.7), "chords": (0.08, 0.3), "voice": (0.2, 0.6), "toms": (0.1, 0.4),
}  # fmt: skip
"""From where a kit draws the level of each part."""


class Song:
    """Collects bars. `bar(parts)` adds one; `music()` mixes them."""

    extras: tuple[str, ...] = ()
    """Further parts that a kind of song knows."""

    def __init__(self, style: str, seed: int, bpm: float | None = None) -> None:
        self._rng = np.random.default_rng(seed)
        tempo, *lines = STYLES[style]
        self.step = 60.0 / (bpm or tempo) / 4
        self.lines = dict(zip(("kick", "snare", "hat"), lines, strict=True))
        self.kit = Kit(self._rng)
        self.bars = 0
        self._events: list[tuple[float, str, np.ndarray, float]] = []
        self.hits: dict[str, list[float]] = {"kick": [], "snare": [], "hat": []}
        self.marks: dict[str, list[float]] = {}

    @property
    def now(self) -> float:
        """Where the next bar begins, seconds."""
        return self.bars * STEPS * self.step

    def mark(self, name: str) -> None:
        self.marks.setdefault(name, []).append(self.now)

    def bar(self, parts: Collection[str] = PARTS) -> None:
        """Add one bar in which `parts` sound."""
        for name in ("kick", "snare", "hat"):
            steps = [k for k in range(STEPS) if self.lines[name][k] == "x"]
            self._drums(name, steps if name in parts else [], self.kit.level[name])
        if "roll" in parts:
            self._drums("snare", [k for k in range(STEPS) if k % 2 == 0 or k >= 8], 0.3)
        for name in ("bass", "plucks", "chords", "voice", "toms", "riser", *self.extras):
            if name in parts:
                getattr(self, f"_{name}")(self.kit.level.get(name, 0.2))
        self.bars += 1

    def _chord(self) -> list[int]:
        return [self.kit.root + 24 + n + (0, -4, 3, -2)[self.bars % 4] for n in (0, 3, 7, 10)]

    def _drums(self, drum: str, steps: list[int], level: float) -> None:
        for k in steps:
            sound = self.kit.open if drum == "hat" and k % 4 == 2 else getattr(self.kit, drum)
            self._add(k, "drums", sound, level * self._rng.uniform(0.85, 1.0))
            self.hits[drum].append(self.now + k * self.step)

    def _bass(self, level: float) -> None:
        long = 0.95 if self.kit.rolling else 1.8
        for k in range(STEPS):
            if k % 4 and (self.kit.rolling or k % 4 == 2):
                sound = self.kit.bass(self._chord()[0] - 24, long * self.step)
                self._add(k, "bass", sound, level)

    def _plucks(self, level: float) -> None:
        for k in np.flatnonzero(self._rng.random(STEPS) < 0.45):
            note = self._chord()[self._rng.integers(4)] + 12
            self._add(k, "music", self.kit.pluck(note, self.kit.cutoff_hz), level)

    def _chords(self, level: float) -> None:
        for k in (0,) if self.bars % 2 else (2, 5, 8, 11, 14):
            sound = self.kit.chord(
                self._chord(), (15.0 if k == 0 else 1.6) * self.step, self.kit.cutoff_hz
            )
            self._add(k, "music", sound, level)

    def _voice(self, level: float) -> None:
        for k in (0, 3, 6, 10):
            note = self._chord()[self._rng.integers(4)] + 12 * self._rng.integers(2)
            sound = self.kit.voice(note, self._rng.uniform(1.5, 3.5) * self.step)
            self._add(k, "music", sound, level)

    def _toms(self, level: float) -> None:
        for k in np.flatnonzero(self._rng.random(STEPS) < 0.3):
            self._add(k, "drums", self.kit.tom, level)

    def _riser(self, level: float) -> None:
        t = _t(STEPS * self.step)
        noise = _band(self._rng.standard_normal(len(t)), "bandpass", (1000, 9000))
        self._add(0, "music", noise * t / t[-1], level)

    def _add(self, step: int, bus: str, sound: np.ndarray, gain: float) -> None:
        self._events.append((self.now + step * self.step, bus, sound, gain))

    def _sends(self, buses: dict[str, np.ndarray]) -> None:
        """Echo and room of a kind of song, in place; a plain song has none."""

    def music(self) -> Music:
        """Everything mixed, the music ducked under each kick, soft-clipped a little."""
        n = round(self.now * RATE)
        buses = {name: np.zeros(n + RATE) for name in ("drums", "bass", "music")}
        for at, bus, sound, gain in self._events:
            start = round(at * RATE)
            buses[bus][start : start + len(sound)] += gain * sound
        self._sends(buses)
        duck = np.ones(n + RATE)
        dip = 1 - self.kit.duck * np.exp(-((_t(0.4) / 0.12) ** 2))
        for at in self.hits["kick"]:
            start = round(at * RATE)
            duck[start : start + len(dip)] = np.minimum(duck[start : start + len(dip)], dip)
        mix = np.tanh(0.8 * (buses["drums"] + (buses["bass"] + buses["music"]) * duck))[:n]
        beats = np.arange(0, self.now - 1e-6, 4 * self.step)
        hits = {name: np.unique(times) for name, times in self.hits.items()}
        stereo = np.repeat(mix[:, None], 2, axis=1).astype(np.float32)
        return Music(stereo, hits, beats, self.marks)


def groove(style: str, seed: int, bars: int = 8) -> Music:
    """Bars of everything at once."""
    song = Song(style, seed)
    for _ in range(bars):
        song.bar()
    return song.music()
