"""Keyframe strings as Deforum and its neighbours write them: `0:(1.0), 30:(1.02*sin(t/20))`.

Text in, pairs of texts out: the frame and what it says, still to be understood by the caller.
Values stand in parentheses or quotes or bare; parentheses nest, so a comma inside `max(1, t)`
ends nothing. Pure text.
"""

from __future__ import annotations

import re

from engine.errors import LiquidlightError

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_OPEN, _CLOSE, _QUOTES = "([{", ")]}", "\"'`"


def split_keyframes(text: str) -> list[tuple[str, str]]:
    """The (frame, value) texts of a keyframe string, in its order.

    Frames lose their quotes, values the parentheses around all of them. Raises LiquidlightError
    that says what is wrong.
    """
    pairs = []
    for part in _cut(text, ","):
        if not part.strip():
            continue
        sides = _cut(part, ":", 1)
        if len(sides) != 2 or not sides[1].strip():
            raise LiquidlightError(f"{part.strip()!r} is no keyframe like 30:(1.02)")
        pairs.append((sides[0].strip().strip(_QUOTES).strip(), _bare(sides[1].strip())))
    return pairs


def number(text: str) -> float | None:
    """A plain number, or None for anything else."""
    return float(text) if _PLAIN.fullmatch(text.strip()) else None


def _cut(text: str, sign: str, most: int = -1) -> list[str]:
    """Split at `sign` outside of parentheses and quotes, at most so often."""
    parts, depth, quote, begun = [], 0, "", 0
    for n, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in _QUOTES:
            quote = letter
        elif letter in _OPEN:
            depth += 1
        elif letter in _CLOSE:
            depth -= 1
        elif letter == sign and depth == 0 and len(parts) != most:
            parts.append(text[begun:n])
            begun = n + 1
    if depth or quote:
        missing = quote or ("a closing parenthesis" if depth > 0 else "an opening parenthesis")
        raise LiquidlightError(f"{_short(text)}: {missing} is missing")
    return [*parts, text[begun:]]


def _bare(value: str) -> str:
    """Without the parentheses around the whole value."""
    while value.startswith("(") and value.endswith(")"):
        try:
            _cut(value[1:-1], ",")
        except LiquidlightError:
            return value  # `(a) + (b)`: these are two pairs
        if _closes_early(value):
            return value
        value = value[1:-1].strip()
    return value


def _closes_early(value: str) -> bool:
    depth = 0
    for letter in value[:-1]:
        depth += (letter in _OPEN) - (letter in _CLOSE)
        if depth == 0:
            return True
    return False


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
