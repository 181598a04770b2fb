"""One number of a file: a constant in its range, or an expression compiled over the names."""

from __future__ import annotations

import re
from collections.abc import Collection

from engine.errors import ExpressionError
from engine.expressions import Expression, compile_expression
from engine.params import BASE, NAMES, Param
from engine.show.looks import Value
from engine.toml_file import TomlFile

_BASE = re.compile(rf"\b{BASE}\b")


def read_value(
    file: TomlFile, raw: object, place: tuple, param: Param, names: Collection[str] = NAMES
) -> Value:
    """A number in range, or the text of an expression over `names`."""
    if isinstance(raw, str):
        try:
            expression = compile_expression(raw, names)
            return Value(param, param.default, expression, _based(expression))
        except ExpressionError as error:
            raise file.error(place, f'= "{raw}": {error}') from None
    if isinstance(raw, bool):
        raw = float(raw) if param.high == 1 and param.integer else raw
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        allowed = f"a number {param.range} or an expression in quotes"
        raise file.error(place, f"= {raw!r} is not {allowed}")
    if not param.allows(raw):
        whole = " (whole numbers)" if param.integer else ""
        raise file.error(place, f"= {raw} is outside {param.range}{whole}")
    return Value(param, float(raw))


def _based(expression: Expression) -> bool:
    """Whether it goes on under a hand. What remembers is stepped for all numbers together and
    knows of none."""
    if any(_BASE.search(register.key) for register in expression.registers):
        raise ExpressionError(f"{BASE} cannot stand within a function that remembers")
    return bool(_BASE.search(expression.text))


def read_constant(file: TomlFile, raw: object, place: tuple, param: Param) -> float:
    """A number in range; no expression."""
    if isinstance(raw, str):
        raise file.error(place, f"= {raw!r} is not a number {param.range}")
    return read_value(file, raw, place, param).constant
