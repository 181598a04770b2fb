"""The generator's benchmark runs beside diffusers' own pipeline and gives finite figures."""

import json

import pytest
import torch

from bench.generator import run
from bench.random_models import MODELS, random_folder
from bench.roofline import PARTS, matmul_rate, operations, shares
from engine.diffusion.model import load_model
from engine.diffusion.stream import Img2ImgStream
from engine.errors import ModelError
from engine.records import FrameParams, Prompt

QUIET = pytest.mark.filterwarnings("ignore::FutureWarning:diffusers")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "bench_cache"))


@QUIET
def test_figures_of_all_contestants(ours, capsys, monkeypatch):
    from engine.diffusion import runtimes

    monkeypatch.setattr(runtimes, "missing_packages",
                        lambda name: [name] if name == "onnx" else [])
    figures = run(str(ours), (64, 64), seconds=0.5, threads=1, device="cpu", starts=False)
    assert set(figures["runtimes"]) == {"torch", "openvino", "diffusers"}
    assert figures["without"] == {
        "onnx": "onnx is not installed", "compiled": "not asked for; --runtime compiled",
        "streamdiffusion":
            "not asked for; --streamdiffusion build makes an environment for it"}
    for name, row in figures["runtimes"].items():
        assert set(row["ms"]) == {"total", "cpu"} and row["frames"] >= 5
        for ms in row["ms"].values():
            assert 0 < ms["min"] <= ms["p50"] <= ms["p99"]
        assert all(row[key] > 0 for key in ("ratio", "ratio_of_min", "ratio_of_cpu", "fps"))
        assert name == "diffusers" or set(row["parts_ms"]) == set(PARTS)
    assert figures["runtimes"]["diffusers"]["ratio"] == 1.0 and figures["threads"] == 1
    assert figures["runtime"] == "openvino" and set(figures["roofline"]["shares"]) == {
        "torch", "openvino"}
    assert json.loads(json.dumps(figures)) == figures
    shown = capsys.readouterr()
    assert shown.out == "" and "diffusers" in shown.err and "not installed" in shown.err


@QUIET
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_random_model_is_raced_with_one_and_four_steps(capsys):
    figures = run("random:tiny", (64, 64), seconds=0.2, threads=1, device="cpu", starts=False,
                  runtime="torch")
    assert set(figures["by_steps"]) == {"1", "4"} and figures["model"] == "random:tiny"
    one, four = (figures["by_steps"][count]["torch"]["parts_ms"] for count in ("1", "4"))
    assert four["denoise"] > 2 * one["denoise"]
    assert "4 steps a picture" in capsys.readouterr().err


def test_random_models_draw_and_are_kept():
    folder = random_folder("random:tiny")
    made = (folder / "unet" / "diffusion_pytorch_model.safetensors").stat().st_mtime_ns
    assert random_folder("random:tiny") == folder and folder.name == "tiny"
    assert (folder / "unet" / "diffusion_pytorch_model.safetensors").stat().st_mtime_ns == made
    for name in ("random:tiny", "random:tiny-kl"):
        stream = Img2ImgStream(load_model(random_folder(name), "cpu", 1), (64, 64))
        picture = stream.step(FrameParams(0, 0.0, 0.1, prompts=(Prompt("red", 1.0),)))
        assert picture.std() > 1 and stream.broken == 0


def test_the_architectures_are_the_known_ones():
    """Their parameters, as the models' cards and papers count them."""
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    def count(module):
        return sum(each.numel() for each in module.parameters()) / 1e6

    with torch.device("meta"):
        assert count(UNet2DConditionModel(**MODELS["sd-turbo"][0])) == pytest.approx(865.9, abs=1)
        assert count(UNet2DConditionModel(**MODELS["sdxl-turbo"][0])) == pytest.approx(
            2567.5, abs=1)
        second = CLIPTextConfig(**MODELS["sdxl-turbo"][1][1])
        assert count(CLIPTextModelWithProjection(second)) == pytest.approx(694.7, abs=1)


def test_an_unknown_random_model():
    with pytest.raises(ModelError, match="allowed after random:: sd-turbo, sd-turbo-kl, sdxl"):
        random_folder("random:flux")


def test_operations_are_counted(ours_model):
    """Decoding twice the width is twice the work; a matrix product is what it is."""
    one, two = operations(ours_model, (64, 64)), operations(ours_model, (128, 64))
    assert two["decode"] == pytest.approx(2 * one["decode"], rel=0.05) and one["denoise"] > 0
    assert matmul_rate(torch.device("cpu"), torch.float32, 0.2) > 1
    told = shares({"encode": 1, "denoise": 10, "decode": 1},
                  {"encode": 0.5, "denoise": 2.0, "decode": 0.5}, 1000.0, 4)
    assert told == {"encode": 0.5, "denoise": 0.8, "decode": 0.5, "together": 0.75}
