"""Half way between two pictures shapes are half way, once each, instead of twice and pale."""

import moving
import numpy as np
import pytest

from engine.records import FrameParams, Pose
from engine.render.flow import Flow
from engine.render.frames import FrameFader
from engine.render.shots import Shot

FADE = 0.125


@pytest.fixture
def fader(gl):
    made = FrameFader(gl, moving.SIZE)
    yield made
    made.release()


@pytest.fixture
def target(gl):
    return gl.framebuffer([gl.texture(moving.SIZE, 3)])


def read(target):
    seen = np.frombuffer(target.read(components=3, alignment=1), np.uint8)
    return seen.reshape(moving.SIZE[1], moving.SIZE[0], 3)[::-1]


def params(time, flow, pose=Pose(), **more):  # noqa: B008 - frozen
    return FrameParams(1, time, 0.01, crossfade=FADE, flow=flow, pose=pose, **more)


def fades(fader, target, first, second, flow, at=(0.25, 0.5, 0.75), poses=None):
    """What is seen at shares of the fade from the first picture to the second, at 1.0 s."""
    poses = poses or (Pose(), Pose(), Pose())
    fader.take(moving.frame(first, 1, poses[0]))
    fader.draw(target, params(0.0, flow, poses[0]))
    fader.take(moving.frame(second, 2, poses[1]))
    fader.draw(target, params(1.0, flow, poses[1]))
    seen = []
    for share in at:
        fader.draw(target, params(1.0 + share * FADE, flow, poses[2]))
        seen.append(read(target))
    return seen


def pictures(travelled):
    return moving.scene(*moving.places(moving.SOURCE), travelled)


def test_half_way_is_nearer_to_the_truth_by_far(fader, target):
    u, v = moving.places(moving.SIZE)
    found = {}
    for flow in (0.0, 1.0):
        seen = fades(fader, target, pictures(0.0), pictures(1.0), flow)
        truth = [moving.scene(u, v, share) for share in (0.25, 0.5, 0.75)]
        found[flow] = [moving.psnr(a, b) for a, b in zip(seen, truth, strict=True)]
    assert all(b > a + 8.0 for a, b in zip(found[0.0], found[1.0], strict=True)), found


def test_no_ghost_stays_behind_or_runs_ahead(fader, target):
    """Along the way of a light disc on dark there is one disc, as light as it ever was."""
    rows, columns = np.mgrid[0:144, 0:256]
    discs = [
        (220 / (1 + np.exp(np.hypot(columns - x, rows - 72) - 20))).astype(np.uint8)[..., None]
        .repeat(3, 2) for x in (112, 136)
    ]  # fmt: skip
    plain, flowing = (
        fades(fader, target, *discs, flow, at=(0.5,))[0][90, :, 0].astype(int) for flow in (0, 1)
    )
    pale = [int(((row > 60) & (row < 170)).sum()) for row in (plain, flowing)]
    assert pale[0] >= 50, "the plain mix has a pale one on each side"
    assert pale[1] <= 12
    assert flowing[155:166].min() > 200 and (flowing > 110).sum() == pytest.approx(50, abs=4)


def test_what_comes_from_nowhere_still_fades(fader, target):
    noise = [np.random.default_rng(n).integers(0, 256, (18, 32, 3), np.uint8) for n in (1, 2)]
    first, second = (one.repeat(8, 0).repeat(8, 1) for one in noise)
    plain, flowing = (fades(fader, target, first, second, flow, at=(0.5,))[0] for flow in (0, 1))
    assert moving.psnr(plain, flowing) > 14.0
    assert abs(flowing.astype(float).mean() - plain.mean()) < 3.0


def test_the_same_picture_twice_stands_still(fader, target):
    plain, flowing = (fades(fader, target, pictures(0), pictures(0), flow)[1] for flow in (0, 1))
    assert moving.psnr(plain, flowing) > 50.0


def test_a_fade_begins_at_the_old_picture_and_ends_at_the_new(fader, target):
    first, last = fades(fader, target, pictures(0), pictures(1), 1.0, at=(0.0, 1.0))
    old, new = (moving.scene(*moving.places(moving.SIZE), n) for n in (0, 1))
    assert moving.psnr(first, old) > 33 and moving.psnr(last, new) > 33


def test_the_flow_is_that_of_what_the_camera_does_not_explain(fader, target):
    """Both pictures are moved by the camera first; then it goes on during the fade."""
    speed = Pose(log_zoom=0.8, angle=60.0, swirl=100.0)
    poses = [Pose().moved(speed, time) for time in (0.0, 0.1, 0.1 + FADE / 2)]
    u, v, _ = moving.true_places(speed, 0.1)
    later_u, later_v, inside = moving.true_places(speed, 0.1 + FADE / 2)
    truth = moving.scene(later_u, later_v, 0.5)
    found = []
    for flow in (0.0, 1.0):
        second = moving.scene(u, v, 1.0)
        seen = fades(fader, target, pictures(0), second, flow, at=(0.5,), poses=poses)[0]
        found.append(moving.psnr(seen[inside], truth[inside]))
    assert found[1] > 30.0 and found[1] > found[0] + 4.0, found


def test_a_picture_in_the_middle_of_a_flowing_fade_does_not_jump(fader, target):
    before = fades(fader, target, pictures(0), pictures(1), 1.0, at=(0.5,))[0]
    fader.take(moving.frame(pictures(2), 3))
    fader.draw(target, params(1.0 + 0.5 * FADE, 1.0))
    assert moving.psnr(read(target), before) > 34.0


def test_the_ways_are_the_screens_parts_that_shapes_went(gl):
    flow = Flow(gl, moving.SIZE)
    shots = []
    for travelled in (0.0, 1.0):
        picture = moving.scene(*moving.places(moving.SIZE), travelled)
        texture = gl.texture(moving.SIZE, 3, picture.tobytes(), alignment=1)
        shots.append(Shot(texture, Pose()))
    flow.find(shots[1], shots[0], Pose(), "mirror")
    width, height = flow.texture.size
    ways = np.frombuffer(flow.texture.read(), np.float32).reshape(height, width, 2)[::-1]
    for kind, x, y, _, _, way in moving.SHAPES:
        u, v = x + way[0] / 2, y + way[1] / 2
        found = ways[int((0.5 - v) * height), int((u / moving.ASPECT + 0.5) * width)]
        assert found == pytest.approx((way[0] / moving.ASPECT, way[1]), abs=0.012), kind
    flow.release()


def test_light_that_changes_is_no_motion(fader, target):
    dark = (pictures(0) * 0.55 + 10).astype(np.uint8)
    plain, flowing = (
        fades(fader, target, dark, pictures(0), flow, at=(0.5,))[0] for flow in (0, 1)
    )
    assert moving.psnr(plain, flowing) > 38.0


def test_every_program_is_used_before_the_first_picture_and_nothing_is_seen_of_it(fader, target):
    count = 0
    while fader.rehearse(target):
        count += 1
    assert count == 4 and fader.empty
    assert moving.psnr(fades(fader, target, pictures(0), pictures(0), 1.0)[1], moving.scene(
        *moving.places(moving.SIZE))) > 33
    assert not fader.rehearse(target)


def test_without_flows_it_is_a_plain_fade_whatever_a_look_wants(gl, target):
    fader = FrameFader(gl, moving.SIZE, flows=False)
    seen = [fades(fader, target, pictures(0), pictures(1), flow, at=(0.5,))[0] for flow in (0, 1)]
    assert np.array_equal(*seen) and fader.rehearse(target) is False
    fader.release()
