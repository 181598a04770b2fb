"""Where drawing fails the generator steps down a rung, says so once, and the show goes on."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from engine.diffusion.ladder import Ladder, scaled, smaller_sizes
from engine.diffusion.shortage import is_out_of_memory
from engine.diffusion.stream import Img2ImgStream
from engine.records import FrameParams, Pose, Prompt

SIZE = (128, 96)


class Failing:
    """A runtime that raises `error` at UNet calls `at` and later, while `holds()`."""

    def __init__(self, inner, error, at=0, name="graphs", holds=lambda x: True):
        self.inner, self.error, self.at, self.name, self.holds = inner, error, at, name, holds
        self.calls = 0

    def encode(self, picture):
        return self.inner.encode(picture)

    def decode(self, latents):
        return self.inner.decode(latents)

    def unet(self, x, t, states):
        self.calls += 1
        if self.calls > self.at and self.holds(x):
            raise self.error
        return self.inner.unet(x, t, states)


class Acceleration:
    """What the ladder asks for: a model, and runtimes to hand over in order."""

    def __init__(self, model, *faster):
        self.model, self.faster, self.gone = model, list(faster), []

    def take(self):
        return self.faster.pop(0) if self.faster else None

    def refused(self, runtime):
        self.gone.append(runtime)


def params_at(index, **changes):
    about = {"prompts": (Prompt("red", 1.0),), "strength": 0.4, "pose": Pose(0.01 * index)}
    return FrameParams(index, index / 10, 0.1, **about | changes)


def short():
    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")


def test_a_runtime_that_fails_gives_way_to_torch_and_the_picture_is_not_lost(ours_model):
    told, plain = [], Img2ImgStream(ours_model, SIZE)
    made = Acceleration(ours_model, Failing(ours_model.runtime, ValueError("bad\n graph"), 5))
    ladder = Ladder(made, SIZE, 0, told.append)
    for n in range(10):
        assert ladder.draw(params_at(n)).shape == (96, 128, 3)
        assert ladder.runtime == ("graphs" if n < 5 else "torch")
    assert told == ["CUDA graphs failed (ValueError: bad graph): torch draws from now on"]
    assert made.gone == ["graphs"] and ladder.lowered == 0
    assert np.abs(plain.step(params_at(0)).astype(int)
                  - Ladder(made, SIZE, 0, told.append).draw(params_at(0))).max() == 0


def test_out_of_memory_steps_down_one_rung_after_the_other(ours_model):
    """First the faster runtime, then the second row, then the size; each is told once."""
    told = []
    base = Failing(ours_model.runtime, short(), name="torch",
                   holds=lambda x: len(x) > 1 or x.shape[-1] > 12)
    model = replace(ours_model, runtime=base)
    ladder = Ladder(Acceleration(model, Failing(base, short())), SIZE, 0, told.append)
    pictures = [ladder.draw(params_at(n, guidance=2.0, steps=3)) for n in range(6)]
    assert told == [
        "CUDA graphs is out of memory: torch draws from now on",
        "out of memory: one step and no guidance from now on",
        "out of memory: drawn at 96x72 from now on and scaled up"]
    assert ladder.lowered == 2 and ladder.drawn_size == (96, 72)
    assert all(picture.shape == (96, 128, 3) for picture in pictures)


def test_what_fails_gives_way_to_the_rung_below_it(ours_model):
    """On a GPU: TensorRT to the graphs, the graphs to torch."""
    told = []
    graphs = Failing(ours_model.runtime, ValueError("no"), 6)
    plan = Failing(ours_model.runtime, ValueError("bad"), 3, name="tensorrt")
    made = Acceleration(ours_model, graphs, plan)
    ladder = Ladder(made, SIZE, 0, told.append)
    drawn_by = []
    for n in range(12):
        ladder.draw(params_at(n))
        drawn_by.append(ladder.runtime)
    assert drawn_by == ["graphs", *["tensorrt"] * 3, *["graphs"] * 5, *["torch"] * 3]
    assert told == [
        "TensorRT failed (ValueError: bad): CUDA graphs draws from now on",
        "CUDA graphs failed (ValueError: no): torch draws from now on"]
    assert made.gone == ["tensorrt", "graphs"]


def test_at_the_fiftieth_picture_it_goes_on_from_the_held_one(ours_model):
    told, limit = [], [99]
    base = Failing(ours_model.runtime, short(), name="torch",
                   holds=lambda x: x.shape[-1] > limit[0])
    ladder = Ladder(Acceleration(replace(ours_model, runtime=base)), SIZE, 0, told.append)
    for n in range(49):
        before = ladder.draw(params_at(n))
    phase = ladder.noise_phase
    limit[0] = 12
    after = ladder.draw(params_at(49, strength=0.02))
    assert base.calls > 49 and ladder.drawn_size == (96, 72) and len(told) == 2
    assert np.abs(after.astype(int) - before).mean() < 12  # not a new beginning
    assert ladder.noise_phase == pytest.approx(phase, abs=0.2)
    assert ladder.draw(params_at(50)).shape == (96, 128, 3) and len(told) == 2


def test_when_nothing_helps_the_error_goes_up_and_a_new_life_begins_lower(ours_model):
    told = []
    base = Failing(ours_model.runtime, short(), name="torch")
    ladder = Ladder(Acceleration(replace(ours_model, runtime=base)), SIZE, 0, told.append)
    with pytest.raises(torch.OutOfMemoryError):
        ladder.draw(params_at(0))
    assert ladder.lowered == 1 + len(smaller_sizes(SIZE, 8)) - 1
    lower = Ladder(Acceleration(ours_model), SIZE, 0, told.append, lowered=2)
    assert lower.drawn_size == (96, 72) and lower.draw(params_at(0)).shape == (96, 128, 3)
    assert Ladder(Acceleration(ours_model), SIZE, 0, told.append, 99).drawn_size == (96, 72)


def test_another_error_of_torch_itself_goes_up(ours_model):
    base = Failing(ours_model.runtime, ValueError("no"), name="torch")
    ladder = Ladder(Acceleration(replace(ours_model, runtime=base)), SIZE, 0, [].append)
    with pytest.raises(ValueError):
        ladder.draw(params_at(0))


def test_a_plan_alone_has_no_torch_to_step_down_to(ours_model):
    base = Failing(ours_model.runtime, RuntimeError("bad"), name="openvino")
    model = replace(ours_model, runtime=base, unet=None)
    ladder = Ladder(Acceleration(model), SIZE, 0, [].append)
    with pytest.raises(RuntimeError):
        ladder.draw(params_at(0))


def test_a_lowered_ladder_takes_no_runtime_of_the_full_size(ours_model):
    faster = Failing(ours_model.runtime, short(), 99)
    ladder = Ladder(Acceleration(ours_model, faster), SIZE, 0, [].append, lowered=2)
    ladder.draw(params_at(0))
    assert ladder.runtime == "torch" and faster.calls == 0


@pytest.mark.parametrize("size, cell", [((512, 512), 8), ((896, 384), 8), ((288, 512), 8),
                                        ((1024, 440), 8), ((64, 64), 8), ((136, 72), 8)])
def test_smaller_sizes_keep_the_shape(size, cell):
    found = smaller_sizes(size, cell)
    assert found[0] == size and found == sorted(found, reverse=True)
    for width, height in found:
        assert width % cell == height % cell == 0 and min(width, height) >= 64
        assert width / height == pytest.approx(size[0] / size[1], rel=0.1)


def test_scaling_keeps_a_ramp_and_the_size():
    ramp = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], 48, 0)
    ramp = np.repeat(ramp, 3, 2)
    large = scaled(ramp, (128, 96))
    assert large.shape == (96, 128, 3) and scaled(ramp, (64, 48)) is ramp
    assert np.abs(scaled(large, (64, 48)).astype(int) - ramp).max() <= 3


def test_what_counts_as_out_of_memory():
    assert is_out_of_memory(short()) and is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"))
    assert is_out_of_memory(RuntimeError("std::bad_alloc"))
    assert not is_out_of_memory(RuntimeError("shape mismatch"))
    assert not is_out_of_memory(ValueError("not enough memory"))
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value), SimpleNamespace(text=str(caught.value))
