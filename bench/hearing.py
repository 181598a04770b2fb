"""How well the ear hears: our own tracker beside aubio's and madmom's, on music with known beats.

Pieces of the final split (training/music) flow in, or a few that the generator makes on the fly;
every tracker hears them causally, hop by hop; one dictionary of figures flows out. Needs the
repository's training/ and mir_eval, which are not part of an installed package. The table goes to
standard error; the caller prints the JSON. Definitions of the scores are in beat_scores.py.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench import beat_peers, hearing_table
from bench.beat_scores import Heard, drops, locks_after_changes, phase_errors, score
from engine.audio.claims import Hearing, claimed
from engine.audio.media import stream_hops
from engine.errors import LiquidlightError
from engine.records import HOP_SECONDS
from engine.signals import SignalMaker

FINAL = Path(__file__).resolve().parent.parent / "training" / "out" / "music" / "final"
DANCE = ("generator", "hydrogen")
"""Kinds whose downbeat counts: dance music in four, a drum machine."""
EXACT = ("generator", "set")
"""Kinds whose drops are labelled."""
ON_THE_FLY = 180.0
"""Seconds made when there is no final split and none are asked for."""
DROP_FIRES = 0.9
WORST = 8
"""Pieces named for where the ear does worst."""


@dataclass
class Tally:
    """What one tracker reached so far."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    errors: list[np.ndarray] = field(default_factory=list)
    relocks: list[float] = field(default_factory=list)
    drops: list[tuple[int, int, int]] = field(default_factory=list)
    drop_minutes: float = 0.0
    nothing: list[tuple[float, float, float, float]] = field(default_factory=list)
    cpu: list[np.ndarray] = field(default_factory=list)
    hears_drops: bool = True


def run(
    seconds: float | None = None, folder: Path | None = None, madmom: str = "", ear: str = ""
) -> dict[str, Any]:
    """Score every tracker over the final split in `folder`, or over about `seconds` of it.

    `madmom` is a Python that can import madmom; `ear` one of engine.audio.claims.EARS, by default
    the one that plays. Without a split about `seconds` are generated. Raises LiquidlightError
    where training/ or mir_eval is missing.
    """
    _check()
    pieces, total, source = _pieces(seconds, folder or FINAL)
    names = ("ours", "aubio", *(["madmom"] if madmom else []))
    tallies = {name: Tally(hears_drops=name == "ours") for name in names}
    done = 0.0
    for name, piece in pieces:
        sys.stderr.write(f"\rhearing {done / 60:5.1f} of {total / 60:.1f} min  {name:24.24}")
        for tracker, tally in tallies.items():
            _add(tally, name, piece, *_hear(tracker, piece, madmom, ear))
        done += piece.seconds
    sys.stderr.write(f"\r{' ' * 60}\r")
    figures = {"what": "hearing", "music": source, "minutes": round(done / 60, 1),
               "pieces": len(tallies["ours"].rows), "ear": ear or "default",
               "trackers": {name: summary(tally) for name, tally in tallies.items()}}
    rows = {name: tally.rows for name, tally in tallies.items()}
    figures["by_kind"] = by_kind(rows)
    figures["worst"] = [{"name": row["name"], "f": round(row["f"], 3)}
                        for row in sorted(rows["ours"], key=lambda row: row["f"])[:WORST]]
    hearing_table.print_table(figures)
    return figures


def _check() -> None:
    try:
        import mir_eval  # noqa: F401

        import training.music.dataset  # noqa: F401
    except ImportError as error:
        raise LiquidlightError(
            f"bench hearing needs {error.name}: run it in a checkout of the repository with the "
            "dev dependencies"
        ) from error


def _pieces(seconds: float | None, folder: Path) -> tuple[Iterator[tuple[str, Any]], float, str]:
    """(name, Piece) one by one, their seconds together, and what they are."""
    from training.music import dataset

    paths = dataset.paths(folder)
    lengths = [dataset.load_labels(path)["seconds"] for path in paths]
    if not paths:
        return _generated(seconds or ON_THE_FLY), seconds or ON_THE_FLY, "made on the fly"
    if seconds is not None and seconds < sum(lengths):  # evenly over all kinds
        step = sum(lengths) / seconds
        chosen = sorted({int(k * step) for k in range(int(len(paths) / step) + 1)})
        paths = [paths[k] for k in chosen if k < len(paths)] or paths[:1]
        lengths = [dataset.load_labels(path)["seconds"] for path in paths]
    return ((p.name, dataset.load(p)) for p in paths), sum(lengths), folder.name


def _generated(seconds: float) -> Iterator[tuple[str, Any]]:
    """Pieces of the final seeds: three of ours, then a sound without beats, and so on."""
    from training.music import dataset

    made, number = 0.0, 0
    while made < seconds:
        kind = "nothing" if number % 4 == 3 else "generator"
        piece = dataset.make("final", kind, number, sampled=False)
        made += piece.seconds
        yield f"{kind}-{number:05d}", piece
        number += 1


def _hear(tracker: str, piece: Any, madmom: str, ear: str) -> tuple[Heard, float]:
    """What a tracker claims, and its mean share of one core."""
    start = time.process_time()
    if tracker == "ours":
        heard = hear(piece.samples, ear)
        return heard, float(heard.cpu.mean())
    if tracker == "madmom":
        return beat_peers.madmom_beats(piece.samples, madmom)
    heard = beat_peers.aubio_beats(piece.samples)
    return heard, (time.process_time() - start) / piece.seconds


