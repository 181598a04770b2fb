"""The stream's img2img equals diffusers' own pipelines: model kinds, schedulers, steps."""

import json
from dataclasses import replace

import pytest
import torch
from small_folders import SCHEDULERS, with_scheduler

from engine.diffusion.model import check_folder, load_model
from engine.diffusion.prompts import encode_text
from engine.diffusion.sampling import ETA
from engine.diffusion.stream import Img2ImgStream
from engine.errors import ModelError
from engine.records import FrameParams, Prompt

pytestmark = pytest.mark.filterwarnings(  # diffusers' Euler schedulers on numpy 2
    "ignore:__array__ implementation:DeprecationWarning")
SIZE = (64, 64)
WORDS, NOT = "red sea", "grey"


def pipeline_of(folder):
    import diffusers

    xl = "text_encoder_2" in check_folder(folder)
    kind = diffusers.StableDiffusionXLImg2ImgPipeline if xl else (
        diffusers.StableDiffusionImg2ImgPipeline)
    pipe = kind.from_pretrained(folder, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def theirs(pipe, clean, strength, steps, guidance):
    """Latents after `steps` UNet calls of the pipeline, from given clean latents."""
    eta = ETA if type(pipe.scheduler).__name__ == "TCDScheduler" else 0.0
    return pipe(
        WORDS, eta=eta, image=clean, negative_prompt=NOT, strength=strength,
        guidance_scale=guidance, num_inference_steps=round(steps / strength), output_type="latent",
        generator=torch.Generator().manual_seed(5),
    ).images


def ours_of(model, clean, strength, steps, guidance):
    """The same by the stream, before and after decoding, with the pipeline's noises."""
    random = torch.Generator().manual_seed(5)
    noises = [torch.randn(clean.shape, generator=random) for _ in range(steps)]
    decoded = []
    runtime = model.runtime

    class Watched:
        name, encode, unet = runtime.name, runtime.encode, staticmethod(runtime.unet)

        def decode(self, latents):
            decoded.append(latents * model.scaling_factor)
            return runtime.decode(latents)

    stream = Img2ImgStream(replace(model, runtime=Watched()), SIZE)
    params = FrameParams(0, 0.0, 0.0, prompts=(Prompt(WORDS, 1.0),), negative=NOT,
                         guidance=guidance, steps=steps)
    slot = stream._slot(clean, noises.__getitem__, strength, params)
    picture = stream._finished(slot, params)
    return decoded[0], picture


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("kind", ["turbo", "sd2", "sdxl"])
@torch.inference_mode()
def test_img2img_is_that_of_the_pipeline(kind, scheduler, request, tmp_path):
    folder = with_scheduler(request.getfixturevalue(kind), tmp_path / "model", scheduler)
    model, pipe = load_model(folder, device="cpu"), pipeline_of(folder)
    picture = torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(3))
    clean = model.encode(picture)
    for strength, steps, guidance in ((0.5, 1, 1.0), (1.0, 4, 1.0), (0.5, 4, 3.0)):
        expected = theirs(pipe, clean, strength, steps, guidance)
        got, drawn = ours_of(model, clean, strength, steps, guidance)
        torch.testing.assert_close(got, expected, rtol=1e-3, atol=1e-3)
        decoded = pipe.vae.decode(expected / pipe.vae.config.scaling_factor).sample / 2 + 0.5
        torch.testing.assert_close(drawn, decoded, rtol=1e-3, atol=1e-3)


@torch.inference_mode()
def test_more_steps_are_another_picture(sdxl):
    model = load_model(sdxl, device="cpu")
    clean = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    one, four = (ours_of(model, clean, 0.5, steps, 1.0)[0] for steps in (1, 4))
    assert (one - four).abs().max() > 0.01


@torch.inference_mode()
def test_sdxl_text_is_that_of_the_pipeline(sdxl):
    model, pipe = load_model(sdxl, device="cpu"), pipeline_of(sdxl)
    states, _, pooled, _ = pipe.encode_prompt(WORDS, device="cpu", num_images_per_prompt=1,
                                              do_classifier_free_guidance=False)
    got = encode_text(model, WORDS)
    torch.testing.assert_close(got[:, :-1], states)
    torch.testing.assert_close(got[:, -1, : pooled.shape[-1]], pooled)
    assert not got[:, -1, pooled.shape[-1]:].any()


def test_the_stream_takes_every_number_of_steps_live(sdxl):
    stream = Img2ImgStream(load_model(sdxl, device="cpu"), SIZE)
    base = FrameParams(0, 0.0, 0.05, prompts=(Prompt(WORDS, 0.5), Prompt(NOT, 0.5)), seed=2)
    seen = [stream.step(replace(base, index=i, time=i / 20, steps=steps, strength=0.6))
            for i, steps in enumerate((1, 4, 8, 2, 1))]
    assert all(picture.shape == (64, 64, 3) for picture in seen) and stream.broken == 0


@pytest.mark.parametrize(("file", "key", "value", "said"), [
    ("text_encoder_2", "projection_dim", 16, "unet wants a pooled text of width 24"),
    ("unet", "addition_embed_type", None, "SDXL's unet needs text_encoder_2"),
])
def test_parts_that_do_not_belong_together(sdxl, tmp_path, file, key, value, said):
    copy = with_scheduler(sdxl, tmp_path / "model", "LCMScheduler")
    config = copy / file / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), key: value}))
    with pytest.raises(ModelError) as caught:
        load_model(copy, device="cpu")
    assert "\n" not in str(caught.value)
    assert said in str(caught.value) or "cannot be loaded" in str(caught.value)
