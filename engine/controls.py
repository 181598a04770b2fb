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

from engine.params import KNOBS, PARAMS, SWITCHES, TRIGGERS, WEIGHT
from engine.records import ControlEvent, Controls

TOGGLE = "toggle"
"""The value that turns a switch over."""

_PROMPT = re.compile(r"prompts\.[1-9][0-9]?\.(weight|text)")
_PRESET = re.compile(r"preset(\.[1-9][0-9]{0,2})?")


def reduce(
    controls: Controls,
    events: Sequence[ControlEvent],
    *,
    names: Sequence[str] = (),
    current: int = 0,
) -> Controls:
    """The controls after the events, in order; the same object if nothing changed.

    `names` are the presets of the set; `current` is the index (from 0) of the one now shown,
    which the autopilot may have chosen.
    """
    for event in events:
        controls = _handler(event.address)(controls, event, names, current)
        if controls.scene is not None:
            current = controls.scene
    return controls


def _handler(address: str) -> Callable[..., Controls]:
    """What an event of that address does."""
    prompt = _PROMPT.fullmatch(address)
    if prompt and prompt[1] == "text":
        return _text
    if address in PARAMS or address in KNOBS or address.startswith("effects.") or prompt:
        return _value
    if address in SWITCHES:
        return _switch
    if address in TRIGGERS:
        return _trigger
    return _preset if _PRESET.fullmatch(address) else _ignored


def _ignored(controls: Controls, *_: Any) -> Controls:
    return controls


def _clamp(address: str, value: float) -> float:
    """Inputs of effects stay as they are: their range is in the shader, known to `resolve`."""
    if address in KNOBS:
        return min(1.0, max(0.0, value))
    if address.startswith("effects."):
        return value
    return PARAMS.get(address, WEIGHT).clamp(value)


def _number(value: float | str) -> float | None:
    """A finite number, or None."""
    if isinstance(value, str) or not math.isfinite(value):
        return None
    return float(value)


def _pressed(value: float | str) -> bool:
    number = _number(value)
    return number is not None and number > 0.0


def _put(old: Mapping[str, Any], key: str, value: Any) -> Mapping[str, Any]:
    """The mapping with one value changed; the same object if it was so already."""
    return old if old.get(key) == value else MappingProxyType({**old, key: value})


def _value(controls: Controls, event: ControlEvent, *_: Any) -> Controls:
    number = _number(event.value)
    if number is None:
        return controls
    values = _put(controls.values, event.address, _clamp(event.address, number))
    return controls if values is controls.values else replace(controls, values=values)


def _text(controls: Controls, event: ControlEvent, *_: Any) -> Controls:
    if not isinstance(event.value, str):
        return controls
    texts = _put(controls.texts, event.address, event.value)
    return controls if texts is controls.texts else replace(controls, texts=texts)


def _switch(controls: Controls, event: ControlEvent, *_: Any) -> Controls:
    old = getattr(controls, event.address)
    number = _number(event.value)
    if event.value == TOGGLE:
        new = not old
    elif number is not None:
        new = number > 0.5
    else:
        return controls
    return controls if new == old else replace(controls, **{event.address: new})


def _trigger(
    controls: Controls, event: ControlEvent, names: Sequence[str], current: int
) -> Controls:
    if not _pressed(event.value):
        return controls
    if event.address in ("next", "previous") and names:
        step = 1 if event.address == "next" else -1
        return _scene(controls, (current + step) % len(names), current, event.time)
    if event.address == "autopilot" and controls.scene is not None:
        return replace(controls, scene=None, scene_since=event.time, scene_before=None)
    return _reset(controls) if event.address == "reset" else controls


def _preset(
    controls: Controls, event: ControlEvent, names: Sequence[str], current: int
) -> Controls:
    index: float | None
    if event.address != "preset":
        index = int(event.address.split(".")[1]) - 1 if _pressed(event.value) else None
    elif isinstance(event.value, str):
        lower = [name.lower() for name in names]
        wanted = event.value.lower()
        index = lower.index(wanted) if wanted in lower else None
    else:
        number = _number(event.value)
        index = None if number is None else round(number) - 1
    if index is None or not 0 <= index < len(names):
        return controls
    return _scene(controls, int(index), current, event.time)


def _scene(controls: Controls, index: int, current: int, time: float) -> Controls:
    """Hold preset `index` from `time` on. Asking again for the held one does not fade anew."""
    if controls.scene == index:
        return controls
    return replace(controls, scene=index, scene_since=time, scene_before=current)


def _reset(controls: Controls) -> Controls:
    """Give every parameter and text back to the look; knobs and switches stay as they stand."""
    knobs = {name: value for name, value in controls.values.items() if name in KNOBS}
    if len(knobs) == len(controls.values) and not controls.texts:
        return controls
    return replace(controls, values=MappingProxyType(knobs), texts=MappingProxyType({}))
