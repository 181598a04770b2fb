"""The rungs a generator stands on: where drawing fails it steps down one, and the show goes on.

FrameParams flow in, pictures of one size flow out, on the thread that owns the model. A runtime
that fails gives way to the one before it, torch at last. Out of memory costs, in this order: the
faster runtime, then guidance and all steps but one, then a quarter of each side of the picture,
which is drawn smaller and scaled up; the next picture goes on from the last one. Each step is one
line for the operator and stays for this show: `lowered` goes with the board to the next life of the
process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
import torch.nn.functional as F

from engine.diffusion.model import Model
from engine.diffusion.runtimes import ACCELERATED, TITLES, Runtime
from engine.diffusion.shortage import is_out_of_memory, release
from engine.diffusion.stream import Img2ImgStream
from engine.errors import ModelError

if TYPE_CHECKING:
    from engine.records import FrameParams

SMALLER = 0.75
"""Share of each side that is left when the picture is drawn smaller."""
LEAST_CELLS = 8
"""Latent cells along a side under which no picture is drawn."""
FULL, ONE_ROW = 0, 1
"""Values of `lowered`; above ONE_ROW each one is a picture smaller by SMALLER."""


class Source(Protocol):
    """What acceleration.Acceleration gives: a model to begin with, and faster runtimes later."""

    model: Model

    def take(self) -> Runtime | None: ...

    def refused(self, runtime: str) -> None: ...


class Ladder:
    """Draws with one model at one size (width, height), as well as this machine can.

    `tell` gets one line for the operator at each step. `lowered` is where to begin: 0, or what an
    earlier life ended with. Raises ModelError where the size is no size of the model.
    """

    def __init__(
        self, acceleration: Source, size: tuple[int, int], seed: int,
        tell: Callable[[str], None], lowered: int = FULL,
    ) -> None:
        self._acceleration, self._tell = acceleration, tell
        self._size, self._seed = size, seed
        self._model = acceleration.model
        self._rungs: list[Runtime] = [self._model.runtime]
        self._knows_all_sizes = self._model.unet is not None  # graphs of a plan know only one
        self._last: tuple[np.ndarray, FrameParams] | None = None
        self._broken = 0
        self.lowered = min(lowered, self._lowest())
        self._stream = self._begin()

    @property
    def runtime(self) -> str:
        """The name of the runtime that draws."""
        return self._stream.runtime

    @property
    def noise_phase(self) -> float:
        return self._stream.noise_phase

    @property
    def broken(self) -> int:
        """Pictures that were not numbers and were replaced by the last good one."""
        return self._broken + self._stream.broken

    @property
    def made(self) -> FrameParams:
        """The params of the picture that was drawn last: of an earlier one, if overlapped."""
        return self._stream.made

    @property
    def drawn_size(self) -> tuple[int, int]:
        """(width, height) that the model draws at; `draw` gives pictures of the full size."""
        return self._stream.size

    def resume(self, picture: np.ndarray, params: FrameParams, noise_phase: float) -> None:
        """Go on from a picture uint8 (h, w, 3) of the full size."""
        self._last = (picture, params)
        self._stream.resume(scaled(picture, self._stream.size), params, noise_phase)

    def look_at(self, picture: np.ndarray) -> None:
        """What the source shows, uint8 (h, w, 3) of the full size."""
        self._stream.look_at(scaled(picture, self._stream.size))

    def draw(self, params: FrameParams) -> np.ndarray:
        """The next picture, uint8 (h, w, 3) of the full size.

        Raises what the model raises when there is no lower rung.
        """
        faster = self._acceleration.take()
        if faster is not None and self.lowered <= ONE_ROW:
            self._rungs.append(faster)
            self._stream.use(faster)
        if any(lora.weight for lora in params.loras):
            self._leave_graphs()
        while True:
            try:
                picture = self._stream.step(self._afforded(params))
            except Exception as error:  # the libraries raise whatever they like
                step_down = self._step_for(error)
                if step_down is None:
                    raise
            else:
                break
            release()  # out of the handler: the error no longer holds on to the picture's tensors
            step_down()
        picture = scaled(picture, self._size)
        self._last = (picture, self.made)
        return picture

    def close(self) -> None:
        self._stream.close()

    def _afforded(self, params: FrameParams) -> FrameParams:
        if self.lowered < ONE_ROW or (params.guidance <= 1.0 and params.steps == 1):
            return params
        return replace(params, guidance=min(1.0, params.guidance), steps=1)

    def _step_for(self, error: Exception) -> Callable[[], None] | None:
        """What takes the ladder one rung down; None where there is none that could help."""
        short = is_out_of_memory(error)
        if len(self._rungs) > 1:
            why = "is out of memory" if short else f"failed ({one_line(error)})"
            return lambda: self._leave_runtime(why)
        if not short or self.lowered >= self._lowest():
            return None
        return self._one_row if self.lowered < ONE_ROW else self._redraw_smaller

    def _one_row(self) -> None:
        self.lowered = ONE_ROW
        self._tell("out of memory: one step and no guidance from now on")

    def _leave_runtime(self, why: str) -> None:
        name = self._rungs.pop().name
        self._acceleration.refused(name)
        self._stream.use(self._rungs[-1])
        self._tell(f"{TITLES[name]} {why}: {TITLES[self._stream.runtime]} draws from now on")

    def _leave_graphs(self) -> None:
        """Converted graphs hold the model as it was: LoRAs are for torch's modules."""
        while self._stream.runtime in (*ACCELERATED, "tensorrt"):
            if len(self._rungs) == 1:
                raise RuntimeError("LoRAs are drawn by torch alone")  # the next life is torch's
            self._leave_runtime("draws no LoRAs")

    def _redraw_smaller(self) -> None:
        self.lowered += 1
        phase = self._stream.noise_phase
        self._broken += self._stream.broken
        self._stream.close()
        self._stream = self._begin()
        if self._last is not None:
            self.resume(*self._last, phase)
        width, height = self._stream.size
        self._tell(f"out of memory: drawn at {width}x{height} from now on and scaled up")

    def _begin(self) -> Img2ImgStream:
        return Img2ImgStream(self._model, self._sizes()[max(0, self.lowered - ONE_ROW)],
                             self._seed, background=True, tell=self._tell)

    def _lowest(self) -> int:
        return ONE_ROW + len(self._sizes()) - 1 if self._knows_all_sizes else ONE_ROW

    def _sizes(self) -> list[tuple[int, int]]:
        return smaller_sizes(self._size, self._model.vae_scale)


def smaller_sizes(size: tuple[int, int], cell: int) -> list[tuple[int, int]]:
    """`size` (width, height), and what it may be cut to, one after the other.

    Each has about the shape of the first, sides of whole cells, none under LEAST_CELLS of them.
    """
    found = [size]
    while True:
        share = SMALLER ** len(found)
        cut = tuple(round(side * share / cell) * cell for side in size)
        if min(cut) < LEAST_CELLS * cell or cut == found[-1]:
            return found
        found.append(cut)


def scaled(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture uint8 (h, w, 3) brought to (width, height); itself where it has that size."""
    if picture.shape[:2] == (size[1], size[0]):
        return picture
    tensor = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    made = F.interpolate(tensor, (size[1], size[0]), mode="bicubic", antialias=True)
    return made[0].round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def one_line(error: Exception) -> str:
    """A library's error as one line of bounded length."""
    if isinstance(error, ModelError):
        return str(error)[:160]
    return f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
