"""Writes the demo track: 36 bars of our own club music at 124 bpm, and its true beat times.

Everything is synthesized here with numpy and one seeded generator, so the same code gives the
same music: intro with pad, hats and a muffled kick, groove, breakdown, build with snare roll and
riser, drop, outro; F minor, four chords, one a bar. Run once by hand:

    python -m training.demo_track [FOLDER]

Out: `demo.ogg` (Opus, 48 kHz stereo) and `demo.beats` (a line for each beat: seconds; section
names as comments) in engine/audio/demo, which ships with the package. Not imported by the engine.
"""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import butter, fftconvolve, sosfilt

RATE = 48_000
BPM = 124.0
BEAT = 60.0 / BPM
BARS = 36
LENGTH = round(BARS * 4 * BEAT * RATE)
SECTIONS = (("intro", 0), ("groove", 4), ("breakdown", 12), ("build", 16), ("drop", 20),
            ("outro", 32), ("end", BARS))  # fmt: skip
"""First bar of each section."""
CHORDS = ((53, 56, 60, 63, 67), (49, 56, 60, 63, 65), (56, 60, 63, 67, 70), (51, 58, 62, 65, 67))
"""MIDI notes: Fm9, Dbmaj9, Abmaj9, Eb(add9)."""
ROOTS = (29, 37, 32, 39)
BITRATE = 112_000
FOLDER = Path(__file__).resolve().parent.parent / "engine" / "audio" / "demo"

rng = np.random.default_rng(19670114)


def hz(note: float) -> float:
    """Frequency of a MIDI note."""
    return 440.0 * 2.0 ** ((note - 69) / 12)


def at(beat: float) -> int:
    """Sample at which a beat count falls."""
    return round(beat * BEAT * RATE)


def ticks(beats: float) -> np.ndarray:
    """Seconds 0, 1/RATE, ... over a number of beats."""
    return np.arange(at(beats)) / RATE


def bars(first: str, last: str) -> range:
    """Bars from the start of one section to the start of another."""
    starts = dict(SECTIONS)
    return range(starts[first], starts[last])


def add(bus: np.ndarray, beat: float, sound: np.ndarray, gain: float = 1.0, pan: float = 0.0):
    """Mix a mono (n,) or stereo (n, 2) sound into a bus; pan -1..1 with constant power."""
    if sound.ndim == 1:
        angle = (pan + 1) * np.pi / 4
        sound = sound[:, None] * (np.sqrt(2) * np.array([np.cos(angle), np.sin(angle)]))
    start = at(beat)
    sound = sound[: max(0, len(bus) - start)]
    bus[start : start + len(sound)] += gain * sound


def saw(freq: float | np.ndarray, n: int, phase: float = 0.0) -> np.ndarray:
    """Band-limited sawtooth (PolyBLEP: Valimaki and Huovilainen, 2007)."""
    step = np.broadcast_to(np.asarray(freq, float) / RATE, (n,))
    p = (phase + np.cumsum(step)) % 1.0
    low, high = p / step, (p - 1.0) / step
    blep = np.where(low < 1, 2 * low - low**2 - 1, 0)
    blep += np.where(high > -1, high**2 + 2 * high + 1, 0)
    return 2 * p - 1 - blep


def band(sound: np.ndarray, kind: str, freq: float | tuple[float, float]) -> np.ndarray:
    """Second order Butterworth filter."""
    return sosfilt(butter(2, freq, kind, fs=RATE, output="sos"), sound, axis=0)


def sweep(sound: np.ndarray, cutoff_hz: np.ndarray, q: float) -> np.ndarray:
    """24 dB low-pass whose cutoff moves (biquad of R. Bristow-Johnson's cookbook, twice)."""
    out, zi, step = np.empty_like(sound), np.zeros((2, 2, *sound.shape[1:])), 96
    for start in range(0, len(sound), step):
        w = 2 * np.pi * min(cutoff_hz[start], 0.45 * RATE) / RATE
        alpha, c = np.sin(w) / (2 * q), np.cos(w)
        b = np.array([(1 - c) / 2, 1 - c, (1 - c) / 2, 1 + alpha, -2 * c, 1 - alpha]) / (1 + alpha)
        part, zi = sosfilt([b, b], sound[start : start + step], axis=0, zi=zi)
        out[start : start + step] = part
    return out


