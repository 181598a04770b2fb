"""The tables of a set: transitions, scenes, launching, autopilot, the grid. TOML in, records out.

Every number is a constant here: a set is of the evening, not of the sound. A mistake is one
PresetError line with file, line, key, value and what is allowed.
"""

from __future__ import annotations

from typing import Any

from engine import isf
from engine.curves import CURVES
from engine.errors import LiquidlightError
from engine.expressions import near
from engine.params import LAUNCHES, ORDERS, SET, TRANSITIONS, Param
from engine.show.sets import Autopilot, Scene, Transition
from engine.show.values import read_constant
from engine.toml_file import TomlFile

BARS = Param("bars", 8, 1, 512, "bars", "bars before the autopilot goes on", True)
BEATS = SET["transition.beats"]
SEED = Param("seed", 0, 0, 2**31 - 1, "", "which order random and shuffle give", True)
MIN_SECONDS = Param("min_seconds", 0, 0, 3600, "s", "the autopilot leaves no look sooner")
MAX_SECONDS = Param("max_seconds", 3600, 1, 3600, "s", "nor later")
_JOINS = {("startImage", "image"), ("endImage", "image"), ("progress", "float")}


def read_transition(
    file: TomlFile, raw: object, place: tuple, usual: Transition
) -> Transition:
    """A table, or the kind alone as a text; what is not said is as `usual`."""
    table = {"kind": raw} if isinstance(raw, str) else raw
    if not isinstance(table, dict):
        raise file.error(place, f"= {raw!r} is not a table or the name of a transition")
    file.check_keys(table, place, ("kind", "beats", "curve"))
    curve = file.text_at(table, (*place, "curve"), usual.curve)
    return Transition(
        _kind(file, file.text_at(table, (*place, "kind"), usual.kind), (*place, "kind")),
        number_at(file, table, (*place, "beats"), BEATS, usual.beats),
        file.choice(curve, (*place, "curve"), tuple(CURVES)),
    )


def read_scene(file: TomlFile, row: dict[str, Any], place: tuple, usual: Scene) -> Scene:
    """A row of [[scenes]]; what it does not say is as `usual`. `preset` is read elsewhere."""
    file.check_keys(row, place, ("preset", "bars", "notes", "transition"))
    return Scene(
        read_transition(
            file, row.get("transition", {}), (*place, "transition"), usual.transition
        ),
        int(number_at(file, row, (*place, "bars"), BARS, usual.bars)),
        file.text_at(row, (*place, "notes")),
    )


def read_bars(file: TomlFile) -> int:
    """Bars a look stays: of [autopilot], or the set's own `bars`."""
    bars = number_at(file, file.data, ("bars",), BARS, BARS.default)
    table = file.table_at(file.data, "autopilot")
    return int(number_at(file, table, ("autopilot", "bars"), BARS, bars))


def read_autopilot(file: TomlFile) -> Autopilot:
    """The table [autopilot], but for its bars."""
    table, top = file.table_at(file.data, "autopilot"), ("autopilot",)
    usual = Autopilot()
    file.check_keys(table, top, ("bars", *Autopilot.__dataclass_fields__))
    order = file.text_at(table, (*top, "order"), usual.order)
    least, most = (
        number_at(file, table, (*top, row.name), row, row.default)
        for row in (MIN_SECONDS, MAX_SECONDS)
    )
    if least > most:
        raise file.error((*top, MIN_SECONDS.name), f"= {least:g} is above max_seconds = {most:g}")
    return Autopilot(
        _flag(file, table, (*top, "on"), usual.on),
        _flag(file, table, (*top, "on_drop"), usual.on_drop),
        file.choice(order, (*top, "order"), ORDERS),
        int(number_at(file, table, (*top, SEED.name), SEED, usual.seed)),
        least,
        most,
    )


def read_launch(file: TomlFile) -> str:
    """`when` of [launch]: one of params.LAUNCHES."""
    table = file.table_at(file.data, "launch")
    file.check_keys(table, ("launch",), ("when",))
    when = file.text_at(table, ("launch", "when"), next(iter(LAUNCHES)))
    return file.choice(when, ("launch", "when"), tuple(LAUNCHES))


def grid_rows(file: TomlFile) -> list[list[str]]:
    """The names of the grid, row by row; "" leaves a place empty."""
    rows = file.data.get("grid", [])
    whole = isinstance(rows, list) and all(isinstance(row, list) for row in rows)
    if not whole or not all(isinstance(name, str) for row in rows for name in row):
        raise file.error(("grid",), 'must be rows of preset names: [["a", "b"], ["c", ""]]')
    return rows


def _kind(file: TomlFile, kind: str, place: tuple) -> str:
    """One of params.TRANSITIONS, or a shader that joins two pictures."""
    if kind in TRANSITIONS:
        return kind
    folders = (file.path.parent,)
    try:
        header = isf.load_header(isf.find_shader(kind, folders))
    except LiquidlightError:
        known = (*TRANSITIONS, *isf.list_shaders(folders))
        raise file.error(place, f"= {kind!r} is no transition{near(kind, known)}") from None
    missing = sorted(name for name, _ in _JOINS - {(i.name, i.type) for i in header.inputs})
    if missing:
        raise file.error(place, f"= {kind!r} is no transition: it has no {', '.join(missing)}")
    return kind


def number_at(
    file: TomlFile, table: dict[str, Any], place: tuple, row: Param, usual: float
) -> float:
    """A plain number in the range of `row`; `usual` where none is said."""
    return read_constant(file, table.get(place[-1], usual), place, row)


def _flag(file: TomlFile, table: dict[str, Any], place: tuple, usual: bool) -> bool:
    raw = table.get(place[-1], usual)
    if not isinstance(raw, bool):
        raise file.error(place, f"= {raw!r} is not true or false")
    return raw
