"""Several pictures in one UNet call: as diffusers one by one, and nothing unfinished is shown."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small_folders import SCHEDULERS, with_scheduler
from test_as_diffusers import NOT, WORDS, pipeline_of, theirs

from engine.diffusion import LocalGenerator
from engine.diffusion.guidance import Guidance
from engine.diffusion.model import load_model
from engine.diffusion.prompts import encode_text
from engine.diffusion.sampling import begun, timesteps_of
from engine.diffusion.stream import Img2ImgStream
from engine.diffusion.stream_batch import Flight
from engine.records import FrameParams, Layer, Prompt

pytestmark = pytest.mark.filterwarnings(  # diffusers' Euler schedulers on numpy 2
    "ignore:__array__ implementation:DeprecationWarning")
SIZE = (64, 64)
STILL = FrameParams(0, 0.0, 0.0, prompts=(Prompt("red sea", 1.0),), strength=0.8, steps=4,
                    overlap=True, source_layer=Layer("picture", "still"), source_amount=1.0,
                    noise_drift=0.0)


def still_picture():
    return np.random.default_rng(2).integers(0, 255, (64, 64, 3), np.uint8)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("kind", ["turbo", "sdxl"])
@torch.inference_mode()
def test_a_still_source_gives_what_the_pipeline_gives(kind, scheduler, request, tmp_path):
    folder = with_scheduler(request.getfixturevalue(kind), tmp_path / "model", scheduler)
    model, pipe = load_model(folder, device="cpu"), pipeline_of(folder)
    random = torch.Generator().manual_seed(3)
    clean = model.encode(torch.rand(1, 3, *SIZE, generator=random))
    yes, no = encode_text(model, WORDS), encode_text(model, NOT)
    for guidance in (1.0, 3.0):
        expected = theirs(pipe, clean, 0.5, 4, guidance)
        random = torch.Generator().manual_seed(5)
        noises = [torch.randn(clean.shape, generator=random) for _ in range(4)]
        steps = timesteps_of(0.5, 4, len(model.alphas_cumprod), model.schedule)
        flight = Flight()
        for tick in range(7):
            entering = begun(model, clean, noises.__getitem__, steps, tick)
            out = flight.tick(model, entering, yes, no, Guidance(guidance))
            assert (out is None) == (tick < 3) and len(flight) == min(tick + 1, 3)
        assert out.about == 3
        torch.testing.assert_close(out.result, expected, rtol=1e-3, atol=1e-3)


def watched(model):
    """The model with the rows of its UNet calls and the latents it decoded."""
    rows, decoded, runtime = [], [], model.runtime

    def unet(x, t, states):
        rows.append(len(x))
        return runtime.unet(x, t, states)

    def decode(latents):
        decoded.append(latents.clone())
        return runtime.decode(latents)

    kept = SimpleNamespace(name="torch", encode=runtime.encode, unet=unet, decode=decode)
    return replace(model, runtime=kept), rows, decoded


def test_one_call_a_picture_and_the_same_picture_as_one_by_one(turbo_model):
    model, rows, decoded = watched(turbo_model)
    for overlap in (False, True):
        stream = Img2ImgStream(model, SIZE)
        stream.look_at(still_picture())
        for n in range(8):
            stream.step(replace(STILL, index=n, overlap=overlap))
        if not overlap:
            assert rows == [1] * 32
            rows.clear()
    assert rows == [1] * 4 + [1, 2, 3] + [4] * 4, "the first goes through all steps at once"
    torch.testing.assert_close(decoded[-1], decoded[7], rtol=1e-3, atol=1e-3)


def test_a_picture_says_what_it_was_made_for(turbo_model):
    stream = Img2ImgStream(turbo_model, SIZE)
    made = []
    for n in range(7):
        stream.step(replace(STILL, index=n, time=n / 10))
        made.append(stream.made.index)
    assert made == [0, 0, 0, 0, 1, 2, 3], "three ticks late"
    frozen = replace(STILL, index=9, freeze=True)
    stream.step(frozen)
    assert stream.made is frozen


def test_steps_and_strength_change_while_it_runs_without_a_plain_picture(turbo_model):
    """What is decoded is always finished: each is what one by one gives for its own params."""
    model, _, decoded = watched(turbo_model)
    plain = Img2ImgStream(model, SIZE)
    plain.look_at(still_picture())
    plain.step(STILL)
    kinds = [(4, 0.8), (2, 0.8), (6, 0.5), (6, 0.9), (1, 0.6), (3, 0.8)]
    expected = {}
    for steps, strength in kinds:
        plain.step(replace(STILL, steps=steps, strength=strength, overlap=False))
        expected[steps, strength] = decoded[-1]
    stream = Img2ImgStream(model, SIZE)
    stream.look_at(still_picture())
    stream.step(STILL)
    seen, n = [], 1
    for steps, strength in kinds:
        for _ in range(8):
            before, made = len(decoded), stream.made
            picture = stream.step(replace(STILL, index=n, steps=steps, strength=strength))
            n += 1
            if len(decoded) == before:
                assert stream.made is made  # nothing is finished: the last one stays
                continue
            about = stream.made
            torch.testing.assert_close(
                decoded[-1], expected[about.steps, about.strength], rtol=1e-3, atol=1e-3)
            seen.append((about.index, about.steps, about.strength))
        assert picture.std() > 5
        assert seen[-1] == (n - steps, steps, strength)
    assert [index for index, *_ in seen] == sorted({index for index, *_ in seen}), "never back"


def test_a_stream_that_takes_over_holds_the_picture_it_was_given(turbo_model):
    stream = Img2ImgStream(turbo_model, SIZE)
    stream.resume(still_picture(), STILL)
    for n in range(1, 4):
        picture = stream.step(replace(STILL, index=n, time=n / 10))
        assert stream.made is STILL and np.array_equal(picture, still_picture())
    stream.step(replace(STILL, index=4, time=0.4))
    assert stream.made.index == 1


def test_a_film_takes_its_time(ours):
    """LocalGenerator goes one by one, so that a film can be interrupted and is never late."""
    generator = LocalGenerator(ours, SIZE, device="cpu")
    for n in range(3):
        params = replace(STILL, index=n, time=n / 10)
        assert generator.generate(params, still_picture()).params is params
