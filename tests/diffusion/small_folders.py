"""Builds tiny random Stable Diffusion folders of the real classes, in the layout users have."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def save_ours(folder: Path, **unet: object) -> Path:
    """v_prediction and AutoencoderTiny, like the model that ships; 8 pixels per latent cell."""
    from diffusers import AutoencoderTiny, LCMScheduler, StableDiffusionPipeline

    torch.manual_seed(1)
    vae = AutoencoderTiny(
        encoder_block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4,
        num_encoder_blocks=(0, 1, 1, 1), num_decoder_blocks=(1, 1, 1, 0), scaling_factor=1.13,
    )
    scheduler = LCMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
        prediction_type="v_prediction", original_inference_steps=50, set_alpha_to_one=True,
        steps_offset=1,
    )
    return _save(StableDiffusionPipeline, folder, vae, scheduler, **unet)


def save_steered(folder: Path) -> Path:
    """As save_ours, but the text steers every block: pooled into a scale and a shift."""
    return save_ours(folder, resnet_time_scale_shift="scale_shift", addition_embed_type="text",
                     addition_embed_type_num_heads=4)


def save_turbo(folder: Path) -> Path:
    """epsilon, AutoencoderKL and a trailing Euler scheduler, like SD-Turbo."""
    from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline

    torch.manual_seed(2)
    scheduler = EulerDiscreteScheduler(
        **BETAS, prediction_type="epsilon", timestep_spacing="trailing",
    )
    return _save(StableDiffusionPipeline, folder, _full_vae(), scheduler)


def save_sd2(folder: Path) -> Path:
    """v_prediction, DDIM, linear projections in the attention, like SD 2.1."""
    from diffusers import DDIMScheduler, StableDiffusionPipeline

    torch.manual_seed(3)
    scheduler = DDIMScheduler(
        **BETAS, prediction_type="v_prediction", timestep_spacing="trailing",
        set_alpha_to_one=False, clip_sample=False,
    )
    return _save(StableDiffusionPipeline, folder, _full_vae(), scheduler,
                 use_linear_projection=True)


def save_sdxl(folder: Path) -> Path:
    """Two text encoders, pooled text and time numbers, like SDXL-Turbo."""
    from diffusers import EulerAncestralDiscreteScheduler, StableDiffusionXLPipeline
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    torch.manual_seed(4)
    tokenizer = _tokenizer(folder.with_name(folder.name + "_words_2"))
    config = CLIPTextConfig(**_text_config(len(tokenizer)), projection_dim=24, hidden_act="gelu")
    scheduler = EulerAncestralDiscreteScheduler(
        **BETAS, timestep_spacing="trailing")
    more = {"text_encoder_2": CLIPTextModelWithProjection(config), "tokenizer_2": tokenizer}
    return _save(
        StableDiffusionXLPipeline, folder, _full_vae(), scheduler, more,
        cross_attention_dim=64, use_linear_projection=True, addition_embed_type="text_time",
        addition_time_embed_dim=8, projection_class_embeddings_input_dim=6 * 8 + 24,
    )


def with_scheduler(folder: Path, copy: Path, name: str) -> Path:
    """A copy of a folder with the scheduler of another class, its prediction type kept."""
    import diffusers

    shutil.copytree(folder, copy)
    file = copy / "scheduler" / "scheduler_config.json"
    said = json.loads(file.read_text())
    scheduler = getattr(diffusers, name)(
        **BETAS, prediction_type=said["prediction_type"], **SCHEDULERS[name])
    scheduler.save_pretrained(copy / "scheduler")
    index = json.loads((copy / "model_index.json").read_text())
    index["scheduler"] = ["diffusers", name]
    (copy / "model_index.json").write_text(json.dumps(index))
    return copy


BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
         "steps_offset": 1}
_CONSISTENCY = {"clip_sample": False, "original_inference_steps": 50}
SCHEDULERS = {
    "LCMScheduler": _CONSISTENCY,
    "TCDScheduler": _CONSISTENCY,
    "EulerDiscreteScheduler": {"timestep_spacing": "trailing"},
    "EulerAncestralDiscreteScheduler": {"timestep_spacing": "trailing"},
    "DDIMScheduler": {
        "timestep_spacing": "trailing", "clip_sample": False, "set_alpha_to_one": False},
}


def _full_vae() -> object:
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), norm_num_groups=4, latent_channels=4, sample_size=64,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    )


def _save(
    pipeline: type, folder: Path, vae: object, scheduler: object,
    parts: dict[str, object] | None = None, **changes: object,
) -> Path:
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    shape = {"cross_attention_dim": 32, "attention_head_dim": (1, 2), **changes}
    unet = UNet2DConditionModel(
        sample_size=8, layers_per_block=1, block_out_channels=(16, 32), norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), **shape,
    )
    tokenizer = _tokenizer(folder.with_name(folder.name + "_words"))
    text = CLIPTextModel(CLIPTextConfig(**_text_config(len(tokenizer))))
    without = {} if parts else {"safety_checker": None, "requires_safety_checker": False}
    pipe = pipeline(
        vae=vae, unet=unet, scheduler=scheduler, tokenizer=tokenizer, text_encoder=text,
        feature_extractor=None, **without, **(parts or {}),
    )
    pipe.save_pretrained(folder, safe_serialization=True)
    return folder


def _text_config(words: int) -> dict[str, int]:
    return {
        "vocab_size": words, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 2, "max_position_embeddings": 16, "bos_token_id": words - 2,
        "eos_token_id": words - 1, "pad_token_id": words - 1,
    }


def _tokenizer(folder: Path) -> object:
    """A CLIP tokenizer of single letters, with and without the end-of-word mark."""
    from transformers import CLIPTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    words = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    vocab = {word: index for index, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocab))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 16})
    )
    return CLIPTokenizer.from_pretrained(folder)
