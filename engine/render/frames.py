"""Generated pictures on their way to the eye: moved on, and faded into one another.

Flows in: Frames, at whatever rate the model makes them; flows out: one picture for any show time.
Each is moved on by what the camera has travelled since it was made. While one fades into the next,
the shapes of both travel along the optical flow between them, so that nothing is seen twice. When
a new picture comes in the middle of a fade, the mix on the screen becomes the old picture, so
nothing jumps. Runs on the GL thread; all programs are compiled when it is made.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from engine.records import Frame, FrameParams, Pose
from engine.render.buffers import Size, quad, release
from engine.render.flow import Flow
from engine.render.motion_glsl import VERTEX, edge_number, lookup_glsl, place
from engine.render.shots import Shot, Shots

if TYPE_CHECKING:
    import moderngl

# Catmull-Rom with five bilinear reads (J. Jimenez, "Filmic SMAA", SIGGRAPH 2016): sharp when a
# small picture is magnified, exact where picture and screen have the same pixels.
_FRAGMENT = """
uniform sampler2D newer, older, ways;
uniform float fade, travel;
in vec2 at;
out vec4 colour;

vec3 picture(sampler2D image, vec2 uv) {
    vec2 size = vec2(textureSize(image, 0));
    vec2 place = edged(uv) * size;
    vec2 middle = floor(place - 0.5) + 0.5;
    vec2 f = place - middle;
    vec2 w0 = f * (-0.5 + f * (1.0 - 0.5 * f));
    vec2 w1 = 1.0 + f * f * (-2.5 + 1.5 * f);
    vec2 w2 = f * (0.5 + f * (2.0 - 1.5 * f));
    vec2 w3 = f * f * (-0.5 + 0.5 * f);
    vec2 w12 = w1 + w2;
    vec2 p0 = (middle - 1.0) / size, p3 = (middle + 2.0) / size;
    vec2 p12 = (middle + w2 / w12) / size;
    vec4 sum = vec4(texture(image, vec2(p12.x, p0.y)).rgb, 1.0) * (w12.x * w0.y)
             + vec4(texture(image, vec2(p0.x, p12.y)).rgb, 1.0) * (w0.x * w12.y)
             + vec4(texture(image, p12).rgb, 1.0) * (w12.x * w12.y)
             + vec4(texture(image, vec2(p3.x, p12.y)).rgb, 1.0) * (w3.x * w12.y)
             + vec4(texture(image, vec2(p12.x, p3.y)).rgb, 1.0) * (w12.x * w3.y);
    return lit(uv) * clamp(sum.rgb / sum.a, 0.0, 1.0);
}

