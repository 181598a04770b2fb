"""The rig for editors and for docs/: a JSON Schema of its outputs, and their addresses for hands.

Made from the same tables as the checks (params.py, output_rig.py); loads no device, model or GL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from engine import option_values
from engine.output_rig import GRID_SIDE, MAX_POINTS, PLACE, SOFT
from engine.params import (
    OUTPUT_NUDGES,
    OUTPUT_OWN_SWITCHES,
    OUTPUT_PARAMS,
    OUTPUT_SWITCHES,
    OUTPUT_TEXTS,
    OUTPUT_TRIGGERS,
    STAGE,
)
from engine.render.mapping import FLIPS, MASKS, TURNS, Blend, Colour
from engine.rig import ROWS, TABLES, Row
from engine.schemas import Schema, choice, either, listed, named, number, table, text

_TABLES = {"devices": "what it plays with", "tempo": "whose beat is followed"}
_NUMBER: Schema = {"type": "number"}
_KINDS: dict[object, Schema] = {
    option_values.flag: {"type": "boolean"},
    option_values.port: {"type": "integer", "minimum": 0, "maximum": 65535},
    option_values.player: {"type": "integer", "minimum": 1, "maximum": 6},
    option_values.offset_ms: _NUMBER,
    option_values.tempo: either({"type": "string"}, _NUMBER),
}  # fmt: skip


def rig_schema() -> Schema:
    """What a rig may say."""
    tables: dict[str, Schema] = {}
    for name in TABLES:
        own = {row.key: _device(row) for row in ROWS if row.table == name}
        tables[name] = table(own, _TABLES[name]) if own else named(text(), "what does what")
    tables["outputs"] = {**listed(_output()), "description": "windows of the show, with mappings"}
    root = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "A rig of Liquidlight"}
    return {**root, **table(tables)}


def _device(row: Row) -> Schema:
    """The key of a device; what its text may be is known to `liquidlight check`."""
    kind = _KINDS.get(row.read, {"type": "string"})
    return {**kind, "description": f"as the option --{row.option.replace('_', '-')} of `play`"}


def _output() -> Schema:
    place = {**listed(number(PLACE, False), 2), "maxItems": 2}
    points = listed(place)
    numbers = {
        key: table({field.name: number(OUTPUT_PARAMS[f"{head}{field.name}"], False)
                    for field in fields(kind)}, help)
        for key, kind, head, help in (
            ("blend", Blend, "blend.", "edges that overlap a neighbour's: " + _names(Blend)),
            ("colour", Colour, "", "of this output alone: " + _names(Colour)),
        )
    }  # fmt: skip
    side = number(GRID_SIDE, False)
    grid = table({"columns": side, "rows": side, "points": points},
                 "points that bend it, row by row from the top left: columns, rows, points")
    mask = table({"points": {**points, "minItems": 3, "maxItems": MAX_POINTS},
                  "soft": number(SOFT, False), "shows": choice(MASKS, "what is seen")})
    return table(
        {
            "name": text("for the test card, and for saving"),
            "display": text("its name, or words of name, size and place: `HDMI 1920x1080`"),
            "fullscreen": {"type": "boolean", "default": True, "description": "or a window"},
            "size": text("of the window, `960x540`"),
            "crop": {**listed({"type": "number"}, 4), "maxItems": 4,
                     "description": "left, bottom, width and height of the picture, 0..1"},
            "rotate": {"enum": list(TURNS), "description": "degrees, counter-clockwise"},
            "flip": choice(FLIPS, "mirrored after that"),
            "corners": {**points, "minItems": 4, "maxItems": 4, "description":
                        "top left, top right, bottom right, bottom left: [x, y] from below left"},
            "grid": grid,
            "masks": {**listed(mask), "description": "polygons: points, soft, shows"},
            **numbers,
        }
    )


def _names(kind: type) -> str:
    return ", ".join(field.name for field in fields(kind))


def output_lines() -> Iterator[str]:
    """Addresses of the stage and its outputs, for the page of the reference."""
    yield "- the stage: " + ", ".join(f"`{name}`" for name in STAGE)
    acts = (*OUTPUT_SWITCHES, *OUTPUT_TRIGGERS, *OUTPUT_NUDGES)
    yield "- outputs: " + ", ".join(f"`{name}`" for name in acts)
    own = (*OUTPUT_OWN_SWITCHES, "reset", *OUTPUT_TEXTS)
    yield "- output N alone: " + ", ".join(f"`output.N.{name}`" for name in own) + ","
    points = ("corner.x", "corner.y", "point.x", "point.y")
    keys = [key.replace(".", ".K.") if key in points else key for key in OUTPUT_PARAMS]
    yield "  " + ", ".join(f"`output.N.{key}`" for key in keys)
