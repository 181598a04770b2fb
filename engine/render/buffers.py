"""Textures to draw into, and drawing one over another: what every part of the stage shares.

Runs on the GL thread. Buffers are made when a size is first seen or changes, never per frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.isf import ShaderPass
from engine.render.software import PatientQuad, patient

if TYPE_CHECKING:
    import moderngl

Size = tuple[int, int]
_CORNERS = np.array([-1, -1, 1, -1, -1, 1, 1, 1], "f4").tobytes()

LIT = (
    "#version 330 core\nin vec2 position; out vec2 at;"
    "void main() { gl_Position = vec4(position, 0.0, 1.0); at = 0.5 * position + 0.5; }",
    "#version 330 core\nuniform sampler2D image; uniform float light; in vec2 at; out vec4 colour;"
    "void main() { colour = vec4(texture(image, at).rgb * light, 1.0); }",
)
"""Vertex and fragment shader of a picture with so much of its `light` (0..1), for a `quad`."""


def quad(ctx: moderngl.Context, program: moderngl.Program) -> moderngl.VertexArray | PatientQuad:
    """A rectangle over the whole target, drawn as a strip of four corners."""
    return patient(ctx.vertex_array(program, [(ctx.buffer(_CORNERS), "2f", "position")]))


class PassBuffer:
    """The texture behind a pass's TARGET; those that are read while they are drawn have two that
    take turns: persistent ones, and those that several passes draw."""

    def __init__(self, ctx: moderngl.Context, one: ShaderPass, shared: bool = False) -> None:
        self._ctx, self._pass = ctx, one
        self.turns = one.persistent or shared
        self.size: Size = (0, 0)
        self._sides: list[moderngl.Framebuffer] = []

    @property
    def texture(self) -> moderngl.Texture:
        """What was drawn last."""
        return self._sides[0].color_attachments[0]

    @property
    def target(self) -> moderngl.Framebuffer:
        """Where to draw now; `swap` afterwards."""
        return self._sides[-1]

    def swap(self) -> None:
        self._sides.reverse()

    def fit(self, size: Size, copier: Copier) -> None:
        """Make the textures of this size; a persistent picture is stretched over, not lost."""
        if size == self.size:
            return
        old, self.size = self._sides, size
        kind = "f4" if self._pass.floating else "f1"
        self._sides = []
        for _ in range(2 if self.turns else 1):
            texture = self._ctx.texture(size, 4, dtype=kind)
            texture.repeat_x = texture.repeat_y = False
            self._sides.append(self._ctx.framebuffer([texture]))
            self._sides[-1].clear()
        if old and self._pass.persistent:
            copier.draw(old[0].color_attachments[0], self._sides[0])
        release(old)

    def clear(self) -> None:
        for side in self._sides:
            side.clear()

    def release(self) -> None:
        release(self._sides)
        self._sides, self.size = [], (0, 0)


def release(sides: list[moderngl.Framebuffer]) -> None:
    """Free framebuffers and the textures they draw into."""
    for side in sides:
        textures = side.color_attachments
        side.release()
        for texture in textures:
            texture.release()


_COPY = (
    "#version 330 core\nin vec2 position; out vec2 at;"
    "void main() { gl_Position = vec4(position, 0.0, 1.0); at = 0.5 * position + 0.5; }",
    "#version 330 core\nuniform sampler2D image; in vec2 at; out vec4 colour;"
    "void main() { colour = texture(image, at); }",
)


class Copier:
    """Draws a texture over a whole target, stretched to its size."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._program = ctx.program(*_COPY)
        self._quad = quad(ctx, self._program)

    def draw(self, source: moderngl.Texture, target: moderngl.Framebuffer) -> None:
        target.use()
        source.use(0)
        self._quad.render(mode=self._ctx.TRIANGLE_STRIP)

    def release(self) -> None:
        self._quad.release()
        self._program.release()
