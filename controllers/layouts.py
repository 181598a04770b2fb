"""Layouts for touch screens, made of what a show has to touch: TouchOSC and Open Stage Control.

Rows of Control flow in, pages of cells on a grid come of them, and each writer turns the pages
into its program's file. Faders send the natural value, so that no scale has to be known. No state.
"""

from __future__ import annotations

import json
import math
import re
import uuid
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from controllers.osc_codec import path_of
from controllers.surface import Control

COLUMNS, ROWS = 8, 6
"""Cells of a page: a fader is one wide and half the page high, a button one cell."""
SIZE = (1024, 640)
COLOURS = {
    "play": (0.96, 0.62, 0.20), "look": (0.35, 0.75, 0.95), "motion": (0.55, 0.85, 0.45),
    "tempo": (0.85, 0.50, 0.95), "layers": (0.98, 0.42, 0.50), "knobs": (0.80, 0.80, 0.85),
}
_PLAY = ("blackout", "freeze", "hush", "record", "tap", "beat_one", "previous", "next",
         "autopilot", "autopilot.lock", "reset", "undo", "redo")


@dataclass(frozen=True, slots=True)
class Cell:
    """One control on a page: `kind` "fader", "toggle", "button" or "text"; whole grid cells."""

    control: Control
    kind: str
    label: str
    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of at most COLUMNS x ROWS cells."""

    name: str
    colour: tuple[float, float, float]
    cells: tuple[Cell, ...]


def pages(controls: Iterable[Control]) -> list[Page]:
    """All controls but texts, by what they are for, on as many pages as they need."""
    rooms: dict[str, list[Control]] = {name: [] for name in COLOURS}
    for control in controls:
        if control.kind not in ("text", "choice") and (room := _room(control.name)):
            rooms[room].append(control)
    return [page for name, rows in rooms.items() for page in _laid(name, rows)]


def _room(name: str) -> str:
    head = name.split(".")[0]
    if name in _PLAY or head == "preset" or name in ("crossfader", "opacity"):
        return "play"
    if head in ("motion", "tempo", "layers"):
        return head
    if head == "effects":
        return "layers"
    if head.startswith("knob") or head == "macros":
        return "knobs"
    return "" if head in ("hearing", "deck", "outputs", "output") else "look"


def _laid(name: str, controls: Sequence[Control]) -> list[Page]:
    """Faders fill columns of half a page's height, buttons single cells after them."""
    ordered = sorted(controls, key=lambda c: _is_fader(c) is False)
    laid: list[Page] = []
    cells: list[Cell] = []
    taken: set[tuple[int, int]] = set()
    for control in ordered:
        height = ROWS // 2 if _is_fader(control) else 1
        place = _free(taken, height)
        if place is None:
            laid.append(Page(_numbered(name, laid), COLOURS[name], tuple(cells)))
            cells, taken = [], set()
            place = _free(taken, height)
        x, y = place
        taken |= {(x, y + n) for n in range(height)}
        kind = "fader" if height > 1 else {"switch": "toggle"}.get(control.kind, "button")
        cells.append(Cell(control, kind, _label(control), x, y, height))
    if cells:
        laid.append(Page(_numbered(name, laid), COLOURS[name], tuple(cells)))
    return laid


def _is_fader(control: Control) -> bool:
    param = control.param
    return param is not None and math.isfinite(param.low) and math.isfinite(param.high)


def _free(taken: set[tuple[int, int]], height: int) -> tuple[int, int] | None:
    for y in range(0, ROWS - height + 1, height):
        for x in range(COLUMNS):
            if not any((x, y + n) in taken for n in range(height)):
                return x, y
    return None


def _numbered(name: str, before: Sequence[Page]) -> str:
    return f"{name} {len(before) + 1}" if before else name


def _label(control: Control) -> str:
    """What is read on the cell: the last words of the address, or the preset's name."""
    if control.kind == "preset":
        return control.help.removeprefix("play ")
    parts = control.name.split(".")
    return " ".join(parts[-2:] if parts[0] in ("effects", "layers", "prompts") else parts[-1:])


def _box(cell: Cell) -> tuple[int, int, int, int]:
    """Left, top, width, height in pixels; labels lie in the lowest 20 of them."""
    wide, high = SIZE[0] // COLUMNS, (SIZE[1] - 40) // ROWS
    return cell.x * wide + 4, cell.y * high + 4, wide - 8, cell.height * high - 8


def open_stage_control(laid: Sequence[Page]) -> str:
    """A session of Open Stage Control (openstagecontrol.ammd.net), as JSON."""
    tabs = [{
        "type": "tab", "id": page.name.replace(" ", "_"), "label": page.name,
        "colorWidget": _hex(page.colour), "widgets": [_widget(cell) for cell in page.cells],
    } for page in laid]
    content = {"type": "root", "id": "root", "widgets": [], "tabs": tabs}
    return json.dumps({"type": "session", "content": content}, indent=1) + "\n"


def _widget(cell: Cell) -> dict[str, Any]:
    left, top, width, height = _box(cell)
    name = path_of(cell.control.name)
    widget: dict[str, Any] = {
        "type": "fader" if cell.kind == "fader" else "button", "id": name.strip("/"),
        "label": cell.label, "address": name, "typeTags": "f",
        "left": left, "top": top, "width": width, "height": height,
    }
    param = cell.control.param
    if cell.kind == "fader" and param is not None:
        return {**widget, "range": {"min": param.low, "max": param.high},
                "default": param.default, "doubleTap": True, "steps": _steps(cell.control)}
    mode = "toggle" if cell.kind == "toggle" else "push"
    return {**widget, "mode": mode, "on": 1, "off": 0}


