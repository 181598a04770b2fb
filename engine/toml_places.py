"""Where in a TOML text each key and each member of an array stands.

A text goes in, a place of (line, column), both from 1, comes out for every path. `tomllib` gives
values without places, so the text is walked once more when a message needs one: tables, arrays of
tables, inline tables, arrays over many lines. What is not TOML ends the walk; it never raises.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""Keys by name, members of arrays by their number from 0: ("prompts", 1, "weight")."""

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_STRING = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'''', re.DOTALL
)
_PLAIN = re.compile(r"[^,\]}\n#]+")


def places(text: str) -> dict[Path, tuple[int, int]]:
    """Line and column of every key, table and array member."""
    walk = _Walk(text)
    try:
        walk.file()
    except (ValueError, RecursionError):
        pass
    starts = [0, *(m.end() for m in re.finditer("\n", text))]
    found, line = {}, 0
    for path, at in sorted(walk.found.items(), key=lambda row: row[1]):
        while line + 1 < len(starts) and starts[line + 1] <= at:
            line += 1
        found[path] = (line + 1, at - starts[line] + 1)
    return found


class _Walk:
    """`found` has the offset of each path, `at` is how far the text was read."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found: dict[Path, int] = {}
        self._rows: dict[Path, int] = {}

    def file(self) -> None:
        table: Path = ()
        while self._take(_BLANK) is not None and self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"not TOML at {self.at}")
        self.at = match.end()
        return match[0]

    def _sees(self, mark: str) -> bool:
        """Whether `mark` comes next; it is passed over."""
        seen = self.text.startswith(mark, self.at)
        self.at += len(mark) * seen
        return seen

    def _note(self, path: Path, at: int) -> None:
        self.found.setdefault(path, at)

    def _key(self) -> list[str]:
        parts = [self._take(_KEY).strip("\"'")]
        while _DOT.match(self.text, self.at):
            self._take(_DOT)
            parts.append(self._take(_KEY).strip("\"'"))
        return parts

    def _header(self) -> Path:
        at, path = self.at, ()
        mark = "[[" if self._sees("[[") else "["
        self.at += mark == "["
        self._take(re.compile(r"[ \t]*"))
        parts = self._key()
        for part in parts:
            path = (*path, part)
            self._note(path, at)
            if part is parts[-1] and mark == "[[":
                self._rows[path] = self._rows.get(path, -1) + 1
            if path in self._rows:
                path = (*path, self._rows[path])
        self._note(path, at)
        self._take(re.compile(r"[ \t]*\]+"))
        return path

    def _pair(self, table: Path) -> None:
        at, path = self.at, table
        for part in self._key():
            path = (*path, part)
            self._note(path, at)
        self._take(_EQUALS)
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._sees("["):
            self._members(path)
        elif self._sees("{"):
            while self._take(_BLANK) is not None and not self._sees("}"):
                self._pair(path)
                self._take(_BLANK)
                self._sees(",")
        elif self.text[self.at : self.at + 1] in ('"', "'"):
            self._take(_STRING)
        else:
            self._take(_PLAIN)

    def _members(self, path: Path) -> None:
        n = 0
        while self._take(_BLANK) is not None and not self._sees("]"):
            self._note((*path, n), self.at)
            self._value((*path, n))
            self._take(_BLANK)
            self._sees(",")
            n += 1
