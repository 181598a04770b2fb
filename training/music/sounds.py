"""Drums and tones of the generator, each a short mono float32 array at 48 kHz, peak near 1.

A kit and a voice are drawn once a piece from its random generator, so that no two pieces share
their sounds; a note is rendered once and then only added where it is played. Tones read a band-
limited wavetable; a filter envelope is a fade between a dull and a bright table of one wave.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.signal import butter, sosfilt

RATE = 48_000
TABLE = 2048


def ticks(seconds: float) -> np.ndarray:
    """Seconds 0, 1/RATE, ..."""
    return (np.arange(max(1, round(seconds * RATE))) / RATE).astype(np.float32)


def hz(note: float) -> float:
    """Frequency of a MIDI note."""
    return 440.0 * 2.0 ** ((note - 69) / 12)


def filtered(sound: np.ndarray, kind: str, freq: float | tuple[float, float]) -> np.ndarray:
    """Second order Butterworth filter, along time."""
    sos = butter(2, np.minimum(freq, 0.45 * RATE), kind, fs=RATE, output="sos")
    return sosfilt(sos, sound).astype(np.float32)


def biquad(freq: float, kind: str, q: float = 0.71) -> np.ndarray:
    """One section (1, 6) of R. Bristow-Johnson's cookbook, `kind` lowpass or highpass."""
    w = 2 * np.pi * min(freq, 0.45 * RATE) / RATE
    alpha, c = np.sin(w) / (2 * q), np.cos(w)
    b = (1 - c) / 2 if kind == "lowpass" else (1 + c) / 2
    middle = 2 * b if kind == "lowpass" else -2 * b
    return np.array([[b, middle, b, 1 + alpha, -2 * c, 1 - alpha]]) / (1 + alpha)


def swept(
    sound: np.ndarray, cutoff_hz: np.ndarray, step: int, kind: str = "lowpass", q: float = 0.71
) -> np.ndarray:
    """Second order filter whose cutoff is read anew every `step` samples."""
    out, zi = np.empty_like(sound), np.zeros((1, 2))
    for k, start in enumerate(range(0, len(sound), step)):
        part = sound[start : start + step]
        out[start : start + step], zi = sosfilt(biquad(cutoff_hz[k], kind, q), part, zi=zi)
    return out


def _peak(sound: np.ndarray) -> np.ndarray:
    """Peak 1, and the last 2 ms faded so that nothing clicks at its end."""
    sound = sound / max(1e-9, np.abs(sound).max())
    tail = min(len(sound), 96)
    sound[-tail:] *= np.linspace(1, 0, tail)
    return sound.astype(np.float32)


