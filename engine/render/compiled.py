"""An ISF shader compiled: what every drawing of it shares, and what it is told each time.

Flows in: a header; flows out: one GLSL program for each pass, its imported pictures, and the
units on which pictures lie. It remembers nothing: `programs.py` adds the memory. GL thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import ShaderError
from engine.isf import ShaderHeader
from engine.isf_header import Value
from engine.lut import CUBE, as_picture, read_cube
from engine.records import SILENCE, Sound
from engine.render.buffers import Copier, Size, quad
from engine.render.glsl import MUSICAL, compile_shader, declared
from engine.render.sound_textures import SoundTextures

if TYPE_CHECKING:
    import moderngl


@dataclass(frozen=True, slots=True)
class ShaderClock:
    """What the automatic uniforms say: show `time` and `dt` in s, picture `index`, the beat.

    `date` is (year, month, day, second of the day) at show time 0; `sound` is what is heard. A
    `passing` moment leaves no memory behind: it is one of several that make a picture.
    """

    time: float = 0.0
    dt: float = 0.0
    index: int = 0
    beat: float = 0.0
    bpm: float = 120.0
    date: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    sound: Sound = SILENCE
    passing: bool = False


class CompiledPass:
    """The program of one pass: PASSINDEX is a constant in it, so that the branches of the other
    passes cost nothing. Its uniforms are looked up once."""

    def __init__(self, ctx: moderngl.Context, header: ShaderHeader, index: int) -> None:
        self.program = compile_shader(ctx, header, index)
        self.quad = quad(ctx, self.program)
        self.members = {declared(name): self.program[name] for name in self.program}
        self.settable = [item for item in header.settable if item.name in self.members]
        own = {item.name for item in header.inputs}
        self.musical = [name for name in MUSICAL if name in self.members and name not in own]

    def say(self, name: str, value: object) -> None:
        """Set a uniform, if the shader uses it."""
        member = self.members.get(name)
        if member is not None:
            member.value = value

    def say_picture(self, name: str, size: Size) -> None:
        """Tell the shader how large a picture is, if it asks."""
        if (member := self.members.get(f"_{name}_imgSize")) is not None:
            member.value = size
        if (member := self.members.get(f"_{name}_imgRect")) is not None:
            member.value = (0.0, 0.0, 1.0, 1.0)

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
            self.say("DATE", (*clock.date[:3], (clock.date[3] + clock.time) % 86400.0))

    def release(self) -> None:
        self.quad.release()
        self.program.release()


class CompiledShader:
    """The passes of one shader, the pictures it imports, and those of the sound."""

    def __init__(self, ctx: moderngl.Context, header: ShaderHeader) -> None:
        """Compile. Raises ShaderError with the file and line."""
        self.header = header
        self.passes = [CompiledPass(ctx, header, index) for index in range(len(header.passes))]
        self.copier = Copier(ctx)
        self.black = ctx.texture((1, 1), 4, bytes(4))
        self.imported = {name: _picture(ctx, header, path) for name, path in header.imported}
        self.sounds = SoundTextures(ctx, header.sounds)
        images = [item.name for item in header.inputs if item.is_image]
        targets = dict.fromkeys(one.target for one in header.passes if one.target)
        names = (*images, *self.imported, *targets)
        self.units = {name: unit for unit, name in enumerate(names)}
        for one in self.passes:
            for name, unit in self.units.items():
                one.say(name, unit)

    def release(self) -> None:
        """Free everything on the GPU."""
        shared = (self.copier, self.black, self.sounds)
        for thing in (*self.passes, *shared, *self.imported.values()):
            thing.release()


def _picture(ctx: moderngl.Context, header: ShaderHeader, path: Path) -> moderngl.Texture:
    """An IMPORTED picture or colour table as a texture, its bottom row first as GL has it."""
    from PIL import Image

    if path.suffix.lower() == CUBE:
        return _table(ctx, path)
    try:
        with Image.open(path) as image:
            pixels = np.ascontiguousarray(np.asarray(image.convert("RGBA"))[::-1])
    except (OSError, ValueError) as error:
        raise ShaderError(f"{header.path}:1: IMPORTED {path}: {error}") from None
    texture = ctx.texture((pixels.shape[1], pixels.shape[0]), 4, pixels.tobytes())
    texture.repeat_x = texture.repeat_y = False
    return texture


def _table(ctx: moderngl.Context, path: Path) -> moderngl.Texture:
    pixels = as_picture(read_cube(path))
    made = ctx.texture((pixels.shape[1], pixels.shape[0]), 4, pixels.tobytes(), dtype="f4")
    made.repeat_x = made.repeat_y = False
    return made
