"""The head of an ISF shader file: its inputs and passes, read without any GL.

An ISF file is a GLSL fragment shader that begins with `/* {json} */`. Flows in: a path; flows
out: one frozen ShaderHeader with every input's type, default and range, and the GLSL body. The
preset checker reads ranges here, the stage compiles the body. Runs on any thread.

Format: ISF 2.0 (https://github.com/mrRay/ISF_Spec); version 1 files are read too. Headers found
in the wild end lists with a comma, hold comments, put numbers in quotes or stand behind another
comment: all that is forgiven. A colour table (`.cube`) is read as the effect `lut` with its file.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import ExpressionError, ShaderError
from engine.expressions import Expression, compile_expression
from engine.isf_header import (
    COMPONENTS,
    IMAGES,
    SOUNDS,
    TYPES,
    ShaderHeader,
    ShaderInput,
    ShaderPass,
    Value,
    input_param,
    joined,
    parts_of,
)
from engine.lut import CUBE, table_header

__all__ = [
    "ShaderHeader",
    "ShaderInput",
    "ShaderPass",
    "find_shader",
    "input_param",
    "list_shaders",
    "load_header",
    "parse_header",
]

SHIPPED = Path(__file__).resolve().parent.parent / "shaders"
"""The folder of the shaders that come with Liquidlight."""
SUFFIXES = (".fs", ".isf", ".frag", CUBE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_HEAD = re.compile(r"\s*/\*(?P<json>.*?)\*/", re.DOTALL)
_HEAD_BEHIND = re.compile(
    r"(?>(?:\s|//[^\n]*\n|/\*(?!\s*\{)(?>.*?\*/))*)/\*(?P<json>\s*\{.*?)\*/", re.DOTALL
)
_FALLBACK = {"point2D": (0.0, 0.0), "color": (1.0, 1.0, 1.0, 1.0)}


def load_header(path: str | Path) -> ShaderHeader:
    """Read an ISF file's header. Raises ShaderError `file:line: what is wrong`."""
    path = Path(path)
    if path.suffix == CUBE:
        return table_header(path, load_header(SHIPPED / "lut.fs"))
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise ShaderError(f"{path}: {error.strerror or 'cannot be read'}") from None
    return parse_header(text, path)


def find_shader(name: str, folders: Sequence[str | Path] = ()) -> Path:
    """The file of the shader called `name`, from the folders in order, then the shipped ones.

    `name` may carry a suffix. Raises ShaderError with a near name when there is none.
    """
    places = [*map(Path, folders), SHIPPED]
    for folder in places:
        for suffix in ("", *SUFFIXES):
            path = folder / f"{name}{suffix}"
            if path.suffix in SUFFIXES and path.is_file():
                return path
    known = list_shaders(folders)
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    hint = f"did you mean '{close[0]}'?" if close else f"there is {', '.join(sorted(known))}"
    raise ShaderError(f"unknown shader '{name}'; {hint}")


def list_shaders(folders: Sequence[str | Path] = ()) -> dict[str, Path]:
    """Every shader by name; those in earlier folders hide later ones, shipped ones come last."""
    found: dict[str, Path] = {}
    for folder in (*map(Path, folders), SHIPPED):
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            if path.suffix in SUFFIXES:
                found.setdefault(path.stem, path)
    return found


def parse_header(text: str, path: Path) -> ShaderHeader:
    """The header of ISF source `text`; `path` is for messages. Raises ShaderError."""
    reader = _Reader(text, path)
    head = reader.head
    inputs = tuple(reader.input(item) for item in reader.items("INPUTS", dict))
    names = {item.name for item in inputs if item.components == 1}
    return ShaderHeader(
        name=path.stem,
        path=path,
        description=str(head.get("DESCRIPTION", "")),
        credit=str(head.get("CREDIT", "")),
        categories=reader.categories(),
        version=str(head.get("ISFVSN", "1")),
        inputs=inputs,
        passes=reader.passes(names | {"WIDTH", "HEIGHT"}),
        imported=reader.imported(),
        body=text[reader.end :],
        body_line=text.count("\n", 0, reader.end) + 1,
    )


