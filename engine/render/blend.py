"""Puts one picture over another: the blend modes, and where a picture lies on the canvas.

The formulas are those of the W3C recommendation Compositing and Blending Level 1 (section 10,
"Blending"), on straight colours over an opaque canvas: the result is
`(1 - a) Cb + a B(Cb, Cs)` with a the source's alpha times the layer's opacity, Cb the backdrop
and Cs the source. `add` is its compositing operator `lighter`; `subtract` is not in it and means
Cb - Cs. One program for each mode in use, so that none pays for the others. Runs on the GL thread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.render.buffers import Size, quad

if TYPE_CHECKING:
    import moderngl

FORMULAS = {
    "normal": "s",
    "add": "b + s",
    "screen": "b + s - b * s",
    "multiply": "b * s",
    "overlay": "mix(2.0 * s * b, 1.0 - 2.0 * (1.0 - s) * (1.0 - b), step(0.5, b))",
    "soft_light": "soft_light(b, s)",
    "lighten": "max(b, s)",
    "darken": "min(b, s)",
    "difference": "abs(b - s)",
    "exclusion": "b + s - 2.0 * b * s",
    "subtract": "b - s",
}
"""B(Cb, Cs) of every mode in GLSL, `b` the backdrop and `s` the source."""
MIX = "mix"
"""Two whole pictures, whatever their alpha: how one look becomes the next."""
ALONE = "alone"
"""The layer by itself with its alpha, for effects of its own."""
MASKED = "masked"
"""The layer by itself, seen where what is given as `below` is light (its luma, ITU-R BT.709)."""

_VERTEX = """#version 330 core
in vec2 position;
out vec2 at;
void main() { gl_Position = vec4(position, 0.0, 1.0); at = 0.5 * position + 0.5; }
"""
_FRAGMENT = """#version 330 core
%s
uniform sampler2D below, above;
uniform float opacity;
#ifdef PLACED
uniform mat2 turn;
uniform vec2 shift;
uniform vec4 tint;
#endif
in vec2 at;
out vec4 colour;

vec3 soft_light(vec3 b, vec3 s) {
    vec3 d = mix(((16.0 * b - 12.0) * b + 4.0) * b, sqrt(b), step(0.25, b));
    return mix(b - (1.0 - 2.0 * s) * b * (1.0 - b), b + (2.0 * s - 1.0) * (d - b), step(0.5, s));
}

vec4 layer() {
#ifdef PLACED
    // Stored multiplied by its alpha, so that nothing of what is transparent bleeds in; the edge
    // is as wide as a pixel of the canvas.
    vec2 uv = turn * (at - 0.5) + shift;
    vec2 edge = clamp((0.5 - abs(uv - 0.5)) / max(fwidth(uv), 1e-6) + 0.5, 0.0, 1.0);
    vec4 c = texture(above, uv);
    return vec4(c.rgb / max(c.a, 1e-4), c.a * edge.x * edge.y) * tint;
#else
    return texture(above, at);
#endif
}

void main() {
    vec4 c = layer();
    vec3 s = c.rgb;
#ifdef ALONE
    colour = c;
#elif defined(MASKED)
    vec4 m = texture(below, at);
    colour = vec4(s, c.a * mix(1.0, m.a * dot(m.rgb, vec3(0.2126, 0.7152, 0.0722)), opacity));
#else
    vec3 b = texture(below, at).rgb;
    colour = vec4(mix(b, FORMULA, SHARE), 1.0);
#endif
}
"""


WHITE = (1.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture lies: `uv = turn @ (at - 0.5) + shift`, from canvas to picture, both 0..1
    with y upwards; the picture's first row is its top. `tint` multiplies its colours and alpha."""

    turn: tuple[float, float, float, float]
    shift: tuple[float, float]
    tint: tuple[float, ...] = WHITE


def placed(
    canvas: Size, size: tuple[float, float], x: float, y: float, angle: float,
    tint: tuple[float, ...] = WHITE,
) -> Place:
    """A picture drawn `size` pixels of the canvas large, its middle at (x, y) of the canvas.

    `x` and `y` 0..1 from the left and from below, `angle` degrees counter-clockwise.
    """
    (width, height), (across, up) = canvas, (max(1e-6, side) for side in size)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    # Rows of the matrix: to the right and down the picture, for a step right and up the canvas.
    a, b = c * width / across, s * height / across
    d, e = s * width / up, -c * height / up
    u, v = x - 0.5, y - 0.5
    return Place((a, d, b, e), (0.5 - a * u - b * v, 0.5 - d * u - e * v), tint)


def covering(canvas: Size, picture: Size) -> tuple[float, float]:
    """The size at which a picture just fills the canvas, cut off where it is longer."""
    scale = max(canvas[0] / picture[0], canvas[1] / picture[1])
    return picture[0] * scale, picture[1] * scale


class Blender:
    """Draws one texture over another; `compiles` counts modes that nobody had prepared."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self.compiles = 0
        self._programs: dict[tuple[str, bool], tuple[dict, moderngl.VertexArray]] = {}

    def prepare(self, mode: str, is_placed: bool) -> None:
        """Compile one mode now, for pictures that lie on the canvas, or are one."""
        if (mode, is_placed) not in self._programs:
            self._programs[mode, is_placed] = self._compile(mode, is_placed)

    def draw(
        self,
        mode: str,
        below: moderngl.Texture | None,
        above: moderngl.Texture,
        target: moderngl.Framebuffer,
        opacity: float = 1.0,
        place: Place | None = None,
    ) -> None:
        """`above` over `below` into `target`; without a place it is as large as the canvas.

        `mode` is one of FORMULAS, MIX, MASKED or ALONE, which has nothing below.
        """
        members, rectangle = self._program(mode, place is not None)
        above.use(1)
        if mode != ALONE:
            below.use(0)
            members["opacity"].value = opacity
        if place is not None:
            members["turn"].value = place.turn
            members["shift"].value = place.shift
            members["tint"].value = place.tint
        target.use()
        rectangle.render(mode=self._ctx.TRIANGLE_STRIP)

    def release(self) -> None:
        """Free everything on the GPU."""
        for _, rectangle in self._programs.values():
            rectangle.program.release()
            rectangle.release()

    def _program(self, mode: str, is_placed: bool) -> tuple[dict, moderngl.VertexArray]:
        found = self._programs.get((mode, is_placed))
        if found is None:
            self.compiles += 1
            self.prepare(mode, is_placed)
            found = self._programs[mode, is_placed]
        return found

    def _compile(self, mode: str, is_placed: bool) -> tuple[dict, moderngl.VertexArray]:
        flags = [mode.upper()] if mode in (ALONE, MASKED) else []
        flags += ["PLACED"] if is_placed else []
        flags += [f"FORMULA {FORMULAS.get(mode, 's')}"]
        flags += ["SHARE opacity" if mode == MIX else "SHARE (c.a * opacity)"]
        text = _FRAGMENT % "\n".join(f"#define {flag}" for flag in flags)
        program = self._ctx.program(vertex_shader=_VERTEX, fragment_shader=text)
        members = {name: program[name] for name in program}
        for name, unit in (("below", 0), ("above", 1)):
            if name in members:
                members[name].value = unit
        return members, quad(self._ctx, program)
