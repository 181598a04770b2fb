"""A DJ's set of two or three tracks: beat-matched fades, fades of unmatched tempi, hard cuts.

The labels follow the track that leads; in a fade of unmatched tempi both sound and the span is
unknown. `changes` tells when the next track has taken over with another grid.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.music.desk import at_speed
from training.music.piece import Piece, cut, moved
from training.music.sounds import RATE

WAYS = ("matched", "unmatched", "cut", "cut on one", "gap")
CHANCES = (0.35, 0.2, 0.2, 0.15, 0.1)


def mix(tracks: list[Piece], rng: np.random.Generator, way: str | None = None) -> Piece:
    """The tracks one after the other, each joined in a drawn (or the given) way."""
    out = tracks[0]
    for track in tracks[1:]:
        out = _join(out, track, way or str(rng.choice(WAYS, p=CHANCES)), rng)
    names = "+".join(t.style or t.kind for t in tracks)
    same = all(track.meter == out.meter for track in tracks)
    return replace(out, kind="set", style=names, meter=out.meter if same else 0,
                   source="+".join(t.source for t in tracks))


def _join(one: Piece, two: Piece, way: str, rng: np.random.Generator) -> Piece:
    """`one` leaves somewhere in its second half, `two` is heard from its first part on."""
    bars = _downbeats(one)
    half = bars[len(bars) // 2 : max(len(bars) // 2 + 1, len(bars) - 10)]
    leave = float(rng.choice(half))
    if way == "matched":
        return _matched(one, two, leave, rng)
    entry = _entry(two, rng)
    if way == "unmatched":
        return _faded(one, two, leave, entry, rng.uniform(2, 8))
    if way == "cut":
        leave += float(rng.uniform(0, 2))
    pause = float(rng.uniform(0.3, 3.0)) if way == "gap" else 0.0
    if way == "cut on one":
        after = _downbeats(two)
        entry = float(after[np.searchsorted(after, entry)])
    return _pasted(one, two, leave, entry, pause, way)


def _downbeats(piece: Piece) -> np.ndarray:
    """Downbeats, else every fourth beat."""
    found = piece.beats[piece.bar_pos == 1]
    return found if len(found) else piece.beats[::4]


def _entry(two: Piece, rng: np.random.Generator) -> float:
    """Where the next record is when its fader goes up; at least 20 s of it are left."""
    latest = max(0.0, min(two.seconds - 25.0, 0.4 * two.seconds))
    return float(rng.uniform(0, latest))


def _pasted(one: Piece, two: Piece, leave: float, entry: float, pause: float, way: str) -> Piece:
    first, second = cut(one, 0.0, leave), cut(two, entry, two.seconds)
    silence = np.zeros(round(pause * RATE), np.float32)
    samples = np.concatenate([first.samples, silence, second.samples])
    shift = (len(first.samples) + len(silence)) / RATE
    spans = ((first.seconds, shift),) if pause else ()
    return _sum(first, second, shift, samples, spans, way, change=shift)


def _faded(one: Piece, two: Piece, leave: float, entry: float, length: float) -> Piece:
    length = min(length, one.seconds - leave, two.seconds - entry - 20.0)
    first, second = cut(one, 0.0, leave + length), cut(two, entry, two.seconds)
    shift = round(leave * RATE) / RATE
    samples = _crossfade(first.samples, second.samples, round(leave * RATE))
    fade = (shift, first.seconds)
    kept = replace(first, beats=first.beats[first.beats < shift],
                   bar_pos=first.bar_pos[first.beats < shift])
    return _sum(kept, second, shift, samples, (fade,), "unmatched fade", change=fade[1])


def _matched(one: Piece, two: Piece, leave: float, rng: np.random.Generator) -> Piece:
    """`two` brought to the tempo of `one` and laid on its bars; it keeps that tempo."""
    speed = one.tempo / two.tempo if two.tempo else 1.0
    while speed > 1.4:
        speed /= 2
    while speed < 0.7:
        speed *= 2
    fits = one.meter == two.meter and one.bar_pos[0] and two.bar_pos[0]
    if not (0.85 < speed < 1.18 and fits and _steady(one) and _steady(two)):
        return _faded(one, two, leave, _entry(two, rng), rng.uniform(2, 6))
    two = at_speed(two, lambda s: np.full(np.shape(s), speed))
    beats = _downbeats(one)
    after = _downbeats(two)
    bars = int(rng.choice([2, 4, 8]))
    place = int(np.searchsorted(beats, leave - 1e-6))
    bars = max(1, min(bars, len(beats) - place - 1, len(after) - 8))
    end, shift = float(beats[place + bars]), leave - float(after[0])
    first = cut(one, 0.0, end)
    lead = cut(two, max(0.0, -shift), two.seconds)
    shift = max(0.0, shift)
    samples = _crossfade(first.samples, lead.samples, round(shift * RATE), round(leave * RATE))
    keep = lead.beats + shift >= end - 1e-3  # the grid of `one` until it is gone
    lead = replace(lead, beats=lead.beats[keep], bar_pos=lead.bar_pos[keep])
    keep = first.beats < end - 1e-3
    first = replace(first, beats=first.beats[keep], bar_pos=first.bar_pos[keep])
    return _sum(first, lead, shift, samples, (), "matched fade", change=None)


def _steady(piece: Piece) -> bool:
    """Whether the beats keep in step for the length of a fade."""
    gaps = np.diff(piece.beats)
    return bool(np.ptp(gaps) < 0.01 * np.median(gaps))


def _crossfade(
    one: np.ndarray, two: np.ndarray, start: int, full: int | None = None
) -> np.ndarray:
    """`two` begins at `start`; equal power from `full` (else `start`) until `one` ends."""
    full = start if full is None else full
    out = np.zeros(max(len(one), start + len(two)), np.float32)
    angle = np.clip((np.arange(len(out)) - full) / max(1, len(one) - full), 0, 1) * np.pi / 2
    out[: len(one)] += one * np.cos(angle[: len(one)])
    out[start : start + len(two)] += two * np.sin(angle[start : start + len(two)])
    return np.clip(out, -1.0, 1.0)


def _sum(one: Piece, two: Piece, shift: float, samples: np.ndarray,
         spans: tuple[tuple[float, float], ...], way: str, change: float | None) -> Piece:
    later = moved(two, lambda t: np.asarray(t) + shift, samples)
    keep = later.beats > (one.beats[-1] + 0.1 if len(one.beats) else 0.0)
    beats = np.concatenate([one.beats, later.beats[keep]])
    changes = (*one.changes, *(() if change is None else (change,)), *later.changes)
    until = one.seconds if change is None else change
    return replace(
        one, samples=samples.astype(np.float32), beats=beats,
        bar_pos=np.concatenate([one.bar_pos, later.bar_pos[keep]]),
        tempo=float(60 / np.median(np.diff(beats))),
        sections=(*one.sections, *later.sections), drops=_points(one, later, until, "drops"),
        entries=_points(one, later, until, "entries"), changes=changes,
        unknown=(*one.unknown, *spans, *(u for u in later.unknown if u[1] > shift)),
        augmentations=(*one.augmentations, way, *two.augmentations),
    )


def _points(one: Piece, two: Piece, until: float, name: str) -> tuple[float, ...]:
    early = (t for t in getattr(one, name) if t < until)
    return (*early, *(t for t in getattr(two, name) if t >= until - 1e-6))
