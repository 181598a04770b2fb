"""The [[outputs]] of a rig, read strictly; output_writing.py writes them back.

    [[outputs]]
    name = "left wall"
    display = "HDMI-1"           # or windowed: fullscreen = false, size = "960x540"
    crop = [0.0, 0.0, 0.55, 1.0] # left, bottom, width and height of the picture
    rotate = 90                  # counter-clockwise, then flip = "x", "y" or "both"
    corners = [[0.02, 0.98], [1, 1], [1, 0], [0, 0]]  # top left, top right, bottom right ...
    grid = { columns = 4, rows = 3, points = [[0, 1], ...] }
    blend = { right = 0.1, gamma = 2.2, black = 0.01 }
    colour = { brightness = 0.0, contrast = 1.0, gamma = 1.0, red = 1.0, green = 1.0, blue = 1.0 }
    [[outputs.masks]]
    points = [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]
    soft = 0.02                  # and shows = "outside" for what is to stay dark

Places are shares from the left and from below. A mistake is one PresetError line with file, line,
key and value.
"""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from engine import option_values
from engine.params import OUTPUT_PARAMS, Param
from engine.render.mapping import (
    CORNERS,
    FLIPS,
    MASKS,
    TURNS,
    Blend,
    Colour,
    Grid,
    Mapping,
    Mask,
    Output,
    Point,
    convex,
)
from engine.toml_file import Place, TomlFile

KEYS = (
    *("name", "display", "fullscreen", "size", "crop", "rotate", "flip", "corners", "grid"),
    *("masks", "blend", "colour"),
)
GRID_SIDE = Param("side", 4, 2, 33, "", "points of a grid along one side", True)
SOFT = Param("soft", 0.0, 0.0, 1.0, "height", "width of a mask's edge")
PLACE = Param("place", 0.0, -1.0, 2.0, "", "a place, from the left or from below")
MAX_POINTS = 64
"""Of a mask."""
_SIDES = ("left", "bottom", "width", "height")


def read_outputs(file: TomlFile) -> tuple[Output, ...]:
    """Every row, in order. Raises PresetError."""
    rows = file.tables_at("outputs")
    outputs = tuple(_output(file, row, n) for n, row in enumerate(rows))
    full = [output for output in outputs if output.fullscreen]
    for n, output in enumerate(outputs):
        if len(full) > 1 and output.fullscreen and output.display is None:
            raise file.error(("outputs", n), "needs a display: several outputs are full screen")
        said = [other.display for other in full if other.display]
        if output.fullscreen and said.count(output.display) > 1:
            raise file.error(("outputs", n, "display"), f"= {output.display!r} has two outputs")
        if [other.name for other in outputs].count(output.name) > 1:
            raise file.error(("outputs", n, "name"), f"= {output.name!r} is there twice")
    return outputs


def _output(file: TomlFile, row: Table[str, Any], n: int) -> Output:
    place = ("outputs", n)
    file.check_keys(row, place, KEYS)
    return Output(
        name=file.text_at(row, (*place, "name"), f"output {n + 1}"),
        display=file.text_at(row, (*place, "display")) or None,
        fullscreen=_flag(file, row, (*place, "fullscreen"), True),
        size=_size(file, row, (*place, "size")),
        mapping=_mapping(file, row, place),
    )


def _mapping(file: TomlFile, row: Table[str, Any], place: Place) -> Mapping:
    turn = row.get("rotate", 0)
    if type(turn) is not int or turn not in TURNS:
        raise file.error((*place, "rotate"), f"= {turn!r} is not one of {_listed(TURNS)}")
    flip = file.text_at(row, (*place, "flip"), FLIPS[0])
    return Mapping(
        crop=_crop(file, row, (*place, "crop")),
        rotate=turn,
        flip=file.choice(flip, (*place, "flip"), FLIPS),
        corners=_corners(file, row, (*place, "corners")),
        grid=_grid(file, row, (*place, "grid")),
        masks=_masks(file, row, (*place, "masks")),
        blend=Blend(**_numbers(file, row, (*place, "blend"), Blend, "blend.")),
        colour=Colour(**_numbers(file, row, (*place, "colour"), Colour, "")),
    )


def _crop(file: TomlFile, row: Table[str, Any], place: Place) -> tuple[float, ...]:
    raw = row.get("crop", [0.0, 0.0, 1.0, 1.0])
    if not isinstance(raw, list) or len(raw) != 4:
        raise file.error(place, f"= {raw!r} is not [{', '.join(_SIDES)}]")
    left, bottom, width, height = (
        _number(file, value, (*place, n), OUTPUT_PARAMS[f"crop.{side}"])
        for n, (value, side) in enumerate(zip(raw, _SIDES, strict=True))
    )
    if left + width > 1.0 + 1e-9 or bottom + height > 1.0 + 1e-9:
        raise file.error(place, f"= {raw!r} reaches over the picture's edge")
    return left, bottom, width, height


