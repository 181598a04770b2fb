"""The compositor against numpy: where pixels go, how pictures fade, what the switches do."""

from dataclasses import replace

import numpy as np
import pytest

from engine.records import Effect, Frame, FrameParams, Pose
from engine.render.compositor import Compositor

SIZE = (160, 90)
PLAIN = FrameParams(index=1, time=1.0, dt=1 / 30, crossfade=0.1)


@pytest.fixture
def compositor(gl):
    made = Compositor(gl, SIZE)
    yield made
    made.release()


def frame(picture, number=1, pose=PLAIN.pose, time=0.9):
    return Frame(number, picture, FrameParams(number, time, 1 / 8, pose=pose), time)


def drawn(compositor, **changes):
    compositor.draw(replace(PLAIN, **changes))
    return compositor.read()


def blob(x, y, size=SIZE):
    """A soft round light at (x, y) pixels from the top left."""
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    light = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 60.0)
    return (255 * light[..., None]).repeat(3, 2).astype(np.uint8)


def centre(picture):
    """Where the light is: x, y in pixels from the top left."""
    weight = picture[..., 0].astype(float)
    rows, columns = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    return (columns * weight).sum() / weight.sum(), (rows * weight).sum() / weight.sum()


def test_a_still_picture_is_exact(compositor, picture):
    compositor.show(frame(picture))
    assert np.array_equal(drawn(compositor), picture)


def test_the_waiting_picture_is_dark_alive_and_not_black(compositor):
    first, later = drawn(compositor), drawn(compositor, time=9.0, index=99)
    assert 3 < first.mean() < 90 and first.std() > 3
    assert np.abs(first.astype(int) - later).mean() > 1


@pytest.mark.parametrize(
    ("pose", "to"),
    [
        (Pose(x=0.25), (110, 35)),
        (Pose(y=0.2), (70, 17)),
        (Pose(log_zoom=np.log(1.5)), (79.5 - 9.5 * 1.5, 44.5 - 9.5 * 1.5)),
        (Pose(angle=30.0), (79.5 - 12.977, 44.5 - 3.477)),
        (Pose(log_zoom=np.log(2.0), x=0.1), (79.5 - 19.0 + 16.0, 44.5 - 19.0)),
    ],
)
def test_the_picture_moves_by_what_the_camera_travelled(compositor, pose, to):
    """Right, up, larger, counter-clockwise: the picture's own point lands where it should."""
    start = Pose(0.3, 20.0, 0.5, -0.25)
    compositor.show(frame(blob(70, 35), pose=start))
    moved = Pose(*(getattr(start, n) + getattr(pose, n) for n in ("log_zoom", "angle", "x", "y")))
    found = centre(drawn(compositor, pose=moved))
    assert found == pytest.approx(to, abs=0.35)


def test_uncovered_edges_are_mirrored(compositor, picture):
    compositor.show(frame(picture))
    seen = drawn(compositor, pose=Pose(x=0.25))
    assert np.abs(seen[:, 40:].astype(int) - picture[:, :120]).max() <= 1
    assert np.abs(seen[:, :40].astype(int) - picture[:, 39::-1]).max() <= 1


def test_a_square_picture_covers_the_screen(compositor):
    square = np.zeros((64, 64, 3), np.uint8)
    square[:, :, 0] = np.arange(64)[None, :] * 4
    square[:, :, 1] = np.arange(64)[:, None] * 4
    compositor.show(frame(square))
    seen = drawn(compositor).astype(int)
    assert seen[45, 1, 0] < 8 and seen[45, -2, 0] > 245, "its whole width is seen"
    top, bottom = seen[0, 80, 1], seen[-1, 80, 1]
    assert top == pytest.approx(252 * 0.21875, abs=8) and bottom == pytest.approx(196, abs=8)


def test_crossfade_half_way_is_the_mean_and_asking_twice_changes_nothing(compositor):
    dark, light = np.full((90, 160, 3), 40, np.uint8), np.full((90, 160, 3), 200, np.uint8)
    compositor.show(frame(dark))
    assert drawn(compositor, time=1.0).mean() == 40
    compositor.show(frame(light, number=2))
    assert drawn(compositor, time=2.0).mean() == 40, "a new picture begins at nothing"
    assert drawn(compositor, time=2.05).mean() == pytest.approx(120, abs=1)
    assert drawn(compositor, time=2.05).mean() == pytest.approx(120, abs=1)
    assert drawn(compositor, time=2.1).mean() == 200


