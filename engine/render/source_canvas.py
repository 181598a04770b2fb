"""What the model is to redraw: a look's source layer, drawn at the model's size and read back.

Flows in: FrameParams with a source layer; flows out: pictures uint8 (height, width, 3), top row
first. Live a picture is asked for in one turn and taken in a later one, so that nobody waits for
the GPU; a film reads its own at once. It has canvases, shaders and files of its own, since it is
drawn at another pace than the show, but the show's cameras. GL thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import ShaderError
from engine.records import FrameParams, Layer
from engine.render.blend import Blender
from engine.render.buffers import Size
from engine.render.cameras import Cameras
from engine.render.canvases import Canvases
from engine.render.compiled import ShaderClock
from engine.render.faults import Faults
from engine.render.layers import Layers
from engine.render.stock import ShaderStock

if TYPE_CHECKING:
    import moderngl

PLACE = "source"
"""Where its shaders and videos are, beside the looks."""


class SourceCanvas:
    """One source at one `size` (width, height); `release` it when done."""

    def __init__(
        self, ctx: moderngl.Context, size: Size, folders: Sequence[Path], blender: Blender,
        cameras: Cameras, faults: Faults, patient: bool = False,
        date: tuple[float, float, float, float] = (0.0,) * 4,
    ) -> None:
        """`patient` waits for every file and is exact, for films."""
        self.size: Size = tuple(size)
        self._date = date
        self._canvases = Canvases(ctx, self.size)
        self._stock = ShaderStock(ctx, tuple(folders), faults)
        shared = (self._stock, self._canvases, blender, faults)
        self._layers = Layers(ctx, *shared, patient, cameras)
        self._buffer = ctx.buffer(reserve=3 * size[0] * size[1])
        self._raw = np.zeros((size[1], size[0], 3), np.uint8)
        self._picture = np.zeros_like(self._raw)
        self._asked = False

    @property
    def compiles(self) -> int:
        """Programs compiled while drawing, which `prepare` should keep at 0."""
        return self._stock.compiles

    def look_in(self, folders: Sequence[Path]) -> None:
        """The show's own shaders lie here from now on."""
        self._stock.folders = tuple(folders)

    def prepare(self, layer: Layer) -> None:
        """Compile, open and read what the layer needs; what is wrong is counted."""
        self._layers.prepare((layer,))

    def reload(self, name: str) -> ShaderError | None:
        """A shader's file has changed."""
        return self._stock.reload(name)

    def ask(self, params: FrameParams) -> bool:
        """Draw the source of `params` and ask for its picture; False when it shows nothing."""
        canvas = self._drawn(params)
        if canvas is not None:
            canvas.read_into(self._buffer, components=3, alignment=1)
        self._asked = canvas is not None
        return self._asked

    def take(self) -> np.ndarray | None:
        """The picture asked for in an earlier turn, once; written over by the next one."""
        if not self._asked:
            return None
        self._asked = False
        self._buffer.read_into(self._raw)
        return self._upright()

    def read(self, params: FrameParams) -> np.ndarray | None:
        """The source of `params` at once, None when it shows nothing. Waits."""
        canvas = self._drawn(params)
        if canvas is None:
            return None
        canvas.read_into(self._raw, components=3, alignment=1)
        return self._upright().copy()

    def release(self) -> None:
        """Free everything on the GPU, and end the threads that read files."""
        for thing in (self._layers, self._stock, self._canvases, self._buffer):
            thing.release()

    def _drawn(self, params: FrameParams) -> moderngl.Framebuffer | None:
        if params.source_layer is None:
            return None
        now = ShaderClock(
            params.time, params.dt, params.index, params.beat, params.bpm, self._date,
            params.sound)
        self._canvases.begin()
        canvas = self._layers.alone(params.source_layer, PLACE, now)
        self._stock.end()
        self._layers.end()
        return canvas

    def _upright(self) -> np.ndarray:
        """Rows from the top; OpenGL's begin below."""
        np.copyto(self._picture, self._raw[::-1])
        return self._picture
