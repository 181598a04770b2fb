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
from engine.isf import ShaderHeader, ShaderInput
from engine.isf_header import Value
from engine.render.buffers import Copier, PassBuffer, Size, quad
from engine.render.glsl import MUSICAL, compile_shader

if TYPE_CHECKING:
    import moderngl

MAX_SIDE = 8192
_NO_INPUTS: Mapping[str, Value] = {}


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


class _Compiled:
    """The program of one pass: PASSINDEX is a constant in it, so that the branches of the other
    passes cost nothing. Its uniforms are looked up once."""

    def __init__(self, ctx: moderngl.Context, header: ShaderHeader, index: int) -> None:
        self.program = compile_shader(ctx, header, index)
        self.quad = quad(ctx, self.program)
        self.members = {name: self.program[name] for name in self.program}
        self.settable = [item for item in header.settable if item.name in self.members]
        own = {item.name for item in header.inputs}
        self.musical = [name for name in MUSICAL if name in self.members and name not in own]

    def say(self, name: str, value: object) -> None:
        """Set a uniform, if the shader uses it."""
        member = self.members.get(name)
        if member is not None:
            member.value = value

    def set(self, values: Mapping[str, Value], clock: ShaderClock) -> None:
        """Every input and automatic uniform but RENDERSIZE."""
        for item in self.settable:
            value = values[item.name]
            if item.type == "long":
                value = int(value)
            elif item.type in ("bool", "event"):
                value = value > 0.5
            self.members[item.name].value = value
        for name in self.musical:
            value = clock.beat % 1.0 if name == "phase" else getattr(clock, name)
            self.members[name].value = value
        self.say("TIME", clock.time)
        self.say("TIMEDELTA", clock.dt if clock.index else 0.0)
        self.say("FRAMEINDEX", clock.index)
        if "DATE" in self.members:
            self.say("DATE", (*clock.date[:3], clock.date[3] + clock.time))

    def release(self) -> None:
        self.quad.release()
        self.program.release()


class IsfProgram:
    """One instance of an ISF shader: a compiled program with its own buffers and memory."""

    def __init__(self, ctx: moderngl.Context, header: ShaderHeader) -> None:
        """Compile. Raises ShaderError with the file and line."""
        self.header = header
        self._ctx = ctx
        self._passes = [_Compiled(ctx, header, index) for index in range(len(header.passes))]
        self._copier = Copier(ctx)
        self._black = ctx.texture((1, 1), 4, bytes(4))
        self._imported = {name: _picture(ctx, header, path) for name, path in header.imported}
        self._buffers = {p.target: PassBuffer(ctx, p) for p in header.passes if p.target}
        self._held: dict[str, bool] = {}
        images = [item.name for item in header.inputs if item.is_image]
        names = (*images, *self._imported, *self._buffers)
        self._units = {name: unit for unit, name in enumerate(names)}
        for one in self._passes:
            for name, unit in self._units.items():
                one.say(name, unit)

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
        sizes = {"WIDTH": float(target.width), "HEIGHT": float(target.height), **_numbers(values)}
        self._fit(target.size, sizes)
        sources = {**self._imported, **(images or {})}
        drawn = None
        for index, one in enumerate(self.header.passes):
            drawn = self._buffers.get(one.target)
            self._passes[index].set(values, clock)
            self._draw_pass(self._passes[index], drawn, target, sources)
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
        for thing in (*self._passes, self._copier, self._black, *self._imported.values()):
            thing.release()
        for buffer in self._buffers.values():
            buffer.release()

    def _draw_pass(
        self,
        one: _Compiled,
        buffer: PassBuffer | None,
        output: moderngl.Framebuffer,
        sources: Mapping[str, moderngl.Texture],
    ) -> None:
        target = buffer.target if buffer else output
        self._bind(one, buffer, sources)
        one.say("RENDERSIZE", target.size)
        target.use()
        one.quad.render(mode=self._ctx.TRIANGLE_STRIP)
        if buffer:
            buffer.swap()

    def _bind(
        self,
        one: _Compiled,
        drawing: PassBuffer | None,
        sources: Mapping[str, moderngl.Texture],
    ) -> None:
        """Put every picture on its unit; a buffer that cannot be read while drawn is black."""
        for name, unit in self._units.items():
            buffer = self._buffers.get(name)
            if buffer is None:
                texture = sources.get(name, self._black)
            elif buffer is drawing and not buffer.persistent:
                texture = self._black
            else:
                texture = buffer.texture
            texture.use(unit)
            one.say(f"_{name}_imgSize", texture.size)
            one.say(f"_{name}_imgRect", (0.0, 0.0, 1.0, 1.0))

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
