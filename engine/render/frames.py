"""Generated pictures on their way to the eye: uploaded, moved on, faded into one another.

Flows in: Frames, at whatever rate the model makes them; flows out: one picture for any show time.
Soft ones get sharp contours as they come. Each is moved on by what the camera has travelled since
it was made. When a new picture comes in the middle of a fade, the mix on the screen becomes the
old picture, so nothing jumps. Runs on the GL thread; textures are made when a size is first seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.records import Frame, Pose
from engine.render.buffers import Size, quad, release
from engine.render.contours import LARGER, Contours

if TYPE_CHECKING:
    import moderngl

_VERTEX = """#version 330 core
in vec2 position;
out vec2 at;
void main() { gl_Position = vec4(position, 0.0, 1.0); at = 0.5 * position; }
"""
# Catmull-Rom with five bilinear reads (J. Jimenez, "Filmic SMAA", SIGGRAPH 2016): sharp when a
# small picture is magnified, exact where picture and screen have the same pixels.
_FRAGMENT = """#version 330 core
#define FADING %d
uniform sampler2D newer, older;
uniform mat2 newer_turn, older_turn;
uniform vec2 newer_shift, older_shift;
uniform float fade;
in vec2 at;
out vec4 colour;

vec2 mirrored(vec2 uv) { return 1.0 - abs(mod(uv, 2.0) - 1.0); }

vec3 picture(sampler2D image, vec2 uv) {
    vec2 size = vec2(textureSize(image, 0));
    vec2 place = mirrored(uv) * size;
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
    return clamp(sum.rgb / sum.a, 0.0, 1.0);
}

