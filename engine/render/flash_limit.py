"""The flash limiter: at most three general flashes a second, whatever is drawn.

Flows in: the composed canvas and the master fader's light; flows out: the canvas to show, which
is the same one nearly always. It is the last stage, on unless the switch `flash_limit` is off.

The rule is success criterion 2.3.1 of WCAG 2.2 (W3C): a general flash is a pair of opposing
changes in relative luminance of 10 % or more of the largest, where the darker is below 0.80; not
more than three in any second, unless they are small. Here the picture is a grid of cells. Each
remembers the last extreme of its luminance and when its last six changes were shown. Where a
seventh is due within a second, on a quarter of the picture, those cells keep so much of what they
showed that their luminance stays. Noise and fine patterns do not change a cell, a few bright
lights do not fill a quarter; saturated red has no rule of its own.

The memory steps once for each picture that is composed, by show time: the same film at the same
rate is limited alike, at another rate nearly so. All of it happens on the GPU; what comes back,
one picture late, is whether any cell is on its way to the limit: only then the whole picture is
drawn once more. GL thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.render.buffers import quad, release
from engine.render.canvases import Canvases

if TYPE_CHECKING:
    import moderngl

GRID = (32, 18)
TAPS = 8
"""Samples of a cell across and up."""
CHANGE, DARK = 0.10, 0.80
"""What counts: a change of so much relative luminance, from or to below so much."""
AREA = 0.2
"""Share of the cells that may flash more often; the rule says a quarter."""
SECOND = 1.02
"""The second of the rule, and what rounding may take from it."""

_VERTEX = """#version 330 core
in vec2 position;
out vec2 at;
void main() { gl_Position = vec4(position, 0.0, 1.0); at = 0.5 * position + 0.5; }
"""
_LIGHT = """
// Relative luminance as WCAG defines it, from sRGB.
vec3 linear(vec3 c) {
    return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c));
}
float luminance(vec3 c) { return dot(linear(c), vec3(0.2126, 0.7152, 0.0722)); }
"""
_STEP = f"""#version 330 core
uniform sampler2D now, before, early, late, cells;
uniform float light_now, light_before, dt;
uniform int known;  // 0: nothing was shown before; 1: what was shown is what was wanted; 2: look
layout(location = 0) out vec4 early_;  // extreme, signed as reached (+2: not yet); ages of turns
layout(location = 1) out vec4 late_;  // older ages; how long ago one was too many
layout(location = 2) out vec4 cell_;  // share of the past to show; luminance; too many; near it
{_LIGHT}
float seen(sampler2D image, float light) {{
    float sum = 0.0;
    for (int n = 0; n < {TAPS * TAPS}; n++) {{
        vec2 tap = (vec2(n % {TAPS}, n / {TAPS}) + 0.5) / {TAPS}.0;
        sum += luminance(texture(image, (floor(gl_FragCoord.xy) + tap) / vec2{GRID}).rgb * light);
    }}
    return sum / {TAPS * TAPS}.0;
}}

