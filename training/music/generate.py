"""One piece of electronic music from a seed: form, band, sections, mix; its labels are exact.

The form is a line of sections in bars; each decides who plays. Drops are the first beat of a
`drop` after a breakdown or a build. An opening without any drum is marked unknown: nothing in it
could tell the beat. About 60 to 100 s a piece.
"""

from __future__ import annotations

import re

import numpy as np

from training.music.bank import with_samples
from training.music.grid import drifting, steady
from training.music.parts import SAMPLED, Band, Score, play_bass, play_drums, play_tones
from training.music.piece import Piece
from training.music.sounds import RATE, draw_kit, riser, swept
from training.music.styles import STYLES, Style
from training.music.wide import cast, echoed, other_kit, without

SHORTEST, LONGEST = 45.0, 130.0
SILENT = ("ambient",)
QUIET = ("break", "build", "ambient", "hats")
"""Sections without a full beat; drums that come back after them enter."""


def generate(
    rng: np.random.Generator, style: str | None = None, bars: int | None = None,
    sampled: bool = True, wide: bool = False,
) -> Piece:
    """A piece in a named style, else a drawn one. `bars` cuts every section short.

    `sampled` False keeps to the generator's own sounds, so that no soundfont is needed; `wide`
    draws from more sounds, tempi and casts (wide.py).
    """
    chosen = next((s for s in STYLES if s.name == style), None) if style else _draw_style(rng)
    if chosen is None:
        raise ValueError(f"style {style!r}: must be one of {', '.join(s.name for s in STYLES)}")
    bpm = _tempo(rng, chosen) * (float(np.exp(rng.normal(0.0, 0.05))) if wide else 1.0)
    form = _form(rng, chosen, bpm)
    if bars:
        form = [(name, min(n, bars)) for name, n in form]
    beats = 4 * sum(n for _, n in form)
    grid = drifting(bpm, beats + 1, rng, rng.uniform(0.2, 1.0) * chosen.drift) if chosen.drift \
        else steady(bpm, beats + 1)
    score = Score(
        grid, rng, beats, swing=rng.choice([0.0, rng.uniform(0, chosen.swing)]),
        swing8=rng.choice([0.0, rng.uniform(0, chosen.swing8)]),
        loose=rng.uniform(0.001, 0.006) if chosen.acoustic else 0.0)
    kit = draw_kit(rng, chosen.kicks, chosen.acoustic)
    if wide:
        kit = without(other_kit(kit, rng), who := cast(rng))
    elif sampled and rng.random() < (0.7 if chosen.acoustic else SAMPLED):
        kit = with_samples(kit, rng, kick=chosen.acoustic or rng.random() < 0.3)
    band = Band(chosen, kit, rng, sampled, wide, who.forced if wide else ())
    _perform(score, band, form)
    if wide and rng.random() < 0.35:
        score.buses["tones"] = echoed(score.buses["tones"], 60.0 / grid.bpm, rng)
    samples = _mix(score, chosen, form)
    return _labelled(score, form, samples, chosen)


def _draw_style(rng: np.random.Generator) -> Style:
    weights = np.array([style.weight for style in STYLES])
    return STYLES[rng.choice(len(STYLES), p=weights / weights.sum())]


def _tempo(rng: np.random.Generator, style: Style) -> float:
    bpm = rng.uniform(*style.bpm)
    return float(round(bpm)) if rng.random() < 0.5 and not style.drift else float(bpm)


