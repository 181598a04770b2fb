"""A TOML file that people write by hand: its values, and the place of each for messages.

Every mistake is one PresetError line: file, line, key, what is wrong. A loader raises the first;
who wants them all cuts the wrong values out (`cutting`) and has the file read again.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from engine.errors import PresetError, Where
from engine.expressions import near
from engine.toml_places import places

Place = tuple[str | int, ...]
Cuts = Mapping[Path, Mapping[Place, Any]]
"""For each file the places that are read as if they held another value, GONE for none."""
GONE = object()
MAX_DEPTH = 32

_CUTS: ContextVar[Cuts | None] = ContextVar("cuts", default=None)
_DRAFTS: ContextVar[Mapping[Path, str] | None] = ContextVar("drafts", default=None)


@contextmanager
def cutting(cuts: Cuts) -> Iterator[None]:
    """Within, files are read with other values at the places of `cuts`, by their resolved path."""
    token = _CUTS.set(cuts)
    try:
        yield
    finally:
        _CUTS.reset(token)


@contextmanager
def drafting(texts: Mapping[Path, str]) -> Iterator[None]:
    """Within, files are read as if these texts, by their resolved path, stood in them."""
    token = _DRAFTS.set(texts)
    try:
        yield
    finally:
        _DRAFTS.reset(token)


def place_of(text: str, path: Sequence[str | int]) -> tuple[int, int]:
    """Line and column (from 1) of the value at `path`, e.g. ("prompts", 1, "weight").

    Array members are counted from 0. Falls back to the longest prefix of the path that is found.
    """
    known, wanted = places(text), tuple(path)
    while wanted and wanted not in known:
        wanted = wanted[:-1]
    return known.get(wanted, (1, 1))


class TomlFile:
    """A parsed TOML file that can say where a wrong value stands."""

    def __init__(self, path: Path, text: str | None = None) -> None:
        """Read `path`; with a `text`, take that for what is written there."""
        self.path = path
        self._rows_cut: list[Place] = []
        text = (_DRAFTS.get() or {}).get(path.resolve()) if text is None else text
        try:
            self.text = path.read_text("utf-8") if text is None else text
            self.data: dict[str, Any] = tomllib.loads(self.text)
        except OSError as error:
            raise PresetError(f"{path}: cannot be read ({error.strerror})") from None
        except UnicodeDecodeError:
            raise PresetError(f"{path}: not a UTF-8 text file") from None
        except tomllib.TOMLDecodeError as error:
            raise _not_toml(path, error) from None
        except RecursionError:
            raise PresetError(f"{path}: is nested too deep") from None
        if not _shallow(self.data):  # dotted keys nest without recursion, messages would not
            raise PresetError(f"{path}: is nested too deep")
        self._cut((_CUTS.get() or {}).get(path.resolve(), {}))

    def error(self, place: Place, message: str) -> PresetError:
        """The mistake at `place`, as it stands in the file."""
        place = self._uncut(place)
        key = ".".join(str(p + 1) if isinstance(p, int) else p for p in place)
        line, column = place_of(self.text, place)
        key += "" if message.startswith(":") else " "
        said = " ".join(f"{key}{message}".split())  # values and keys may hold line breaks
        error = PresetError(f"{self.path}:{line}: {said}")
        error.where = Where(self.path, line, column, place)
        return error

    def _cut(self, cuts: Mapping[Place, Any]) -> None:
        """What lies deepest comes first, rows from the last to the first: numbers stay true."""
        for place in sorted(cuts, key=lambda p: (-len(p), -p[-1] if type(p[-1]) is int else 0)):
            holder: Any = self.data
            with suppress(LookupError, TypeError):
                for part in place[:-1]:
                    holder = holder[part]
                if cuts[place] is not GONE:
                    holder[place[-1]] = cuts[place]
                    continue
                del holder[place[-1]]
                self._rows_cut += [place] if isinstance(place[-1], int) else []

    def _uncut(self, place: Place) -> Place:
        """The place in the file of a place in the data: rows that were cut out count."""
        true: Place = ()
        for part in place:
            for row in sorted(cut for cut in self._rows_cut if cut[:-1] == true):
                part = part + 1 if isinstance(part, int) and row[-1] <= part else part
            true = (*true, part)
        return true

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


def _shallow(data: Any) -> bool:
    """Whether tables and lists are nested no deeper than anyone would write them."""
    level = [data]
    for _ in range(MAX_DEPTH):
        rows = (r.values() if isinstance(r, dict) else r for r in level)
        level = [each for row in rows for each in row if isinstance(each, dict | list)]
    return not level


def _not_toml(path: Path, error: tomllib.TOMLDecodeError) -> PresetError:
    """`Invalid value (at line 3, column 9)` as `file:3: Invalid value (column 9)`."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error))
    if not found:
        return PresetError(f"{path}: {error}")
    line, column = int(found[2]), int(found[3])
    told = PresetError(f"{path}:{line}: {found[1]} (column {column})")
    told.where = Where(path, line, column, ())
    return told
