"""The test card of an output: who it is, where its edges are, whether circles are round.

Name, display and sizes flow in, a picture flows out. It is drawn with Pillow on a thread of its
own, since that takes longer than a frame, and shown as soon as it is there. The card lies where
the picture does, so that it is bent, masked and blended as the show is.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.render.buffers import Size
from engine.render.fonts import font_for

if TYPE_CHECKING:
    import moderngl
    from PIL import Image, ImageDraw

BARS = (
    (235, 235, 235), (235, 235, 16), (16, 235, 235), (16, 235, 16),
    (235, 16, 235), (235, 16, 16), (16, 16, 235),
)  # fmt: skip
"""White, yellow, cyan, green, magenta, red and blue, from the brightest to the darkest."""
_GROUND, _CHECK, _LINE = (12, 13, 17), (18, 20, 26), (66, 72, 84)
_WHITE, _GOLD = (244, 244, 244), (255, 184, 60)
_ROWS = 12
"""Squares of the grid from top to bottom, where the picture is wider than high."""


@dataclass(frozen=True, slots=True)
class CardText:
    """What is written on a card: of the show, of the output, of its place among them."""

    name: str
    display: str
    screen: Size
    number: int = 1
    count: int = 1

    @property
    def lines(self) -> tuple[str, str]:
        """The two small lines."""
        width, height = self.screen
        return f"{self.display}   {width} x {height}", f"output {self.number} of {self.count}"


class Cards:
    """The card of one output, drawn anew when its text or size changes."""

    def __init__(self, ctx: moderngl.Context, worker: ThreadPoolExecutor) -> None:
        self._ctx, self._worker = ctx, worker
        self._texture: moderngl.Texture | None = None
        self._asked: tuple[Size, CardText] | None = None
        self._coming: Future[np.ndarray] | None = None

    def at(self, size: Size, text: CardText) -> moderngl.Texture | None:
        """The card; None until it is drawn. While another is drawn, the last one."""
        if self._asked != (size, text) and self._coming is None:
            self._asked = size, text
            self._coming = self._worker.submit(draw_card, size, text)
        if self._coming is not None and self._coming.done():
            picture, self._coming = self._coming.result(), None
            self.release()
            # Upside down, as all pictures of the stage lie: their first row is the lowest.
            self._texture = self._ctx.texture(
                (picture.shape[1], picture.shape[0]), 3, picture[::-1].tobytes(), alignment=1
            )
            self._texture.repeat_x = self._texture.repeat_y = False
        return self._texture

    def release(self) -> None:
        """Free what is on the GPU."""
        if self._texture is not None:
            self._texture.release()
            self._texture = None


def draw_card(size: Size, text: CardText) -> np.ndarray:
    """The card as uint8 (height, width, 3) RGB, top row first."""
    from PIL import Image, ImageDraw

    width, height = size
    cell = min(size) / _ROWS
    image = Image.new("RGB", size, _GROUND)
    draw = ImageDraw.Draw(image)
    _grid(draw, size, cell)
    _circles(image, size, cell)
    _bars(draw, size, cell)
    _ramps(draw, size, cell)
    _plate(draw, size, cell, text)
    _corners(draw, size, cell)
    _edges(draw, size, cell)
    return np.asarray(image)


def _thick(cell: float, share: float = 0.03) -> int:
    """A line's width in pixels: seen from afar, a single pixel on a small window."""
    return max(1, round(cell * share))


def _grid(draw: ImageDraw.ImageDraw, size: Size, cell: float) -> None:
    """Squares about the middle, by turns a little brighter, so that a bent line shows."""
    (width, height), (cx, cy) = size, (size[0] / 2, size[1] / 2)
    across, down = (int(side / cell / 2) + 1 for side in size)
    for i in range(-across, across):
        for j in range(-down, down):
            if (i + j) % 2:
                x, y = cx + i * cell, cy + j * cell
                draw.rectangle((x, y, x + cell - 1, y + cell - 1), _CHECK)
    thick = _thick(cell, 0.02)
    for i in range(-across, across + 1):
        draw.line((cx + i * cell, 0, cx + i * cell, height), _LINE, thick)
    for j in range(-down, down + 1):
        draw.line((0, cy + j * cell, width, cy + j * cell), _LINE, thick)
    draw.line((cx, 0, cx, height), _WHITE, thick)
    draw.line((0, cy, width, cy), _WHITE, thick)
    for a, b in (((0, 0), size), ((0, height), (width, 0))):
        draw.line((*a, *b), _LINE, thick)


def _circles(image: Image.Image, size: Size, cell: float) -> None:
    """One that fills the picture, one in each corner: round everywhere, or the mapping is not."""
    cx, cy, far = size[0] / 2, size[1] / 2, 2.0 * cell
    _ring(image, (cx, cy), 5.5 * cell, _WHITE, _thick(cell, 0.045))
    for corner in ((a, b) for a in (far, size[0] - far) for b in (far, size[1] - far)):
        _ring(image, corner, 1.5 * cell, _GOLD, _thick(cell))


