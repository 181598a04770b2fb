"""A look that extends another: its file and all before it, read as one.

Whatever a file does not say is taken from the one that it extends: tables are joined key by key,
lists ([[prompts]], [[layers]], [[effects]]) are replaced whole. Rows of an inherited list are
changed under [change.effects.glow], [change.prompts.2], [change.layers.1]. A mistake is told in the
file, and at the line, where it stands.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.errors import PresetError
from engine.expressions import near
from engine.params import NAMES, PARAMS, SOURCE_KINDS, Param
from engine.show.finding import find_preset
from engine.show.looks import Value
from engine.show.values import read_value
from engine.toml_file import TomlFile

LISTS = ("prompts", "layers", "effects")
SOURCE_NUMBERS = {n.partition(".")[2] for n in PARAMS if n.startswith("source.")}
_Place = tuple[str | int, ...]


class LookFile(TomlFile):
    """A preset file joined with those that it extends.

    `files` are all of them, its own first; `names` is what its expressions may use.
    """

    def __init__(self, file: TomlFile) -> None:
        """Raises PresetError for a parent that is not there or a loop."""
        chain = _chain(file)
        self.path, self.text = file.path, file.text
        self.data: dict[str, Any] = {}
        self.files = tuple(each.path for each in chain)
        self.names: frozenset[str] = NAMES
        self._file = file
        self._origin: dict[_Place, tuple[TomlFile, _Place]] = {}
        for each in reversed(chain):
            rows = {key: row for key, row in each.data.items() if key not in ("extends", "change")}
            self._another_source(rows)
            self._join(self.data, rows, (), each, ())
            self._change(each)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where the look's own shaders and pictures may lie: beside its files."""
        return tuple(dict.fromkeys(path.parent for path in self.files))

    def error(self, place: _Place, message: str) -> PresetError:
        """The mistake, told where the value stands."""
        for end in range(len(place), 0, -1):
            if place[:end] in self._origin:
                file, there = self._origin[place[:end]]
                return file.error((*there, *place[end:]), message)
        return self._file.error(place, message)

    def home(self, place: _Place) -> _Place:
        """Where its own file would say that value, so that it counts."""
        for end in range(len(place), 0, -1):
            if place[:end] in self._origin:
                file, there = self._origin[place[:end]]
                if file is self._file:
                    return (*there, *place[end:])
        kind, *rest = place
        return ("change", kind, str(rest[0] + 1), *rest[1:]) if kind in LISTS else place

    def value(self, raw: object, place: _Place, param: Param) -> Value:
        """A number in range, or an expression over the look's names."""
        return read_value(self, raw, place, param, self.names)

    def _join(
        self, into: dict[str, Any], rows: dict[str, Any], place: _Place, file: TomlFile,
        there: _Place,
    ) -> None:
        """Put `rows`, which stand at `there` in `file`, over those at `place`."""
        for key, row in rows.items():
            here, source = (*place, key), (*there, key)
            if isinstance(row, dict) and isinstance(into.get(key), dict):
                self._join(into[key], row, here, file, source)
                continue
            into[key] = row
            self._origin = {p: o for p, o in self._origin.items() if p[: len(here)] != here}
            self._origin[here] = (file, source)

    def _another_source(self, rows: dict[str, Any]) -> None:
        """Who names a source of its own takes over no other, nor that one's inputs."""
        own, known = rows.get("source"), self.data.get("source")
        if isinstance(own, dict) and isinstance(known, dict) and own.keys() & set(SOURCE_KINDS):
            for key in known.keys() - SOURCE_NUMBERS:
                del known[key]

    def _change(self, file: TomlFile) -> None:
        """The rows of [change]: keys put over rows of the lists so far."""
        change = file.table_at(file.data, "change")
        file.check_keys(change, ("change",), LISTS)
        for kind in change:
            rows = self.tables_at(kind)
            names = [(str(n + 1), row.get("shader")) for n, row in enumerate(rows)]
            if not isinstance(change[kind], dict):
                raise file.error(("change", kind), f"must be a table: [change.{kind}.NAME]")
            for name, keys in change[kind].items():
                found = [n for n, known in enumerate(names) if name in known]
                there = ("change", kind, name)
                if not found or not isinstance(keys, dict):
                    known = sorted({each for pair in names for each in pair if each})
                    raise file.error(there, f"is none of the {kind}{near(name, known)}")
                for n in found:
                    self._join(rows[n], keys, (kind, n), file, there)


def _chain(file: TomlFile) -> list[TomlFile]:
    """The file, the one that it extends, and so on."""
    chain = [file]
    while "extends" in chain[-1].data:
        last = chain[-1]
        parent = _parent(last)
        if parent.path.resolve() in [each.path.resolve() for each in chain]:
            way = " > ".join(each.path.stem for each in (*chain, parent))
            raise last.error(("extends",), f"leads back to where it began: {way}")
        chain.append(parent)
    return chain


def _parent(file: TomlFile) -> TomlFile:
    name = file.text_at(file.data, ("extends",))
    try:
        parent = TomlFile(find_preset(name, file.path.parent))
    except PresetError as error:
        raise file.error(("extends",), f": {error}") from None
    if {"presets", "scenes", "grid"} & parent.data.keys():
        raise file.error(("extends",), f": {name} is a set; a look extends a look")
    return parent
