"""Optical flow between two pictures: how shapes went from the older to the newer one.

Two shots, both moved to one pose, flow in when a picture comes; a small texture of ways flows
out, for the cross-fade to move shapes along instead of showing each twice. Its unit is the
screen's width and height, its rows begin below. Runs on the GL thread, in passes over some
thousand pixels; nothing is read back.

The method is that of B. Lucas and T. Kanade ("An iterative image registration technique", IJCAI
1981) from coarse to fine, in the symmetric form (half the way is taken from each picture), with
the smoothing of A. Bruhn and J. Weickert ("Lucas/Kanade meets Horn/Schunck", IJCV 61, 2005): where
a window shows no structure its way is that of its neighbours. Where the ways found do not make the
pictures more alike, what is new has come from nowhere, and there is no way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.records import Pose
from engine.render.buffers import Size, quad, release
from engine.render.motion_glsl import VERTEX, edge_number, lookup_glsl, place
from engine.render.shots import Shot

if TYPE_CHECKING:
    import moderngl

LONG_SIDE = 64
"""Places along the longer side of the screen at which a way is found."""
STEPS = (2, 3, 5)
"""Times that the ways are improved, at the finest of the levels and at the coarser ones."""

# Each place is the mean of 16 reads of each picture, so that fine texture does not alias.
_TONES = """
uniform sampler2D newer, older; uniform vec2 cell; in vec2 at; out vec4 colour;
float tone(sampler2D image, vec2 uv) {
    return dot(texture(image, edged(uv)).rgb, vec3(0.299, 0.587, 0.114));
}
void main() {
    vec2 right = vec2(cell.x, 0.0), up = vec2(0.0, cell.y), sum = vec2(0.0);
    vec2 old = older_uv(at), fresh = newer_uv(at);
    mat2 of_old = mat2(older_uv(at + right) - old, older_uv(at + up) - old);
    mat2 of_fresh = mat2(newer_uv(at + right) - fresh, newer_uv(at + up) - fresh);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++) {
            vec2 part = (vec2(x, y) - 1.5) / 4.0;
            sum += vec2(tone(older, old + of_old * part), tone(newer, fresh + of_fresh * part));
        }
    colour = vec4(sum / 16.0, 0.0, 1.0);
}
"""
_HEAD = """#version 330 core
uniform sampler2D tones, ways; in vec2 at; out vec4 colour;
"""
_HALF = _HEAD + "void main() { colour = texture(tones, at + 0.5); }\n"
# Light and contrast change from picture to picture; what stays is how a place differs from those
# around it.
_EVEN = _HEAD + """
const float WEIGHTS[4] = float[](0.20, 0.17, 0.14, 0.09);
void main() {
    ivec2 size = textureSize(tones, 0), place = ivec2(gl_FragCoord.xy);
    vec2 mean = vec2(0.0), square = vec2(0.0);
    for (int y = -3; y <= 3; y++)
        for (int x = -3; x <= 3; x++) {
            ivec2 there = clamp(place + ivec2(x, y), ivec2(0), size - 1);
            vec2 both = texelFetch(tones, there, 0).rg;
            float weight = WEIGHTS[abs(x)] * WEIGHTS[abs(y)];
            mean += weight * both;
            square += weight * both * both;
        }
    vec2 spread = sqrt(max(square - mean * mean, 0.0));
    colour = vec4((texelFetch(tones, place, 0).rg - mean) / (spread + 0.03), 0.0, 1.0);
}
"""
_SLOPES = """#version 330 core
uniform sampler2D tones, ways; in vec2 at;
layout(location = 0) out vec4 structure; layout(location = 1) out vec4 change;
void main() {
    vec2 pixel = 1.0 / vec2(textureSize(tones, 0)), uv = at + 0.5;
    vec2 way = 0.5 * texture(ways, uv).rg, x = vec2(pixel.x, 0.0), y = vec2(0.0, pixel.y);
    vec2 a = uv - way, b = uv + way;
    vec2 slope = 0.25 * vec2(
        texture(tones, a + x).r - texture(tones, a - x).r
        + texture(tones, b + x).g - texture(tones, b - x).g,
        texture(tones, a + y).r - texture(tones, a - y).r
        + texture(tones, b + y).g - texture(tones, b - y).g);
    float later = texture(tones, b).g - texture(tones, a).r;
    structure = vec4(slope.x * slope.x, slope.x * slope.y, slope.y * slope.y, 0.0);
    change = vec4(slope * later, 2.0 * way);
}
"""
_STEP = """#version 330 core
uniform sampler2D structure, change; in vec2 at; out vec4 colour;
const float WEIGHTS[3] = float[](0.40, 0.24, 0.06);
const float SMOOTH = 0.03;
void main() {
    ivec2 size = textureSize(structure, 0), place = ivec2(gl_FragCoord.xy);
    vec2 now = texelFetch(change, place, 0).ba;
    vec3 s = vec3(0.0); vec4 c = vec4(0.0);
    for (int y = -2; y <= 2; y++)
        for (int x = -2; x <= 2; x++) {
            float weight = WEIGHTS[abs(x)] * WEIGHTS[abs(y)];
            ivec2 there = clamp(place + ivec2(x, y), ivec2(0), size - 1);
            s += weight * texelFetch(structure, there, 0).rgb;
            c += weight * texelFetch(change, there, 0);
        }
    vec2 pull = SMOOTH * (c.ba - now) * vec2(size) - c.rg;
    s.xz += SMOOTH;
    vec2 step = vec2(s.z * pull.x - s.y * pull.y, s.x * pull.y - s.y * pull.x)
              / (s.x * s.z - s.y * s.y);
    colour = vec4(clamp(now + clamp(step, -1.0, 1.0) / vec2(size), -0.2, 0.2), 0.0, 1.0);
}
"""
_TRUST = _HEAD + """
void main() {
    ivec2 size = textureSize(tones, 0), place = ivec2(gl_FragCoord.xy);
    vec2 pixel = 1.0 / vec2(size), uv = at + 0.5, way = texelFetch(ways, place, 0).rg;
    float still = 0.06, moved = 0.06;
    for (int y = -2; y <= 2; y++)
        for (int x = -2; x <= 2; x++) {
            vec2 there = uv + pixel * vec2(x, y);
            vec2 both = texelFetch(tones, clamp(place + ivec2(x, y), ivec2(0), size - 1), 0).rg;
            still += abs(both.y - both.x) / 25.0;
            moved += abs(texture(tones, there + 0.5 * way).g
                         - texture(tones, there - 0.5 * way).r) / 25.0;
        }
    colour = vec4(way * smoothstep(0.25, 0.65, 1.0 - moved / still), 0.0, 1.0);
}
"""
_TEXTS = {
    "half": _HALF, "even": _EVEN, "slopes": _SLOPES, "step": _STEP, "trust": _TRUST,
}  # fmt: skip
_UNITS = {"newer": 0, "tones": 0, "structure": 0, "older": 1, "change": 1, "ways": 2}


class Flow:
    """Finds the ways between two shots; its programs and textures stay."""

    def __init__(self, ctx: moderngl.Context, screen: Size) -> None:
        self._ctx = ctx
        self._programs = {name: ctx.program(VERTEX, text) for name, text in _TEXTS.items()}
        for bent, name in enumerate(("tones", "bent tones")):
            text = lookup_glsl(("newer", "older"), bool(bent)) + _TONES
            self._programs[name] = ctx.program(VERTEX, "#version 330 core\n" + text)
        self._quads = {name: quad(ctx, program) for name, program in self._programs.items()}
        for program in self._programs.values():
            for name in _UNITS.keys() & set(program):
                program[name].value = _UNITS[name]
        self._levels: list[_Level] = []
        self.resize(screen)

    @property
    def texture(self) -> moderngl.Texture:
        """The ways found last: red across, green up, in parts of the screen."""
        return self._levels[0].trusted.color_attachments[0]

    def resize(self, screen: Size) -> None:
        """For another screen from now on."""
        self._screen = screen
        scale = LONG_SIDE / max(screen)
        sizes = [
            tuple(max(4, round(side * scale / 2**n)) for side in screen)
            for n in range(len(STEPS))
        ]  # fmt: skip
        if [level.tones.size for level in self._levels] != sizes:
            self._free()
            self._levels = [_Level(self._ctx, size) for size in sizes]

    def find(self, newer: Shot, older: Shot, pose: Pose, edges: str) -> None:
        """Find the ways from `older` to `newer`, both moved on to `pose`."""
        self._see(newer, older, pose, edges)
        for fine, coarse in zip(self._levels, self._levels[1:], strict=False):
            self._pass("half", coarse.tones, fine.tones)
        coarser = None
        for level, steps in reversed(list(zip(self._levels, STEPS, strict=True))):
            self._pass("even", level.even, level.tones)
            if coarser is None:
                level.ways[0].clear()
            else:
                self._pass("half", level.ways[0], coarser.ways[0])
            for _ in range(steps):
                self._pass("slopes", level.slopes, level.even, level.ways[0])
                self._pass("step", level.ways[1], level.slopes)
                level.ways.reverse()
            coarser = level
        self._pass("trust", coarser.trusted, coarser.even, coarser.ways[0])

    def _see(self, newer: Shot, older: Shot, pose: Pose, edges: str) -> None:
        motions = {"newer": pose.since(newer.pose), "older": pose.since(older.pose)}
        bent = any(motion.bends for motion in motions.values())
        name, tones = "bent tones" if bent else "tones", self._levels[0].tones
        program = self._programs[name]
        for shot, (which, motion) in zip((newer, older), motions.items(), strict=True):
            size = shot.texture.size
            place(program, which, motion, size, self._screen, shot.top_first, bent)
            shot.texture.use(_UNITS[which])
        program["cell"].value = (1.0 / tones.width, 1.0 / tones.height)
        program["edges"].value = edge_number(edges)
        self._draw(name, tones)

    def _pass(
        self, name: str, target: moderngl.Framebuffer, image: moderngl.Framebuffer,
        ways: moderngl.Framebuffer | None = None,
    ) -> None:
        """`image` on the first units, `ways` on theirs."""
        for unit, texture in enumerate(image.color_attachments):
            texture.use(unit)
        if ways is not None:
            ways.color_attachments[0].use(_UNITS["ways"])
        self._draw(name, target)

    def _draw(self, name: str, target: moderngl.Framebuffer) -> None:
        target.use()
        self._quads[name].render(mode=self._ctx.TRIANGLE_STRIP)

    def _free(self) -> None:
        for level in self._levels:
            release([level.tones, level.even, level.slopes, level.trusted, *level.ways])

    def release(self) -> None:
        """Free everything on the GPU."""
        for thing in (*self._quads.values(), *self._programs.values()):
            thing.release()
        self._free()


class _Level:
    """One size of the pyramid: both tones, the same evened out, slopes and change, and the ways."""

    def __init__(self, ctx: moderngl.Context, size: Size) -> None:
        def made(*components: int) -> moderngl.Framebuffer:
            textures = [ctx.texture(size, count, dtype="f4") for count in components]
            for texture in textures:
                texture.repeat_x = texture.repeat_y = False
            return ctx.framebuffer(textures)

        self.tones, self.even, self.slopes, self.trusted = made(2), made(2), made(4, 4), made(2)
        self.ways = [made(2), made(2)]
        self.trusted.clear()
