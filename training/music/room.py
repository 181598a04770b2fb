"""What lies between the mixer and the ear: a room, a crowd, a bad cable, a codec, a phone.

Each function takes a Piece and a random generator and returns the Piece changed; none of them
moves a label. `spoil` draws a few of them.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from scipy.signal import correlate, oaconvolve, resample_poly, sosfilt

from training.music.piece import Piece
from training.music.sounds import RATE, biquad, filtered, ticks

CODECS = (("mp3", "mp3", 32_000, 160_000), ("opus", "ogg", 16_000, 96_000))


def reverb(piece: Piece, rng: np.random.Generator) -> Piece:
    """A hall: noise that dies away, duller with time; the direct sound stays in front."""
    seconds = float(rng.uniform(0.25, 1.6))
    t = ticks(seconds)
    tail = rng.standard_normal(len(t), np.float32) * np.exp(-6.9 * t / seconds)
    tail = filtered(tail, "lowpass", rng.uniform(1500, 8000))
    tail[: round(rng.uniform(0.002, 0.02) * RATE)] = 0.0
    tail *= rng.uniform(0.1, 0.8) / np.sqrt((tail**2).sum())
    wet = oaconvolve(piece.samples, tail)[: len(piece.samples)]
    return piece.noted("reverb", _safe(piece.samples + wet))


def babble(rng: np.random.Generator, n: int) -> np.ndarray:
    """n samples of many people: voices as moving bands of noise, some claps and whistles."""
    out, short = np.zeros(n, np.float32), n // 6 + 2
    for _ in range(int(rng.integers(5, 10))):  # made at 8 kHz: speech has little above 4
        noise = rng.standard_normal(short, np.float32)
        syllables = rng.random(int(n / RATE * rng.uniform(3, 6)) + 3)
        loud = np.interp(np.linspace(0, 1, short), np.linspace(0, 1, len(syllables)), syllables**2)
        low = rng.uniform(150, 1600) * 6  # `filtered` counts at RATE
        voice = filtered(noise, "bandpass", (low, min(2.2 * low, 20_000))) * loud
        out += resample_poly(voice, 6, 1)[:n].astype(np.float32)
    out += 0.3 * filtered(rng.standard_normal(n, np.float32), "bandpass", (300, 4000))
    for _ in range(int(rng.poisson(n / RATE * rng.uniform(0.0, 3.0)))):
        _drop_in(out, _clap(rng), rng, rng.uniform(0.5, 3))
    for _ in range(int(rng.poisson(n / RATE / 25))):
        _drop_in(out, _whistle(rng), rng, rng.uniform(0.3, 1))
    return out / max(1e-9, float(np.std(out)))


def _drop_in(out: np.ndarray, sound: np.ndarray, rng: np.random.Generator, gain: float) -> None:
    start = int(rng.integers(0, len(out)))
    part = out[start : start + len(sound)]
    part += np.float32(gain) * sound[: len(part)]


def _clap(rng: np.random.Generator) -> np.ndarray:
    t = ticks(0.03)
    noise = rng.standard_normal(len(t), np.float32) * np.exp(-t / 0.006)
    return filtered(noise, "bandpass", (rng.uniform(700, 1500), 4000))


def _whistle(rng: np.random.Generator) -> np.ndarray:
    t = ticks(rng.uniform(0.2, 0.9))
    pitch = rng.uniform(1500, 3000) * (1 + 0.2 * np.sin(2 * np.pi * rng.uniform(1, 4) * t))
    return (np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.hanning(len(t))).astype(np.float32)


def crowd(piece: Piece, rng: np.random.Generator) -> Piece:
    """People over the music, 6 to 30 dB below it."""
    loud = float(np.std(piece.samples)) * 10 ** (-rng.uniform(6, 30) / 20)
    return piece.noted("crowd", _safe(piece.samples + loud * babble(rng, len(piece.samples))))


def clip(piece: Piece, rng: np.random.Generator) -> Piece:
    """An input turned up too far."""
    peak = float(np.abs(piece.samples).max()) or 1.0
    gain = 10 ** (rng.uniform(3, 16) / 20) / peak
    return piece.noted("clip", np.clip(piece.samples * gain, -1, 1) * 0.99)


def level(piece: Piece, rng: np.random.Generator) -> Piece:
    """Down to -40 dB."""
    gain = 10 ** (-rng.uniform(6, 40) / 20)
    return piece.noted("level", piece.samples * gain)


def colour(piece: Piece, rng: np.random.Generator) -> Piece:
    """A loudspeaker, a microphone, a phone: shelves, a high-pass or a low-pass."""
    sound = piece.samples
    if rng.random() < 0.5:
        corner = rng.uniform(60, 350)
        low = sosfilt(biquad(corner, "lowpass"), sound)
        sound = sound + (10 ** (rng.uniform(-20, 8) / 20) - 1) * low
    if rng.random() < 0.5:
        high = sosfilt(biquad(rng.uniform(2500, 9000), "highpass"), sound)
        sound = sound + (10 ** (rng.uniform(-20, 8) / 20) - 1) * high
    if rng.random() < 0.3:
        sound = sosfilt(biquad(rng.uniform(60, 200), "highpass"), sound)
    return piece.noted("colour", _safe(sound))


def hum(piece: Piece, rng: np.random.Generator) -> Piece:
    """Mains hum and hiss, 30 to 50 dB below the music."""
    t = ticks(piece.seconds)[: len(piece.samples)]
    tone = np.sin(2 * np.pi * float(rng.choice([50, 60, 100, 150])) * t)
    loud = float(np.std(piece.samples)) * 10 ** (-rng.uniform(25, 45) / 20)
    noise = rng.standard_normal(len(piece.samples), np.float32)
    noise[: len(t)] += tone
    return piece.noted("hum", _safe(piece.samples + loud * noise))


def codec(piece: Piece, rng: np.random.Generator) -> Piece:
    """MP3 or Opus at a low rate and back; the codec's delay is measured and taken out."""
    name, container, low, high = CODECS[int(rng.integers(len(CODECS)))]
    rate = int(rng.uniform(low, high))
    decoded = _through(piece.samples, "libmp3lame" if name == "mp3" else "libopus", container, rate)
    return piece.noted(name, np.clip(_aligned(decoded, piece.samples), -1.0, 1.0))


