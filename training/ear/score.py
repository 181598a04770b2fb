"""Runs the ear over a split and scores its claims, for tuning: means, and a line for each piece.

The network is run in torch on the bands of rows.py, the rest is the engine's own code hop by hop,
so that one run of a split takes about a minute. The figures in docs/measured.md come from
`bench hearing`, which hears the sound itself; this is for choosing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mir_eval
import numpy as np
import torch

from engine.audio.claims import BeatClaim, claimed
from engine.audio.ear import NetworkEar
from engine.audio.front_end import with_rises
from engine.audio.network import Seen
from engine.audio.transport import Transport
from engine.records import HOP_SECONDS, Beat
from training.ear.model import Ear
from training.ear.rows import MUSIC, OUT, write_bands
from training.ear.train import load_average
from training.music import dataset

SKIP_SECONDS, LATE_SECONDS, NEAR_SECONDS = 5.0, 0.05, 0.07


def seen_of(models: list[Ear], bands: np.ndarray) -> np.ndarray:
    """Float32 (hops, 4): none, beat, down, pulse, for bands (hops, PLAIN), of networks together."""
    rows = torch.from_numpy(with_rises(bands.astype(np.float32)))[None]
    with torch.no_grad():
        outs = [model(rows)[0][0] for model in models]
    logs = torch.stack([out[:, :3].log_softmax(-1) for out in outs]).mean(0)
    pulse = torch.stack([out[:, 3:4].sigmoid() for out in outs]).mean(0)
    return torch.cat([logs.softmax(-1), pulse], -1).numpy()


def clock_of(seen: np.ndarray, low: float = 70.0, high: float = 180.0) -> Iterator[Beat]:
    """The transport's Beat of each hop, from what the network saw."""
    ear, transport = NetworkEar(low, high), Transport()
    for k, row in enumerate(seen.tolist()):
        time = (k + 1) * HOP_SECONDS
        yield transport.advance(time, ear.believe(time, Seen(*row)))


def known(times: np.ndarray, labels: dict, start: float = SKIP_SECONDS) -> np.ndarray:
    """Those of some times that lie after the start and in no unknown span."""
    keep = times >= start
    for a, b in labels["unknown"]:
        keep &= (times < a) | (times >= b)
    return times[keep]


def locked_at(true: np.ndarray, claims: list[BeatClaim], start: float) -> float:
    """Seconds from `start` to the fourth right claim in a row, each next to the one before."""
    run, last = 0, -9
    for claim in claims:
        if claim.t < start - NEAR_SECONDS:
            continue
        k = int(np.abs(true - claim.t).argmin())
        right = abs(true[k] - claim.t) <= NEAR_SECONDS and claim.emitted <= true[k] + LATE_SECONDS
        run = (run + 1 if k == last + 1 else 1) if right else 0
        last = k
        if run == 4:
            return claim.emitted - start
    return np.inf


def score(labels: dict, beats: list[Beat]) -> dict[str, float]:
    """The figures of one piece; for a piece without beats only confidence and false beats."""
    claims = list(claimed(beats))
    sure = np.array([b.confidence for b in beats])
    true, places = np.array(labels["beats"]), np.array(labels["bar_pos"])
    if not len(true):
        minutes = labels["seconds"] / 60
        return {"no_conf": sure[470:].max(), "no_mean": sure[470:].mean(),
                "no_beats": len(claims) / minutes}  # fmt: skip
    found = np.array([c.t for c in claims])
    aim, said = known(true, labels), known(found, labels)
    out = {"f": mir_eval.beat.f_measure(aim, said)}
    _, out["cmlt"], _, out["amlt"] = mir_eval.beat.continuity(aim, said)
    errors = np.array([t - true[np.abs(true - t).argmin()] for t in said])
    errors = errors[np.abs(errors) <= NEAR_SECONDS]
    if len(errors):
        out |= {"bias_ms": 1e3 * np.median(errors), "error_ms": 1e3 * np.median(np.abs(errors))}
    if (places > 0).all():
        ones = np.array([c.t for c in claims if c.bar_pos == 1])
        out["down_f"] = mir_eval.beat.f_measure(known(true[places == 1], labels),
                                                known(ones, labels))  # fmt: skip
        if labels["meter"] == 4 and labels["seconds"] > 20:
            late = [c for c in claims if c.t > 16 and np.abs(true - c.t).min() < NEAR_SECONDS]
            right = [c.bar_pos == places[np.abs(true - c.t).argmin()] for c in late]
            out["down_16"] = float(np.mean(right)) if right else 0.0
    local = np.array([(c.bpm, _local(true, c.t)) for c in claims if c.t > 5]).reshape(-1, 2)
    out["tempo"] = float(np.mean(np.abs(local[:, 0] / local[:, 1] - 1) < 0.04)) if len(local) else 0
    first = known(true, labels, 0.0)
    out["lock"] = locked_at(true, claims, max(0.0, first[0] - 1e-3)) if len(first) else np.inf
    for change in labels["changes"]:
        out["change"] = locked_at(true, claims, change)
    return out


def _local(true: np.ndarray, time: float) -> float:
    """True tempo around a time."""
    k = int(np.clip(np.searchsorted(true, time), 2, len(true) - 2))
    return 60.0 / float(np.median(np.diff(true[max(0, k - 3) : k + 3])))


def evaluate(
    split: str, seen: dict[str, np.ndarray], told: bool = True
) -> dict[str, dict[str, float]]:
    """Scores by piece, of what the network saw by piece."""
    out = {}
    for name, rows in seen.items():
        labels = dataset.load_labels(MUSIC / split / name)
        out[name] = score(labels, list(clock_of(rows)))
        if told:
            figures = "  ".join(f"{k} {v:.3g}" for k, v in out[name].items())
            print(f"{name} {labels['style']:24.24} {labels['tempo']:5.1f}  {figures}")
    return out


def means(scores: dict[str, dict[str, float]]) -> dict[str, float]:
    """The mean of each figure over the pieces that have it, medians of the times."""
    out = {}
    for key in sorted({k for s in scores.values() for k in s}):
        values = [s[key] for s in scores.values() if key in s]
        middle = np.median if key in ("lock", "change", "bias_ms", "error_ms") else np.mean
        out[key] = round(float(middle(values)), 3)
    return out


def main(split: str, names: list[str], pieces: int) -> None:
    """Print the scores of a split with the averaged weights of some states, asked together."""
    torch.set_num_threads(1)
    write_bands(split)
    models = [load_average(name) for name in names]
    paths = sorted(Path(OUT / split).glob("*.npy"))[:pieces]
    seen = {p.stem: seen_of(models, np.load(p)) for p in paths}
    print(means(evaluate(split, seen)))