def kick() -> np.ndarray:
    """A sine falling from 230 to 47 Hz, driven a little, with a click in front."""
    t = ticks(0.85)
    sweep_hz = 47 + 70 * np.exp(-t / 0.06) + 260 * np.exp(-t / 0.011)
    body = np.sin(2 * np.pi * np.cumsum(sweep_hz) / RATE) * np.exp(-((t / 0.23) ** 1.6))
    click = band(rng.standard_normal(len(t)), "highpass", 2500) * np.exp(-t / 0.003)
    return np.tanh(1.7 * body) * 0.95 + 0.16 * click


def noise_hit(seconds: float, decay: float, kind: str, freq) -> np.ndarray:
    """Filtered noise with an exponential decay."""
    t = np.arange(round(seconds * RATE)) / RATE
    return band(rng.standard_normal(len(t)), kind, freq) * np.exp(-t / decay)


def hat(open_: bool) -> np.ndarray:
    """Noise and six inharmonic squares above 7 kHz."""
    t = np.arange(round((0.3 if open_ else 0.08) * RATE)) / RATE
    metal = sum(np.sign(np.sin(2 * np.pi * f * t)) for f in (3172, 4310, 5240, 6310, 7870, 9130))
    tone = band(0.25 * metal + rng.standard_normal(len(t)), "highpass", 7500)
    return tone * np.exp(-t / (0.075 if open_ else 0.018)) * np.minimum(1, t / 0.0004)


def clap() -> np.ndarray:
    """Three short bursts and a tail of band-passed noise."""
    t = np.arange(round(0.35 * RATE)) / RATE
    burst = sum((t >= d) * np.exp(-np.maximum(0, t - d) / 0.004) for d in (0, 0.011, 0.021))
    gain = 0.8 * burst + (t >= 0.021) * np.exp(-(t - 0.021) / 0.075)
    return band(rng.standard_normal(len(t)), "bandpass", (850, 5200)) * gain


def snare(pitch: float) -> np.ndarray:
    """A body tone and bright noise, for the roll."""
    t = np.arange(round(0.16 * RATE)) / RATE
    tone = np.sin(2 * np.pi * 190 * pitch * t) * np.exp(-t / 0.035)
    noise = band(rng.standard_normal(len(t)), "bandpass", (1200, 9000))
    return 0.7 * tone + noise * np.exp(-t / 0.05)


def chord(notes: tuple[int, ...], beats: float, spread: float = 0.11) -> np.ndarray:
    """Detuned saws, seven a note, spread over the stereo field: (n, 2)."""
    n = at(beats)
    out = np.zeros((n, 2))
    for note in notes:
        for k in np.linspace(-1, 1, 7):
            voice = saw(hz(note + spread * k), n, rng.random())
            out += voice[:, None] * np.array([1 - 0.7 * k, 1 + 0.7 * k]) / 7
    return out / len(notes)


def fade(n: int, attack: float, release: float) -> np.ndarray:
    """Envelope 0..1 over n samples with straight attack and release (seconds)."""
    t = np.arange(n) / RATE
    return np.clip(np.minimum(t / attack, (n / RATE - t) / release), 0, 1)


