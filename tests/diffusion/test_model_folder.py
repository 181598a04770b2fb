"""A model folder is checked before it is loaded, and a fault is one readable line."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.diffusion.model import check_folder, check_size, load_model
from engine.errors import ModelError


@pytest.fixture
def copy(ours, tmp_path):
    return shutil.copytree(ours, tmp_path / "copy")


def fault(folder):
    with pytest.raises(ModelError) as caught:
        check_folder(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_good_folder_names_its_classes(ours, turbo):
    assert check_folder(ours)["vae"] == "AutoencoderTiny"
    assert check_folder(turbo)["vae"] == "AutoencoderKL"


def test_no_such_folder(tmp_path):
    assert fault(tmp_path / "nowhere").startswith(f"{tmp_path / 'nowhere'}: no such model folder")


def test_no_index(copy):
    (copy / "model_index.json").unlink()
    assert fault(copy) == f"{copy}: model_index.json is missing or cannot be read"


def test_broken_index(copy):
    (copy / "model_index.json").write_text("{")
    assert "model_index.json is no JSON" in fault(copy)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "tokenizer"])
def test_a_part_is_missing(copy, part):
    shutil.rmtree(copy / part)
    assert fault(copy) == f"{copy}: {part}/ is missing"


def test_no_scheduler(copy):
    shutil.rmtree(copy / "scheduler")
    assert "scheduler/scheduler_config.json is missing" in fault(copy)


@pytest.mark.parametrize(("part", "stem"), [
    ("unet", "diffusion_pytorch_model"), ("vae", "diffusion_pytorch_model"),
    ("text_encoder", "model"),
])
def test_weights_are_missing_or_pickled(copy, part, stem):
    weights = copy / part / f"{stem}.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    assert fault(copy) == f"{copy}: {part}/ has weights, but not as {stem}.safetensors"
    weights.with_suffix(".bin").unlink()
    assert fault(copy) == f"{copy}: {part}/{stem}.safetensors is missing"


def test_another_kind_of_model(copy):
    index = json.loads((copy / "model_index.json").read_text())
    index["unet"] = ["diffusers", "FluxTransformer2DModel"]
    (copy / "model_index.json").write_text(json.dumps(index))
    assert "unet is FluxTransformer2DModel, allowed: UNet2DConditionModel" in fault(copy)


@pytest.mark.parametrize(("kept", "said"), [
    (lambda whole: whole[:1000], r"cut short: 1000 bytes, its head alone takes \d+$"),
    (lambda whole: whole[:-1], r"cut short: \d+ of \d+ bytes$"),
    (lambda whole: b"version https://git-lfs.github.com/spec/v1", "is no safetensors file$"),
    (lambda whole: b"", "cut short: 0 bytes, its head alone takes 8$"),
])
def test_truncated_or_wrong_weights_are_one_line(copy, kept, said):
    weights = copy / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(kept(weights.read_bytes()))
    assert re.search(said, fault(copy)) and fault(copy).startswith(f"{weights}: ")


def test_weights_of_another_model_are_one_line(copy, turbo):
    shutil.copy(turbo / "vae" / "diffusion_pytorch_model.safetensors", copy / "unet")
    with pytest.raises(ModelError, match="unet/ has weights of another model: of ") as caught:
        load_model(copy, device="cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "tensors", "said"), [
    ("a.ckpt", None, "is a pickle, which runs whatever its maker put in"),
    ("a.PT", None, "is a pickle"),
    ("a.png", None, "is no model; allowed: small, a diffusers folder or a .safetensors"),
    ("a.safetensors", ["lora_unet_mid_block.lora_down.weight"], "is a LoRA"),
    ("a.safetensors", ["model.diffusion_model.out.0.bias"],
     "is a checkpoint whose unet is not whole"),
    ("a.safetensors", ["heart"], "is a file of weights that is no checkpoint known here"),
])
def test_a_single_file_is_refused_with_the_reason(tmp_path, name, tensors, said):
    path = tmp_path / name
    if tensors is None:
        path.write_bytes(b"\x80\x02}q\x00.")
    else:
        save_file({tensor: np.zeros((2, 3), np.float32) for tensor in tensors}, path)
    assert fault(path).startswith(f"{path}: {said}")


def test_shards_are_all_looked_at(copy):
    part = copy / "unet"
    (part / "diffusion_pytorch_model.safetensors").rename(part / "one.safetensors")
    (part / "diffusion_pytorch_model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}))
    assert fault(copy) == f"{part / 'two.safetensors'}: cannot be read: No such file or directory"


def test_half_precision_files_alone_are_found(copy):
    for part, stem in (("unet", "diffusion_pytorch_model"), ("vae", "diffusion_pytorch_model"),
                       ("text_encoder", "model")):
        plain = copy / part / f"{stem}.safetensors"
        plain.rename(copy / part / f"{stem}.fp16.safetensors")
    assert load_model(copy, device="cpu").prediction_type == "v_prediction"


@pytest.mark.parametrize("size", [(100, 64), (64, 100), (8, 8)])
def test_a_size_that_does_not_fit(ours, size):
    with pytest.raises(ModelError, match=f"size {size[0]}x{size[1]}, allowed: multiples of 8"):
        check_size(ours, size)


def test_an_unknown_device(ours):
    with pytest.raises(ModelError, match="device = 'toaster', allowed: auto, cpu, cuda"):
        load_model(ours, device="toaster")


def test_importing_the_package_loads_no_torch():
    code = ("import sys, engine.diffusion, engine.diffusion.model\n"
            "bad = {'torch', 'diffusers', 'transformers'} & set(sys.modules)\n"
            "sys.exit(f'loaded {bad}' if bad else 0)")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
