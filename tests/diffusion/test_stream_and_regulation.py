"""The fed-back stream: repeatable, bounded for hundreds of steps, never not-a-number."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.diffusion import LocalGenerator, TwinGenerator
from engine.diffusion.regulate import Regulator, look_of
from engine.diffusion.stream import Img2ImgStream
from engine.errors import ModelError
from engine.records import FrameParams, Pose, Prompt

SIZE = (64, 64)


def params_at(index, **changes):
    base = FrameParams(
        index, index / 20, 1 / 20, beat=index / 10, prompts=(Prompt("red sea", 1.0),), seed=3,
        strength=0.5, noise_drift=0.2, pose=Pose(log_zoom=0.01 * index, angle=0.5 * index),
    )
    return replace(base, **changes)


def test_equal_parameters_give_equal_pictures(ours):
    script = [params_at(i, source="rings", source_amount=0.3 * (i % 2)) for i in range(5)]
    one, two = (LocalGenerator(ours, SIZE, device="cpu") for _ in range(2))
    for params in script:
        a, b = one.generate(params), two.generate(params)
        assert a.number == b.number == params.index + 1
        assert a.picture.shape == (64, 64, 3) and a.picture.dtype == np.uint8
        assert a.ready == params.time and a.params is params
        assert np.array_equal(a.picture, b.picture)
    assert not np.array_equal(
        LocalGenerator(ours, SIZE, seed=1, device="cpu").generate(script[0]).picture,
        LocalGenerator(ours, SIZE, seed=2, device="cpu").generate(script[0]).picture,
    )


def test_a_film_goes_on_exactly_where_it_was_interrupted(ours, tmp_path):
    script = [params_at(i, source="cells", source_amount=0.2) for i in range(6)]
    whole = LocalGenerator(ours, SIZE, device="cpu")
    for params in script[:3]:
        whole.generate(params)
    np.savez(tmp_path / "checkpoint.npz", **whole.checkpoint())
    rest = LocalGenerator(ours, SIZE, device="cpu")
    with np.load(tmp_path / "checkpoint.npz", allow_pickle=False) as kept:
        rest.restore(kept)
    for params in script[3:]:
        a, b = whole.generate(params), rest.generate(params)
        assert a.number == b.number and np.array_equal(a.picture, b.picture)


def test_a_stream_can_go_on_from_a_picture_alone(ours_model):
    stream = Img2ImgStream(ours_model, SIZE)
    picture = np.full((64, 64, 3), 99, np.uint8)
    stream.resume(picture, params_at(3), noise_phase=0.25)
    assert stream.noise_phase == 0.25
    again = stream.step(params_at(3, strength=0.0))
    assert np.abs(again.astype(int) - 99).max() <= 2


def test_prompt_strength_guidance_and_source_each_change_the_picture(turbo_model):
    def second(**changes):
        stream = Img2ImgStream(turbo_model, SIZE)
        stream.step(params_at(0))
        return stream.step(params_at(1, **changes)).astype(int)

    plain = second()
    for changes in ({"prompts": (Prompt("blue", 1.0),)}, {"strength": 0.9}, {"seed": 4},
                    {"guidance": 5.0}, {"source": "star", "source_amount": 0.8}):
        assert np.abs(second(**changes) - plain).max() > 0, changes


def count_unet_calls(model, monkeypatch):
    calls = []
    real = type(model.unet).forward

    def forward(self, *args, **kwargs):
        calls.append(args[0].shape[0])
        return real(self, *args, **kwargs)

    monkeypatch.setattr(type(model.unet), "forward", forward)
    return calls


def test_one_unet_call_a_picture_and_none_at_strength_zero(ours_model, monkeypatch):
    calls = count_unet_calls(ours_model, monkeypatch)
    stream = Img2ImgStream(ours_model, SIZE)
    first = stream.step(params_at(0))
    stream.step(params_at(1, guidance=3.0))
    assert calls == [1, 2]
    stream.step(params_at(2, strength=0.0))
    held = stream.step(params_at(9, freeze=True))
    assert calls == [1, 2] and held.shape == first.shape


def test_a_broken_output_gives_the_last_good_picture_and_is_counted(turbo_model, monkeypatch):
    stream = Img2ImgStream(turbo_model, SIZE)
    still = {"pose": Pose(), "time": 0.0}
    good = stream.step(params_at(0, **still))
    with monkeypatch.context() as broken:
        broken.setattr(type(turbo_model), "decode",
                       lambda self, latents: torch.full((1, 3, 64, 64), float("nan")))
        kept = stream.step(params_at(1, **still))
    assert stream.broken == 1
    assert np.abs(kept.astype(int) - good.astype(int)).max() <= 2
    stream.step(params_at(2))
    assert stream.broken == 1


@pytest.mark.parametrize("kind", ["ours_model", "turbo_model"])
def test_hundreds_of_fed_back_steps_stay_in_a_band(kind, request):
    stream = Img2ImgStream(request.getfixturevalue(kind), SIZE)
    means, spreads = [], []
    for i in range(200):
        picture = stream.step(params_at(i, source="plasma", source_amount=0.3)) / 255.0
        means.append(picture.mean())
        spreads.append(picture.std())
    assert stream.broken == 0
    assert 0.05 < min(means[50:]) and max(means[50:]) < 0.8
    assert 0.01 < min(spreads[50:]) and max(spreads[50:]) < 0.45


HOSTILE = {
    "brighter": lambda p: p * 1.02 + 0.004,
    "darker": lambda p: p * 0.98,
    "harsher": lambda p: 0.5 + (p - 0.5) * 1.04,
    "flatter": lambda p: 0.5 + (p - 0.5) * 0.98,
    "louder": lambda p: p.mean(1, keepdim=True) + (p - p.mean(1, keepdim=True)) * 1.03,
    "greyer": lambda p: p.mean(1, keepdim=True) + (p - p.mean(1, keepdim=True)) * 0.98,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_loop_that_drifts_is_held_for_a_thousand_pictures(name):
    """Each passes through a model that worsens one quantity; without regulation all burn out."""
    regulator = Regulator()
    generator = torch.Generator().manual_seed(1)
    picture = torch.nn.functional.interpolate(
        torch.rand(1, 3, 12, 12, generator=generator), size=(64, 64), mode="bicubic")
    picture = picture.clamp(0, 1)
    for i in range(1000):
        picture = regulator.correct(HOSTILE[name](picture), 1 / 20)
        if i > 100:
            look = look_of(picture)
            assert 0.12 < look.mean < 0.72, i
            assert 0.10 < look.contrast < 0.42, i
            assert 0.03 < look.chroma < 0.33, i


def test_black_stays_black():
    regulator = Regulator()
    picture = torch.zeros(1, 3, 64, 64)
    for _ in range(300):
        picture = regulator.correct(picture, 1 / 20)
    assert picture.max() == 0.0


def test_a_size_that_does_not_fit_is_said_at_once(ours):
    with pytest.raises(ModelError, match="multiples of 8"):
        LocalGenerator(ours, (65, 64), device="cpu")


def test_the_twin_paints_what_is_asked():
    twin = TwinGenerator((48, 32))
    assert twin.latest() is None
    twin.submit(params_at(1))
    frame = twin.latest()
    assert frame is twin.latest() and frame.number == 1
    assert frame.picture.shape == (32, 48, 3) and frame.picture.std() > 10
    twin.submit(params_at(2, prompts=(Prompt("blue", 1.0),)))
    other = twin.latest()
    assert other.number == 2 and not np.array_equal(other.picture, frame.picture)
    assert twin.health().generated == 2
    twin.close()
