"""Moves the last picture on by the camera's motion before it is drawn over again.

A picture tensor and a Pose difference flow in, a picture of the same shape flows out; it runs
inside the generator's step. Conventions are those of records.Pose: zoom and turn about the
centre first, then shift; positive angle is counter-clockwise, positive x right, positive y up.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from engine.records import Pose

LIMITS = Pose(log_zoom=0.5, angle=45.0, x=0.35, y=0.35)
"""The largest motion of one step: after a long pause the picture does not leap away."""
_STILL = 1e-6


def limited(motion: Pose) -> Pose:
    """The motion, each part within +-LIMITS; what is no number counts as no motion."""

    def clamp(value: float, limit: float) -> float:
        return max(-limit, min(limit, value)) if math.isfinite(value) else 0.0

    return Pose(
        clamp(motion.log_zoom, LIMITS.log_zoom), clamp(motion.angle, LIMITS.angle),
        clamp(motion.x, LIMITS.x), clamp(motion.y, LIMITS.y),
    )


def is_still(motion: Pose) -> bool:
    """True when nothing would move: then resampling, which softens, is left out."""
    parts = (motion.log_zoom, motion.angle, motion.x, motion.y)
    return all(abs(part) < _STILL for part in parts)


def inverse_matrix(motion: Pose, width: int, height: int) -> list[list[float]]:
    """The 2x3 matrix that takes a place in the new picture to its place in the old one.

    Places are grid_sample's: x right, y DOWN, both -1..1 over the picture's edges. In pixels
    from the centre, y up: old = R(-angle) (new - shift) / zoom.
    """
    zoom = math.exp(-motion.log_zoom)
    angle = math.radians(motion.angle)
    c, s = math.cos(angle) * zoom, math.sin(angle) * zoom
    aspect = width / height
    # A turn in pixels, written in -1..1 units; y down mirrors the sense of the turn.
    a = [[c, -s / aspect], [s * aspect, c]]
    dx, dy = 2 * motion.x, -2 * motion.y
    return [[a[0][0], a[0][1], -(a[0][0] * dx + a[0][1] * dy)],
            [a[1][0], a[1][1], -(a[1][0] * dx + a[1][1] * dy)]]


def warp(picture: torch.Tensor, motion: Pose) -> torch.Tensor:
    """The picture (1, 3, h, w) moved on by `motion`; edges are mirrored, never black.

    Bicubic, so that a hundred passes stay crisp; it may overshoot 0..1 a little.
    """
    if is_still(motion):
        return picture
    height, width = picture.shape[-2:]
    matrix = torch.tensor([inverse_matrix(motion, width, height)], dtype=torch.float32,
                          device=picture.device)
    grid = F.affine_grid(matrix, [1, 3, height, width], align_corners=False)
    return F.grid_sample(picture, grid.to(picture.dtype), mode="bicubic",
                         padding_mode="reflection", align_corners=False)


def sharpen(picture: torch.Tensor, amount: float) -> torch.Tensor:
    """Unsharp mask with a 3x3 box: picture + amount * (picture - blurred)."""
    if amount <= 0:
        return picture
    edged = F.pad(picture, (1, 1, 1, 1), mode="replicate")
    return picture + amount * (picture - F.avg_pool2d(edged, 3, stride=1))
