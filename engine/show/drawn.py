"""What a look draws with: its chain of effects, its layers and its source, read and checked.

Rows of a preset file flow in; shaders are looked up and their headers read, pictures and videos
must be there. No GL.
"""

from __future__ import annotations

from collections.abc import Mapping
from os.path import expanduser
from pathlib import Path
from typing import Any

from engine import isf
from engine.errors import LiquidlightError
from engine.params import (
    BLENDS,
    FRESH,
    LAYER_INPUTS,
    LAYER_KINDS,
    LAYER_MASKS,
    LAYER_PARAMS,
    PARAMS,
    SOURCE_KINDS,
    SOURCES,
)
from engine.show.finding import is_file
from engine.show.inherit import LookFile
from engine.show.looks import EffectLine, LayerLine, Value, Word
from engine.show.words import check_parts

Row = dict[str, Any]
Inputs = tuple[tuple[str, Value | tuple[float, ...]], ...]
_LAYER_KEYS = ("opacity", "blend", "mask", "solo", "bypass", "effects")
_SOURCE_KEYS = tuple(n.removeprefix("source.") for n in PARAMS if n.startswith("source."))
TEXT_COLOUR = isf.ShaderInput("colour", "color", (1.0,) * 4, (0.0,) * 4, (1.0,) * 4)
"""What a text has beside numbers: `colour = [1, 0.8, 0.2]`."""


def read_effects(file: LookFile, rows: list[Row], place: tuple) -> tuple[EffectLine, ...]:
    """A chain, whose first row stands at (*place, 0)."""
    return tuple(_effect(file, row, (*place, n)) for n, row in enumerate(rows))


def read_layers(file: LookFile, words: Mapping[str, Word]) -> tuple[LayerLine, ...]:
    """The rows of [[layers]], from below."""
    rows = file.tables_at("layers")
    return tuple(_layer(file, row, ("layers", n), words) for n, row in enumerate(rows))


def read_source(file: LookFile) -> tuple[str, LayerLine | None]:
    """[source]: the name of a drawn pattern, FRESH or "", or the layer that is redrawn."""
    row, place = file.table_at(file.data, "source"), ("source",)
    kinds = [kind for kind in SOURCE_KINDS if kind in row]
    if len(kinds) > 1:
        raise file.error((*place, kinds[-1]), f"stands beside {kinds[0]}: a look has one source")
    kind = kinds[0] if kinds else "pattern"
    own = _shader(file, row, place, layer=True) if kind == "shader" else {}
    numbers = LAYER_INPUTS.get(kind, ())
    known = SOURCE_KINDS if kind == "pattern" else (kind,)
    file.check_keys(row, place, (*known, *_SOURCE_KEYS, *numbers, *own))
    if kind == "pattern":
        name = file.text_at(row, (*place, kind))
        return file.choice(name, (*place, kind), (*SOURCES, FRESH)) if name else "", None
    inputs = (
        *((key, _number(file, row, place, key)) for key in numbers),
        *_inputs(file, row, place, own, _SOURCE_KEYS),
    )
    name, opaque = _name(file, row, (*place, kind), {}), LAYER_PARAMS["opacity"]
    return "", LayerLine(kind, name, Value(opaque, 1.0), BLENDS[0], inputs, ())


def _effect(file: LookFile, row: Row, place: tuple) -> EffectLine:
    inputs = _shader(file, row, place)
    file.check_keys(row, place, ("shader", *inputs))
    return EffectLine(row["shader"], _inputs(file, row, place, inputs))


