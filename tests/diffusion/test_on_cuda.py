"""What only a GPU can show: graphs recorded by CUDA give the plain pictures, live and in a film."""

import numpy as np
import pytest
import torch

from engine.diffusion import LocalGenerator
from engine.diffusion.acceleration import captured
from engine.diffusion.model import load_model
from engine.diffusion.stream import Img2ImgStream
from engine.diffusion.transfers import to_device, to_host
from engine.records import FrameParams, Pose, Prompt

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
SIZE = (128, 96)


def params_at(index, **changes):
    about = {"prompts": (Prompt("red", 0.6), Prompt("sea", 0.4)), "strength": 0.5, "steps": 2,
             "pose": Pose(0.02 * index, 0.01 * index), "noise_drift": 0.1}
    return FrameParams(index, index / 10, 0.1, **about | changes)


@pytest.mark.parametrize("kind", ["ours", "turbo", "sdxl"])
def test_recorded_graphs_give_the_plain_pictures(kind, request):
    model = load_model(request.getfixturevalue(kind), "cuda", 1)
    plain, recorded = Img2ImgStream(model, SIZE), Img2ImgStream(model, SIZE)
    recorded.use(captured(model))
    for n in range(12):
        changes = {"strength": 0.3 + 0.05 * n, "guidance": 1.0 + n % 2, "steps": 1 + n % 3}
        expected = plain.step(params_at(n, **changes)).astype(int)
        got = recorded.step(params_at(n, **changes)).astype(int)
        assert np.abs(got - expected).mean() < 1.5, n  # halves; feedback carries what they round
    runtime = recorded._model.runtime
    assert runtime.failed == 0 and all(kept.replay for kept in runtime._kept.values())


def test_a_film_with_graphs(ours):
    film = LocalGenerator(ours, SIZE, device="cuda", runtime="graphs")
    pictures = [film.generate(params_at(n)).picture for n in range(6)]
    assert film.runtime == "graphs" and film.broken == 0
    assert all(picture.std() > 1 for picture in pictures)
    film.close()


def test_pictures_cross_whole():
    picture = np.random.default_rng(1).integers(0, 256, (512, 512, 3), np.uint8)
    for _ in range(20):
        assert np.array_equal(to_host(to_device(picture, torch.device("cuda"))), picture)