def drums(bus: np.ndarray, room: np.ndarray) -> None:
    """Kick, claps, hats, shaker, snare roll and crashes."""
    kick_, clap_, closed, open_ = kick(), clap(), hat(False), hat(True)
    muffled = band(band(kick_, "lowpass", 160), "lowpass", 260)
    for bar in range(BARS):
        b = 4 * bar
        full = bar in bars("groove", "breakdown") or bar in bars("drop", "end")
        for beat in range(4):
            if full and not (bar == 11 and beat == 3):
                add(bus, b + beat, kick_, 0.8)
            if bar < 4:
                add(bus, b + beat, muffled, 0.3 + 0.04 * bar)
            if full and beat % 2 and (6 <= bar < 12 or bar in bars("drop", "outro")):
                add(bus, b + beat, clap_, 0.5)
                add(room, b + beat, clap_, 0.2)
            if full:
                add(bus, b + beat + 0.5, open_, 0.24, 0.15)
            elif bar < 4:
                add(bus, b + beat + 0.5, open_, 0.05 + 0.035 * bar, 0.15)
        busy = 2 <= bar < 12 or bar in bars("drop", "outro") or 16 <= bar < 19
        for step in range(16 if busy else 0):
            accent = (0.5, 0.35, 0.8, 0.45)[step % 4] * rng.uniform(0.85, 1.0)
            add(bus, b + step / 4, closed, 0.17 * accent, (-0.35, 0.3, -0.1, 0.4)[step % 4])
    for step in range(12 * 4 + 3 * 8):  # bars 17 to 19 in sixteenths, the last one in 32nds
        beat = 64 + step / 4 if step < 48 else 76 + (step - 48) / 8
        if step >= 16 or step % 2 == 0:
            rise = (beat - 64) / 15
            add(bus, beat, snare(1 + 0.7 * rise), 0.06 + 0.3 * rise**1.5)
            add(room, beat, snare(1 + 0.7 * rise), 0.05 * rise)
    for bar in (4, 20, 28, 32):
        crash = noise_hit(2.6, 0.7, "highpass", 4200)
        add(bus, 4 * bar, crash, 0.17, -0.2)
        add(room, 4 * bar, crash, 0.06)


def bass(bus: np.ndarray) -> None:
    """Rolling sixteenths between the kicks: a filtered saw over a sine an octave lower."""
    for bar in (*bars("groove", "breakdown"), *bars("drop", "outro")):
        root = ROOTS[bar % 4]
        for step in range(16):
            if step % 4 == 0 or (bar < 6 and step % 4 == 1):
                continue
            note = root + (12 if step in (7, 14) else 0)
            n = at(0.24)
            t = np.arange(n) / RATE
            tone = saw(hz(note + 12), n) * 0.6 + 0.9 * np.sin(2 * np.pi * hz(note) * t)
            low = sweep(tone, 130 + (900 if bar >= 20 else 560) * np.exp(-t / 0.05), 1.1)
            add(bus, 4 * bar + step / 4, low * fade(n, 0.008, 0.02), 0.27)


def pads(bus: np.ndarray) -> None:
    """Four beats of chord a bar under one filter that opens and closes over the whole track."""
    dry = np.zeros((LENGTH, 2))
    for bar in range(BARS):
        sound = chord(CHORDS[bar % 4], 4.2, 0.14)
        level = 1.0 if bar in bars("breakdown", "drop") or bar < 4 else 0.6
        add(dry, 4 * bar, sound * fade(len(sound), 0.08, 0.1)[:, None], level)
    curve = np.interp(np.arange(LENGTH) / at(4), (0, 4, 5, 12, 16, 19.7, 20, 32, 36),
                      np.log((350, 1900, 700, 1300, 1800, 7000, 1500, 1700, 260)))  # fmt: skip
    bus += 1.7 * sweep(dry, np.exp(curve), 0.8)


def stabs(bus: np.ndarray, room: np.ndarray) -> None:
    """Short chords against the beat, brighter in the drop."""
    rhythm = (2, 5, 8, 11, 14)
    for bar in (*range(8, 12), *bars("drop", "outro")):
        for step in rhythm:
            sound = chord(tuple(n + 12 for n in CHORDS[bar % 4]), 0.62)
            t = np.arange(len(sound)) / RATE
            bright = 5200 if bar >= 20 else 2600
            low = sweep(sound, 260 + bright * np.exp(-t / 0.07), 1.3)
            low *= (fade(len(t), 0.002, 0.05) * np.exp(-t / 0.16))[:, None]
            add(bus, 4 * bar + step / 4, low, 2.6)
            add(room, 4 * bar + step / 4, low, 0.9)


