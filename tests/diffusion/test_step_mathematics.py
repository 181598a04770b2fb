"""One step equals diffusers' own arithmetic for the same latents and noise."""

import pytest
import torch
from diffusers import DDIMScheduler, EulerDiscreteScheduler

from engine.diffusion.model import read_json
from engine.diffusion.prompts import encode_text
from engine.diffusion.sampling import Schedule, sample, timesteps_of


def denoise(model, z, n, t, positive, negative=None, guidance=1.0):
    """One step from timestep t."""
    return sample(model, z, lambda _: n, [t], positive, negative, guidance)


def timestep_of(strength, model):
    (t,) = timesteps_of(strength, 1, len(model.alphas_cumprod), model.schedule)
    return t


def latents_and_noise():
    generator = torch.Generator().manual_seed(7)
    return (torch.randn(1, 4, 8, 8, generator=generator),
            torch.randn(1, 4, 8, 8, generator=generator))


@pytest.mark.parametrize("kind", ["ours_model", "turbo_model"])
@pytest.mark.parametrize("strength", [0.3, 0.7, 1.0])
@torch.inference_mode()
def test_the_clean_latent_is_that_of_ddim(kind, strength, request):
    model = request.getfixturevalue(kind)
    config = read_json(model.folder, "scheduler/scheduler_config.json")
    scheduler = DDIMScheduler.from_config(config, clip_sample=False, thresholding=False)
    scheduler.set_timesteps(1000)
    z, n = latents_and_noise()
    states = encode_text(model, "red sea")
    t = timestep_of(strength, model)
    x = scheduler.add_noise(z, n, torch.tensor([t]))
    out = model.unet(x, t, encoder_hidden_states=states).sample
    expected = scheduler.step(out, t, x).pred_original_sample
    got = denoise(model, z, n, t, states)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers
@torch.inference_mode()
def test_a_turbo_step_is_one_euler_step_from_the_highest_sigma(turbo_model):
    """ADD (arXiv 2311.17042): x = z + sigma n, model input x / sqrt(sigma^2 + 1)."""
    scheduler = EulerDiscreteScheduler.from_config(
        read_json(turbo_model.folder, "scheduler/scheduler_config.json"))
    scheduler.set_timesteps(1)
    z, n = latents_and_noise()
    states = encode_text(turbo_model, "blue")
    t = scheduler.timesteps[0]
    x = z + scheduler.sigmas[0] * n
    scaled = scheduler.scale_model_input(x, t)
    out = turbo_model.unet(scaled, t, encoder_hidden_states=states).sample
    expected = scheduler.step(out, t, x).prev_sample
    got = denoise(turbo_model, z, n, int(t), states)
    torch.testing.assert_close(got, expected, rtol=1e-3, atol=1e-3)


@torch.inference_mode()
def test_guidance_is_that_of_the_pipelines(ours_model):
    z, n = latents_and_noise()
    yes, no = encode_text(ours_model, "red"), encode_text(ours_model, "grey")
    t, g = 500, 4.0
    with_yes, with_no = denoise(ours_model, z, n, t, yes), denoise(ours_model, z, n, t, no)
    got = denoise(ours_model, z, n, t, yes, no, g)
    # The clean latent is linear in the output, so guidance acts on it alike.
    torch.testing.assert_close(got, with_no + g * (with_yes - with_no), rtol=1e-3, atol=1e-3)


@torch.inference_mode()
def test_encoding_and_text_are_those_of_the_pipeline(turbo, turbo_model):
    from diffusers import StableDiffusionImg2ImgPipeline

    pipe = StableDiffusionImg2ImgPipeline.from_pretrained(turbo, local_files_only=True)
    states, _ = pipe.encode_prompt("red sea", "cpu", 1, False)
    torch.testing.assert_close(encode_text(turbo_model, "red sea"), states)
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    expected = pipe.vae.encode(picture * 2 - 1).latent_dist.mode() * pipe.vae.config.scaling_factor
    torch.testing.assert_close(turbo_model.encode(picture), expected, rtol=1e-4, atol=1e-5)
    decoded = pipe.vae.decode(expected / pipe.vae.config.scaling_factor).sample / 2 + 0.5
    torch.testing.assert_close(turbo_model.decode(expected), decoded, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("kind", "expected"), [
    ("euler", [999, 749, 499, 249]), ("lcm", [999, 759, 499, 259])])
def test_timesteps_are_those_of_diffusers(kind, expected):
    assert timesteps_of(1.0, 4, 1000, Schedule(kind)) == expected
    assert timesteps_of(1.0, 1, 1000, Schedule(kind)) == [999]


@pytest.mark.parametrize("kind", ["euler", "lcm", "tcd"])
def test_timesteps_fall_and_nothing_is_done_twice(kind):
    for strength in (0.0, 0.001, 0.004, 0.02, 0.3, 0.77, 1.0, 2.0):
        for steps in range(1, 9):
            found = timesteps_of(strength, steps, 1000, Schedule(kind))
            assert found == sorted(set(found), reverse=True) and len(found) <= steps
            assert all(0 < t < 1000 for t in found)
            assert bool(found) == (strength * 999 >= 1)
