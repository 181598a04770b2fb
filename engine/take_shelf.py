"""The takes of this machine: files in the folders where they are kept, as rows, newest first.

A take that is deleted gets another name until the show ends, and its own again if that was a
mistake; the sound that was recorded beside it goes along. Called by engine/take_desk.py's thread
and, to delete, by the page's: disks wait.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.errors import LiquidlightError, MediaError
from engine.records import HOP_SECONDS
from engine.takes import SUFFIX

GONE = ".deleted"
"""Added to the names of files until the show ends."""
TAIL = 4096
Row = dict[str, Any]


class TakeShelf:
    """`rows` have name, show, seconds (length), when (seconds since 1970), bytes and path; the list
    is another one whenever something has changed. `writing` is left out of it."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(dict.fromkeys(folder.resolve() for folder in folders))
        self._known: dict[tuple[Path, int, int], Row] = {}
        self._gone: dict[str, list[Path]] = {}
        self.rows: list[Row] = []
        self.writing: Path | None = None

    def look(self) -> None:
        """Read what is new. A file that is no take is left out."""
        known, rows = {}, {}
        for path in self._paths():
            try:
                stat = path.stat()
                key = path, stat.st_mtime_ns, stat.st_size
                known[key] = row = self._known.get(key) or read_row(path)
            except (OSError, ValueError, LiquidlightError):
                continue
            rows.setdefault(path.stem, row)
        self._known = known
        newest = sorted(rows.values(), key=lambda row: row["when"], reverse=True)
        if newest != self.rows:
            self.rows = newest

    def _paths(self) -> Iterator[Path]:
        for folder in self._folders:
            for path in folder.glob(f"*{SUFFIX}"):
                if path != self.writing and path.is_file():
                    yield path

    def path(self, name: str) -> Path:
        """Where the take of that name lies. Raises MediaError."""
        row = next((row for row in self.rows if row["name"] == name), None)
        if row is None:
            raise MediaError(f"{name[:80]!r} is no take here: {_some(self.rows)}")
        return Path(row["path"])

    def free_path(self, path: Path) -> Path:
        """The path, or one beside it that nothing lies at."""
        path, stem, n = path.resolve(), path.stem, 2
        while path.exists() or path.with_suffix(".wav").exists():
            path, n = path.with_name(f"{stem}-{n}{SUFFIX}"), n + 1
        return path

    def delete(self, name: str) -> str:
        """Take it off the shelf; `restore` puts it back. Raises MediaError."""
        path = self.path(name)
        sound = path.with_suffix(".wav")
        own = sound.is_file() and head(path)["sound"] == sound.name
        files = [path, sound] if own else [path]
        _rename([(file, _gone(file)) for file in files])
        self._gone[name] = files
        self.look()
        return name

    def restore(self, name: str) -> str:
        """Put back what was deleted in this show. Raises MediaError."""
        files = self._gone.get(name)
        if files is None:
            raise MediaError(f"{name[:80]!r} was not deleted in this show")
        if any(file.exists() for file in files):
            raise MediaError(f"{name} cannot come back: another one has its name")
        _rename([(_gone(file), file) for file in files])
        del self._gone[name]
        self.look()
        return name

    def close(self) -> None:
        """What was deleted goes for good."""
        for file in (file for files in self._gone.values() for file in files):
            _gone(file).unlink(missing_ok=True)
        self._gone.clear()


def read_row(path: Path) -> Row:
    """What a list says of a take, from its first and last lines. Raises OSError or MediaError."""
    first, stat = head(path), path.stat()
    with path.open("rb") as file:
        file.seek(max(0, stat.st_size - TAIL))
        last = _last(file.read().splitlines())
    sound = path.with_suffix(".wav")
    beside = sound.stat().st_size if first["sound"] == sound.name and sound.is_file() else 0
    return {
        "name": path.stem, "show": Path(str(first["show"])).stem, "path": str(path),
        "seconds": round(last * HOP_SECONDS, 2), "when": round(stat.st_mtime),
        "bytes": stat.st_size + beside,
    }


def head(path: Path) -> Row:
    """The first line of a take. Raises OSError or MediaError."""
    with path.open("rb") as file:
        line = file.readline(1 << 16)
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict) or not {"liquidlight_take", "show", "sound"} <= row.keys():
        raise MediaError(f"{path}: is no take")
    return row


def _last(lines: Sequence[bytes]) -> int:
    """How many hops a take has, by its last lines; the very last may be cut short."""
    for line in reversed(lines):
        try:
            row = json.loads(line)
            return int(row["hop"]) + (0 if "end" in row else 1)
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return 0


def _gone(file: Path) -> Path:
    return file.with_name(file.name + GONE)


def _rename(pairs: Sequence[tuple[Path, Path]]) -> None:
    """All of them, or none. Raises MediaError."""
    done: list[tuple[Path, Path]] = []
    try:
        for old, new in pairs:
            old.rename(new)
            done.append((old, new))
    except OSError as error:
        for old, new in done:
            new.rename(old)
        raise MediaError(f"{pairs[0][0]}: {error.strerror}") from None


def _some(rows: Sequence[Row]) -> str:
    names = ", ".join(row["name"] for row in rows[:5])
    return names or "there is none yet"