def _noise(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    return rng.standard_normal(len(t), np.float32)


def kick(rng: np.random.Generator, kind: str) -> np.ndarray:
    """A sine falling in pitch with a click; `kind` round, tight, hard, deep, acoustic."""
    low, sweep, decay, drive, click = {
        "round": (rng.uniform(42, 58), 240, rng.uniform(0.14, 0.26), 1.6, 0.15),
        "tight": (rng.uniform(50, 70), 180, rng.uniform(0.07, 0.13), 1.4, 0.3),
        "hard": (rng.uniform(45, 60), 400, rng.uniform(0.18, 0.3), rng.uniform(4, 12), 0.3),
        "deep": (rng.uniform(36, 48), 110, rng.uniform(0.22, 0.4), 1.2, 0.04),
        "acoustic": (rng.uniform(55, 85), 60, rng.uniform(0.06, 0.12), 1.0, 0.45),
    }[kind]
    t = ticks(min(0.7, 4.5 * decay))
    pitch = low + 0.35 * sweep * np.exp(-t / 0.05) + sweep * np.exp(-t / rng.uniform(0.006, 0.016))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE + rng.uniform(0, 0.6)
    body = np.tanh(drive * np.sin(phase) * np.exp(-((t / decay) ** rng.uniform(1.0, 1.8))))
    if kind == "hard":
        body = body + 0.4 * filtered(body, "highpass", 300)
    front = filtered(_noise(rng, t), "highpass", rng.uniform(1200, 4000)) * np.exp(-t / 0.004)
    return _peak(body / np.abs(body).max() + click * rng.uniform(0.2, 1.2) * front)


def snare(rng: np.random.Generator, kind: str = "") -> np.ndarray:
    """`kind` clap, rim, electronic or acoustic; drawn when empty."""
    kinds = ["clap", "electronic", "acoustic", "rim"]
    kind = kind or str(rng.choice(kinds, p=[0.4, 0.3, 0.22, 0.08]))
    t = ticks(rng.uniform(0.12, 0.4))
    if kind == "clap":
        gaps = np.sort(rng.uniform(0.004, 0.026, rng.integers(2, 5)))
        gain = sum((t >= d) * np.exp(-np.maximum(0, t - d) / 0.004) for d in (0.0, *gaps))
        after = np.maximum(0, t - gaps[-1])
        gain = gain + (t >= gaps[-1]) * np.exp(-after / rng.uniform(0.03, 0.1))
        low = rng.uniform(600, 1200)
        return _peak(filtered(_noise(rng, t), "bandpass", (low, low * rng.uniform(2.5, 7))) * gain)
    if kind == "rim":
        tone = np.sin(2 * np.pi * rng.uniform(400, 1700) * t) + np.sin(2 * np.pi * 1850 * t)
        return _peak(tone * np.exp(-t / rng.uniform(0.008, 0.02)))
    pitch = rng.uniform(150, 260) * (1 + 0.4 * np.exp(-t / 0.01))
    tone = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.exp(-t / rng.uniform(0.03, 0.09))
    noise = filtered(_noise(rng, t), "bandpass", (rng.uniform(500, 1800), rng.uniform(6e3, 15e3)))
    noise = noise * np.exp(-t / rng.uniform(0.04, 0.14))
    return _peak(rng.uniform(0.4, 1.2) * tone + (1.2 if kind == "acoustic" else 0.8) * noise)


def hat(rng: np.random.Generator, decay: float) -> np.ndarray:
    """Noise and inharmonic squares through a high-pass."""
    t = ticks(min(0.5, 5 * decay))
    metal = sum(np.sign(np.sin(2 * np.pi * f * t)) for f in rng.uniform(2800, 9500, 5))
    tone = filtered(rng.uniform(0, 0.5) * metal + _noise(rng, t), "highpass", rng.uniform(5e3, 9e3))
    return _peak(tone * np.exp(-t / decay) * np.minimum(1, t / 0.0004))


def cymbal(rng: np.random.Generator, decay: float) -> np.ndarray:
    """A crash (decay 0.5 to 1 s) or a ride (0.2 to 0.4 s)."""
    t = ticks(min(2.5, 3.5 * decay))
    tone = sum(np.sin(2 * np.pi * f * t) for f in rng.uniform(3000, 8000, 4))
    noise = filtered(_noise(rng, t), "highpass", rng.uniform(2500, 5000))
    return _peak((0.25 * tone + noise) * np.exp(-t / decay))


def drum(rng: np.random.Generator) -> np.ndarray:
    """Something pitched: tom, conga, block, bell."""
    t = ticks(rng.uniform(0.08, 0.3))
    pitch = rng.choice([rng.uniform(90, 250), rng.uniform(250, 700), rng.uniform(700, 2200)])
    sweep = pitch * (1 + rng.uniform(0, 0.5) * np.exp(-t / 0.02))
    return _peak(np.sin(2 * np.pi * np.cumsum(sweep) / RATE) * np.exp(-t / rng.uniform(0.02, 0.1)))


def shaker(rng: np.random.Generator) -> np.ndarray:
    """Noise that swells and falls within a sixteenth."""
    t = ticks(0.08)
    swell = np.minimum(t / rng.uniform(0.005, 0.025), 1) * np.exp(-t / 0.025)
    return _peak(filtered(_noise(rng, t), "bandpass", (rng.uniform(3e3, 6e3), 13e3)) * swell)


def riser(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Noise and a rising tone that grow towards their end."""
    t = ticks(seconds)
    share = t / seconds
    noise = _noise(rng, t)
    middle = filtered(noise, "bandpass", (300, 2000))
    bright = filtered(noise, "highpass", 3000) * share + middle * (1 - share)
    pitch = rng.uniform(150, 400) * 2 ** (rng.uniform(1, 2.5) * share)
    tone = np.sin(2 * np.pi * np.cumsum(pitch) / RATE)
    return _peak((0.5 * bright + rng.uniform(0, 0.5) * tone) * share**rng.uniform(1, 2.5))


@dataclass
class Kit:
    """One drummer's sounds. `kick2` is a second kick, `ghost` a soft snare, `drums` three more."""

    kick: np.ndarray
    snare: np.ndarray
    layer: np.ndarray
    closed: np.ndarray
    open: np.ndarray
    ride: np.ndarray
    crash: np.ndarray
    shaker: np.ndarray
    roll: np.ndarray
    drums: list[np.ndarray] = field(default_factory=list)


def draw_kit(rng: np.random.Generator, kicks: tuple[str, ...], acoustic: bool = False) -> Kit:
    """A kit in which the kick is one of the named kinds."""
    return Kit(
        kick=kick(rng, str(rng.choice(kicks))),
        snare=snare(rng, "acoustic" if acoustic else ""), layer=snare(rng),
        closed=hat(rng, rng.uniform(0.01, 0.04)), open=hat(rng, rng.uniform(0.06, 0.16)),
        ride=cymbal(rng, rng.uniform(0.15, 0.4)), crash=cymbal(rng, rng.uniform(0.4, 0.9)),
        shaker=shaker(rng), roll=snare(rng, str(rng.choice(["electronic", "acoustic", "clap"]))),
        drums=[drum(rng) for _ in range(3)],
    )


def _table(partials: np.ndarray, phases: np.ndarray) -> np.ndarray:
    spectrum = np.zeros(TABLE // 2 + 1, complex)
    spectrum[1 : len(partials) + 1] = partials * np.exp(1j * phases)
    wave = np.fft.irfft(spectrum, TABLE)
    return (wave / max(1e-9, np.abs(wave).max())).astype(np.float32)


@dataclass
class Voice:
    """An instrument: a wave, a filter that opens with each note and falls, an amplitude.

    Times in seconds; `dull`, `bright` are cutoffs in partials; `detune` in semitones over
    `unison` voices; `sustain` the level held while the note lasts.
    """

    rng: np.random.Generator
    wave: str = "saw"
    dull: float = 3.0
    bright: float = 20.0
    open: float = 0.15
    attack: float = 0.003
    decay: float = 0.3
    sustain: float = 0.5
    detune: float = 0.1
    unison: int = 1
    _notes: dict = field(default_factory=dict)

    def note(self, note: float, seconds: float) -> np.ndarray:
        """One note, kept for the next time it is played; a release of 20 ms is inside."""
        key = (note, round(seconds * 200))
        if key not in self._notes:
            self._notes[key] = self._render(note, seconds)
        return self._notes[key]

    def _partials(self, f: float, cutoff: float) -> np.ndarray:
        n = np.arange(1, max(2, min(60, int(16_000 / f))))
        level = {"saw": 1 / n, "square": (n % 2) / n, "sine": (n == 1) * 1.0,
                 "organ": np.isin(n, (1, 2, 4, 8)) / n**0.5, "soft": 1 / n**2}[self.wave]
        return level / (1 + (n / cutoff) ** 4) ** 0.5

    def _render(self, note: float, seconds: float) -> np.ndarray:
        t = ticks(seconds)
        phases = self.rng.uniform(0, 2 * np.pi, 64)
        out = np.zeros(len(t), np.float32)
        for k in range(self.unison):
            off = self.detune * (2 * k / (self.unison - 1) - 1) if self.unison > 1 else 0.0
            f = hz(note + off)
            index = ((t * f + self.rng.random()) * TABLE).astype(np.int64) & (TABLE - 1)
            tables = []
            for cutoff in (self.dull, self.bright):
                partials = self._partials(f, cutoff)
                tables.append(_table(partials, phases[: len(partials)])[index])
            shade = np.exp(-t / self.open)
            out += tables[0] + (tables[1] - tables[0]) * shade
        amp = np.minimum(1, t / self.attack) * (
            self.sustain + (1 - self.sustain) * np.exp(-t / self.decay))
        amp *= np.minimum(1, (seconds - t) / min(0.02, seconds / 4))
        return (out * amp / self.unison).astype(np.float32)
