"""Curves of a change: how far it has come is bent, 0 stays 0 and 1 stays 1. Pure, any thread."""

from __future__ import annotations

import math
from collections.abc import Callable

CURVES: dict[str, Callable[[float], float]] = {
    "linear": lambda k: k,
    "ease": lambda k: k * k * (3.0 - 2.0 * k),
    "in": lambda k: k * k,
    "out": lambda k: k * (2.0 - k),
    "sine": lambda k: 0.5 - 0.5 * math.cos(math.pi * k),
}
"""By name; each takes 0..1 to 0..1 and never falls. `ease` is the cubic smoothstep."""
