"""Residual guidance against its formula, its calls counted; full guidance is what it was."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from engine.diffusion.guidance import Guidance
from engine.diffusion.prompts import encode_text
from engine.diffusion.sampling import Schedule, coefficients, sample, timesteps_of
from engine.diffusion.stream import Img2ImgStream
from engine.records import FrameParams, Prompt

SIZE = (64, 64)
G, D = 3.5, 0.6


def noise_seen(model, x, t, states):
    """epsilon of the model's output, whatever its prediction type."""
    a, b = coefficients(model, t)
    out = model.runtime.unet(x, t, states)
    return out if model.prediction_type == "epsilon" else a * out + b * x


def by_the_paper(model, clean, noise, timesteps, yes, no, kind):
    """Section 3.2 of 2312.12491, written out for DDIM steps in epsilon alone."""
    a, b = coefficients(model, timesteps[0])
    x, root = a * clean + b * noise, clean
    for k, t in enumerate(timesteps):
        a, b = coefficients(model, t)
        if kind == "onetime" and k == 0:
            residual = noise_seen(model, x, t, no)
            root = (x - b * residual) / a
        else:
            residual = (x - a * root) / b
        e = D * residual + G * (noise_seen(model, x, t, yes) - D * residual)
        z = (x - b * e) / a
        if k + 1 < len(timesteps):
            a, b = coefficients(model, timesteps[k + 1])
            x = a * z + b * e
    return z


@pytest.mark.parametrize("name", ["ours_model", "turbo_model"])
@pytest.mark.parametrize("kind", ["self", "onetime"])
@torch.inference_mode()
def test_residual_guidance_is_the_papers(name, kind, request):
    model = replace(request.getfixturevalue(name), schedule=Schedule())
    random = torch.Generator().manual_seed(4)
    clean, noise = (torch.randn(1, 4, 8, 8, generator=random) for _ in range(2))
    yes, no = encode_text(model, "red sea"), encode_text(model, "grey")
    steps = timesteps_of(0.7, 3, len(model.alphas_cumprod), model.schedule)
    got = sample(model, clean, lambda _: noise, steps, yes, no, Guidance(G, kind, D))
    expected = by_the_paper(model, clean, noise, steps, yes, no, kind)
    torch.testing.assert_close(got, expected, rtol=1e-3, atol=1e-3)
    plain = sample(model, clean, lambda _: noise, steps, yes, no, Guidance(1.0, kind, D))
    assert (plain - got).abs().max() > 0.01


def counted(model):
    """The model, and the rows of each UNet call it gets."""
    rows, runtime = [], model.runtime

    def unet(x, t, states):
        rows.append(len(x))
        return runtime.unet(x, t, states)

    watched = SimpleNamespace(name=runtime.name, encode=runtime.encode, decode=runtime.decode,
                              unet=unet)
    return replace(model, runtime=watched), rows


@pytest.mark.parametrize(("kind", "expected"), [
    ("none", [1, 1, 1, 1]), ("self", [1, 1, 1, 1]), ("onetime", [2, 1, 1, 1]),
    ("full", [2, 2, 2, 2]),
])
def test_what_each_kind_costs_and_that_it_changes_the_picture(turbo_model, kind, expected):
    model, rows = counted(turbo_model)
    stream = Img2ImgStream(model, SIZE)
    params = FrameParams(0, 0.0, 0.1, prompts=(Prompt("red sea", 1.0),), negative="grey", steps=4,
                         strength=0.8, guidance_kind=kind)
    stream.step(params)
    rows.clear()
    picture = stream.step(replace(params, index=1, time=0.1, guidance=G))
    assert rows == expected
    other = Img2ImgStream(turbo_model, SIZE)
    other.step(params)
    plain = other.step(replace(params, index=1, time=0.1))
    assert (abs(picture.astype(int) - plain).max() > 0) == (kind != "none")


def test_the_residual_belongs_to_the_picture_not_to_prompt_or_seed(turbo_model):
    """After a change of both the next picture is that of a stream that never played the others."""
    base = FrameParams(0, 0.0, 0.1, prompts=(Prompt("red", 1.0),), steps=2, strength=0.6,
                       guidance=G, guidance_kind="self")
    changed = replace(base, index=2, time=0.2, prompts=(Prompt("blue", 1.0),), seed=9)
    one, two = (Img2ImgStream(turbo_model, SIZE) for _ in range(2))
    for n in range(2):
        last = one.step(replace(base, index=n, time=n / 10))
    two.resume(last, replace(base, index=1, time=0.1), one.noise_phase)
    a, b = one.step(changed).astype(int), two.step(changed).astype(int)
    assert abs(a - b).mean() < 2.0  # a picture in bytes, and what the regulator had steered
