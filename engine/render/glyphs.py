"""Letters and boxes drawn in one call: an atlas of glyphs, and a sheet that is filled anew.

Flows in: texts, rectangles and rows of bars in pixels from the top left; flows out: everything on
the sheet, drawn into a framebuffer as instances of one rectangle. A letter is rasterised once,
when it is first written at a size, and a text is laid out once; after that a text costs some array
copies. The operator's view is written with it. Runs on the GL thread.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from engine.render.fonts import font_for

if TYPE_CHECKING:
    import moderngl

Colour = tuple[float, float, float, float]
SIDE = 1024
"""Of the atlas, pixels."""
KEPT = 1024
"""Texts whose layout is kept; the one not written longest goes first."""
BOXES = 8192
"""Most that a sheet holds; what is more is not drawn."""
_DIGITS = "0123456789"
_LETTERS = "".join(map(chr, range(32, 127))) + "·–…°±×→●"
_FIELDS = 13
"""Of a box: x y w h, u v across up, r g b a, radius (below 0: a glyph)."""

_VERTEX = """#version 330 core
uniform vec2 canvas;
in vec2 corner; in vec4 box; in vec4 cut; in vec4 colour; in float radius;
out vec2 at; out vec2 uv; flat out vec4 paint; flat out vec2 extent; flat out float round_;
void main() {
    vec2 place = box.xy + corner * box.zw;
    at = (corner - 0.5) * box.zw;
    uv = cut.xy + corner * cut.zw;
    paint = colour; extent = 0.5 * box.zw; round_ = radius;
    gl_Position = vec4(2.0 * place.x / canvas.x - 1.0, 1.0 - 2.0 * place.y / canvas.y, 0.0, 1.0);
}
"""
_FRAGMENT = """#version 330 core
uniform sampler2D atlas;
in vec2 at; in vec2 uv; flat in vec4 paint; flat in vec2 extent; flat in float round_;
out vec4 seen;
void main() {
    float share = texture(atlas, uv).r;
    if (round_ >= 0.0) {
        vec2 past = abs(at) - extent + round_;
        float edge = length(max(past, 0.0)) + min(max(past.x, past.y), 0.0) - round_;
        share = clamp(0.5 - edge, 0.0, 1.0);
    }
    seen = vec4(paint.rgb, paint.a * share);
}
"""


class Glyphs:
    """The atlas: glyphs by letter and size, laid out texts, and how wide they are."""

    def __init__(self, ctx: moderngl.Context, sizes: tuple[int, ...] = ()) -> None:
        """Letters of `sizes` (pixels) are rasterised now, others when first written."""
        self.texture = ctx.texture((SIDE, SIDE), 1, bytes(SIDE * SIDE))
        self.texture.repeat_x = self.texture.repeat_y = False
        self._glyphs: dict[tuple[str, int], tuple[np.ndarray, float]] = {}
        self._texts: OrderedDict[tuple[str, int], tuple[np.ndarray, float]] = OrderedDict()
        self._pen, self._row = [1, 1], 0
        for size in sizes:
            for letter in _LETTERS:
                self._glyph(letter, size)

    def layout(self, text: str, size: int) -> tuple[np.ndarray, float]:
        """Boxes (n, 8) float32 of a text whose baseline begins at (0, 0): x y w h, u v and their
        extent; and its width in pixels."""
        found = self._texts.get((text, size))
        if found is None:
            found = self._texts[text, size] = self._laid_out(text, size)
            if len(self._texts) > KEPT:
                self._texts.popitem(last=False)
        else:
            self._texts.move_to_end((text, size))
        return found

    def release(self) -> None:
        self.texture.release()

    def _laid_out(self, text: str, size: int) -> tuple[np.ndarray, float]:
        boxes, x = [], 0.0
        for letter in text:
            box, advance = self._glyph(letter, size)
            if box[2] > 0:
                boxes.append(box + np.array([x, 0, 0, 0, 0, 0, 0, 0], np.float32))
            x += advance
        return np.array(boxes, np.float32).reshape(-1, 8), x

    def _glyph(self, letter: str, size: int) -> tuple[np.ndarray, float]:
        found = self._glyphs.get((letter, size))
        if found is None:
            found = self._glyphs[letter, size] = self._rasterised(letter, size)
        return found

    def _rasterised(self, letter: str, size: int) -> tuple[np.ndarray, float]:
        """Draw a letter into the atlas. Digits are equally wide, so that numbers stand still."""
        from PIL import Image, ImageDraw

        font, written = font_for(letter, size)
        left, top, right, bottom = font.getbbox(written or " ", anchor="ls")
        left, top = math.floor(left), math.floor(top)
        width, height = math.ceil(right) - left, math.ceil(bottom) - top
        advance = font.getlength(written)
        shift = 0.0
        if letter in _DIGITS:
            wide = max(font.getlength(digit) for digit in _DIGITS)
            shift, advance = 0.5 * (wide - advance), wide
        if width <= 0 or height <= 0 or not (place := self._place(width, height)):
            return np.zeros(8, np.float32), advance
        image = Image.new("L", (width, height))
        ImageDraw.Draw(image).text((-left, -top), written, 255, font, anchor="ls")
        self.texture.write(image.tobytes(), viewport=(*place, width, height), alignment=1)
        cut = (*place, width, height)
        return np.array([left + round(shift), top, width, height, *(c / SIDE for c in cut)],
                        np.float32), advance

    def _place(self, width: int, height: int) -> tuple[int, int] | None:
        """Where in the atlas there is room: rows as high as their highest letter."""
        if self._pen[0] + width + 1 > SIDE:
            self._pen, self._row = [1, self._pen[1] + self._row], 0
        if self._pen[1] + height + 1 > SIDE:
            return None
        place = self._pen[0], self._pen[1]
        self._pen[0] += width + 1
        self._row = max(self._row, height + 1)
        return place


class Sheet:
    """What is to be drawn: begun with `clear`, filled, drawn with `draw`."""

    def __init__(self, ctx: moderngl.Context, glyphs: Glyphs) -> None:
        self._ctx, self.glyphs = ctx, glyphs
        self._program = ctx.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        self._boxes = np.zeros((BOXES, _FIELDS), np.float32)
        self._count = 0
        self._corners = ctx.buffer(np.array([0, 0, 1, 0, 0, 1, 1, 1], "f4").tobytes())
        self._buffer = ctx.buffer(reserve=self._boxes.nbytes, dynamic=True)
        names = ("box", "cut", "colour", "radius")
        self._array = ctx.vertex_array(
            self._program,
            [(self._corners, "2f", "corner"), (self._buffer, "4f 4f 4f 1f/i", *names)],
        )

    def clear(self) -> None:
        self._count = 0

    def text(
        self, x: float, y: float, text: str, size: int, colour: Colour, align: float = 0.0
    ) -> float:
        """Write with the baseline at `y`; `align` 0 begins at x, 0.5 is centred, 1 ends there.

        Returns the width.
        """
        boxes, width = self.glyphs.layout(text, size)
        rows = self._rows(len(boxes))
        boxes = boxes[: len(rows)]
        rows[:, :8] = boxes
        rows[:, 0] += round(x - align * width)
        rows[:, 1] += round(y)
        rows[:, 8:12] = colour
        rows[:, 12] = -1.0
        return width

    def box(
        self, x: float, y: float, width: float, height: float, colour: Colour, radius: float = 0.0
    ) -> None:
        """A filled rectangle with round corners."""
        rows = self._rows(1)
        if len(rows):
            rows[0] = (x, y, width, height, 0, 0, 0, 0, *colour, radius)

    def bars(
        self, x: float, y: float, width: float, height: float, values: np.ndarray, colour: Colour,
        gap: float = 0.0,
    ) -> None:
        """Standing bars of `values` 0..1 (n,) from left to right, on the line `y + height`."""
        rows = self._rows(len(values))
        values = np.clip(values[: len(rows)], 0.0, 1.0)
        step = width / max(1, len(values))
        rows[:, 0] = x + step * np.arange(len(rows))
        rows[:, 1] = y + height * (1.0 - values)
        rows[:, 2], rows[:, 3] = max(1.0, step - gap), height * values
        rows[:, 4:8] = 0.0
        rows[:, 8:12], rows[:, 12] = colour, 0.0

    def draw(self, target: moderngl.Framebuffer) -> None:
        """Everything over what is in the target, pixel for pixel."""
        if not self._count:
            return
        ctx = self._ctx
        self._buffer.write(self._boxes[: self._count])
        self._program["canvas"].value = target.viewport[2:]
        self.glyphs.texture.use(0)
        target.use()
        ctx.enable(ctx.BLEND)
        ctx.blend_func = ctx.SRC_ALPHA, ctx.ONE_MINUS_SRC_ALPHA
        self._array.render(ctx.TRIANGLE_STRIP, vertices=4, instances=self._count)
        ctx.disable(ctx.BLEND)

    def release(self) -> None:
        for thing in (self._array, self._buffer, self._corners, self._program):
            thing.release()

    def _rows(self, count: int) -> np.ndarray:
        begin = self._count
        self._count = min(BOXES, begin + count)
        return self._boxes[begin : self._count]
