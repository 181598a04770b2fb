"""Teaches the drum ear (engine/audio/drums.py) on music whose every drum stroke is known.

Of five lessons one comes from drum_machine.py with mutated patterns, two from hard_songs.py (one
full of stabs, one with hardly a drum) and two are 20 s of a piece of training/music: other kits,
styles and synths, of these one with the soundfont's drums. Each is coloured as a room or a mixer
would (gain, tilt, filters, echo, noise, clipping); each hop gives the ear's inputs and whether a
kick, snare or hat begins in it. A hop just after a beginning counts for neither side, nor do ghost
strokes, crashes and shakers. Run by hand:

    python -m training.drums --folder FOLDER

Writes engine/audio/drums.npz; the lessons are kept in FOLDER. One thread; some minutes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from engine.audio.drums import DRUMS, INPUTS, WEIGHTS, DrumInputs
from engine.audio.spectra import Spectra
from engine.records import HOP, SAMPLERATE
from training.drum_machine import PARTS, STYLES, Song
from training.hard_songs import TONES, HardSong
from training.music import generate as making
from training.music.bank import with_samples
from training.music.grid import steady
from training.music.parts import Band, Score
from training.music.sounds import Kit, draw_kit

HIDDEN = (64, 32)
HEARD_SECONDS = 0.003
"""The onset window falls over 2.7 ms: a hit in the last 3 ms of a hop is heard in the next."""
LEAST = {"kick": 0.1, "snare": 0.17, "hat": 0.08}
"""Gains up to which a stroke is a ghost, which counts for neither side."""
FIRST_SEED = 10_000
"""Tests use small seeds; lessons start here."""


class Witness(Score):
    """A score that writes down when each sound of the drums was struck, and how hard."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.struck: list[tuple[float, int, float]] = []

    def add(self, bus: str, beat: float, sound: np.ndarray, gain: float) -> None:
        if bus == "drums":
            self.struck.append((float(self.grid.at(beat)), id(sound), gain))
        super().add(bus, beat, sound, gain)


