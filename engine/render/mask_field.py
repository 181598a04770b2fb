"""The masks of an output as one small picture of distances, so that their edges stay sharp.

Polygons flow in; flows out, for each point, how far inside what is seen it lies, in widths of the
edge: below -0.5 nothing is seen, above 0.5 all. Between the points this may be interpolated, for
distances are straight. numpy only; called when masks change, never for each frame.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.render.mapping import Mask

LONGEST = 384
"""Points along the longer side."""
_FAR = 1000.0


def mask_field(masks: Sequence[Mask], size: tuple[int, int]) -> np.ndarray:
    """float16 (h, w), first row at the bottom, for an output of `size` pixels."""
    scale = min(1.0, LONGEST / max(size))
    width, height = (max(2, round(side * scale)) for side in size)
    aspect = size[0] / size[1]
    x = (np.arange(width, dtype="f4") + 0.5) / width * aspect
    y = (np.arange(height, dtype="f4") + 0.5) / height
    seen = np.full((height, width), _FAR, "f4")
    shown = [_distance(mask, x, y, aspect, size[1]) for mask in masks if mask.shows == "inside"]
    if shown:
        seen = np.maximum.reduce(shown)
    for mask in masks:
        if mask.shows == "outside":
            seen = np.minimum(seen, -_distance(mask, x, y, aspect, size[1]))
    return np.clip(seen, -_FAR, _FAR).astype("f2")


def _distance(
    mask: Mask, x: np.ndarray, y: np.ndarray, aspect: float, rows: int
) -> np.ndarray:
    """How far inside the polygon each point lies, in widths of its edge, at least a pixel."""
    corners = np.array(mask.points, "f4") * (aspect, 1.0)
    nearest = np.full((len(y), len(x)), np.inf, "f4")
    inside = np.zeros((len(y), len(x)), bool)
    px, py = x[None, :], y[:, None]
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        dx, dy = bx - ax, by - ay
        along = ((px - ax) * dx + (py - ay) * dy) / max(dx * dx + dy * dy, 1e-12)
        along = np.clip(along, 0.0, 1.0)
        far = np.hypot(px - ax - along * dx, py - ay - along * dy)
        nearest = np.minimum(nearest, far)
        if ay != by:  # Even-odd: a ray to the right crosses the edge.
            inside ^= ((ay > py) != (by > py)) & (px < dx * (py - ay) / (by - ay) + ax)
    return np.where(inside, nearest, -nearest) / max(mask.soft, 1.0 / rows)
