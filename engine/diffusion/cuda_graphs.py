"""CUDA graphs: the model's three parts recorded once for each shape and replayed after that.

Tensors flow in and out as through any Runtime, on the one thread that runs the stream. A graph
reads fixed places, so inputs are copied into them first (a timestep fills a 0-d tensor), and
what it leaves is copied out: a picture handed out is never written to again. A new shape is drawn
plainly twice, which warms libraries up, and recorded at the third picture; steps, strengths and
prompts are no shapes. A recording or replay that fails costs that picture nothing but its speed:
it is drawn plainly and recorded again later; out of memory goes up to the ladder. Only
`CudaCapture` touches CUDA; tests replay on the processor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from engine.diffusion.runtimes import Runtime
from engine.diffusion.shortage import is_out_of_memory

PLAIN_FIRST = 2
"""Pictures of a new shape that are drawn plainly before it is recorded."""
FAILURES = 3
"""Failures of a shape after which it stays plain."""

Work = Callable[..., torch.Tensor]


class Capture(Protocol):
    """Records work on tensors that stay where they are."""

    def record(self, work: Callable[[], torch.Tensor]) -> tuple[torch.Tensor, Callable[[], None]]:
        """The place of the result, and a call that computes it anew into that place."""
        ...


class CudaCapture:
    """Recording on a CUDA device; all graphs of one share a pool of memory.

    The shared pool is sound because results are copied out before the next replay.
    """

    def __init__(self, device: torch.device) -> None:
        self._side = torch.cuda.Stream(device)
        self._pool: Any = None

    def record(self, work: Callable[[], torch.Tensor]) -> tuple[torch.Tensor, Callable[[], None]]:
        """Warm up on a side stream, as the libraries' first calls may not be recorded."""
        main = torch.cuda.current_stream(self._side.device)
        self._side.wait_stream(main)
        with torch.cuda.stream(self._side):
            work()
        main.wait_stream(self._side)
        graph = torch.cuda.CUDAGraph()
        # "thread_local": the thread that encodes prompts may allocate meanwhile
        with torch.cuda.graph(graph, pool=self._pool, stream=self._side,
                              capture_error_mode="thread_local"):
            result = work()
        self._pool = graph.pool()
        return result, graph.replay


@dataclass(slots=True)
class Recording:
    """One part at one shape: how often it was drawn plainly, and the graph once it is there."""

    plain: int = 0
    failures: int = 0
    inputs: tuple[torch.Tensor, ...] = ()
    result: torch.Tensor | None = None
    replay: Callable[[], None] | None = None

    def forget(self) -> None:
        """Let go of the graph and its places."""
        self.inputs, self.result, self.replay = (), None, None


class CapturedRuntime:
    """A Runtime that replays another one's work; `failed` counts recordings and replays lost."""

    def __init__(self, inner: Runtime, capture: Capture, name: str = "graphs") -> None:
        self.name = name
        self.failed = 0
        self._inner, self._capture = inner, capture
        self._kept: dict[tuple[Any, ...], Recording] = {}

    def encode(self, picture: torch.Tensor) -> torch.Tensor:
        return self._run("encode", self._inner.encode, picture)

    def unet(self, x: torch.Tensor, t: Any, states: torch.Tensor) -> torch.Tensor:
        return self._run("unet", self._inner.unet, x, t, states)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return self._run("decode", self._inner.decode, latents)

    def forget(self) -> None:
        """Let all graphs go and record anew: after weights have moved to another place."""
        self._kept.clear()

    def _run(self, part: str, work: Work, *inputs: Any) -> torch.Tensor:
        kept = self._kept.setdefault((part, *map(_shape, inputs)), Recording())
        if kept.failures >= FAILURES or kept.plain < PLAIN_FIRST:
            kept.plain += 1
            return work(*inputs)
        try:
            return self._replay(kept, work, inputs)
        except Exception as error:  # CUDA and the libraries raise several kinds
            kept.forget()
            if is_out_of_memory(error):
                raise
            kept.failures, kept.plain, self.failed = kept.failures + 1, 0, self.failed + 1
        return work(*inputs)

    def _replay(self, kept: Recording, work: Work, inputs: tuple[Any, ...]) -> torch.Tensor:
        if kept.replay is None:
            device = next(each.device for each in inputs if torch.is_tensor(each))
            kept.inputs = tuple(_place(each, device) for each in inputs)
            kept.result, kept.replay = self._capture.record(lambda: work(*kept.inputs))
        for place, value in zip(kept.inputs, inputs, strict=True):
            place.copy_(value) if torch.is_tensor(value) else place.fill_(value)
        kept.replay()
        return kept.result.clone()


def _shape(value: Any) -> Any:
    """What a graph is bound to; a number's value is not part of it."""
    return (value.shape, value.dtype, value.stride()) if torch.is_tensor(value) else "number"


def _place(value: Any, device: torch.device) -> torch.Tensor:
    if torch.is_tensor(value):
        return value.to(device, copy=True)
    return torch.full((), float(value), dtype=torch.float32, device=device)
