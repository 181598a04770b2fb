"""Small pictures of what is shown, for pages: drawn and read back while somebody looks.

Flows in: the composed texture, once a turn on the GL thread; flows out: the newest small picture,
uint8 (height, width, 3), top row first, for any thread. A picture is asked for in one turn and
taken in a later one, so that nobody waits for the GPU; while nobody looks it costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.clock import monotonic
from engine.render.buffers import LIT, quad

if TYPE_CHECKING:
    import moderngl

HZ, WIDTH = 10.0, 480
LOOK_SECONDS = 2.0
"""How long one who asked is taken to be still looking."""


class PreviewFeed:
    """`step` on the GL thread; `newest` on any."""

    def __init__(self, ctx: moderngl.Context, shape: tuple[int, int]) -> None:
        """`shape` is the (width, height) of what is composed."""
        self.size = WIDTH, max(2, round(WIDTH * shape[1] / shape[0]))
        self._ctx = ctx
        self._program = ctx.program(*LIT)
        self._quad = quad(ctx, self._program)
        self._target = ctx.framebuffer([ctx.texture(self.size, 3)])
        self._buffer = ctx.buffer(reserve=3 * self.size[0] * self.size[1])
        self._wanted = self._due = -1.0
        self._asked = False
        self._picture: tuple[int, np.ndarray] | None = None
        self._count = 0

    def newest(self) -> tuple[int, np.ndarray] | None:
        """The newest picture and its number, None before the first. Asking keeps them coming."""
        self._wanted = monotonic() + LOOK_SECONDS
        return self._picture

    def step(self, picture: tuple[moderngl.Texture, float] | None) -> None:
        """Take what was asked for, and ask for the next when it is due."""
        now = monotonic()
        if now < self._due or now > self._wanted or picture is None:
            return
        self._due = now + 1.0 / HZ
        if self._asked:
            raw = np.frombuffer(self._buffer.read(), np.uint8)
            self._count += 1
            self._picture = self._count, raw.reshape(self.size[1], self.size[0], 3)[::-1]
        self._target.use()
        self._program["light"].value = picture[1]
        picture[0].use(0)
        self._quad.render(mode=self._ctx.TRIANGLE_STRIP)
        self._target.read_into(self._buffer, components=3, alignment=1)
        self._asked = True

    def release(self) -> None:
        """Free everything on the GPU."""
        textures = self._target.color_attachments
        for thing in (self._quad, self._program, self._target, *textures, self._buffer):
            thing.release()
