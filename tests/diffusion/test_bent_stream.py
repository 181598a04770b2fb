"""Feedback under a camera that tilts, swirls and ripples: repeatable, kept, noise that follows."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.diffusion import LocalGenerator
from engine.diffusion.noise import TravellingNoise, carried, coarsened
from engine.records import Frame, FrameParams, Pose, Prompt

SIZE = (64, 64)
SPEED = Pose(0.02, 1.0, 0.0, 0.01, 2.0, -1.0, 8.0, 0.03, 0.004, -0.003, 0.01, 0.004, 0.0, 0.01)


def params_at(n, speed=SPEED, edges="mirror"):
    return FrameParams(n, n / 10, 0.1, prompts=(Prompt("red sea", 1.0),), strength=0.5,
                       noise_drift=0.1, pose=Pose().moved(speed, n), edges=edges)


def test_a_bent_film_goes_on_exactly_where_it_was_interrupted(ours, tmp_path):
    whole, rest = (LocalGenerator(ours, SIZE, device="cpu") for _ in range(2))
    for n in range(3):
        whole.generate(params_at(n))
    np.savez(tmp_path / "kept.npz", **whole.checkpoint())
    with np.load(tmp_path / "kept.npz", allow_pickle=False) as kept:
        rest.restore(kept)
    for n in range(3, 5):
        pictures = [each.generate(params_at(n, edges="repeat")).picture for each in (whole, rest)]
        assert np.array_equal(*pictures)


def test_a_checkpoint_from_before_tilt_still_loads(ours):
    speed = Pose(0.02, 1.0, 0.03, 0.01)
    whole, rest = (LocalGenerator(ours, SIZE, device="cpu") for _ in range(2))
    for n in range(2):
        whole.generate(params_at(n, speed))
    old = whole.checkpoint()
    assert old["poses"].shape == (3, 14)
    rest.restore({**old, "poses": old["poses"][:, :4]})
    pictures = [each.generate(params_at(2, speed)).picture for each in (whole, rest)]
    assert np.array_equal(*pictures)


def test_bends_and_edges_change_what_is_fed_back(ours):
    start, seen = np.random.default_rng(1).integers(60, 200, (8, 8, 3), np.uint8), []
    start = start.repeat(8, 0).repeat(8, 1)
    for speed, edges in ((Pose(), "mirror"), (SPEED, "mirror"), (SPEED, "repeat")):
        generator = LocalGenerator(ours, SIZE, device="cpu")
        generator.resume(Frame(1, start, params_at(0, speed, edges), 0.0))
        still = replace(params_at(3, speed, edges), strength=0.0)
        seen.append(generator.generate(still).picture.astype(int))
    assert np.abs(seen[0] - seen[1]).mean() > 5
    apart = np.abs(seen[1] - seen[2])
    assert apart[20:40, 20:40].max() <= 3 and apart.max() > 20, "only what comes over the edge"


def test_noise_keeps_variance_and_independent_cells_while_it_is_bent():
    noise = TravellingNoise((1, 4, 64, 64), torch.device("cpu"), torch.float32)
    for _ in range(30):
        noise.move(SPEED, 0.01)
        seen = noise.at(5)
        assert seen.std().item() == pytest.approx(1.0, abs=0.06)
        pair = torch.stack((seen[..., 1:], seen[..., :-1])).flatten(1)
        assert torch.corrcoef(pair)[0, 1] < 0.3


def test_noise_follows_the_picture():
    marked = torch.zeros(1, 1, 64, 64)
    marked[..., 31:33, 10] = 1.0  # a spot left of the middle goes below it with a half turn round
    turned = carried(marked, Pose(swirl=90.0))[0, 0]
    rows, columns = (turned > 0).nonzero(as_tuple=True)
    assert 45 < rows.float().mean() < 54 and columns.float().mean() < 24


def test_what_magnifies_renews_and_what_stirs_does_not():
    assert coarsened(Pose(swirl=50.0, sway_x_cos=0.1, angle=30.0, x=0.2)) == 0.0
    assert coarsened(Pose(bulge=-0.2, log_zoom=0.1)) == pytest.approx(0.3)
    assert coarsened(Pose(tilt_x=-10.0)) == pytest.approx(0.131, abs=1e-3)
