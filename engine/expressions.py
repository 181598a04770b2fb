"""`"1 + 0.3*bass^2"` to a safe compiled function.

The text is parsed to a syntax tree; every node is checked against a whitelist; the checked tree
is compiled once. Names are limited to those given, calls to the fixed list FUNCTIONS; there are
no attributes, subscripts, strings, lambdas or comprehensions. `^` and `**` are both power. A
compiled expression maps a dict of names to a finite float; what is no number becomes 0.
"""

from __future__ import annotations

import ast
import difflib
import math
from collections.abc import Callable, Collection, Mapping

from engine.errors import ExpressionError

Expression = Callable[[Mapping[str, float]], float]

MAX_LENGTH = 500
MAX_DEPTH = 30
MAX_POWER = 64.0


def _clamp(x: float, low: float = 0.0, high: float = 1.0) -> float:
    return min(high, max(low, x))


def _mix(a: float, b: float, k: float) -> float:
    return a + (b - a) * k


def _step(edge: float, x: float) -> float:
    return 1.0 if x >= edge else 0.0


def _smoothstep(a: float, b: float, x: float) -> float:
    k = _clamp((x - a) / (b - a)) if a != b else _step(a, x)
    return k * k * (3.0 - 2.0 * k)


def _pulse(phase: float, decay: float = 0.25) -> float:
    """1 where the phase is whole, falling by e every `decay` of a turn."""
    return math.exp(-(phase % 1.0) / max(decay, 1e-6))


def _tri(phase: float) -> float:
    return 1.0 - abs(2.0 * (phase % 1.0) - 1.0)


def _saw(phase: float) -> float:
    return phase % 1.0


def _square(phase: float) -> float:
    return 1.0 if phase % 1.0 < 0.5 else 0.0


def _wave(phase: float) -> float:
    return 0.5 - 0.5 * math.cos(2.0 * math.pi * phase)


def _dice(x: float) -> float:
    """A new random 0..1 for each whole number: hash of the integer part (PCG-like mixing)."""
    n = (int(math.floor(x)) * 747796405 + 2891336453) & 0xFFFFFFFF
    n = ((n >> ((n >> 28) + 4)) ^ n) * 277803737 & 0xFFFFFFFF
    return ((n >> 22) ^ n) / 0xFFFFFFFF


def _power(a: float, b: float) -> float:
    return math.pow(a, _clamp(b, -MAX_POWER, MAX_POWER))


FUNCTIONS: dict[str, tuple[Callable[..., float], int, int, str]] = {
    "sin": (math.sin, 1, 1, "sine of radians"),
    "cos": (math.cos, 1, 1, "cosine of radians"),
    "tan": (math.tan, 1, 1, "tangent of radians"),
    "sqrt": (math.sqrt, 1, 1, "square root"),
    "exp": (math.exp, 1, 1, "e to the power"),
    "log": (math.log, 1, 1, "natural logarithm"),
    "abs": (abs, 1, 1, "size without sign"),
    "floor": (math.floor, 1, 1, "next whole number below"),
    "ceil": (math.ceil, 1, 1, "next whole number above"),
    "min": (min, 2, 8, "smallest"),
    "max": (max, 2, 8, "largest"),
    "clamp": (_clamp, 1, 3, "clamp(x, low=0, high=1)"),
    "mix": (_mix, 3, 3, "mix(a, b, k): a at k 0, b at k 1"),
    "step": (_step, 2, 2, "step(edge, x): 1 from the edge on"),
    "smoothstep": (_smoothstep, 3, 3, "smoothstep(a, b, x): eased 0..1 between a and b"),
    "pulse": (_pulse, 1, 2, "pulse(phase, decay=0.25): 1 at whole numbers, then falling"),
    "wave": (_wave, 1, 1, "wave(phase): 0 at whole numbers, smoothly 1 half way"),
    "tri": (_tri, 1, 1, "triangle 0..1..0 over a turn"),
    "saw": (_saw, 1, 1, "rising 0..1 over a turn"),
    "square": (_square, 1, 1, "1 for the first half of a turn, else 0"),
    "dice": (_dice, 1, 1, "dice(beat): a new random 0..1 for each whole number"),
}
CONSTANTS = {"pi": math.pi, "tau": math.tau}

