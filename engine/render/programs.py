"""An ISF shader as something that draws: a compiled shader with buffers and memory of its own.

Flows in: input values, image textures and a ShaderClock; flows out: the drawn target. Everything
runs on the GL thread. Buffers are made when the size is first seen or changes, never per frame.
Persistent buffers are two textures taking turns, so that a pass reads its own past. A shader that
remembers begins at TIME 0 and FRAMEINDEX 0 wherever in the show it is first drawn, as its code
expects; one that does not is a function of show time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
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
        targets = Counter(one.target for one in header.passes)
        self._buffers = {
            one.target: PassBuffer(ctx, one, targets[one.target] > 1)
            for one in header.passes if one.target
        }
        self._held: dict[str, bool] = {}
        self._began: ShaderClock | None = None

    def draw(
        self,
        target: moderngl.Framebuffer,
        inputs: Mapping[str, Value] = _NO_INPUTS,
        images: Mapping[str, moderngl.Texture] | None = None,
        clock: ShaderClock = _START,
    ) -> None:
        """Draw all passes, the last into `target` over its whole size.

        `inputs` that are missing take their default, and all are clamped to their range. An
        image that is missing is the first that there is, or black: a shader may ask for more
        pictures than its place has. `target` must not be one of the images.
        """
        clock = self._own_time(clock)
        settable = self.header.settable
        values = {item.name: self._value(item, inputs, clock.passing) for item in settable}
        sizes = {"WIDTH": float(target.width), "HEIGHT": float(target.height), **_numbers(values)}
        self._fit(target.size, sizes)
        sources = {**self._shader.imported, **self._shader.sounds.hear(clock.sound)}
        for item in self.header.inputs if images else ():
            if item.type == "image":
                sources[item.name] = images.get(item.name) or next(iter(images.values()))
        drawn = None
        past = [(buffer, buffer.texture) for buffer in self._buffers.values() if clock.passing]
        for one, compiled in zip(self.header.passes, self._shader.passes, strict=True):
            drawn = self._buffers.get(one.target)
            compiled.set(values, clock)
            self._draw_pass(compiled, drawn, target, sources)
        if drawn is not None:
            # Every pass had a TARGET: what the last one drew is the picture.
            self._shader.copier.draw(drawn.texture, target)
        for buffer, before in past:
            if buffer.texture is not before:
                buffer.swap()

    def reset(self) -> None:
        """Forget the past: persistent buffers turn black."""
        self._held.clear()
        self._began = None
        for buffer in self._buffers.values():
            buffer.clear()

    def release(self) -> None:
        """Free what is its own on the GPU."""
        if self._own:
            self._shader.release()
        for buffer in self._buffers.values():
            buffer.release()

    def _own_time(self, clock: ShaderClock) -> ShaderClock:
        """The clock since the memory began, for a shader that has one."""
        if not self.header.remembers:
            return clock
        began, date = self._began or clock, clock.date
        if not clock.passing:
            self._began = began
        return replace(
            clock, time=clock.time - began.time, index=clock.index - began.index,
            date=(*date[:3], date[3] + began.time),
        )

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
            elif buffer is drawing and not buffer.turns:
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

    def _value(self, item: ShaderInput, inputs: Mapping[str, Value], passing: bool) -> Value:
        value = item.clamp(inputs.get(item.name, item.default))
        if item.type != "event":
            return value
        # An event is true for the one frame in which its value comes up.
        on, was = value > 0.5, self._held.get(item.name, False)
        if not passing:
            self._held[item.name] = on
        return float(on and not was)


def _numbers(values: Mapping[str, Value]) -> dict[str, float]:
    return {name: value for name, value in values.items() if not isinstance(value, tuple)}


def _side(length: float) -> int:
    return int(min(MAX_SIDE, max(1.0, length)))
