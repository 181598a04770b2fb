"""OpenVINO and ONNX Runtime draw what torch draws, and may take over between two pictures."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from engine.diffusion import LocalGenerator, acceleration, convert
from engine.diffusion.acceleration import Acceleration, finish_conversion, start_conversion
from engine.diffusion.model import load_model
from engine.diffusion.planned import load_planned
from engine.diffusion.plans import plan_folder
from engine.diffusion.prompts import encode_text
from engine.diffusion.stream import Img2ImgStream
from engine.errors import ModelError
from engine.records import FrameParams, Pose, Prompt

SIZE = (96, 64)
TEXTS = ("red", "", "Blue  WAVES, é & 3 dogs", "a b c d e f g h i j k l m n o p q r s t u v w")
ACCELERATED = ("openvino", "onnx")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def torch_model(steered):
    return load_model(steered, "cpu", 1)


@pytest.fixture(scope="module", params=ACCELERATED)
def planned_model(request, steered):
    folder = convert.convert(request.param, steered, SIZE)
    return load_planned(request.param, steered, folder, 1)


def params_at(index, **changes):
    about = {"prompts": (Prompt("red", 0.6), Prompt("sea", 0.4)), "strength": 0.5,
             "pose": Pose(0.02 * index, 0.01 * index), "noise_drift": 0.1}
    return FrameParams(index, index / 10, 0.1, **about | changes)


def assert_equal_parts(one, other, size):
    """Encode, UNet and decode of two runtimes on the same random tensors, and the texts."""
    random = torch.Generator().manual_seed(3)
    picture = torch.rand(1, 3, size[1], size[0], generator=random)
    with torch.inference_mode():
        latents = one.encode(picture)
        x = torch.randn(latents.shape, generator=random)
        for text in TEXTS:
            states = encode_text(one, text)
            torch.testing.assert_close(encode_text(other, text), states, atol=1e-3, rtol=1e-3)
        both = torch.cat((states, encode_text(one, "blue")))
        for got, expected in (
            (other.encode(picture), latents), (other.decode(x), one.decode(x)),
            *((other.runtime.unet(x, t, states), one.runtime.unet(x, t, states))
              for t in (0, 280, 999)),
            (other.runtime.unet(x.expand(2, -1, -1, -1), 500, both),
             one.runtime.unet(x.expand(2, -1, -1, -1), 500, both)),
        ):
            torch.testing.assert_close(got, expected, atol=1e-3, rtol=1e-3)


def test_the_parts_are_equal(torch_model, planned_model):
    assert_equal_parts(torch_model, planned_model, SIZE)
    assert planned_model.unet is None and planned_model.native_size == torch_model.native_size
    assert torch.equal(planned_model.alphas_cumprod, torch_model.alphas_cumprod)


def test_the_shipped_model_is_equal():
    size = (64, 64)
    folder = convert.convert("openvino", "small", size)
    planned = load_planned("openvino", "small", folder, 1)
    assert_equal_parts(load_model("small", "cpu", 1), planned, size)


def test_a_swap_between_two_pictures_is_not_seen(torch_model, planned_model):
    plain, swapped = Img2ImgStream(torch_model, SIZE), Img2ImgStream(torch_model, SIZE)
    for index in range(6):
        if index == 3:
            swapped.use(planned_model.runtime)
        expected = plain.step(params_at(index, guidance=1.0 + index % 2)).astype(int)
        got = swapped.step(params_at(index, guidance=1.0 + index % 2)).astype(int)
        assert np.abs(got - expected).max() <= 1, index
    assert swapped.runtime == planned_model.runtime.name and plain.runtime == "torch"


def test_pictures_are_kept_from_the_next_run(planned_model):
    """A result must not change when the runtime works again in its own memory."""
    run = planned_model.runtime
    first = run.decode(torch.zeros(1, 4, 8, 12))
    kept = first.clone()
    run.decode(torch.ones(1, 4, 8, 12))
    assert torch.equal(first, kept)


def test_a_film_is_the_same_twice_and_auto_is_torch(steered, planned_model):
    name = planned_model.runtime.name
    films = []
    for runtime in (name, name, "auto"):
        film = LocalGenerator(steered, SIZE, device="cpu", threads=1, runtime=runtime)
        films.append([film.generate(params_at(n)).picture for n in range(3)])
        assert film.runtime == ("torch" if runtime == "auto" else name)
        film.close()
    assert all(np.array_equal(a, b) for a, b in zip(films[0], films[1], strict=True))


def test_a_warm_start_needs_neither_diffusers_nor_transformers(steered, planned_model):
    code = (
        "import sys, pathlib\n"
        "from engine.diffusion.planned import load_planned\n"
        "from engine.diffusion.stream import Img2ImgStream\n"
        "from engine.records import FrameParams, Prompt\n"
        f"model = load_planned({planned_model.runtime.name!r}, {str(steered)!r},\n"
        f"                     pathlib.Path(sys.argv[1]), 1)\n"
        "params = FrameParams(0, 0.0, 0.1, prompts=(Prompt('red', 1.0),))\n"
        f"print(Img2ImgStream(model, {SIZE}).step(params).shape)\n"
        "print(sorted({'diffusers', 'transformers', 'openvino_telemetry'} &\n"
        "             {name for name, module in sys.modules.items() if module}))\n"
    )
    folder = plan_folder(planned_model.runtime.name, steered, SIZE)
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True,
                          text=True, check=True)
    assert done.stdout.splitlines() == [f"({SIZE[1]}, {SIZE[0]}, 3)", "[]"]


def test_a_killed_conversion_is_one_line(steered):
    converter = start_conversion("openvino", steered, (128, 64))
    converter.kill()
    with pytest.raises(ModelError, match="the conversion was ended by signal 9"):
        finish_conversion(converter)


def test_a_conversion_ends_with_its_starter(steered):
    converter = start_conversion("openvino", steered, (128, 64))
    converter.stdin.close()
    assert converter.wait(timeout=60) == 1
    converter.stdout.close()


def test_no_place_to_write_is_told_and_torch_draws(steered, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    told = []
    made = Acceleration("openvino", steered, (64, 64), "cpu", 1, told.append)
    made._thread.join(timeout=120)
    made.close()
    assert made.take() is None and made.model.runtime.name == "torch"
    assert len(told) == 2 and "in the background; torch draws meanwhile" in told[0]
    assert "OpenVINO cannot be used, torch goes on drawing: " in told[1]
    assert told[1].endswith("plans cannot be made: Not a directory")


def test_a_full_disk_is_one_line(monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(convert, "convert", full)
    monkeypatch.setattr(convert.os, "nice", lambda by: 0)
    monkeypatch.setattr(convert, "_end_with_starter", lambda: None)
    assert convert.main(["openvino", "small", "64x64"]) == 1
    assert capsys.readouterr().out == "it cannot be written: No space left on device\n"


def test_a_broken_plan_is_told_once_and_made_again(steered, planned_model, monkeypatch):
    name = planned_model.runtime.name
    folder = plan_folder(name, steered, SIZE)
    (folder / "tokenizer.json").write_text("garbage")
    made = []
    monkeypatch.setattr(acceleration, "start_conversion",
                        lambda *about: made.append(convert.convert(*about)))
    monkeypatch.setattr(acceleration, "finish_conversion", lambda converter: None)
    told = []
    now = Acceleration(name, steered, SIZE, "cpu", 1, told.append)
    now._thread.join(timeout=120)
    assert made == [folder] and now.take().name == name and now.take() is None
    assert "the kept conversion is broken: tokenizer.json" in told[0] and len(told) == 2
    assert told[1].endswith("draws now")
    again = Acceleration(name, steered, SIZE, "cpu", 1, told.append)
    assert again.model.runtime.name == name and len(told) == 2


def test_auto_leaves_large_models_to_torch_and_gpus_to_their_own(steered, monkeypatch):
    assert acceleration.aim("auto", steered, "cpu") == "openvino"
    assert acceleration.aim("auto", steered, "cuda:1") == "graphs"
    assert acceleration.aim("auto", steered, "mps") == "torch"
    monkeypatch.setattr(acceleration, "AUTO_LARGEST", 1000)
    assert acceleration.aim("auto", steered, "cpu") == "torch"
    assert acceleration.aim("onnx", steered, "cpu") == "onnx"
