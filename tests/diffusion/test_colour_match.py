"""Colours are held: LAB as the standard has it, matching exact, slow, and black left black."""

import numpy as np
import pytest
import torch

from engine.diffusion.colour_match import (
    SETTLE,
    STRETCH,
    ColourHold,
    colours_of,
    from_lab,
    moved,
    to_lab,
    transport,
)
from engine.records import FrameParams

DT = 0.1


def smooth(seed, low=0.2, high=0.8):
    random = torch.Generator().manual_seed(seed)
    small = low + (high - low) * torch.rand(1, 3, 8, 8, generator=random)
    return torch.nn.functional.interpolate(small, size=(64, 64), mode="bilinear")


@pytest.mark.parametrize(("rgb", "lab"), [  # of the sRGB primaries under D65, two decimals
    ((0, 0, 0), (0.0, 0.0, 0.0)), ((1, 1, 1), (100.0, 0.0, 0.0)),
    ((1, 0, 0), (53.24, 80.09, 67.20)), ((0, 1, 0), (87.74, -86.18, 83.18)),
    ((0, 0, 1), (32.30, 79.19, -107.86)),
])
def test_lab_is_that_of_the_standard(rgb, lab):
    picture = torch.tensor(rgb, dtype=torch.float32)[None, :, None, None].expand(1, 3, 4, 4)
    found = to_lab(picture)[0, :, 0, 0]
    assert found.tolist() == pytest.approx(lab, abs=0.05)
    torch.testing.assert_close(from_lab(to_lab(picture)), picture, atol=1e-3, rtol=0)


def test_mean_and_covariance_become_those_of_the_other():
    a, b = to_lab(smooth(1)), to_lab(smooth(2, 0.3, 0.7))
    (mean, spread), (to_mean, to_spread) = colours_of(a), colours_of(b)
    matrix = transport(spread, to_spread)
    np.testing.assert_allclose(matrix @ spread @ matrix.T, to_spread, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-9)
    found = colours_of(moved(a, mean, spread, to_mean, to_spread, 1.0))
    np.testing.assert_allclose(found[0], to_mean, atol=1e-3)
    np.testing.assert_allclose(found[1], to_spread, rtol=1e-2, atol=1e-2)
    half = colours_of(moved(a, mean, spread, to_mean, to_spread, 0.5))[0]
    np.testing.assert_allclose(half, (mean + to_mean) / 2, atol=1e-3)
    assert torch.equal(moved(a, mean, spread, to_mean, to_spread, 0.0), a)


def test_nothing_is_stretched_beyond_the_limit():
    values = np.linalg.eigvalsh(transport(np.eye(3) * 0.01, np.eye(3) * 900.0))
    assert values == pytest.approx([STRETCH] * 3)
    assert np.linalg.eigvalsh(transport(np.eye(3) * 900.0, np.zeros((3, 3)))) == pytest.approx(
        [1 / STRETCH] * 3)


def drift(hold, amount, steps=600, look="a"):
    """A loop that turns red by a little with each picture; the last one and its colours."""
    picture = smooth(3)
    for _ in range(steps):
        worse = (picture * torch.tensor((1.004, 0.998, 0.997))[None, :, None, None]).clamp(0, 1)
        params = FrameParams(0, 0.0, DT, preset=look, colour_hold=amount)
        picture = hold.hold(worse, params, DT)
    return picture


def test_a_loop_that_turns_red_is_held():
    start = smooth(3).mean((0, 2, 3))
    free, held = (drift(ColourHold(), amount).mean((0, 2, 3)) for amount in (0.0, 1.0))
    assert (free - start).abs().max() > 0.25
    assert (held - start).abs().max() < 0.12
    half = drift(ColourHold(), 0.3).mean((0, 2, 3))
    assert (half - start).abs().max() < 0.2


def test_a_new_look_learns_its_own_colours():
    hold, params = ColourHold(), FrameParams(0, 0.0, DT, preset="a", colour_hold=1.0)
    for _ in range(int(2 * SETTLE / DT)):
        hold.hold(smooth(4), params, DT)
    other = smooth(5, 0.0, 0.5)
    pulled = hold.hold(other, params, DT)
    assert (pulled - other).abs().mean() > 0.05
    new = FrameParams(0, 0.0, DT, preset="b", colour_hold=1.0)
    for _ in range(int(2 * SETTLE / DT)):
        pulled = hold.hold(other, new, DT)
    torch.testing.assert_close(pulled, other, atol=0.02, rtol=0)


def test_black_stays_black_and_off_is_nothing():
    hold, params = ColourHold(), FrameParams(0, 0.0, DT, preset="a", colour_hold=1.0)
    for _ in range(int(2 * SETTLE / DT)):
        hold.hold(smooth(6), params, DT)
    for black in (torch.zeros(1, 3, 64, 64), torch.full((1, 3, 64, 64), 0.02)):
        assert hold.hold(black, params, DT).max() <= black.max() + 1e-4
    off, picture = FrameParams(0, 0.0, DT), smooth(7)
    assert hold.hold(picture, off, DT) is picture


def test_it_goes_on_from_what_was_kept(tmp_path):
    one, two = ColourHold(), ColourHold()
    drift(one, 1.0, 50)
    np.savez(tmp_path / "kept.npz", **one.kept())
    with np.load(tmp_path / "kept.npz", allow_pickle=False) as kept:
        two.restore(kept)
    params = FrameParams(0, 0.0, DT, preset="a", colour_hold=1.0)
    assert torch.equal(one.hold(smooth(8), params, DT), two.hold(smooth(8), params, DT))