def _through(samples: np.ndarray, encoder: str, container: str, rate: int) -> np.ndarray:
    import av

    memory = io.BytesIO()
    with av.open(memory, "w", format=container) as file:
        stream = file.add_stream(encoder, rate=RATE)
        stream.bit_rate, stream.layout = rate, "mono"
        form = "fltp" if encoder == "libmp3lame" else "flt"
        for start in range(0, len(samples), 48_000):
            part = np.ascontiguousarray(samples[start : start + 48_000], np.float32)
            frame = av.AudioFrame.from_ndarray(part[None], form, "mono")
            frame.sample_rate, frame.pts = RATE, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    memory.seek(0)
    with av.open(memory) as file:
        resampler = av.AudioResampler("flt", "mono", RATE)
        frames = [f for frame in file.decode(audio=0) for f in resampler.resample(frame)]
    return np.concatenate([f.to_ndarray().reshape(-1) for f in frames])


def _aligned(sound: np.ndarray, like: np.ndarray) -> np.ndarray:
    """`sound` shifted to where it fits `like` best (up to 0.1 s), and as long."""
    middle, span, most = len(like) // 2, 5 * RATE, RATE // 10
    a = sound[max(0, middle - span) : middle + span]
    b = like[max(0, middle - span) : middle + span]
    both = correlate(a, b[: len(a)], "full", "fft")
    centre = len(b[: len(a)]) - 1
    lag = int(np.argmax(both[centre - most : centre + most])) - most
    out = np.zeros(len(like), np.float32)
    source = sound[max(0, lag) :][: len(like)]
    start = max(0, -lag)
    source = source[: len(like) - start]
    out[start : start + len(source)] = source
    return out


def _safe(sound: np.ndarray) -> np.ndarray:
    """Scaled down only where it would clip."""
    return sound / max(1.0, float(np.abs(sound).max()) / 0.99)


WEAR: tuple[tuple[Callable[[Piece, np.random.Generator], Piece], float], ...] = (
    (reverb, 0.3), (crowd, 0.25), (colour, 0.4), (clip, 0.1), (hum, 0.1), (codec, 0.15),
    (level, 0.25),
)  # fmt: skip
"""In the order in which sound meets them, with the share of pieces."""


def spoil(piece: Piece, rng: np.random.Generator, share: float = 1.0) -> Piece:
    """A few of WEAR, drawn; `share` scales how many."""
    for change, chance in WEAR:
        if rng.random() < chance * share:
            piece = change(piece, rng)
    return piece
