"""Motion blur: several moments of one picture averaged as light, as an open shutter does.

Flows in: composed pictures of moments within one picture's time; flows out: their mean, uint8
(height, width, 3) RGB, top row first. Light adds up, so the mean is taken of pixel values to the
power 2.2 and not of the values: a bright spark leaves a bright trace. For films; GL thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.render.buffers import Size, quad, release

if TYPE_CHECKING:
    import moderngl

MOST = 64
"""Moments of one picture."""
_VERTEX = (
    "#version 330 core\nin vec2 position; out vec2 at;"
    "void main() { gl_Position = vec4(position, 0.0, 1.0); at = 0.5 * position + 0.5; }"
)
_ADD = (
    "#version 330 core\nuniform sampler2D image; uniform float light; in vec2 at;"
    "out vec4 colour; void main() {"
    " colour = vec4(pow(texture(image, at).rgb * light, vec3(2.2)), 1.0); }"
)
_MEAN = (
    "#version 330 core\nuniform sampler2D image; uniform float share; in vec2 at;"
    "out vec4 colour; void main() {"
    " colour = vec4(pow(texture(image, at).rgb * share, vec3(1.0 / 2.2)), 1.0); }"
)


class MotionBlur:
    """`add` each moment but the last, then `read` the mean with it, which begins anew."""

    def __init__(self, ctx: moderngl.Context, size: Size) -> None:
        self._ctx, self._size = ctx, tuple(size)
        self._programs = [ctx.program(_VERTEX, text) for text in (_ADD, _MEAN)]
        self._quads = [quad(ctx, program) for program in self._programs]
        self._sum = ctx.framebuffer([ctx.texture(self._size, 4, dtype="f4")])
        self._mean = ctx.framebuffer([ctx.texture(self._size, 4)])
        self._sum.clear()
        self._count = 0

    @property
    def count(self) -> int:
        """Moments added so far."""
        return self._count

    def add(self, picture: moderngl.Texture, light: float) -> None:
        """One moment, with so much of its light (0..1)."""
        ctx = self._ctx
        self._programs[0]["light"].value = light
        picture.use(0)
        self._sum.use()
        ctx.enable(ctx.BLEND)
        ctx.blend_func = ctx.ONE, ctx.ONE
        self._quads[0].render(mode=ctx.TRIANGLE_STRIP)
        ctx.disable(ctx.BLEND)
        self._count += 1

    def forget(self) -> None:
        """Begin anew."""
        self._sum.clear()
        self._count = 0

    def read(self, picture: moderngl.Texture, light: float) -> np.ndarray:
        """The mean of the moments added and of the last one. Waits."""
        self.add(picture, light)
        self._programs[1]["share"].value = 1.0 / self._count
        self._sum.color_attachments[0].use(0)
        self._mean.use()
        self._quads[1].render(mode=self._ctx.TRIANGLE_STRIP)
        self.forget()
        raw = self._mean.read(components=3, alignment=1)
        width, height = self._size
        return np.frombuffer(raw, np.uint8).reshape(height, width, 3)[::-1].copy()

    def close(self) -> None:
        """Free everything on the GPU."""
        for thing in (*self._quads, *self._programs):
            thing.release()
        release([self._sum, self._mean])
