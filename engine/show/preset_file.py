"""Presets (one look): read, checked whole, compiled once.

In: a TOML file. Out: a frozen Preset, whose every number is a `Value`: a constant, or a compiled
expression with the range it is clamped to. A mistake is one PresetError line with file, line,
key, value and what is allowed; nothing half-read ever leaves this file.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from os.path import expanduser
from pathlib import Path

from engine.expressions import CONSTANTS, FUNCTIONS
from engine.params import (
    EDGES,
    GUIDANCES,
    MACRO,
    NAMES,
    PARAMS,
    SEQUENCE_ORDERS,
    SEQUENCE_ROWS,
    WEIGHT,
)
from engine.show.cue_file import CUE_TABLES
from engine.show.drawn import read_effects, read_layers, read_source
from engine.show.inherit import LookFile
from engine.show.looks import Preset, PromptLine, Sequence, Value, Word
from engine.show.loras import read_loras
from engine.show.values import read_constant
from engine.show.words import check_name, check_parts, read_words, say, styled
from engine.toml_file import TomlFile

_TOP_NUMBERS = tuple(name for name in PARAMS if "." not in name)
PRESET_KEYS = (
    *("extends", "title", "notes", "tags", "style", "negative", "guidance_kind", "model"),
    *_TOP_NUMBERS,
)
PRESET_TABLES = (
    *("words", "macros", "prompts", "sequence", "motion", "source", "hearing", "layers"),
    *("effects", "loras", "change", "midi", *CUE_TABLES),
)


def load_preset(path: Path) -> Preset:
    """Load and check one preset file."""
    return read_preset(TomlFile(path))


def read_preset(parsed: TomlFile, stems: frozenset[str] = frozenset()) -> Preset:
    """The look of a parsed file and of those that it extends; `stems` are more names."""
    file = LookFile(parsed)
    data = file.data
    file.check_keys(data, (), (*PRESET_KEYS, *PRESET_TABLES))
    words, macros = read_words(file), _macros(file)
    file.names = NAMES | macros.keys() | stems
    source, source_layer = read_source(file)
    return Preset(
        name=file.path.stem,
        path=file.path,
        title=file.text_at(data, ("title",), file.path.stem),
        style=file.text_at(data, ("style",)),
        negative=say(_template(file, "negative", words), words, {})[0],
        prompts=_prompts(file, words),
        numbers=_numbers(file),
        source=source,
        effects=read_effects(file, file.tables_at("effects"), ("effects",)),
        midi=read_midi(file),
        files=file.files,
        notes=file.text_at(data, ("notes",)),
        tags=_tags(file),
        words=words,
        macros=macros,
        sequence=_sequence(file),
        layers=read_layers(file, words),
        edges=_edges(file),
        source_layer=source_layer,
        guidance_kind=_guidance_kind(file),
        model=_model(file),
        loras=read_loras(file),
    )


def _tags(file: LookFile) -> tuple[str, ...]:
    tags = file.data.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise file.error(("tags",), f"= {tags!r} is not a list of texts")
    return tuple(tags)


def _macros(file: LookFile) -> dict[str, Value]:
    """The rows of [macros]: a number, an expression, or a table of default and help."""
    macros = {}
    for name, row in file.table_at(file.data, "macros").items():
        place = ("macros", name)
        check_name(file, place, (*NAMES, *FUNCTIONS, *CONSTANTS, *keyword.kwlist))
        table, at = (row, (*place, "default")) if isinstance(row, dict) else ({}, place)
        file.check_keys(table, place, ("default", "help"))
        value = file.value(table.get("default", 0.0) if table is row else row, at, MACRO)
        text = file.text_at(table, (*place, "help"), MACRO.help)
        macros[name] = replace(value, param=replace(MACRO, name=f"macros.{name}", help=text))
    return macros


def _prompts(file: LookFile, words: Mapping[str, Word]) -> tuple[PromptLine, ...]:
    rows = file.tables_at("prompts")
    if not rows:
        raise file.error(("prompts",), "is missing: a look needs [[prompts]] with a text")
    style = _template(file, "style", words)
    lines = []
    for n, row in enumerate(rows):
        place = ("prompts", n, "text")
        file.check_keys(row, place[:2], ("text", "weight"))
        text = file.text_at(row, place)
        if not text.strip():
            raise file.error(place, "is empty")
        check_parts(file, place, text, words)
        weight = file.value(row.get("weight", 1.0), (*place[:2], "weight"), WEIGHT)
        lines.append(PromptLine(text, weight, *say(styled(text, style), words, {})))
    return tuple(lines)


def _template(file: LookFile, key: str, words: Mapping[str, Word]) -> str:
    """A text of the look whose parts are all there."""
    text = file.text_at(file.data, (key,))
    check_parts(file, (key,), text, words)
    return text


def _sequence(file: LookFile) -> Sequence | None:
    """How the prompts follow each other; None where they are all there at once."""
    rows, place = file.table_at(file.data, "sequence"), ("sequence",)
    file.check_keys(rows, place, ("order", *(row.name for row in SEQUENCE_ROWS)))
    if "sequence" not in file.data:
        return None
    numbers = {
        row.name: read_constant(file, rows.get(row.name, row.default), (*place, row.name), row)
        for row in SEQUENCE_ROWS
    }
    order = file.text_at(rows, (*place, "order"), SEQUENCE_ORDERS[0])
    file.choice(order, (*place, "order"), SEQUENCE_ORDERS)
    fade = min(numbers["fade_beats"], numbers["beats"])
    return Sequence(numbers["beats"], fade, order, int(numbers["seed"]))


def _guidance_kind(file: LookFile) -> str:
    place = ("guidance_kind",)
    return file.choice(file.text_at(file.data, place, GUIDANCES[0]), place, GUIDANCES)


def _model(file: LookFile) -> str:
    """A name, or a folder beside the look's files made whole; "small" and what else has no such
    folder is for the stage to find."""
    name = file.text_at(file.data, ("model",))
    for folder in file.folders if name else ():
        with suppress(OSError, ValueError):  # what no path can be is a name
            if (path := folder / expanduser(name)).exists():
                return str(path)
    return name


def _edges(file: LookFile) -> str:
    place = ("motion", "edges")
    edges = file.text_at(file.table_at(file.data, "motion"), place, EDGES[0])
    return file.choice(edges, place, EDGES)


def _numbers(file: LookFile) -> dict[str, Value]:
    for table, texts in (("motion", ("edges",)), ("hearing", ())):
        known = tuple(n.removeprefix(f"{table}.") for n in PARAMS if n.startswith(f"{table}."))
        file.check_keys(file.table_at(file.data, table), (table,), (*known, *texts))
    numbers = {}
    for name, param in PARAMS.items():
        table, _, key = name.rpartition(".")
        rows = file.table_at(file.data, table) if table else file.data
        place = (table, key) if table else (key,)
        numbers[name] = file.value(rows.get(key, param.default), place, param)
    return numbers


def read_midi(file: TomlFile) -> dict[str, str]:
    """The rows of [midi]; what they say is checked by controllers.mapping."""
    rows = file.table_at(file.data, "midi")
    return {key: file.text_at(rows, ("midi", key)) for key in rows}
