"""The camera's motion in GLSL: where on a generated picture lies what is seen at a place.

A Pose difference and two sizes flow in, uniforms flow out; the text here is put into programs of
frames.py and flow.py. The maps are those of motion.py. A program is made plain (zoom, turn and
shift: one matrix) or bent, so that a camera that does not bend costs nothing. Runs on the GL
thread.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.motion import (
    LEAST_DEPTH,
    RIPPLE_MIDDLE,
    RIPPLE_WAVE,
    SEEN_LIMITS,
    SWAY_WAVES,
    limited,
)
from engine.params import EDGES
from engine.records import Pose
from engine.render.buffers import Size

if TYPE_CHECKING:
    import moderngl

VERTEX = """#version 330 core
in vec2 position;
out vec2 at;
void main() { gl_Position = vec4(position, 0.0, 1.0); at = 0.5 * position; }
"""

_BENDS = f"""
vec2 unbent(vec2 p, vec4 lean, vec4 lens, vec4 sway) {{
    p /= max(1.0 - dot(lean.xy, p), {LEAST_DEPTH});
    if (lens.x != 0.0 || lens.y != 1.0) {{
        float inside = min(1.0, lens.z * dot(p, p));
        float turn = -lens.x * (1.0 - inside) * (1.0 - inside);
        float c = cos(turn), s = sin(turn);
        p = vec2(c * p.x - s * p.y, s * p.x + c * p.y);
        p *= lens.y * inversesqrt(1.0 + (lens.y * lens.y - 1.0) * inside);
    }}
    if (lean.z != 0.0) {{
        float r = length(p);
        float push = lean.z * sin({math.tau / RIPPLE_WAVE} * r - lean.w);
        p *= 1.0 - push * inversesqrt(r * r + {RIPPLE_MIDDLE**2});
    }}
    if (sway.z != 0.0) p.y -= sway.z * sin({math.tau / SWAY_WAVES[1]} * p.x - sway.w);
    if (sway.x != 0.0) p.x -= sway.x * sin({math.tau / SWAY_WAVES[0]} * p.y - sway.y);
    return p;
}}
"""
_EDGED = """
uniform int edges;
vec2 edged(vec2 uv) {
    if (edges == 0) return 1.0 - abs(mod(uv, 2.0) - 1.0);
    return edges == 1 ? fract(uv) : clamp(uv, 0.0, 1.0);
}
float lit(vec2 uv) {
    vec2 over = abs(uv - 0.5) - 0.5;
    return edges == 3 ? 1.0 - smoothstep(0.0, 0.004, max(over.x, over.y)) : 1.0;
}
"""


def lookup_glsl(names: tuple[str, ...], bent: bool) -> str:
    """`vec2 NAME_uv(vec2 at)` for each name, with the uniforms that `place` fills in; `edged` and
    `lit` for what lies over an edge. `at` is -0.5..0.5 from the middle of the screen, y upwards."""
    return _EDGED + (_BENDS if bent else "") + "".join(_lookup(name, bent) for name in names)


def _lookup(name: str, bent: bool) -> str:
    plain = f"uniform mat2 {name}_turn; uniform vec2 {name}_shift;\n"
    place = f"{name}_turn * at + {name}_shift"
    if not bent:
        return plain + f"vec2 {name}_uv(vec2 at) {{ return {place}; }}\n"
    return plain + f"""uniform vec4 {name}_bend[3]; uniform vec2 {name}_size;
vec2 {name}_uv(vec2 at) {{
    vec2 p = unbent({place}, {name}_bend[0], {name}_bend[1], {name}_bend[2]);
    return p / {name}_size + 0.5;
}}
"""


def place(
    program: moderngl.Program, name: str, motion: Pose, picture: Size, screen: Size,
    top_first: bool, bent: bool,
) -> None:
    """Fill in the uniforms of `NAME_uv`: a picture moved by `motion`, its rows in that order.

    The picture covers the screen (the rest is cut off) after the motion.
    """
    motion = limited(motion, SEEN_LIMITS)
    wide, screen_wide = picture[0] / picture[1], screen[0] / screen[1]
    flip = -1.0 if top_first else 1.0
    turn, shift = _affine(motion, wide, wide * min(1.0, screen_wide / wide),
                          min(1.0, wide / screen_wide))  # fmt: skip
    if bent:
        program[f"{name}_bend"].value = _bends(motion, wide)
        program[f"{name}_size"].value = (wide, flip)
    else:
        turn = (turn[0] / wide, turn[1] * flip, turn[2] / wide, turn[3] * flip)
        shift = (0.5 + shift[0] / wide, 0.5 + shift[1] * flip)
    program[f"{name}_turn"].value = turn
    program[f"{name}_shift"].value = shift


def _affine(
    motion: Pose, wide: float, across: float, up: float
) -> tuple[tuple[float, float, float, float], tuple[float, float]]:
    """Matrix (by columns) and shift from a place on the screen, -0.5..0.5, to picture heights
    before turn, zoom and shift. The screen shows `across` and `up` picture heights."""
    zoom, angle = math.exp(-motion.log_zoom), math.radians(motion.angle)
    c, s = math.cos(angle) * zoom, math.sin(angle) * zoom
    dx, dy = motion.x * wide, motion.y
    return (c * across, -s * across, s * up, c * up), (-(c * dx + s * dy), s * dx - c * dy)


def _bends(motion: Pose, wide: float) -> list[tuple[float, float, float, float]]:
    """What `unbent` takes: waves as size and phase."""
    ripple, sway_x, sway_y = (
        (math.hypot(c, s), math.atan2(s, c))
        for c, s in zip(motion.parts[8::2], motion.parts[9::2], strict=True)
    )
    return [
        (math.radians(motion.tilt_y), math.radians(motion.tilt_x), *ripple),
        (math.radians(motion.swirl), math.exp(-motion.bulge), 4.0 / (1.0 + wide * wide), 0.0),
        (*sway_x, *sway_y),
    ]


def edge_number(edges: str) -> int:
    """What the uniform `edges` wants."""
    return EDGES.index(edges)