void main() {{
    ivec2 here = ivec2(gl_FragCoord.xy);
    vec4 a = texelFetch(early, here, 0), b = texelFetch(late, here, 0);
    float wanted = seen(now, light_now);
    if (known == 0) {{
        early_ = vec4(3.0 + wanted, 9.0, 9.0, 9.0);
        late_ = vec4(9.0);
        cell_ = vec4(0.0, wanted, 0.0, 0.0);
        return;
    }}
    float shown = known == 1 ? texelFetch(cells, here, 0).g : seen(before, light_before);
    float way = sign(a.r), extreme = abs(a.r) - 1.0;
    if (extreme >= 2.0) {{  // It has gone neither way yet: any change is a turn.
        extreme -= 2.0;
        way = shown > extreme ? -1.0 : 1.0;
        if (abs(shown - extreme) < {CHANGE}) {{
            early_ = vec4(3.0 + extreme, 9.0, 9.0, 9.0);
            late_ = vec4(9.0);
            cell_ = vec4(0.0, wanted, 0.0, 0.0);
            return;
        }}
    }}
    vec3 young = min(a.gba + dt, 9.0), old = min(b.rgb + dt, 9.0);
    float over = min(b.a + dt, 9.0);
    // What was shown last: it went on in its way, or it turned.
    float turned = way * (extreme - shown);
    if (turned <= 0.0) extreme = shown;
    else if (turned >= {CHANGE} && min(shown, extreme) < {DARK}) {{
        if (old.b < 1.0) over = dt;
        old = vec3(young.b, old.rg);
        young = vec3(dt, young.rg);
        way = -way;
        extreme = shown;
    }}
    // What is wanted now: would it be one change too many?
    float turns = way * (extreme - wanted);
    bool full = old.b < {SECOND};
    bool counts = turns >= {0.97 * CHANGE} && min(wanted, extreme) < {DARK};
    float kept = 0.0;
    if (full && counts) {{
        float target = extreme - way * {0.75 * CHANGE};
        float apart = abs(wanted - shown) < 1e-4 ? 1e-4 : wanted - shown;
        kept = clamp((wanted - target) / apart, 0.0, 1.0);
    }}
    early_ = vec4(way * (1.0 + extreme), young);
    late_ = vec4(old, over);
    bool many = full && counts || over < {SECOND};
    cell_ = vec4(kept, wanted, many ? 1.0 : 0.0, young.b < {SECOND} ? 1.0 : 0.0);
}}
"""
_COUNT = f"""#version 330 core
uniform sampler2D cells;
out vec4 share;  // of the cells: too many changes; on the way there
void main() {{
    vec2 sum = vec2(0.0);
    for (int n = 0; n < {GRID[0] * GRID[1]}; n++)
        sum += texelFetch(cells, ivec2(n % {GRID[0]}, n / {GRID[0]}), 0).ba;
    share = vec4(sum / {GRID[0] * GRID[1]}.0, 0.0, 1.0);
}}
"""
_WIDEN = f"""#version 330 core
uniform sampler2D cells, share;
out vec4 kept;
// A cell keeps what it needs all over; its neighbours fade to it, so that no edge is seen.
void main() {{
    kept = vec4(0.0);
    if (texelFetch(share, ivec2(0), 0).r <= {AREA}) return;
    ivec2 here = ivec2(gl_FragCoord.xy), last = ivec2{GRID} - 1;
    for (int n = 0; n < 9; n++) {{
        ivec2 beside = clamp(here + ivec2(n % 3 - 1, n / 3 - 1), ivec2(0), last);
        kept.r = max(kept.r, texelFetch(cells, beside, 0).r);
    }}
}}
"""
_SHOW = """#version 330 core
uniform sampler2D now, before, kept;
uniform float light_now, light_before;
in vec2 at;
out vec4 colour;
void main() {
    vec3 c = texture(now, at).rgb * light_now;
    float k = texture(kept, at).r;
    if (k > 0.0) {
        // Mixed as squares, which is near enough to light for what CHANGE leaves to spare.
        vec3 old = texture(before, at).rgb * light_before;
        c = sqrt(mix(c * c, old * old, k));
    }
    colour = vec4(c, 1.0);
}
"""


class FlashLimit:
    """Keeps flashes down. `shown` is the canvas given last, which nobody may draw into."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._step, self._count, self._widen, self._show = (
            _Drawing(ctx, text) for text in (_STEP, _COUNT, _WIDEN, _SHOW)
        )
        self._sides = [_cells(ctx) for _ in range(2)]
        self._share = ctx.framebuffer([ctx.texture((1, 1), 4, dtype="f4")])
        self._kept = _cells(ctx, 1)
        self._told = [ctx.buffer(reserve=16) for _ in range(2)]
        self.forget()

    def forget(self) -> None:
        """Nothing was shown yet, or the limit was lifted."""
        self.shown: moderngl.Framebuffer | None = None
        self._time = self._light = 1.0
        self._limited = self._limiting = self._asked = False

    def apply(
        self,
        canvas: moderngl.Framebuffer,
        light: float,
        time: float,
        canvases: Canvases,
        passing: bool = False,
    ) -> tuple[moderngl.Framebuffer, float]:
        """The canvas to show, and the light that it still needs.

        `light` 0..1 is the master fader's; `time` show time, s. A new canvas comes from
        `canvases`, and the old one goes back. One that is `passing`, for motion blur, is held
        down alike and not remembered.
        """
        first = self.shown is None or time < self._time
        dt = 0.0 if first else time - self._time
        if not passing:
            self._limiting = self._near() and not first
        self._step_cells(canvas, light, dt, first)
        image, fader = canvas, light
        if self._limiting and not first:
            image, fader = canvases.take(), 1.0
            self._draw(canvas, light, image)
            canvases.give(canvas)
        if not passing:
            self._sides.reverse()
            self._ask()
            self.shown, self._time, self._light = image, time, fader
            self._limited = self._limiting
        return image, fader

    def dimmed(self) -> None:
        """What was just given was not shown: blackout. It counts as dark."""
        self._light, self._limited = 0.0, True

    def release(self) -> None:
        """Free everything on the GPU."""
        for drawing in (self._step, self._count, self._widen, self._show):
            drawing.release()
        release([*self._sides, self._share, self._kept])
        for buffer in self._told:
            buffer.release()

    def _draw(
        self, canvas: moderngl.Framebuffer, light: float, target: moderngl.Framebuffer
    ) -> None:
        """The picture, and in cells that flash too often so much of the past as they need."""
        self._sides[1].color_attachments[2].use(0)
        self._share.color_attachments[0].use(1)
        self._widen.draw(self._kept)
        members = self._show.members
        members["light_now"].value, members["light_before"].value = light, self._light
        for unit, side in enumerate((canvas, self.shown, self._kept)):
            side.color_attachments[0].use(unit)
        self._show.draw(target)

    def _step_cells(
        self, canvas: moderngl.Framebuffer, light: float, dt: float, first: bool
    ) -> None:
        """Step every cell by the picture shown before, and see what this one would do."""
        old, fresh = self._sides
        members = self._step.members
        members["light_now"].value, members["light_before"].value = light, self._light
        members["dt"].value = dt
        members["known"].value = 0 if first else 2 if self._limited else 1
        for unit, texture in enumerate((
            canvas.color_attachments[0], (self.shown or canvas).color_attachments[0],
            *old.color_attachments,
        )):
            texture.use(unit)
        self._step.draw(fresh)
        fresh.color_attachments[2].use(0)
        self._count.draw(self._share)

    def _ask(self) -> None:
        """Have the shares sent over, for the next picture."""
        self._told.reverse()
        self._share.read_into(self._told[0], components=4, dtype="f4")

    def _near(self) -> bool:
        """Whether, a picture ago, any part worth it had changed three times within a second."""
        asked, self._asked = self._asked, True
        return asked and bool(np.frombuffer(self._told[0].read(), np.float32)[1] > 0.5 * AREA)


class _Drawing:
    """One program over a whole target; its samplers are units in the order of the source."""

    def __init__(self, ctx: moderngl.Context, fragment: str) -> None:
        self._ctx = ctx
        self._program = ctx.program(vertex_shader=_VERTEX, fragment_shader=fragment)
        self._quad = quad(ctx, self._program)
        self.members = {name: self._program[name] for name in self._program}
        row = next(line for line in fragment.splitlines() if "sampler2D" in line)
        for unit, name in enumerate(row.split("sampler2D")[1].strip(" ;").split(", ")):
            self.members[name].value = unit

    def draw(self, target: moderngl.Framebuffer) -> None:
        target.use()
        self._quad.render(mode=self._ctx.TRIANGLE_STRIP)

    def release(self) -> None:
        self._quad.release()
        self._program.release()


def _cells(ctx: moderngl.Context, count: int = 3) -> moderngl.Framebuffer:
    """What every cell remembers: floats, some pictures of the grid."""
    made = [ctx.texture(GRID, 4, dtype="f4") for _ in range(count)]
    for texture in made:
        texture.repeat_x = texture.repeat_y = False
    return ctx.framebuffer(made)
