"""What a control address may be: read by every controller before it queues an event.

An address is `knob1`, a switch, a trigger, a parameter of params.py, `tempo.source` (value: its
name), `prompts.N.weight`, `prompts.N.text`, `effects.SHADER.INPUT`, `preset` (value: number from
1, or name) or `preset.N` (value above 0 starts preset N). No state, any thread.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from engine.params import (
    KNOBS,
    PARAMS,
    SWITCHES,
    TEMPO,
    TEMPO_LOCK,
    TEMPO_TRIGGERS,
    TRIGGERS,
    WEIGHT,
    Param,
)

ALLOWED = (
    f"{KNOBS[0]}..{KNOBS[-1]}, {', '.join(SWITCHES)}, "
    f"{', '.join(name for name in TRIGGERS if name not in TEMPO_TRIGGERS)}, preset.N, "
    "tempo.lock and the like, "
    "a parameter such as strength or motion.zoom, prompts.N.weight, effects.SHADER.INPUT"
)
"""The short list for messages."""

TOGGLE = "toggle"
"""The value that turns a switch over."""

_PROMPT = re.compile(r"prompts\.[1-9][0-9]?\.(weight|text)")
_EFFECT = re.compile(r"effects\.[\w-]{1,64}\.\w{1,64}", re.ASCII)
_PRESET = re.compile(r"preset\.[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Address:
    """One address. `kind`: "value", "switch", "trigger", "text" or "preset".

    `param` gives the range of a value; that of an effect's input is only known to its shader and
    is unbounded here.
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
    if name in TEMPO:
        return Address(name, "value", TEMPO[name])
    if name == "tempo.source":
        return Address(name, "text")
    if name in SWITCHES or name == TEMPO_LOCK:
        return Address(name, "switch")
    if name in TRIGGERS:
        return Address(name, "trigger")
    if name == "preset" or _PRESET.fullmatch(name):
        return Address(name, "preset")
    if _EFFECT.fullmatch(name):
        return Address(name, "value", Param(name, 0.0, -math.inf, math.inf, "", "shader input"))
    if prompt := _PROMPT.fullmatch(name):
        return Address(name, "text") if prompt[1] == "text" else Address(name, "value", WEIGHT)
    return None
