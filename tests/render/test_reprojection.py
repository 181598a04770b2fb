"""A picture moved on by the display equals the true one, and what torch feeds back."""

from dataclasses import replace

import moving
import numpy as np
import pytest
import torch

from engine.diffusion.warp import warp
from engine.params import EDGES
from engine.records import FrameParams, Pose
from engine.render.frames import FrameFader

SPEEDS = {
    "zoom and turn": Pose(log_zoom=0.6, angle=40.0, x=0.1),
    "tilt": Pose(log_zoom=0.3, tilt_x=45.0, tilt_y=-20.0),
    "swirl": Pose(log_zoom=0.2, swirl=120.0),
    "bulge": Pose(bulge=0.8, angle=-20.0),
    "ripple": Pose(log_zoom=0.2, ripple_cos=0.1, ripple_sin=-0.05),
    "sway": Pose(sway_x_cos=0.2, sway_x_sin=0.1, sway_y_cos=-0.15, sway_y_sin=0.2),
    "all": Pose(0.2, 10.0, 0.05, -0.05, 15.0, 10.0, 40.0, 0.3, 0.05, 0.0, 0.1, 0.0, 0.0, 0.1),
}


@pytest.fixture
def fader(gl):
    made = FrameFader(gl, moving.SIZE)
    yield made
    made.release()


def drawn(gl, fader, picture, params):
    target = gl.framebuffer([gl.texture(moving.SIZE, 3)])
    fader.take(moving.frame(picture))
    fader.draw(target, params)
    seen = np.frombuffer(target.read(components=3, alignment=1), np.uint8)
    return seen.reshape(moving.SIZE[1], moving.SIZE[0], 3)[::-1]


def moved(pose, **more):
    return FrameParams(1, 0.1, 0.1, pose=pose, crossfade=0.0, **more)


@pytest.mark.parametrize("name", SPEEDS)
def test_a_tenth_of_a_second_later_it_is_the_true_picture(gl, fader, name):
    picture = moving.scene(*moving.places(moving.SOURCE))
    seen = drawn(gl, fader, picture, moved(Pose().moved(SPEEDS[name], 0.1)))
    u, v, inside = moving.true_places(SPEEDS[name], 0.1)
    true = moving.scene(u, v)
    still = moving.scene(*moving.places(moving.SIZE))
    assert inside.mean() > 0.8
    found = moving.psnr(seen[inside], true[inside])
    assert found > 40.0 and found > moving.psnr(still[inside], true[inside]) + 15.0


@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("name", ["zoom and turn", "all"])
def test_feedback_and_display_move_pictures_alike(gl, fader, name, edges):
    picture = moving.scene(*moving.places(moving.SIZE))
    motion = replace(Pose().moved(SPEEDS[name], 0.3), x=0.2)
    seen = drawn(gl, fader, picture, moved(motion, edges=edges))
    tensor = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float()
    fed = warp(tensor, motion, edges).clamp(0, 255)[0].permute(1, 2, 0).numpy()
    assert moving.psnr(seen, fed) > (45.0 if edges != "dark" else 36.0)


def test_a_picture_whose_model_is_away_is_bent_so_far_and_no_further(gl, fader):
    picture = moving.scene(*moving.places(moving.SOURCE))
    far = Pose(tilt_x=90.0, swirl=3000.0, bulge=9.0, sway_x_cos=4.0)
    most = Pose(tilt_x=30.0, swirl=360.0, bulge=2.0, sway_x_cos=0.2)
    seen = drawn(gl, fader, picture, moved(far))
    assert np.array_equal(seen, drawn(gl, fader, picture, moved(most)))
    assert seen.std() > 20


def test_repeat_has_no_seam(gl, fader):
    across = 127 + 100 * np.sin(np.arange(256) * 2 * np.pi / 256)
    picture = np.repeat(across[None, :, None], 144, 0).repeat(3, 2).astype(np.uint8)
    seen = drawn(gl, fader, picture, moved(Pose(x=0.5), edges="repeat")).astype(int)
    assert np.abs(np.diff(seen[90, :, 0])).max() <= 3