def hear(samples: np.ndarray, ear: str = "") -> Heard:
    """The live chain over mono float32 samples (n,): Features, Beat and Signals, hop by hop."""
    hearing, maker = Hearing(ear=ear) if ear else Hearing(), SignalMaker()
    beats, cpu, confidence, fell = [], [], [], []
    last = 0.0
    for block in stream_hops(np.repeat(samples[:, None], 2, axis=1)):
        start = time.thread_time()
        features, beat = hearing.process(block)
        signals = maker.step(features, beat)
        cpu.append((time.thread_time() - start) / HOP_SECONDS)
        beats.append(beat)
        confidence.append(beat.confidence)
        drop = signals.values.get("drop", 0.0)
        if drop >= DROP_FIRES and drop > last + 0.3:
            fell.append(block.time)
        last = drop
    claims = list(claimed(beats))
    columns = np.array([(c.t, c.emitted, c.bpm, c.bar_pos) for c in claims]).reshape(-1, 4).T
    return Heard(columns[0], columns[1], columns[2], columns[3].astype(int),
                 np.array(confidence), np.array(fell), np.array(cpu))


def _add(tally: Tally, name: str, piece: Any, heard: Heard, cpu: float) -> None:
    """One piece into the tally of one tracker."""
    tally.cpu.append(heard.cpu if len(heard.cpu) else np.array([cpu]))
    minutes = piece.seconds / 60.0
    if piece.kind in EXACT or not len(piece.beats):
        counted = drops(piece, heard) if len(piece.beats) else (0, 0, len(heard.drops))
        tally.drops.append(counted)
        tally.drop_minutes += minutes
    if not len(piece.beats):
        sure = heard.confidence if len(heard.confidence) else np.full(1, np.nan)
        tally.nothing.append((sure.max(), sure.mean(), len(heard.t) / minutes, minutes))
        return
    row = score(piece, heard) | {"kind": piece.kind, "minutes": minutes, "name": name}
    if piece.kind not in DANCE:
        row["bar_right"] = float("nan")
    tally.rows.append(row)
    tally.errors.append(phase_errors(piece, heard))
    tally.relocks.extend(locks_after_changes(piece, heard))


def summary(tally: Tally) -> dict[str, Any]:
    """Figures of one tracker over all pieces; None where it has no such thing."""
    rows, minutes = tally.rows, sum(row["minutes"] for row in tally.rows)
    error = 1e3 * np.concatenate([*tally.errors, np.zeros(0)])
    labelled, found, false = (sum(d[k] for d in tally.drops) for k in range(3))
    cpu = np.concatenate([*tally.cpu, np.zeros(0)])
    hears_drops = tally.hears_drops

    def mean(name: str) -> float | None:
        values = np.array([row[name] for row in rows], float)
        values = values[~np.isnan(values)]
        return round(float(values.mean()), 4) if len(values) else None

    def median(values: list[float]) -> float | None:
        middle = float(np.median(values)) if len(values) else np.inf
        return round(middle, 2) if np.isfinite(middle) else None

    def ten_minutes(count: float, of: float) -> float | None:
        return round(10.0 * count / of, 2) if of else None

    return {
        "f": mean("f"), "cmlt": mean("cmlt"), "amlt": mean("amlt"),
        "downbeat_f": mean("downbeat_f"),
        "phase_ms": round(float(np.median(np.abs(error))), 1) if len(error) else None,
        "bias_ms": round(float(np.median(error)), 1) if len(error) else None,
        "first_right_s": median([row["first_right_s"] for row in rows]),
        "fourth_right_s": median([row["fourth_right_s"] for row in rows]),
        "fourth_right_after_change_s": median(tally.relocks), "changes": len(tally.relocks),
        "tempo_right": mean("tempo_right"),
        "jumps_in_ten_minutes": ten_minutes(sum(row["jumps"] for row in rows), minutes),
        "bar_right_after_16_s": mean("bar_right"),
        "drops": labelled, "drops_found": found if hears_drops else None,
        "false_drops_in_ten_minutes": ten_minutes(false, tally.drop_minutes * hears_drops),
        "nothing": _nothing(tally.nothing),
        "cpu_mean": round(float(cpu.mean()), 4) if len(cpu) else None,
        "cpu_p99": round(float(np.percentile(cpu, 99)), 4) if len(cpu) > 1000 else None,
    }


def _nothing(rows: list[tuple[float, float, float, float]]) -> dict[str, float] | None:
    """Confidence and claims where there is no beat at all."""
    if not rows:
        return None
    peak, mean, false, minutes = np.array(rows).T
    beats = {"pieces": len(rows),
             "beats_a_minute": round(float(np.average(false, weights=minutes)), 2)}
    if np.isnan(peak).any():  # a tracker that does not say how sure it is
        return beats
    return beats | {
        "confidence_max": round(float(peak.max()), 3),
        "confidence_mean": round(float(np.average(mean, weights=minutes)), 3),
        "pieces_below_0.3": round(float((peak < 0.3).mean()), 3),
    }


def by_kind(rows: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Means of the main scores for each kind of music and each tracker."""
    out: dict[str, dict[str, Any]] = {}
    for tracker, all_rows in rows.items():
        for kind in sorted({row["kind"] for row in all_rows}):
            some = [row for row in all_rows if row["kind"] == kind]
            entry = out.setdefault(kind, {"pieces": len(some), "minutes": round(
                sum(row["minutes"] for row in some), 1)})
            entry[tracker] = {name: round(float(np.mean([row[name] for row in some])), 3)
                              for name in ("f", "cmlt", "amlt", "tempo_right")}
    return out
