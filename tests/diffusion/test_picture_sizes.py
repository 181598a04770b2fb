"""Sizes: multiples of 8 of any shape for every kind of model; others are told."""

import numpy as np
import pytest

from engine.diffusion.canvas import STEP, canvas_size
from engine.diffusion.model import check_size, load_model
from engine.diffusion.stream import Img2ImgStream
from engine.errors import ModelError
from engine.records import FrameParams, Pose, Prompt

WIDE = ((168, 72), (128, 72), (72, 128), (64, 88), (136, 64))
"""21:9, 16:9, 9:16, and sides whose latents halve unevenly in the UNet."""


@pytest.mark.parametrize("kind", ["ours", "turbo", "sd2", "sdxl"])
def test_every_kind_draws_every_shape(kind, request):
    model = load_model(request.getfixturevalue(kind), "cpu", 1)
    for size in WIDE:
        stream = Img2ImgStream(model, size)
        for n in range(2):
            picture = stream.step(FrameParams(
                n, n / 10, 0.1, prompts=(Prompt("red", 1.0),), steps=2, guidance=1.0 + n,
                source="rings", source_amount=0.3, pose=Pose(0.05 * n, 0.1 * n)))
        assert picture.shape == (size[1], size[0], 3) and stream.broken == 0
        assert picture.std() > 1


@pytest.mark.parametrize("output", [(1920, 1080), (2560, 1080), (3440, 1440), (1080, 1920),
                                    (1024, 768), (800, 800), (5760, 1080)])
def test_the_canvas_follows_the_screen(output):
    width, height = canvas_size("small", output)
    assert width % STEP == height % STEP == 0 and min(width, height) >= 64
    assert 0.75 <= width * height / 256**2 <= 1.35
    assert abs(np.log(width / height * output[1] / output[0])) < 0.15


def test_a_wanted_canvas_is_taken_or_told():
    assert canvas_size("small", (1920, 1080), (344, 192)) == (344, 192)
    for wrong in ((344, 190), (345, 192), (0, 64)):
        with pytest.raises(ModelError, match="allowed: multiples of 8, at least 64x64"):
            canvas_size("small", (1920, 1080), wrong)
    with pytest.raises(ModelError, match="size 2048x60"):
        check_size("small", (2048, 60))
