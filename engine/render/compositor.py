"""The compositor: FrameParams and generated Frames in, the picture that the eye sees out.

It draws at display rate whatever the model does: the layers of the look and its effects, beside
them those of the look that is being left, joined by a transition; then what words switch on, the
master fader and blackout. Nothing here waits, and what fails is counted and left out, never
raised. Runs on the GL thread; shaders are compiled in `prepare`, `prepare_next` and
`reload_shader`, ahead of the frame path.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine import clock
from engine.errors import ShaderError
from engine.records import Effect, Frame, FrameParams, Layer, Leaving
from engine.render.blend import MIX, Blender
from engine.render.buffers import Copier, Size, release
from engine.render.canvases import Canvases
from engine.render.chain import draw_chain
from engine.render.compiled import ShaderClock
from engine.render.faults import Fault, Faults
from engine.render.finish import Finish
from engine.render.flash_limit import FlashLimit
from engine.render.generated import WAITING, Generated
from engine.render.layers import Layers
from engine.render.source_canvas import SourceCanvas
from engine.render.stock import ShaderStock

if TYPE_CHECKING:
    import moderngl
    import numpy as np

__all__ = ["WAITING", "Compositor", "Fault"]


class Compositor:
    """Draws the show at one size. `faults` says what does not work: shaders, files, cameras;
    `limited` whether the last picture is held back by the flash limiter."""

    def __init__(
        self,
        ctx: moderngl.Context,
        size: Size,
        folders: Sequence[Path] = (),
        patient: bool = False,
        flow: bool = True,
    ) -> None:
        """`folders` hold the show's own shaders; `patient` waits for files, as films do; without
        `flow` generated pictures fade plainly, which is cheaper.

        Raises ShaderError if the waiting picture does not compile.
        """
        folders = tuple(map(Path, folders))
        self.faults = Faults()
        self._date = _date()
        self._last: tuple[FrameParams, int] | None = None
        self._canvases = Canvases(ctx, tuple(size))
        self._stock = ShaderStock(ctx, folders, self.faults)
        self._blender = Blender(ctx)
        self._copier = Copier(ctx)
        self._generated = Generated(ctx, size, self._stock.load, flow)
        shared = (self._stock, self._canvases, self._blender, self.faults)
        self._layers = Layers(ctx, *shared, patient)
        self._finish = Finish(ctx, size)
        self._flashes, self._faded = FlashLimit(ctx), 1.0
        self._sources: dict[Size, SourceCanvas] = {}
        self._ctx, self._patient = ctx, patient

    @property
    def size(self) -> Size:
        """(width, height) of the picture, pixels."""
        return self._finish.size

    @property
    def compiles(self) -> int:
        """Programs compiled on the frame path, which `prepare` should keep at 0."""
        return self._stock.compiles + self._blender.compiles

    def resize(self, size: Size) -> None:
        """Draw at another size from now on; what is held or remembered is stretched over."""
        if tuple(size) == self.size:
            return
        seen, old = self._finish.image, self._canvases.resize(tuple(size))
        self._finish.resize(size)
        if seen is not None:
            self._finish.image = self._canvases.take()
            self._copier.draw(seen.color_attachments[0], self._finish.image)
        self._generated.resize(size)
        self._flashes.forget()
        release(old)
        self._forget()

    def show(self, frame: Frame) -> None:
        """Upload a newly generated picture; it fades in from the next draw on."""
        try:
            self._generated.take(frame)
        except ValueError as error:
            self.faults.add("frame", str(error))

    def source(self, size: Size) -> SourceCanvas:
        """Where a look's source is drawn for a generator of this size: made when first asked for,
        and its files and shaders prepared from then on with all others."""
        size = tuple(size)
        if size not in self._sources:
            shared = (self._blender, self._layers.cameras, self.faults, self._patient, self._date)
            self._sources[size] = SourceCanvas(self._ctx, size, self._stock.folders, *shared)
        return self._sources[size]

    def look_in(self, folders: Sequence[Path]) -> None:
        """The show's own shaders lie here from now on."""
        self._stock.folders = tuple(folders)
        for source in self._sources.values():
            source.look_in(folders)

    def prepare(self, params: FrameParams) -> None:
        """Compile and open now all that drawing `params` needs, and a plain mix of looks."""
        self.prepare_shaders(effect.shader for effect in (*params.effects, *params.over))
        self._layers.prepare(params.layers)
        for source in self._sources.values() if params.source_layer is not None else ():
            source.prepare(params.source_layer)
        self._blender.prepare(MIX, False)

    def prepare_shaders(self, names: Iterable[str]) -> None:
        """Compile these now: transitions, effects that words switch on."""
        for name in names:
            self._stock.prepare(name)

    def prepare_later(self, shaders: Iterable[str]) -> None:
        """Shaders that `prepare_next` compiles, one at a call."""
        self._stock.later(shaders)

    def prepare_next(self) -> bool:
        """Compile the next of those; whether there was one."""
        return self._stock.prepare_next() or self._generated.prepare_next()

    def draw(self, params: FrameParams, target: moderngl.Framebuffer | None = None) -> None:
        """Draw the picture for `params`; `read` gives it back, and `target` (a screen) shows it.

        The same params twice give the same picture, feedback included. On a target of another
        shape the picture is fitted in whole.
        """
        held = self._last is not None and params.freeze
        if not held and self._last != (params, self._generated.number):
            self._finish.image = self._limited(self._compose(params), params)
            self._last = (params, self._generated.number)
        light = params.opacity / self._faded if self._faded else 1.0
        self._finish.light = 0.0 if params.blackout else light
        if target is not None:
            self._finish.present(target)

    def draw_passing(self, params: FrameParams) -> tuple[moderngl.Texture, float]:
        """A moment before the picture's own, for motion blur: it leaves no memory behind."""
        seen, light = self._compose(params, passing=True), params.opacity
        if params.flash_limit:
            seen, light = self._flashes.apply(seen, light, params.time, self._canvases, True)
        return seen.color_attachments[0], 0.0 if params.blackout else light

    @property
    def picture(self) -> tuple[moderngl.Texture, float] | None:
        """What was drawn last and how much of its light is seen, for outputs; None at first."""
        image = self._finish.image
        return (image.color_attachments[0], self._finish.light) if image else None

    def read(self) -> np.ndarray:
        """The last drawn picture: uint8 (height, width, 3) RGB, top row first. Waits."""
        return self._finish.read()

    def read_late(self) -> np.ndarray | None:
        """Ask for the last drawn picture and get the one asked for before; None the first time."""
        return self._finish.read_late()

    def reload_shader(self, path: str | Path) -> ShaderError | None:
        """A shader file has changed: compile it, or keep the last good program and say why.

        Files that nothing uses are forgiven too: their fault is forgotten.
        """
        name = Path(path).stem
        error = self._stock.reload(name)
        for source in self._sources.values():
            error = source.reload(name) or error
        if error is not None and name not in self.faults:  # Each forgets what it does not use.
            self.faults.add(name, str(error))
        if name == WAITING and error is None:
            try:
                self._generated.reload()
            except ShaderError as wrong:
                self.faults.add(name, str(wrong))
                return wrong
        self._forget()
        return error

    def release(self) -> None:
        """Free everything on the GPU, and end the threads that read files."""
        mine = (self._layers, self._generated, self._stock, self._blender, self._copier)
        for source in self._sources.values():
            source.release()
        for thing in (*mine, self._canvases, self._finish, self._flashes):
            thing.release()

    def _forget(self) -> None:
        """Compose anew at the next draw, unless the picture is frozen."""
        if self._last is not None and not self._last[0].freeze:
            self._last = None

    def _compose(self, params: FrameParams, passing: bool = False) -> moderngl.Framebuffer:
        """Everything before the master fader; the last whole picture stays until this is one."""
        now = ShaderClock(
            params.time, params.dt, params.index, params.beat, params.bpm, self._date,
            params.sound, passing,
        )
        self._canvases.begin(self._finish.image, self._flashes.shown)
        self._generated.begin(params, now)
        leaving = params.leaving
        if leaving is None or leaving.k >= 1.0:
            seen = self._look(params.layers, params.effects, params.preset, now)
        elif leaving.k <= 0.0:
            seen = self._look(leaving.layers, leaving.effects, leaving.preset, now)
        else:
            seen = self._join(params, leaving, now)
        seen = draw_chain(self._stock, self._canvases, seen, params.over, "over", now)
        self._stock.end()
        self._layers.end()
        return seen

    def _limited(self, seen: moderngl.Framebuffer, params: FrameParams) -> moderngl.Framebuffer:
        """The picture as it may be shown; `_faded` is the part of the fader that is in it."""
        self._faded = 1.0
        if not params.flash_limit:
            self._flashes.forget()
            return seen
        opacity, time = params.opacity, params.time
        image, light = self._flashes.apply(seen, opacity, time, self._canvases)
        if params.blackout:
            self._flashes.dimmed()
        if light != opacity:
            self._faded = opacity
        return image

    def _look(
        self, layers: Sequence[Layer], effects: Sequence[Effect], name: str, now: ShaderClock
    ) -> moderngl.Framebuffer:
        """One look: its layers, or the generated picture alone, under its effects."""
        if layers:
            canvas = self._layers.draw(layers, name, self._generated.canvas, now)
        else:
            canvas = self._generated.canvas()
        return draw_chain(self._stock, self._canvases, canvas, effects, name, now)

    def _join(
        self, params: FrameParams, leaving: Leaving, now: ShaderClock
    ) -> moderngl.Framebuffer:
        """Both looks, and the transition between them; a plain mix where it does not work."""
        before = self._look(leaving.layers, leaving.effects, leaving.preset, now)
        after = self._look(params.layers, params.effects, params.preset, now)
        start, end = (canvas.color_attachments[0] for canvas in (before, after))
        joined = self._canvases.take()
        images, inputs = {"startImage": start, "endImage": end}, (("progress", leaving.k),)
        if not leaving.shader or not self._stock.draw(
            leaving.shader, "transition", joined, inputs, images, now
        ):
            self._blender.draw(MIX, start, end, joined, leaving.k)
        self._canvases.give(before)
        self._canvases.give(after)
        return joined


def _date() -> tuple[float, float, float, float]:
    """Today for the DATE uniform: year, month, day, second of the day."""
    day, second = clock.timestamp().split("-")
    hours, minutes, seconds = int(second[:2]), int(second[2:4]), int(second[4:])
    now = hours * 3600.0 + minutes * 60.0 + seconds
    return float(day[:4]), float(day[4:6]), float(day[6:]), now