class _Reader:
    """Reads one header and knows the line of each thing, for messages."""

    def __init__(self, text: str, path: Path) -> None:
        self._text, self._path = text, path
        found = _HEAD_BEHIND.match(text) or _HEAD.match(text)
        if found is None:
            raise ShaderError(f"{path}:1: an ISF file begins with /* {{json}} */")
        self.end = found.end()
        self.head = self._json(*found.span("json"))

    def _json(self, start: int, end: int) -> dict:
        first = self._text.count("\n", 0, start)
        try:
            head = json.loads(_forgive(self._text[start:end]), strict=False)
        except json.JSONDecodeError as error:
            raise ShaderError(
                f"{self._path}:{first + error.lineno}: the header is no JSON: {error.msg}"
            ) from None
        if not isinstance(head, dict):
            raise ShaderError(f"{self._path}:{first + 1}: the header must be a JSON object")
        return head

    def error(self, about: str, message: str) -> ShaderError:
        """A ShaderError with the line on which the JSON text `"about"` stands."""
        at = self._text.find(json.dumps(about, ensure_ascii=False), 0, self.end)
        line = self._text.count("\n", 0, max(0, at)) + 1
        return ShaderError(f"{self._path}:{line}: {message}")

    def items(self, key: str, kind: type) -> list:
        value = self.head.get(key) or []
        if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
            raise self.error(key, f"{key} must be a list of {_JSON_NAMES[kind]}")
        return value

    def categories(self) -> tuple[str, ...]:
        if isinstance(self.head.get("CATEGORIES"), str):
            return (self.head["CATEGORIES"],)
        return tuple(self.items("CATEGORIES", str))

    def input(self, item: dict) -> ShaderInput:
        name, kind = str(item.get("NAME", "")), str(item.get("TYPE", ""))
        if not _NAME.match(name):
            raise self.error(name, f"NAME {name!r} of an input must be one word")
        if kind not in TYPES:
            raise self.error(name, f"{name}: TYPE {kind!r} is none of {', '.join(TYPES)}")
        item = {key: value for key, value in item.items() if value is not None}
        if kind in IMAGES:
            wanted = self.number(name, "long", item["MAX"]) if "MAX" in item else 0.0
            high = max(0.0, wanted) if kind in SOUNDS else 0.0
            return ShaderInput(name, kind, high=high, label=str(item.get("LABEL", name)))
        listed = item.get("VALUES") or range(len(item.get("LABELS", ()) if kind == "long" else ()))
        values = tuple(self.number(name, "long", value) for value in listed)
        size = COMPONENTS[kind]
        fallback = values[0] if values else _FALLBACK.get(kind, 0.0)
        default = self.number(name, kind, item["DEFAULT"]) if "DEFAULT" in item else fallback
        seen = (*parts_of(default, size), *values)
        low = self.limit(item, "MIN", name, kind, min(0.0, *seen))
        high = self.limit(item, "MAX", name, kind, max(1.0, *seen))
        if any(b < a for a, b in zip(parts_of(low, size), parts_of(high, size), strict=True)):
            raise self.error(name, f"{name}: MIN {low} is above MAX {high}")
        identity = self.number(name, kind, item["IDENTITY"]) if "IDENTITY" in item else None
        labels = tuple(map(str, item.get("LABELS", ())))
        label = str(item.get("LABEL", name))
        made = ShaderInput(name, kind, default, low, high, identity, label, values, labels)
        return replace(made, default=made.clamp(default))

    def limit(self, item: dict, key: str, name: str, kind: str, fallback: float) -> Value:
        """MIN or MAX; a missing one is 0 or 1, or as far as the default lies."""
        if key in item:
            return self.number(name, kind, item[key])
        return joined((fallback,) * COMPONENTS[kind])

    def number(self, name: str, kind: str, raw: object) -> Value:
        """A JSON value as a float, or a tuple of the type's length. Raises ShaderError."""
        size = COMPONENTS[kind]
        parts = raw if isinstance(raw, list) and size > 1 else [raw] * (size == 1)
        parts = [_unquoted(part) for part in parts]
        if kind == "color" and len(parts) == 3:
            parts = [*parts, 1.0]
        numbers = all(isinstance(part, bool | int | float) for part in parts)
        if len(parts) != size or not numbers or not all(math.isfinite(part) for part in parts):
            want = "a number" if size == 1 else f"a list of {size} numbers"
            raise self.error(name, f"{name}: {json.dumps(raw)} should be {want}")
        return joined(tuple(map(float, parts)))

    def passes(self, names: set[str]) -> tuple[ShaderPass, ...]:
        kept = self.head.get("PERSISTENT_BUFFERS") or {}
        kept = kept if isinstance(kept, dict) else dict.fromkeys(map(str, kept))
        made = []
        for item in self.items("PASSES", dict):
            target = str(item.get("TARGET", ""))
            if target and not _NAME.match(target):
                raise self.error(target, f"TARGET {target!r} must be one word")
            if target in kept:
                item = {**item, **(kept[target] or {}), "PERSISTENT": True}
            made.append(self._pass(item, target, names))
        return tuple(made) or (ShaderPass(),)

    def _pass(self, item: dict, target: str, names: set[str]) -> ShaderPass:
        size = [self._expression(str(item.get(key, "")), names) for key in ("WIDTH", "HEIGHT")]
        flags = [item.get(key) in (True, 1, "true", "1") for key in ("PERSISTENT", "FLOAT")]
        return ShaderPass(target, *flags, *size)

    def _expression(self, text: str, names: set[str]) -> Expression | None:
        if not text.strip():
            return None
        try:
            return compile_expression(text.replace("$", ""), names, memory=False)
        except ExpressionError as error:
            raise self.error(text, f"{text!r}: {error}") from None

    def imported(self) -> tuple[tuple[str, Path], ...]:
        """IMPORTED pictures, as a dict (the specification) or a list (old files)."""
        raw = self.head.get("IMPORTED") or {}
        rows = raw.items() if isinstance(raw, dict) else [(_name_of(row), row) for row in raw]
        found = []
        for name, row in rows:
            if not _NAME.match(str(name)) or not isinstance(row, dict) or "PATH" not in row:
                raise self.error("IMPORTED", f"IMPORTED {name!r} must be a name with a PATH")
            found.append((str(name), self._path.parent / str(row["PATH"])))
        return tuple(found)


_JSON_NAMES = {dict: "objects", str: "strings"}


def _name_of(row: object) -> str:
    return str(row.get("NAME", "")) if isinstance(row, dict) else ""


def _unquoted(part: object) -> object:
    """A number in quotes as a number; true and false too."""
    if not isinstance(part, str):
        return part
    try:
        return {"true": True, "false": False}.get(part.lower()) or float(part)
    except ValueError:
        return part


def _forgive(text: str) -> str:
    """JSON text with comments, and commas before a closing bracket, blanked; places stay."""
    strings = r'"(?:\\.|[^"\\])*"'
    return re.sub(
        rf"({strings})|//[^\n]*|,(?=\s*[\]}}])", lambda found: found.group(1) or " ", text
    )