def lesson(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (n, INPUTS) and truth (n, 3) of one song: 1 begins, 0 not, -1 does not count."""
    rng = np.random.default_rng(seed)
    kind = seed % 5
    made = _piece(rng, sampled=kind == 3) if kind in (1, 3) else _song(seed, rng, kind)
    samples, hits, vague = made
    inputs = _inputs(_coloured(samples, rng))
    return inputs, _truth(hits, vague, len(inputs))


def _song(seed: int, rng: np.random.Generator, kind: int) -> tuple:
    """Mono samples, true times and times that do not count, by drum; `kind` 0, 2 or 4."""
    style = list(STYLES)[seed // 5 % len(STYLES)]
    song = (HardSong if kind else Song)(style, seed, bpm=float(rng.uniform(85, 178)))
    parts = {0: _parts, 2: _few_drums, 4: _stabbed}[kind]
    for drum, line in song.lines.items():
        flips = rng.random(len(line)) < 0.08
        song.lines[drum] = "".join(
            "x" if (step == "x") != flip else "." for step, flip in zip(line, flips, strict=True)
        )
    for _ in range(4):
        song.bar(parts(rng))
    music = song.music()
    return music.samples[:, 0], music.hits, {}


def _piece(rng: np.random.Generator, sampled: bool) -> tuple:
    """The same of some bars of a piece of training/music, with straight and steady playing."""
    style = making._draw_style(rng)
    grid = steady(making._tempo(rng, style), 4 * 12 + 1)
    score = Witness(grid, rng, 4 * 12)
    kit = draw_kit(rng, style.kicks, style.acoustic)
    band = Band(style, with_samples(kit, rng, kick=rng.random() < 0.5) if sampled else kit, rng)
    form = [(str(rng.choice(("groove", "drop", "chorus", "break", "build"))), 4) for _ in range(3)]
    making._perform(score, band, form)
    samples = making._mix(score, style, form)
    return samples, *_strokes(score, band.kit)


def _strokes(score: Witness, kit: Kit) -> tuple[dict, dict]:
    names = {id(kit.kick): "kick", id(kit.snare): "snare", id(kit.layer): "snare",
             id(kit.roll): "snare", id(kit.closed): "hat", id(kit.open): "hat"}  # fmt: skip
    either = {id(kit.crash): ("snare", "hat"), id(kit.shaker): ("hat",), id(kit.ride): ("hat",)}
    hits, vague = ({drum: [] for drum in DRUMS} for _ in range(2))
    for time, sound, gain in score.struck:
        if sound in names:
            drum = names[sound]
            (hits if gain > LEAST[drum] else vague)[drum].append(time)
        for drum in either.get(sound, ()):
            vague[drum].append(time)
    return tuple({drum: np.array(times) for drum, times in d.items()} for d in (hits, vague))


def _parts(rng: np.random.Generator) -> set[str]:
    parts = {part for part in sorted(PARTS) if rng.random() < 0.8}
    return parts | {part for part in ("roll", "riser", "voice", "toms") if rng.random() < 0.25}


def _few_drums(rng: np.random.Generator) -> set[str]:
    """Tones, and in some bars a kick or hats, so that only the snare is missing."""
    parts = {part for part in TONES if rng.random() < 0.4} | {str(rng.choice(TONES[:4]))}
    return parts | {part for part in ("kick", "hat", "riser") if rng.random() < 0.25}


def _stabbed(rng: np.random.Generator) -> set[str]:
    """Drums under stabs and whatever else is bright."""
    parts = {"stabs"} | {part for part in TONES if rng.random() < 0.4}
    drums = {part for part in ("kick", "snare", "hat") if rng.random() < 0.85}
    return parts | drums | {part for part in ("roll", "riser", "toms") if rng.random() < 0.15}


def _coloured(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What mixer, room and line may do to mono samples; float32 (n, 2)."""
    sound = samples.astype(float)
    if rng.random() < 0.5:
        sound = sound + rng.uniform(-0.6, 1.5) * _filtered(sound, 1, "low", rng.uniform(300, 3000))
    if rng.random() < 0.08:
        sound = _filtered(sound, 2, "low", rng.uniform(800, 8000))
    elif rng.random() < 0.08:
        sound = _filtered(sound, 2, "high", rng.uniform(60, 300))
    if rng.random() < 0.3:
        t = np.arange(round(0.6 * SAMPLERATE)) / SAMPLERATE
        tail = rng.standard_normal(len(t)) * np.exp(-t / rng.uniform(0.05, 0.25))
        wet = fftconvolve(sound, tail / np.sqrt((tail**2).sum()))[: len(sound)]
        sound = sound + rng.uniform(0.1, 0.5) * wet
    gain = np.exp(rng.uniform(np.log(0.05), np.log(1.5)))
    noise = rng.standard_normal(len(sound)) * 10 ** rng.uniform(-5, -2.5)
    mono = np.clip(gain * (sound + noise), -1.0, 1.0).astype(np.float32)
    return np.repeat(mono[:, None], 2, axis=1)


def _filtered(sound: np.ndarray, order: int, kind: str, hz: float) -> np.ndarray:
    return sosfilt(butter(order, hz, kind, fs=SAMPLERATE, output="sos"), sound)


def _inputs(samples: np.ndarray) -> np.ndarray:
    spectra, drum_inputs = Spectra(), DrumInputs()
    hops = len(samples) // HOP
    rows = np.empty((hops, INPUTS), np.float32)
    for k in range(hops):
        spectra.take(samples[k * HOP : (k + 1) * HOP])
        rows[k] = drum_inputs.step(spectra.onset())
    return rows


def _truth(hits: dict[str, np.ndarray], vague: dict[str, np.ndarray], hops: int) -> np.ndarray:
    truth = np.zeros((hops + 2, len(DRUMS)), np.float32)
    for column, drum in enumerate(DRUMS):
        heard = (np.asarray(d.get(drum, ()), float) + HEARD_SECONDS for d in (vague, hits))
        unsure, first = ((times * SAMPLERATE / HOP).astype(int) for times in heard)
        for hop in (unsure, unsure + 1, first + 1):
            truth[hop[hop < hops], column] = -1.0
        truth[first[first < hops], column] = 1.0
    return truth[:hops]


def collect(folder: Path, songs: int) -> tuple[np.ndarray, np.ndarray]:
    """Lessons of `songs` seeds, made where they are not in the folder yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(FIRST_SEED, FIRST_SEED + songs):
        path = folder / f"{seed}.npz"
        if not path.exists():
            inputs, truth = lesson(seed)
            np.savez(path, inputs=inputs.astype(np.float16), truth=truth.astype(np.int8))
    inputs, truth = [], []
    for seed in range(FIRST_SEED, FIRST_SEED + songs):
        with np.load(folder / f"{seed}.npz") as file:
            inputs.append(file["inputs"])
            truth.append(file["truth"])
    return np.concatenate(inputs), np.concatenate(truth)


def teach(
    inputs: np.ndarray, truth: np.ndarray, passes: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights and biases of each layer, after `passes` over the lessons."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    sizes = (INPUTS, *HIDDEN, len(DRUMS))
    layers = [torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False)]
    parts = [part for layer in layers for part in (layer, torch.nn.ReLU())][:-1]
    net = torch.nn.Sequential(*parts)
    x, y = torch.from_numpy(inputs), torch.from_numpy(truth)
    batch = 2048
    steps = passes * (len(x) // batch)
    optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for step in range(steps):
        rows = torch.randint(len(x), (batch,))
        wanted = y[rows].float()
        said = net(x[rows].float())
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            said, wanted.clamp(min=0), weight=(wanted >= 0) * (1 + wanted)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 1000 == 0:
            print(f"step {step} of {steps}: loss {loss.item():.4f}", flush=True)
    return [(layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in layers]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--songs", type=int, default=787)
    parser.add_argument("--passes", type=int, default=20)
    parser.add_argument("--folder", type=Path, default=Path("training/out/drums"))
    options = parser.parse_args()
    layers = teach(*collect(options.folder, options.songs), options.passes)
    named = {f"weight{k}": weight for k, (weight, _) in enumerate(layers)}
    named |= {f"bias{k}": bias for k, (_, bias) in enumerate(layers)}
    np.savez(WEIGHTS, **named)
    print(f"{WEIGHTS}: {sum(w.size + b.size for w, b in layers)} numbers")


if __name__ == "__main__":
    main()
