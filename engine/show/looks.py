"""What a look is made of, as read: every number a Value. Records, no files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.expressions import Expression
from engine.params import BASE, Param


@dataclass(frozen=True, slots=True)
class Value:
    """A number of a preset: its param, and either a constant or an expression.

    One that is `based` uses what a hand says, as the name `base`; others give way to the hand.
    """

    param: Param
    constant: float
    expression: Expression | None = None
    based: bool = False

    def at(self, names: Mapping[str, float]) -> float:
        """The value for these signals, times and knobs, inside the range."""
        if self.expression is None:
            return self.constant
        if self.based:
            names = {**names, BASE: self.param.default}
        return self._of(names)

    def under(self, hand: float, names: Mapping[str, float]) -> float:
        """The value while a hand holds it at `hand`."""
        hand = self.param.clamp(hand)
        return self._of({**names, BASE: hand}) if self.based else hand

    def _of(self, names: Mapping[str, float]) -> float:
        number, param = self.expression.value(names), self.param
        inside = param.low < number < param.high and not param.integer
        return number if inside else param.clamp(number)


@dataclass(frozen=True, slots=True)
class Word:
    """A named part of prompts: what `{name}` stands for, and the seed it keeps."""

    text: str
    seed: float | None = None


@dataclass(frozen=True, slots=True)
class PromptLine:
    """A prompt of a preset and its weight.

    `text` is as written; `said` has the style joined on and its words filled in; a cue's, which
    takes those of the look that is shown, is "".
    """

    text: str
    weight: Value
    said: str
    seed: float | None = None


@dataclass(frozen=True, slots=True)
class Sequence:
    """Prompts that follow each other: `beats` each, `fade_beats` of it to come in."""

    beats: float
    fade_beats: float
    order: str
    seed: int = 0


@dataclass(frozen=True, slots=True)
class EffectLine:
    """A shader of the chain and all its inputs: Values; points and colours as plain numbers."""

    shader: str
    inputs: tuple[tuple[str, Value | tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True)
class LayerLine:
    """A layer of a look: records.Layer with Values for numbers. A text's `name` is as written."""

    kind: str
    name: str
    opacity: Value
    blend: str
    inputs: tuple[tuple[str, Value | tuple[float, ...]], ...]
    effects: tuple[EffectLine, ...]
    mask: str = ""
    solo: Value | None = None
    bypass: Value | None = None


@dataclass(frozen=True, slots=True)
class LoraLine:
    """A LoRA of a look: hands call it `loras.NAME`, the look's file `key`."""

    name: str
    key: str
    path: Path
    weight: Value


@dataclass(frozen=True, slots=True)
class Preset:
    """One look. `numbers` has a Value for every row of params.PARAMS, `macros` one for each knob
    of its own; `files` are its file and those that it extends. `source` is a drawn pattern,
    params.FRESH or ""; `source_layer` what is drawn in its place.
    `model` is a model's folder or name, "" the usual one."""

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
    files: tuple[Path, ...]
    notes: str = ""
    tags: tuple[str, ...] = ()
    words: Mapping[str, Word] = field(default_factory=dict)
    macros: Mapping[str, Value] = field(default_factory=dict)
    sequence: Sequence | None = None
    layers: tuple[LayerLine, ...] = ()
    edges: str = "mirror"
    source_layer: LayerLine | None = None
    guidance_kind: str = "full"
    model: str = ""
    loras: tuple[LoraLine, ...] = ()
