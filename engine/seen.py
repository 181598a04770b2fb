"""One look at one moment: its numbers, prompts, layers and effects, hands taken into account.

A Preset and the values of names flow in, plain records flow out; `resolve` puts one or two looks
together to a frame. Pure; made anew for each frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.cues import NOTHING, Cued
from engine.params import WEIGHT
from engine.records import Controls, Effect, Layer, Prompt
from engine.registers import Kept
from engine.sequences import shares
from engine.show import EffectLine, LayerLine, Preset, PromptLine, Value
from engine.show.words import say, styled

Lines = tuple[tuple[str, Value | tuple[float, ...]], ...]
Inputs = tuple[tuple[str, float | tuple[float, ...]], ...]
UNTOUCHED = Controls()
MOST_PROMPTS = 12
"""Places of prompts that hands may fill, the look's own among them."""
USUAL = Value(WEIGHT, WEIGHT.default)


@dataclass(frozen=True, slots=True)
class Seen:
    """A look with its `share` of the picture, what its names are worth, the hands, and what cues
    say between the look and the hand."""

    look: Preset
    share: float
    names: Mapping[str, float]
    hands: Controls = UNTOUCHED
    cued: Cued = NOTHING

    def number(self, name: str) -> float:
        """A row of params.PARAMS, as the hand or the look says it."""
        value = self.look.numbers[name]
        taken = self.hands.values.get(name)
        return self._cued(value, name) if taken is None else value.under(taken, self.names)

    @property
    def negative(self) -> str:
        """What is not to be seen."""
        return self.look.negative if self.cued.negative is None else self.cued.negative

    def prompts(self, seed: float | None = None) -> list[Prompt]:
        """The prompts that count, with weights that sum to the share.

        `seed` is that of prompts without a seed of their own.
        """
        lines = self.look.prompts
        weights = [self._weight(line, n) for n, line in enumerate(lines, 1)]
        if self.look.sequence is not None:
            turns = shares(self.look.sequence, len(lines), self.names["beat"])
            weights = [weight * turn for weight, turn in zip(weights, turns, strict=True)]
        if self.hands.texts and (added := self.added):
            lines = (*lines, *added.values())
            weights += [self._weight(line, n) for n, line in added.items()]
        prompts = self._weighed(lines, weights, self.share * self.cued.keep, seed)
        for lines, part in self.cued.prompts:
            weights = [self._weight(line, n) for n, line in enumerate(lines, 1)]
            prompts += self._weighed(lines, weights, self.share * part, seed)
        return prompts

    def loras(self) -> list[tuple[str, float]]:
        """The file and the weight of each LoRA of the look."""
        return [(str(line.path), self._value(line.weight, "loras", line.name))
                for line in self.look.loras]

    @property
    def added(self) -> dict[int, PromptLine]:
        """Prompts that hands have put beside those of the look, by their places behind them."""
        places = range(len(self.look.prompts) + 1, MOST_PROMPTS + 1)
        texts = [self.hands.texts.get(f"prompts.{n}.text", "") for n in places]
        while texts and not texts[-1]:
            texts.pop()
        return {n: PromptLine(text, USUAL, "") for n, text in zip(places, texts, strict=False)}

    def fallback(self) -> Prompt:
        """What is drawn when no prompt has any weight."""
        return Prompt(self._said(self.look.prompts[0], 0)[0], 1.0)

    def weight(self, n: int) -> float:
        """The weight of the prompt in place `n` (from 1), before the sequence and the share."""
        lines = self.look.prompts
        return self._weight(lines[n - 1] if n <= len(lines) else self.added[n], n)

    @property
    def shaders(self) -> frozenset[str]:
        """What the look draws over the picture by itself, whatever words say."""
        return frozenset(line.shader for line in self.look.effects)

    def effects(self) -> tuple[Effect, ...]:
        return tuple(self._effect(line, "effects") for line in self.look.effects)

    def source(self) -> Layer | None:
        """What is drawn for the model to redraw, if it is no pattern."""
        line = self.look.source_layer
        return None if line is None else self._layer(line, "source")

    def layers(self) -> tuple[Layer, ...]:
        lines = self.look.layers
        layers = tuple(self._layer(line, f"layers.{n}") for n, line in enumerate(lines, 1))
        switches = [self.switches(n) for n in range(1, len(lines) + 1)]
        if not any(solo or bypass for solo, bypass in switches):
            return layers
        alone = any(
            solo and not layer.mask for (solo, _), layer in zip(switches, layers, strict=True)
        )
        return tuple(
            replace(layer, shown=not bypass and (solo or not alone or bool(layer.mask)))
            for (solo, bypass), layer in zip(switches, layers, strict=True)
        )

    def switches(self, n: int) -> tuple[bool, bool]:
        """Whether layer `n` (from 1) is solo, and whether it is bypassed."""
        line, place = self.look.layers[n - 1], f"layers.{n}"
        solo, bypass = (
            value is not None and self._value(value, place, name) >= 0.5
            for name, value in (("solo", line.solo), ("bypass", line.bypass))
        )
        return solo, bypass

    def _weight(self, line: PromptLine, n: int) -> float:
        return self._value(line.weight, f"prompts.{n}", "weight")

    def _weighed(
        self, lines: Sequence[PromptLine], weights: Sequence[float], share: float,
        seed: float | None,
    ) -> list[Prompt]:
        """Lines with weights that sum to `share`, without those that have none or say nothing."""
        said = [(*self._said(line, n), weights[n]) for n, line in enumerate(lines) if weights[n]]
        total = sum(weight for text, _, weight in said if text) or 1.0
        return [
            Prompt(text, share * weight / total, seed if own is None else own)
            for text, own, weight in said
            if text and share > 0.0
        ]

    def _said(self, line: PromptLine, n: int) -> tuple[str, float | None]:
        """What the prompt in place `n` (from 0) says, and the seed of its words."""
        texts = self.hands.texts
        if line.said and not texts:
            return line.said, line.seed
        text = styled(texts.get(f"prompts.{n + 1}.text", line.text), self.look.style)
        return say(text, self.look.words, texts)

    def _effect(self, line: EffectLine, place: str) -> Effect:
        return Effect(line.shader, self._inputs(line.inputs, f"{place}.{line.shader}"))

    def _layer(self, line: LayerLine, place: str) -> Layer:
        name = line.name
        if line.kind == "text":
            texts = self.hands.texts
            name, _ = say(texts.get(f"{place}.text", name), self.look.words, texts)
        return Layer(
            line.kind, name, self._value(line.opacity, place, "opacity"), line.blend,
            self._inputs(line.inputs, place),
            tuple(self._effect(effect, f"{place}.effects") for effect in line.effects),
            line.mask,
        )

    def _inputs(self, lines: Lines, place: str) -> Inputs:
        if not (self.hands.values or self.cued.numbers):  # the quick way, most of the time
            names = self.names
            return tuple([(n, v if type(v) is tuple else v.at(names)) for n, v in lines])
        return tuple(
            (name, value if type(value) is tuple else self._value(value, place, name))
            for name, value in lines
        )

    def _value(self, value: Value, place: str, name: str) -> float:
        """A number that hands reach as `place.name`."""
        if self.hands.values:
            taken = self.hands.values.get(f"{place}.{name}")
            if taken is not None:
                return value.under(taken, self.names)
        return self._cued(value, f"{place}.{name}") if self.cued.numbers else value.at(self.names)

    def _cued(self, value: Value, address: str) -> float:
        """The look's number, as cues change it."""
        if address not in self.cued.numbers:
            return value.at(self.names)
        return value.param.clamp(self.cued.number(address, value.at(self.names)))


def look_names(
    look: Preset, names: dict[str, float], hands: Mapping[str, float], registers: Kept
) -> dict[str, float]:
    """The names of a moment, what the look's expressions remember, and its own knobs."""
    kept = registers.get(look.name)
    if not look.macros and not kept:
        return names
    own = {**names, **(kept or {})}
    for name, value in look.macros.items():
        taken = hands.get(value.param.name)
        own[name] = value.at(own) if taken is None else value.under(taken, own)
    return own
