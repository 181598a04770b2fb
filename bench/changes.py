"""What a change costs: how long pictures take while prompts, blends, seeds, strengths, steps move.

A real generator process draws, asked for the next picture as soon as one is there. Stretches in
which nothing changes and stretches with a change at every third picture take turns, so that a busy
machine is unfair to neither. A picture of three steps rightly takes longer than one of one: each
duration is told as a share of the median of undisturbed pictures of as many steps. The table goes
to standard error; the caller prints the JSON.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from typing import Any

from engine.clock import monotonic, sleep
from engine.diffusion import ProcessGenerator
from engine.diffusion.contract import percentile
from engine.errors import ModelError
from engine.records import Frame, FrameParams, Pose, Prompt

STRETCH, EVERY = 30, 3
"""Pictures in a stretch, and one change to so many pictures."""
STEPS = (1, 2, 3)
SETTLE = 20
WITHIN = 600.0
COLOURS = ("red", "teal", "violet", "amber", "black", "silver", "rose", "green")
THINGS = ("waves", "spiral", "smoke", "lattice", "flowers", "plasma", "marble", "stars")

Change = Callable[[FrameParams, int], FrameParams]


def _prompt(params: FrameParams, n: int) -> FrameParams:
    """Words that were never encoded before."""
    colour, thing = COLOURS[n % 8], THINGS[n // 8 % 8]
    return replace(params, prompts=(Prompt(f"{colour} {thing} number {n}", 1.0),))


def _blend(params: FrameParams, n: int) -> FrameParams:
    """Two prompts that are known by now, with other weights."""
    share = n % 10 / 10
    return replace(params, prompts=(Prompt("red waves", share), Prompt("teal smoke", 1 - share)))


CHANGES: dict[str, Change] = {
    "prompt": _prompt,
    "blend": _blend,
    "seed": lambda params, n: replace(params, seed=n * 0.7),
    "strength": lambda params, n: replace(params, strength=0.35 + n % 7 * 0.05),
    "steps": lambda params, n: replace(params, steps=STEPS[n % len(STEPS)]),
}


class Pictures:
    """Draws one picture after the other and keeps (kind of change, steps, seconds) of each."""

    def __init__(self, generator: ProcessGenerator) -> None:
        self._generator = generator
        self.params = _blend(FrameParams(0, 0.0, 0.05, noise_drift=0.05), 5)
        self.steady: list[tuple[int, float]] = []
        self.changed: dict[str, list[tuple[int, float]]] = {kind: [] for kind in CHANGES}

    def next(self, n: int) -> Frame:
        """The picture of the params as they stand; ModelError when none comes."""
        self.params = replace(self.params, index=n, time=n / 20, pose=Pose(0.01 * n, 0.2 * n))
        self._generator.submit(self.params)
        end = monotonic() + WITHIN
        while monotonic() < end:
            frame = self._generator.latest()
            if frame is not None and frame.params.index == n:
                return frame
            if self._generator.health().state == "failed":
                break
            sleep(0.001)
        raise ModelError(f"no picture: {self._generator.health().fault}")


def run(
    model: str = "small", size: tuple[int, int] = (256, 256), changes: int = 200,
    runtime: str = "auto", threads: int | None = None,
) -> dict[str, Any]:
    """Make `changes` changes; `size` (width, height). Raises ModelError.

    `ratio` is the 99th percentile of the pictures drawn while things change over that of those
    drawn while nothing does; by kind of change it is over the pictures from one change to the next.
    """
    generator = ProcessGenerator(model, size, runtime=runtime, threads=threads)
    try:
        drawn = Pictures(generator)
        _settle(drawn, generator)
        _draw_all(drawn, changes)
        figures = _figures(drawn, generator.health().runtime, generator.health().restarts)
    finally:
        generator.close()
    figures |= {"model": model, "width": size[0], "height": size[1]}
    _print_table(figures)
    return figures


def _settle(drawn: Pictures, generator: ProcessGenerator) -> None:
    """Until the runtime that is wanted draws, and every number of steps was drawn."""
    n, end = -1_000_000, monotonic() + WITHIN
    while "in the background" in generator.health().note and monotonic() < end:
        drawn.next(n := n + 1)
    for steps in STEPS:
        drawn.params = replace(drawn.params, steps=steps)
        for _ in range(SETTLE):
            drawn.next(n := n + 1)


def _draw_all(drawn: Pictures, changes: int) -> None:
    kinds, n, made = cycle(CHANGES), 0, 0
    while made < changes:
        for steps in STEPS:
            drawn.params = replace(drawn.params, steps=steps)
            drawn.next(n := n + 1)
            for _ in range(STRETCH // len(STEPS)):
                drawn.steady.append((steps, drawn.next(n := n + 1).seconds))
        for _ in range(STRETCH // EVERY):
            kind, made = next(kinds), made + 1
            drawn.params = CHANGES[kind](drawn.params, made)
            for _ in range(EVERY):
                frame = drawn.next(n := n + 1)
                drawn.changed[kind].append((frame.params.steps, frame.seconds))


def _figures(drawn: Pictures, runtime: str, restarts: int) -> dict[str, Any]:
    usual = {steps: percentile([s for n, s in drawn.steady if n == steps], 0.5) for steps in STEPS}

    def shares(pictures: list[tuple[int, float]]) -> list[float]:
        return [seconds / usual[steps] for steps, seconds in pictures]

    steady = shares(drawn.steady)
    rows = {kind: shares(pictures) for kind, pictures in drawn.changed.items()}
    together = [share for row in rows.values() for share in row]
    return {
        "what": "changes", "runtime": runtime, "restarts": restarts,
        "changes": len(together) // EVERY, "pictures": len(together), "undisturbed": len(steady),
        "usual_ms": {steps: round(seconds * 1e3, 2) for steps, seconds in usual.items()},
        "steady": _row(steady), "changing": _row(together),
        "kinds": {kind: _row(row) for kind, row in rows.items()},
        "ratio": round(percentile(together, 0.99) / percentile(steady, 0.99), 3),
        "ratio_p50": round(percentile(together, 0.5) / percentile(steady, 0.5), 3),
    }


def _row(values: list[float]) -> dict[str, float]:
    found = {"p50": percentile(values, 0.5), "p99": percentile(values, 0.99), "max": max(values)}
    return {name: round(value, 3) for name, value in found.items()}


def _print_table(figures: dict[str, Any]) -> None:
    write = sys.stderr.write
    write(f"{figures['model']} at {figures['width']}x{figures['height']}, {figures['runtime']}: "
          f"{figures['changes']} changes; a usual picture of 1, 2, 3 steps takes "
          + ", ".join(f"{ms:.1f}" for ms in figures["usual_ms"].values()) + " ms\n")
    write(f"{'of the usual time':20}{'p50':>8}{'p99':>8}{'max':>8}\n")
    rows = {"nothing changes": figures["steady"], "changes": figures["changing"],
            **{f"  {kind}": row for kind, row in figures["kinds"].items()}}
    for name, row in rows.items():
        write(f"{name:20}" + "".join(f"{row[key]:8.2f}" for key in ("p50", "p99", "max")) + "\n")
    write(f"99th percentile, changes over none: {figures['ratio']}\n")
