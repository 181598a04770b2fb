"""The generated picture as a canvas: the newest one moved on and faded in, or the waiting picture.

Flows in: Frames, whenever the model has one; flows out: a canvas, drawn once for each picture
however many layers show it. The first generated picture fades in from the waiting one. GL thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.records import Frame, FrameParams
from engine.render.buffers import Size, release
from engine.render.compiled import CompiledShader, ShaderClock
from engine.render.frames import FrameFader
from engine.render.programs import IsfProgram

if TYPE_CHECKING:
    import moderngl

WAITING = "waiting"
"""The shader that is seen until the first picture comes."""


class Generated:
    """`begin` says for which params; `canvas` draws, the first time it is asked."""

    def __init__(
        self, ctx: moderngl.Context, size: Size, load: Callable[[str], CompiledShader],
        flow: bool = True,
    ) -> None:
        """Raises ShaderError if the waiting picture does not compile."""
        self._ctx, self._load = ctx, load
        self._fader = FrameFader(ctx, size, flow)
        self._canvas = self._made(size)
        self._shader = load(WAITING)
        self._waiting = IsfProgram(ctx, self._shader.header, self._shader)
        self._waited = self._drawn = False
        self.number = 0

    def take(self, frame: Frame) -> None:
        """Upload a picture; it is seen from the next draw on. Raises ValueError for a wrong one."""
        picture = frame.picture
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise ValueError(f"picture {picture.shape} {picture.dtype} is not uint8 (h, w, 3)")
        self._fader.take(frame)
        self.number = frame.number

    def begin(self, params: FrameParams, now: ShaderClock) -> None:
        """What is drawn from now on is for `params`."""
        self._params, self._now, self._drawn = params, now, False

    def prepare_next(self) -> bool:
        """Make the next program of fades ready, before the first picture; whether there was one."""
        return self._fader.rehearse(self._canvas)

    def canvas(self) -> moderngl.Framebuffer:
        """The generated picture; nobody may draw into it."""
        if not self._drawn:
            self._draw(self._params, self._now)
            self._drawn = True
        return self._canvas

    def resize(self, size: Size) -> None:
        old, self._canvas = self._canvas, self._made(size)
        self._fader.resize(size)
        release([old])

    def reload(self) -> None:
        """The waiting picture's file has changed. Raises ShaderError and keeps the old one."""
        fresh = self._load(WAITING)
        self._waiting.release()
        self._shader.release()
        self._shader, self._waiting = fresh, IsfProgram(self._ctx, fresh.header, fresh)

    def release(self) -> None:
        """Free everything on the GPU."""
        for thing in (self._fader, self._waiting, self._shader):
            thing.release()
        release([self._canvas])

    def _draw(self, params: FrameParams, now: ShaderClock) -> None:
        if self._fader.empty:
            self._waiting.draw(self._canvas, clock=now)
            self._waited = self._waited or not now.passing
            return
        if self._fader.first and self._waited:
            self._waiting.draw(self._fader.before(params.pose), clock=now)
        self._fader.draw(self._canvas, params)

    def _made(self, size: Size) -> moderngl.Framebuffer:
        texture = self._ctx.texture(tuple(size), 4)
        texture.repeat_x = texture.repeat_y = False
        return self._ctx.framebuffer([texture])
