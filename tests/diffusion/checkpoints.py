"""Tiny random models of each class, as a diffusers folder and as a checkpoint of one file.

The names of a checkpoint are written from tables of their own, not from the engine's.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from small_folders import BETAS, LETTERS

UNET = {
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2",
    "down_blocks.0.resnets.0": "input_blocks.1.0", "down_blocks.0.resnets.1": "input_blocks.2.0",
    "down_blocks.0.downsamplers.0.conv": "input_blocks.3.0.op",
    "down_blocks.1.resnets.0": "input_blocks.4.0", "down_blocks.1.resnets.1": "input_blocks.5.0",
    "down_blocks.1.attentions.0": "input_blocks.4.1",
    "down_blocks.1.attentions.1": "input_blocks.5.1",
    "mid_block.resnets.0": "middle_block.0", "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
    **{f"up_blocks.0.resnets.{n}": f"output_blocks.{n}.0" for n in range(3)},
    **{f"up_blocks.0.attentions.{n}": f"output_blocks.{n}.1" for n in range(3)},
    "up_blocks.0.upsamplers.0.conv": "output_blocks.2.2.conv",
    **{f"up_blocks.1.resnets.{n}": f"output_blocks.{n + 3}.0" for n in range(3)},
}
"""Of a UNet of two levels of two layers, the second with attention."""
RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
          "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
MIDDLE = {"mid_block.resnets.0": "mid.block_1", "mid_block.resnets.1": "mid.block_2",
          "mid_block.attentions.0": "mid.attn_1", "conv_norm_out": "norm_out"}
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
OPEN = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc",
        "mlp.fc2": "mlp.c_proj", "self_attn.out_proj": "attn.out_proj"}
KINDS = ("sd1", "sd2", "sdxl")


def save_pair(kind: str, folder: Path) -> tuple[Path, Path]:
    """A diffusers folder `plain` and the checkpoint `one.safetensors` of the same weights."""
    import diffusers

    torch.manual_seed(KINDS.index(kind) + 10)
    folder.mkdir(parents=True, exist_ok=True)
    pipe = _pipeline(kind, folder, diffusers)
    pipe.save_pretrained(folder / "plain", safe_serialization=True)
    tensors = ldm_tensors(kind, pipe)
    save_file(tensors, folder / "one.safetensors")
    return folder / "plain", folder / "one.safetensors"


def ldm_tensors(kind: str, pipe: object) -> dict[str, torch.Tensor]:
    """All tensors of a pipeline under the names that the released checkpoints have."""
    found = {f"model.diffusion_model.{_unet(name)}": tensor
             for name, tensor in pipe.unet.state_dict().items()}
    for name, tensor in pipe.vae.state_dict().items():
        square = ".attentions." in name and name.endswith("weight") and tensor.ndim == 2
        found[f"first_stage_model.{_vae(name)}"] = tensor[:, :, None, None] if square else tensor
    first = pipe.text_encoder.state_dict()
    if kind == "sd2":
        return found | _open("cond_stage_model.model.", first, more=True)
    start = "conditioner.embedders.0." if kind == "sdxl" else "cond_stage_model."
    found |= {f"{start}transformer.text_model.{name.removeprefix('text_model.')}": tensor
              for name, tensor in first.items()}
    if kind == "sdxl":
        found |= _open("conditioner.embedders.1.model.", pipe.text_encoder_2.state_dict())
    return {name: tensor.contiguous() for name, tensor in found.items()}


def _unet(name: str) -> str:
    start = max((key for key in UNET if name.startswith(key + ".")), key=len)
    rest = name[len(start) + 1 :]
    if ".resnets." in start:
        stem, _, kind = rest.rpartition(".")
        rest = f"{RESNET[stem]}.{kind}"
    return f"{UNET[start]}.{rest}"


def _vae(name: str) -> str:
    for old, new in MIDDLE.items():
        name = name.replace(old, new)
    if ".attn_1." in name:
        start, _, rest = name.partition(".attn_1.")
        stem, _, kind = rest.rpartition(".")
        return f"{start}.attn_1.{ATTENTION[stem]}.{kind}"
    for block in range(2):
        name = name.replace(f"up_blocks.{block}.", f"up.{1 - block}.")
    return (name.replace("down_blocks.", "down.").replace("resnets.", "block.")
            .replace("downsamplers.0", "downsample").replace("upsamplers.0", "upsample")
            .replace("conv_shortcut", "nin_shortcut"))


def _open(start: str, state: dict[str, torch.Tensor], more: bool = False) -> dict:
    """OpenCLIP's names; with `more` a last layer that is not to be used."""
    state = {name.removeprefix("text_model."): tensor for name, tensor in state.items()}
    layers = 1 + max(int(name.split(".")[2]) for name in state if ".layers." in name)
    if more:
        state |= {name.replace(f"layers.{layers - 1}.", f"layers.{layers}."):
                  torch.randn_like(tensor) for name, tensor in state.items()
                  if f".layers.{layers - 1}." in name}
    found = {
        "token_embedding.weight": state["embeddings.token_embedding.weight"],
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "ln_final.weight": state["final_layer_norm.weight"],
        "ln_final.bias": state["final_layer_norm.bias"],
    }
    if "text_projection.weight" in state:
        found["text_projection"] = state["text_projection.weight"].T.contiguous()
    for layer in range(layers + more):
        old, new = f"encoder.layers.{layer}.", f"transformer.resblocks.{layer}."
        for kind in ("weight", "bias"):
            parts = [state[f"{old}self_attn.{q}_proj.{kind}"] for q in "qkv"]
            found[f"{new}attn.in_proj_{kind}"] = torch.cat(parts)
            for stem, other in OPEN.items():
                found[f"{new}{other}.{kind}"] = state[f"{old}{stem}.{kind}"]
    return {start + name: tensor for name, tensor in found.items()}


