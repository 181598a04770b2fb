"""The warp moves pictures as records.Pose says: compared with plain numpy."""

import math

import numpy as np
import pytest
import torch

from engine.diffusion.warp import Ground, Warper, sharpen, warp
from engine.motion import origins
from engine.params import EDGES
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


BENT = Pose(0.05, 4.0, 0.02, -0.03, 8.0, -5.0, 25.0, 0.15, 0.006, -0.004, 0.02, 0.03, -0.02, 0.01)


@pytest.mark.parametrize("motion", [
    BENT, Pose(tilt_x=12.0), Pose(swirl=-40.0), Pose(bulge=0.3), Pose(ripple_sin=0.01),
    Pose(sway_x_cos=0.05), Pose(sway_y_sin=0.05),
], ids=lambda pose: str(pose.parts))
def test_the_grid_is_that_of_the_definition(motion):
    ground = Ground(H, W)
    for _ in range(2):  # the buffers are used again
        ground.travel(motion)
    rows, columns = np.mgrid[0:H, 0:W]
    places = (columns + 0.5 - W / 2) / H, (H / 2 - rows - 0.5) / H
    u, v = origins(motion, *places, W / H)
    assert np.abs(ground.u.numpy() - u).max() < 2e-6
    assert np.abs(ground.v.numpy() - v).max() < 2e-6


def test_a_bent_picture_is_read_where_the_definition_says():
    field = lambda u, v: 0.5 + 0.3 * np.sin(7 * u) * np.cos(6 * v)  # noqa: E731
    rows, columns = np.mgrid[0:H, 0:W]
    places = (columns + 0.5 - W / 2) / H, (H / 2 - rows - 0.5) / H
    picture = torch.tensor(field(*places), dtype=torch.float32).expand(1, 3, H, W)
    u, v = origins(BENT, *places, W / H)
    inside = (abs(u) < W / H / 2 - 0.04) & (abs(v) < 0.46)
    assert inside.mean() > 0.7
    assert np.abs(warp(picture, BENT)[0, 0].numpy() - field(u, v))[inside].max() < 0.01


@pytest.mark.parametrize(("edges", "expected"), [
    ("mirror", [3, 2, 1, 0, 0, 1]), ("repeat", [4, 5, 6, 7, 0, 1]),
    ("smear", [0, 0, 0, 0, 0, 1]), ("dark", [-9, -9, -9, -9, 0, 1]),
])
def test_what_comes_in_over_the_edge(edges, expected):
    columns = torch.arange(8.0).expand(1, 3, 4, 8) + 9.0
    seen = warp(columns, Pose(x=0.5), edges)[0, 0, 1] - 9.0
    assert torch.allclose(seen[:6], torch.tensor(expected, dtype=torch.float32), atol=1e-4)
    assert edges in EDGES


def test_a_warper_keeps_its_buffers_and_takes_another_size():
    warper = Warper()
    for size in ((H, W), (H, W), (20, 30)):
        assert warper(torch.ones(1, 3, *size), BENT).shape == (1, 3, *size)
    half = warper(torch.rand(1, 3, 20, 30).half(), BENT)
    assert half.dtype == torch.float16 and half.isfinite().all()


def test_sharpening_steepens_an_edge():
    edge = torch.zeros(1, 3, 8, 8)
    edge[..., 4:] = 0.5
    assert sharpen(edge, 0.5)[0, 0, 0, 4] > 0.55
    assert sharpen(edge, 0.0) is edge
