"""Pulling an output's corners and grid by hand: keys and the mouse in, changed mappings out.

Only one output is edited at a time, and only its window shows handles. Every change is a step that
can be taken back; a drag is one, and so are nudges of the same point that follow each other. Main
thread; draws nothing itself (overlay.py does) and knows no files: `save` is the owner's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.clock import monotonic
from engine.render.berth import Berthing
from engine.render.geometry import (
    STEPS,
    before_corners,
    bent,
    fitted,
    grid_places,
    homography,
    moved,
)
from engine.render.mapping import CORNER_NAMES, CORNERS, Grid, Mapping, Point, with_point
from engine.render.outputs import Outputs
from engine.render.overlay import Marks

NUDGES = {"left": (-1, 0), "right": (1, 0), "up": (0, 1), "down": (0, -1)}
"""Pixels that an arrow moves; with shift ten of them."""
HELP = (
    "drag, or arrows (with shift 10 px), tab: next, g: grid, t: test card, r: reset, "
    "ctrl+z: back, ctrl+s: save, esc: done"
)
NEW_GRID = (4, 3)
GRAB_PIXELS, TOGETHER_SECONDS, KEPT = 48.0, 1.0, 200


@dataclass(frozen=True, slots=True)
class Step:
    """Output `n` had `before`; `what` was changed at `time`. A Berthing is that of all outputs."""

    n: int
    before: Mapping | Berthing
    what: str
    time: float


class MapEditor:
    """`active` is the number (from 0) of the output that is edited, None for none."""

    def __init__(self, outputs: Outputs, save: Callable[[], None]) -> None:
        self._outputs, self._save = outputs, save
        self.active: int | None = None
        self.kind, self.chosen = "corner", 0
        self._dragged: Point | None = None
        self._drag = ""
        self._mouse_on = 0
        self._done: list[Step] = []
        self._undone: list[Step] = []
        outputs.on_mouse(self._mouse)

    def begin(self, n: int | None = None) -> None:
        """Edit output `n`, else the one that the mouse is on."""
        self.end()
        n = self._mouse_on if n is None else n
        if 0 <= n < len(self._outputs.sights):
            self.active, self.kind, self.chosen = n, "corner", 0
            self._outputs.grab(n, True)
            self._mark()

    def end(self) -> None:
        """No handles any more; what was changed stays."""
        if self.active is not None:
            self._outputs.mark(self.active, None)
            self._outputs.grab(self.active, False)
        self.active = self._dragged = None

    def key(self, name: str) -> bool:
        """One key pressed; whether it was for the editor. Arrows come by `held`."""
        if self.active is None:
            return False
        acts: dict[str, Callable[[], None]] = {
            "escape": self.end, "g": self._other_kind, "r": self.reset, "t": self._card,
            "tab": self.next, "ctrl+s": self._save,
            "shift+tab": lambda: self.choose(self.chosen - 1),
            "ctrl+z": self.undo, "ctrl+shift+z": self.redo, "o": self._other_output,
        }  # fmt: skip
        if name in acts:
            acts[name]()
        return name in acts or name.removeprefix("shift+") in NUDGES

    def held(self, name: str) -> None:
        """An arrow is pressed, or still held."""
        arrow = name.removeprefix("shift+")
        if self.active is not None and arrow in NUDGES:
            pixels = 10 if name.startswith("shift+") else 1
            self.nudge(*(pixels * side for side in NUDGES[arrow]))

    def next(self) -> None:
        """The next corner or point."""
        if self.active is not None:
            self.choose(self.chosen + 1)

    def choose(self, n: int) -> None:
        """Another corner or point, around the end."""
        self.chosen = n % len(self._points())
        self._mark()

    def nudge(self, x: float, y: float) -> None:
        """Move the chosen point by so many pixels to the right and up."""
        if self.active is not None:
            px, py = self._points()[self.chosen]
            self._put((px + x, py + y), f"nudge {self.kind} {self.chosen}")

    def change(self, n: int, mapping: Mapping, what: str) -> None:
        """Output `n` gets another mapping; steps of the same `what` within a second are one."""
        before = self._outputs.sights[n].mapping
        if mapping == before:
            return
        now, last = monotonic(), self._done[-1] if self._done else None
        same = last and (last.n, last.what) == (n, what) and now - last.time < TOGETHER_SECONDS
        self._undone.clear()
        if same:
            self._done[-1] = replace(last, time=now)
        else:
            self._done = [*self._done[1 - KEPT :], Step(n, before, what, now)]
        self._set(n, mapping)

    def move(self, berths: Berthing) -> None:
        """Other displays for the outputs, as one step."""
        before = self._outputs.berths.now
        if berths != before:
            self._undone.clear()
            self._done = [*self._done[1 - KEPT :], Step(-1, before, "display", monotonic())]
            self._outputs.berths.settle(berths)

    def switch_grid(self, n: int, on: bool) -> None:
        """Output `n` gets an even grid, or none; one that is there stays as it is."""
        mapping = self._outputs.sights[n].mapping
        if on != (mapping.grid is not None):
            grid = Grid.even(*NEW_GRID) if on else None
            self.change(n, replace(mapping, grid=grid), f"grid {monotonic()}")

    def undo(self) -> None:
        self._walk(self._done, self._undone)

    def redo(self) -> None:
        self._walk(self._undone, self._done)

    def reset(self, n: int | None = None) -> None:
        """The output's corners and grid as if nobody had pulled them."""
        n = self.active if n is None else n
        if n is not None:
            mapping = self._outputs.sights[n].mapping
            self.change(n, replace(mapping, corners=CORNERS, grid=None), f"reset {monotonic()}")

    def _walk(self, source: list[Step], other: list[Step]) -> None:
        if source:
            step = source.pop()
            if isinstance(step.before, Mapping):
                other.append(replace(step, before=self._outputs.sights[step.n].mapping))
                self._set(step.n, step.before)
            else:
                other.append(replace(step, before=self._outputs.berths.now))
                self._outputs.berths.settle(step.before)

    def _set(self, n: int, mapping: Mapping) -> None:
        self._outputs.set_mapping(n, mapping)
        if n == self.active:
            if self.kind == "point" and mapping.grid is None:
                self.kind = "corner"
            self.chosen %= len(self._points())
            self._mark()

    def _other_kind(self) -> None:
        """Between corners and grid; where there is no grid, an even one."""
        mapping = self._mapping
        if self.kind == "corner" and mapping.grid is None:
            self.change(self.active, replace(mapping, grid=Grid.even(*NEW_GRID)), "grid")
        self.kind = "point" if self.kind == "corner" else "corner"
        self.choose(0)

    def _other_output(self) -> None:
        self.begin((self.active + 1) % len(self._outputs.sights))

    def _card(self) -> None:
        sight = self._outputs.sights[self.active]
        sight.card = not sight.card

    @property
    def _mapping(self) -> Mapping:
        return self._outputs.sights[self.active].mapping

    def _frame(self) -> tuple[float, float, float, float]:
        """Left, bottom, width and height in pixels of where the picture lies."""
        target = self._outputs.sights[self.active].window.framebuffer_size
        left, bottom, width, height = fitted(self._mapping, self._outputs.size, target)
        return left * target[0], bottom * target[1], width * target[0], height * target[1]

    def _pixels(self, places: tuple[Point, ...]) -> tuple[Point, ...]:
        left, bottom, width, height = self._frame()
        return tuple((left + x * width, bottom + y * height) for x, y in places)

    def _points(self) -> tuple[Point, ...]:
        """Where the handles are, in pixels."""
        corners = self.kind == "corner"
        return self._pixels(self._mapping.corners if corners else grid_places(self._mapping))

    def _put(self, pixel: Point, what: str) -> None:
        """Move the chosen point to a pixel, as far as it may go."""
        left, bottom, width, height = self._frame()
        x, y = (pixel[0] - left) / width, (pixel[1] - bottom) / height
        if self.kind == "point":
            x, y = before_corners(self._mapping, (x, y))
        place = {"x": min(2.0, max(-1.0, x)), "y": min(2.0, max(-1.0, y))}
        self.change(self.active, with_point(self._mapping, self.kind, self.chosen, place), what)

    def _mouse(self, n: int, what: str, x: float, y: float) -> None:
        self._mouse_on = n
        if n != self.active:
            return
        if what == "press":
            self._grab(x, y)
        elif what == "release":
            self._dragged = None
        elif self._dragged is not None:
            dx, dy = self._dragged
            self._put((x + dx, y + dy), self._drag)

    def _grab(self, x: float, y: float) -> None:
        """The handle that is nearest to the mouse, if it is near."""
        away = [(px - x) ** 2 + (py - y) ** 2 for px, py in self._points()]
        n = away.index(min(away))
        if away[n] <= GRAB_PIXELS**2:
            px, py = self._points()[n]
            self._dragged, self._drag = (px - x, py - y), f"drag {n} {monotonic()}"
            self.choose(n)

    def _mark(self) -> None:
        """Show where the handles are now."""
        sight, points = self._outputs.sights[self.active], self._points()
        x, y = points[self.chosen]
        of = CORNER_NAMES[self.chosen] if self.kind == "corner" else f"point {self.chosen + 1}"
        words = f"{sight.output.name}: {of}, {x:.0f} {y:.0f}\n{HELP}"
        self._outputs.mark(self.active, Marks(self._lines(), points, self.chosen, words))

    def _lines(self) -> tuple[tuple[Point, Point], ...]:
        """The picture's outline, or all lines of its grid as they bend."""
        if self.kind == "corner" and self._mapping.grid is None:
            corners = self._pixels(self._mapping.corners)
            return tuple((corners[n], corners[(n + 1) % 4]) for n in range(4))
        return _grid_lines(self._mapping, self._pixels)


def _grid_lines(
    mapping: Mapping, pixels: Callable[[tuple[Point, ...]], tuple[Point, ...]]
) -> tuple[tuple[Point, Point], ...]:
    """Every line through points of the grid, in short straight pieces."""
    _, lie = bent(mapping.grid)
    rows, columns = lie.shape[:2]
    pulled = moved(homography(mapping.corners), lie.reshape(-1, 2))
    places = pixels(tuple((float(x), float(y)) for x, y in pulled))
    lines = []
    for r in range(rows):
        for c in range(columns):
            here = places[r * columns + c]
            if c + 1 < columns and r % STEPS == 0:
                lines.append((here, places[r * columns + c + 1]))
            if r + 1 < rows and c % STEPS == 0:
                lines.append((here, places[(r + 1) * columns + c]))
    return tuple(lines)