def _steps(control: Control) -> int | str:
    param = control.param
    return round(param.high - param.low) + 1 if param.integer and param.high < 100 else ""


def _hex(colour: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


def touch_osc(laid: Sequence[Page]) -> bytes:
    """A document of TouchOSC (hexler.net): deflated XML of nodes, one page of a pager each."""
    root = ElementTree.Element("lexml", version="3")
    top = _node(root, "GROUP", "liquidlight", (0, 0, *SIZE), (0.05, 0.05, 0.06))
    pager = _node(top, "PAGER", "pages", (0, 0, *SIZE), (0.1, 0.1, 0.12))
    for page in laid:
        sheet = _node(pager, "GROUP", page.name, (0, 40, SIZE[0], SIZE[1] - 40), (0.05, 0.05, 0.06),
                      tabLabel=page.name)
        for cell in page.cells:
            _cell(sheet, page, cell)
    return zlib.compress(b"<?xml version='1.0' encoding='UTF-8'?>\n" + ElementTree.tostring(root))


def _cell(sheet: ElementTree.Element, page: Page, cell: Cell) -> None:
    left, top, width, height = _box(cell)
    kind = "FADER" if cell.kind == "fader" else "BUTTON"
    high = height - 20 if cell.kind == "fader" else height
    extra = {"buttonType": 2 if cell.kind == "toggle" else 0} if kind == "BUTTON" else {}
    node = _node(sheet, kind, cell.control.name, (left, top, width, high), page.colour, **extra)
    param = cell.control.param
    low, top_value = (param.low, param.high) if cell.kind == "fader" else (0.0, 1.0)
    share = (param.default - low) / (top_value - low) if cell.kind == "fader" else 0.0
    _value(node, "x", f"{share:.6g}")
    osc = ElementTree.SubElement(_child(node, "messages"), "osc")
    for key, text in (("enabled", 1), ("send", 1), ("receive", 1), ("feedback", 0),
                      ("connections", "00001")):
        ElementTree.SubElement(osc, key).text = str(text)
    trigger = ElementTree.SubElement(ElementTree.SubElement(osc, "triggers"), "trigger")
    ElementTree.SubElement(trigger, "var").text = "x"
    ElementTree.SubElement(trigger, "condition").text = "ANY"
    _partial(ElementTree.SubElement(osc, "path"), "CONSTANT", "STRING", path_of(cell.control.name))
    _partial(ElementTree.SubElement(osc, "arguments"), "VALUE", "FLOAT", "x", low, top_value)
    place = (left, top + height - 20, width, 20)
    name = f"{cell.control.name} label"
    label = _node(sheet, "LABEL", name, place, page.colour, background=False, interactive=False,
                  textSize=12)
    _value(label, "text", cell.label)


def _node(
    parent: ElementTree.Element, kind: str, name: str, frame: tuple[int, int, int, int],
    colour: tuple[float, float, float], **extra: str | int | bool,
) -> ElementTree.Element:
    """A node with its properties; names make its ID, so that the same show gives the same file."""
    where = parent if parent.tag == "lexml" else _child(parent, "children")
    path = f"{parent.get('ID', '')}/{kind}/{name}"
    node = ElementTree.SubElement(
        where, "node", ID=str(uuid.uuid5(uuid.NAMESPACE_URL, path)), type=kind)
    properties = ElementTree.SubElement(node, "properties")
    _property(properties, "s", "name", re.sub(r"\W", "_", name))
    _property(properties, "r", "frame", dict(zip("xywh", frame, strict=True)))
    _property(properties, "c", "color", dict(zip("rgba", (*colour, 1.0), strict=True)))
    for key, value in extra.items():
        kind = {bool: "b", int: "i", str: "s"}[type(value)]
        _property(properties, kind, key, int(value) if kind == "b" else value)
    return node


def _property(parent: ElementTree.Element, kind: str, key: str, value: Any) -> None:
    row = ElementTree.SubElement(parent, "property", type=kind)
    ElementTree.SubElement(row, "key").text = key
    held = ElementTree.SubElement(row, "value")
    if not isinstance(value, dict):
        held.text = str(value)
        return
    for part, number in value.items():
        ElementTree.SubElement(held, part).text = f"{number:g}"


def _value(node: ElementTree.Element, key: str, default: str) -> None:
    row = ElementTree.SubElement(_child(node, "values"), "value")
    for part, text in (("key", key), ("locked", "0"), ("lockedDefaultCurrent", "0"),
                       ("default", default), ("defaultPull", "0")):
        ElementTree.SubElement(row, part).text = text


def _partial(
    parent: ElementTree.Element, kind: str, conversion: str, value: str, low: float = 0.0,
    high: float = 1.0,
) -> None:
    row = ElementTree.SubElement(parent, "partial")
    for part, text in (("type", kind), ("conversion", conversion), ("value", value),
                       ("scaleMin", f"{low:g}"), ("scaleMax", f"{high:g}")):
        ElementTree.SubElement(row, part).text = text


def _child(node: ElementTree.Element, name: str) -> ElementTree.Element:
    found = node.find(name)
    return ElementTree.SubElement(node, name) if found is None else found
