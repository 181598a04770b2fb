"""Where a checkpoint of one file keeps what a diffusers folder calls otherwise.

The config of a part and the name of one of its tensors flow in, the checkpoint's name for it and
how it lies there flow out. Names only: needs neither torch nor a file. The names are those of
CompVis' latent-diffusion (UNet, autoencoder), OpenAI's CLIP in transformers and OpenCLIP (text
encoders of SD 2 and the second one of SDXL), as Stability AI's released checkpoints hold them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

UNET, VAE = "model.diffusion_model.", "first_stage_model."
CLIP, OPEN_CLIP = "cond_stage_model.transformer.", "cond_stage_model.model."
XL_CLIP, XL_OPEN_CLIP = "conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."
PREFIXES = {
    **{(kind, part): start for kind in ("sd1", "sd2", "sdxl")
       for part, start in (("unet", UNET), ("vae", VAE))},
    ("sd1", "text_encoder"): CLIP, ("sd2", "text_encoder"): OPEN_CLIP,
    ("sdxl", "text_encoder"): XL_CLIP, ("sdxl", "text_encoder_2"): XL_OPEN_CLIP,
}
"""How the names of a part begin, by class of checkpoint and part."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A tensor of the checkpoint; `third` of its rows, or None for all; `transposed` or not."""

    name: str
    third: int | None = None
    transposed: bool = False


_RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
           "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
_ENDS = {"conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
         "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
         "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2"}
_MIDDLE = {"resnets.0": "middle_block.0", "attentions.0": "middle_block.1",
           "resnets.1": "middle_block.2"}
_BLOCK = re.compile(r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)"
                    r"\.(\d+)\.(.+)")


def unet_name(config: Mapping[str, Any], name: str) -> str:
    """The checkpoint's name, without UNET, of a tensor or module of a UNet with that config."""
    stem, dot, kind = name.rpartition(".")
    if stem in _ENDS or name in _ENDS:
        return _ENDS[stem] + dot + kind if stem in _ENDS else _ENDS[name]
    if name.startswith("mid_block."):
        place, number, rest = name.removeprefix("mid_block.").split(".", 2)
        return f"{_MIDDLE[f'{place}.{number}']}.{_inner(place, rest)}"
    if not (found := _BLOCK.fullmatch(name)):
        return name
    way, block, place, number, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
    each = config["layers_per_block"] + 1
    if place == "downsamplers":
        return f"input_blocks.{(block + 1) * each}.0.{rest.replace('conv', 'op', 1)}"
    if place == "upsamplers":
        attends = config["up_block_types"][block].startswith("CrossAttn")
        return f"output_blocks.{block * each + each - 1}.{2 if attends else 1}.{rest}"
    first = 1 + block * each if way == "down" else block * each
    side = "input" if way == "down" else "output"
    within = 0 if place == "resnets" else 1
    return f"{side}_blocks.{first + number}.{within}.{_inner(place, rest)}"


def _inner(place: str, rest: str) -> str:
    """Within a residual or an attention block; the latter are the same in both."""
    if place != "resnets":
        return rest
    stem, dot, kind = rest.partition(".")
    return _RESNET[stem] + dot + kind


_VAE_RESNET = re.compile(r"(encoder|decoder)\.(down|up)_blocks\.(\d+)\.resnets\.(\d+)\.(.+)")
_VAE_SCALE = re.compile(r"(encoder|decoder)\.(down|up)_blocks\.(\d+)\.(?:down|up)samplers\.0\.(.+)")
_VAE_MIDDLE = re.compile(r"(encoder|decoder)\.mid_block\.(resnets|attentions)\.(\d)\.(.+)")
_VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0":
                  "proj_out"}


def vae_name(config: Mapping[str, Any], name: str) -> str:
    """The checkpoint's name, without VAE, of a tensor of an AutoencoderKL with that config."""
    last = len(config["block_out_channels"]) - 1

    def at(way: str, block: str) -> int:
        return int(block) if way == "down" else last - int(block)

    if found := _VAE_RESNET.fullmatch(name):
        side, way, block, number, rest = found.groups()
        rest = rest.replace("conv_shortcut", "nin_shortcut")
        return f"{side}.{way}.{at(way, block)}.block.{number}.{rest}"
    if found := _VAE_SCALE.fullmatch(name):
        side, way, block, rest = found.groups()
        return f"{side}.{way}.{at(way, block)}.{way}sample.{rest}"
    if found := _VAE_MIDDLE.fullmatch(name):
        side, place, number, rest = found.groups()
        if place == "resnets":
            return f"{side}.mid.block_{int(number) + 1}.{rest}"
        stem, _, kind = rest.rpartition(".")
        return f"{side}.mid.attn_1.{_VAE_ATTENTION[stem]}.{kind}"
    return name.replace("conv_norm_out", "norm_out")


_LAYER = re.compile(r"encoder\.layers\.(\d+)\.(.+)\.(weight|bias)")
_OPEN_LAYER = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc",
               "mlp.fc2": "mlp.c_proj", "self_attn.out_proj": "attn.out_proj"}
_OPEN_ENDS = {"embeddings.token_embedding.weight": "token_embedding.weight",
              "embeddings.position_embedding.weight": "positional_embedding",
              "final_layer_norm.weight": "ln_final.weight",
              "final_layer_norm.bias": "ln_final.bias"}
_THIRDS = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")


def open_clip_origin(name: str) -> Origin:
    """Where OpenCLIP keeps a tensor of a CLIPTextModel, with or without a projection."""
    name = name.removeprefix("text_model.")
    if name == "text_projection.weight":
        return Origin("text_projection", transposed=True)
    if found := _LAYER.fullmatch(name):
        layer, stem, kind = found.groups()
        block = f"transformer.resblocks.{layer}."
        if stem in _THIRDS:
            return Origin(f"{block}attn.in_proj_{kind}", third=_THIRDS.index(stem))
        return Origin(f"{block}{_OPEN_LAYER[stem]}.{kind}")
    return Origin(_OPEN_ENDS[name])


def origin(kind: str, part: str, config: Mapping[str, Any], name: str) -> Origin:
    """Where a checkpoint of class `kind` ("sd1", "sd2", "sdxl") keeps tensor `name` of a part."""
    start = PREFIXES[kind, part]
    if part == "unet":
        return Origin(start + unet_name(config, name))
    if part == "vae":
        return Origin(start + vae_name(config, name))
    if start in (OPEN_CLIP, XL_OPEN_CLIP):
        found = open_clip_origin(name)
        return Origin(start + found.name, found.third, found.transposed)
    return Origin(start + "text_model." + name.removeprefix("text_model."))
