"""A checkpoint of one file plays as the diffusers folder of the same weights does."""

import json
import re
import shutil

import numpy as np
import pytest
import torch
from checkpoints import KINDS, save_pair
from safetensors.torch import load_file, save_file

from engine.diffusion.inventory import inspect, lines
from engine.diffusion.kinds import by_name
from engine.diffusion.ldm_names import origin
from engine.diffusion.model import check_folder, load_model, model_folder, read_json
from engine.diffusion.model_files import usual_steps
from engine.diffusion.shapes import unet_config
from engine.diffusion.stream import Img2ImgStream
from engine.errors import LiquidlightError
from engine.records import FrameParams, Prompt

SIZE = (64, 64)


@pytest.fixture(scope="module", params=KINDS)
def pair(request, tmp_path_factory):
    return (request.param, *save_pair(request.param, tmp_path_factory.mktemp("one")))


@pytest.fixture(scope="module")
def sd1(tmp_path_factory):
    return save_pair("sd1", tmp_path_factory.mktemp("sd1"))


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def picture_of(name):
    stream = Img2ImgStream(load_model(name, device="cpu"), SIZE)
    stream.step(FrameParams(0, 0.0, 0.05, prompts=(Prompt("red sea", 1.0),), seed=2, steps=2))
    return stream._state.picture


def fault(work):
    with pytest.raises(LiquidlightError) as caught:
        work()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_picture_is_that_of_the_folder(pair):
    kind, plain, one = pair
    torch.testing.assert_close(picture_of(one), picture_of(plain), rtol=0, atol=1e-5)


def test_names_are_those_that_diffusers_reads(pair):
    from diffusers import UNet2DConditionModel
    from diffusers.loaders.single_file_utils import (
        convert_ldm_unet_checkpoint,
        convert_ldm_vae_checkpoint,
    )

    kind, plain, one = pair
    tensors = load_file(one)
    unet, vae = (read_json(model_folder(one), f"{part}/config.json") for part in ("unet", "vae"))
    unet["class_embed_type"] = None
    theirs = convert_ldm_unet_checkpoint(dict(tensors), unet)
    ours = load_model(one, device="cpu").unet.state_dict()
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], ours[name]) for name in ours)
    theirs = convert_ldm_vae_checkpoint(dict(tensors), vae)
    ours = load_model(one, device="cpu").vae.state_dict()
    assert theirs.keys() == ours.keys()
    config = UNet2DConditionModel.load_config(plain / "unet")
    for key in ("cross_attention_dim", "layers_per_block", "addition_time_embed_dim"):
        assert unet.get(key) == config[key]


