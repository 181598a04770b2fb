"""Teaches the ear: batches of lanes that play on, truncated back-propagation, a log line a minute.

Resumable: weights, optimiser, averaged weights and step lie in training/out/ear/state.pt, and the
pieces that have come since are read on the way. The averaged weights are what is exported. The
rate follows the share of the planned minutes that is over, up a little and then down.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import torch

from engine import clock
from training.ear.model import HIDDEN, Ear, loss_of, total, widened
from training.ear.rows import OUT, Lane, read, write_bands

LANES, HOPS = 32, 940
RATE, LEAST_RATE = 3e-3, 1e-4
WARM_STEPS = 50
AVERAGE, DECAY = 0.995, 1e-3
EVERY = 100
"""Steps after which it is saved, validated and new pieces are looked for."""


def train(
    minutes: float, name: str = "state", rate: float = RATE, seed: int = 4,
    start: str = "", hidden: int = HIDDEN, lanes: int = LANES,
) -> None:
    """Teach for so many minutes of this machine's time, from where it was left.

    `rate` is where the steps begin; taken up again, better lower than at first. A new name begins
    with `hidden` units; where `start` names another state, it begins as that one, widened. Fewer
    `lanes` give more steps in the same time.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model, optimiser, average, step = _load(OUT / f"{name}.pt", hidden)
    rng = np.random.default_rng((seed, step))
    heard = [Lane(np.random.default_rng((seed, step, k)), HOPS) for k in range(lanes)]
    pieces = _pieces("train", known := {})
    if step == 0:
        if start:
            model.load_state_dict(widened(load_average(start), hidden).state_dict())
        else:
            _standardise(model, pieces, rng)
        average.load_state_dict(model.state_dict())
    valid = _pieces("valid", {})
    began, state, sums = clock.monotonic(), None, {}
    while (share := (clock.monotonic() - began) / (60 * minutes)) < 1.0:
        for group in optimiser.param_groups:
            group["lr"] = _rate(rate, share, step)
        rows, targets, forgets = map(np.array, zip(*(x.next(pieces) for x in heard), strict=True))
        if state is not None:
            state = state.detach() * torch.from_numpy(~forgets).float()[None, :, None]
        out, state = model(torch.from_numpy(rows), state)
        losses = loss_of(out, torch.from_numpy(targets))
        optimiser.zero_grad()
        total(losses).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        _follow(average, model, min(AVERAGE, step / (step + 20)))
        for key, value in losses.items():
            sums[key] = sums.get(key, 0.0) + float(value.detach()) / EVERY
        if step % EVERY == 0:
            _tell(name, step, share, len(pieces), sums, validate(average, valid))
            _save(OUT / f"{name}.pt", model, optimiser, average, step)
            sums, pieces = {}, _pieces("train", known)
    _save(OUT / f"{name}.pt", model, optimiser, average, step)


def validate(model: Ear, pieces: list) -> dict[str, float]:
    """Losses on 40 s of every piece as it is."""
    lanes = [Lane(np.random.default_rng((9, k)), 4 * HOPS, plain=True) for k in range(len(pieces))]
    heard = [lane.next([piece]) for lane, piece in zip(lanes, pieces, strict=True)]
    rows, targets, _ = map(np.array, zip(*heard, strict=True))
    with torch.no_grad():
        out, _ = model.eval()(torch.from_numpy(rows))
        return {k: float(v) for k, v in loss_of(out, torch.from_numpy(targets)).items()}


def load_average(name: str = "state") -> Ear:
    """The averaged weights as last saved."""
    return _load(OUT / f"{name}.pt")[2].eval()


def _pieces(split: str, known: dict) -> list:
    write_bands(split)
    return list(read(split, known).values())


def _rate(rate: float, share: float, step: int) -> float:
    """Up over the first steps, then a half cosine down."""
    fall = LEAST_RATE + (rate - LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * share))
    return fall * min(1.0, (step + 1) / WARM_STEPS)


def _standardise(model: Ear, pieces: list, rng: np.random.Generator) -> None:
    """Means and deviations of rows of some pieces, set once."""
    rows = np.concatenate([Lane(rng, 400).next(pieces)[0] for _ in range(60)])
    model.mean.copy_(torch.from_numpy(rows.mean(axis=0)))
    model.deviation.copy_(torch.from_numpy(rows.std(axis=0) + 0.05))


@torch.no_grad()
def _follow(average: Ear, model: Ear, keep: float) -> None:
    for a, b in zip(average.parameters(), model.parameters(), strict=True):
        a.lerp_(b, 1.0 - keep)


def _tell(name: str, step: int, share: float, pieces: int, sums: dict, valid: dict) -> None:
    line = {"step": step, "share": round(share, 3), "pieces": pieces}
    line |= {k: round(v, 4) for k, v in sums.items()}
    line |= {f"valid_{k}": round(v, 4) for k, v in valid.items()}
    with (OUT / f"{name}.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def _save(path: Path, model: Ear, optimiser, average: Ear, step: int) -> None:
    state = {"model": model.state_dict(), "average": average.state_dict(), "step": step}
    part = path.with_suffix(".part")
    torch.save(state | {"optimiser": optimiser.state_dict()}, part)
    part.rename(path)


def _load(path: Path, hidden: int = HIDDEN) -> tuple[Ear, torch.optim.Optimizer, Ear, int]:
    """What was saved, as wide as it was; else a new one."""
    state = torch.load(path, weights_only=True) if path.exists() else None
    if state is not None:
        hidden = state["model"]["out.weight"].shape[1]
    model, average = Ear(hidden), Ear(hidden)
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=DECAY)
    if state is None:
        return model, optimiser, average, 0
    model.load_state_dict(state["model"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    return model, optimiser, average, state["step"]
