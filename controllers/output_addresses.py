"""Addresses of the outputs: `output.test_card`, `output.edit`, `output.2.corner.1.x` and the like.

Part of addresses.py, which asks here for names that begin with `output.`. No state, any thread.
"""

from __future__ import annotations

import re

from engine.params import (
    OUTPUT_NUDGES,
    OUTPUT_OWN_SWITCHES,
    OUTPUT_PARAMS,
    OUTPUT_SWITCHES,
    OUTPUT_TEXTS,
    OUTPUT_TRIGGERS,
    Param,
)

_ONE = re.compile(r"output\.[1-9]\d?\.(.+)", re.ASCII)
_POINT = re.compile(r"(corner\.[1-4]|point\.[1-9]\d{0,3})\.([xy])", re.ASCII)


def find_output(name: str) -> tuple[str, Param | None] | None:
    """Kind and range of an output's address, None for what is none."""
    if name in OUTPUT_SWITCHES:
        return "switch", None
    if name in OUTPUT_TRIGGERS:
        return "trigger", None
    if row := OUTPUT_NUDGES.get(name):
        return "value", row
    one = _ONE.fullmatch(name)
    return _of_one(one[1]) if one else None


def _of_one(key: str) -> tuple[str, Param | None] | None:
    """Of one output, by what stands behind its number."""
    if key in OUTPUT_OWN_SWITCHES:
        return "switch", None
    if key in OUTPUT_TEXTS:
        return "text", None
    if key == "reset":
        return "trigger", None
    if point := _POINT.fullmatch(key):
        return "value", OUTPUT_PARAMS[f"{point[1].partition('.')[0]}.{point[2]}"]
    row = OUTPUT_PARAMS.get(key)
    return ("value", row) if row and not key.startswith(("corner.", "point.")) else None