def _form(rng: np.random.Generator, style: Style, bpm: float) -> list[tuple[str, int]]:
    """Sections of a length that fits SHORTEST..LONGEST at this tempo."""
    for _ in range(20):
        words = str(rng.choice(style.forms)).split()
        form = [(re.sub(r"\d", "", w), int(re.sub(r"\D", "", w))) for w in words]
        seconds = sum(n for _, n in form) * 240.0 / bpm
        if seconds > LONGEST:
            form = [(name, max(2, n // 2)) for name, n in form]
        if sum(n for _, n in form) * 240.0 / bpm >= SHORTEST:
            return form
    return [("groove", int(SHORTEST * bpm / 240.0))]


LAYERS = {
    "ambient": (("pad",), {"lead": 0.4}),
    "hats": (("hats",), {"perc": 0.5, "pad": 0.3, "bass": 0.2, "snare": 0.2}),
    "drums": (("kick", "hats"), {"snare": 0.5, "perc": 0.4}),
    "groove": (("kick", "snare", "bass"), {"hats": 0.9, "perc": 0.4, "pad": 0.5, "lead": 0.4,
                                           "stab": 0.4}),
    "break": (("pad",), {"lead": 0.6, "hats": 0.2, "bass": 0.2, "perc": 0.15, "stab": 0.3}),
    "build": (("pad", "roll", "riser"), {"lead": 0.5, "hats": 0.3, "kick": 0.25}),
    "drop": (("kick", "snare", "bass", "hats"), {"perc": 0.5, "pad": 0.6, "lead": 0.7,
                                                 "stab": 0.4}),
    "chorus": (("kick", "snare", "bass", "hats", "pad"), {"lead": 0.8, "stab": 0.5}),
    "outro": (("kick", "hats"), {"snare": 0.5, "perc": 0.4}),
}  # fmt: skip


def _perform(score: Score, band: Band, form: list[tuple[str, int]]) -> None:
    rng, bar = score.rng, 0
    for place, (name, bars) in enumerate(form):
        fixed, maybe = LAYERS[name]
        on = {*fixed, *(layer for layer, chance in maybe.items() if rng.random() < chance)}
        on.update(band.forced)
        if bar and rng.random() < 0.6:
            score.add("drums", 4 * bar, band.kit.crash, 0.3)
        if "build" == name:
            _build(score, band, bar, bars, on)
        hole = name in ("build", "break") and rng.random() < 0.35
        for k in range(bars):
            last = k == bars - 1
            if last and hole and place + 1 < len(form):  # the breath before the drop
                break
            fill = last and place + 1 < len(form) or (k % 8 == 7)
            play_drums(score, band, bar + k, on, fill and rng.random() < 0.8)
            play_tones(score, band, bar + k, on)
            if "bass" in on:
                play_bass(score, band, bar + k)
        bar += bars


def _build(score: Score, band: Band, bar: int, bars: int, on: set[str]) -> None:
    """A roll that doubles its rate and a riser, both growing."""
    rng = score.rng
    length = score.grid.seconds(4 * bar, 4 * bars)
    score.add("tones", 4 * bar, riser(rng, length), rng.uniform(0.1, 0.35))
    first = str(rng.choice(["1", "0.5", "none"]))
    if first == "none":
        return
    sound = band.kit.roll if rng.random() < 0.7 else band.kit.kick
    beat, end = 0.0, 4 * bars - float(rng.choice([0, 0, 1, 2]))
    while beat < end:
        share = beat / (4 * bars)
        score.add("drums", 4 * bar + beat, sound, 0.12 + 0.45 * share)
        beat += float(first) / (1 if share < 0.5 else 2 if share < 0.75 else 4)


def _mix(score: Score, style: Style, form: list[tuple[str, int]]) -> np.ndarray:
    """Buses to one signal: the pump of the sidechain, sweeps, soft clip, peak below 1."""
    rng = score.rng
    pump = rng.uniform(0, style.pump)
    if pump > 0.05:
        gain = _sidechain(score, pump)
        score.buses["tones"] *= gain
        score.buses["bass"] *= gain
    if rng.random() < 0.5:
        score.buses["tones"] = _sweep(score, score.buses["tones"], rng)
    levels = {"drums": rng.uniform(0.5, 1.1), "bass": rng.uniform(0.35, 0.8),
              "tones": rng.uniform(0.3, 1.1)}
    mixed = sum(level * score.buses[bus] for bus, level in levels.items())
    mixed = np.tanh(mixed * rng.uniform(0.7, 1.6))
    return (mixed * rng.uniform(0.4, 0.98) / max(1e-6, np.abs(mixed).max())).astype(np.float32)


def _sidechain(score: Score, depth: float) -> np.ndarray:
    gain = np.ones(len(score.buses["drums"]), np.float32)
    beat = score.grid.seconds(0, 1)
    t = np.arange(round(0.9 * beat * RATE)) / RATE
    shape = (1 - depth * np.exp(-((t / (0.35 * beat)) ** 2))).astype(np.float32)
    for kick in score.kicks:
        start = max(0, round(float(score.grid.at(kick)) * RATE))
        part = gain[start : start + len(shape)]
        np.minimum(part, shape[: len(part)], out=part)
    return gain


def _sweep(score: Score, sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A low-pass whose cutoff glides between a few drawn points."""
    n, step = len(sound), 960
    points = np.linspace(0, n, rng.integers(3, 8))
    curve = np.exp(np.interp(np.arange(0, n, step), points,
                             rng.uniform(np.log(250), np.log(14_000), len(points))))
    return swept(sound, curve, step)


def _labelled(
    score: Score, form: list[tuple[str, int]], samples: np.ndarray, style: Style
) -> Piece:
    grid, starts = score.grid, np.cumsum([0, *(4 * n for _, n in form)])
    times = grid.at(np.arange(score.beats))
    sections, drops, entries, unknown = [], [], [], []
    for k, (name, _) in enumerate(form):
        start, end = float(grid.at(starts[k])), float(grid.at(starts[k + 1]))
        sections.append((name, start, end))
        before = form[k - 1][0] if k else ""
        if name == "drop" and before in ("break", "build"):
            drops.append(start)
        elif name not in QUIET and (before in QUIET or not k):
            entries.append(start)
        if name in SILENT and not k:
            unknown.append((0.0, end))
    end = float(grid.at(score.beats))
    unknown.append((end, len(samples) / RATE))
    return Piece(
        samples, times, np.arange(score.beats) % 4 + 1, 4, grid.bpm, "generator", style.name,
        "generator", tuple(sections), tuple(drops), tuple(entries), (), tuple(unknown))
