"""Blend modes against numpy, by the words of the W3C recommendation; where pictures are placed."""

import numpy as np
import pytest

from engine.params import BLENDS
from engine.render.blend import ALONE, FORMULAS, MIX, Blender, covering, placed

SIDE = 64


def soft_light(b, s):
    d = np.where(b <= 0.25, ((16.0 * b - 12.0) * b + 4.0) * b, np.sqrt(b))
    return np.where(
        s <= 0.5, b - (1.0 - 2.0 * s) * b * (1.0 - b), b + (2.0 * s - 1.0) * (d - b)
    )


def screen(b, s):
    return b + s - b * s


def hard_light(b, s):
    return np.where(s <= 0.5, b * (2.0 * s), screen(b, 2.0 * s - 1.0))


REFERENCE = {
    "normal": lambda b, s: s,
    "add": lambda b, s: b + s,
    "screen": screen,
    "multiply": lambda b, s: b * s,
    "overlay": lambda b, s: hard_light(s, b),
    "soft_light": soft_light,
    "lighten": np.maximum,
    "darken": np.minimum,
    "difference": lambda b, s: np.abs(b - s),
    "exclusion": lambda b, s: b + s - 2.0 * b * s,
    "subtract": lambda b, s: b - s,
}


@pytest.fixture
def blender(gl):
    made = Blender(gl)
    yield made
    made.release()


@pytest.fixture
def pair(gl):
    """Every grey over every grey, and a source whose alpha falls from left to right."""
    ramp = np.linspace(0, 255, SIDE).round().astype(np.uint8)
    below = np.full((SIDE, SIDE, 4), 255, np.uint8)
    above = below.copy()
    below[..., 0], below[..., 1], below[..., 2] = ramp[None], ramp[None, ::-1], 64
    above[..., 0], above[..., 1], above[..., 2] = ramp[:, None], 200, ramp[:, None]
    above[..., 3] = ramp[None, ::-1]
    return below, above


def drawn(gl, blender, below, above, mode, opacity=1.0, place=None):
    sources = [texture(gl, picture) for picture in (below, above)]
    target = gl.framebuffer([gl.texture((below.shape[1], below.shape[0]), 4)])
    target.clear(0.3, 0.3, 0.3, 0.3)
    blender.draw(mode, *sources, target, opacity, place)
    raw = np.frombuffer(target.read(components=4, alignment=1), np.uint8)
    return raw.reshape(below.shape).astype(int)


def texture(gl, picture):
    made = gl.texture((picture.shape[1], picture.shape[0]), 4, np.ascontiguousarray(picture))
    made.repeat_x = made.repeat_y = False
    return made


@pytest.mark.parametrize("mode", BLENDS)
@pytest.mark.parametrize("opacity", [1.0, 0.35])
def test_every_mode_is_its_formula(gl, blender, pair, mode, opacity):
    below, above = pair
    b, s = below[..., :3] / 255.0, above[..., :3] / 255.0
    share = above[..., 3:] / 255.0 * opacity
    wanted = 255.0 * np.clip((1.0 - share) * b + share * REFERENCE[mode](b, s), 0.0, 1.0)
    seen = drawn(gl, blender, below, above, mode, opacity)
    assert np.abs(seen[..., :3] - wanted).max() <= 1.0
    assert (seen[..., 3] == 255).all(), "a canvas is opaque"


def test_the_modes_are_those_that_presets_may_name():
    assert tuple(FORMULAS) == BLENDS and set(REFERENCE) == set(BLENDS)


def test_a_mix_takes_no_notice_of_alpha_and_alone_keeps_it(gl, blender, pair):
    below, above = pair
    half = drawn(gl, blender, below, above, MIX, 0.5)[..., :3]
    assert np.abs(half - (below[..., :3] / 2.0 + above[..., :3] / 2.0)).max() <= 1
    assert np.array_equal(drawn(gl, blender, below, above, ALONE), above)


def test_what_nobody_prepared_is_counted(gl, blender, pair):
    blender.prepare("screen", False)
    drawn(gl, blender, *pair, "screen")
    assert blender.compiles == 0
    drawn(gl, blender, *pair, "add")
    assert blender.compiles == 1


def arrow(height=24, width=48):
    """Top row red, bottom row blue, left column green: which way up and round it lies is seen."""
    picture = np.full((height, width, 4), 255, np.uint8)
    picture[: height // 2] = (255, 0, 0, 255)
    picture[height // 2 :] = (0, 0, 255, 255)
    picture[:, : width // 4] = (0, 255, 0, 255)
    return picture


def placed_on_black(gl, blender, picture, place, size=(96, 64)):
    black = np.zeros((size[1], size[0], 4), np.uint8)
    return drawn(gl, blender, black, picture, "normal", 1.0, place)[::-1, :, :3]


def test_a_picture_lies_where_it_is_put(gl, blender):
    place = placed((96, 64), (48, 24), 0.25, 0.75, 0.0)
    seen = placed_on_black(gl, blender, arrow(), place)
    expected = np.zeros((64, 96, 3), int)
    expected[4:28, 0:48] = arrow()[..., :3]
    assert np.array_equal(seen, expected)


def test_it_turns_counter_clockwise_about_its_middle(gl, blender):
    place = placed((96, 64), (48, 24), 0.5, 0.5, 90.0)
    seen = placed_on_black(gl, blender, arrow(), place)
    expected = np.zeros((64, 96, 3), int)
    expected[8:56, 36:60] = np.rot90(arrow()[..., :3])
    inner = np.s_[9:55, 37:59]
    assert np.array_equal(seen[inner], expected[inner])
    assert not seen[:7].any() and not seen[:, :35].any() and not seen[:, 61:].any()


def test_transparent_surroundings_leave_no_rim(gl, blender):
    """A white disc on transparent black, magnified: no grey edge, which straight colours give."""
    rows, columns = np.mgrid[0:16, 0:16]
    inside = (np.hypot(rows - 7.5, columns - 7.5) < 5)[..., None]
    disc = np.where(inside, 255, 0).astype(np.uint8).repeat(4, 2)
    white = np.full((64, 64, 4), 255, np.uint8)
    place = placed((64, 64), (64, 64), 0.5, 0.5, 0.0)
    assert (drawn(gl, blender, white, disc, "normal", 1.0, place) == 255).all()


def test_covering_fills_the_canvas_and_keeps_the_shape():
    assert covering((160, 90), (320, 180)) == (160, 90)
    assert covering((160, 90), (100, 100)) == (160, 160)
    assert covering((160, 90), (400, 100)) == (360, 90)
