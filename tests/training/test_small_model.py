"""The model that ships: small, free of pickle, loadable by plain diffusers, and led by prompts."""

import pytest
import torch

from training import export, steer


@pytest.fixture(scope="module")
def model() -> steer.Model:
    torch.set_num_threads(1)
    return steer.Model.shipped()


def test_the_folder_is_small_and_holds_no_pickle():
    assert export.size_of(export.FOLDER) < export.LIMIT_BYTES
    kinds = {path.suffix for path in export.FOLDER.rglob("*") if path.is_file()}
    assert kinds == {".json", ".txt", ".safetensors"}


def test_plain_diffusers_makes_a_picture_with_it():
    torch.set_num_threads(1)
    export.check()


def test_colour_words_lead_the_picture_from_noise(model):
    redness = steer.redness(model)
    assert redness["red"] > 0.1 > -0.1 > redness["blue"]


def test_the_prompt_takes_over_a_feedback_loop(model):
    frame = steer.settled(model, "blue ocean", None, turns=4)
    assert frame[:, 2].mean() > frame[:, 0].mean()
    frame = steer.settled(model, "red fire", frame, turns=6)
    assert frame[:, 0].mean() > frame[:, 2].mean()


def test_dark_is_darker_than_bright(model):
    states = model.prompt(["dark forest", "bright forest"])
    images = model.step(None, states, steer.noise(2, 3), steer.PURE_NOISE)
    assert images[0].mean() < images[1].mean()