def plucks(bus: np.ndarray) -> None:
    """The hook: sixteenth notes through the chord, alone in the breakdown and over the drop."""
    figure = (4, None, 2, 3, None, 4, None, 1, 4, None, 2, None, 3, 4, 2, None)
    for bar in (*bars("breakdown", "build"), *range(16, 19), *range(24, 34)):
        for step, tone in enumerate(figure):
            if tone is None:
                continue
            note = CHORDS[bar % 4][tone] + 12 + (12 if bar >= 24 and step in (0, 8) else 0)
            n = at(1.1)
            t = np.arange(n) / RATE
            wave = 0.5 * saw(hz(note), n) + 0.5 * saw(hz(note + 0.08), n, 0.4)
            open_hz = 900 + 700 * max(0, bar - 12) if bar < 20 else 3600
            low = sweep(wave, 300 + open_hz * np.exp(-t / 0.09), 1.2) * np.exp(-t / 0.18)
            add(bus, 4 * bar + step / 4, low * fade(n, 0.002, 0.02), 0.42, 0.25 * (-1) ** step)


def acid(bus: np.ndarray) -> None:
    """A resonant line with slides and accents through the drop, its filter slowly opening."""
    figure = (0, 0, 12, 0, 3, 0, 0, 10, 0, 12, 0, 7, 0, 3, 15, 12)
    slide = (0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0)
    accent = (1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0)
    first, last = 80, 128
    n = at(last) - at(first)
    pitch, cutoff, amp = np.zeros(n), np.zeros(n), np.zeros(n)
    for k in range((last - first) * 4):
        i, j = at(k / 4), min(n, at((k + 1) / 4))
        t, step = np.arange(j - i) / RATE, k % 16
        note = 41 + figure[step] + (-2 if (k // 16) % 4 == 3 and figure[step] == 3 else 0)
        old = pitch[i - 1] if i and slide[step - 1] else note
        pitch[i:j] = note + (old - note) * np.exp(-t / 0.02)
        base = 240 * 2 ** (3.0 * k / ((last - first) * 4)) * (1.0 + 0.5 * accent[step])
        cutoff[i:j] = base * (1 + (3.2 if accent[step] else 1.8) * np.exp(-t / 0.07))
        amp[i:j] = (1.0 if accent[step] else 0.72) * (
            1 if slide[step] else fade(j - i, 0.003, 0.03)
        )
    line = np.tanh(1.6 * sweep(saw(hz(pitch), n), cutoff, 3.2)) * amp
    add(bus, first, band(line, "highpass", 140), 0.3, -0.12)


def rises(bus: np.ndarray) -> None:
    """Noise and a climbing tone into the drop; reversed crashes; a low boom where it lands."""
    t = ticks(15)
    climb = np.linspace(0, 1, len(t))
    noise = rng.standard_normal((len(t), 2))
    riser = sweep(noise, 300 * 2 ** (5.3 * climb), 1.8) - sweep(
        noise, 120 * 2 ** (5.3 * climb), 0.7
    )
    add(bus, 64, riser * (climb**2)[:, None], 0.3)
    tone = sum(saw(hz(53 + d) * 2 ** (1.0 * climb), len(t)) for d in (0, 0.1, 7, 12.07))
    add(bus, 64, band(tone * climb**2.5, "bandpass", (400, 6000)), 0.05)
    back = noise_hit(1.9, 0.5, "highpass", 2500)[::-1]
    for beat in (16, 48, 128):
        add(bus, beat - len(back) / RATE / BEAT, back, 0.14)
    t = ticks(5)
    for beat, gain in ((48, 0.4), (80, 0.45)):
        boom = np.sin(2 * np.pi * np.cumsum(36 + 45 * np.exp(-t / 0.25)) / RATE) * np.exp(-t / 0.7)
        add(bus, beat, boom * np.minimum(1, t / 0.01), gain)


def ducking() -> np.ndarray:
    """Gain 0..1 that makes room for each kick."""
    gain = np.ones(LENGTH)
    t = ticks(1)
    dip = 1 - 0.82 * np.exp(-((t / 0.17) ** 2.2))
    for bar in (*bars("groove", "breakdown"), *bars("drop", "end")):
        for beat in range(4):
            start = at(4 * bar + beat)
            gain[start : start + len(t)] = dip[: LENGTH - start]
    return gain


def reverb(send: np.ndarray) -> np.ndarray:
    """A hall: exponentially falling stereo noise, 2.2 s, darker as it fades, 18 ms late."""
    t = np.arange(round(2.2 * RATE)) / RATE
    shape = np.exp(-t / 0.42) * np.minimum(1, t / 0.03)
    tail = rng.standard_normal((len(t), 2)) * shape[:, None]
    tail = sweep(band(tail, "highpass", 220), 9000 * np.exp(-t / 0.7) + 700, 0.7)
    tail = np.concatenate([np.zeros((round(0.018 * RATE), 2)), tail]) / np.sqrt((tail**2).sum(0))
    return np.stack([fftconvolve(send[:, c], tail[:, c])[: len(send)] for c in (0, 1)], axis=1)


def echo(send: np.ndarray) -> np.ndarray:
    """Ping-pong echo of three sixteenths."""
    out, delay = np.zeros_like(send), at(0.75)
    tap = send
    for k in range(1, 6):
        tap = np.concatenate([np.zeros((delay, 2)), tap[:-delay, ::-1]]) * 0.55
        out += tap * np.array([1.2, 0.5] if k % 2 else [0.5, 1.2])
    return band(out, "bandpass", (350, 5000))


def master(mix: np.ndarray) -> np.ndarray:
    """Rumble filter, soft drive, and a look-ahead limiter to -4 dB."""
    mix = np.tanh(1.15 * band(mix, "highpass", 24))
    ceiling = 10 ** (-4.0 / 20)  # the codec overshoots by up to 4 dB
    need = np.minimum(1.0, ceiling / np.maximum(np.abs(mix).max(axis=1), 1e-9))
    window = round(0.004 * RATE)
    gain = uniform_filter1d(minimum_filter1d(need, 2 * window + 1), window)
    mix = np.clip(mix * gain[:, None], -ceiling, ceiling)
    return mix * fade(len(mix), 0.002, 0.6)[:, None]


def render() -> np.ndarray:
    """The whole track as float32 (LENGTH, 2)."""
    global rng
    rng = np.random.default_rng(19670114)
    beat, low, music, lead, room, fx = (np.zeros((LENGTH, 2)) for _ in range(6))
    drums(beat, room)
    bass(low)
    pads(music)
    stabs(music, room)
    plucks(lead)
    acid(lead)
    rises(fx)
    lead = lead + 0.55 * echo(lead)
    wet = reverb(room + 0.22 * music + 0.3 * lead + 0.12 * fx)
    duck = ducking()[:, None]
    soft = 0.45 + 0.55 * duck
    mix = beat + low * duck + (0.85 * music + 0.75 * wet) * duck + lead * soft + fx * soft
    mix[at(79) : at(80)] *= (0.15 + 0.85 * np.exp(-ticks(1) / 0.05))[: at(80) - at(79), None]
    return master(0.8 * mix).astype(np.float32)


def write_ogg(path: Path, samples: np.ndarray) -> None:
    """Encode float32 (n, 2) at 48 kHz as Opus; bit-exact muxing keeps the file reproducible."""
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as file:
        stream = file.add_stream("libopus", rate=RATE, layout="stereo")
        stream.bit_rate = BITRATE
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.reshape(1, -1)), format="flt", layout="stereo"
        )
        frame.sample_rate = RATE
        frame.pts = 0
        fifo = av.AudioFifo()
        fifo.write(frame)
        for part in fifo.read_many(960, partial=True):
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))


def beat_lines() -> str:
    """The text of demo.beats."""
    names = {4 * bar: name for name, bar in SECTIONS}
    lines = [f"# liquidlight demo track, {BPM:g} bpm, one true beat time in seconds a line"]
    for beat in range(BARS * 4):
        if beat in names:
            lines.append(f"# {names[beat]}")
        lines.append(f"{beat * BEAT:.6f}")
    return "\n".join(lines) + "\n"


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_ogg(folder / "demo.ogg", render())
    (folder / "demo.beats").write_text(beat_lines())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