void main() {
#if FLOWING
    vec2 way = travel * texture(ways, ways_uv(at)).rg;
#else
    const vec2 way = vec2(0.0);
#endif
#if FADING
    colour = vec4(mix(picture(older, older_uv(at - fade * way)),
                      picture(newer, newer_uv(at + (1.0 - fade) * way)), fade), 1.0);
#else
    colour = vec4(picture(newer, newer_uv(at)), 1.0);
#endif
}
"""


class FrameFader:
    """The newest generated picture over the one before it.

    Without `flows` no flow is looked for, whatever a look wants: fades are plain mixes.
    """

    def __init__(self, ctx: moderngl.Context, size: Size, flows: bool = True) -> None:
        self._ctx = ctx
        kinds = [k for k in product((False, True), repeat=3) if flows * k[0] >= k[1]]
        self._programs = {kind: _program(ctx, *kind) for kind in kinds}
        self._quads = {kind: quad(ctx, program) for kind, program in self._programs.items()}
        self._shots = Shots(ctx)
        self._flow = Flow(ctx, size) if flows else None
        self._flow_pose: Pose | None = None  # where the camera was when the flow was found
        self._mixes: list[moderngl.Framebuffer] = []
        self._incoming: Shot | None = None
        self._newest: Shot | None = None
        self._older: Shot | None = None
        self._shown = 0.0
        wanted = (1.0, 0.0) if flows else (0.0,)
        self._unrehearsed = list(product(wanted, (1.0, 0.0)))
        self.resize(size)

    @property
    def empty(self) -> bool:
        """No picture has come yet."""
        return self._newest is None and self._incoming is None

    @property
    def first(self) -> bool:
        """The first picture is here, but has not been drawn."""
        return self._newest is None and self._incoming is not None

    def resize(self, size: Size) -> None:
        """Draw for another screen size from now on."""
        if self._older is not None and not self._older.top_first:
            self._older = None
        release(self._mixes)
        self._mixes = [self._ctx.framebuffer([self._ctx.texture(size, 3)]) for _ in range(2)]
        for mix in self._mixes:
            mix.color_attachments[0].repeat_x = mix.color_attachments[0].repeat_y = False
        if self._flow is not None:
            self._flow.resize(size)
        self._flow_pose = None

    def rehearse(self, target: moderngl.Framebuffer) -> bool:
        """Draw with the next of the programs that has never been used, before the first picture.

        Drivers finish a program when it is first used; a fade is no moment for that. Returns
        whether there was one. What is in `target` is lost.
        """
        if not self._unrehearsed or not self.empty:
            return False
        flow, bend = self._unrehearsed.pop()
        grey = np.full((8, 8, 3), 128, np.uint8)
        for time, tilt in ((0.0, 0.0), (1.0, bend), (1.5, 2 * bend), (2.0, 3 * bend)):
            params = FrameParams(0, time, 0.0, crossfade=1.0, flow=flow, pose=Pose(tilt_x=tilt))
            self.take(Frame(0, grey, replace(params, pose=Pose()), time))
            self.draw(target, params)
        self.draw(target, replace(params, time=2.5))
        self._incoming = self._newest = self._older = None
        return True

    def take(self, frame: Frame) -> None:
        """Upload a picture, its contours drawn sharp if it is soft; seen from the next draw on."""
        self._incoming = self._shots.take(frame, (self._newest, self._older))

    def before(self, pose: Pose) -> moderngl.Framebuffer:
        """Where to draw what was seen before the first picture, so that it fades in."""
        self._older = Shot(self._mixes[0].color_attachments[0], pose, top_first=False)
        return self._mixes[0]

    def draw(self, target: moderngl.Framebuffer, params: FrameParams) -> None:
        """The picture for the time, pose, crossfade, flow and edges of `params`."""
        if self._incoming is not None:
            self._turn_over(params)
        self._mix(target, params, self._fade(params))

    def _turn_over(self, params: FrameParams) -> None:
        """The incoming picture becomes the newest, and what is on the screen the older one."""
        known = self._newest is not None
        if known:
            fade = self._fade(params)
            if fade < 1.0:
                mix = self._free_mix()
                self._mix(mix, params, fade)
                self._older = Shot(mix.color_attachments[0], params.pose, top_first=False)
            else:
                self._older = self._newest
        self._newest, self._incoming = self._incoming, None
        self._shown = params.time
        self._flow_pose = None
        if known and self._flow is not None and params.flow > 0.0 and params.crossfade > 0.0:
            self._flow.find(self._newest, self._older, params.pose, params.edges)
            self._flow_pose = params.pose

    def _fade(self, params: FrameParams) -> float:
        """0: only the older picture; 1: only the newest."""
        if self._older is None or params.crossfade <= 0.0:
            return 1.0
        return min(1.0, max(0.0, (params.time - self._shown) / params.crossfade))

    def _mix(self, target: moderngl.Framebuffer, params: FrameParams, fade: float) -> None:
        """The pictures at their places into `target`; a still picture reads only the newest."""
        seen = [("newer", self._newest)]
        if fade < 1.0:
            seen.append(("older", self._older))
        flowing = fade < 1.0 and params.flow > 0.0 and self._flow_pose is not None
        if flowing:
            seen.append(("ways", Shot(self._flow.texture, self._flow_pose, top_first=False)))
        motions = [params.pose.since(shot.pose) for _, shot in seen]
        kind = (fade < 1.0, flowing, any(motion.bends for motion in motions))
        program = self._programs[kind]
        for unit, ((name, shot), motion) in enumerate(zip(seen, motions, strict=True)):
            size = target.size if name == "ways" else shot.texture.size
            place(program, name, motion, size, target.size, shot.top_first, kind[2])
            repeat = params.edges == "repeat" and name != "ways"
            shot.texture.repeat_x = shot.texture.repeat_y = repeat
            shot.texture.use(unit)
        program["edges"].value = edge_number(params.edges)
        if kind[0]:
            program["fade"].value = fade
        if flowing:
            program["travel"].value = params.flow
        target.use()
        self._quads[kind].render(mode=self._ctx.TRIANGLE_STRIP)

    def _free_mix(self) -> moderngl.Framebuffer:
        older = self._older.texture if self._older is not None else None
        return (
            self._mixes[0] if self._mixes[0].color_attachments[0] is not older else self._mixes[1]
        )

    def release(self) -> None:
        """Free everything on the GPU."""
        flow = () if self._flow is None else (self._flow,)
        for thing in (*self._quads.values(), *self._programs.values(), self._shots, *flow):
            thing.release()
        release(self._mixes)


def _program(
    ctx: moderngl.Context, fading: bool, flowing: bool, bent: bool
) -> moderngl.Program:
    """One for each kind: software GL would work out both pictures even where there is no fade."""
    names = ("newer", *(("older",) if fading else ()), *(("ways",) if flowing else ()))
    head = f"#version 330 core\n#define FADING {fading:d}\n#define FLOWING {flowing:d}\n"
    program = ctx.program(VERTEX, head + lookup_glsl(names, bent) + _FRAGMENT)
    for unit, name in enumerate(names):
        program[name].value = unit
    return program
