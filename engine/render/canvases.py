"""Canvases: framebuffers of the picture's size, taken and given back while one picture is drawn.

Whoever draws takes one, and gives back what nobody reads any more. What is not given back is
free again at the next picture, so a drawing that fails loses nothing. GL thread; made when
first needed, which for a show is while it is prepared or at its first pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.render.buffers import Size, release

if TYPE_CHECKING:
    import moderngl


class Canvases:
    """All RGBA with 8 bits; a canvas taken holds whatever was drawn there before."""

    def __init__(self, ctx: moderngl.Context, size: Size) -> None:
        self._ctx, self.size = ctx, size
        self._all: list[moderngl.Framebuffer] = []
        self._free: list[moderngl.Framebuffer] = []

    def begin(self, *kept: moderngl.Framebuffer) -> None:
        """A new picture: everything is free but what is `kept`."""
        self._free = [canvas for canvas in self._all if canvas not in kept]

    def take(self) -> moderngl.Framebuffer:
        """A canvas to draw into."""
        if not self._free:
            texture = self._ctx.texture(self.size, 4)
            texture.repeat_x = texture.repeat_y = False
            self._free.append(self._ctx.framebuffer([texture]))
            self._all += self._free
        return self._free.pop()

    def give(self, canvas: moderngl.Framebuffer) -> None:
        """A canvas is no longer read; one that is free already, or kept, may be given too."""
        if canvas in self._all and canvas not in self._free:
            self._free.append(canvas)

    def resize(self, size: Size) -> list[moderngl.Framebuffer]:
        """Another size from now on; the old canvases are the caller's to release."""
        old, self._all, self._free, self.size = self._all, [], [], size
        return old

    def release(self) -> None:
        """Free everything on the GPU."""
        release(self._all)
        self._all, self._free = [], []
