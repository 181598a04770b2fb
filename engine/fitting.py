"""Whether the LoRAs of a show fit the models that draw them, before a picture is made.

A show, or a file of weights, flows in; nothing, or a line for people, flows out, or one
LiquidlightError line with file, line and key. Reads heads of files only. Called before the show,
on the watcher's thread when a look was saved, and by `check`.
"""

from __future__ import annotations

from pathlib import Path
from shutil import which
from typing import Any

from engine.diffusion.embeddings import read_vectors
from engine.diffusion.lora_names import read_pairs, shapes_of
from engine.diffusion.model_files import check_folder, model_folder
from engine.diffusion.shapes import is_embedding, is_lora
from engine.diffusion.weight_files import check_file, header
from engine.errors import ModelError
from engine.show import Preset, Show
from engine.show.inherit import LookFile
from engine.toml_file import TomlFile


def has_loras(show: Show) -> bool:
    """Whether any look of a show names a LoRA."""
    return any(look.loras for look in (*show.presets, show.hush))


def check_loras(show: Show, usual: str | None) -> None:
    """Raises PresetError for the first LoRA that cannot be read or does not fit its look's model.

    `usual` is the model of looks that name none; None where it is not known: then only the heads
    are looked at.
    """
    known: dict[str, Any] = {}
    for look in (*show.presets, show.hush):
        model = look.model or usual
        for line in look.loras:
            try:
                _check(line.path, model, known)
            except ModelError as error:
                said = str(error).removeprefix(f"{line.path}: ")
                raise _told(look, line.key, said) from None


def _check(path: Path, model: str | None, known: dict[str, Any]) -> None:
    if model is None:
        if not is_lora(header(path)):
            raise ModelError(f"{path}: is no LoRA")
        return
    if model not in known:
        known[model] = shapes_of(model)
    read_pairs(path, model_folder(model), known[model])


def _told(look: Preset, key: str, said: str) -> Exception:
    """The mistake where it stands in the look's file, or in one that it extends."""
    return LookFile(TomlFile(look.path)).error(("loras", key), f": {said}")


def describe_weights(path: Path) -> str:
    """What a file of weights is, in a few words. Raises ModelError for what is of no use."""
    check_file(path)
    rows = header(path)
    if is_lora(rows):
        ranks = [row["shape"][0] for name, row in rows.items() if "down." in name or "_A." in name]
        return f"a LoRA of {len(ranks)} layers, rank {max(ranks, default=0)}"
    if is_embedding(rows):
        found = read_vectors(path)
        return f"a textual inversion of {found.count} vectors, said as {' or '.join(found.words)}"
    check_folder(path)
    return "a checkpoint with all its parts"


def runtime_for(show: Show, wanted: str, notes: list[str]) -> str:
    """What is to draw a show: torch where a look has LoRAs, which converted graphs do not know.

    A line for people goes into `notes` where that is another than was asked for. With a CUDA
    device "auto" draws by torch's own modules first and steps back to them by itself.
    """
    if not has_loras(show) or wanted not in ("auto", "openvino", "onnx", "tensorrt"):
        return wanted
    if wanted == "auto":
        return "auto" if which("nvidia-smi") else "torch"
    notes.append(f"looks with LoRAs are drawn by torch, not by {wanted}")
    return "torch"
