"""Marks over one output while it is edited: lines, handles and words, in pixels of its window.

Flows in: Marks, made anew whenever something moved; drawn last, over the mapped picture. GL thread,
in the context of the window that is edited; nothing is kept for the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.render.texts import Lettering, draw_words

if TYPE_CHECKING:
    import moderngl

Pixel = tuple[float, float]
RADIUS = 14.0
"""Of a handle, in pixels; the chosen one is drawn larger."""
LINE = (0.1, 0.95, 1.0, 0.9)
CHOSEN = (1.0, 0.72, 0.24, 1.0)
_DARK = (0.0, 0.0, 0.0, 0.7)

_VERTEX = """#version 330 core
uniform vec2 size;
in vec2 place, local;
in vec4 tint;
in float kind;
out vec2 at;
out vec4 colour_of;
flat out float kind_of;
void main() {
    gl_Position = vec4(2.0 * place / size - 1.0, 0.0, 1.0);
    at = local; colour_of = tint; kind_of = kind;
}
"""
_FRAGMENT = """#version 330 core
uniform sampler2D words;
in vec2 at;
in vec4 colour_of;
flat in float kind_of;
out vec4 colour;
void main() {
    float a = colour_of.a;
    if (kind_of < 0.5) {                       // a line: at.y across it
        a *= clamp((1.0 - abs(at.y)) / max(fwidth(at.y), 1e-4), 0.0, 1.0);
    } else if (kind_of < 1.5) {                // a handle: a ring about a cross
        float r = length(at), w = fwidth(r);
        float ring = 1.0 - smoothstep(0.0, 1.5 * w, abs(r - 0.72) - 0.12);
        float cross = step(min(abs(at.x), abs(at.y)), 0.06) * step(r, 0.72);
        a *= max(ring, cross);
        float dark = 0.55 * (1.0 - smoothstep(0.85, 0.95, r));
        colour = vec4(colour_of.rgb * a, max(a, dark));
        return;
    } else {                                   // words, stored multiplied by their alpha
        vec4 c = texture(words, at);
        colour = vec4(c.r * colour_of.rgb, max(c.r, 0.75 * c.a + 0.55 * (1.0 - c.a)));
        return;
    }
    colour = vec4(colour_of.rgb * a, a);
}
"""


@dataclass(frozen=True, slots=True)
class Marks:
    """Lines from pixel to pixel, handles with the number of the chosen one, and words below."""

    lines: tuple[tuple[Pixel, Pixel], ...]
    handles: tuple[Pixel, ...]
    chosen: int
    words: str


class Overlay:
    """Draws Marks; what they need is uploaded when they change."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._program = ctx.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        self._array: moderngl.VertexArray | None = None
        self._buffer: moderngl.Buffer | None = None
        self._words: moderngl.Texture | None = None
        self._made: tuple[Marks, tuple[int, int]] | None = None
        self._said = ("", 0)

    def draw(self, marks: Marks, target: moderngl.Framebuffer) -> None:
        """Over what is on the viewport of `target`."""
        size = tuple(target.viewport[2:])
        if self._made != (marks, size):
            self._make(marks, size)
        target.use()
        ctx = self._ctx
        ctx.enable(ctx.BLEND)
        ctx.blend_func = ctx.ONE, ctx.ONE_MINUS_SRC_ALPHA
        self._program["size"].value = size
        self._words.use(0)
        self._array.render(mode=ctx.TRIANGLES)
        ctx.disable(ctx.BLEND)

    def release(self) -> None:
        """Free everything on the GPU."""
        for thing in (self._array, self._buffer, self._words, self._program):
            if thing is not None:
                thing.release()

    def _make(self, marks: Marks, size: tuple[int, int]) -> None:
        thick = max(1.5, size[1] / 600.0)
        self._write(marks.words, max(13, size[1] // 38), size[0])
        quads = [_line(a, b, 2.0 * thick, _DARK) for a, b in marks.lines]
        quads += [_line(a, b, thick, LINE) for a, b in marks.lines]
        for n, (x, y) in enumerate(marks.handles):
            chosen = n == marks.chosen
            reach = RADIUS * (size[1] / 1080.0 + 0.4) * (1.5 if chosen else 1.0)
            box = (x - reach, y - reach, x + reach, y + reach)
            quads.append(_box(box, (-1.0, -1.0, 1.0, 1.0), CHOSEN if chosen else LINE, 1.0))
        width, height = self._words.size
        left, low = 0.5 * (size[0] - width), 0.02 * size[1]
        # The first row of words is their top.
        quads.append(_box((left, low, left + width, low + height), (0, 1, 1, 0), (1,) * 4, 2.0))
        data = np.concatenate(quads).astype("f4").tobytes()
        for thing in (self._array, self._buffer):
            if thing is not None:
                thing.release()
        self._buffer = self._ctx.buffer(data)
        layout = [(self._buffer, "2f 2f 4f 1f", "place", "local", "tint", "kind")]
        self._array = self._ctx.vertex_array(self._program, layout)
        self._made = marks, size

    def _write(self, words: str, line: int, width: int) -> None:
        if self._said == (words, line):
            return
        if self._words is not None:
            self._words.release()
        pixels = draw_words(words, Lettering(line, 0.0, int(0.96 * width)))
        size = pixels.shape[1], pixels.shape[0]
        self._words = self._ctx.texture(size, 2, pixels, alignment=1)
        self._words.repeat_x = self._words.repeat_y = False
        self._words.swizzle = "RRRG"
        self._said = words, line


def _line(a: Pixel, b: Pixel, half: float, colour: tuple[float, ...]) -> np.ndarray:
    """Six vertices along a line of that half width."""
    start, end = np.array(a), np.array(b)
    along = end - start
    side = np.array([-along[1], along[0]]) * (half / max(1e-6, float(np.hypot(*along))))
    corners = [(start - side, -1), (end - side, -1), (start + side, 1), (end + side, 1)]
    rows = [[*place, 0.0, across, *colour, 0.0] for place, across in corners]
    return np.array([rows[n] for n in (0, 1, 2, 1, 3, 2)])


def _box(
    box: tuple[float, ...], local: tuple[float, ...], colour: tuple[float, ...], kind: float
) -> np.ndarray:
    """Six vertices of a rectangle: left, bottom, right, top, and the same of its own places."""
    (x0, y0, x1, y1), (u0, v0, u1, v1) = box, local
    rows = [(x0, y0, u0, v0), (x1, y0, u1, v0), (x0, y1, u0, v1), (x1, y1, u1, v1)]
    return np.array([[*rows[n], *colour, kind] for n in (0, 1, 2, 1, 3, 2)])
