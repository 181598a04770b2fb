"""Where a key stands in a TOML text, so that a mistake is reported with its line.

`tomllib` gives values without places. The files that people write here are plain: tables,
arrays of tables and one key a line, so a scan of the lines finds the place; when it does not,
the line of the table is the next best answer, then 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-\"' ]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-\"'.]+(?:\s*\.\s*[A-Za-z0-9_\-\"']+)*)\s*=")


def _parts(name: str) -> list[str | int]:
    return [part.strip().strip("\"'") for part in name.split(".")]


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line (from 1) of the value at `path`, e.g. ("prompts", 1, "weight").

    Array members are counted from 0. Falls back to the longest prefix of the path that is found.
    """
    places = _places(text)
    wanted = tuple(path)
    while wanted:
        if wanted in places:
            return places[wanted]
        wanted = wanted[:-1]
    return 1


def _places(text: str) -> dict[tuple[str | int, ...], int]:
    places: dict[tuple[str | int, ...], int] = {}
    counts: dict[str, int] = {}
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            name = header[2]
            table = tuple(_parts(name))
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                table = (*table, counts[name])
            places.setdefault(table, number)
            places.setdefault(tuple(_parts(name)), number)
        elif key := _KEY.match(line):
            places.setdefault((*table, *_parts(key[1])), number)
    return places
