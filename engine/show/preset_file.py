"""Presets (one look): read, checked whole, compiled once.

In: a TOML file. Out: a frozen Preset, whose every number is a `Value`: a constant, or a compiled
expression with the range it is clamped to. A mistake is one PresetError line with file, line,
key, value and what is allowed; nothing half-read ever leaves this file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine import isf
from engine.errors import LiquidlightError
from engine.params import PARAMS, SOURCES, WEIGHT
from engine.show.looks import EffectLine, Preset, PromptLine, Value
from engine.show.values import read_value
from engine.toml_file import TomlFile

_TOP_NUMBERS = tuple(name for name in PARAMS if "." not in name)
_PRESET_KEYS = ("title", "notes", "style", "negative", *_TOP_NUMBERS)
_PRESET_TABLES = ("prompts", "motion", "source", "hearing", "effects", "midi")


def load_preset(path: Path) -> Preset:
    """Load and check one preset file."""
    return read_preset(TomlFile(path))


def read_preset(file: TomlFile) -> Preset:
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
        midi=read_midi(file),
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
        weight = read_value(file, row.get("weight", 1.0), ("prompts", n, "weight"), WEIGHT)
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
        numbers[name] = read_value(file, rows.get(key, param.default), place, param)
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
    return read_value(file, raw, place, isf.input_param(item))


def read_midi(file: TomlFile) -> dict[str, str]:
    """The rows of [midi]; what they say is checked by controllers.mapping."""
    rows = file.table_at(file.data, "midi")
    return {key: file.text_at(rows, ("midi", key)) for key in rows}
