"""The one training loop: runs a task's steps inside a budget, logs means, saves, resumes.

A task holds networks, optimizers and averages in `parts` (each with state_dict and
load_state_dict) and does one step from a progress in 0..1 and a generator. The generator of step n
is made from the seed and n alone, so a run that was broken off goes on as if nothing had happened.
A checkpoint is written under a temporary name and renamed; it says whether the stage is done. Mean
losses are printed, and kept as a line of JSON each beside the checkpoint; a sheet of pictures is
drawn now and then by tasks that can.
"""

import json
import math
import os
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

SAVE_EVERY_S = 90.0
DRAW_EVERY_S = 600.0
LOG_EVERY = 100


class Task(Protocol):
    parts: dict[str, Any]

    def step(self, progress: float, generator: torch.Generator) -> dict[str, float]: ...


@dataclass(frozen=True)
class Budget:
    """Ends after `steps`, or after `minutes` of training where steps is 0."""

    minutes: float = 10.0
    steps: int = 0

    def progress(self, step: int, seconds: float) -> float:
        return step / self.steps if self.steps else seconds / (60 * self.minutes)


def train(
    task: Task, path: Path, budget: Budget, seed: int, draw: Callable[[int], object] | None = None
) -> bool:
    """Run until the budget is spent. False if the checkpoint says that it is.

    A larger budget takes a finished stage up again. `draw` is called with the step now and then,
    and at the end.
    """
    if is_done(path, budget):
        return False
    state = load(task, path)
    step, spent, start = state["step"], state["seconds"], time.monotonic()
    saved, drawn, values = start, start, defaultdict(list)
    while (progress := budget.progress(step, spent + time.monotonic() - start)) < 1:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        for name, value in task.step(progress, generator).items():
            values[name].append(value)
        step += 1
        if step % LOG_EVERY == 0:
            report(path, step, spent + time.monotonic() - start, values)
        if time.monotonic() - saved > SAVE_EVERY_S:
            save(task, path, step, spent + time.monotonic() - start, done=False)
            saved = time.monotonic()
        if draw and time.monotonic() - drawn > DRAW_EVERY_S:
            draw(step)
            drawn = time.monotonic()
    save(task, path, step, spent + time.monotonic() - start, done=True)
    if draw:
        draw(step)
    return True


def report(path: Path, step: int, seconds: float, values: dict[str, list[float]]) -> None:
    means = {name: round(mean(some), 4) for name, some in values.items()}
    told = "  ".join(f"{name} {value:.4f}" for name, value in means.items())
    print(f"{path.stem}  {seconds:.0f} s  step {step}  {told}", flush=True)
    with log_path(path).open("a", encoding="utf-8") as log:
        log.write(json.dumps({"step": step, "seconds": round(seconds), **means}) + "\n")
    values.clear()


def log_path(path: Path) -> Path:
    """Where the losses of a checkpoint's stage are kept."""
    return path.with_suffix(".jsonl")


def mean(values: list[float]) -> float:
    """Of those that are numbers: not every step measures everything."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def save(task: Task, path: Path, step: int, seconds: float, done: bool) -> None:
    parts = {name: part.state_dict() for name, part in task.parts.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".writing")
    torch.save({"parts": parts, "step": step, "seconds": seconds, "done": done}, temporary)
    os.replace(temporary, path)


def load(task: Task, path: Path) -> dict[str, Any]:
    """Put a checkpoint's parts back into the task; a fresh state where there is none."""
    if not path.exists():
        return {"step": 0, "seconds": 0.0, "done": False}
    state = torch.load(path, weights_only=True, map_location="cpu")
    for name, part in task.parts.items():
        part.load_state_dict(state["parts"][name])
    return state


def is_done(path: Path, budget: Budget) -> bool:
    if not path.exists():
        return False
    state = torch.load(path, weights_only=True, mmap=True)
    return state["done"] and budget.progress(state["step"], state["seconds"]) >= 1


def cosine(peak: float, progress: float, step_of_warmup: float = 1.0) -> float:
    """Learning rate: a linear warm-up, then half a cosine down to a fiftieth of the peak."""
    fall = 0.5 + 0.5 * math.cos(math.pi * min(1.0, progress))
    return peak * min(1.0, step_of_warmup) * (0.02 + 0.98 * fall)


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = lr


class Ema:
    """A slow average of a network's weights, the version that ships."""

    def __init__(self, network: nn.Module, decay: float):
        self.decay, self.updates = decay, 0
        self.weights = {k: v.detach().clone() for k, v in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        self.updates += 1
        decay = min(self.decay, self.updates / (self.updates + 10))
        now = network.state_dict()
        torch._foreach_lerp_([self.weights[name] for name in now], list(now.values()), 1 - decay)

    def state_dict(self) -> dict[str, Any]:
        return {"weights": self.weights, "updates": self.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.updates = state["updates"]
        for name, weight in state["weights"].items():
            self.weights[name].copy_(weight)