def test_both_pictures_of_a_fade_are_moved_on(compositor):
    compositor.show(frame(blob(40, 45), pose=Pose()))
    drawn(compositor, time=1.0)
    compositor.show(frame(blob(40, 45), number=2, pose=Pose(x=0.1)))
    drawn(compositor, time=2.0, pose=Pose(x=0.1))
    seen = drawn(compositor, time=2.05, pose=Pose(x=0.3))
    columns = seen[45, :, 0].astype(int)
    assert columns[88] == pytest.approx(127, abs=4), "the older one, three tenths on"
    assert columns[72] == pytest.approx(127, abs=4), "the newer one, two tenths on"


def test_a_picture_in_the_middle_of_a_fade_does_not_jump(compositor):
    levels = [np.full((90, 160, 3), level, np.uint8) for level in (0, 100, 200)]
    compositor.show(frame(levels[0]))
    drawn(compositor, time=1.0)
    compositor.show(frame(levels[1], 2))
    drawn(compositor, time=2.0)
    before = drawn(compositor, time=2.05).mean()
    compositor.show(frame(levels[2], 3))
    assert drawn(compositor, time=2.05).mean() == pytest.approx(before, abs=1)
    assert drawn(compositor, time=2.1).mean() == pytest.approx((50 + 200) / 2, abs=2)
    assert drawn(compositor, time=2.15).mean() == 200


def test_the_first_picture_fades_in_from_the_waiting_one(compositor, picture):
    waiting = drawn(compositor, time=1.0)
    compositor.show(frame(picture))
    start = drawn(compositor, time=1.0)
    assert np.abs(start.astype(int) - waiting).max() <= 2
    assert np.array_equal(drawn(compositor, time=1.2), picture)


def test_blackout_opacity_and_freeze(compositor, picture):
    compositor.show(frame(picture))
    assert not drawn(compositor, blackout=True).any()
    half = drawn(compositor, opacity=0.5).astype(int)
    assert np.abs(half - picture / 2.0).max() <= 1
    assert np.array_equal(drawn(compositor), picture)
    held = drawn(compositor, freeze=True, time=1.0)
    compositor.show(frame(255 - picture, number=2))
    assert np.array_equal(drawn(compositor, freeze=True, time=5.0, pose=Pose(x=0.5)), held)
    assert not drawn(compositor, freeze=True, blackout=True).any(), "blackout works frozen"
    drawn(compositor, time=6.0)
    assert np.array_equal(drawn(compositor, time=7.0), 255 - picture)


def test_feedback_does_not_advance_when_frozen_or_asked_twice(compositor):
    trails = (Effect("trails", (("amount", 1.0), ("zoom", 1.0))),)
    compositor.show(frame(blob(80, 45)))
    for n in range(4):
        seen = drawn(compositor, effects=trails, index=n + 1, time=1 + n / 30)
    again = drawn(compositor, effects=trails, index=4, time=1 + 3 / 30)
    assert np.array_equal(seen, again)
    for _ in range(3):
        frozen = drawn(compositor, effects=trails, index=9, time=4.0, freeze=True)
    assert np.array_equal(seen, frozen)
    moved = drawn(compositor, effects=trails, index=5, time=1 + 4 / 30)
    assert not np.array_equal(seen, moved)


def test_effects_in_order_and_twice(compositor, picture):
    compositor.show(frame(picture))
    mirror = Effect("mirror", (("amount", 1.0), ("mode", 0.0)))
    hue = Effect("colour", (("hue", 0.5),))
    seen = drawn(compositor, effects=(mirror, hue, hue))
    expected = np.concatenate([picture[:, :80], picture[:, 79::-1]], axis=1)
    # Half a turn of hue leaves the cube, is clipped and turned back: compare the greys only.
    assert np.abs(seen[:, :80].astype(int) - seen[:, :79:-1]).max() <= 1
    only = drawn(compositor, effects=(mirror,), index=2)
    assert np.abs(only.astype(int) - expected).max() <= 1


def test_an_unknown_or_broken_effect_is_left_out_and_counted(gl, tmp_path, picture):
    (tmp_path / "broken.fs").write_text("/*{}*/\nvoid main() {\n  oops; }\n")
    compositor = Compositor(gl, SIZE, [tmp_path])
    compositor.show(frame(picture))
    effects = (Effect("nosuch"), Effect("broken"))
    compositor.prepare(replace(PLAIN, effects=effects))
    for n in range(3):
        assert np.array_equal(drawn(compositor, effects=effects, index=n), picture)
    assert compositor.faults["nosuch"].count == 4
    assert "broken.fs:3: " in compositor.faults["broken"].message and compositor.compiles == 0
    compositor.release()


