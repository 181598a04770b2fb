"""The compositor: FrameParams and generated Frames in, the picture that the eye sees out.

It draws at display rate whatever the model does: the newest generated picture moved on and faded
in, the effects of the preset over it, then the master fader and blackout. Nothing here waits,
and a shader that fails is counted and left out, never raised. Runs on the GL thread; programs
are compiled in `prepare` and `reload_shader`, ahead of the frame path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine import clock
from engine.errors import LiquidlightError, ShaderError
from engine.isf import find_shader, load_header
from engine.records import Frame, FrameParams
from engine.render.buffers import Copier, Size, quad, release
from engine.render.frames import FrameFader
from engine.render.programs import IsfProgram, ShaderClock

if TYPE_CHECKING:
    import moderngl

WAITING = "waiting"
"""The shader that is seen until the first picture comes."""

_FINISH = (
    "#version 330 core\nin vec2 position; out vec2 at;"
    "void main() { gl_Position = vec4(position, 0.0, 1.0); at = 0.5 * position + 0.5; }",
    "#version 330 core\nuniform sampler2D image; uniform float light; in vec2 at; out vec4 colour;"
    "void main() { colour = vec4(texture(image, at).rgb * light, 1.0); }",
)
_Key = tuple[str, int]


@dataclass(slots=True)
class Fault:
    """What went wrong last with one shader, and how often."""

    message: str
    count: int = 1


class Compositor:
    """Draws the show at one size.

    `faults` maps a shader's name to its Fault; `compiles` counts programs compiled on the frame
    path, which `prepare` should keep at 0.
    """

    def __init__(
        self, ctx: moderngl.Context, size: Size, shader_folders: Sequence[Path] = ()
    ) -> None:
        """Raises ShaderError if the waiting picture does not compile."""
        self._ctx = ctx
        self._folders = tuple(map(Path, shader_folders))
        self.faults: dict[str, Fault] = {}
        self.compiles = 0
        self._programs: dict[_Key, IsfProgram] = {}
        self._drawn: dict[_Key, int] = {}
        self._draws = 0
        self._last: tuple[FrameParams, int] | None = None
        self._number = 0
        self._date = _date()
        self._waited = False
        self._light, self._finished = 1.0, False
        self._finish = ctx.program(*_FINISH)
        self._finish_quad = quad(ctx, self._finish)
        self._copier = Copier(ctx)
        self._waiting = self._load(WAITING)
        self._fader = FrameFader(ctx, size)
        self._sides: list[moderngl.Framebuffer] = []
        self._buffers: list[moderngl.Buffer] = []
        self._make_targets(size)

    @property
    def size(self) -> Size:
        """(width, height) of the picture, pixels."""
        return self._output.size

    def resize(self, size: Size) -> None:
        """Draw at another size from now on; what is held or remembered is stretched over."""
        if tuple(size) == self.size:
            return
        old = [*self._sides, self._output]
        self._sides = []
        self._make_targets(size)
        self._copier.draw(old[0].color_attachments[0], self._sides[0])
        self._fader.resize(size)
        release(old)
        self._forget()

    def show(self, frame: Frame) -> None:
        """Upload a newly generated picture; it fades in from the next draw on."""
        picture = frame.picture
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            self._fault("frame", f"picture {picture.shape} {picture.dtype} is not uint8 (h, w, 3)")
            return
        self._fader.take(frame)
        self._number = frame.number

    def prepare(self, params: FrameParams) -> None:
        """Compile and try every effect of `params` now, off the frame path."""
        for key in _keys(params):
            if key not in self._programs and key[0] not in self.faults:
                self._add(key)

    def draw(self, params: FrameParams, target: moderngl.Framebuffer | None = None) -> None:
        """Draw the picture for `params`; `read` gives it back, and `target` (a screen) shows it.

        The same params twice give the same picture, feedback included. On a target of another
        shape the picture is fitted in whole.
        """
        held = self._last is not None and params.freeze
        if not held and self._last != (params, self._number):
            self._compose(params)
            self._last = (params, self._number)
        self._light = 0.0 if params.blackout else params.opacity
        self._finished = False
        if target is not None:
            self._present(target)

    def read(self) -> np.ndarray:
        """The last drawn picture: uint8 (height, width, 3) RGB, top row first. Waits."""
        return self._picture(self._final().read(components=3, alignment=1))

    def read_late(self) -> np.ndarray | None:
        """Ask for the last drawn picture and get the one asked for before; None the first time.

        The GPU copies while the next picture is drawn, so that nobody waits.
        """
        self._turn ^= 1
        self._final().read_into(self._buffers[self._turn], components=3, alignment=1)
        ready, self._asked = self._asked, True
        return self._picture(self._buffers[self._turn ^ 1].read()) if ready else None

    def reload_shader(self, path: str | Path) -> ShaderError | None:
        """A shader file has changed: compile it, or keep the last good program and say why.

        Files that no effect uses are forgiven too: their fault is forgotten.
        """
        name = Path(path).stem
        self.faults.pop(name, None)
        keys = [key for key in self._programs if key[0] == name]
        try:
            fresh = {key: self._load(name) for key in keys}
            if name == WAITING:
                self._waiting = self._load(WAITING)
        except ShaderError as error:
            self._fault(name, str(error))
            return error
        for key, program in fresh.items():
            self._programs[key].release()
            self._programs[key] = program
        self._forget()
        return None

    def release(self) -> None:
        """Free everything on the GPU."""
        things = (self._finish_quad, self._finish, self._copier, self._fader, self._waiting)
        for thing in (*things, *self._programs.values(), *self._buffers):
            thing.release()
        release([*self._sides, self._output])

    def _forget(self) -> None:
        """Compose anew at the next draw, unless the picture is frozen."""
        if self._last is not None and not self._last[0].freeze:
            self._last = None

    def _make_targets(self, size: Size) -> None:
        """Two sides for the chain of effects, and the finished picture."""
        made = []
        for _ in range(3):
            texture = self._ctx.texture(tuple(size), 4)
            texture.repeat_x = texture.repeat_y = False
            made.append(self._ctx.framebuffer([texture]))
            made[-1].clear()
        self._sides, self._output = made[:2], made[2]
        for buffer in self._buffers:
            buffer.release()
        length = size[0] * size[1] * 3
        self._buffers = [self._ctx.buffer(reserve=length) for _ in range(2)]
        self._turn, self._asked = 0, False

    def _compose(self, params: FrameParams) -> None:
        """Everything before the master fader, into `_sides[0]`."""
        self._draws += 1
        now = self._clock(params)
        if self._fader.empty:
            self._waiting.draw(self._sides[0], clock=now)
            self._waited = True
        else:
            if self._fader.first and self._waited:
                self._waiting.draw(self._fader.before(params.pose), clock=now)
            self._fader.draw(self._sides[0], params.pose, params.time, params.crossfade)
        for key, effect in zip(_keys(params), params.effects, strict=True):
            self._apply(key, dict(effect.inputs), now)

    def _apply(self, key: _Key, inputs: dict, now: ShaderClock) -> None:
        program = self._programs.get(key)
        if program is None:
            program = self._late(key)
            if program is None:
                return
        if self._drawn.get(key, 0) < self._draws - 1:
            program.reset()
        self._drawn[key] = self._draws
        image = {"inputImage": self._sides[0].color_attachments[0]}
        try:
            program.draw(self._sides[1], inputs, image, now)
        except Exception as error:  # The show goes on without this effect, whatever it was.
            self._fault(key[0], f"{program.header.path}: {error}")
            return
        self._sides.reverse()

    def _late(self, key: _Key) -> IsfProgram | None:
        """A program that nobody prepared: compiled now, once, and counted."""
        if key[0] in self.faults:
            self.faults[key[0]].count += 1
            return None
        self.compiles += 1
        return self._add(key)

    def _add(self, key: _Key) -> IsfProgram | None:
        try:
            program = self._load(key[0])
        except LiquidlightError as error:
            self._fault(key[0], str(error))
            return None
        self._programs[key] = program
        return program

    def _load(self, name: str) -> IsfProgram:
        """A compiled program, drawn once into a corner: drivers finish compiling at first use."""
        program = IsfProgram(self._ctx, load_header(find_shader(name, self._folders)))
        scrap = self._ctx.framebuffer([self._ctx.texture((32, 18), 4)])
        program.draw(scrap)
        release([scrap])
        program.reset()
        return program

    def _fault(self, name: str, message: str) -> None:
        known = self.faults.get(name)
        self.faults[name] = Fault(message, known.count + 1 if known else 1)

    def _clock(self, params: FrameParams) -> ShaderClock:
        dt = params.dt
        return ShaderClock(params.time, dt, params.index, params.beat, params.bpm, self._date)

    def _present(self, target: moderngl.Framebuffer) -> None:
        """The finished picture in the middle of a screen, whole, with black where it ends."""
        whole = target.viewport  # of a window, whose framebuffer does not know its new size
        width, height = whole[2:]
        scale = min(width / self.size[0], height / self.size[1])
        across, down = round(self.size[0] * scale), round(self.size[1] * scale)
        target.clear()
        target.use()
        target.viewport = ((width - across) // 2, (height - down) // 2, across, down)
        self._shine()
        target.viewport = whole

    def _final(self) -> moderngl.Framebuffer:
        """The picture as the eye sees it; at full light that is the chain's own."""
        if self._light == 1.0:
            return self._sides[0]
        if not self._finished:
            self._output.use()
            self._shine()
            self._finished = True
        return self._output

    def _shine(self) -> None:
        """The composed picture at the present light, into the viewport of the target in use."""
        self._finish["light"].value = self._light
        self._sides[0].color_attachments[0].use(0)
        self._finish_quad.render(mode=self._ctx.TRIANGLE_STRIP)

    def _picture(self, raw: bytes) -> np.ndarray:
        width, height = self.size
        return np.frombuffer(raw, np.uint8).reshape(height, width, 3)[::-1].copy()


def _keys(params: FrameParams) -> list[_Key]:
    """One key for each effect; the same shader twice in a chain has two memories."""
    names = [effect.shader for effect in params.effects]
    return [(name, names[:place].count(name)) for place, name in enumerate(names)]


def _date() -> tuple[float, float, float, float]:
    """Today for the DATE uniform: year, month, day, second of the day."""
    day, second = clock.timestamp().split("-")
    hours, minutes, seconds = int(second[:2]), int(second[2:4]), int(second[4:])
    now = hours * 3600.0 + minutes * 60.0 + seconds
    return float(day[:4]), float(day[4:6]), float(day[6:]), now