def _layer(file: LookFile, row: Row, place: tuple, words: Mapping[str, Word]) -> LayerLine:
    kinds = [kind for kind in LAYER_KINDS if kind in row]
    if len(kinds) != 1:
        said = f"has {' and '.join(kinds)}" if kinds else "says nothing to draw"
        raise file.error(place, f"{said}: a layer has one of {', '.join(LAYER_KINDS)}")
    kind = kinds[0]
    own = _shader(file, row, place, layer=True) if kind == "shader" else {}
    if kind == "text":
        own = {TEXT_COLOUR.name: TEXT_COLOUR}
    file.check_keys(row, place, (kind, *_LAYER_KEYS, *LAYER_INPUTS[kind], *own))
    numbers = tuple((key, _number(file, row, place, key)) for key in LAYER_INPUTS[kind])
    effects = row.get("effects", [])
    if not isinstance(effects, list) or not all(isinstance(each, dict) for each in effects):
        raise file.error((*place, "effects"), "must be a list of tables: [[layers.effects]]")
    return LayerLine(
        kind=kind,
        name=_name(file, row, (*place, kind), words),
        opacity=_number(file, row, place, "opacity"),
        blend=file.choice(
            file.text_at(row, (*place, "blend"), BLENDS[0]), (*place, "blend"), BLENDS
        ),
        inputs=(*numbers, *_inputs(file, row, place, own)),
        effects=read_effects(file, effects, (*place, "effects")),
        mask=_mask(file, row, (*place, "mask")),
        solo=_number(file, row, place, "solo"),
        bypass=_number(file, row, place, "bypass"),
    )


def _mask(file: LookFile, row: Row, place: tuple) -> str:
    mask = file.text_at(row, place)
    return file.choice(mask, place, LAYER_MASKS) if mask else ""


def _number(file: LookFile, row: Row, place: tuple, key: str) -> Value:
    param = LAYER_PARAMS[key]
    return file.value(row.get(key, param.default), (*place, key), param)


def _name(file: LookFile, row: Row, place: tuple, words: Mapping[str, Word]) -> str:
    """What the layer shows: a shader, a file that is there, a camera, words."""
    kind = place[-1]
    if kind == "generator":
        if row[kind] is not True:
            raise file.error(place, f"= {row[kind]!r} can only be true")
        return ""
    name = file.text_at(row, place)
    if not name.strip():
        raise file.error(place, "is empty")
    if kind == "text":
        check_parts(file, place, name, words)
    return str(_found(file, name, place)) if kind in ("picture", "video") else name


def _found(file: LookFile, name: str, place: tuple) -> Path:
    """A picture or video: a path, beside the look's files unless it is a whole one."""
    for folder in file.folders:
        if is_file(path := folder / expanduser(name)):
            return path
    raise file.error(place, f"= {name!r}: no such file beside {file.path.name}")


def _shader(
    file: LookFile, row: Row, place: tuple, layer: bool = False
) -> dict[str, isf.ShaderInput]:
    """The inputs of the row's shader that are numbers."""
    place = (*place, "shader")
    name = file.text_at(row, place)
    try:
        header = isf.load_header(isf.find_shader(name, file.folders))
    except (LiquidlightError, ValueError, OSError) as error:
        raise file.error(place, f"= {name!r}: {error}") from None
    if layer and header.kind != "generator":
        raise file.error(place, f"= {name!r} changes pictures; allowed here: one that draws alone")
    if not layer and header.kind == "transition":
        raise file.error(place, f"= {name!r} joins two pictures: a transition of a set")
    return {item.name: item for item in header.inputs if item.components}


def _inputs(
    file: LookFile, row: Row, place: tuple, items: Mapping[str, isf.ShaderInput],
    taken: tuple[str, ...] = _LAYER_KEYS,
) -> Inputs:
    """All inputs of a shader but those whose names are `taken`; they keep their defaults."""
    return tuple(
        (key, _input(file, row.get(key, item.default), (*place, key), item))
        for key, item in items.items()
        if key not in taken
    )


def _input(
    file: LookFile, raw: object, place: tuple, item: isf.ShaderInput
) -> Value | tuple[float, ...]:
    if item.components == 1:
        return file.value(raw, place, isf.input_param(item))
    numbers = isinstance(raw, (list, tuple)) and all(type(v) in (int, float) for v in raw)
    value = tuple(float(v) for v in raw) if numbers else ()
    if item.type == "color" and len(value) == 3:
        value = (*value, 1.0)
    if not item.allows(value):
        raise file.error(place, f"= {raw!r} is not {item.components} numbers in {item.range}")
    return value
