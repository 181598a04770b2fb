"""What an import writes: one look with its song, keyframes and cues, as a TOML text.

A Sheet is filled by the readers of this package; `written` puts it down in the order in which
people would, with what could not be kept as comments at its head.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Said = float | str | list[tuple[int, str]]
"""A number, an expression, or (frame, text) pairs for [keyframes]."""
_WIDE = 96


@dataclass(slots=True)
class Sheet:
    """A look in the making. `lost` is what could not be kept, a line each; `hints` are advice.

    `top` are the keys before the tables, `tables` motion and the like; `cues` rows of [[cues]].
    """

    title: str
    origin: str
    lost: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    top: dict[str, Any] = field(default_factory=dict)
    song: dict[str, Any] = field(default_factory=dict)
    prompts: list[dict[str, Any]] = field(default_factory=list)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    layers: list[dict[str, Any]] = field(default_factory=list)
    keyframes: dict[str, str] = field(default_factory=dict)
    cues: list[dict[str, Any]] = field(default_factory=list)

    def say(self, address: str, said: Said) -> None:
        """Put a number, an expression or keyframes at its address."""
        if isinstance(said, list):
            self.keyframes[address] = ", ".join(f"{frame}:({text})" for frame, text in said)
            return
        table, _, key = address.rpartition(".")
        rows = self.tables.setdefault(table, {}) if table else self.top
        rows[key] = _rounded(said)


def written(sheet: Sheet) -> str:
    """The text of the file."""
    lines = [f"# {_plain(sheet.title)}: {_plain(sheet.origin)}."]
    lines += _comments("Not kept:", sheet.lost)
    lines += _comments("", sheet.hints)
    lines += ["", f"title = {_text(sheet.title)}", *_rows(sheet.top)]
    for name in ("song", *sheet.tables):
        table = sheet.song if name == "song" else sheet.tables[name]
        if table:
            lines += ["", f"[{name}]", *_rows(table)]
    for name, rows in (("prompts", sheet.prompts), ("layers", sheet.layers)):
        for row in rows:
            lines += ["", f"[[{name}]]", *_rows(row)]
    if sheet.keyframes:
        lines += ["", "[keyframes]", *_rows(sheet.keyframes)]
    for row in sheet.cues:
        lines += ["", "[[cues]]", *_rows(row)]
    return "\n".join(lines) + "\n"


def clock(seconds: float) -> str:
    """`1:02.50`, with as many decimals as it takes."""
    minutes, rest = divmod(round(seconds, 4), 60.0)
    whole, _, part = f"{rest:.4f}".partition(".")
    return f"{minutes:.0f}:{int(whole):02d}.{part[:2]}{part[2:].rstrip('0')}"


def _comments(head: str, lines: list[str]) -> list[str]:
    rows = [f"# {head}"] if head and lines else []
    return rows + [f"# {'  ' if head else ''}{_plain(line)}" for line in lines]


def _rows(table: dict[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in table.items()]


def _key(key: str) -> str:
    bare = key.replace("_", "").replace("-", "")
    return key if bare.isascii() and bare.isalnum() else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        rows = [_value(row) for row in value]
        flat = f"[{', '.join(rows)}]"
        return flat if len(flat) < _WIDE else "[\n" + "".join(f"    {row},\n" for row in rows) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(_rows(value)) + " }"
    return repr(_rounded(value))


def _rounded(value: Any) -> Any:
    """Ten digits, and whole numbers without a point."""
    if not isinstance(value, float):
        return value
    value = float(f"{value:.10g}")
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def _text(text: str) -> str:
    """A TOML string; what no file can hold is replaced."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007F")


def _plain(text: str) -> str:
    """One line without control characters, for comments."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