def _pipeline(kind: str, folder: Path, diffusers: object) -> object:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    xl = kind == "sdxl"
    more: dict[str, object] = {"attention_head_dim": 8} if kind == "sd1" else {
        "attention_head_dim": (1, 1), "use_linear_projection": True}
    if xl:
        more |= {"addition_embed_type": "text_time", "addition_time_embed_dim": 8,
                 "projection_class_embeddings_input_dim": 6 * 8 + 24,
                 "transformer_layers_per_block": (1, 2)}
    unet = diffusers.UNet2DConditionModel(
        sample_size=64, layers_per_block=2, block_out_channels=(32, 64),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=128 if xl else 64, **more)
    vae = diffusers.AutoencoderKL(
        block_out_channels=(32, 32), layers_per_block=1, latent_channels=4, sample_size=64,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        scaling_factor=0.13025 if xl else 0.18215, force_upcast=xl)
    act = "gelu" if kind == "sd2" else "quick_gelu"
    words = write_words(folder / "tokenizer")
    text = CLIPTextModel(CLIPTextConfig(**_text(words, act)))
    pad = "!" if kind == "sd2" else "<|endoftext|>"
    parts: dict[str, object] = {
        "vae": vae, "unet": unet, "text_encoder": text, "tokenizer": tokenizer(folder, pad),
        "scheduler": diffusers.EulerDiscreteScheduler(
            **BETAS, timestep_spacing="trailing",
            prediction_type="v_prediction" if kind == "sd2" else "epsilon"),
    }
    if not xl:
        return diffusers.StableDiffusionPipeline(
            **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    second = CLIPTextModelWithProjection(
        CLIPTextConfig(**_text(words, "gelu"), projection_dim=24))
    return diffusers.StableDiffusionXLPipeline(
        **parts, text_encoder_2=second, tokenizer_2=tokenizer(folder, "!"))


def _text(words: int, act: str) -> dict[str, object]:
    return {
        "vocab_size": words, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 1, "max_position_embeddings": 16, "hidden_act": act,
        "bos_token_id": words - 2, "eos_token_id": words - 1, "pad_token_id": words - 1,
    }


def write_words(place: Path) -> int:
    """CLIP's tokenizer files of single letters and "!"; returns how many words."""
    place.mkdir(parents=True, exist_ok=True)
    words = ["!", "!</w>", *LETTERS, *(f"{letter}</w>" for letter in LETTERS),
             "<|startoftext|>", "<|endoftext|>"]
    vocab = {word: index for index, word in enumerate(words)}
    (place / "vocab.json").write_text(json.dumps(vocab))
    (place / "merges.txt").write_text("#version: 0.2\n")
    return len(words)


def tokenizer(folder: Path, pad: str) -> object:
    from transformers import CLIPTokenizer

    (folder / "tokenizer" / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "CLIPTokenizer", "model_max_length": 16, "pad_token": pad}))
    return CLIPTokenizer.from_pretrained(folder / "tokenizer")
