"""Presets (one look) and sets (looks in order): read, checked whole, compiled once.

In: TOML files. Out: a frozen `Show`, whose every number is a `Value`: a constant, or a compiled
expression with the range it is clamped to. A mistake is one PresetError line with file, line,
key, value and what is allowed; nothing half-read ever leaves this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import isf
from engine.errors import ExpressionError, LiquidlightError, PresetError
from engine.expressions import Expression, compile_expression, near
from engine.params import NAMES, PARAMS, SOURCES, WEIGHT, Param
from engine.toml_file import TomlFile

PRESETS = Path(__file__).parent.parent / "presets"
"""The looks and sets that ship."""
DEMO_SET = "first_light"
HUSH = "hush"

_TOP_NUMBERS = tuple(name for name in PARAMS if "." not in name)
_PRESET_KEYS = ("title", "notes", "style", "negative", *_TOP_NUMBERS)
_PRESET_TABLES = ("prompts", "motion", "source", "hearing", "effects", "midi")
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


def _value(file: TomlFile, raw: object, place: tuple, param: Param) -> Value:
    """A number in range, or the text of an expression."""
    if isinstance(raw, str):
        try:
            return Value(param, param.default, compile_expression(raw, NAMES))
        except ExpressionError as error:
            raise file.error(place, f'= "{raw}": {error}') from None
    if isinstance(raw, bool):
        raw = float(raw) if param.high == 1 and param.integer else raw
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        allowed = f"a number {param.range} or an expression in quotes"
        raise file.error(place, f"= {raw!r} is not {allowed}")
    if not param.allows(raw):
        whole = " (whole numbers)" if param.integer else ""
        raise file.error(place, f"= {raw} is outside {param.range}{whole}")
    return Value(param, float(raw))


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
    file = TomlFile(path)
    return _load_set(file) if "presets" in file.data else _single(_load_preset(file))


def load_preset(path: Path) -> Preset:
    """Load and check one preset file."""
    return _load_preset(TomlFile(path))


def _single(preset: Preset) -> Show:
    hush = load_preset(PRESETS / f"{HUSH}.toml")
    return Show(
        preset.name, (preset,), hush, int(_BARS.default), 0.0, preset.midi, (preset.path,)
    )


def _load_set(file: TomlFile) -> Show:
    file.check_keys(file.data, (), _SET_KEYS)
    names = file.data["presets"]
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise file.error(("presets",), "must be a list of one or more preset names")
    presets = tuple(_member(file, name, ("presets",)) for name in names)
    hush = _member(file, file.text_at(file.data, ("hush",), HUSH), ("hush",))
    bars, fade = (_number(file, row) for row in (_BARS, _FADE))
    midi: dict[str, str] = {}
    for preset in presets:
        midi.update(preset.midi)
    midi.update(_midi(file))
    files = (file.path, *dict.fromkeys(preset.path for preset in (*presets, hush)))
    return Show(
        file.path.stem, presets, hush, int(bars.at({})), fade.at({}), midi, files
    )


def _number(file: TomlFile, row: Param) -> Value:
    return _value(file, file.data.get(row.name, row.default), (row.name,), row)


def _member(file: TomlFile, name: str, place: tuple) -> Preset:
    try:
        path = find_preset(name, file.path.parent)
    except PresetError as error:
        raise file.error(place, f": {error}") from None
    member = TomlFile(path)
    if "presets" in member.data:
        raise file.error(place, f": {name} is a set; a set holds presets")
    return _load_preset(member)


def _load_preset(file: TomlFile) -> Preset:
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


def _prompts(file: TomlFile) -> tuple[PromptLine, ...]:
    rows = file.tables_at("prompts")
    if not rows:
        raise file.error(("prompts",), "is missing: a look needs [[prompts]] with a text")
    lines = []
    for n, row in enumerate(rows):
        file.check_keys(row, ("prompts", n), ("text", "weight"))
        text = file.text_at(row, ("prompts", n, "text"))
        if not text.strip():
            raise file.error(("prompts", n, "text"), "is empty")
        weight = _value(file, row.get("weight", 1.0), ("prompts", n, "weight"), WEIGHT)
        lines.append(PromptLine(text, weight))
    return tuple(lines)


def _numbers(file: TomlFile) -> dict[str, Value]:
    for table in ("motion", "hearing"):
        known = tuple(n.removeprefix(f"{table}.") for n in PARAMS if n.startswith(f"{table}."))
        file.check_keys(file.table_at(file.data, table), (table,), known)
    numbers = {}
    for name, param in PARAMS.items():
        table, _, key = name.rpartition(".")
        rows = file.table_at(file.data, table) if table else file.data
        place = (table, key) if table else (key,)
        numbers[name] = _value(file, rows.get(key, param.default), place, param)
    return numbers


def _effect(file: TomlFile, row: dict[str, Any], n: int) -> EffectLine:
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
    file: TomlFile, raw: object, place: tuple, item: isf.ShaderInput
) -> Value | tuple[float, ...]:
    if item.components > 1:
        numbers = isinstance(raw, (list, tuple)) and all(type(v) in (int, float) for v in raw)
        value = tuple(float(v) for v in raw) if numbers else ()
        if item.type == "color" and len(value) == 3:
            value = (*value, 1.0)
        if not item.allows(value):
            raise file.error(place, f"= {raw!r} is not {item.components} numbers in {item.range}")
        return value
    return _value(file, raw, place, isf.input_param(item))


def _midi(file: TomlFile) -> dict[str, str]:
    """The rows of [midi]; what they say is checked by controllers.mapping."""
    rows = file.table_at(file.data, "midi")
    return {key: file.text_at(rows, ("midi", key)) for key in rows}