def _ring(
    image: Image.Image, middle: tuple[float, float], radius: float,
    colour: tuple[int, int, int], thick: int,
) -> None:
    """A smooth circle, which Pillow itself does not draw."""
    from PIL import Image as PILImage

    reach = radius + thick + 1.0
    left, top = (max(0, int(at - reach)) for at in middle)
    right, bottom = (min(side, int(at + reach) + 1)
                     for side, at in zip(image.size, middle, strict=True))
    y, x = np.ogrid[top:bottom, left:right]
    away = np.hypot(x + np.float32(0.5 - middle[0]), y + np.float32(0.5 - middle[1]))
    cover = np.clip(0.5 * thick + 0.5 - abs(away - radius), 0.0, 1.0)
    image.paste(colour, (left, top), PILImage.fromarray((255 * cover).astype(np.uint8)))


def _bars(draw: ImageDraw.ImageDraw, size: Size, cell: float) -> None:
    """Seven colours over the plate."""
    step, top = cell, size[1] / 2 - 4.0 * cell
    left = size[0] / 2 - 3.5 * step
    for n, colour in enumerate(BARS):
        draw.rectangle((left + n * step, top, left + (n + 1) * step - 1, top + 1.6 * cell), colour)


def _ramps(draw: ImageDraw.ImageDraw, size: Size, cell: float) -> None:
    """Greys under the plate: eleven steps, and a smooth one; what is nearly black and white."""
    left, right = size[0] / 2 - 3.5 * cell, size[0] / 2 + 3.5 * cell
    top, step = size[1] / 2 + 2.4 * cell, 7.0 * cell / 11
    for n in range(11):
        grey = (round(25.5 * n),) * 3
        draw.rectangle((left + n * step, top, left + (n + 1) * step - 1, top + 0.8 * cell), grey)
    for x in range(round(left), round(right)):
        grey = (round(255 * (x - left) / (right - left)),) * 3
        draw.line((x, top + 0.8 * cell, x, top + 1.4 * cell), grey)
    for n, level in enumerate((0, 5, 10, 20, 235, 245, 250, 255)):
        x = size[0] / 2 + (n - 4) * 0.5 * cell
        draw.rectangle((x, top + 1.5 * cell, x + 0.5 * cell - 1, top + 1.9 * cell), (level,) * 3)


def _plate(draw: ImageDraw.ImageDraw, size: Size, cell: float, text: CardText) -> None:
    """The name, large, on a dark plate in the middle."""
    cx, cy = size[0] / 2, size[1] / 2
    box = (cx - 4.6 * cell, cy - 2.2 * cell, cx + 4.6 * cell, cy + 2.2 * cell)
    draw.rectangle(box, (6, 6, 8), _WHITE, _thick(cell))
    rows = ((text.name, -0.75, 1.7, _WHITE), (text.lines[0], 0.65, 0.7, _GOLD),
            (text.lines[1], 1.5, 0.55, (190, 196, 208)))
    for words, down, high, colour in rows:
        _words(draw, (cx, cy + down * cell), words, high * cell, 8.8 * cell, colour)


def _words(
    draw: ImageDraw.ImageDraw, middle: tuple[float, float], words: str, height: float,
    width: float, colour: tuple[int, int, int],
) -> None:
    """One line about a point, made smaller where it would be too wide."""
    font, words = font_for(words, max(6, round(height)))
    if (wide := font.getlength(words)) > width:
        font, words = font_for(words, max(6, int(height * width / wide)))
    draw.text(middle, words, colour, font, anchor="mm")


def _corners(draw: ImageDraw.ImageDraw, size: Size, cell: float) -> None:
    """The numbers by which hands and the rig know the corners."""
    left, right = 2.0 * cell, size[0] - 2.0 * cell
    top, bottom = 2.0 * cell, size[1] - 2.0 * cell
    for n, place in enumerate(((left, top), (right, top), (right, bottom), (left, bottom)), 1):
        draw.ellipse((place[0] - 0.62 * cell, place[1] - 0.62 * cell,
                      place[0] + 0.62 * cell, place[1] + 0.62 * cell), _GOLD)
        _words(draw, place, str(n), 0.85 * cell, cell, (0, 0, 0))


def _edges(draw: ImageDraw.ImageDraw, size: Size, cell: float) -> None:
    """The outermost pixels in white, then red; arrows whose tips touch the edges."""
    right, bottom = size[0] - 1, size[1] - 1
    draw.rectangle((0, 0, right, bottom), outline=_WHITE)
    draw.rectangle((1, 1, right - 1, bottom - 1), outline=(235, 30, 30))
    long, wide = 0.8 * cell, 0.45 * cell
    for share in (0.25, 0.5, 0.75):
        x, y = share * right, share * bottom
        for tip, base in (((x, 0), (x, long)), ((x, bottom), (x, bottom - long))):
            draw.polygon((tip, (base[0] - wide, base[1]), (base[0] + wide, base[1])), _GOLD)
        for tip, base in (((0, y), (long, y)), ((right, y), (right - long, y))):
            draw.polygon((tip, (base[0], base[1] - wide), (base[0], base[1] + wide)), _GOLD)
