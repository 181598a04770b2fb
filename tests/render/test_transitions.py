"""Every transition that ships: from the one picture to the other, whole at its ends, no jumps."""

import numpy as np
import pytest

from engine.isf import SHIPPED, load_header
from engine.render.preview import sample_picture
from engine.render.programs import IsfProgram

SIZE = (160, 90)
PATHS = [path for path in sorted(SHIPPED.glob("*.fs")) if load_header(path).kind == "transition"]
EVERY = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


class Change:
    """One transition between two pictures, at any progress and setting."""

    def __init__(self, gl, path):
        self.header = load_header(path)
        self.program = IsfProgram(gl, self.header)
        self.start = sample_picture(SIZE).astype(int)
        self.end = np.ascontiguousarray(self.start[::-1, ::-1, ::-1])
        pixels = [np.ascontiguousarray(p[::-1].astype(np.uint8)) for p in (self.start, self.end)]
        textures = [gl.texture(SIZE, 3, picture, alignment=1) for picture in pixels]
        for texture in textures:
            texture.repeat_x = texture.repeat_y = False
        self.images = dict(zip(("startImage", "endImage"), textures, strict=True))
        self.target = gl.framebuffer([gl.texture(SIZE, 4)])

    def at(self, progress, **inputs):
        self.program.draw(self.target, {"progress": progress, **inputs}, self.images)
        raw = np.frombuffer(self.target.read(components=3, alignment=1), np.uint8)
        return raw.reshape(SIZE[1], SIZE[0], 3)[::-1].astype(int)


def apart(a, b):
    return np.abs(a - b).mean()


def test_there_are_eight_and_more():
    assert len(PATHS) >= 8


@EVERY
def test_it_begins_at_one_picture_and_ends_at_the_other(gl, path):
    """At its defaults, and with every knob turned to either end."""
    change = Change(gl, path)
    knobs = [item for item in change.header.settable if item.name != "progress"]
    settings = [{item.name: value} for item in knobs for value in (item.low, item.high)]
    for inputs in ({}, *settings):
        assert np.array_equal(change.at(0.0, **inputs), change.start), inputs
        assert np.array_equal(change.at(1.0, **inputs), change.end), inputs


@EVERY
def test_it_comes_and_goes_without_a_jump(gl, path):
    change = Change(gl, path)
    whole = apart(change.start, change.end)
    assert apart(change.at(0.01), change.start) < 0.12 * whole
    assert apart(change.at(0.99), change.end) < 0.12 * whole
    middle = change.at(0.5)
    assert apart(middle, change.start) > 0.2 * whole and apart(middle, change.end) > 0.2 * whole
    assert middle.std() > 25, "it still is a picture"
    if path.stem != "tear":
        steps = [change.at(k / 40) for k in range(41)]
        assert max(map(apart, steps, steps[1:])) < 0.45 * whole
