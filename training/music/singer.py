"""A voice over the music that keeps its own time: what singing and rapping do to a beat tracker.

Syllables of a buzzing voice through three formants, each with a breath of noise at its start,
in phrases with rests; half of the voices fall near the eighths of the music, half where they like.
Made at 16 kHz. No label moves. Used for the split `train` alone.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, resample_poly, sosfilt

from training.music.piece import Piece
from training.music.sounds import RATE

LOW_RATE = 16_000
VOWELS = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410),
          (300, 870, 2240), (490, 1350, 1690))  # fmt: skip
"""Formants in Hz (Peterson and Barney 1952, men's means)."""
SCALE = (0, 2, 3, 5, 7, 8, 10, 12)


def sung(piece: Piece, rng: np.random.Generator) -> Piece:
    """The piece with a voice, 14 dB below to 2 dB above it."""
    loud = float(np.std(piece.samples)) * 10 ** (rng.uniform(-14, 2) / 20)
    out = piece.samples + loud * voice(piece.seconds, piece.beats, rng)[: len(piece.samples)]
    return piece.noted("singer", out / max(1.0, float(np.abs(out).max()) / 0.99))


def voice(seconds: float, beats: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Float32 samples at RATE of mean loudness one while it sings."""
    out = np.zeros(round(seconds * LOW_RATE) + LOW_RATE, np.float32)
    middle, spoken = rng.uniform(100, 330), rng.random() < 0.3
    eighths = np.sort(np.concatenate([beats, (beats[:-1] + beats[1:]) / 2])) if len(beats) else []
    near = len(eighths) > 2 and rng.random() < 0.5
    time, stretch = float(rng.uniform(0, 4)), 1.0 + float(rng.uniform(0, 0.5)) * spoken
    while time < seconds - 1:
        for _ in range(int(rng.integers(3, 14))):
            length = float(rng.choice([0.12, 0.18, 0.25, 0.4, 0.8], p=[0.2, 0.3, 0.3, 0.15, 0.05]))
            start = time
            if near:
                start = eighths[np.abs(eighths - time).argmin()] + 0.03 * rng.standard_normal()
            tone = middle * 2 ** (rng.choice(SCALE) / 12 / stretch)
            at = max(0, round(start * LOW_RATE))
            part = out[at : at + round(length * LOW_RATE)]
            part += _syllable(length, tone, spoken, rng)[: len(part)]
            time += length * float(rng.uniform(1.0, 1.25))
        time += float(rng.uniform(0.3, 5.0))
    sounding = np.abs(out) > 1e-4
    out /= max(1e-9, float(np.std(out[sounding])) if sounding.any() else 1.0)
    return resample_poly(out, RATE // LOW_RATE, 1).astype(np.float32)[: round(seconds * RATE)]


def _syllable(
    length: float, tone: float, spoken: bool, rng: np.random.Generator
) -> np.ndarray:
    t = np.arange(round(length * LOW_RATE)) / LOW_RATE
    glide = 2 ** (rng.normal(0, 3 if spoken else 0.7) / 12 * (t / length - 0.5))
    vibrato = 1 + (0 if spoken else 0.012) * np.sin(2 * np.pi * 5.5 * t)
    turns = np.cumsum(tone * glide * vibrato) / LOW_RATE
    buzz = 2 * (turns % 1.0) - 1 + 0.05 * rng.standard_normal(len(t))
    vowel, size = VOWELS[int(rng.integers(len(VOWELS)))], rng.uniform(0.95, 1.2)
    out = np.zeros(len(t))
    for formant, gain in zip(vowel, (1.0, 0.6, 0.3), strict=True):
        edges = np.array([0.9, 1.1]) * formant * size
        out += gain * sosfilt(butter(1, edges, "bandpass", fs=LOW_RATE, output="sos"), buzz)
    swell = np.minimum(1, t / rng.uniform(0.005, 0.06)) * np.minimum(1, (length - t) / 0.05)
    breath = rng.standard_normal(len(t)) * np.exp(-t / rng.uniform(0.01, 0.05))
    sharp = butter(1, rng.uniform(2000, 6000), "highpass", fs=LOW_RATE, output="sos")
    hiss = sosfilt(sharp, breath)
    return (out * swell + float(rng.choice([0.0, 0.05, 0.3])) * hiss).astype(np.float32)
