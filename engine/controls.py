"""The control reducer: ControlEvents in, the next Controls out. Pure, called once a hop.

A value moved by hand takes its parameter over from the look until `reset`. Switches hold; the
value "toggle" turns one over. Wrong addresses and values are ignored: what a controller sends
must never stop a show.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from engine.params import KNOBS, PARAMS, SWITCHES, WEIGHT
from engine.records import ControlEvent, Controls

TOGGLE = "toggle"
"""The value that turns a switch over."""

_TEXT = re.compile(r"(prompts|layers)\.[1-9][0-9]?\.text|words\.\w{1,64}|line")
_WEIGHT = re.compile(r"prompts\.[1-9][0-9]?\.weight")
_OF_LOOK = ("effects.", "layers.", "macros.", "source.", "loras.")
"""What a look has of its own; its range is known to `resolve`."""


def reduce(controls: Controls, events: Sequence[ControlEvent]) -> Controls:
    """The controls after the events, in order; the same object if nothing changed.

    What plays of the set is not theirs but the director's.
    """
    for event in events:
        controls = _handler(event.address)(controls, event)
    return controls


def _handler(address: str) -> Callable[[Controls, ControlEvent], Controls]:
    """What an event of that address does."""
    if _TEXT.fullmatch(address):
        return _text
    if address in PARAMS or address in KNOBS or address.startswith(_OF_LOOK):
        return _value
    if _WEIGHT.fullmatch(address):
        return _value
    if address in SWITCHES:
        return _switch
    return _reset if address == "reset" else _ignored


def _ignored(controls: Controls, _event: ControlEvent) -> Controls:
    return controls


def _clamp(address: str, value: float) -> float:
    if address in KNOBS:
        return min(1.0, max(0.0, value))
    if address.startswith(_OF_LOOK) and address not in PARAMS:
        return value
    return PARAMS.get(address, WEIGHT).clamp(value)


def _number(value: float | str) -> float | None:
    """A finite number, or None."""
    if isinstance(value, str) or not math.isfinite(value):
        return None
    return float(value)


def _put(old: Mapping[str, Any], key: str, value: Any) -> Mapping[str, Any]:
    """The mapping with one value changed; the same object if it was so already."""
    return old if old.get(key) == value else MappingProxyType({**old, key: value})


def _value(controls: Controls, event: ControlEvent) -> Controls:
    number = _number(event.value)
    if number is None:
        return controls
    values = _put(controls.values, event.address, _clamp(event.address, number))
    return controls if values is controls.values else replace(controls, values=values)


def _text(controls: Controls, event: ControlEvent) -> Controls:
    if not isinstance(event.value, str):
        return controls
    texts = _put(controls.texts, event.address, event.value)
    return controls if texts is controls.texts else replace(controls, texts=texts)


def _switch(controls: Controls, event: ControlEvent) -> Controls:
    old = getattr(controls, event.address)
    number = _number(event.value)
    if event.value == TOGGLE:
        new = not old
    elif number is not None:
        new = number > 0.5
    else:
        return controls
    return controls if new == old else replace(controls, **{event.address: new})


def _reset(controls: Controls, event: ControlEvent) -> Controls:
    """Give every parameter and text back to the look; knobs and switches stay as they stand."""
    number = _number(event.value)
    if number is None or number <= 0.0:
        return controls
    knobs = {name: value for name, value in controls.values.items() if name in KNOBS}
    if len(knobs) == len(controls.values) and not controls.texts:
        return controls
    return replace(controls, values=MappingProxyType(knobs), texts=MappingProxyType({}))
