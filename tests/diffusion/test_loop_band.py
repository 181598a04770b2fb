"""The small model's loop, shortly: inside the regulator's bands from its start, black left black.

The long version is `python -m training.evaluate --only loop`: 3,000 pictures at five presets.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.diffusion import LocalGenerator
from engine.diffusion.regulate import look_of
from engine.records import FrameParams, Layer, Pose, Prompt

PICTURES, SETTLED = 70, 30
MARGIN = {"mean": (0.10, 0.65), "contrast": (0.10, 0.40), "chroma": (0.03, 0.30)}
"""As training.feedback.BANDS: the regulator's own bands and a margin."""


@pytest.fixture(scope="module")
def small():
    made = LocalGenerator("small", (128, 128), device="cpu", threads=1)
    yield made
    made.close()


@pytest.mark.parametrize("hold", [0.0, 1.0])
def test_a_loop_stays_in_its_bands_with_colours_free_and_held(small, hold):
    looks = []
    for n in range(PICTURES):
        params = FrameParams(
            n, n / 10, 0.1, beat=n / 5, prompts=(Prompt("molten gold, flowing lava", 1.0),),
            strength=0.45, noise_drift=0.1, pose=Pose(log_zoom=0.02 * n, angle=0.5 * n),
            source="cells", source_amount=0.25, colour_hold=hold, preset=f"look {hold}")
        picture = small.generate(params).picture
        looks.append(look_of(torch.from_numpy(picture).permute(2, 0, 1)[None] / 255))
    for name, (low, high) in MARGIN.items():
        values = [getattr(look, name) for look in looks[SETTLED:]]
        assert low < min(values) and max(values) < high, name
    assert small.broken == 0


@pytest.mark.parametrize("hold", [0.0, 1.0])
def test_black_in_with_no_feedback_is_black_out(small, hold):
    black = np.zeros((128, 128, 3), np.uint8)
    params = FrameParams(0, 100.0, 0.1, prompts=(Prompt("sea", 1.0),), strength=0.0,
                         source_layer=Layer("camera", "lens cap"), source_amount=1.0,
                         colour_hold=hold, preset="dark")
    small.generate(replace(params, source_amount=0.0))
    for n in range(60):
        picture = small.generate(replace(params, index=n, time=100.0 + n / 10), black).picture
        assert picture.max() == 0, n
