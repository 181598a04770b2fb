"""Formulas of Deforum's schedules: numexpr's arithmetic over the frame number `t`.

A text in; its value at any frame out, and the same in the words of our own expressions, where `t`
is seconds, when those can say it. Nothing is run: the syntax tree is read node by node. `^`, `&`
and `|` are bitwise there, `where(c, a, b)` chooses. Functions after numexpr's user guide,
https://numexpr.readthedocs.io/en/latest/user_guide.html
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Mapping

from engine.errors import LiquidlightError

LONGEST, DEEPEST = 2000, 40
_BINARY: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: math.fmod,
    ast.Pow: math.pow,
    ast.BitAnd: lambda a, b: float(_whole(a) & _whole(b)),
    ast.BitOr: lambda a, b: float(_whole(a) | _whole(b)),
    ast.BitXor: lambda a, b: float(_whole(a) ^ _whole(b)),
}  # fmt: skip
_COMPARE: dict[type, Callable[[float, float], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
_OURS = ("sin", "cos", "tan", "sqrt", "exp", "log", "floor", "ceil")
_ARCS = ("asin", "acos", "atan", "asinh", "acosh", "atanh")
FUNCTIONS: dict[str, tuple[Callable[..., float], str]] = {
    **{name: (getattr(math, name), f"{name}(a)") for name in _OURS},
    **{name.replace("a", "arc", 1): (getattr(math, name), "") for name in _ARCS},
    **{name: (getattr(math, name), "") for name in ("sinh", "cosh", "tanh")},
    "abs": (abs, "abs(a)"),
    "arctan2": (math.atan2, ""),
    "fmod": (math.fmod, ""),
    "min": (min, "min(a, b)"),
    "max": (max, "max(a, b)"),
    "where": (lambda c, a, b: a if c else b, "b if a else c"),
    "log10": (math.log10, "log(a) / log(10)"),
    "log1p": (math.log1p, "log(1 + a)"),
    "expm1": (math.expm1, "exp(a) - 1"),
}
"""What it does, and how our expressions say it ("" where they cannot)."""
_COUNTS = {"where": 3, "min": 2, "max": 2, "arctan2": 2, "fmod": 2}
_SAYABLE = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod, ast.Pow)
_STEPPED = (ast.Mod, ast.FloorDiv, ast.Eq, ast.NotEq)


class Formula:
    """One formula. Raises LiquidlightError when it is none; `names` have values beside `t`."""

    def __init__(self, text: str, names: Mapping[str, float] | None = None) -> None:
        self.text, self._names = text, dict(names or {})
        if len(text) > LONGEST:
            raise LiquidlightError(f"formula of {len(text)} letters, {LONGEST} are allowed")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._node = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise LiquidlightError(f"{text[:60]!r} is no formula") from None
        self._value(self._node, 0.0, 0, check=True)
        kinds = {type(node) for node in ast.walk(self._node)}
        calls = {getattr(n.func, "id", "") for n in ast.walk(self._node) if isinstance(n, ast.Call)}
        self._stepped = bool(kinds & set(_STEPPED)) or bool(calls & {"floor", "ceil", "fmod"})

    def at(self, frame: float) -> float:
        """The value at a frame; LiquidlightError where it has none."""
        try:
            value = float(self._value(self._node, float(frame), 0))
        except (ArithmeticError, ValueError, TypeError):
            value = math.nan
        if not math.isfinite(value):
            raise LiquidlightError(f"{self.text[:60]!r} has no value at frame {frame:g}")
        return value

    def said(self, fps: float) -> str | None:
        """The same for our `t` in seconds, or None where our expressions have no words for it.

        What jumps from frame to frame (remainders, equality) keeps to whole frames.
        """
        # (n / fps) * fps may fall just below n
        frame = f"floor({fps:g}*t + 0.001)" if self._stepped else f"{fps:g}*t"
        said = self._said(self._node, _parsed(frame if fps != 1.0 or self._stepped else "t"))
        return None if said is None else ast.unparse(said).replace("**", "^")

    def _value(self, node: ast.expr, t: float, depth: int, check: bool = False) -> float:
        """The value of a node; with `check` only whether everything in it is known."""
        if depth > DEEPEST:
            raise LiquidlightError(f"{self.text[:60]!r} is nested too deeply")

        def value(child: ast.expr) -> float:
            return self._value(child, t, depth + 1, check)

        match node:
            case ast.Constant(value=bool() | int() | float() as number):
                return _float(number)
            case ast.Name(id=name):
                if name != "t" and name not in self._names:
                    raise LiquidlightError(f"{self.text[:60]!r}: unknown name '{name}'")
                return t if name == "t" else self._names[name]
            case ast.BinOp(left, op, right) if type(op) in _BINARY:
                a, b = value(left), value(right)
                return 0.0 if check else _BINARY[type(op)](a, b)
            case ast.UnaryOp(ast.USub() | ast.UAdd() | ast.Not() as op, operand):
                a = value(operand)
                return -a if isinstance(op, ast.USub) else a if isinstance(op, ast.UAdd) else not a
            case ast.BoolOp(op, values):
                parts = [bool(value(child)) for child in values]
                return float(all(parts) if isinstance(op, ast.And) else any(parts))
            case ast.Compare(left, [op], [right]) if type(op) in _COMPARE:
                a, b = value(left), value(right)
                return float(_COMPARE[type(op)](a, b))
            case ast.Call(ast.Name(id=name), args, []) if name in FUNCTIONS:
                if len(args) != _COUNTS.get(name, 1):
                    raise LiquidlightError(f"{self.text[:60]!r}: {name} takes other arguments")
                given = [value(arg) for arg in args]
                return 0.0 if check else FUNCTIONS[name][0](*given)
            case ast.Call(ast.Name(id=name)):
                raise LiquidlightError(f"{self.text[:60]!r}: unknown function '{name}'")
        raise LiquidlightError(f"{self.text[:60]!r} is no formula")

    def _said(self, node: ast.expr, frame: ast.expr) -> ast.expr | None:
        """The node in our words: a tree that compile_expression understands."""

        def put(words: str, *nodes: ast.expr) -> ast.expr | None:
            parts = [self._said(each, frame) for each in nodes]
            return None if None in parts or not words else _put(words, parts)

        match node:
            case ast.Name(id=name):
                return frame if name == "t" else ast.Constant(self._names[name])
            case ast.BinOp(left, ast.FloorDiv(), right):
                return put("floor(a / b)", left, right)
            case ast.BinOp(left, op, right):
                made = put("a + b", left, right) if isinstance(op, _SAYABLE) else None
                return made and ast.BinOp(made.left, op, made.right)
            case ast.UnaryOp(op, operand):
                made = put("-a", operand)
                return made and ast.UnaryOp(op, made.operand)
            case ast.Compare(left, ops, [right]):
                made = put("a < b", left, right)
                return made and ast.Compare(made.left, ops, made.comparators)
            case ast.Call(ast.Name(id=name), args):
                return put(FUNCTIONS[name][1], *args)
            case ast.Constant():
                return node
        return None


def _parsed(words: str) -> ast.expr:
    return ast.parse(words, mode="eval").body


def _put(words: str, parts: list[ast.expr]) -> ast.expr:
    """The tree of `words` with the parts for a, b and c."""
    given = dict(zip("abc", parts, strict=False))

    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:  # noqa: N802
            return given.get(node.id, node)

    return Put().visit(_parsed(words))


def _whole(value: float) -> int:
    """For bitwise signs; truth of comparisons is 0 and 1."""
    if value != int(value) or abs(value) > 2**53:
        raise ValueError(value)
    return int(value)


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        raise LiquidlightError("a number is too large") from None