void main() {
    vec3 c = picture(newer, newer_turn * at + newer_shift);
#if FADING
    c = mix(picture(older, older_turn * at + older_shift), c, fade);
#endif
    colour = vec4(c, 1.0);
}
"""


@dataclass(frozen=True, slots=True)
class _Shot:
    """A picture on the GPU and where the camera was; `top_first` is the order of its rows."""

    texture: moderngl.Texture
    pose: Pose
    top_first: bool = True


def placement(motion: Pose, picture: Size, screen: Size) -> tuple[np.ndarray, np.ndarray]:
    """Where on the picture a point of the screen is found: `uv = turn @ at + shift`.

    `at` is -0.5..0.5 from the middle of the screen, y upwards; `uv` 0..1 on the picture, v
    upwards. The picture covers the screen (the rest is cut off) after `motion` has turned and
    magnified it about its middle and then shifted it by its own widths and heights.
    """
    wide, screen_wide = picture[0] / picture[1], screen[0] / screen[1]
    cover = np.diag([min(1.0, screen_wide / wide), min(1.0, wide / screen_wide)])
    angle = math.radians(motion.angle)
    back = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    zoom = math.exp(min(20.0, max(-20.0, motion.log_zoom)))
    turn = np.diag([1.0 / wide, 1.0]) @ back @ np.diag([wide, 1.0]) / zoom
    return turn @ cover, 0.5 - turn @ (motion.x, motion.y)


class FrameFader:
    """The newest generated picture over the one before it."""

    def __init__(self, ctx: moderngl.Context, size: Size) -> None:
        self._ctx = ctx
        # Two programs: software GL would work out both pictures even where there is no fade.
        self._still, self._fading = (
            ctx.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT % fading)
            for fading in (0, 1)
        )
        self._fading["newer"].value, self._fading["older"].value = 0, 1
        self._quads = {program: quad(ctx, program) for program in (self._still, self._fading)}
        self._pool: list[moderngl.Texture] = []
        self._targets: dict[moderngl.Texture, moderngl.Framebuffer] = {}
        self._small: moderngl.Texture | None = None
        self._contours = Contours(ctx)
        self._mixes: list[moderngl.Framebuffer] = []
        self._incoming: _Shot | None = None
        self._newest: _Shot | None = None
        self._older: _Shot | None = None
        self._shown = 0.0
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

    def take(self, frame: Frame) -> None:
        """Upload a picture, its contours drawn sharp if it is soft; seen from the next draw on."""
        height, width = frame.picture.shape[:2]
        sharp = frame.soft * frame.params.contours
        texture = self._uploaded((width, height)) if sharp else self._free((width, height))
        texture.write(np.ascontiguousarray(frame.picture))
        if sharp:
            small, texture = texture, self._free((LARGER * width, LARGER * height))
            self._contours.draw(small, self._targets[texture], sharp)
        self._incoming = _Shot(texture, frame.params.pose)

    def before(self, pose: Pose) -> moderngl.Framebuffer:
        """Where to draw what was seen before the first picture, so that it fades in."""
        self._older = _Shot(self._mixes[0].color_attachments[0], pose, top_first=False)
        return self._mixes[0]

    def draw(self, target: moderngl.Framebuffer, pose: Pose, time: float, crossfade: float) -> None:
        """The picture for show time `time`, the camera being at `pose`."""
        if self._incoming is not None:
            self._turn_over(pose, time, crossfade)
        self._mix(target, pose, self._fade(time, crossfade))

    def _turn_over(self, pose: Pose, time: float, crossfade: float) -> None:
        """The incoming picture becomes the newest, and what is on the screen the older one."""
        if self._newest is not None:
            fade = self._fade(time, crossfade)
            if fade < 1.0:
                mix = self._free_mix()
                self._mix(mix, pose, fade)
                self._older = _Shot(mix.color_attachments[0], pose, top_first=False)
            else:
                self._older = self._newest
        self._newest, self._incoming = self._incoming, None
        self._shown = time

    def _fade(self, time: float, crossfade: float) -> float:
        """0: only the older picture; 1: only the newest."""
        if self._older is None or crossfade <= 0.0:
            return 1.0
        return min(1.0, max(0.0, (time - self._shown) / crossfade))

    def _mix(self, target: moderngl.Framebuffer, pose: Pose, fade: float) -> None:
        program = self._still
        if fade < 1.0:
            program = self._fading
            program["fade"].value = fade
            _place(program, "older", self._older, pose, target.size, 1)
        _place(program, "newer", self._newest, pose, target.size, 0)
        target.use()
        self._quads[program].render(mode=self._ctx.TRIANGLE_STRIP)

    def _free(self, size: Size) -> moderngl.Texture:
        """A texture of this size that no picture in use holds; at most three of a size."""
        used = {shot.texture for shot in (self._newest, self._older) if shot is not None}
        for texture in self._pool:
            if texture not in used and texture.size == size:
                return texture
        for texture in [old for old in self._pool if old not in used]:
            self._pool.remove(texture)
            self._targets.pop(texture).release()
            texture.release()
        texture = self._made(size)
        self._targets[texture] = self._ctx.framebuffer([texture])
        self._pool.append(texture)
        return texture

    def _uploaded(self, size: Size) -> moderngl.Texture:
        """Where a picture is written that is drawn into a larger one at once."""
        if self._small is None or self._small.size != size:
            if self._small is not None:
                self._small.release()
            self._small = self._made(size)
        return self._small

    def _made(self, size: Size) -> moderngl.Texture:
        texture = self._ctx.texture(size, 3, alignment=1)
        texture.repeat_x = texture.repeat_y = False
        return texture

    def _free_mix(self) -> moderngl.Framebuffer:
        older = self._older.texture if self._older is not None else None
        return (
            self._mixes[0] if self._mixes[0].color_attachments[0] is not older else self._mixes[1]
        )

    def release(self) -> None:
        """Free everything on the GPU."""
        things = (*self._quads.values(), *self._quads, *self._targets.values(), *self._pool)
        for thing in (*things, self._contours, *([self._small] if self._small else ())):
            thing.release()
        release(self._mixes)


def _place(
    program: moderngl.Program, name: str, shot: _Shot, pose: Pose, screen: Size, unit: int
) -> None:
    turn, shift = placement(pose.since(shot.pose), shot.texture.size, screen)
    if shot.top_first:
        turn[1], shift[1] = -turn[1], 1.0 - shift[1]
    program[f"{name}_turn"].value = tuple(turn.T.ravel())
    program[f"{name}_shift"].value = tuple(shift)
    shot.texture.use(unit)
