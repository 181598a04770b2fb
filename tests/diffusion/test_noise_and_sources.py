"""Noise keeps its variance while it turns; patterns are functions of the beat."""

import pytest
import torch

from engine.diffusion.manner import position_amplitude, softness
from engine.diffusion.noise import (
    TravellingNoise,
    amplitudes,
    position_pattern,
    seed_shares,
    telling,
)
from engine.diffusion.sources import PATTERNS, STEPS, Sources, colour, colours_of, luma
from engine.errors import ModelError
from engine.params import SOURCES
from engine.records import FrameParams, Pose, Prompt

CPU = torch.device("cpu")
STILL = Pose()


def noise_after(steps, motion=STILL, drifted=0.0, seed=5):
    noise = TravellingNoise((1, 4, 64, 64), CPU, torch.float32)
    for _ in range(steps):
        noise.move(motion, drifted)
    return noise.at(seed)


def likeness(a, b):
    return torch.corrcoef(torch.stack((a, b)).flatten(1))[0, 1].item()


def test_noise_keeps_unit_variance_and_independent_cells_while_it_travels():
    zooming = Pose(log_zoom=0.03, angle=2.0, x=0.01)
    for steps in range(0, 40, 3):
        noise = noise_after(steps, zooming, drifted=0.01)
        assert noise.std().item() == pytest.approx(1.0, abs=0.05)
        assert likeness(noise[..., 1:], noise[..., :-1]) < 0.25


def test_drift_renews_the_noise_slowly_and_without_jumps():
    start = noise_after(0)
    assert likeness(noise_after(1, drifted=0.01), start) > 0.99
    assert abs(likeness(noise_after(100, drifted=0.01), start)) < 0.05
    before, after = noise_after(99, drifted=0.01), noise_after(101, drifted=0.01)
    assert likeness(before, after) > 0.99
    assert torch.equal(noise_after(500), start)  # neither drift nor motion: it stays


def test_noise_travels_with_the_picture():
    moved = noise_after(4, Pose(x=1 / 64, y=2 / 64))
    torch.testing.assert_close(moved, noise_after(0).roll((-8, 4), (-2, -1)))


def test_noise_depends_on_the_seed_and_can_be_made_again():
    assert torch.equal(noise_after(7, Pose(0.02), 0.1), noise_after(7, Pose(0.02), 0.1))
    assert abs(likeness(noise_after(3, seed=9), noise_after(3, seed=10))) < 0.05


def test_a_fraction_of_a_seed_is_the_way_to_the_next_ones_noise():
    here, half, there = (noise_after(3, Pose(0.02), 0.1, seed) for seed in (9, 9.5, 10))
    assert torch.equal(here, noise_after(3, Pose(0.02), 0.1, 9.0))
    torch.testing.assert_close(half, (here + there) * 0.5**0.5)
    assert half.std().item() == pytest.approx(1.0, abs=0.03)
    torch.testing.assert_close(noise_after(0, seed=9.999999), noise_after(0, seed=10), atol=1e-4,
                               rtol=0)
    steps = [noise_after(0, seed=9 + n / 50) for n in range(101)]
    assert min(likeness(a, b) for a, b in zip(steps, steps[1:], strict=False)) > 0.99


def test_noises_are_mixed_by_shares_of_the_prompts_without_changing_variance():
    params = FrameParams(0, 0.0, 0.0, seed=4.0, prompts=(
        Prompt("a", 0.5), Prompt("b", 0.25, 12.0), Prompt("c", 0.25, 4.0)))
    assert seed_shares(params) == {4.0: 0.75, 12.0: 0.25}
    assert seed_shares(params, 3) == {7.0: 0.75, 15.0: 0.25}
    assert seed_shares(FrameParams(0, 0.0, 0.0, seed=2.5)) == {2.5: 1.0}
    assert seed_shares(FrameParams(0, 0.0, 0.0, prompts=(Prompt("a", 0.0),))) == {0: 1.0}
    noise = TravellingNoise((1, 4, 64, 64), CPU, torch.float32)
    mixed = noise.at({4.0: 0.75, 12.0: 0.25})
    assert mixed.std().item() == pytest.approx(1.0, abs=0.03)
    assert likeness(mixed, noise.at(4)) == pytest.approx(3 / 10**0.5, abs=0.03)
    assert amplitudes({7.0: 0.3}) == {7: 1.0}


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
    assert (palette[:, 0] > 2 * palette[:, 1]).all()
    assert luma(palette[0]) < 0.1 and luma(palette[-1]) > 0.35
    drawn = colour(Sources((64, 64), CPU).draw("rings", 0.0), palette)
    assert drawn.shape == (1, 3, 64, 64)
    assert drawn[0, 0].mean() > 2 * drawn[0, 2].mean()


def test_position_is_told_beside_the_noise():
    plain = TravellingNoise((1, 4, 24, 40), CPU, torch.float32).at(3)
    told = TravellingNoise((1, 4, 24, 40), CPU, torch.float32, 1.5)
    pattern = position_pattern(24, 40)
    assert torch.allclose(told.at(3), (plain + 1.5 * pattern) / 3.25**0.5)
    assert 0.8 < told.at(3).std() < 1.2
    told.move(Pose(log_zoom=0.3, angle=0.5), 0.0)
    follows = (told.at(3) * 3.25**0.5 - 1.5 * pattern)
    assert 0.9 < follows.std() < 1.1  # the pattern stays while the noise travels


def test_a_model_folder_says_whether_it_wants_position(tmp_path):
    assert position_amplitude(tmp_path) == 0.0
    (tmp_path / "noise.json").write_text('{"position_amplitude": 1.5}')
    assert position_amplitude(tmp_path) == 1.5
    for bad in ("{}", "[]", "rubbish", '{"position_amplitude": 9}'):
        (tmp_path / "noise.json").write_text(bad)
        with pytest.raises(ModelError, match="noise.json.*0..4"):
            position_amplitude(tmp_path)


def test_position_is_told_where_most_is_redrawn_only() -> None:
    assert [telling(s) for s in (0.0, 0.5, 0.65, 0.75, 0.85, 1.0)] == [0, 0, 0, 0.5, 1, 1]
    noise = TravellingNoise((1, 4, 8, 8), CPU, torch.float32, told=1.5)
    plain = TravellingNoise((1, 4, 8, 8), CPU, torch.float32)
    assert torch.equal(noise.at(3, 0.0), plain.at(3))
    assert not torch.equal(noise.at(3), plain.at(3))


@pytest.mark.parametrize("text, soft", [('{"position_amplitude": 1}', 0.0),
                                        ('{"position_amplitude": 1, "softness": 0.4}', 0.4)])
def test_a_model_says_how_softly_it_paints(tmp_path, text, soft) -> None:
    assert softness(tmp_path) == 0.0
    (tmp_path / "noise.json").write_text(text)
    assert softness(tmp_path) == soft
    (tmp_path / "noise.json").write_text('{"softness": 2}')
    with pytest.raises(ModelError, match=r"softness = 2.0, allowed: 0..1"):
        softness(tmp_path)
