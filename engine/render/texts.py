"""Words as textures: outlined, kerned, centred, in several lines, drawn once for each text.

Flows in: words with the height of a line in pixels; flows out: a texture as large as the words,
white in a black outline (a tint colours the white). It is drawn on a thread of its own and seen
from the next picture on; a size that keeps changing scales the last texture, and one that has
come to rest is drawn anew, so that it is crisp. Films wait for it. GL thread.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.render.fonts import font_for

if TYPE_CHECKING:
    import moderngl
    from PIL import ImageFont

KEPT = 64
"""Texts that stay; the one that was not seen longest goes first."""
CALM = 3
"""A size that has stayed for so many pictures is at rest."""
LEADING = 1.25
"""From line to line, beside the height of a line."""


@dataclass(frozen=True, slots=True)
class Lettering:
    """How large words are drawn: height of a line, outline, widest line, all in pixels."""

    line: int
    outline: float
    width: int


@dataclass(slots=True)
class _Text:
    """One text on the GPU, how it was drawn, how it was asked for last and for how long."""

    texture: moderngl.Texture | None = None
    drawn: Lettering | None = None
    asked: Lettering | None = None
    still: int = 0
    coming: Future[np.ndarray] | None = None


class Texts:
    """Every text that was seen lately."""

    def __init__(self, ctx: moderngl.Context, patient: bool) -> None:
        self._ctx, self._patient = ctx, patient
        self._worker = ThreadPoolExecutor(1, "texts")
        self._texts: OrderedDict[str, _Text] = OrderedDict()

    def at(self, words: str, lettering: Lettering) -> tuple[moderngl.Texture, float] | None:
        """The texture of these words, and by how much it is to be magnified; None while there is
        none."""
        text = self._texts.setdefault(words, _Text())
        self._texts.move_to_end(words)
        text.still = text.still + 1 if text.asked == lettering else 0
        text.asked = lettering
        calm = text.drawn is None or text.still >= CALM
        if text.coming is None and text.drawn != lettering and calm:
            text.drawn = lettering
            text.coming = self._worker.submit(draw_words, words, lettering)
        if text.coming is not None and (self._patient or text.coming.done()):
            self._upload(text)
        self._forget()
        if text.texture is None:
            return None
        return text.texture, lettering.line / text.drawn.line

    def release(self) -> None:
        """Free everything on the GPU and end the thread."""
        self._worker.shutdown(cancel_futures=True)
        for text in self._texts.values():
            if text.texture is not None:
                text.texture.release()

    def _upload(self, text: _Text) -> None:
        pixels, text.coming = text.coming.result(), None
        if text.texture is not None:
            text.texture.release()
        height, width = pixels.shape[:2]
        text.texture = self._ctx.texture((width, height), 2, pixels, alignment=1)
        text.texture.repeat_x = text.texture.repeat_y = False
        text.texture.swizzle = "RRRG"

    def _forget(self) -> None:
        while len(self._texts) > KEPT:
            _, text = self._texts.popitem(last=False)
            if text.texture is not None:
                text.texture.release()


def draw_words(words: str, lettering: Lettering) -> np.ndarray:
    """uint8 (h, w, 2): white multiplied by alpha, and alpha; as large as the lines of words.

    Lines end at line breaks, and between words where they are too wide.
    """
    from PIL import Image, ImageDraw

    font, words = font_for(words, lettering.line)
    lines = balanced(words, font, lettering.width)
    outline, leading = lettering.outline, LEADING * lettering.line
    ascent, descent = font.getmetrics()
    edge = math.ceil(outline) + 1
    boxes = [font.getbbox(line, anchor="ms", stroke_width=outline) for line in lines]
    half = math.ceil(max(max(-box[0], box[2]) for box in boxes)) + 1
    size = 2 * half, math.ceil(ascent + descent + leading * (len(lines) - 1)) + 2 * edge
    inside, covered = (Image.new("L", size) for _ in range(2))
    for row, line in enumerate(lines):
        at = half, edge + ascent + round(leading * row)
        ImageDraw.Draw(inside).text(at, line, 255, font, anchor="ms")
        ImageDraw.Draw(covered).text(at, line, 255, font, anchor="ms", stroke_width=outline)
    white = np.asarray(inside)
    return np.ascontiguousarray(np.stack([white, np.maximum(white, covered)], axis=-1))


def balanced(words: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """As few lines as fit into `width` pixels, and among those the most even ones."""
    lines = wrapped(words, font, width)
    narrower = (wrapped(words, font, width * share / 10) for share in range(5, 10))
    return next((even for even in narrower if len(even) == len(lines)), lines)


def wrapped(words: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Lines, broken where they would be wider than `width` pixels; a word is never broken."""
    lines: list[str] = []
    for given in words.splitlines() or [""]:
        line = ""
        for word in given.split():
            longer = f"{line} {word}".strip()
            if line and font.getlength(longer) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines
