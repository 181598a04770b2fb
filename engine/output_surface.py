"""What hands can touch of the outputs, how it stands, and the displays there are, for whoever asks.

The windows and their mappings are read; rows of Control, plain values and rows for pages flow out.
Any thread: displays are listed by the main thread, and a mapping is a frozen value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from controllers.surface import Control
from engine.params import (
    OUTPUT_NUDGES,
    OUTPUT_OWN_SWITCHES,
    OUTPUT_PARAMS,
    OUTPUT_SWITCHES,
    OUTPUT_TRIGGERS,
)
from engine.render.geometry import fitted
from engine.render.map_editor import MapEditor
from engine.render.mapping import CORNERS, FLIPS, Blend, Colour, Mapping
from engine.render.outputs import Outputs
from engine.render.sights import Sight

MOST_POINTS = 64
"""Of a grid: more have their addresses, but are told to nobody twenty times a second."""
_POINTED = ("corner.x", "corner.y", "point.x", "point.y")
_HELP = {
    "output.test_card": "a test card on every output", "output.edit": "handles on an output",
    "output.fullscreen": "whether every output fills its display",
    "test_card": "its test card", "edit": "handles on it", "grid": "bent by points",
    "fullscreen": "fill its display, or be a window",
    "output.next_point": "the next corner or point", "output.undo": "a step back",
    "output.redo": "a step forth", "output.reset": "what is edited as nobody had pulled it",
    "output.save": "write all outputs into the rig",
    "output.identify": "every output shows its name for some seconds",
}  # fmt: skip


class OutputSurface:
    """Part of engine/surface.py's, and of what the page is told."""

    def __init__(self, outputs: Outputs, editor: MapEditor) -> None:
        self._outputs, self._editor = outputs, editor
        self._of: tuple[object, ...] = ()
        self._controls: tuple[Control, ...] = ()
        self._numbers: dict[int, tuple[Mapping, dict[str, float]]] = {}

    def controls(self) -> tuple[Control, ...]:
        """The same object until a display comes or goes, or a grid changes its size."""
        names, counts = self._outputs.berths.names, tuple(map(_points, self._mappings))
        if self._of != (names, counts):
            self._controls = (*_of_all(), *(
                row for n, count in enumerate(counts, 1) for row in _of_one(n, count, names)
            ))
            self._of = names, counts
        return self._controls

    def values(self) -> dict[str, float | str]:
        """How each stands, triggers and nudges left out."""
        sights, berths, active = self._outputs.sights, self._outputs.berths, self._editor.active
        found: dict[str, float | str] = {
            "output.test_card": float(all(sight.card for sight in sights)),
            "output.edit": float(active is not None),
            "output.fullscreen": float(all(sight.window.berth.full for sight in sights)),
        }
        for n, sight in enumerate(sights):
            place, mapping = f"output.{n + 1}", sight.mapping
            found |= {
                f"{place}.test_card": float(sight.card), f"{place}.edit": float(active == n),
                f"{place}.fullscreen": float(sight.window.berth.full),
                f"{place}.grid": float(mapping.grid is not None),
                f"{place}.display": berths.told(sight.window.berth), f"{place}.flip": mapping.flip,
            }
            known = self._numbers.get(n)
            if known is None or known[0] is not mapping:
                known = self._numbers[n] = mapping, dict(_numbers(place, mapping))
            found |= known[1]
        return found

    def held(self) -> dict[str, float]:
        """Colours, edges and crops that are not as they are when nobody has changed them."""
        usual = {key: row.default for key, row in OUTPUT_PARAMS.items() if key not in _POINTED}
        numbers = [known[1] for known in self._numbers.copy().values()]
        return {
            name: value for told in numbers for name, value in told.items()
            if usual.get(name.split(".", 2)[2], value) != value
        }

    def rows(self) -> list[dict[str, Any]]:
        """The outputs in order, for pages: `place` is the picture's size on it in pixels."""
        return [self._row(n, sight) for n, sight in enumerate(self._outputs.sights)]

    def displays(self) -> list[dict[str, Any]]:
        """Every display with the outputs that fill it; `main` is the operator's."""
        berths, sights = self._outputs.berths, self._outputs.sights
        now = berths.now
        return [
            {"name": name, "place": list(display.place), "size": list(display.size),
             "hz": round(display.hz, 2), "main": display.main,
             "outputs": [sights[n].output.name for n in berths.on(display, now)]}
            for name, display in zip(berths.names, berths.shown, strict=False)
        ]

    @property
    def _mappings(self) -> list[Mapping]:
        return [sight.mapping for sight in self._outputs.sights]

    def _row(self, n: int, sight: Sight) -> dict[str, Any]:
        mapping, grid = sight.mapping, sight.mapping.grid
        drawn = all(sight.target)  # before that, sizes are the main thread's to ask for
        target = sight.target if drawn else sight.output.size
        share = fitted(mapping, self._outputs.size if drawn else target, target)
        return {
            "name": sight.output.name, "display": sight.window.label, "there": sight.window.visible,
            "card": sight.card, "edit": self._editor.active == n, "size": list(target),
            "place": [round(s * side, 1) for s, side in zip(share[2:], target, strict=True)],
            "crop": list(mapping.crop), "rotate": mapping.rotate, "flip": mapping.flip,
            "corners": [list(corner) for corner in mapping.corners],
            "grid": grid and {"columns": grid.columns, "rows": grid.rows,
                              "points": [list(point) for point in grid.points]},
        }


