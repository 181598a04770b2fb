"""What lies between the one composed picture and the light of one output, as frozen records.

A picture is cut out (crop), turned, mirrored, fitted whole into the output; the place where it
then lies is bent by a grid and pulled by its corners; masks, the blend of its edges and colour come
last. Places are shares: of the picture's own place for corners and grid, of the output for masks;
x from the left, y from below. Pure and light; geometry.py and output_map.py draw by it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from engine.params import OUTPUT_PARAMS

Point = tuple[float, float]
CORNERS: tuple[Point, ...] = ((0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0))
"""Where nothing is pulled: top left, top right, bottom right, bottom left."""
CORNER_NAMES = ("top left", "top right", "bottom right", "bottom left")
FLIPS = ("none", "x", "y", "both")
TURNS = (0, 90, 180, 270)
MASKS = ("inside", "outside")


@dataclass(frozen=True, slots=True)
class Grid:
    """Control points, `columns` times `rows` (2..33 each), row by row from the top left."""

    columns: int
    rows: int
    points: tuple[Point, ...]

    @classmethod
    def even(cls, columns: int, rows: int) -> Grid:
        """One that bends nothing."""
        across = [n / (columns - 1) for n in range(columns)]
        down = [1.0 - n / (rows - 1) for n in range(rows)]
        return cls(columns, rows, tuple((x, y) for y in down for x in across))

    @property
    def is_even(self) -> bool:
        return self.points == Grid.even(self.columns, self.rows).points


@dataclass(frozen=True, slots=True)
class Mask:
    """A polygon of the output: only what lies inside is seen, or only what lies outside.

    `soft` is the width of its edge beside the output's height. Of several, what any "inside" shows
    is seen, where no "outside" takes it away.
    """

    points: tuple[Point, ...]
    soft: float = 0.0
    shows: str = "inside"


@dataclass(frozen=True, slots=True)
class Blend:
    """Edges that overlap a neighbour's: how wide beside the picture, and the projectors' gamma.

    `black` is how much light a black picture gives, 0..1 of white: the rest of the picture is
    lifted by it, so that black is as bright where two overlap.
    """

    left: float = 0.0
    right: float = 0.0
    top: float = 0.0
    bottom: float = 0.0
    gamma: float = 2.2
    black: float = 0.0


@dataclass(frozen=True, slots=True)
class Colour:
    """Contrast is about the middle, then brightness is added; gamma; then a gain for each channel.
    """

    brightness: float = 0.0
    contrast: float = 1.0
    gamma: float = 1.0
    red: float = 1.0
    green: float = 1.0
    blue: float = 1.0


@dataclass(frozen=True)
class Mapping:
    """Everything of one output; `crop` is left, bottom, width and height, shares of the picture.

    `rotate` turns it counter-clockwise by so many degrees, `flip` mirrors along x, y or both after
    that. `corners` are as CORNERS, convex.
    """

    crop: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    rotate: int = 0
    flip: str = "none"
    corners: tuple[Point, ...] = CORNERS
    grid: Grid | None = None
    masks: tuple[Mask, ...] = ()
    blend: Blend = Blend()
    colour: Colour = Colour()

    @cached_property
    def plain(self) -> bool:
        """Whether the whole picture is shown as it is: one rectangle will do."""
        return self == Mapping()


@dataclass(frozen=True, slots=True)
class Output:
    """One window of the show: on which display (None: the last that is not the operator's), or of
    which size in pixels while it is windowed."""

    name: str = "Liquidlight"
    display: str | None = None
    fullscreen: bool = True
    size: tuple[int, int] = (1280, 720)
    mapping: Mapping = Mapping()


def convex(corners: tuple[Point, ...]) -> bool:
    """Whether four corners make a picture that can be pulled so: convex, and not too thin.

    One that is seen from behind, mirrored, is convex as well.
    """
    turns = []
    for n in range(4):
        (ax, ay), (bx, by), (cx, cy) = (corners[(n + k) % 4] for k in range(3))
        turns.append((bx - ax) * (cy - by) - (by - ay) * (cx - bx))
    return min(turns) > 1e-4 or max(turns) < -1e-4


def number(mapping: Mapping, key: str) -> float | None:
    """The number that the address `output.N.KEY` reaches, None if there is none such."""
    match key.split("."):
        case ["corner", n, "x" | "y" as axis] if n in ("1", "2", "3", "4"):
            return mapping.corners[int(n) - 1]["xy".index(axis)]
        case ["point", n, "x" | "y" as axis] if n.isdigit() and mapping.grid:
            points = mapping.grid.points
            return points[int(n) - 1]["xy".index(axis)] if 0 < int(n) <= len(points) else None
        case ["crop", side] if side in _SIDES:
            return mapping.crop[_SIDES.index(side)]
        case ["blend", name] if hasattr(mapping.blend, name):
            return getattr(mapping.blend, name)
        case [name] if hasattr(mapping.colour, name):
            return getattr(mapping.colour, name)
    return None


_SIDES = ("left", "bottom", "width", "height")


def with_number(mapping: Mapping, key: str, value: float) -> Mapping:
    """The mapping with that number, kept in its range; the same one where it cannot be so."""
    if number(mapping, key) is None:
        return mapping
    head, *rest = key.split(".")
    row = OUTPUT_PARAMS[f"{head}.{rest[-1]}" if rest else head]
    value = row.clamp(value)
    if head in ("corner", "point"):
        return with_point(mapping, head, int(rest[0]) - 1, {rest[1]: value})
    if head == "crop":
        sides = list(mapping.crop)
        sides[_SIDES.index(rest[0])] = value
        return replace(mapping, crop=tuple(sides))
    if head == "blend":
        return replace(mapping, blend=replace(mapping.blend, **{rest[0]: value}))
    return replace(mapping, colour=replace(mapping.colour, **{head: value}))


def with_point(mapping: Mapping, kind: str, n: int, moved: dict[str, float]) -> Mapping:
    """Corner or grid point `n` (from 0) moved to x, y or both; corners stay convex."""
    points = mapping.corners if kind == "corner" else mapping.grid.points
    x, y = points[n]
    changed = (*points[:n], (moved.get("x", x), moved.get("y", y)), *points[n + 1 :])
    if kind == "point":
        return replace(mapping, grid=replace(mapping.grid, points=changed))
    return replace(mapping, corners=changed) if convex(changed) else mapping
