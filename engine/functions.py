"""The functions of expressions, each declared once: how it is written, what it does, its words.

A row's `form` gives its name, its arguments with their defaults, the check of a call and the line
in docs/reference.md. There are three kinds. Closed forms are plain functions of numbers. Those
that are short for something are written in other functions, over `t` and `beat`. Those that
remember are made of a Memory and stepped once a hop (registers.py). Pure numbers, any thread.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

from engine.curves import CURVES
from engine.memory import LONG_AGO, Count, Hold, Last, Latch, Memory, Peak, Run, Smooth


@dataclass(frozen=True)
class Function:
    """A row. `of` is the closed form, the Memory, or the text that this is short for.

    After a last argument `...` may come any number of them. `words` are what may stand, bare, for
    the argument whose default is a word. `at_first` is the argument or number that a Memory begins
    with; `beats` what a call means whose first argument is a plain number.
    """

    form: str
    of: Callable[..., float] | type[Memory] | str
    help: str
    words: Collection[str] = ()
    at_first: str = ""
    beats: str = ""

    @cached_property
    def call(self) -> ast.Call:
        """The form as a syntax tree: arguments that must be given, keywords with defaults."""
        return ast.parse(self.form, mode="eval").body

    @property
    def name(self) -> str:
        return self.call.func.id

    @property
    def more(self) -> bool:
        """Whether any number of arguments may follow."""
        return bool(self.call.args) and isinstance(self.call.args[-1], ast.Constant)

    @property
    def word(self) -> str:
        """The argument that is a bare word, or ""."""
        return next((k for k, v in self.defaults.items() if isinstance(v, ast.Name)), "")

    @property
    def pairs(self) -> bool:
        """Whether what follows comes in twos."""
        return self.more and self.needed[-1].startswith("y")

    @property
    def needed(self) -> list[str]:
        return [arg.id for arg in self.call.args if isinstance(arg, ast.Name)]

    @property
    def defaults(self) -> dict[str, ast.expr]:
        return {keyword.arg: keyword.value for keyword in self.call.keywords}


def clamp(x: float, low: float = 0.0, high: float = 1.0) -> float:
    return min(high, max(low, x))


def mix(a: float, b: float, k: float) -> float:
    return a + (b - a) * k


def step(edge: float, x: float) -> float:
    return 1.0 if x >= edge else 0.0


def smoothstep(a: float, b: float, x: float) -> float:
    k = clamp((x - a) / (b - a)) if a != b else step(a, x)
    return k * k * (3.0 - 2.0 * k)


def curve(x: float, *points: float) -> float:
    """Straight lines from point to point (x0, y0, x1, y1, ...), level outside of them."""
    x0, y0 = points[:2]
    for x1, y1 in zip(points[2::2], points[3::2], strict=True):
        if x < x1:
            return y0 + (y1 - y0) * max(0.0, x - x0) / (x1 - x0) if x1 > x0 else y0
        x0, y0 = x1, y1
    return y0


def pulse(phase: float, decay: float = 0.25) -> float:
    """1 where the phase is whole, falling by e every `decay` of a turn."""
    return math.exp(-(phase % 1.0) / max(decay, 1e-6))


def tri(phase: float) -> float:
    return 1.0 - abs(2.0 * (phase % 1.0) - 1.0)


def saw(phase: float) -> float:
    return phase % 1.0


def square(phase: float) -> float:
    return 1.0 if phase % 1.0 < 0.5 else 0.0


def wave(phase: float) -> float:
    return 0.5 - 0.5 * math.cos(2.0 * math.pi * phase)


def dice(x: float, seed: float = 0.0) -> float:
    """A random 0..1 for each whole number: hash of the integer part (PCG RXS-M-XS mixing)."""
    n = math.floor(x) + 40_503 * math.floor(seed)
    n = (n * 747796405 + 2891336453) & 0xFFFFFFFF
    n = ((n >> ((n >> 28) + 4)) ^ n) * 277803737 & 0xFFFFFFFF
    return ((n >> 22) ^ n) / 0xFFFFFFFF


def noise(x: float, seed: float = 0.0) -> float:
    """Value noise 0..1: dice at whole numbers, between them Perlin's (2002) quintic."""
    n = math.floor(x)
    k = x - n
    return mix(dice(n, seed), dice(n + 1, seed), k * k * k * (k * (k * 6.0 - 15.0) + 10.0))


