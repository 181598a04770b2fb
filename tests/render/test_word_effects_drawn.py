"""Effects that words switch on, drawn by the compositor: seen, gone at nothing, never random."""

from dataclasses import replace

import numpy as np
import pytest

from engine.records import Effect, Frame, FrameParams
from engine.render.compositor import Compositor
from engine.render.preview import sample_picture
from engine.show import load_show
from engine.staging import prepare
from engine.word_effects import WORD_EFFECTS

SIZE = (320, 180)
PLAIN = FrameParams(index=69, time=2.3, dt=1 / 30)
ROWS = pytest.mark.parametrize("row", WORD_EFFECTS, ids=lambda row: row.name)


@pytest.fixture
def compositor(gl):
    made = Compositor(gl, SIZE)
    made.show(Frame(1, sample_picture(SIZE), PLAIN, 2.2))
    yield made
    made.release()


def drawn(compositor, row=None, amount=None, **changes):
    effects = ()
    if row is not None:
        inputs = (("amount", row.amount if amount is None else amount), *row.inputs)
        effects = (Effect(row.shader, inputs),)
    compositor.draw(replace(PLAIN, effects=effects, **changes))
    return compositor.read().astype(int)


@ROWS
def test_it_is_seen_and_at_nothing_the_picture_is_exact(compositor, row):
    plain = drawn(compositor)
    full = drawn(compositor, row)
    assert np.abs(full - plain).mean() > 4
    assert abs(full.mean() - plain.mean()) < 30 and full.std() > 0.6 * plain.std()
    for time in (0.0, 2.3, 77.7):
        assert np.array_equal(drawn(compositor, row, 0.0, time=time), plain)
    assert not compositor.faults


@ROWS
def test_it_comes_and_goes_smoothly(compositor, row):
    """No jump on the way from nothing: a hundredth more changes little."""
    steps = [drawn(compositor, row, amount) for amount in (0.0, 0.01, 0.3, 0.31, 0.99, 1.0)]
    for before, after in zip(steps[::2], steps[1::2], strict=True):
        assert np.abs(after - before).mean() < 4


@ROWS
def test_it_is_a_function_of_time(gl, compositor, row):
    """Whatever was drawn before, the same time gives the same picture: films and live agree."""
    seen = drawn(compositor, row)
    for index in range(5):
        drawn(compositor, row, time=9.0 + index / 7, index=index)
    assert np.array_equal(drawn(compositor, row), seen)
    other = Compositor(gl, SIZE)
    other.show(Frame(1, sample_picture(SIZE), PLAIN, 2.2))
    drawn(other)
    assert np.array_equal(drawn(other, row), seen)
    other.release()


def test_all_are_compiled_before_anybody_types_them(compositor):
    """One at a turn of the first turns, so that the show does not wait for them to begin."""
    prepare(compositor, load_show("hush"))
    turns = 0
    while compositor.prepare_next():
        turns += 1
    assert turns == len({row.shader for row in WORD_EFFECTS})
    for row in WORD_EFFECTS:
        drawn(compositor, row)
    assert compositor.compiles == 0 and not compositor.faults
