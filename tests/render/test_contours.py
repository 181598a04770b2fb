"""Soft pictures get sharp contours when they come: no new colours, nothing moved, none if crisp."""

import numpy as np
import pytest

from engine.records import Frame, FrameParams
from engine.render.frames import FrameFader

SIZE = (128, 96)


def disc(blur: float) -> np.ndarray:
    """A red disc on blue whose edge takes `blur` pixels: uint8 (96, 128, 3)."""
    y, x = np.mgrid[0:96, 0:128] + 0.5
    share = 1.0 / (1.0 + np.exp(4.0 * (np.hypot(x - 64.0, y - 48.0) - 30.0) / blur))
    inside, outside = np.array([230.0, 40.0, 30.0]), np.array([20.0, 30.0, 200.0])
    return (outside + share[..., None] * (inside - outside)).round().astype(np.uint8)


def drawn(gl, picture: np.ndarray, soft: float, contours: float) -> np.ndarray:
    fader = FrameFader(gl, SIZE)
    target = gl.framebuffer([gl.texture(SIZE, 3)])
    params = FrameParams(0, 0.0, 0.0, contours=contours, crossfade=0.0)
    fader.take(Frame(1, picture, params, 0.0, soft=soft))
    fader.draw(target, params)
    shown = np.frombuffer(target.read(components=3, alignment=1), np.uint8)
    fader.release()
    return shown.reshape(96, 128, 3)[::-1].astype(int)


def width(picture: np.ndarray) -> int:
    """Pixels of the middle row, right half, that are neither inside nor outside."""
    red = picture[48, 64:, 0]
    return int(((red > 20 + 21) & (red < 230 - 21)).sum())


def test_an_edge_is_narrower_and_stays_where_it_was(gl) -> None:
    soft = disc(8.0)
    before, after = drawn(gl, soft, 1.0, 0.0), drawn(gl, soft, 1.0, 1.0)
    assert width(after) <= width(before) / 2
    for row in (before, after):
        assert (row[48, 64:, 0] > 125).sum() == pytest.approx(30, abs=1)


def test_colours_stay_those_of_the_picture(gl) -> None:
    soft = disc(14.0)
    after = drawn(gl, soft, 1.0, 1.0)
    assert after.min() >= soft.min() - 1 and after.max() <= soft.max() + 1
    assert np.abs(after - after[:, ::-1]).max() <= 3  # the same on either side, no drift


def test_crisp_models_are_left_alone(gl) -> None:
    picture = disc(3.0)
    assert np.array_equal(drawn(gl, picture, 0.0, 1.0), drawn(gl, picture, 1.0, 0.0))
    assert np.abs(drawn(gl, picture, 0.0, 1.0) - picture).max() <= 1
