"""What a model folder says of itself: its parts, their classes and sizes, its faults.

A folder path (or "small") flows in, names and numbers flow out. Reads only names and JSON, so it
needs no torch and answers at once, in any process.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.errors import ModelError

SMALL = Path(__file__).with_name("small_model")
"""The model that ships."""

CLASSES = {
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderTiny", "AutoencoderKL"),
    "text_encoder": ("CLIPTextModel",),
    "tokenizer": ("CLIPTokenizer", "CLIPTokenizerFast"),
    "text_encoder_2": ("CLIPTextModelWithProjection",),
    "tokenizer_2": ("CLIPTokenizer", "CLIPTokenizerFast"),
}
"""Parts of the folder and the classes we can play; the scheduler may be any, its table counts."""
SECOND = ("text_encoder_2", "tokenizer_2")
"""Parts that only the SDXL class has."""
WEIGHTED = ("unet", "vae", "text_encoder", "text_encoder_2")
_WEIGHTS = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model"}
PREDICTIONS = ("epsilon", "v_prediction", "sample")
FAMILIES = "a Stable Diffusion 1.5, 2.1 or XL class model, best a one-step one"


def model_folder(name_or_path: str | Path) -> Path:
    """"small" is the shipped folder, anything else a path."""
    return SMALL if str(name_or_path) == "small" else Path(name_or_path).expanduser()


def check_folder(name_or_path: str | Path) -> dict[str, str]:
    """The class of each part, once all parts and their weights are seen to be there.

    Needs no torch. Raises ModelError, one line naming the folder and the part.
    """
    folder = model_folder(name_or_path)
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such model folder; allowed: small or a diffusers folder")
    index = read_json(folder, "model_index.json")
    second = any(isinstance(index.get(part), list) and index[part][1] for part in SECOND)
    parts = [part for part in CLASSES if second or part not in SECOND]
    found = {part: _check_part(folder, part, index) for part in parts}
    for part in WEIGHTED:
        if part in found:
            read_json(folder, f"{part}/config.json")
            variant(folder, part)
    scheduler = read_json(folder, "scheduler/scheduler_config.json")
    prediction = scheduler.get("prediction_type", "epsilon")
    if prediction not in PREDICTIONS:
        raise ModelError(f"{folder}: scheduler prediction_type = {prediction!r}, allowed: "
                         + ", ".join(PREDICTIONS))
    return found


def check_size(name_or_path: str | Path, size: tuple[int, int]) -> None:
    """Raises ModelError when a model cannot draw (width, height); needs no torch."""
    vae = read_json(model_folder(name_or_path), "vae/config.json")
    check_cells(str(name_or_path), size, pixels_per_cell(vae))


def pixels_per_cell(vae: Any) -> int:
    """Pixels along one side of a latent cell, from the autoencoder's config."""
    blocks = vae.get("encoder_block_out_channels") or vae.get("block_out_channels") or (0,) * 4
    return 2 ** (len(blocks) - 1)


def check_cells(name: str, size: tuple[int, int], cell: int) -> None:
    """Raises ModelError for a (width, height) that is no whole number of cells, 8 at least."""
    width, height = size
    if width % cell or height % cell or min(size) < 8 * cell:
        raise ModelError(f"{name}: size {width}x{height}, allowed: multiples of {cell}, "
                         f"at least {8 * cell}x{8 * cell}")


def _check_part(folder: Path, part: str, index: dict[str, Any]) -> str:
    entry = index.get(part)
    name = entry[1] if isinstance(entry, list) and len(entry) == 2 else None
    if name not in CLASSES[part]:
        raise ModelError(f"{folder}: {part} is {name}, allowed: {', '.join(CLASSES[part])} "
                         f"({FAMILIES})")
    if not (folder / part).is_dir():
        raise ModelError(f"{folder}: {part}/ is missing")
    if part.startswith("tokenizer") and not any(
        (folder / part / file).is_file() for file in ("tokenizer.json", "vocab.json")
    ):
        raise ModelError(f"{folder}: {part}/ has neither tokenizer.json nor vocab.json")
    return name


def variant(folder: Path, part: str) -> str | None:
    """None for plain weights, "fp16" where only those are there; ModelError where none are."""
    stem = _WEIGHTS.get(part, "model")
    for kind, middle in ((None, ""), ("fp16", ".fp16")):
        for ending in (f"{middle}.safetensors", f".safetensors.index{middle}.json"):
            if (folder / part / (stem + ending)).is_file():
                return kind
    if any((folder / part).glob("*.bin")) or any((folder / part).glob("*.pt*")):
        raise ModelError(f"{folder}: {part}/ has weights, but not as {stem}.safetensors")
    raise ModelError(f"{folder}: {part}/{stem}.safetensors is missing")


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """A JSON object of the model folder; ModelError when it is missing or no JSON object."""
    try:
        value = json.loads((folder / name).read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{folder}: {name} is missing or cannot be read") from error
    except ValueError as error:
        raise ModelError(f"{folder}: {name} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{folder}: {name} is no JSON object")
    return value
