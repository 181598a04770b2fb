"""One look becomes another: both are drawn whole, each with its memory, joined by a transition."""

from dataclasses import replace

import numpy as np
import pytest

from engine.records import Effect, Frame, FrameParams, Layer, Leaving
from engine.render.compositor import Compositor

SIZE = (160, 90)
PLAIN = FrameParams(index=1, time=1.0, dt=1 / 30, preset="new")
MIRROR = (Effect("mirror", (("amount", 1.0), ("mode", 0.0))),)
HUE = (Effect("colour", (("hue", 0.5),)),)
OLD = ((Layer("generator"), Layer("shader", "plasma", 0.4, "screen")), MIRROR)
NEW = ((Layer("shader", "moire"),), HUE)
TRAILS = (Effect("trails", (("amount", 1.0), ("zoom", 0.0))),)


@pytest.fixture
def compositor(gl, picture):
    made = Compositor(gl, SIZE)
    made.show(Frame(1, picture, replace(PLAIN, time=0.9), 0.9))
    yield made
    made.release()


def drawn(compositor, look, **changes):
    layers, effects = look
    compositor.draw(replace(PLAIN, layers=layers, effects=effects, **changes))
    return compositor.read().astype(int)


def leaving(k, shader="", look=OLD):
    return Leaving(*look, k, shader, "old")


def test_a_plain_mix_is_between_both_looks(compositor):
    old, new = drawn(compositor, OLD, preset="old"), drawn(compositor, NEW)
    for k in (0.0, 0.25, 0.5, 1.0):
        seen = drawn(compositor, NEW, leaving=leaving(k))
        assert np.abs(seen - (old * (1.0 - k) + new * k)).max() <= 1


@pytest.mark.parametrize("shader", ["wipe", "burn"])
def test_a_transition_shader_joins_them(compositor, shader):
    old, new = drawn(compositor, OLD, preset="old"), drawn(compositor, NEW)
    assert np.array_equal(drawn(compositor, NEW, leaving=leaving(0.0, shader)), old)
    assert np.array_equal(drawn(compositor, NEW, leaving=leaving(1.0, shader)), new)
    middle = drawn(compositor, NEW, leaving=leaving(0.5, shader))
    assert np.abs(middle - old).mean() > 5 and np.abs(middle - new).mean() > 5
    assert not compositor.faults


def test_a_wipe_has_the_new_look_on_one_side(compositor):
    old, new = drawn(compositor, OLD, preset="old"), drawn(compositor, NEW)
    seen = drawn(compositor, NEW, leaving=leaving(0.5, "wipe"))
    assert np.array_equal(seen[:, :20], new[:, :20])
    assert np.array_equal(seen[:, -20:], old[:, -20:])


def test_a_transition_that_does_not_work_is_a_plain_mix(gl, picture, tmp_path):
    (tmp_path / "broken.fs").write_text("/*{}*/\nvoid main() { oops; }\n")
    compositor = Compositor(gl, SIZE, [tmp_path])
    compositor.show(Frame(1, picture, replace(PLAIN, time=0.9), 0.9))
    plain = drawn(compositor, NEW, leaving=leaving(0.3))
    assert np.array_equal(drawn(compositor, NEW, leaving=leaving(0.3, "broken")), plain)
    assert "broken.fs:2: " in compositor.faults["broken"].message
    compositor.release()


def test_feedback_goes_on_in_the_look_that_is_left(compositor):
    """Light that trails keep is still there when the look is being left, and not in the other."""
    keep, plain = ((), TRAILS), ((Layer("shader", "waiting", inputs=(("light", 0.0),)),), TRAILS)
    for index in range(4):
        before = drawn(compositor, keep, index=index + 1, preset="old")
    compositor.show(Frame(2, np.zeros((90, 160, 3), np.uint8), replace(PLAIN, time=1.0), 1.0))
    black = {"index": 9, "time": 3.0}
    after = drawn(compositor, plain, leaving=leaving(0.001, "", keep), **black)
    assert after.mean() > 0.5 * before.mean()
    alone = drawn(compositor, plain, index=10, time=3.1)
    assert alone.mean() < 0.3 * before.mean(), "the new look never saw that light"


def test_what_words_switch_on_lies_over_both(compositor):
    over = (Effect("mirror", (("amount", 1.0), ("mode", 2.0))),)
    seen = drawn(compositor, NEW, leaving=leaving(0.5, "wipe"), over=over)
    assert np.abs(seen - seen[::-1]).max() <= 1


def test_changes_make_no_textures_that_stay(compositor):
    """Changes back and forth use the same few canvases and programs."""
    for index in range(60):
        look, other = (OLD, NEW) if index // 3 % 2 else (NEW, OLD)
        k = index % 3 / 3
        changes = {"preset": f"look {index // 3}", "index": index}
        compositor.draw(replace(
            PLAIN, layers=look[0], effects=look[1], leaving=Leaving(*other, k, "wipe", "x"),
            **changes,
        ))
    assert len(compositor._canvases._all) <= 8
    assert sum(map(len, compositor._stock._idle.values())) <= 6
