"""Emphasis in prompts: `(word)` counts 1.1 times as much, `[word]` as much less, `(word:1.3)` 1.3.

A prompt as written flows in, runs of (text, weight) or the plain words flow out. The signs mean
what they mean in AUTOMATIC1111's web UI: they nest and multiply, `\\(` is a bracket, and one that
is never closed reaches to the end. Pure, any thread; called at the frame rate, so answers are kept.
"""

from __future__ import annotations

import re
from functools import lru_cache

ROUND, SQUARE = 1.1, 1 / 1.1
LIMIT = 10.0
"""A weight stays within -10..10, however deep the brackets are."""

_SIGN = re.compile(
    r"""\\(?P<literal>[\\()\[\]])
      | :\s*(?P<weight>[+-]?(?:\d{1,9}\.?\d{0,9}|\.\d{1,9}))\s*\)
      | (?P<open>[(\[]) | (?P<close>[)\]])
      | (?P<text>[^\\()\[\]:]+|[\\:])""",
    re.VERBOSE,
)


@lru_cache(maxsize=1024)
def emphasised(text: str) -> tuple[tuple[str, float], ...]:
    """The runs of a prompt, each with its weight; neighbours of equal weight are one."""
    runs: list[tuple[str, float]] = []
    opened: dict[str, list[int]] = {"(": [], "[": []}

    def weigh(first: int, weight: float) -> None:
        runs[first:] = [(said, _limited(old * weight)) for said, old in runs[first:]]

    for sign in _SIGN.finditer(text):
        if sign["open"]:
            opened[sign["open"]].append(len(runs))
        elif sign["weight"] and opened["("]:
            weigh(opened["("].pop(), float(sign["weight"]))
        elif sign["close"] == ")" and opened["("]:
            weigh(opened["("].pop(), ROUND)
        elif sign["close"] == "]" and opened["["]:
            weigh(opened["["].pop(), SQUARE)
        else:
            runs.append((sign["literal"] or sign[0], 1.0))
    for bracket, weight in (("(", ROUND), ("[", SQUARE)):
        for first in opened[bracket]:
            weigh(first, weight)
    return _joined(runs)


def plain(text: str) -> str:
    """The words alone."""
    return "".join(said for said, _ in emphasised(text))


def _limited(weight: float) -> float:
    return min(LIMIT, max(-LIMIT, weight))


def _joined(runs: list[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    joined: list[tuple[str, float]] = []
    for said, weight in runs:
        if joined and joined[-1][1] == weight:
            joined[-1] = (joined[-1][0] + said, weight)
        else:
            joined.append((said, weight))
    return tuple(joined)
