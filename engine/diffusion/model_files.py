"""What a model folder says of itself: its parts, their classes and sizes, its faults.

A path, "small" or a hub name flows in, names and numbers flow out. Reads only names, JSON
and the heads of weight files, so it needs no torch and answers at once, in any process. Of the
hub only what lies in its cache on this machine is looked at.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from engine.diffusion.kinds import by_name
from engine.diffusion.ldm_names import PREFIXES
from engine.diffusion.views import SOURCE, view_of, view_with_tiny
from engine.diffusion.weight_files import header
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


_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
"""How a name on the hub is written: OWNER/NAME."""


def model_folder(name_or_path: str | Path) -> Path:
    """"small" is the shipped folder; then a path; then a hub name that is in the hub's cache.

    For a checkpoint of one file, or a folder with a tiny autoencoder in it, that is a view of it
    (views.py). Raises ModelError for a file that is no checkpoint.
    """
    if str(name_or_path) == "small":
        return SMALL
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return view_of(path)
    plain = path if path.exists() else cached(str(name_or_path)) or path
    return view_with_tiny(plain) if (plain / "model_index.json").is_file() else plain


def usual_steps(name_or_path: str | Path) -> int:
    """How many UNet calls a model wants for a picture: what its checkpoint, its scheduler or its
    name says; 1 for the model that ships, and for one that is made and lies nowhere."""
    folder = model_folder(name_or_path)
    if folder == SMALL or not (folder / "model_index.json").is_file():
        return 1
    said = read_json(folder, "model_index.json").get("liquidlight")
    if isinstance(said, dict) and isinstance(said.get("steps"), int):
        return said["steps"]
    named = by_name(str(name_or_path).rstrip("/").replace("\\", "/").split("/")[-1])
    scheduler = read_json(folder, "scheduler/scheduler_config.json").get("_class_name")
    return min(named.steps, 4) if scheduler in ("LCMScheduler", "TCDScheduler") else named.steps


def cached(name: str) -> Path | None:
    """The folder of a hub name in the hub's cache on this machine, None where it is not there."""
    if not _HUB.fullmatch(name):
        return None
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, "model_index.json")
    return Path(found).parent if isinstance(found, str) else None


def is_hub_name(name_or_path: str | Path) -> bool:
    """True for OWNER/NAME that is no path here."""
    return bool(_HUB.fullmatch(str(name_or_path))) and not Path(name_or_path).exists()


def check_folder(name_or_path: str | Path) -> dict[str, str]:
    """The class of each part, once all parts and their weights are seen to be there.

    Needs no torch. Raises ModelError, one line naming the folder and the part.
    """
    folder = model_folder(name_or_path)
    if not folder.is_dir():
        hint = "; in the hub's cache it is not either: liquidlight model NAME --download fetches it"
        raise ModelError(f"{folder}: no such model folder; allowed: small, a diffusers folder or a "
                         ".safetensors checkpoint" + (hint if is_hub_name(name_or_path) else ""))
    index = read_json(folder, "model_index.json")
    second = any(isinstance(index.get(part), list) and index[part][1] for part in SECOND)
    parts = [part for part in CLASSES if second or part not in SECOND]
    found = {part: _check_part(folder, part, index) for part in parts}
    for part in WEIGHTED:
        if part in found:
            read_json(folder, f"{part}/config.json")
            for file in weights(folder, part):
                header(file)
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
    folder, part = home(folder, part)
    for kind, middle in ((None, ""), ("fp16", ".fp16")):
        for ending in (f"{middle}.safetensors", f".safetensors.index{middle}.json"):
            if (folder / part / (stem + ending)).is_file():
                return kind
    if any((folder / part).glob("*.bin")) or any((folder / part).glob("*.pt*")):
        raise ModelError(f"{folder}: {part}/ has weights, but not as {stem}.safetensors")
    raise ModelError(f"{folder}: {part}/{stem}.safetensors is missing")


def source(folder: Path, part: str) -> dict[str, Any]:
    """Where a view says that the weights of a part lie; empty where they lie in the folder."""
    if not (folder / part / SOURCE).is_file():
        return {}
    return read_json(folder, f"{part}/{SOURCE}")


def home(folder: Path, part: str) -> tuple[Path, str]:
    """The folder, and the name in it, of the part whose weights are read in diffusers' form."""
    said = source(folder, part).get("folder")
    return (Path(said).parent, Path(said).name) if said else (folder, part)


def weights(folder: Path, part: str) -> list[Path]:
    """The weight files of a part that are read; ModelError where there are none."""
    if file := source(folder, part).get("file"):
        return [Path(file)]
    middle = f".{kind}" if (kind := variant(folder, part)) else ""
    stem = _WEIGHTS.get(part, "model")
    folder, part = home(folder, part)
    single = folder / part / f"{stem}{middle}.safetensors"
    if single.is_file():
        return [single]
    index = read_json(folder, f"{part}/{stem}.safetensors.index{middle}.json")
    table = index.get("weight_map")
    if not isinstance(table, dict) or not table:
        raise ModelError(f"{folder}: {part}/{stem}.safetensors.index{middle}.json lists no files")
    return [folder / part / str(name) for name in sorted(set(table.values()))]


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


def part_rows(folder: Path, part: str) -> dict[str, dict[str, Any]]:
    """The head of a part's weights: dtype and shape of each tensor, by its name in the files."""
    rows = {name: row for file in weights(folder, part) for name, row in header(file).items()}
    kind = source(folder, part).get("kind")
    if kind is None:
        return rows
    start = PREFIXES[kind, part]
    return {name: row for name, row in rows.items() if name.startswith(start)}