def test_hot_reload_keeps_the_last_good_program(gl, tmp_path, picture):
    path = tmp_path / "tint.fs"
    source = '/*{"INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/\nvoid main() {\n  %s;\n}\n'
    path.write_text(source % "gl_FragColor = vec4(1.0, 0.0, 0.0, 1.0)")
    compositor = Compositor(gl, SIZE, [tmp_path])
    compositor.show(frame(picture))
    effects = (Effect("tint"),)
    compositor.prepare(replace(PLAIN, effects=effects))
    assert drawn(compositor, effects=effects)[0, 0].tolist() == [255, 0, 0]
    path.write_text(source % "gl_FragColor = vec4(nonsense, 1.0)")
    error = compositor.reload_shader(path)
    assert str(error).startswith(f"{path}:3: ") and "nonsense" in str(error)
    assert drawn(compositor, effects=effects, index=2)[0, 0].tolist() == [255, 0, 0]
    path.write_text(source % "gl_FragColor = vec4(0.0, 0.0, 1.0, 1.0)")
    assert compositor.reload_shader(path) is None and not compositor.faults
    assert drawn(compositor, effects=effects, index=3)[0, 0].tolist() == [0, 0, 255]
    assert compositor.compiles == 0
    compositor.release()


def test_prepare_leaves_nothing_to_compile_and_late_effects_are_counted(compositor, picture):
    compositor.show(frame(picture))
    params = replace(PLAIN, effects=(Effect("glow"), Effect("vignette")))
    compositor.prepare(params)
    compositor.draw(params)
    assert compositor.compiles == 0
    drawn(compositor, effects=(Effect("grain"),))
    assert compositor.compiles == 1


def test_a_wrong_picture_is_counted_and_the_good_one_stays(compositor, picture):
    compositor.show(frame(picture))
    compositor.show(frame(picture.astype(np.float32), number=2))
    assert np.array_equal(drawn(compositor), picture)
    assert "float32" in compositor.faults["frame"].message


def test_pictures_of_another_size_and_another_screen(compositor, picture):
    compositor.show(frame(picture))
    drawn(compositor, time=1.0)
    compositor.show(frame(np.full((32, 32, 3), 77, np.uint8), number=2))
    drawn(compositor, time=2.0)
    compositor.resize((64, 48))
    assert drawn(compositor, time=2.5).shape == (48, 64, 3)
    assert (compositor.read() == 77).all()
    frozen = drawn(compositor, freeze=True, time=3.0)
    compositor.resize((80, 60))
    assert (drawn(compositor, freeze=True, time=4.0) == 77).all() and (frozen == 77).all()


def test_a_target_of_another_shape_gets_the_whole_picture(gl, compositor):
    compositor.show(frame(np.full((90, 160, 3), 200, np.uint8)))
    screen = gl.framebuffer([gl.texture((160, 120), 3)])
    compositor.draw(PLAIN, screen)
    seen = np.frombuffer(screen.read(alignment=1), np.uint8).reshape(120, 160, 3)
    assert not seen[:15].any() and not seen[-15:].any() and (seen[15:-15] == 200).all()


def test_read_late_is_one_picture_behind(compositor):
    seen = []
    for n, level in enumerate((10, 20, 30)):
        compositor.show(frame(np.full((90, 160, 3), level, np.uint8), n + 1))
        compositor.draw(replace(PLAIN, index=n, time=float(n), crossfade=0.0))
        late = compositor.read_late()
        seen.append(None if late is None else late.mean())
    assert seen == [None, 10, 20]


def test_a_broken_shader_is_told_where_a_source_is_drawn_as_well(gl, tmp_path):
    path = tmp_path / "tint.fs"
    header = '/*{"INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/\n'
    path.write_text(f"{header}void main() {{ gl_FragColor = vec4(1.0); }}\n")
    compositor = Compositor(gl, SIZE, [tmp_path])
    compositor.source((64, 36))
    compositor.prepare(replace(PLAIN, effects=(Effect("tint"),)))
    path.write_text(f"{header}void main() {{ gl_FragColor = nonsense; }}\n")
    assert compositor.reload_shader(path) is not None
    assert "nonsense" in compositor.faults["tint"].message
    compositor.release()
