"""The maps of a Pose difference: what they do to places, and that drawn twice is drawn once."""

import math
from dataclasses import replace

import numpy as np
import pytest

from engine.motion import LEAST_DEPTH, STEP_LIMITS, limited, origins, velocity_of
from engine.params import PARAMS
from engine.records import Pose

ASPECT = 16 / 9
V, U = np.mgrid[-0.45:0.45:19j, -0.8:0.8:33j]
ADDITIVE = (
    Pose(log_zoom=0.1), Pose(angle=12.0), Pose(x=0.1, y=-0.05), Pose(tilt_x=6.0, tilt_y=-4.0),
    Pose(swirl=20.0), Pose(bulge=0.2), Pose(sway_x_cos=0.03, sway_x_sin=-0.02),
    Pose(sway_y_cos=0.03, sway_y_sin=0.01),
)  # fmt: skip


def twice(motion):
    return origins(motion, *origins(motion, U, V, ASPECT), ASPECT)


@pytest.mark.parametrize("motion", ADDITIVE, ids=lambda pose: str(pose.parts))
def test_drawn_twice_is_drawn_once_with_both(motion):
    once = origins(motion.and_then(motion), U, V, ASPECT)
    assert np.allclose(twice(motion), once, atol=1e-12)


def test_rings_add_up_nearly_for_they_are_small():
    motion = Pose(ripple_cos=0.004, ripple_sin=0.003)
    away = np.hypot(*(np.subtract(twice(motion), origins(motion.and_then(motion), U, V, ASPECT))))
    assert 0.0 < away.max() < 0.002


@pytest.mark.parametrize(
    ("motion", "place", "was_at"),
    [
        (Pose(tilt_x=10.0), (0.0, 0.4), (0.0, 0.4 / (1 - math.radians(10) * 0.4))),
        (Pose(tilt_y=10.0), (-0.6, 0.0), (-0.6 / (1 + math.radians(10) * 0.6), 0.0)),
        (Pose(swirl=90.0), (1e-3, 0.0), (0.0, -1e-3)),
        (Pose(bulge=math.log(2.0)), (0.002, 0.0), (0.001, 0.0)),
        (Pose(ripple_cos=0.01), (0.0625, 0.0), (0.0625 - 0.01 * 0.0625 / 0.06932, 0.0)),
        (Pose(sway_x_cos=0.05), (0.1, 0.25), (0.05, 0.25)),
        (Pose(sway_y_cos=0.05), (0.325, 0.1), (0.325, 0.05)),
    ],
)  # fmt: skip
def test_each_part_moves_as_it_says(motion, place, was_at):
    u, v = origins(motion, np.array(place[0]), np.array(place[1]), ASPECT)
    assert (float(u), float(v)) == pytest.approx(was_at, abs=2e-5)


def test_corners_stay_where_lens_and_swirl_end():
    corner = np.array(ASPECT / 2), np.array(0.5)
    moved = origins(Pose(swirl=80.0, bulge=0.7), *corner, ASPECT)
    assert np.allclose(moved, corner, atol=1e-12)


def test_a_picture_tilted_too_far_stays_before_the_eye():
    u, v = origins(Pose(tilt_x=89.0, tilt_y=89.0), U, V, ASPECT)
    assert np.isfinite(u).all() and np.abs(v).max() <= np.abs(V).max() / LEAST_DEPTH + 1e-9


def test_poses_are_numbers_that_add():
    a = Pose(*np.arange(14.0).tolist())
    assert Pose(*a.parts) == a and a.and_then(a).since(a) == a
    assert Pose().moved(a, 0.5).parts == tuple(n / 2 for n in range(14))
    assert Pose(0.1, 2.0, 0.3, 0.4).bends is False and Pose(sway_y_sin=1e-3).bends is True


def test_limits_hold_every_part_and_refuse_what_is_no_number():
    far = limited(Pose(*[1e9] * 13, math.nan))
    assert far == replace(STEP_LIMITS, sway_y_sin=0.0)


def test_a_ring_leaves_at_every_beat_and_waves_travel():
    numbers = {name: param.default for name, param in PARAMS.items()} | {"motion.ripple": 0.2}
    assert velocity_of(numbers.__getitem__, 7.0).ripple_cos == pytest.approx(0.2)
    assert velocity_of(numbers.__getitem__, 7.25).ripple_sin == pytest.approx(0.2)
    assert velocity_of(numbers.__getitem__, 7.5).ripple_cos == pytest.approx(-0.2)
    numbers |= {"motion.ripple": 0.0, "motion.sway": 0.3, "motion.tilt_x": 5.0}
    pose = velocity_of(numbers.__getitem__, 3.0)
    assert pose.tilt_x == 5.0 and math.hypot(pose.sway_x_cos, pose.sway_x_sin) == pytest.approx(0.3)
    assert pose.sway_y_cos != pose.sway_x_cos and not pose.ripple_cos


def test_a_look_that_stands_still_has_no_velocity():
    numbers = {name: param.default for name, param in PARAMS.items()}
    assert velocity_of(numbers.__getitem__, 12.3) == Pose()
