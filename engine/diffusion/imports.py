"""The heavy imports of the generator in one place: torch, diffusers and transformers classes.

Called once, from `load_model`, in the process that runs the model.
"""

from __future__ import annotations

from typing import Any


def part_classes(names: dict[str, str]) -> dict[str, Any]:
    """The classes of the parts of a model folder, by part; `scheduler` knows every noise table."""
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler
    from transformers import CLIPTextModel, CLIPTokenizer

    if names["vae"] == "AutoencoderTiny":
        from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny as Autoencoder
    else:
        from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL as Autoencoder
    return {
        "unet": UNet2DConditionModel, "vae": Autoencoder, "text_encoder": CLIPTextModel,
        "tokenizer": CLIPTokenizer, "scheduler": DDIMScheduler,
    }
