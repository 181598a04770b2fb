"""All mistakes of a file, not only the first.

A reader of files (of a show, a rig) raises at the first mistake. Here it reads again and again,
each time with the wrong value cut out, until nothing is wrong any more or the wrong thing cannot
be spared. What only follows from a cut is not told.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import LiquidlightError, Where
from engine.toml_file import GONE, Place, cutting

MOST = 200
"""Readings of one file; a file with more mistakes is told so many."""
_NAMED = ("macros", "words")
"""Tables whose keys are names elsewhere: a wrong value becomes a right one, not a missing one."""
_UNSPARED = (("extends",), ("presets",), ("scenes",), ("grid",))


@dataclass(frozen=True, slots=True)
class Mistake:
    """One line for an editor; line and column from 1, None where they are not known."""

    file: str
    line: int | None
    column: int | None
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"


def mistakes(path: Path, read: Callable[[], Any]) -> list[Mistake]:
    """What `read`, which reads `path` and whatever it names, finds wrong; nothing: [].

    Those of `path` come first, each file's by line.
    """
    cuts: dict[Path, dict[Place, Any]] = {}
    found: dict[Mistake, None] = {}
    for _ in range(MOST):
        try:
            with cutting(cuts):
                read()
            break
        except LiquidlightError as error:
            where: Where | None = getattr(error, "where", None)
            if where is None or not _follows(cuts, where):
                found[_mistake(path, error, where)] = None
            if where is None or not _cut_more(cuts, where):
                break
    return sorted(found, key=lambda row: (row.file != str(path), row.file, row.line or 0))


def _mistake(path: Path, error: LiquidlightError, where: Where | None) -> Mistake:
    told = re.fullmatch(r"(.+?):(\d+): (.*)", str(error), re.DOTALL)
    if where is not None:
        message = told[3] if told else str(error)
        return Mistake(str(where.file), where.line, where.column, message)
    if told:
        return Mistake(told[1], int(told[2]), None, told[3])
    return Mistake(str(path), None, None, str(error).removeprefix(f"{path}: "))


def _follows(cuts: dict[Path, dict[Place, Any]], where: Where) -> bool:
    """Whether something was cut at that place, or below it, before."""
    done = cuts.get(where.file.resolve(), {})
    return any(cut[: len(where.place)] == where.place for cut in done)


def _cut_more(cuts: dict[Path, dict[Place, Any]], where: Where) -> bool:
    """Cut the value out, or try another in its place, or cut what it stands in; False: no more."""
    done = cuts.setdefault(where.file.resolve(), {})
    place = where.place
    while place and place not in _UNSPARED:
        values = [GONE, "x", 0.5]
        if place[0] in _NAMED and len(place) == 2:
            values = ["x", 0.5, GONE]
        tried = values.index(done[place]) + 1 if place in done else 0
        if tried < len(values):
            done[place] = values[tried]
            return True
        place = place[:-1]
    return False
