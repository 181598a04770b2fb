"""Which size the model draws at, and what it may draw on. Needs no model to be loaded."""

from __future__ import annotations

from pathlib import Path

from engine.diffusion.model import check_size, model_folder, read_json

STEP = 64
"""Widths and heights are multiples of this: eight latent cells, so each level of a UNet halves."""


def canvas_size(
    model: str | Path, output: tuple[int, int], wanted: tuple[int, int] | None = None
) -> tuple[int, int]:
    """The generated (width, height) for an output size: its shape, the model's native area.

    Of all sizes whose sides are multiples of STEP, the one nearest in shape and area; or the one
    that is `wanted`, any multiples of 8 pixels: ModelError where they are not.
    """
    if wanted is not None:
        check_size(model, wanted)
        return wanted
    unet = read_json(model_folder(model), "unet/config.json")
    vae = read_json(model_folder(model), "vae/config.json")
    sample = unet.get("sample_size") or 64
    levels = vae.get("encoder_block_out_channels") or vae.get("block_out_channels") or (0,) * 4
    native = (max(sample) if isinstance(sample, list) else sample) * 2 ** (len(levels) - 1)
    wanted = output[0] / output[1]
    sides = range(STEP, 4 * native + 1, STEP)

    def error(size: tuple[int, int]) -> float:
        shape = size[0] / size[1] / wanted
        area = size[0] * size[1] / native**2
        return max(shape, 1 / shape) ** 2 * max(area, 1 / area)

    return min(((w, h) for w in sides for h in sides), key=error)


def list_accelerators() -> list[str]:
    """Names of the GPUs that torch can use."""
    import torch

    return [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
