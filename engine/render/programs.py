"""An ISF shader as something that draws: its program, buffers, pictures and uniforms.

Flows in: input values, image textures and a ShaderClock; flows out: the drawn target. Everything
runs on the GL thread. Buffers are made when the size is first seen or changes, never per frame.
Persistent buffers are two textures taking turns, so that a pass reads its own past.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import ShaderError
from engine.isf import ShaderHeader, ShaderInput, ShaderPass
from engine.isf_header import Value
from engine.render.glsl import AUTOMATIC, MUSICAL, compile_shader

if TYPE_CHECKING:
    import moderngl

Size = tuple[int, int]
MAX_SIDE = 8192
_NO_INPUTS: Mapping[str, Value] = {}
_CORNERS = np.array([-1, -1, 1, -1, -1, 1, 1, 1], "f4").tobytes()


@dataclass(frozen=True, slots=True)
class ShaderClock:
    """What the automatic uniforms say: show `time` and `dt` in s, picture `index`, the beat.

    `date` is (year, month, day, second of the day) at show time 0.
    """

    time: float = 0.0
    dt: float = 0.0
    index: int = 0
    beat: float = 0.0
    bpm: float = 120.0
    date: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


def quad(ctx: moderngl.Context, program: moderngl.Program) -> moderngl.VertexArray:
    """A rectangle over the whole target, drawn as a strip of four corners."""
    return ctx.vertex_array(program, [(ctx.buffer(_CORNERS), "2f", "position")])


class _Buffer:
    """The texture behind a pass's TARGET; persistent ones have two that take turns."""

    def __init__(self, ctx: moderngl.Context, one: ShaderPass) -> None:
        self._ctx, self._pass = ctx, one
        self.size: Size = (0, 0)
        self._sides: list[moderngl.Framebuffer] = []

    @property
    def texture(self) -> moderngl.Texture:
        """What was drawn last."""
        return self._sides[0].color_attachments[0]

    @property
    def target(self) -> moderngl.Framebuffer:
        """Where to draw now; `swap` afterwards."""
        return self._sides[-1]

    def swap(self) -> None:
        self._sides.reverse()

    def fit(self, size: Size, copier: Copier) -> None:
        """Make the textures of this size; a persistent picture is stretched over, not lost."""
        if size == self.size:
            return
        old, self.size = self._sides, size
        kind = "f4" if self._pass.floating else "f1"
        self._sides = []
        for _ in range(2 if self._pass.persistent else 1):
            texture = self._ctx.texture(size, 4, dtype=kind)
            texture.repeat_x = texture.repeat_y = False
            self._sides.append(self._ctx.framebuffer([texture]))
            self._sides[-1].clear()
        if old and self._pass.persistent:
            copier.draw(old[0].color_attachments[0], self._sides[0])
        release(old)

    def clear(self) -> None:
        for side in self._sides:
            side.clear()

    def release(self) -> None:
        release(self._sides)
        self._sides, self.size = [], (0, 0)


def release(sides: list[moderngl.Framebuffer]) -> None:
    """Free framebuffers and the textures they draw into."""
    for side in sides:
        textures = side.color_attachments
        side.release()
        for texture in textures:
            texture.release()


_COPY = (
    "#version 330 core\nin vec2 position; out vec2 at;"
    "void main() { gl_Position = vec4(position, 0.0, 1.0); at = 0.5 * position + 0.5; }",
    "#version 330 core\nuniform sampler2D image; in vec2 at; out vec4 colour;"
    "void main() { colour = texture(image, at); }",
)


