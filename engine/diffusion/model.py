"""Loads a diffusers Stable Diffusion folder: checks first, then the real classes.

A folder path (or "small") flows in, a `Model` flows out. Runs wherever the generator runs, once.
`model_files` checks without torch; `load_model` imports torch, diffusers and transformers. Only
safetensors are read, never a pickle, and nothing is ever downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.diffusion.devices import device_of, dtype_of
from engine.diffusion.embeddings import Words, teach
from engine.diffusion.model_files import (
    CLASSES,
    check_cells,
    check_folder,
    check_size,
    model_folder,
    pixels_per_cell,
    read_json,
)
from engine.diffusion.runtimes import Runtime, TorchRuntime
from engine.diffusion.sampling import Schedule
from engine.errors import ModelError

if TYPE_CHECKING:
    import torch

__all__ = ["CLASSES", "Model", "check_folder", "check_size", "load_model", "model_folder",
           "read_json"]
SIDES = ("text_encoder", "text_encoder_2")


@dataclass(frozen=True, slots=True)
class Model:
    """The parts of a loaded model and what a step must know about them.

    `alphas_cumprod` float32 (T,) on the CPU; `schedule` how it steps; `vae_scale` pixels per
    latent cell; `native_size` the width and height in pixels that the UNet was made for.
    `runtime` computes the UNet and the autoencoder; `unet` and `vae` are torch's, None where only
    graphs are loaded; `words` are those of embeddings. `text_encoder_2` and `tokenizer_2` are
    None but for the SDXL class.
    """

    name: str
    folder: Path
    device: torch.device
    dtype: torch.dtype
    tokenizer: Any
    text_encoder: Any
    unet: Any
    vae: Any
    alphas_cumprod: torch.Tensor
    prediction_type: str
    scaling_factor: float
    shift_factor: float
    vae_scale: int
    latent_channels: int
    native_size: int
    runtime: Runtime
    schedule: Schedule = Schedule()
    words: Words = Words({})
    tokenizer_2: Any = None
    text_encoder_2: Any = None

    def encode(self, picture: torch.Tensor) -> torch.Tensor:
        """Latents (1, c, h/s, w/s) of a picture (1, 3, h, w) in 0..1, scaled for the UNet."""
        return (self.runtime.encode(picture) - self.shift_factor) * self.scaling_factor

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """The picture (1, 3, h, w), nominally 0..1 but not clamped, of UNet latents."""
        return self.runtime.decode(latents / self.scaling_factor + self.shift_factor)

    def latent_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """(rows, columns) of the latents of a (width, height) picture.

        Raises ModelError for a size that is no whole number of latent cells.
        """
        check_cells(self.name, size, self.vae_scale)
        return size[1] // self.vae_scale, size[0] // self.vae_scale


def load_model(
    name_or_path: str | Path, device: str = "auto", threads: int | None = None
) -> Model:
    """Load a model: float32 on the CPU, float16 on a GPU, channels-last, evaluation mode.

    `device` is "auto", "cpu", "cuda", "cuda:N" or "mps"; `threads` sets torch's CPU threads for the
    whole process. Raises ModelError for whatever is wrong with the folder.
    """
    classes = check_folder(name_or_path)
    folder = model_folder(name_or_path)
    import torch

    from engine.diffusion.imports import part_classes
    from engine.diffusion.parts import load_parts, one_line, quiet

    kinds = part_classes(classes)
    with quiet():
        if threads is not None:
            torch.set_num_threads(max(1, threads))
        place = device_of(device)
        dtype = dtype_of(place)
        try:
            parts = load_parts(folder, kinds, place, dtype)
            parts["words"] = teach(name_or_path, parts)
        except ModelError:
            raise
        except Exception as error:  # the libraries raise a dozen kinds for a bad file
            raise ModelError(f"{folder}: cannot be loaded: {one_line(error)}") from error
    return describe(str(name_or_path), folder, place, dtype, parts)


def describe(
    name: str, folder: Path, device: torch.device, dtype: torch.dtype, parts: dict[str, Any]
) -> Model:
    """The Model of loaded parts; ModelError where they do not belong together."""
    unet, coder = (parts[key].config for key in ("unet", "vae"))
    _check_text(folder, parts)
    if not unet.in_channels == unet.out_channels == coder.latent_channels:
        raise ModelError(f"{folder}: unet has {unet.in_channels} channels, "
                         f"vae {coder.latent_channels}; they must agree")
    from engine.diffusion.fused import fuse_decoder, fuse_encoder

    vae, vae_scale = parts["vae"], pixels_per_cell(coder)
    second = parts.get("text_encoder_2")
    runtime = TorchRuntime(
        parts["unet"], vae, fuse_encoder(vae), fuse_decoder(vae),
        pooled=second.config.projection_dim if second is not None else 0, cell=vae_scale)
    sample = unet.sample_size if isinstance(unet.sample_size, int) else max(unet.sample_size)
    return Model(
        name=name, folder=folder, device=device, dtype=dtype,
        scaling_factor=float(coder.scaling_factor),
        shift_factor=float(coder.get("shift_factor") or 0.0),
        vae_scale=vae_scale, latent_channels=coder.latent_channels,
        native_size=sample * vae_scale, runtime=runtime, **parts,
    )


def _check_text(folder: Path, parts: dict[str, Any]) -> None:
    """The widths of the text states, and of SDXL's pooled vector and time numbers."""
    unet, second = parts["unet"].config, parts.get("text_encoder_2")
    sides = [side for side in SIDES if side in parts]
    made = sum(parts[side].config.hidden_size for side in sides)
    if unet.cross_attention_dim != made:
        raise ModelError(f"{folder}: unet wants text states of width {unet.cross_attention_dim}, "
                         f"{' and '.join(sides)} {'makes' if len(sides) == 1 else 'make'} {made}")
    embeds = unet.get("addition_embed_type") == "text_time"
    if embeds != (second is not None):
        raise ModelError(f"{folder}: unet and text encoders are of different classes: SDXL's unet "
                         "needs text_encoder_2, and no other does")
    if second is None:
        return
    pooled = second.config.projection_dim
    wanted = unet.projection_class_embeddings_input_dim - 6 * unet.addition_time_embed_dim
    if pooled != wanted or pooled > made:
        raise ModelError(f"{folder}: unet wants a pooled text of width {wanted}, text_encoder_2 "
                         f"makes {pooled} (6 time numbers; a refiner is not played)")
