"""Presets (one look) and sets (looks in order): read, checked whole, compiled once.

In: TOML files. Out: a frozen `Show`, whose every number is a `Value`: a constant, or a compiled
expression with the range it is clamped to. A mistake is one PresetError line with file, line,
key, value and what is allowed; nothing half-read ever leaves this file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import isf
from engine.errors import ExpressionError, LiquidlightError, PresetError
from engine.expressions import Expression, compile_expression, near
from engine.params import NAMES, PARAMS, SOURCES, WEIGHT, Param
from engine.toml_places import line_of

PRESETS = Path(__file__).parent.parent / "presets"
"""The looks and sets that ship."""
DEMO_SET = "first_light"
HUSH = "hush"

_TOP_NUMBERS = tuple(name for name in PARAMS if "." not in name)
_PRESET_KEYS = ("title", "notes", "style", "negative", *_TOP_NUMBERS)
_PRESET_TABLES = ("prompts", "motion", "source", "effects", "midi")
_SET_KEYS = ("title", "notes", "presets", "bars", "fade_beats", "hush", "midi")
_BARS = Param("bars", 8, 1, 512, "bars", "bars before the autopilot goes on", True)
_FADE = Param("fade_beats", 2, 0, 64, "beats", "length of the change from look to look")


@dataclass(frozen=True, slots=True)
class Value:
    """A number of a preset: its param, and either a constant or an expression."""

    param: Param
    constant: float
    expression: Expression | None = None

    def at(self, names: Mapping[str, float]) -> float:
        """The value for these signals, times and knobs, inside the range."""
        if self.expression is None:
            return self.constant
        return self.param.clamp(self.expression(names))


@dataclass(frozen=True, slots=True)
class PromptLine:
    """A prompt of a preset and its weight; the style is joined on when it is resolved."""

    text: str
    weight: Value


@dataclass(frozen=True, slots=True)
class EffectLine:
    """A shader of the chain and all its inputs: Values; points and colours as plain numbers."""

    shader: str
    inputs: tuple[tuple[str, Value | tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True)
class Preset:
    """One look. `numbers` has a Value for every row of params.PARAMS."""

    name: str
    path: Path
    title: str
    style: str
    negative: str
    prompts: tuple[PromptLine, ...]
    numbers: Mapping[str, Value]
    source: str
    effects: tuple[EffectLine, ...]
    midi: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Show:
    """What is played: presets in order, `bars` each, and the safe look for hush."""

    name: str
    presets: tuple[Preset, ...]
    hush: Preset
    bars: int
    fade_beats: float
    midi: Mapping[str, str]
    files: tuple[Path, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(preset.name for preset in self.presets)


class _File:
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
            raise PresetError(f"{path}: {_toml_reason(error)}") from None

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

    def value(self, raw: object, place: tuple, param: Param) -> Value:
        """A number in range, or the text of an expression."""
        if isinstance(raw, str):
            try:
                return Value(param, param.default, compile_expression(raw, NAMES))
            except ExpressionError as error:
                raise self.error(place, f'= "{raw}": {error}') from None
        if isinstance(raw, bool):
            raw = float(raw) if param.high == 1 and param.integer else raw
        if isinstance(raw, bool) or not isinstance(raw, (int, float)):
            allowed = f"a number {param.range} or an expression in quotes"
            raise self.error(place, f"= {raw!r} is not {allowed}")
        if not param.allows(raw):
            whole = " (whole numbers)" if param.integer else ""
            raise self.error(place, f"= {raw} is outside {param.range}{whole}")
        return Value(param, float(raw))

    def choice(self, raw: str, place: tuple, allowed: tuple[str, ...]) -> str:
        if raw not in allowed:
            raise self.error(place, f"= {raw!r} is not known{near(raw, allowed)}")
        return raw


def _toml_reason(error: tomllib.TOMLDecodeError) -> str:
    """`Invalid value (at line 3, column 9)` as `3: Invalid value (column 9)`."""
    text = str(error)
    head, _, tail = text.partition(" (at line ")
    if not tail:
        return text
    line, _, column = tail.rstrip(")").partition(", ")
    return f"{line}: {head} ({column})"


def find_preset(name: str, beside: Path | None = None) -> Path:
    """The file of a preset or set: a path, or a name beside `beside` or among those that ship."""
    if Path(name).suffix == ".toml" or "/" in name:
        path = Path(name) if beside is None else beside / name
        if path.is_file():
            return path
    folders = [PRESETS] if beside is None else [beside, PRESETS]
    for folder in folders:
        if (folder / f"{name}.toml").is_file():
            return folder / f"{name}.toml"
    known = sorted({path.stem for folder in folders for path in folder.glob("*.toml")})
    raise PresetError(f"{name}: no such preset or set{near(name, known)}")


def load_show(name: str) -> Show:
    """Load a set, or a preset as a set of one. Raises PresetError for the first mistake."""
    path = find_preset(name)
    file = _File(path)
    return _load_set(file) if "presets" in file.data else _single(_load_preset(file))


def load_preset(path: Path) -> Preset:
    """Load and check one preset file."""
    return _load_preset(_File(path))


def _single(preset: Preset) -> Show:
    hush = load_preset(PRESETS / f"{HUSH}.toml")
    return Show(
        preset.name, (preset,), hush, int(_BARS.default), 0.0, preset.midi, (preset.path,)
    )


def _load_set(file: _File) -> Show:
    file.check_keys(file.data, (), _SET_KEYS)
    names = file.data["presets"]
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise file.error(("presets",), "must be a list of one or more preset names")
    presets = tuple(_member(file, name, ("presets",)) for name in names)
    hush = _member(file, file.text_at(file.data, ("hush",), HUSH), ("hush",))
    bars, fade = (
        file.value(file.data.get(row.name, row.default), (row.name,), row) for row in (_BARS, _FADE)
    )
    midi: dict[str, str] = {}
    for preset in presets:
        midi.update(preset.midi)
    midi.update(_midi(file))
    files = (file.path, *dict.fromkeys(preset.path for preset in (*presets, hush)))
    return Show(
        file.path.stem, presets, hush, int(bars.at({})), fade.at({}), midi, files
    )


def _member(file: _File, name: str, place: tuple) -> Preset:
    try:
        path = find_preset(name, file.path.parent)
    except PresetError as error:
        raise file.error(place, f": {error}") from None
    member = _File(path)
    if "presets" in member.data:
        raise file.error(place, f": {name} is a set; a set holds presets")
    return _load_preset(member)


def _load_preset(file: _File) -> Preset:
    data = file.data
    file.check_keys(data, (), (*_PRESET_KEYS, *_PRESET_TABLES))
    source = file.table_at(data, "source")
    file.check_keys(source, ("source",), ("pattern", "amount"))
    pattern = file.text_at(source, ("source", "pattern"))
    return Preset(
        name=file.path.stem,
        path=file.path,
        title=file.text_at(data, ("title",), file.path.stem),
        style=file.text_at(data, ("style",)),
        negative=file.text_at(data, ("negative",)),
        prompts=_prompts(file),
        numbers=_numbers(file),
        source=file.choice(pattern, ("source", "pattern"), SOURCES) if pattern else "",
        effects=tuple(_effect(file, row, n) for n, row in enumerate(file.tables_at("effects"))),
        midi=_midi(file),
    )


def _prompts(file: _File) -> tuple[PromptLine, ...]:
    rows = file.tables_at("prompts")
    if not rows:
        raise file.error((), "prompts: at least one [[prompts]] with a text is needed")
    lines = []
    for n, row in enumerate(rows):
        file.check_keys(row, ("prompts", n), ("text", "weight"))
        text = file.text_at(row, ("prompts", n, "text"))
        if not text.strip():
            raise file.error(("prompts", n, "text"), "is empty")
        weight = file.value(row.get("weight", 1.0), ("prompts", n, "weight"), WEIGHT)
        lines.append(PromptLine(text, weight))
    return tuple(lines)


def _numbers(file: _File) -> dict[str, Value]:
    motion = file.table_at(file.data, "motion")
    allowed = tuple(name.removeprefix("motion.") for name in PARAMS if name.startswith("motion."))
    file.check_keys(motion, ("motion",), allowed)
    numbers = {}
    for name, param in PARAMS.items():
        table, _, key = name.rpartition(".")
        rows = file.table_at(file.data, table) if table else file.data
        place = (table, key) if table else (key,)
        numbers[name] = file.value(rows.get(key, param.default), place, param)
    return numbers


def _effect(file: _File, row: dict[str, Any], n: int) -> EffectLine:
    place = ("effects", n)
    name = file.text_at(row, (*place, "shader"))
    try:
        header = isf.load_header(isf.find_shader(name, (file.path.parent,)))
    except LiquidlightError as error:
        raise file.error((*place, "shader"), f"= {name!r}: {error}") from None
    inputs = {item.name: item for item in header.inputs if item.components}
    file.check_keys(row, place, ("shader", *inputs))
    values = tuple(
        (key, _input(file, row.get(key, item.default), (*place, key), item))
        for key, item in inputs.items()
    )
    return EffectLine(name, values)


def _input(
    file: _File, raw: object, place: tuple, item: isf.ShaderInput
) -> Value | tuple[float, ...]:
    if item.components > 1:
        numbers = isinstance(raw, (list, tuple)) and all(type(v) in (int, float) for v in raw)
        value = tuple(float(v) for v in raw) if numbers else ()
        if item.type == "color" and len(value) == 3:
            value = (*value, 1.0)
        if not item.allows(value):
            raise file.error(place, f"= {raw!r} is not {item.components} numbers in {item.range}")
        return value
    return file.value(raw, place, isf.input_param(item))


def _midi(file: _File) -> dict[str, str]:
    """The rows of [midi]; what they say is checked by controllers.mapping."""
    rows = file.table_at(file.data, "midi")
    return {key: file.text_at(rows, ("midi", key)) for key in rows}
