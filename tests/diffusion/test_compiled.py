"""torch.compile: the same pictures, nothing compiled after it is handed over."""

import numpy as np
import torch

from engine.diffusion.acceleration import Acceleration
from engine.diffusion.compiled import CompiledRuntime
from engine.diffusion.stream import Img2ImgStream
from engine.records import FrameParams, Pose, Prompt

SIZE = (96, 64)


def params_at(index, **changes):
    about = {"prompts": (Prompt("red", 0.6), Prompt("sea", 0.4)), "strength": 0.5,
             "pose": Pose(0.02 * index, 0.01 * index), "noise_drift": 0.1}
    return FrameParams(index, index / 10, 0.1, **about | changes)


class Counting:
    """A backend that runs graphs as they are and counts what it is asked to compile."""

    def __init__(self):
        self.asked = 0

    def __call__(self, graph, inputs):
        self.asked += 1
        return graph.forward


def test_pictures_are_equal_and_nothing_is_compiled_live(ours_model):
    model, backend = ours_model, Counting()
    torch._dynamo.reset()
    compiled = CompiledRuntime(model, SIZE, backend)
    count = backend.asked
    assert count >= 3
    plain, fast = Img2ImgStream(model, SIZE), Img2ImgStream(model, SIZE)
    fast.use(compiled)
    for n in range(6):
        changes = {"strength": 0.3 + 0.1 * n, "steps": 1 + n % 3, "guidance": 1.0 + n % 2,
                   "seed": n}
        expected = plain.step(params_at(n, **changes)).astype(int)
        assert np.abs(fast.step(params_at(n, **changes)) - expected).max() <= 1
    with torch.inference_mode():
        compiled.unet(torch.zeros(3, 4, 8, 12), 5, compiled_states(model).expand(3, -1, -1))
    assert backend.asked == count and fast.runtime == "compiled"


def compiled_states(model):
    from engine.diffusion.prompts import encode_text

    return encode_text(model, "red")


def test_a_missing_compiler_is_told_and_torch_goes_on(ours, monkeypatch):
    from engine.diffusion import compiled

    def refuse(*_):
        raise RuntimeError("no C++ compiler\nfound")

    monkeypatch.setattr(compiled, "CompiledRuntime", refuse)
    told = []
    made = Acceleration("compiled", ours, SIZE, "cpu", 1, told.append)
    made._thread.join(timeout=60)
    made.close()
    assert made.take() is None and made.model.runtime.name == "torch"
    assert told == ["torch.compile works in the background; torch draws meanwhile",
                    "torch.compile cannot be used, torch goes on drawing: no C++ compiler found"]


def test_it_is_compiled_beside_the_pictures_and_handed_over(ours, monkeypatch):
    from engine.diffusion import compiled

    made_of = []
    monkeypatch.setattr(compiled, "CompiledRuntime",
                        lambda model, size: made_of.append(size) or model.runtime)
    told = []
    made = Acceleration("compiled", ours, SIZE, "cpu", 1, told.append)
    made._thread.join(timeout=120)
    assert made.take() is made.model.runtime and made.take() is None and made_of == [SIZE]
    assert told[-1] == "torch.compile draws now"
