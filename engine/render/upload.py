"""Pictures on their way to the GPU: through buffers that take turns, so that nobody waits.

Flows in: uint8 pictures; flows out: textures that hold them from the next draw on. The picture is
copied into one of two pixel buffers, and the driver moves it into the texture while Python goes
on; the other buffer is the next picture's, so a copy never waits for the one before. `write` is
the one place where pictures get onto the GPU: a path of its own for a kind of GPU belongs here.
Runs on the GL thread; buffers are made when a size is first seen.

Where OpenGL runs in software there is nothing to hide: the buffers would be a second copy, and
the texture is written straight away. CUDA's interop is not used: the generator is a process of
its own, so its picture would have to come by CUDA IPC and cudaGraphicsGLRegisterImage, to save
one copy of under a megabyte per generated picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import moderngl

TURNS = 2
_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software", "noop")


class Uploader:
    """Two pixel buffers for each size of picture; `buffered` says whether they are used."""

    def __init__(self, ctx: moderngl.Context, buffered: bool | None = None) -> None:
        """`buffered` None decides by the renderer."""
        self._ctx = ctx
        renderer = str(ctx.info["GL_RENDERER"]).lower()
        self.buffered = not any(n in renderer for n in _SOFTWARE) if buffered is None else buffered
        self._buffers: dict[int, list[moderngl.Buffer]] = {}

    def write(self, texture: moderngl.Texture, picture: np.ndarray) -> None:
        """The whole of a texture: uint8 (height, width, components), rows in the texture's order.

        Rows follow each other without a gap, as the texture's `alignment` must say (1). The
        picture may be changed as soon as this returns.
        """
        picture = np.ascontiguousarray(picture)
        if not self.buffered:
            texture.write(picture, alignment=1)
            return
        buffer = self._next(picture.nbytes)
        buffer.orphan()  # What the driver still reads stays where it is; this is fresh memory.
        buffer.write(picture)
        texture.write(buffer, alignment=1)

    def release(self) -> None:
        """Free everything on the GPU."""
        for turns in self._buffers.values():
            for buffer in turns:
                buffer.release()
        self._buffers.clear()

    def _next(self, length: int) -> moderngl.Buffer:
        turns = self._buffers.get(length)
        if turns is None:
            turns = [self._ctx.buffer(reserve=length, dynamic=True) for _ in range(TURNS)]
            self._buffers[length] = turns
        turns.reverse()
        return turns[0]