@pytest.mark.parametrize(("kind", "more"), [
    ("sd1", {"block_out_channels": (320, 640, 1280, 1280), "attention_head_dim": 8,
             "cross_attention_dim": 768}),
    ("sdxl", {"block_out_channels": (320, 640, 1280), "attention_head_dim": (5, 10, 20),
              "transformer_layers_per_block": (1, 2, 10), "use_linear_projection": True,
              "down_block_types": ("DownBlock2D", *["CrossAttnDownBlock2D"] * 2),
              "up_block_types": (*["CrossAttnUpBlock2D"] * 2, "UpBlock2D"),
              "cross_attention_dim": 2048, "addition_embed_type": "text_time",
              "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816}),
])
def test_names_of_the_released_sizes_are_those_that_diffusers_reads(kind, more):
    """Shapes alone: no memory is taken."""
    from diffusers import UNet2DConditionModel
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

    with torch.device("meta"):
        unet = UNet2DConditionModel(**more)
    config = dict(unet.config) | {"class_embed_type": None}
    names = {name: origin(kind, "unet", config, name).name for name in unet.state_dict()}
    assert len(set(names.values())) == len(names)
    held = {names[name]: tensor for name, tensor in unet.state_dict().items()}
    back = convert_ldm_unet_checkpoint(dict(held), config)
    assert {name: tensor.shape for name, tensor in back.items()} == {
        name: tensor.shape for name, tensor in unet.state_dict().items()}
    rows = {name: {"shape": list(tensor.shape)} for name, tensor in held.items()}
    if kind == "sdxl":
        rows["conditioner.embedders.1.model.text_projection"] = {"shape": [1280, 1280]}
    read = unet_config(kind, rows)
    for key in ("layers_per_block", "cross_attention_dim", "addition_time_embed_dim",
                "use_linear_projection", "attention_head_dim", "block_out_channels",
                "down_block_types", "up_block_types"):
        said = config[key]
        assert read.get(key, said) == (list(said) if isinstance(said, tuple) else said), key


def test_it_is_told_what_it_is(pair):
    kind, _, one = pair
    found = inspect(str(one), (640, 360))
    assert len(found["parts"]) == (4 if kind == "sdxl" else 3)
    assert found["prediction"] == ("v_prediction" if kind == "sd2" else "epsilon")
    assert sum(part["file_bytes"] for part in found["parts"]) <= one.stat().st_size
    assert "wants steps = 8" in "\n".join(lines(found))


def test_halves_are_played(sd1, tmp_path):
    half = tmp_path / "half.safetensors"
    save_file({name: tensor.half() for name, tensor in load_file(sd1[1]).items()}, half)
    shutil.copytree(sd1[1].parent / "tokenizer", tmp_path / "tokenizer")
    assert (picture_of(half) - picture_of(sd1[0])).abs().max() < 0.02
    assert inspect(str(half), (640, 360))["parts"][0]["dtypes"] == ["F16"]


@pytest.mark.parametrize(("name", "steps", "schedule", "prediction"), [
    ("dreamshaper_8", 8, "euler", None), ("sd_xl_turbo_1.0_fp16", 1, "ancestral", None),
    ("sdxl_lightning_4step", 4, "euler", None), ("sdxl_lightning_1step_x0", 1, "euler", "sample"),
    ("LCM_Dreamshaper_v7", 4, "lcm", None), ("Hyper-SDXL-8steps", 8, "euler", None),
    ("Hyper-SD15-1step", 1, "tcd", None), ("noobaiXL_vPred10", 8, "euler", "v_prediction"),
    ("v2-1_768-v-ema", 8, "euler", "v_prediction"), ("my_tcd_mix", 4, "tcd", None),
])
def test_what_names_tell(name, steps, schedule, prediction):
    kind = by_name(name)
    assert (kind.steps, kind.schedule, kind.prediction) == (steps, schedule, prediction)


def named(sd1, tmp_path, name):
    copy = tmp_path / f"{name}.safetensors"
    if not copy.exists():
        copy.symlink_to(sd1[1])
    if not (tmp_path / "tokenizer").exists():
        shutil.copytree(sd1[1].parent / "tokenizer", tmp_path / "tokenizer")
    return copy


def test_a_look_that_says_no_steps_gets_as_many_as_the_model_wants(sd1, tmp_path):
    calls = []
    for name, steps, wanted in (("sea_turbo", 0, 1), ("sea_lcm", 0, 4), ("sea", 0, 8),
                                ("sea_lcm", 2, 2)):
        model = load_model(named(sd1, tmp_path, name), device="cpu")
        stream = Img2ImgStream(model, SIZE)
        calls.clear()
        hook = model.unet.register_forward_pre_hook(lambda *_: calls.append(1))
        stream.step(FrameParams(0, 0.0, 0.05, prompts=(Prompt("red", 1.0),), steps=steps))
        hook.remove()
        assert len(calls) == wanted, name


def test_names_and_sidecars_choose_the_schedule(sd1, tmp_path):
    lcm = named(sd1, tmp_path, "sea_lcm")
    assert load_model(lcm, device="cpu").schedule.kind == "lcm" and usual_steps(lcm) == 4
    other = named(sd1, tmp_path, "other")
    assert load_model(other, device="cpu").schedule.kind == "euler"
    (tmp_path / "other.toml").write_text('schedule = "tcd"\nsteps = 2\nprediction = "sample"\n')
    model = load_model(other, device="cpu")
    assert model.schedule.kind == "tcd" and model.prediction_type == "sample"
    assert usual_steps(other) == 2


@pytest.mark.parametrize(("row", "said"), [
    ("steps = 9", r"other\.toml:1: steps = 9 is not a whole number 1\.\.8"),
    ('schedule = "dpm"', r"other\.toml:1: schedule = 'dpm' is not known"),
    ("stepps = 1", r"other\.toml:1: stepps is not known.*steps"),
    ('tokenizer = "nowhere"', r"tokenizer = 'nowhere': .* holds no vocab\.json"),
    ('autoencoder = "nowhere"', r"autoencoder = 'nowhere': .* holds no config\.json"),
])
def test_a_mistake_in_a_sidecar_is_one_line(sd1, tmp_path, row, said):
    other = named(sd1, tmp_path, "other")
    (tmp_path / "other.toml").write_text(row)
    assert re.search(said, fault(lambda: check_folder(other)))


def test_no_words_says_what_to_put_where(sd1, tmp_path):
    alone = tmp_path / "alone.safetensors"
    alone.symlink_to(sd1[1])
    assert re.search(r"needs CLIP's 56 words, .* put the folder tokenizer .* beside it or into "
                     r".*config/liquidlight, or fetch one", fault(lambda: check_folder(alone)))
    shutil.copytree(sd1[1].parent / "tokenizer", tmp_path / "config" / "liquidlight" / "tokenizer")
    assert check_folder(alone)["tokenizer"] == "CLIPTokenizer"


def test_a_part_that_is_missing(sd1, tmp_path):
    tensors = load_file(sd1[1])
    broken = named(sd1, tmp_path, "broken")
    for start, said in (("first_stage_model.", "looks like Stable Diffusion 1, but .* missing; "
                         ".*taesd would do instead"),
                        ("cond_stage_model.", "holds no text encoder")):
        broken.unlink()
        save_file({n: t for n, t in tensors.items() if not n.startswith(start)}, broken)
        assert re.search(said, fault(lambda: check_folder(broken)))
    broken.unlink()
    gone = "model.diffusion_model.middle_block.0.in_layers.0.weight"
    save_file({n: t for n, t in tensors.items() if n != gone}, broken)
    assert f"1 tensors are missing, {gone}" in fault(lambda: load_model(broken, device="cpu"))


@pytest.mark.parametrize(("tensors", "said"), [
    ({"lora_unet_mid_block.lora_down.weight": (2, 3)}, "is a LoRA, no model of its own"),
    ({"double_blocks.0.img_attn.qkv.weight": (2, 3)}, "is a model of the Flux class"),
    ({"emb_params": (2, 768)}, "is a textual inversion, no model"),
    ({"down_blocks.0.resnets.0.conv1.weight": (3, 3, 3, 3)}, "is a part of a diffusers folder"),
    ({"model.diffusion_model.input_blocks.0.0.weight": (8, 9, 3, 3)}, "is an inpainting model"),
    ({"heart": (400, 3)}, "is a file of weights that is no checkpoint known here"),
])
def test_other_files_are_named(tmp_path, tensors, said):
    path = tmp_path / "a.safetensors"
    save_file({name: torch.zeros(shape) for name, shape in tensors.items()}, path)
    assert fault(lambda: check_folder(path)).startswith(f"{path}: {said}")


def test_a_checkpoint_that_changes_is_read_anew(sd1, tmp_path):
    copy = tmp_path / "copy.safetensors"
    shutil.copy(sd1[1], copy)
    shutil.copytree(sd1[1].parent / "tokenizer", tmp_path / "tokenizer")
    before = model_folder(copy)
    assert model_folder(copy) == before
    copy.write_bytes(copy.read_bytes()[:-4])
    assert "cut short" in fault(lambda: check_folder(copy))


def tiny(folder):
    from diffusers import AutoencoderTiny

    torch.manual_seed(7)
    AutoencoderTiny(
        encoder_block_out_channels=(8,) * 2, decoder_block_out_channels=(8,) * 2,
        num_encoder_blocks=(1, 1), num_decoder_blocks=(1, 1), latent_channels=4,
    ).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
def test_a_tiny_autoencoder_beside_it_is_taken(kind, tmp_path):
    plain, one = save_pair(kind, tmp_path / "one")
    name = "taesdxl" if kind == "sdxl" else "taesd"
    full = picture_of(one)
    tiny(one.parent / name)
    assert check_folder(one)["vae"] == "AutoencoderTiny"
    quick = picture_of(one)
    assert not torch.equal(quick, full) and np.isfinite(quick.numpy()).all()
    shutil.copytree(one.parent / name, plain / name)
    assert check_folder(plain)["vae"] == "AutoencoderTiny"
    torch.testing.assert_close(picture_of(plain), quick, rtol=0, atol=1e-5)
    plain.with_name("plain.toml").write_text('autoencoder = "full"')
    assert check_folder(plain)["vae"] == "AutoencoderKL"
    torch.testing.assert_close(picture_of(plain), full, rtol=0, atol=1e-5)


def test_the_tiny_autoencoder_is_that_of_diffusers(sd1, tmp_path):
    from diffusers import AutoencoderTiny

    folder = shutil.copytree(sd1[0], tmp_path / "model")
    theirs = AutoencoderTiny.from_pretrained(tiny(folder / "taesd"))
    model = load_model(folder, device="cpu")
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        latents = theirs.encode(picture * 2 - 1).latents
        torch.testing.assert_close(model.encode(picture), latents, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(
            model.decode(latents), theirs.decode(latents).sample / 2 + 0.5, rtol=1e-4, atol=1e-5)


def test_a_plan_depends_on_the_checkpoint(sd1, tmp_path):
    from engine.diffusion.plans import plan_folder

    copy = named(sd1, tmp_path, "sea")
    first = plan_folder("onnx", copy, SIZE)
    source = json.loads((model_folder(copy) / "unet" / "source.json").read_text())
    assert source["size"] == sd1[1].stat().st_size
    other = named(sd1, tmp_path, "sea_lcm")
    assert plan_folder("onnx", other, SIZE) != first