_BINARY = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod, ast.Pow)
_UNARY = (ast.UAdd, ast.USub, ast.Not)
_COMPARE = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


def compile_expression(text: str, names: Collection[str]) -> Expression:
    """Compile `text` over `names` to a function of a mapping from name to number.

    Raises ExpressionError with a one-line reason: a wrong name (with a near one), a call that is
    not in FUNCTIONS, a wrong number of arguments, or anything that is not arithmetic.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters")
    try:
        tree = ast.parse(text.replace("^", "**").strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", None) or "not an expression"
        raise ExpressionError(f"not an expression ({reason})") from None
    body = _checked(tree.body, frozenset(names), 0)
    arguments = ast.arguments([], [ast.arg("_v")], None, [], [], None, [])
    code = compile(
        ast.fix_missing_locations(ast.Expression(ast.Lambda(arguments, body))), "<preset>", "eval"
    )
    scope = {f"_f_{name}": row[0] for name, row in FUNCTIONS.items()}
    # What is evaluated is the lambda built from checked nodes, never the user's text.
    raw = eval(code, {"__builtins__": {}, "_power": _power, **scope})  # noqa: S307
    return _guarded(raw)


def _guarded(raw: Callable[[Mapping[str, float]], float]) -> Expression:
    def value(names: Mapping[str, float]) -> float:
        try:
            result = float(raw(names))
        except (ArithmeticError, ValueError):
            return 0.0
        return result if math.isfinite(result) else 0.0

    return value


def _checked(node: ast.expr, names: frozenset[str], depth: int) -> ast.expr:
    """A copy of the node made of allowed parts only, names turned into lookups."""
    if depth > MAX_DEPTH:
        raise ExpressionError(f"nested deeper than {MAX_DEPTH}")

    def check(child: ast.expr) -> ast.expr:
        return _checked(child, names, depth + 1)

    match node:
        case ast.Constant(value=bool() | int() | float() as value):
            return ast.Constant(_number(value))
        case ast.Name(id=name):
            return _lookup(name, names)
        case ast.BinOp(left, ast.Pow(), right):
            return ast.Call(ast.Name("_power", ast.Load()), [check(left), check(right)], [])
        case ast.BinOp(left, op, right) if isinstance(op, _BINARY):
            return ast.BinOp(check(left), op, check(right))
        case ast.UnaryOp(op, operand) if isinstance(op, _UNARY):
            return ast.UnaryOp(op, check(operand))
        case ast.BoolOp(op, values):
            return ast.BoolOp(op, [check(value) for value in values])
        case ast.Compare(left, ops, rest) if all(isinstance(op, _COMPARE) for op in ops):
            return ast.Compare(check(left), ops, [check(value) for value in rest])
        case ast.IfExp(test, body, orelse):
            return ast.IfExp(check(test), check(body), check(orelse))
        case ast.Call(ast.Name(id=name), args, []):
            return _call(name, [check(arg) for arg in args])
        case _:
            raise ExpressionError("only arithmetic, comparisons, `a if b else c` and functions")


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ExpressionError("a number is too large") from None


def _lookup(name: str, names: frozenset[str]) -> ast.expr:
    if name in CONSTANTS:
        return ast.Constant(CONSTANTS[name])
    if name in names:
        return ast.Subscript(ast.Name("_v", ast.Load()), ast.Constant(name), ast.Load())
    known = [*names, *CONSTANTS]
    raise ExpressionError(f"unknown name '{name}'{near(name, known)}")


def _call(name: str, args: list[ast.expr]) -> ast.expr:
    if name not in FUNCTIONS:
        raise ExpressionError(f"unknown function '{name}'{near(name, FUNCTIONS)}")
    _, fewest, most, _ = FUNCTIONS[name]
    if not fewest <= len(args) <= most:
        count = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise ExpressionError(f"{name} takes {count} arguments, not {len(args)}")
    return ast.Call(ast.Name(f"_f_{name}", ast.Load()), args, [])


def near(word: str, known: Collection[str]) -> str:
    """`; did you mean 'kick'?` when a known word is close, else a short list of what there is."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; there is {', '.join(sorted(known))}" if len(known) <= 24 else ""
