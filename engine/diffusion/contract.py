"""What the stage may ask of a generator: hand in parameters, take the newest picture.

FrameParams flow in through `submit`, Frames out through `latest`; both return at once, whatever
the model does, so they may be called from the drawing thread at display rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.records import Frame, FrameParams


@dataclass(frozen=True, slots=True)
class GeneratorHealth:
    """How the generator is.

    `state` is "loading", "running", "restarting" or "failed"; `fault` the last trouble in one
    line, "" for none. `generated` counts pictures since the show began, restarts included;
    `broken` those whose model output was not a number and were replaced by the last good one.
    `p50_ms` and `p99_ms` are over the last `len(recent_ms)` pictures (at most 256). `runtime`
    names what draws now: "torch", "openvino", "onnx", "" before the model is loaded or without
    one; `note` the last line for the operator about it.
    """

    pid: int
    state: str
    restarts: int = 0
    generated: int = 0
    broken: int = 0
    recent_ms: tuple[float, ...] = ()
    fault: str = ""
    runtime: str = ""
    note: str = ""

    @property
    def p50_ms(self) -> float:
        return percentile(self.recent_ms, 0.50)

    @property
    def p99_ms(self) -> float:
        return percentile(self.recent_ms, 0.99)


def percentile(values: tuple[float, ...] | list[float], share: float) -> float:
    """The value below which `share` 0..1 of the values lie (nearest rank); 0 for none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Generator(Protocol):
    """Anything that turns FrameParams into Frames beside the drawing thread."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of its pictures, pixels."""
        ...

    def submit(self, params: FrameParams, picture: np.ndarray | None = None) -> None:
        """Hand in the newest parameters; older ones not yet begun are forgotten. Never waits.

        `picture` uint8 (h, w, 3), of the generator's size, is what `params.source_layer` shows
        now; it is copied. None leaves the one handed in last.
        """
        ...

    def latest(self) -> Frame | None:
        """The newest finished picture, None before the first. Never waits.

        The picture is the caller's own: it is not written to again. The same Frame object is
        returned until a newer one is finished.
        """
        ...

    def health(self) -> GeneratorHealth:
        """State, counters and durations; cheap enough for once a second."""
        ...

    def close(self) -> None:
        """End it; nothing is left behind. May be called twice."""
        ...
