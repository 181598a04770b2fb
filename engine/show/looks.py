"""What a show is made of, as read: looks and sets, every number a Value. Records, no files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.expressions import Expression
from engine.params import Param


@dataclass(frozen=True, slots=True)
class Value:
    """A number of a preset: its param, and either a constant or an expression."""

    param: Param
    constant: float
    expression: Expression | None = None

    def at(self, names: Mapping[str, float]) -> float:
        """The value for these signals, times and knobs, inside the range."""
        if self.expression is None:
            return self.constant
        return self.param.clamp(self.expression(names))


@dataclass(frozen=True, slots=True)
class PromptLine:
    """A prompt of a preset and its weight; the style is joined on when it is resolved."""

    text: str
    weight: Value


@dataclass(frozen=True, slots=True)
class EffectLine:
    """A shader of the chain and all its inputs: Values; points and colours as plain numbers."""

    shader: str
    inputs: tuple[tuple[str, Value | tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True)
class Preset:
    """One look. `numbers` has a Value for every row of params.PARAMS."""

    name: str
    path: Path
    title: str
    style: str
    negative: str
    prompts: tuple[PromptLine, ...]
    numbers: Mapping[str, Value]
    source: str
    effects: tuple[EffectLine, ...]
    midi: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Show:
    """What is played: presets in order, `bars` each, and the safe look for hush."""

    name: str
    presets: tuple[Preset, ...]
    hush: Preset
    bars: int
    fade_beats: float
    midi: Mapping[str, str]
    files: tuple[Path, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(preset.name for preset in self.presets)
