"""Motion blur: the mean of light, moments that leave no memory, films equal but for the blur."""

from dataclasses import replace

import numpy as np
import pytest

from engine.records import Effect, Frame, FrameParams, Layer, Pose
from engine.render.compositor import Compositor
from engine.render.motion_blur import MotionBlur
from engine.render.offscreen import Offscreen
from engine.shutter import Shutter

SIZE = (64, 36)


@pytest.fixture(scope="module")
def stage():
    stage = Offscreen(SIZE, None)
    yield stage
    stage.close()


def grey(stage, value):
    return stage.ctx.texture(SIZE, 4, bytes([value, value, value, 255]) * (SIZE[0] * SIZE[1]))


def test_light_is_averaged_and_not_its_code(stage):
    blur = MotionBlur(stage.ctx, SIZE)
    for value in (0, 0, 0):
        blur.add(grey(stage, value), 1.0)
    assert blur.count == 3
    mean = blur.read(grey(stage, 255), 1.0)
    assert mean.shape == (36, 64, 3)
    assert np.abs(mean.astype(int) - round(255 * 0.25 ** (1 / 2.2))).max() <= 1
    blur.add(grey(stage, 200), 0.5)
    assert np.abs(blur.read(grey(stage, 200), 0.5).astype(int) - 100).max() <= 1
    blur.close()


@pytest.mark.parametrize("value", range(0, 256, 15))
def test_what_stands_still_stays_as_it_is(stage, value):
    blur = MotionBlur(stage.ctx, SIZE)
    for _ in range(7):
        blur.add(grey(stage, value), 1.0)
    assert (blur.read(grey(stage, value), 1.0) == value).all()
    blur.close()


def test_the_shutter_is_open_up_to_the_picture_s_own_time():
    assert Shutter().times(30, 30.0) == [1.0]
    times = Shutter(4, 180.0).times(30, 30.0)
    assert times[-1] == 1.0 and np.allclose(np.diff(times), 1 / 30 / 8)
    assert Shutter(3, 360.0).times(0, 30.0) == [0.0, 0.0, 0.0]
    joined = [t for n in range(4) for t in Shutter(5, 360.0).times(n, 24.0)]
    assert joined == sorted(joined)


def show(time, index):
    """A picture that turns under trails, and a shader that remembers."""
    return FrameParams(
        index, time, 1 / 30, pose=Pose(0.0, 90.0 * time, 0.0, 0.0), flash_limit=False,
        layers=(Layer("generator"), Layer("shader", "plasma", 0.5, "screen")),
        effects=(Effect("trails", (("amount", 0.9),)),), preset="one",
    )


def film(stage, shutter, count=12):
    """The pictures of a film without a model, a new one generated every fourth."""
    compositor = Compositor(stage.ctx, SIZE, patient=True)
    compositor.prepare(show(0.0, 0))
    blur, seen = MotionBlur(stage.ctx, SIZE), []
    own = []
    for n in range(count):
        *passing, time = shutter.times(n, 30.0)
        for moment in passing:
            blur.add(*compositor.draw_passing(show(moment, n)))
        params = show(time, n)
        if n % 4 == 0:
            picture = np.zeros((36, 64, 3), np.uint8)
            picture[:, 28 + n :] = 240
            compositor.show(Frame(n + 1, picture, params, time))
        compositor.draw(params)
        own.append(compositor.read())
        seen.append(blur.read(*compositor.picture))
    assert not compositor.faults
    compositor.release()
    blur.close()
    return np.array(own).astype(int), np.array(seen).astype(int)


def test_moments_between_leave_the_pictures_themselves_as_they_were(stage):
    """Feedback, fades and what begins: each picture's own moment is that of a film without blur."""
    sharp, same = film(stage, Shutter())
    assert np.abs(sharp - same).max() <= 1
    own, blurred = film(stage, Shutter(6, 180.0))
    assert (own == sharp).all()
    assert np.abs(blurred - sharp).mean() > 0.3, "and what is seen is blurred"
    again, _ = film(stage, Shutter(6, 180.0))
    assert (again == own).all()


def test_an_edge_that_moves_is_smeared_over_its_way(stage):
    """A step that travels 12 columns in a picture's time is a ramp of 12 with a whole turn open."""
    compositor = Compositor(stage.ctx, SIZE, patient=True)
    picture = np.zeros((36, 64, 3), np.uint8)
    picture[:, 32:] = 255
    blur, still = MotionBlur(stage.ctx, SIZE), FrameParams(0, 0.0, 1 / 30, crossfade=0.0)
    compositor.draw(still)
    compositor.show(Frame(1, picture, still, 0.0))
    compositor.draw(still)

    def at(time):
        moved = Pose(0.0, 0.0, -12.0 / 64.0 * 30.0 * time, 0.0)
        return replace(still, index=1, time=time, pose=moved)

    *passing, last = Shutter(12, 360.0).times(1, 30.0)
    for moment in passing:
        blur.add(*compositor.draw_passing(at(moment)))
    compositor.draw(at(last))
    row = blur.read(*compositor.picture)[18, :, 0].astype(int)
    grey = ((row > 20) & (row < 245)).nonzero()[0]
    assert 9 <= len(grey) <= 13 and grey.min() >= 19 and grey.max() <= 33
    assert (np.diff(row[18:36]) >= 0).all()
    compositor.release()
    blur.close()
