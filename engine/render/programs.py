"""An ISF shader as something that draws: a compiled shader with buffers and memory of its own.

Flows in: input values, image textures and a ShaderClock; flows out: the drawn target. Everything
runs on the GL thread. Buffers are made when the size is first seen or changes, never per frame.
Persistent buffers are two textures taking turns, so that a pass reads its own past.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.isf import ShaderHeader, ShaderInput
from engine.isf_header import Value
from engine.render.buffers import PassBuffer, Size
from engine.render.compiled import CompiledPass, CompiledShader, ShaderClock

if TYPE_CHECKING:
    import moderngl

__all__ = ["IsfProgram", "ShaderClock"]

MAX_SIDE = 8192
_NO_INPUTS: Mapping[str, Value] = {}
_START = ShaderClock()


class IsfProgram:
    """One instance of an ISF shader: each place of the show where it is drawn has its own."""

    def __init__(
        self, ctx: moderngl.Context, header: ShaderHeader, shared: CompiledShader | None = None
    ) -> None:
        """Compile, unless it is there to be `shared`. Raises ShaderError with file and line."""
        self.header = header
        self._ctx = ctx
        self._own = shared is None
        self._shader = shared or CompiledShader(ctx, header)
        self._buffers = {p.target: PassBuffer(ctx, p) for p in header.passes if p.target}
        self._held: dict[str, bool] = {}

    def draw(
        self,
        target: moderngl.Framebuffer,
        inputs: Mapping[str, Value] = _NO_INPUTS,
        images: Mapping[str, moderngl.Texture] | None = None,
        clock: ShaderClock = _START,
    ) -> None:
        """Draw all passes, the last into `target` over its whole size.

        `inputs` that are missing take their default, and all are clamped to their range; an
        image that is missing is black. `target` must not be one of the images.
        """
        values = {item.name: self._value(item, inputs) for item in self.header.settable}
        sizes = {"WIDTH": float(target.width), "HEIGHT": float(target.height), **_numbers(values)}
        self._fit(target.size, sizes)
        sources = {**self._shader.imported, **(images or {})}
        drawn = None
        for one, compiled in zip(self.header.passes, self._shader.passes, strict=True):
            drawn = self._buffers.get(one.target)
            compiled.set(values, clock)
            self._draw_pass(compiled, drawn, target, sources)
        if drawn is not None:
            # Every pass had a TARGET: what the last one drew is the picture.
            self._shader.copier.draw(drawn.texture, target)

    def reset(self) -> None:
        """Forget the past: persistent buffers turn black."""
        self._held.clear()
        for buffer in self._buffers.values():
            buffer.clear()

    def release(self) -> None:
        """Free what is its own on the GPU."""
        if self._own:
            self._shader.release()
        for buffer in self._buffers.values():
            buffer.release()

    def _draw_pass(
        self,
        one: CompiledPass,
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
        one: CompiledPass,
        drawing: PassBuffer | None,
        sources: Mapping[str, moderngl.Texture],
    ) -> None:
        """Put every picture on its unit; a buffer that cannot be read while drawn is black."""
        for name, unit in self._shader.units.items():
            buffer = self._buffers.get(name)
            if buffer is None:
                texture = sources.get(name, self._shader.black)
            elif buffer is drawing and not buffer.persistent:
                texture = self._shader.black
            else:
                texture = buffer.texture
            texture.use(unit)
            one.say_picture(name, texture.size)

    def _fit(self, size: Size, sizes: Mapping[str, float]) -> None:
        for one in self.header.passes:
            if one.target:
                width = one.width(sizes) if one.width else size[0]
                height = one.height(sizes) if one.height else size[1]
                self._buffers[one.target].fit((_side(width), _side(height)), self._shader.copier)

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
