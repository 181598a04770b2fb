"""Noise keeps its variance while it turns; patterns are functions of the beat."""

import numpy as np
import pytest
import torch

from engine.diffusion.noise import TurningNoise
from engine.diffusion.sources import PATTERNS, STEPS, Sources, colour, colours_of, luma
from engine.params import SOURCES

CPU = torch.device("cpu")


def turning():
    return TurningNoise((1, 4, 64, 64), CPU, torch.float32)


def test_noise_keeps_unit_variance_and_moves_slowly():
    noise = turning()
    for phase in np.linspace(0, 3, 25):
        assert noise.at(5, float(phase)).std().item() == pytest.approx(1.0, abs=0.03)
    near = torch.corrcoef(torch.stack((noise.at(5, 0.30), noise.at(5, 0.31))).flatten(1))[0, 1]
    far = torch.corrcoef(torch.stack((noise.at(5, 0.0), noise.at(5, 1.0))).flatten(1))[0, 1]
    assert near > 0.99 and abs(far) < 0.05


def test_noise_is_a_function_of_seed_and_phase_without_jumps():
    assert torch.equal(turning().at(9, 2.4), turning().at(9, 2.4))
    assert not torch.equal(turning().at(9, 0.0), turning().at(10, 0.0))
    noise = turning()
    torch.testing.assert_close(noise.at(9, 0.99999), noise.at(9, 1.0), atol=1e-3, rtol=0)


def test_every_declared_source_is_drawn():
    assert tuple(PATTERNS) == SOURCES


@pytest.mark.parametrize("name", SOURCES)
def test_a_pattern_has_shape_and_moves_gently(name):
    sources = Sources((96, 64), CPU)
    now, again, soon = (sources.draw(name, beat) for beat in (3.0, 3.0, 3.05))
    assert now.shape == (1, 1, 64, 96)
    assert torch.equal(now, again)
    assert 0 <= now.min() and now.max() <= 1
    assert now.std() > 0.12, "too flat to carry a shape"
    assert 0 < (now - soon).abs().mean() < 0.08


def test_an_unknown_pattern_is_none():
    assert Sources((64, 64), CPU).draw("", 0.0) is None


def test_the_colours_are_those_of_the_picture_dark_to_bright():
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    picture[:, 1:] *= 0.1  # red
    palette = colours_of(picture)
    assert palette.shape == (STEPS, 3)
    assert (luma(palette.T).diff() > 0).all()
    assert (palette[:, 0] > 3 * palette[:, 1]).all()
    drawn = colour(Sources((64, 64), CPU).draw("rings", 0.0), palette)
    assert drawn.shape == (1, 3, 64, 64)
    assert drawn[0, 0].mean() > 3 * drawn[0, 2].mean()
