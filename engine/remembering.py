"""What a show remembers, as plain numbers: gains, envelopes, clocks, what expressions keep.

The objects of a Graph flow in; numbers, lists and arrays by the names of attributes flow out, for a
take that begins in the midst of a show, and flow back into the new Graph that plays it again. What
is no number, does not fit or is not there in this version is passed over: a take of before still
plays, and remembers less. Pure; called on the analysis thread, or where a film begins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from numbers import Number
from typing import Any

import numpy as np

ROOMS = ("engine.audio.", "engine.signals", "engine.followers", "engine.structure",
         "engine.memory", "engine.registers", "engine.dimmer")  # fmt: skip
"""Where the classes are whose attributes are looked at."""
FIXED = frozenset(("_layers", "_hidden", "_bias", "_out", "_filter", "_window", "_long", "_short",
                   "_freqs_hz", "_edges", "_widths", "_looks", "_show"))  # fmt: skip
"""Attributes that are the same in every run: weights, windows, what a file says."""
NOTHING = object()


def remembered(thing: Any) -> Any:
    """Numbers, None, arrays (copied), and lists and mappings of them; NOTHING for all else."""
    if thing is None or isinstance(thing, Number):
        return thing.item() if isinstance(thing, np.generic) else thing
    if isinstance(thing, np.ndarray):
        return thing.copy() if thing.dtype.kind in "fiub" else NOTHING
    if isinstance(thing, (list, tuple, deque)):
        items = [remembered(item) for item in thing]
        return NOTHING if any(item is NOTHING for item in items) else items
    inside = _inside(thing)
    if inside is None:
        return NOTHING
    kept = {_key(name): remembered(value) for name, value in inside.items() if name not in FIXED}
    return {name: value for name, value in kept.items() if value is not NOTHING}


def put_back(thing: Any, kept: Any) -> Any:
    """The thing as it was: objects and mappings are changed and returned, other values are new.

    `kept` may be from a file: what it has of another kind or shape, or not a number, is left out.
    """
    if thing is None or isinstance(thing, Number):
        return _number(thing, kept)
    if isinstance(thing, np.ndarray):
        return _array(thing, kept)
    if isinstance(thing, deque):
        good = isinstance(kept, list) and all(_is_number(item) for item in kept)
        return deque(kept, thing.maxlen) if good else thing
    if isinstance(thing, (list, tuple)):
        if not isinstance(kept, list) or len(kept) != len(thing):
            return thing
        return type(thing)(put_back(one, new) for one, new in zip(thing, kept, strict=True))
    inside = _inside(thing)
    if inside is None or not isinstance(kept, Mapping):
        return thing
    new = {name: put_back(value, kept[_key(name)])
           for name, value in inside.items() if name not in FIXED and _key(name) in kept}
    if isinstance(thing, dict):
        thing.update(new)
    elif is_dataclass(thing):
        return type(thing)(**{**inside, **new})
    else:
        vars(thing).update(new)
    return thing


def _inside(thing: Any) -> dict[Any, Any] | None:
    """The parts of a mapping, or of an object of ours, by their names."""
    if isinstance(thing, dict):
        return thing
    if not type(thing).__module__.startswith(ROOMS):
        return None
    if is_dataclass(thing):
        return {field.name: getattr(thing, field.name) for field in fields(thing)}
    return vars(thing) if hasattr(thing, "__dict__") else None


def _key(name: Any) -> str:
    return "\n".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and value == value


def _number(old: Any, new: Any) -> Any:
    if new is None or not _is_number(new):
        return old
    return type(old)(new) if isinstance(old, (bool, int)) and np.isfinite(new) else float(new)


def _array(old: np.ndarray, kept: Any) -> np.ndarray:
    try:
        new = np.asarray(kept, old.dtype)
    except (ValueError, TypeError):
        return old
    good = new.shape == old.shape and not np.isnan(new.astype(float)).any()
    return new if good else old
