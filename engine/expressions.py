"""`"1 + 0.3*bass^2"` to a safe compiled function.

The text is parsed to a syntax tree; every node is checked against a whitelist and rebuilt; the
rebuilt tree is compiled once. Names are limited to those given (`drums.level` among them), calls
to the rows of functions.py; there are no subscripts, strings, lambdas or comprehensions. `^` and
`**` are both power. A compiled expression maps a dict of names to a finite float; what is no
number becomes 0.

A call that remembers becomes a Register: its value is looked up like a name, under its own text;
registers.py steps it once a hop. Where it has not been stepped yet, what it begins with stands in.
"""

from __future__ import annotations

import ast
import difflib
import math
import re
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from engine.errors import ExpressionError
from engine.functions import CONSTANTS, FUNCTIONS, Function

MAX_LENGTH = 500
MAX_DEPTH = 30
MAX_POWER = 64.0
MAX_ARGUMENTS = 32

Compiled = Callable[[Mapping[str, float]], float]


@dataclass(frozen=True, slots=True)
class Register:
    """A call that remembers.

    `key` is its text in full and the name of its value, `function` a row of FUNCTIONS; what the
    `arguments` give for the names of a hop is its next step.
    """

    key: str
    function: str
    arguments: tuple[Compiled, ...] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled text. Called with a mapping of names it gives a finite float.

    `registers` are those that it asks, each after those that it asks itself.
    """

    text: str
    value: Compiled = field(compare=False)
    registers: tuple[Register, ...] = ()

    def __call__(self, names: Mapping[str, float]) -> float:
        return self.value(names)


def compile_expression(text: str, names: Collection[str], memory: bool = True) -> Expression:
    """Compile `text` over `names` to a function of a mapping from name to number.

    Without `memory` the functions that remember are refused, where nobody steps them. Raises
    ExpressionError with a one-line reason: a wrong name (with a near one), a call that is not in
    FUNCTIONS, wrong arguments, or anything that is not arithmetic.
    """
    return _compiled(text, frozenset(names), memory)


@lru_cache(4096)
def _compiled(text: str, names: frozenset[str], memory: bool) -> Expression:
    checker = _Checker(names, memory)
    body = checker.check(_parsed(text))
    return Expression(text, _function(body), tuple(checker.registers.values()))


def _parsed(text: str) -> ast.expr:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters")
    plain = re.sub(r"\bin\b", "in_", text.replace("^", "**")).strip()  # `in` is a kind of ease
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(plain, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", None) or "not an expression"
        raise ExpressionError(f"not an expression ({reason})") from None


_SHELL = """
def value(_v):
    try:
        x = _body * 1.0
    except (ArithmeticError, ValueError, LookupError):
        return 0.0
    return x if x - x == 0.0 else 0.0
"""
_SCOPE = {
    "__builtins__": {},
    **{kind.__name__: kind for kind in (ArithmeticError, ValueError, LookupError)},
    "_pow": math.pow,
    "_power": lambda a, b: math.pow(a, min(MAX_POWER, max(-MAX_POWER, b))),
    **{f"_f_{name}": row.of for name, row in FUNCTIONS.items() if callable(row.of)},
}


def _function(body: ast.expr) -> Compiled:
    """The shell around a checked tree. Only what the checker built is run, never a user's text."""
    tree = ast.parse(_SHELL)
    tree.body[0].body[0].body[0].value.left = body
    scope = dict(_SCOPE)
    exec(compile(ast.fix_missing_locations(tree), "<expression>", "exec"), scope)  # noqa: S102
    return scope["value"]


_BINARY = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod)
_UNARY = (ast.UAdd, ast.USub, ast.Not)
_COMPARE = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_VALUES = ast.Name("_v", ast.Load())