def _corners(file: TomlFile, row: Table[str, Any], place: Place) -> tuple[Point, ...]:
    corners = _points(file, row.get("corners", [list(point) for point in CORNERS]), place)
    if len(corners) != 4:
        raise file.error(place, f"has {len(corners)} of 4 places: top left, top right, "
                                "bottom right, bottom left")
    if not convex(corners):
        raise file.error(place, f"= {row['corners']!r} must be convex and not too thin")
    return corners


def _grid(file: TomlFile, row: Table[str, Any], place: Place) -> Grid | None:
    if "grid" not in row:
        return None
    table = _table(file, row, place)
    file.check_keys(table, place, ("columns", "rows", "points"))
    columns, rows = (
        int(_number(file, table.get(key, GRID_SIDE.default), (*place, key), GRID_SIDE))
        for key in ("columns", "rows")
    )
    if "points" not in table:
        return Grid.even(columns, rows)
    points = _points(file, table["points"], (*place, "points"))
    if len(points) != columns * rows:
        raise file.error((*place, "points"), f"has {len(points)} of {columns} x {rows} places")
    return Grid(columns, rows, points)


def _masks(file: TomlFile, row: Table[str, Any], place: Place) -> tuple[Mask, ...]:
    rows = row.get("masks", [])
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise file.error(place, "must be a list of tables: [[outputs.masks]]")
    return tuple(_mask(file, each, (*place, n)) for n, each in enumerate(rows))


def _mask(file: TomlFile, row: Table[str, Any], place: Place) -> Mask:
    file.check_keys(row, place, ("points", "soft", "shows"))
    points = _points(file, row.get("points", []), (*place, "points"))
    if not 3 <= len(points) <= MAX_POINTS:
        raise file.error((*place, "points"), f"has {len(points)} of 3..{MAX_POINTS} places")
    soft = _number(file, row.get("soft", SOFT.default), (*place, "soft"), SOFT)
    shows = file.text_at(row, (*place, "shows"), MASKS[0])
    return Mask(points, soft, file.choice(shows, (*place, "shows"), MASKS))


def _numbers(
    file: TomlFile, row: Table[str, Any], place: Place, kind: type, head: str
) -> dict[str, float]:
    table, names = _table(file, row, place), tuple(field.name for field in fields(kind))
    file.check_keys(table, place, names)
    return {
        name: _number(file, table[name], (*place, name), OUTPUT_PARAMS[f"{head}{name}"])
        for name in names if name in table
    }


def _points(file: TomlFile, raw: object, place: Place) -> tuple[Point, ...]:
    if not isinstance(raw, list):
        raise file.error(place, f"= {raw!r} is not a list of places [x, y]")
    points = []
    for n, pair in enumerate(raw):
        if not isinstance(pair, list) or len(pair) != 2:
            raise file.error((*place, n), f"= {pair!r} is not a place [x, y]")
        x, y = (_number(file, value, (*place, n), PLACE) for value in pair)
        points.append((x, y))
    return tuple(points)


def _number(file: TomlFile, raw: object, place: Place, row: Param) -> float:
    known = type(raw) in (int, float) and math.isfinite(raw)
    if not known or not row.allows(raw):
        raise file.error(place, f"= {raw!r} is not a number in {row.range}")
    return float(raw)


def _table(file: TomlFile, row: Table[str, Any], place: Place) -> dict[str, Any]:
    table = row.get(place[-1], {})
    if not isinstance(table, dict):
        raise file.error(place, f"must be a table: {place[-1]} = {{ ... }}")
    return table


def _flag(file: TomlFile, row: Table[str, Any], place: Place, usual: bool) -> bool:
    value = row.get(place[-1], usual)
    if not isinstance(value, bool):
        raise file.error(place, f"= {value!r} is not true or false")
    return value


def _size(file: TomlFile, row: Table[str, Any], place: Place) -> tuple[int, int]:
    text = file.text_at(row, place, "1280x720")
    try:
        return option_values.size(text)
    except ArgumentTypeError as error:
        raise file.error(place, f"= {error}") from None


def _listed(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))


def wanted_outputs(rows: Sequence[Output], display: str | None) -> tuple[Output, ...]:
    """The rig's outputs; with `--display`, the one that is on it, none where none is."""
    if display is None:
        return tuple(rows)
    return tuple(row for row in rows if (row.display or "").lower() == display.lower())


def described(output: Output) -> str:
    """One output in a few words."""
    where = output.display or "the last display"
    if not output.fullscreen:
        where = "a window of {}x{}".format(*output.size)
    return f"{output.name} on {where}" + ("" if output.mapping.plain else ", mapped")
