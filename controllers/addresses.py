"""What a control address may be: read by every controller before it queues an event.

An address is `knob1`, a switch, a trigger, a parameter of params.py, `tempo.source` (value: its
name), `take.play` (a take's), `prompts.N.weight`, `prompts.N.text`, `words.NAME`, `line` (of a
song), `layers.N.text`, `effects.SHADER.INPUT`, `layers.N.INPUT`, `macros.NAME`, `crossfader`,
`preset`, `deck.a` or `deck.b` (value: number from 1, or name) or `preset.N`, `deck.a.N` (value
above 0 starts preset N, lays it on the deck). All may say when: `preset.3.bar`, `next.now`,
`freeze.beat`. No state, any thread.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache

from controllers.output_addresses import find_output
from engine.launches import split_launch
from engine.params import (
    KNOBS,
    LAUNCHES,
    LORA,
    MACRO,
    PARAMS,
    SET,
    SET_SWITCHES,
    STAGE,
    SWITCHES,
    TEMPO,
    TEMPO_LOCK,
    TEMPO_TRIGGERS,
    TRIGGERS,
    WEIGHT,
    Param,
)

ALLOWED = (
    f"{KNOBS[0]}..{KNOBS[-1]}, {', '.join((*SWITCHES, *SET_SWITCHES, *SET))}, "
    f"{', '.join(name for name in TRIGGERS if name not in TEMPO_TRIGGERS)}, preset.N, "
    "deck.a.N, deck.b.N, tempo.lock and the like, "
    "a parameter such as strength or motion.zoom, prompts.N.weight, effects.SHADER.INPUT"
)
"""The short list for messages."""

TOGGLE = "toggle"
"""The value that turns a switch over."""

_N = "[1-9][0-9]?"
_TEXT = re.compile(rf"(prompts|layers)\.{_N}\.text|words\.\w{{1,64}}|line", re.ASCII)
_WEIGHT = re.compile(rf"prompts\.{_N}\.weight")
_INPUT = re.compile(
    rf"(layers\.{_N}|(layers\.{_N}\.)?effects\.[\w-]{{1,64}})\.\w{{1,64}}", re.ASCII
)
_MACRO = re.compile(r"macros\.\w{1,64}", re.ASCII)
_LORA = re.compile(r"loras\.\w{1,64}", re.ASCII)
_PRESET = re.compile(rf"preset(\.[1-9]\d{{0,2}})?(\.({'|'.join(LAUNCHES)}))?", re.ASCII)
_DECK = re.compile(r"deck\.[ab](\.[1-9]\d{0,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """One address. `kind`: "value", "switch", "trigger", "text", "preset" or "choice".

    A "preset" names one and needs to be pressed, a "choice" has it as its value. `param` gives the
    range of a value; that of a shader's input is only known to the shader and is unbounded here.
    """

    name: str
    kind: str
    param: Param | None = None

    @property
    def reach(self) -> tuple[float, float]:
        """Lowest and highest value of a knob turned from end to end: the range, else 0..1."""
        if self.param is None or not math.isfinite(self.param.high):
            return 0.0, 1.0
        return self.param.low, self.param.high


@lru_cache(maxsize=512)
def find(name: str) -> Address | None:
    """The address of that name, or None if there is no such address."""
    if name in PARAMS:
        return Address(name, "value", PARAMS[name])
    if name in KNOBS:
        return Address(name, "value", Param(name, 0.0, 0.0, 1.0, "", "free control"))
    if row := TEMPO.get(name) or SET.get(name) or STAGE.get(name):
        return Address(name, "value", row)
    if name in ("tempo.source", "release", "learn", "take.play") or _TEXT.fullmatch(name):
        return Address(name, "text")
    if name in ("audio.input", "audio.look"):  # Of the room, as outputs are.
        return Address(name, "text" if name == "audio.input" else "trigger")
    if name in SWITCHES or name in SET_SWITCHES or name == TEMPO_LOCK:
        return Address(name, "switch")
    if name in TRIGGERS:
        return Address(name, "trigger")
    if choice := _PRESET.fullmatch(name) or _DECK.fullmatch(name):
        return Address(name, "preset" if choice[1] else "choice")
    if _MACRO.fullmatch(name):
        return Address(name, "value", MACRO)
    if _LORA.fullmatch(name):
        return Address(name, "value", LORA)
    if _INPUT.fullmatch(name):
        return Address(name, "value", Param(name, 0.0, -math.inf, math.inf, "", "shader input"))
    if _WEIGHT.fullmatch(name):
        return Address(name, "value", WEIGHT)
    if name.startswith("output."):  # Of the room: it is done at once, never on a beat.
        told = find_output(name)
        return Address(name, *told) if told else None
    return _later(name)


def _later(name: str) -> Address | None:
    """An address that says when: `freeze.bar`, `prompts.1.weight.now`."""
    base, when = split_launch(name)
    address = find(base) if when else None
    return replace(address, name=name) if address else None