class _Checker:
    """Rebuilds a tree out of allowed parts only, and gathers its registers by key."""

    def __init__(self, names: frozenset[str], memory: bool) -> None:
        self._names, self._memory = names, memory
        self.registers: dict[str, Register] = {}

    def check(self, node: ast.expr, depth: int = 0) -> ast.expr:
        if depth > MAX_DEPTH:
            raise ExpressionError(f"nested deeper than {MAX_DEPTH}")

        def check(child: ast.expr) -> ast.expr:
            return self.check(child, depth + 1)

        match node:
            case ast.Constant(value=bool() | int() | float() as value):
                return ast.Constant(_number(value))
            case ast.Name() | ast.Attribute():
                return self._lookup(_dotted(node))
            case ast.BinOp(left, ast.Pow(), right):
                return _power(check(left), check(right))
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
            case ast.Call(ast.Name(id=name)):
                return self._call(_row(name), node, depth)
            case _:
                raise ExpressionError("only arithmetic, comparisons, `a if b else c` and functions")

    def _lookup(self, name: str) -> ast.expr:
        if name in CONSTANTS:
            return ast.Constant(CONSTANTS[name])
        if name in self._names:
            return ast.Subscript(_VALUES, ast.Constant(name), ast.Load())
        known = [*self._names, *CONSTANTS]
        raise ExpressionError(f"unknown name '{name}'{near(name, known)}")

    def _call(self, row: Function, node: ast.Call, depth: int) -> ast.expr:
        given = _bound(row, node)
        if isinstance(row.of, str):
            return self._written(row.of, given, depth)
        if row.beats and isinstance(next(iter(given.values())), ast.Constant):
            return self._written(row.beats, given, depth)
        arguments = [
            ast.Constant(arg.id) if name == row.word else self.check(arg, depth + 1)
            for name, arg in given.items()
        ]
        if row.at_first:
            return self._register(row, given, arguments)
        return ast.Call(ast.Name(f"_f_{row.name}", ast.Load()), arguments, [])

    def _written(self, text: str, given: Mapping[str, ast.expr], depth: int) -> ast.expr:
        """What a call is short for."""
        return self.check(_Replaced(given).visit(ast.parse(text, mode="eval").body), depth + 1)

    def _register(
        self, row: Function, given: Mapping[str, ast.expr], arguments: list[ast.expr]
    ) -> ast.expr:
        """The value of a register where there is one, else what it begins with."""
        if not self._memory:
            raise ExpressionError(f"{row.name} remembers, which is not possible here")
        key = f"{row.name}({', '.join(map(ast.unparse, given.values()))})"
        if key not in self.registers:
            self.registers[key] = Register(key, row.name, tuple(map(_function, arguments)))
        there = ast.Compare(ast.Constant(key), [ast.In()], [_VALUES])
        value = ast.Subscript(_VALUES, ast.Constant(key), ast.Load())
        begins = dict(zip(given, arguments, strict=True)).get(row.at_first)
        return ast.IfExp(there, value, begins or ast.Constant(float(row.at_first)))


class _Replaced(ast.NodeTransformer):
    """Puts the arguments of a call where their names stand in what it is short for."""

    def __init__(self, given: Mapping[str, ast.expr]) -> None:
        self._given = given

    def visit_Call(self, node: ast.Call) -> ast.Call:
        return ast.Call(node.func, [self.visit(arg) for arg in node.args], [])

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._given.get(node.id, node)


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ExpressionError("a number is too large") from None


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise ExpressionError(f".{parts[-1]} belongs to no name")
    return ".".join((node.id, *reversed(parts)))


def _power(base: ast.expr, exponent: ast.expr) -> ast.expr:
    """Bounded. A whole exponent is quickest; a root of what is below 0 must not become complex."""
    if not isinstance(exponent, ast.Constant):
        return ast.Call(ast.Name("_power", ast.Load()), [base, exponent], [])
    number = ast.Constant(min(MAX_POWER, max(-MAX_POWER, exponent.value)))
    if number.value.is_integer():
        return ast.BinOp(base, ast.Pow(), number)
    return ast.Call(ast.Name("_pow", ast.Load()), [base, number], [])


def _row(name: str) -> Function:
    if name not in FUNCTIONS:
        raise ExpressionError(f"unknown function '{name}'{near(name, FUNCTIONS)}")
    return FUNCTIONS[name]


def _bound(row: Function, node: ast.Call) -> dict[str, ast.expr]:
    """The arguments of a call by name, defaults filled in."""
    names = [*row.needed, *row.defaults]
    extra = len(node.args) - len(names)
    if row.more and 0 < extra <= MAX_ARGUMENTS:
        names += [f"{n}" for n in range(extra)]
    given = dict(zip(names, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg not in names or keyword.arg in given:
            raise ExpressionError(f"{row.name} takes no {keyword.arg}: {row.form}")
        given[keyword.arg] = keyword.value
    values = {**row.defaults, **given}
    if len(node.args) > len(names) or not all(name in values for name in names):
        raise ExpressionError(f"wrong number of arguments: {row.form}")
    if row.pairs and len(values) % 2 == 0:
        raise ExpressionError(f"a point has two numbers: {row.form}")
    if row.word:
        values[row.word] = _word(row, values[row.word])
    return {name: values[name] for name in names}


def _word(row: Function, node: ast.expr) -> ast.Name:
    word = node.id.rstrip("_") if isinstance(node, ast.Name) else ast.unparse(node)
    if word not in row.words:
        raise ExpressionError(f"{row.name}: unknown {row.word} '{word}'{near(word, row.words)}")
    return ast.Name(word, ast.Load())


def near(word: str, known: Collection[str]) -> str:
    """`; did you mean 'kick'?` when a known word is close, else a short list of what there is."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; there is {', '.join(sorted(known))}" if len(known) <= 24 else ""
