"""The configs of a checkpoint of one file, read from the names and shapes of its tensors.

The head of the file flows in; the class ("sd1", "sd2", "sdxl") and the configs that a diffusers
folder of the same model would hold flow out. What shapes cannot say (heads, activations, scaling
factors) is of the class and the same in all its models. Needs neither torch nor the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.diffusion.ldm_names import CLIP, OPEN_CLIP, UNET, VAE, XL_CLIP, XL_OPEN_CLIP
from engine.errors import ModelError

Rows = Mapping[str, Mapping[str, Any]]
Config = dict[str, Any]
TITLES = {"sd1": "Stable Diffusion 1", "sd2": "Stable Diffusion 2", "sdxl": "Stable Diffusion XL"}
HEAD = 64
"""Width of an attention head of every class but SD 1, whose UNet has 8 heads of any width."""
_PLAYED = "allowed: checkpoints of the Stable Diffusion 1, 2 and XL classes"
_OTHERS = (
    ("model.diffusion_model.joint_blocks.", "a model of the Stable Diffusion 3 class"),
    ("model.diffusion_model.double_blocks.", "a model of the Flux class"),
    ("double_blocks.", "a model of the Flux class"),
    ("joint_blocks.", "a model of the Stable Diffusion 3 class"),
    (UNET, "a checkpoint whose unet is not whole"),
    ("control_model.", "a ControlNet"), ("controlnet_", "a ControlNet"),
    ("down_blocks.", "a part of a diffusers folder alone"),
    ("decoder.", "an autoencoder alone"), ("first_stage_model.", "an autoencoder alone"),
)


def is_lora(rows: Rows) -> bool:
    """Whether the head is that of a LoRA, or of one of its relatives."""
    signs = ("lora_down", "lora_A", "lora_up", ".lora.", "_lora.", "hada_w1", "lokr_w1",
             "lora_linear_layer")
    return any(sign in name for name in rows for sign in signs)


def is_embedding(rows: Rows) -> bool:
    """Whether the head is that of a textual inversion: one or two short lists of vectors."""
    shapes = [[1, *row["shape"]][-2:] for row in rows.values() if 1 <= len(row["shape"]) <= 2]
    return 1 <= len(rows) <= 2 and len(shapes) == len(rows) and all(
        vectors <= 256 and width >= 64 for vectors, width in shapes)


def what_else(rows: Rows) -> str:
    """What a file that is no checkpoint is."""
    if is_lora(rows):
        return "a LoRA, no model of its own: a look's [loras] names it"
    for start, title in _OTHERS:
        if any(name.startswith(start) for name in rows):
            return title
    if is_embedding(rows):
        return "a textual inversion, no model: it belongs into a folder embeddings"
    return "a file of weights that is no checkpoint known here"


def class_of(file: str, rows: Rows) -> str:
    """"sd1", "sd2" or "sdxl". Raises ModelError, naming `file`, for what cannot be played."""
    if UNET + "input_blocks.0.0.weight" not in rows:
        raise ModelError(f"{file}: is {what_else(rows)}; {_PLAYED}")
    inputs = rows[UNET + "input_blocks.0.0.weight"]["shape"][1]
    if inputs != 4:
        how = {9: "an inpainting model", 8: "a model that edits pictures"}.get(inputs, "a model")
        raise ModelError(f"{file}: is {how}: its unet takes {inputs} channels; {_PLAYED}")
    if _has(rows, XL_OPEN_CLIP) and _has(rows, XL_CLIP):
        return "sdxl"
    if _has(rows, "conditioner.embedders.0.model."):
        raise ModelError(f"{file}: is an SDXL refiner; {_PLAYED}")
    if _has(rows, OPEN_CLIP):
        return "sd2"
    if _has(rows, CLIP):
        return "sd1"
    raise ModelError(f"{file}: holds no text encoder; {_PLAYED}, whole")


def _has(rows: Rows, start: str) -> bool:
    return any(name.startswith(start) for name in rows)


def unet_config(kind: str, rows: Rows) -> Config:
    """The config.json of the UNet. Raises KeyError where tensors are missing."""
    def shape(name: str) -> list[int]:
        return rows[UNET + name]["shape"]

    downs = sorted(int(name[len(UNET):].split(".")[1]) for name in rows
                   if name.startswith(UNET + "input_blocks.") and name.endswith(".0.op.weight"))
    each = downs[0]  # blocks of one level: its layers and the way down
    firsts = [1 + level * each for level in range(len(downs) + 1)]
    widths = [shape(f"input_blocks.{n}.0.out_layers.3.weight")[0] for n in firsts]
    depths = [_depth(rows, f"{UNET}input_blocks.{n}.1.transformer_blocks.") for n in firsts]
    attends = [depth > 0 for depth in depths]
    at = f"input_blocks.{firsts[attends.index(True)]}.1."
    config: Config = {
        "_class_name": "UNet2DConditionModel",
        "in_channels": 4, "out_channels": shape("out.2.weight")[0], "sample_size": 64,
        "layers_per_block": each - 1, "block_out_channels": widths,
        "down_block_types": ["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in attends[::-1]],
        "transformer_layers_per_block": [max(1, depth) for depth in depths],
        "use_linear_projection": len(shape(at + "proj_in.weight")) == 2,
        "cross_attention_dim": shape(at + "transformer_blocks.0.attn2.to_k.weight")[1],
        "attention_head_dim": 8 if kind == "sd1" else [max(1, w // HEAD) for w in widths],
    }
    if kind == "sdxl":
        pooled = rows[XL_OPEN_CLIP + "text_projection"]["shape"][1]
        wanted = shape("label_emb.0.0.weight")[1]
        config |= {
            "sample_size": 128, "addition_embed_type": "text_time",
            "addition_time_embed_dim": (wanted - pooled) // 6,
            "projection_class_embeddings_input_dim": wanted,
        }
    return config


def _depth(rows: Rows, start: str) -> int:
    """How many blocks there are whose names begin so and go on with a number."""
    numbers = [name[len(start):].split(".")[0] for name in rows if name.startswith(start)]
    return max(map(int, numbers), default=-1) + 1


def vae_config(kind: str, rows: Rows) -> Config:
    """The config.json of the full autoencoder. Raises KeyError where tensors are missing."""
    levels = _depth(rows, f"{VAE}encoder.down.")
    widths = [rows[f"{VAE}encoder.down.{n}.block.0.conv1.weight"]["shape"][0]
              for n in range(levels)]
    if not widths:
        raise KeyError(f"{VAE}encoder.down.0.block.0.conv1.weight")
    return {
        "_class_name": "AutoencoderKL", "block_out_channels": widths,
        "latent_channels": rows[f"{VAE}decoder.conv_in.weight"]["shape"][1],
        "layers_per_block": _depth(rows, f"{VAE}encoder.down.0.block."),
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "scaling_factor": 0.13025 if kind == "sdxl" else 0.18215,
        "force_upcast": kind == "sdxl", "sample_size": 512,
    }


def text_configs(kind: str, rows: Rows) -> dict[str, Config]:
    """The config.json of each text encoder, by part. Raises KeyError where tensors are missing."""
    if kind == "sd1":
        return {"text_encoder": _clip(rows, CLIP)}
    if kind == "sd2":  # drawn from the last layer but one, which alone is loaded
        return {"text_encoder": _open_clip(rows, OPEN_CLIP, -1, "CLIPTextModel")}
    second = _open_clip(rows, XL_OPEN_CLIP, 0, "CLIPTextModelWithProjection")
    return {"text_encoder": _clip(rows, XL_CLIP), "text_encoder_2": second}


def _clip(rows: Rows, prefix: str) -> Config:
    prefix += "text_model."
    words = rows[prefix + "embeddings.token_embedding.weight"]["shape"]
    places = rows[prefix + "embeddings.position_embedding.weight"]["shape"]
    wide = rows[prefix + "encoder.layers.0.mlp.fc1.weight"]["shape"][0]
    layers = _depth(rows, prefix + "encoder.layers.")
    return _text("CLIPTextModel", words, places[0], wide, layers, "quick_gelu", words[1])


def _open_clip(rows: Rows, prefix: str, less: int, name: str) -> Config:
    words = rows[prefix + "token_embedding.weight"]["shape"]
    places = rows[prefix + "positional_embedding"]["shape"]
    wide = rows[prefix + "transformer.resblocks.0.mlp.c_fc.weight"]["shape"][0]
    layers = _depth(rows, prefix + "transformer.resblocks.") + less
    projection = rows.get(prefix + "text_projection", {"shape": [0, words[1]]})["shape"][1]
    return _text(name, words, places[0], wide, layers, "gelu", projection)


def _text(
    name: str, words: list[int], places: int, wide: int, layers: int, act: str, projection: int
) -> Config:
    return {
        "architectures": [name], "model_type": "clip_text_model", "vocab_size": words[0],
        "hidden_size": words[1], "intermediate_size": wide, "num_hidden_layers": layers,
        "num_attention_heads": max(1, words[1] // HEAD), "max_position_embeddings": places,
        "hidden_act": act, "projection_dim": projection, "bos_token_id": words[0] - 2,
        "eos_token_id": words[0] - 1, "pad_token_id": words[0] - 1 if act != "gelu" else 0,
    }
