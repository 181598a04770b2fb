"""Two hundred changes while it plays: counted in calls and bytes, since time is not ours here.

No text is encoded on the path of a picture, each picture costs the UNet calls that its own
parameters ask for, buffers stay where they are and nothing piles up.
"""

import gc
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from engine.diffusion import prompts as prompt_room
from engine.diffusion.sampling import timesteps_of
from engine.diffusion.stream import Img2ImgStream
from engine.params import GUIDANCES
from engine.records import FrameParams, Layer, Pose, Prompt

SIZE = (64, 64)
WORDS = ("red", "blue sea", "a moth", "gold")
CHANGES = 200


def changed(n, chance):
    """Parameters of picture n: everything that hands can move has moved."""
    shares = chance.dirichlet(np.ones(len(WORDS)))
    return FrameParams(
        n, n / 20, 1 / 20, beat=n / 10, negative=("grey", "")[n % 2],
        prompts=tuple(Prompt(text, float(w)) for text, w in zip(WORDS, shares, strict=True)),
        seed=float(chance.uniform(0, 3)), strength=float(chance.uniform(0.05, 1.0)),
        steps=int(chance.integers(1, 5)), guidance=float(chance.uniform(0.5, 6.0)),
        guidance_kind=GUIDANCES[n % 4], guidance_delta=float(chance.uniform(0, 1)),
        source=("", "rings", "none")[n % 3], source_amount=float(chance.uniform(0, 0.9)),
        source_layer=Layer("camera", "a") if n % 5 == 0 else None,
        source_colours=float(chance.uniform(0, 1)), colour_hold=float(chance.uniform(0, 1)),
        noise_drift=0.1, pose=Pose(log_zoom=0.01 * n), preset="look",
    )


def calls_of(model, params):
    """Rows of each UNet call that these parameters are worth, one by one."""
    fresh = params.source_amount if params.source == "none" and not params.source_layer else 0
    strength = params.strength + (1 - params.strength) * fresh
    steps = timesteps_of(strength, params.steps, len(model.alphas_cumprod), model.schedule)
    full = params.guidance > 1 and params.guidance_kind == "full"
    first = params.guidance > 1 and params.guidance_kind in ("full", "onetime")
    return [1 + (first if k == 0 else full) for k in range(len(steps))]


@pytest.fixture
def stage(ours_model, monkeypatch):
    """A live stream, the rows of its UNet calls, and where texts were encoded."""
    rows, encoded, runtime = [], [], ours_model.runtime
    real = prompt_room.encode_text

    def encode_text(model, text):
        encoded.append(threading.current_thread().name)
        return real(model, text)

    def unet(x, t, states):
        rows.append(len(x))
        return runtime.unet(x, t, states)

    monkeypatch.setattr(prompt_room, "encode_text", encode_text)
    watched = SimpleNamespace(name="torch", encode=runtime.encode, decode=runtime.decode,
                              unet=unet)
    stream = Img2ImgStream(replace(ours_model, runtime=watched), SIZE, background=True)
    yield stream, rows, encoded
    stream.close()


def tensor_bytes():
    """All tensors that there are; those of torch.compile's dry runs have no place in memory."""
    gc.collect()
    found = {}
    for each in gc.get_objects():
        if type(each) in (torch.Tensor, torch.nn.Parameter):
            storage = each.untyped_storage()
            found[storage.data_ptr()] = storage.nbytes()
    return sum(found.values())


@pytest.mark.parametrize("overlap", [False, True])
def test_every_change_costs_what_it_says_and_nothing_piles_up(stage, ours_model, overlap):
    stream, rows, encoded = stage
    chance = np.random.default_rng(5)
    picture = chance.integers(0, 255, (64, 64, 3), np.uint8)
    stream.step(changed(0, chance))
    begun = len(encoded)
    places, held = {}, 0
    for n in range(1, CHANGES + 1):
        if n % 7 == 0:
            stream.look_at(picture)
        params = replace(changed(n, chance), overlap=overlap)
        rows.clear()
        made = stream.step(params)
        assert made.shape == (64, 64, 3)
        if not overlap:
            assert rows == calls_of(ours_model, params), n
        else:
            assert len(rows) <= 1, "one call, however many are in flight"
        buffers = {slot: each.data_ptr() for slot, each in stream._prompts._buffers.items()}
        places = places or buffers
        assert buffers == places, "blends stay in their buffers"
        if n == CHANGES // 4:
            held = tensor_bytes()
    assert tensor_bytes() <= held * 1.02 + 4 * 64 * 64 * 12, "flat, but for pictures in flight"
    assert set(encoded[begun:]) <= {"prompts"}, "texts are the worker's"
    assert stream.broken == 0


def test_the_first_guidance_of_the_show_waits_for_no_text(stage):
    stream, _, encoded = stage
    plain = FrameParams(0, 0.0, 0.1, prompts=(Prompt("red", 1.0),), negative="grey")
    stream.step(plain)
    begun = len(encoded)
    stream.step(replace(plain, index=1, time=0.1, guidance=4.0))
    stream.step(replace(plain, index=2, time=0.2, guidance=4.0, negative="brown"))
    assert set(encoded[begun:]) <= {"prompts"}