class Copier:
    """Draws a texture over a whole target, stretched to its size."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._program = ctx.program(*_COPY)
        self._quad = quad(ctx, self._program)

    def draw(self, source: moderngl.Texture, target: moderngl.Framebuffer) -> None:
        target.use()
        source.use(0)
        self._quad.render(mode=self._ctx.TRIANGLE_STRIP)

    def release(self) -> None:
        self._quad.release()
        self._program.release()


class IsfProgram:
    """One instance of an ISF shader: a compiled program with its own buffers and memory."""

    def __init__(self, ctx: moderngl.Context, header: ShaderHeader) -> None:
        """Compile. Raises ShaderError with the file and line."""
        self.header = header
        self._ctx = ctx
        self._program = compile_shader(ctx, header)
        self._quad = quad(ctx, self._program)
        self._copier = Copier(ctx)
        self._black = ctx.texture((1, 1), 4, bytes(4))
        self._imported = {name: _picture(ctx, header, path) for name, path in header.imported}
        self._buffers = {p.target: _Buffer(ctx, p) for p in reversed(header.passes) if p.target}
        self._held: dict[str, bool] = {}
        self._members = {name: self._program[name] for name in self._program}
        self._settable = [i for i in header.settable if i.name in self._members]
        images = [i.name for i in header.inputs if i.is_image]
        names = (*images, *self._imported, *self._buffers)
        self._units = {name: unit for unit, name in enumerate(names)}
        for name, unit in self._units.items():
            if name in self._members:
                self._members[name].value = unit
        own = {item.name for item in header.inputs}
        self._musical = [name for name in MUSICAL if name in self._members and name not in own]
        self._automatic = [name for name in AUTOMATIC if name in self._members]

    def draw(
        self,
        target: moderngl.Framebuffer,
        inputs: Mapping[str, Value] = _NO_INPUTS,
        images: Mapping[str, moderngl.Texture] | None = None,
        clock: ShaderClock = ShaderClock(),
    ) -> None:
        """Draw all passes, the last into `target` over its whole size.

        `inputs` that are missing take their default, and all are clamped to their range; an
        image that is missing is black. `target` must not be one of the images.
        """
        values = {item.name: self._value(item, inputs) for item in self.header.settable}
        self._set(values, clock)
        sizes = {"WIDTH": float(target.width), "HEIGHT": float(target.height), **_numbers(values)}
        self._fit(target.size, sizes)
        sources = {**self._imported, **(images or {})}
        drawn = None
        for index, one in enumerate(self.header.passes):
            drawn = self._buffers.get(one.target)
            self._pass(index, drawn, target, sources)
        if drawn is not None:
            # Every pass had a TARGET: what the last one drew is the picture.
            self._copier.draw(drawn.texture, target)

    def reset(self) -> None:
        """Forget the past: persistent buffers turn black."""
        self._held.clear()
        for buffer in self._buffers.values():
            buffer.clear()

    def release(self) -> None:
        """Free everything on the GPU."""
        for thing in (
            self._quad,
            self._program,
            self._copier,
            self._black,
            *self._imported.values(),
        ):
            thing.release()
        for buffer in self._buffers.values():
            buffer.release()

    def _pass(
        self,
        index: int,
        buffer: _Buffer | None,
        output: moderngl.Framebuffer,
        sources: Mapping[str, moderngl.Texture],
    ) -> None:
        target = buffer.target if buffer else output
        self._bind(buffer, sources)
        if "PASSINDEX" in self._members:
            self._members["PASSINDEX"].value = index
        if "RENDERSIZE" in self._members:
            self._members["RENDERSIZE"].value = target.size
        target.use()
        self._quad.render(mode=self._ctx.TRIANGLE_STRIP)
        if buffer:
            buffer.swap()

    def _bind(self, drawing: _Buffer | None, sources: Mapping[str, moderngl.Texture]) -> None:
        """Put every picture on its unit; a buffer that cannot be read while drawn is black."""
        for name, unit in self._units.items():
            buffer = self._buffers.get(name)
            if buffer is None:
                texture = sources.get(name, self._black)
            elif buffer is drawing and buffer.texture is buffer.target.color_attachments[0]:
                texture = self._black
            else:
                texture = buffer.texture
            texture.use(unit)
            self._say(f"_{name}_imgSize", texture.size)
            self._say(f"_{name}_imgRect", (0.0, 0.0, 1.0, 1.0))

    def _say(self, name: str, value: object) -> None:
        member = self._members.get(name)
        if member is not None:
            member.value = value

    def _fit(self, size: Size, sizes: Mapping[str, float]) -> None:
        for one in self.header.passes:
            if one.target:
                width = one.width(sizes) if one.width else size[0]
                height = one.height(sizes) if one.height else size[1]
                self._buffers[one.target].fit((_side(width), _side(height)), self._copier)

    def _value(self, item: ShaderInput, inputs: Mapping[str, Value]) -> Value:
        value = item.clamp(inputs.get(item.name, item.default))
        if item.type != "event":
            return value
        # An event is true for the one frame in which its value comes up.
        on, was = value > 0.5, self._held.get(item.name, False)
        self._held[item.name] = on
        return float(on and not was)

    def _set(self, values: Mapping[str, Value], clock: ShaderClock) -> None:
        for item in self._settable:
            value = values[item.name]
            if item.type == "long":
                value = int(value)
            elif item.type in ("bool", "event"):
                value = value > 0.5
            self._members[item.name].value = value
        for name in self._automatic:
            self._say_time(name, clock)
        for name in self._musical:
            value = clock.beat % 1.0 if name == "phase" else getattr(clock, name)
            self._members[name].value = value

    def _say_time(self, name: str, clock: ShaderClock) -> None:
        if name == "TIME":
            self._members[name].value = clock.time
        elif name == "TIMEDELTA":
            self._members[name].value = clock.dt if clock.index else 0.0
        elif name == "FRAMEINDEX":
            self._members[name].value = clock.index
        elif name == "DATE":
            year, month, day, second = clock.date
            self._members[name].value = (year, month, day, second + clock.time)


def _numbers(values: Mapping[str, Value]) -> dict[str, float]:
    return {name: value for name, value in values.items() if not isinstance(value, tuple)}


def _side(length: float) -> int:
    return int(min(MAX_SIDE, max(1.0, length)))


def _picture(ctx: moderngl.Context, header: ShaderHeader, path: object) -> moderngl.Texture:
    """An IMPORTED picture as a texture, its bottom row first as GL has it."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            pixels = np.ascontiguousarray(np.asarray(image.convert("RGBA"))[::-1])
    except (OSError, ValueError) as error:
        raise ShaderError(f"{header.path}:1: IMPORTED {path}: {error}") from None
    texture = ctx.texture((pixels.shape[1], pixels.shape[0]), 4, pixels.tobytes())
    texture.repeat_x = texture.repeat_y = False
    return texture
