"""How hands turn numbers: a curve between the ends of a control, the part a number plays, and the
range in which it may be moved by itself.

A place of the control 0..1 and a range go in, a value comes out, and back again. `params.py` lays
TRAITS over its rows; controllers read them there. Pure, any thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

Curve = Callable[[float, float, float], float]
"""(low, high, place 0..1) to a value, or (low, high, value) to a place."""

ROLES = ("speed", "flash", "colour", "warp", "prompt")
"""What a number does to the picture, for whoever moves numbers by itself."""


def _linear(low: float, high: float, place: float) -> float:
    return low + (high - low) * place


def _back(low: float, high: float, value: float) -> float:
    """The place of a value between both ends."""
    return min(1.0, max(0.0, (value - low) / (high - low))) if high != low else 0.0


def _centre(low: float, high: float, place: float) -> float:
    side = 2.0 * place - 1.0
    return _linear(low, high, 0.5 + 0.5 * side * abs(side))


def _centre_back(low: float, high: float, value: float) -> float:
    side = 2.0 * _back(low, high, value) - 1.0
    return 0.5 + 0.5 * math.copysign(math.sqrt(abs(side)), side)


def _log_back(low: float, high: float, value: float) -> float:
    ends = sorted((low, high))
    return _back(math.log(low), math.log(high), math.log(min(ends[1], max(ends[0], value))))


CURVES: dict[str, tuple[Curve, Curve]] = {
    "linear": (_linear, _back),
    "square": (lambda a, b, p: _linear(a, b, p * p), lambda a, b, v: math.sqrt(_back(a, b, v))),
    "root": (lambda a, b, p: _linear(a, b, math.sqrt(p)), lambda a, b, v: _back(a, b, v) ** 2),
    "centre": (_centre, _centre_back),
    "log": (lambda a, b, p: a * (b / a) ** p, _log_back),
}
"""There and back. `square` is fine at the low end, `root` at the high end, `centre` in the middle;
`log` goes by factors, so both ends must be above 0."""


@dataclass(frozen=True, slots=True)
class Trait:
    """The part a number plays ("" for none), its curve, and its safe range (None: all of it)."""

    role: str = ""
    curve: str = "linear"
    safe: tuple[float, float] | None = None


PLAIN = Trait()
TRAITS: dict[str, Trait] = {
    "strength": Trait("prompt", "linear", (0.3, 0.7)),
    "guidance": Trait("prompt", "square", (1.0, 3.0)),
    "noise_drift": Trait("speed", "square", (0.0, 0.3)),
    "crossfade": Trait("speed", "square", (0.05, 0.4)),
    "contours": Trait("colour"),
    "opacity": Trait("flash", "linear", (0.6, 1.0)),
    "motion.zoom": Trait("warp", "log", (0.9, 1.25)),
    "motion.angle": Trait("warp", "centre", (-20.0, 20.0)),
    "motion.x": Trait("warp", "centre", (-0.15, 0.15)),
    "motion.y": Trait("warp", "centre", (-0.15, 0.15)),
    "motion.tilt_x": Trait("warp", "centre", (-10.0, 10.0)),
    "motion.tilt_y": Trait("warp", "centre", (-10.0, 10.0)),
    "motion.swirl": Trait("warp", "centre", (-25.0, 25.0)),
    "motion.bulge": Trait("warp", "centre", (-0.2, 0.2)),
    "motion.ripple": Trait("warp", "centre", (-0.1, 0.1)),
    "motion.sway": Trait("warp", "centre", (-0.1, 0.1)),
    "source.amount": Trait("prompt", "linear", (0.0, 0.5)),
    "hearing.gain": Trait("", "square"),
    "weight": Trait("prompt"),
}
"""By the name of the number; who is not here is PLAIN."""
