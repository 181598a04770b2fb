"""Where each part of a mapped picture lies: fitting, corner pin and grid as a mesh of triangles.

A Mapping and sizes flow in; vertices (x, y, w in homogeneous clip coordinates; the place on the
picture's surface 0..1, y up) and triangles flow out. The corner pin is the projective map of a
square to four points (P. Heckbert, Fundamentals of Texture Mapping and Image Warping, 1989,
section 2.2.3): its w makes the GPU's interpolation exact. The grid is a Catmull-Rom surface through
its points. numpy only; called when a mapping changes, never for each frame.
"""

from __future__ import annotations

import numpy as np

from engine.render.mapping import Grid, Mapping, Point

Size = tuple[int, int]
Rect = tuple[float, float, float, float]
STEPS = 8
"""Pieces of each cell of a grid, along each side."""


def fitted(mapping: Mapping, canvas: Size, target: Size) -> Rect:
    """Left, bottom, width and height (0..1 of the output) where the picture lies whole."""
    across, up = canvas[0] * mapping.crop[2], canvas[1] * mapping.crop[3]
    if mapping.rotate in (90, 270):
        across, up = up, across
    scale = min(target[0] / across, target[1] / up)
    # Whole pixels, as the plain way has them, so that an even picture stays sharp.
    width, height = round(across * scale), round(up * scale)
    left, bottom = (target[0] - width) // 2, (target[1] - height) // 2
    return left / target[0], bottom / target[1], width / target[0], height / target[1]


def turned(mapping: Mapping) -> tuple[tuple[float, ...], tuple[float, float]]:
    """A matrix, by columns, and a shift: `uv = turn @ at + shift` from surface to picture."""
    c, s = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[mapping.rotate // 90]
    matrix = np.array([[c, s], [-s, c]])  # A picture that is turned is looked up turned back.
    matrix = matrix @ np.diag([-1.0 if mapping.flip in (axis, "both") else 1.0 for axis in "xy"])
    left, bottom, width, height = mapping.crop
    matrix = np.diag([width, height]) @ matrix
    shift = np.array([left + 0.5 * width, bottom + 0.5 * height]) - matrix @ (0.5, 0.5)
    return tuple(map(float, matrix.T.ravel())), tuple(map(float, shift))


def homography(corners: tuple[Point, ...]) -> np.ndarray:
    """The 3x3 matrix that takes the unit square to `corners`, in the order of CORNERS."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = (corners[n] for n in (3, 2, 1, 0))
    sums = np.array([x0 - x1 + x2 - x3, y0 - y1 + y2 - y3])
    sides = np.array([[x1 - x2, x3 - x2], [y1 - y2, y3 - y2]])
    g, h = np.linalg.solve(sides, sums)
    return np.array([
        [x1 - x0 + g * x1, x3 - x0 + h * x3, x0],
        [y1 - y0 + g * y1, y3 - y0 + h * y3, y0],
        [g, h, 1.0],
    ])  # fmt: skip


def moved(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (n, 2) through a homography."""
    full = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return full[:, :2] / full[:, 2:]


def bent(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """A grid's fine mesh: places on the surface, and where they lie, both (rows, columns, 2).

    Rows go from the top. Points are met exactly, and an even grid is flat.
    """
    points = np.array(grid.points).reshape(grid.rows, grid.columns, 2)
    down, across = _weights(grid.rows), _weights(grid.columns)
    lie = np.einsum("ra,abk,cb->rck", down, points, across)
    y, x = np.linspace(1.0, 0.0, len(down)), np.linspace(0.0, 1.0, len(across))
    return np.stack(np.meshgrid(x, y), axis=-1), lie


def _weights(count: int) -> np.ndarray:
    """Catmull-Rom weights (steps, count) of the points of a line; ends go on straight."""
    rows = np.zeros(((count - 1) * STEPS + 1, count + 2))
    for n in range(len(rows)):
        cell = min(n // STEPS, count - 2)
        t = n / STEPS - cell
        rows[n, cell : cell + 4] = 0.5 * np.array([
            -t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2
        ])  # fmt: skip
    weights = rows[:, 1:-1]
    for end, one, two in ((rows[:, 0], 0, 1), (rows[:, -1], -1, -2)):
        weights[:, one] += 2.0 * end
        weights[:, two] -= end
    return weights


def mesh(mapping: Mapping, rect: Rect) -> tuple[np.ndarray, np.ndarray]:
    """Vertices float32 (n, 5): x, y, w, and the place on the surface; triangles int32 (m, 3)."""
    even = mapping.grid is None or mapping.grid.is_even
    at, lie = bent(Grid.even(2, 2) if even else mapping.grid)
    if even:
        at, lie = at[::STEPS, ::STEPS], lie[::STEPS, ::STEPS]
    rows, columns = at.shape[:2]
    full = np.column_stack([lie.reshape(-1, 2), np.ones(rows * columns)])
    x, y, w = (full @ homography(mapping.corners).T).T
    left, bottom, width, height = rect
    clip = [2.0 * (left * w + width * x) - w, 2.0 * (bottom * w + height * y) - w, w]
    vertices = np.column_stack([*clip, at.reshape(-1, 2)]).astype("f4")
    first = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    cells = [first, first + 1, first + columns, first + 1, first + columns + 1, first + columns]
    return vertices, np.stack(cells, axis=1).reshape(-1, 3).astype("i4")


def grid_places(mapping: Mapping) -> tuple[Point, ...]:
    """Where the points of the grid lie once the corners are pulled, in the corners' own shares."""
    pulled = moved(homography(mapping.corners), np.array(mapping.grid.points))
    return tuple((float(x), float(y)) for x, y in pulled)


def before_corners(mapping: Mapping, point: Point) -> Point:
    """The place that the corners pull to `point`."""
    x, y = moved(np.linalg.inv(homography(mapping.corners)), np.array([point]))[0]
    return float(x), float(y)
