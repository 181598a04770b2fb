"""What a shader file says about itself: frozen records, no GL, no reading.

`engine.isf` makes these from files. The preset checker reads types and ranges here, the stage
passes and GLSL. Values are floats, or tuples for points (2) and colours (4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from engine.expressions import Expression
from engine.params import Param

COMPONENTS = {"event": 1, "bool": 1, "long": 1, "float": 1, "point2D": 2, "color": 4}
"""How many numbers each settable type has."""
SOUNDS = ("audio", "audioFFT")
"""Pictures of the sound: their `high` is how many columns the shader wants, 0 for all."""
IMAGES = ("image", *SOUNDS)
TYPES = (*COMPONENTS, *IMAGES)

Value = float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ShaderInput:
    """One knob of a shader.

    `default`, `low`, `high` and `identity` are floats, or tuples of 2 (point2D) or 4 (color);
    an image has 0.0 for all (but see SOUNDS). bool and event are 0 or 1. `values` are what a long
    may be (empty: any whole number in the range), `labels` their names. `identity` None: none is
    declared.
    """

    name: str
    type: str
    default: Value = 0.0
    low: Value = 0.0
    high: Value = 1.0
    identity: Value | None = None
    label: str = ""
    values: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def is_image(self) -> bool:
        return self.type in IMAGES

    @property
    def components(self) -> int:
        """How many numbers set it: 1, 2, 4, or 0 for an image."""
        return COMPONENTS.get(self.type, 0)

    @property
    def range(self) -> str:
        """How the range is written in messages: `0.0..1.0`, or the choices of a long."""
        if self.values:
            return " | ".join(f"{value:g}" for value in self.values)
        return f"{self.low}..{self.high}"

    def allows(self, value: Value) -> bool:
        """Whether every component lies in the range (and is one of `values`, if there are any)."""
        parts, lows, highs = (parts_of(v, self.components) for v in (value, self.low, self.high))
        if len(parts) != self.components or not all(map(math.isfinite, parts)):
            return False
        if self.values:
            return parts[0] in self.values
        return all(a <= v <= b for v, a, b in zip(parts, lows, highs, strict=True))

    def clamp(self, value: Value) -> Value:
        """The nearest allowed value; the default for what is no number or has a wrong length."""
        parts, lows, highs = (parts_of(v, self.components) for v in (value, self.low, self.high))
        if len(parts) != self.components or not all(map(math.isfinite, parts)):
            return self.default
        if self.values:
            return min(self.values, key=lambda choice: abs(choice - parts[0]))
        kept = tuple(min(b, max(a, v)) for v, a, b in zip(parts, lows, highs, strict=True))
        return kept if self.components > 1 else kept[0]


@dataclass(frozen=True, slots=True)
class ShaderPass:
    """One drawing of the shader into buffer `target` ("" for the output).

    `width` and `height` are functions of WIDTH, HEIGHT and the inputs that have one number, or
    None for the output's own size. `floating` buffers hold 32-bit floats.
    """

    target: str = ""
    persistent: bool = False
    floating: bool = False
    width: Expression | None = None
    height: Expression | None = None


@dataclass(frozen=True, slots=True)
class ShaderHeader:
    """What a shader file says about itself, and its GLSL.

    `body` is the GLSL after the header; `body_line` the line of the file on which it begins
    (from 1), so that a compiler's line can be put right. `imported` are (name, path) of pictures.
    """

    name: str
    path: Path
    description: str
    credit: str
    categories: tuple[str, ...]
    version: str
    inputs: tuple[ShaderInput, ...]
    passes: tuple[ShaderPass, ...]
    imported: tuple[tuple[str, Path], ...]
    body: str
    body_line: int

    @property
    def kind(self) -> str:
        """`filter` (has inputImage), `transition` (startImage, endImage, progress), `generator`."""
        names = {item.name for item in self.inputs}
        if "inputImage" in names:
            return "filter"
        return "transition" if {"startImage", "endImage", "progress"} <= names else "generator"

    @property
    def sounds(self) -> tuple[ShaderInput, ...]:
        """The inputs that are pictures of the sound."""
        return tuple(item for item in self.inputs if item.type in SOUNDS)

    @property
    def remembers(self) -> bool:
        """Whether a picture depends on those before it."""
        return any(one.persistent for one in self.passes)

    @property
    def settable(self) -> tuple[ShaderInput, ...]:
        """The inputs that are numbers, in the order of the file."""
        return tuple(item for item in self.inputs if not item.is_image)

    def input(self, name: str) -> ShaderInput | None:
        """The input of that name, or None."""
        return next((item for item in self.inputs if item.name == name), None)


def input_param(item: ShaderInput) -> Param:
    """The row of a shader input that is one number, as if it stood in params.py."""
    whole = item.type in ("event", "bool", "long")
    return Param(item.name, item.default, item.low, item.high, "", item.label, whole)


def parts_of(value: Value, size: int) -> tuple[float, ...]:
    """A value as a tuple; a single number stands for every component of a vector's limit."""
    return tuple(value) if isinstance(value, tuple | list) else (float(value),) * min(1, size)


def joined(parts: tuple[float, ...]) -> Value:
    return parts if len(parts) > 1 else parts[0]
