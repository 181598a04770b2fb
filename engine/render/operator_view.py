"""The operator's view: a second picture, never shown to the audience, of all that goes on.

Flows in: an Overview and the output's picture; flows out: the preview with panels around it, on
a framebuffer of any shape. The queued look is seen as it last was on the output: each look leaves
a small picture of itself, on the GPU, when it has played alone for a while. Runs on the GL
thread with the context of its window, at a rate of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from engine.render.buffers import LIT, quad, release
from engine.render.glyphs import Glyphs, Sheet
from engine.render.operator_panels import draw_over, draw_panels
from engine.render.overview import BACK, PREVIEW, SIZES, THUMB, Overview, Pen

if TYPE_CHECKING:
    import moderngl

SMALL = (256, 144)
KEPT = 64
"""Small pictures of looks that stay."""


class OperatorView:
    """`draw` the newest Overview; `help_shown` lays the keys over it."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._glyphs = Glyphs(ctx, SIZES)
        self._sheet = Sheet(ctx, self._glyphs)
        self._program = ctx.program(*LIT)
        self._quad = quad(ctx, self._program)
        self._looks: OrderedDict[str, moderngl.Framebuffer] = OrderedDict()
        self.help_shown = False

    def remember(self, look: str, picture: moderngl.Texture) -> None:
        """This is what a look looks like."""
        small = self._looks.pop(look, None)
        if small is None:
            oldest = self._looks.popitem(last=False)[1] if len(self._looks) >= KEPT else None
            small = oldest or self._ctx.framebuffer([self._ctx.texture(SMALL, 4)])
        self._looks[look] = small
        self._put(picture, 1.0, small, (0, 0, *SMALL))

    def keep(self, look: str, picture: np.ndarray) -> None:
        """A look's small picture from a file, uint8 (h, w, 3), until it is remembered anew."""
        height, width = picture.shape[:2]
        rows = np.ascontiguousarray(picture[::-1])  # As the output has them: from below.
        texture = self._ctx.texture((width, height), 3, rows, alignment=1)
        self.remember(look, texture)
        texture.release()

    def draw(
        self, target: moderngl.Framebuffer, now: Overview, picture: moderngl.Texture | None,
        light: float = 1.0,
    ) -> None:
        """Everything, over the whole viewport of `target`; `light` is that of the output."""
        width, height = target.viewport[2:]
        pen = Pen(self._sheet, (width, height))
        self._sheet.clear()
        target.clear(*BACK)
        draw_panels(pen, now)
        self._sheet.draw(target)
        if picture is not None:
            self._place(pen, PREVIEW, picture, light, target)
        if (look := self._looks.get(now.queued)) is not None:
            self._place(pen, THUMB, look.color_attachments[0], 1.0, target)
        self._sheet.clear()
        draw_over(pen, now, self.help_shown)
        self._sheet.draw(target)

    def release(self) -> None:
        """Free everything on the GPU."""
        for thing in (self._sheet, self._glyphs, self._quad, self._program):
            thing.release()
        release(list(self._looks.values()))

    def _place(
        self, pen: Pen, design: tuple[float, ...], picture: moderngl.Texture, light: float,
        target: moderngl.Framebuffer,
    ) -> None:
        """A picture whole into a rectangle of the design, black where it ends."""
        x, y, width, height = pen.place(*design)
        scale = min(width / picture.width, height / picture.height)
        across, up = round(picture.width * scale), round(picture.height * scale)
        left, top = round(x + 0.5 * (width - across)), round(y + 0.5 * (height - up))
        whole = target.viewport
        self._put(picture, light, target, (left, whole[3] - top - up, across, up))
        target.viewport = whole

    def _put(
        self, picture: moderngl.Texture, light: float, target: moderngl.Framebuffer,
        place: tuple[int, int, int, int],
    ) -> None:
        self._program["light"].value = light
        picture.use(0)
        target.use()
        target.viewport = place
        self._quad.render(mode=self._ctx.TRIANGLE_STRIP)
