"""A TOML file that people write by hand: its values, and the line of each for messages.

`tomllib` gives values without places. The files here are plain: tables, arrays of tables and one
key a line, so a scan of the lines finds the place; when it does not, the line of the table is the
next best answer, then 1. Every mistake is one PresetError line: file, line, key, what is wrong.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import PresetError
from engine.expressions import near

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


class TomlFile:
    """A parsed TOML file that can say where a wrong value stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text("utf-8")
            self.data: dict[str, Any] = tomllib.loads(self.text)
        except OSError as error:
            raise PresetError(f"{path}: cannot be read ({error.strerror})") from None
        except UnicodeDecodeError:
            raise PresetError(f"{path}: not a UTF-8 text file") from None
        except tomllib.TOMLDecodeError as error:
            raise PresetError(f"{path}: {_reason(error)}") from None

    def error(self, place: tuple[str | int, ...], message: str) -> PresetError:
        key = ".".join(str(p + 1) if isinstance(p, int) else p for p in place)
        return PresetError(f"{self.path}:{line_of(self.text, place)}: {key} {message}")

    def check_keys(self, table: Mapping[str, Any], place: tuple, allowed: tuple[str, ...]) -> None:
        for key in table:
            if key not in allowed:
                raise self.error((*place, key), f"is not known{near(key, allowed)}")

    def text_at(self, table: Mapping[str, Any], place: tuple, default: str = "") -> str:
        value = table.get(place[-1], default)
        if not isinstance(value, str):
            raise self.error(place, f"= {value!r} is not a text in quotes")
        return value

    def table_at(self, table: Mapping[str, Any], key: str) -> dict[str, Any]:
        value = table.get(key, {})
        if not isinstance(value, dict):
            raise self.error((key,), f"must be a table: [{key}]")
        return value

    def tables_at(self, key: str) -> list[dict[str, Any]]:
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self.error((key,), f"must be a list of tables: [[{key}]]")
        return value

    def choice(self, raw: str, place: tuple, allowed: tuple[str, ...]) -> str:
        if raw not in allowed:
            raise self.error(place, f"= {raw!r} is not known{near(raw, allowed)}")
        return raw


def _reason(error: tomllib.TOMLDecodeError) -> str:
    """`Invalid value (at line 3, column 9)` as `3: Invalid value (column 9)`."""
    text = str(error)
    head, _, tail = text.partition(" (at line ")
    if not tail:
        return text
    line, _, column = tail.rstrip(")").partition(", ")
    return f"{line}: {head} ({column})"
