"""The shaders of a show: each compiled once, and drawn in many places with a memory in each.

Flows in: names of shaders and where they are drawn (the look, the layer, which of two alike);
flows out: programs. A place that was not drawn for a picture has forgotten its past. Compiling
belongs ahead of the frame path: `prepare` now, `later` and `prepare_next` one by one; what comes
all the same is compiled once and counted. Runs on the GL thread.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import LiquidlightError, ShaderError
from engine.isf import find_shader, load_header
from engine.render.buffers import release
from engine.render.compiled import CompiledShader, ShaderClock
from engine.render.faults import Faults
from engine.render.programs import IsfProgram

if TYPE_CHECKING:
    import moderngl

Inputs = Iterable[tuple[str, float | tuple[float, ...]]]
_Key = tuple[str, Hashable]


class ShaderStock:
    """Programs by shader and place; `compiles` counts those that nobody had prepared.

    `folders` are where shaders lie before those that ship.
    """

    def __init__(self, ctx: moderngl.Context, folders: Sequence[Path], faults: Faults) -> None:
        self._ctx, self.folders, self._faults = ctx, folders, faults
        self.compiles = 0
        self._compiled: dict[str, CompiledShader] = {}
        self._waiting: deque[str] = deque()
        self._live: dict[_Key, IsfProgram] = {}
        self._idle: dict[str, list[IsfProgram]] = defaultdict(list)
        self._drawn: set[_Key] = set()

    def prepare(self, name: str) -> None:
        """Compile a shader now; one that fails is counted."""
        if name not in self._compiled and name not in self._faults:
            self._add(name)

    def later(self, names: Iterable[str]) -> None:
        """Compile these in `prepare_next`, one at a time."""
        known = {*self._compiled, *self._waiting}
        self._waiting.extend(name for name in dict.fromkeys(names) if name not in known)

    def prepare_next(self) -> bool:
        """Compile the next that waits; whether there was one."""
        if not self._waiting:
            return False
        self.prepare(self._waiting.popleft())
        return True

    def draw(
        self,
        name: str,
        place: Hashable,
        target: moderngl.Framebuffer,
        inputs: Inputs,
        images: Mapping[str, moderngl.Texture],
        now: ShaderClock,
    ) -> bool:
        """Draw the shader of this place; False for one that does not work, whatever it was."""
        program = self._program(name, place)
        if program is None:
            return False
        try:
            program.draw(target, dict(inputs), images, now)
        except Exception as error:  # The show goes on without it.
            self._faults.add(name, f"{program.header.path}: {error}")
            return False
        return True

    def end(self) -> None:
        """A picture is done: places that were not in it forget."""
        if len(self._drawn) < len(self._live):
            for key in self._live.keys() - self._drawn:
                self._idle[key[0]].append(self._live.pop(key))
        self._drawn.clear()

    def reload(self, name: str) -> ShaderError | None:
        """The file has changed: compile it anew, or keep the last good one and say why.

        `name` is the file's without its suffix; looks may have written it with one.
        """
        alike = [known for known in self._compiled if Path(known).stem == name]
        errors = [self._reload(known) for known in alike or [name]]
        return next((error for error in errors if error), None)

    def _reload(self, name: str) -> ShaderError | None:
        self._faults.pop(name, None)
        if name not in self._compiled:
            return None
        try:
            fresh = self.load(name)
        except ShaderError as error:
            self._faults.add(name, str(error))
            return error
        self._drop(name)
        self._compiled[name] = fresh
        return None

    def load(self, name: str) -> CompiledShader:
        """A shader, compiled and drawn once into a corner: drivers finish compiling at first use.

        Raises ShaderError.
        """
        compiled = CompiledShader(self._ctx, load_header(find_shader(name, self.folders)))
        program = IsfProgram(self._ctx, compiled.header, compiled)
        scrap = self._ctx.framebuffer([self._ctx.texture((32, 18), 4)])
        program.draw(scrap)
        release([scrap])
        program.release()
        return compiled

    def release(self) -> None:
        """Free everything on the GPU."""
        for name in list(self._compiled):
            self._drop(name)

    def _program(self, name: str, place: Hashable) -> IsfProgram | None:
        key = (name, place)
        program = self._live.get(key)
        if program is None:
            compiled = self._compiled.get(name) or self._late(name)
            if compiled is None:
                return None
            program = self._live[key] = self._fresh(name, compiled)
        self._drawn.add(key)
        return program

    def _fresh(self, name: str, compiled: CompiledShader) -> IsfProgram:
        """A program without a past: one that lies idle, or a new one."""
        idle = self._idle[name]
        if not idle:
            return IsfProgram(self._ctx, compiled.header, compiled)
        program = idle.pop()
        program.reset()
        return program

    def _late(self, name: str) -> CompiledShader | None:
        if name in self._faults:
            self._faults[name].count += 1
            return None
        self.compiles += 1
        return self._add(name)

    def _add(self, name: str) -> CompiledShader | None:
        try:
            self._compiled[name] = self.load(name)
        except LiquidlightError as error:
            self._faults.add(name, str(error))
        return self._compiled.get(name)

    def _drop(self, name: str) -> None:
        for key in [key for key in self._live if key[0] == name]:
            self._idle[name].append(self._live.pop(key))
        for program in self._idle.pop(name, ()):
            program.release()
        self._compiled.pop(name).release()
