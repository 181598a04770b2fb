"""The warp moves pictures as records.Pose says: compared with plain numpy."""

import math

import numpy as np
import pytest
import torch

from engine.diffusion.warp import LIMITS, limited, sharpen, warp
from engine.records import Pose

W, H = 96, 64


def blob(x, y, spread=6.0):
    """A soft dot x, y pixels right of and above the centre, as (1, 3, h, w)."""
    rows, columns = np.mgrid[0:H, 0:W]
    px, py = columns + 0.5 - W / 2, H / 2 - rows - 0.5
    dot = np.exp(-((px - x) ** 2 + (py - y) ** 2) / (2 * spread**2))
    return torch.tensor(dot, dtype=torch.float32).expand(1, 3, H, W).contiguous()


def centre_of(picture):
    dot = picture[0, 0].clamp(0, 1).numpy()
    rows, columns = np.mgrid[0:H, 0:W]
    mass = dot.sum()
    return (float(((columns + 0.5 - W / 2) * dot).sum() / mass),
            float(((H / 2 - rows - 0.5) * dot).sum() / mass))


@pytest.mark.parametrize(("motion", "expected"), [
    (Pose(x=0.125), (10 + 0.125 * W, 5)),
    (Pose(y=0.125), (10, 5 + 0.125 * H)),
    (Pose(log_zoom=math.log(1.5)), (15, 7.5)),
    (Pose(angle=30), (10 * math.cos(math.pi / 6) - 5 * 0.5, 10 * 0.5 + 5 * math.cos(math.pi / 6))),
])
def test_a_dot_goes_where_the_pose_says(motion, expected):
    x, y = centre_of(warp(blob(10, 5), motion))
    assert x == pytest.approx(expected[0], abs=0.3)
    assert y == pytest.approx(expected[1], abs=0.3)


def test_equals_a_numpy_warp_in_smooth_places():
    motion = Pose(log_zoom=0.1, angle=7.0, x=0.05, y=-0.04)
    field = lambda x, y: 0.5 + 0.3 * np.sin(x / 9) * np.cos(y / 11)  # noqa: E731
    rows, columns = np.mgrid[0:H, 0:W]
    px, py = columns + 0.5 - W / 2, H / 2 - rows - 0.5
    picture = torch.tensor(field(px, py), dtype=torch.float32).expand(1, 3, H, W).contiguous()
    got = warp(picture, motion)[0, 0].numpy()
    angle, zoom = math.radians(motion.angle), math.exp(motion.log_zoom)
    dx, dy = px - motion.x * W, py - motion.y * H
    old_x = (math.cos(angle) * dx + math.sin(angle) * dy) / zoom
    old_y = (-math.sin(angle) * dx + math.cos(angle) * dy) / zoom
    inside = (abs(old_x) < W / 2 - 3) & (abs(old_y) < H / 2 - 3)
    assert inside.mean() > 0.7
    assert np.abs(got - field(old_x, old_y))[inside].max() < 0.01


def test_no_motion_changes_nothing_and_edges_are_not_black():
    picture = torch.rand(1, 3, H, W)
    assert warp(picture, Pose()) is picture
    white = torch.ones(1, 3, H, W)
    assert warp(white, Pose(log_zoom=-0.4, angle=30, x=0.3)).min() > 0.99


def test_a_long_pause_is_no_leap():
    far = limited(Pose(log_zoom=9, angle=-720, x=math.nan, y=3))
    assert far == Pose(LIMITS.log_zoom, -LIMITS.angle, 0.0, LIMITS.y)


def test_sharpening_steepens_an_edge():
    edge = torch.zeros(1, 3, 8, 8)
    edge[..., 4:] = 0.5
    assert sharpen(edge, 0.5)[0, 0, 0, 4] > 0.55
    assert sharpen(edge, 0.0) is edge