SHAPES: dict[str, Callable[[float], float]] = {
    "sine": wave, "triangle": tri, "saw": saw, "square": square, "pulse": pulse, "random": dice,
}  # fmt: skip
"""What an LFO may look like over a turn, 0..1."""
EASES: dict[str, Callable[[float], float]] = {
    **CURVES,
    "back": lambda k: 1.0 + (k - 1.0) ** 2 * (2.7 * (k - 1.0) + 1.7),
    "elastic": lambda k: 1.0 - 2.0 ** (-10.0 * k) * math.cos(6.5 * math.pi * k) * (1.0 - k),
}
"""How something goes from 0 to 1; the last two overshoot (Penner's, simplified)."""


def ease(x: float, kind: str = "ease") -> float:
    return EASES[kind](clamp(x))


def shape(phase: float, kind: str = "sine") -> float:
    return SHAPES[kind](phase)


_ROWS = (
    Function("sin(radians)", math.sin, "sine"),
    Function("cos(radians)", math.cos, "cosine"),
    Function("tan(radians)", math.tan, "tangent"),
    Function("sqrt(x)", math.sqrt, "square root"),
    Function("exp(x)", math.exp, "e to the power x"),
    Function("log(x)", math.log, "natural logarithm"),
    Function("abs(x)", abs, "size without sign"),
    Function("floor(x)", math.floor, "next whole number below"),
    Function("ceil(x)", math.ceil, "next whole number above"),
    Function("min(a, b, ...)", min, "smallest"),
    Function("max(a, b, ...)", max, "largest"),
    Function("clamp(x, low=0, high=1)", clamp, "x, kept between low and high"),
    Function("mix(a, b, k)", mix, "a at k 0, b at k 1"),
    Function("step(edge, x)", step, "1 from the edge on, else 0"),
    Function("smoothstep(a, b, x)", smoothstep, "eased 0..1 between a and b"),
    Function("ease(x, kind=ease)", ease, "0..1 eased, level outside", EASES),
    Function("curve(x, x0, y0, ...)", curve, "lines through points; x0, x1, ... rise"),
    Function("pulse(phase, decay=0.25)", pulse, "1 at whole numbers, then falling"),
    Function("wave(phase)", wave, "0 at whole numbers, smoothly 1 half way"),
    Function("tri(phase)", tri, "triangle 0..1..0 over a turn"),
    Function("saw(phase)", saw, "rising 0..1 over a turn"),
    Function("square(phase)", square, "1 for the first half of a turn, else 0"),
    Function("shape(phase, kind=sine)", shape, "any of the shapes over a turn", SHAPES),
    Function(
        "dice(x, seed=0)", dice, "a new random 0..1 for each whole number; dice(4): every 4 beats",
        beats="dice(beat / x, seed)",
    ),
    Function(
        "noise(x, seed=0)", noise, "random 0..1, smooth between whole numbers; noise(4): 4 beats",
        beats="noise(beat / x, seed)",
    ),
    Function(
        "lfo(beats, shape=sine, phase=0)", "shape(beat / beats + phase, shape)",
        "0..1, a turn in so many beats", SHAPES,
    ),
    Function(
        "lfo_s(seconds, shape=sine, phase=0)", "shape(t / seconds + phase, shape)",
        "0..1, a turn in so many seconds", SHAPES,
    ),
    Function(
        "every(beats, fall=0.25)", "exp(-(beat % beats) / fall)",
        "1 every so many beats, falling by e in `fall` beats",
    ),
    Function("last(event)", Last, "show time of the newest rise", at_first=str(LONG_AGO)),
    Function("since(event)", "max(0, t - last(event))", "seconds since the newest rise"),
    Function(
        "decay(event, seconds=0.3)", "exp(-since(event) / seconds)",
        "1 at a rise, falling by e every so many seconds",
    ),
    Function(
        "smooth(x, attack=0.05, release=0.3)", Smooth, "follows x; seconds up and down",
        at_first="x",
    ),
    Function("peak(x, seconds=1)", Peak, "x at its highest, falling back to it", at_first="x"),
    Function("hold(x, trigger)", Hold, "x as it was when the trigger rose", at_first="x"),
    Function("latch(trigger)", Latch, "0 and 1 by turns, at each rise", at_first="0"),
    Function("count(trigger)", Count, "how often it rose", at_first="0"),
    Function("run(speed)", Run, "adds up: speed a second", at_first="0"),
)
FUNCTIONS: dict[str, Function] = {row.name: row for row in _ROWS}
"""Every function of expressions. Something rises when it goes through 0.5, or jumps above it."""
CONSTANTS = {"pi": math.pi, "tau": math.tau}
