"""The end of the drawing: master fader, blackout, the screen, and pictures read back.

Flows in: the composed canvas; flows out: what the eye sees, on a screen of any shape, and as
arrays uint8 (height, width, 3) RGB, top row first. Runs on the GL thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.render.buffers import LIT, Size, quad, release

if TYPE_CHECKING:
    import moderngl



class Finish:
    """`image` is the composed canvas and `light` how much of it is seen, both set by its owner."""

    def __init__(self, ctx: moderngl.Context, size: Size) -> None:
        self._ctx = ctx
        self._program = ctx.program(*LIT)
        self._quad = quad(ctx, self._program)
        self._dimmed: moderngl.Framebuffer | None = None
        self._buffers: list[moderngl.Buffer] = []
        self.resize(size)

    def resize(self, size: Size) -> None:
        """The canvas has another size from now on; a picture asked for is forgotten."""
        self._free()
        self.size: Size = tuple(size)
        self.image: moderngl.Framebuffer | None = None
        self.light = 1.0
        self._dimmed = self._ctx.framebuffer([self._ctx.texture(self.size, 4)])
        self._dimmed.clear()
        length = size[0] * size[1] * 3
        self._buffers = [self._ctx.buffer(reserve=length) for _ in range(2)]
        self._turn, self._asked = 0, False

    def present(self, target: moderngl.Framebuffer) -> None:
        """The picture in the middle of a screen, whole, with black where it ends."""
        whole = target.viewport  # of a window, whose framebuffer does not know its new size
        width, height = whole[2:]
        scale = min(width / self.size[0], height / self.size[1])
        across, up = round(self.size[0] * scale), round(self.size[1] * scale)
        target.clear()
        target.use()
        target.viewport = ((width - across) // 2, (height - up) // 2, across, up)
        self._shine()
        target.viewport = whole

    def read(self) -> np.ndarray:
        """The picture as the eye sees it. Waits."""
        return self._picture(self._final().read(components=3, alignment=1))

    def read_late(self) -> np.ndarray | None:
        """Ask for the picture and get the one asked for before; None the first time.

        The GPU copies while the next picture is drawn, so that nobody waits.
        """
        self._turn ^= 1
        self._final().read_into(self._buffers[self._turn], components=3, alignment=1)
        ready, self._asked = self._asked, True
        return self._picture(self._buffers[self._turn ^ 1].read()) if ready else None

    def release(self) -> None:
        """Free everything on the GPU."""
        self._quad.release()
        self._program.release()
        self._free()

    def _free(self) -> None:
        for buffer in self._buffers:
            buffer.release()
        if self._dimmed is not None:
            release([self._dimmed])

    def _final(self) -> moderngl.Framebuffer:
        """The picture as the eye sees it; at full light that is the canvas itself."""
        if self.light == 1.0 and self.image is not None:
            return self.image
        if self.image is not None:
            self._dimmed.use()
            self._shine()
        return self._dimmed

    def _shine(self) -> None:
        """The canvas at the present light, into the viewport of the target in use."""
        self._program["light"].value = self.light
        self.image.color_attachments[0].use(0)
        self._quad.render(mode=self._ctx.TRIANGLE_STRIP)

    def _picture(self, raw: bytes) -> np.ndarray:
        width, height = self.size
        return np.frombuffer(raw, np.uint8).reshape(height, width, 3)[::-1].copy()