def _points(mapping: Mapping) -> int:
    """Points of a grid that are told."""
    count = len(mapping.grid.points) if mapping.grid else 0
    return count if count <= MOST_POINTS else 0


def _of_all() -> Iterator[Control]:
    for name in OUTPUT_SWITCHES:
        yield Control(name, "switch", _HELP[name])
    for name in OUTPUT_TRIGGERS:
        yield Control(name, "trigger", _HELP[name])
    for name, row in OUTPUT_NUDGES.items():
        yield Control(name, "value", row.help, row)


def _of_one(n: int, points: int, displays: tuple[str, ...]) -> Iterator[Control]:
    place = f"output.{n}"
    yield Control(f"{place}.display", "text", "the display that it fills", choices=displays)
    yield Control(f"{place}.flip", "text", "mirrored along", choices=FLIPS)
    for name in OUTPUT_OWN_SWITCHES:
        yield Control(f"{place}.{name}", "switch", _HELP[name])
    yield Control(f"{place}.reset", "trigger", "corners and grid as nobody had pulled them")
    for key, row in OUTPUT_PARAMS.items():
        if key not in _POINTED:
            yield Control(f"{place}.{key}", "value", row.help, row)
    for kind, count in (("corner", len(CORNERS)), ("point", points)):
        for k in range(1, count + 1):
            for axis in "xy":
                row = OUTPUT_PARAMS[f"{kind}.{axis}"]
                yield Control(f"{place}.{kind}.{k}.{axis}", "value", row.help, row)


def _numbers(place: str, mapping: Mapping) -> Iterator[tuple[str, float]]:
    for name in (field.name for field in fields(Colour)):
        yield f"{place}.{name}", getattr(mapping.colour, name)
    for name in (field.name for field in fields(Blend)):
        yield f"{place}.blend.{name}", getattr(mapping.blend, name)
    for name, value in zip(("left", "bottom", "width", "height"), mapping.crop, strict=True):
        yield f"{place}.crop.{name}", value
    yield f"{place}.rotate", float(mapping.rotate)
    told = mapping.grid.points if _points(mapping) else ()
    for kind, points in (("corner", mapping.corners), ("point", told)):
        for k, point in enumerate(points, 1):
            yield f"{place}.{kind}.{k}.x", point[0]
            yield f"{place}.{kind}.{k}.y", point[1]
