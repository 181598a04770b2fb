"""Builds tiny random Stable Diffusion folders of the real classes, in the layout users have."""

from __future__ import annotations

import json
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
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionPipeline

    torch.manual_seed(2)
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), norm_num_groups=4, latent_channels=4, sample_size=64,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    )
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
        prediction_type="epsilon", timestep_spacing="trailing", steps_offset=1,
    )
    return _save(StableDiffusionPipeline, folder, vae, scheduler)


def _save(
    pipeline: type, folder: Path, vae: object, scheduler: object, **changes: object
) -> Path:
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel(
        sample_size=8, layers_per_block=1, block_out_channels=(16, 32), norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32, attention_head_dim=(1, 2), **changes,
    )
    tokenizer = _tokenizer(folder.with_name(folder.name + "_words"))
    pipe = pipeline(
        vae=vae, unet=unet, scheduler=scheduler, tokenizer=tokenizer,
        text_encoder=_text_encoder(len(tokenizer)), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained(folder, safe_serialization=True)
    return folder


def _text_encoder(words: int) -> object:
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig(
        vocab_size=words, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=16, bos_token_id=words - 2,
        eos_token_id=words - 1, pad_token_id=words - 1,
    )
    return CLIPTextModel(config)


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
