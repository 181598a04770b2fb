"""What a LoRA file changes: its pairs of matrices, by the modules of the model they belong to.

The head of the file and the shapes of a model's modules flow in, one `Pair` for each module flows
out, or one line that says why the file does not fit. Names are read as kohya's scripts write them
(`lora_unet_...lora_down`, of the diffusers or the LDM name), as peft does (`unet.....lora_A`) and
as diffusers did before (`...processor.to_q_lora.down`). Needs neither torch nor the weights.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from engine.diffusion.ldm_names import PREFIXES, unet_name
from engine.diffusion.model_files import (
    WEIGHTED,
    check_folder,
    model_folder,
    part_rows,
    read_json,
    source,
)
from engine.diffusion.shapes import is_lora, what_else
from engine.diffusion.weight_files import PICKLED, header, metadata
from engine.errors import ModelError

Shapes = Mapping[str, Mapping[str, tuple[int, ...]]]
"""Of each part of a model the shape of every matrix, by its module."""
TEXTS = ("text_encoder", "text_encoder_2")
_ROLES = {
    "lora_down.weight": "down", "lora_up.weight": "up", "lora_A.weight": "down",
    "lora_B.weight": "up", "lora_A.default.weight": "down", "lora_B.default.weight": "up",
    "lora.down.weight": "down", "lora.up.weight": "up",
    "lora_linear_layer.down.weight": "down", "lora_linear_layer.up.weight": "up",
    "alpha": "alpha",
}
_OTHERS = {
    "dora_scale": "a DoRA", "lora_magnitude_vector": "a DoRA", "hada_w": "a LoHa",
    "lokr_w": "a LoKr", "lora_mid": "a LoRA in three factors (Tucker)", ".diff": "full differences",
    "oft_": "an OFT", "glora": "a GLoRA",
}
_FLAT = {"lora_unet_": "unet", "lora_te_": "text_encoder", "lora_te1_": "text_encoder",
         "lora_te2_": "text_encoder_2"}
_OLD_TEXT = {"to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj"}
_OLD = re.compile(r"(.+?)\.(?:processor\.)?(to_q|to_k|to_v|to_out)_lora\.(down|up)\.weight")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two matrices of the file, by name, whose product is added to a module of a part.

    `alpha` is a number, the name of a tensor that holds it, or None for the rank.
    """

    part: str
    module: str
    down: str
    up: str
    rank: int
    alpha: float | str | None


def shapes_of(name_or_path: str | Path) -> dict[str, dict[str, tuple[int, ...]]]:
    """The matrices of a model's UNet and text encoders, as diffusers calls their modules.

    Modules of a text encoder are named without "text_model.". Raises ModelError.
    """
    classes, folder = check_folder(name_or_path), model_folder(name_or_path)
    parts = [part for part in WEIGHTED if part in classes and part != "vae"]
    return {part: _unet(folder) if part == "unet" else _text(folder, part) for part in parts}


def _unet(folder: Path) -> dict[str, tuple[int, ...]]:
    rows = {name.removesuffix(".weight"): tuple(row["shape"])
            for name, row in part_rows(folder, "unet").items()
            if name.endswith(".weight") and len(row["shape"]) in (2, 4)}
    kind = source(folder, "unet").get("kind")
    if kind is None:
        return rows
    start, config = PREFIXES[kind, "unet"], read_json(folder, "unet/config.json")
    found = {name: rows.get(start + unet_name(config, name)) for name in _candidates(config, rows)}
    return {name: shape for name, shape in found.items() if shape is not None}


def _candidates(config: Mapping[str, Any], rows: Mapping[str, Any]) -> Iterator[str]:
    """Names that modules of a UNet with that config may have; some are not there."""
    inner = {name.split(".1.", 1)[1] for name in rows if ".1." in name}
    yield from ("conv_in", "conv_out", "time_embedding.linear_1", "time_embedding.linear_2",
                "add_embedding.linear_1", "add_embedding.linear_2")
    blocks = ["mid_block"]
    for level in range(len(config["block_out_channels"])):
        blocks += [f"down_blocks.{level}", f"up_blocks.{level}"]
    for block in blocks:
        for number in range(config["layers_per_block"] + 1):
            if block == "mid_block" and number > 1:
                break
            for stem in ("conv1", "conv2", "time_emb_proj", "conv_shortcut"):
                yield f"{block}.resnets.{number}.{stem}"
            if block != "mid_block" or number == 0:
                yield from (f"{block}.attentions.{number}.{rest}" for rest in inner)
        for way in ("down", "up"):
            if block.startswith(way):
                yield f"{block}.{way}samplers.0.conv"


def _text(folder: Path, part: str) -> dict[str, tuple[int, ...]]:
    config = read_json(folder, f"{part}/config.json")
    width, wide = config["hidden_size"], config["intermediate_size"]
    shapes = {f"self_attn.{which}_proj": (width, width) for which in ("q", "k", "v", "out")}
    shapes |= {"mlp.fc1": (wide, width), "mlp.fc2": (width, wide)}
    found = {f"encoder.layers.{layer}.{name}": shape
             for layer in range(config["num_hidden_layers"]) for name, shape in shapes.items()}
    if part == "text_encoder_2":
        found["text_projection"] = (config["projection_dim"], width)
    return found


def flat_names(folder: Path, shapes: Shapes) -> dict[str, dict[str, str]]:
    """By part: modules by their names without dots, of diffusers and, for the UNet, of LDM."""
    config = read_json(folder, "unet/config.json")
    found = {part: {name.replace(".", "_"): name for name in rows}
             for part, rows in shapes.items()}
    for name in shapes["unet"]:
        found["unet"].setdefault(unet_name(config, name).replace(".", "_"), name)
    return found


def check_lora(file: Path, name_or_path: str | Path) -> list[Pair]:
    """The pairs of a LoRA for a model, without reading its weights; raises as `read_pairs`."""
    return read_pairs(file, model_folder(name_or_path), shapes_of(name_or_path))


def read_pairs(file: Path, folder: Path, shapes: Shapes) -> list[Pair]:
    """The pairs of a LoRA for the model in `folder`. Raises ModelError, one line.

    Layers of a text encoder that this model does not draw from are left out.
    """
    if file.suffix.lower() in PICKLED:
        raise ModelError(f"{file}: is a pickle, which runs whatever its maker put in when it is "
                         "read; allowed: .safetensors")
    rows, said = header(file), _said(file)
    if not is_lora(rows):
        raise ModelError(f"{file}: is {what_else(rows)}, no LoRA")
    flat = flat_names(folder, shapes)
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name in rows:
        place, role = _place(file, name, flat)
        if place is not None:
            found.setdefault(place, {})[role] = name
    pairs = [_pair(file, rows, said, shapes, place, names) for place, names in found.items()
             if place[0] == "unet" or place[1] in shapes.get(place[0], {})]
    if not pairs:
        raise ModelError(f"{file}: changes nothing in this model")
    return pairs


def _place(
    file: Path, name: str, flat: Mapping[str, Mapping[str, str]]
) -> tuple[tuple[str, str] | None, str]:
    """(part, module) of a tensor's name, and what it is there; None for a part not played."""
    for sign, title in _OTHERS.items():
        if sign in name:
            raise ModelError(f"{file}: is {title}, which is not played; allowed: LoRAs of two "
                             "matrices for each layer")
    if old := _OLD.fullmatch(name):
        part, module = _dotted(old[1])
        stem = _OLD_TEXT[old[2]] if part in TEXTS else old[2].replace("to_out", "to_out.0")
        return (part, f"{module}.{stem}"), old[3]
    for ending, role in _ROLES.items():
        if name.endswith("." + ending):
            stem = name[: -len(ending) - 1]
            for start, part in _FLAT.items():
                if stem.startswith(start):
                    return _flat_place(part, stem[len(start):], flat), role
            return _dotted(stem), role
    raise ModelError(f"{file}: holds {name}, which is no part of a LoRA known here")


def _flat_place(
    part: str, stem: str, flat: Mapping[str, Mapping[str, str]]
) -> tuple[str, str] | None:
    known = flat.get(part, {})
    if part != "unet":
        stem = stem.removeprefix("text_model_")
        return (part, known[stem]) if stem in known else None
    return part, known.get(stem, stem)


def _dotted(stem: str) -> tuple[str, str]:
    stem = stem.removeprefix("base_model.model.")
    for part in (*TEXTS[::-1], "unet"):
        if stem.startswith(part + "."):
            stem = stem[len(part) + 1 :].removeprefix("base_model.model.")
            break
    else:
        part = "unet"
    return part, stem.removeprefix("text_model.") if part != "unet" else stem


def _pair(
    file: Path, rows: Mapping[str, Mapping[str, Any]], said: Mapping[str, Any], shapes: Shapes,
    place: tuple[str, str], names: Mapping[str, str],
) -> Pair:
    part, module = place
    wanted = shapes.get(part, {}).get(module)
    if wanted is None:
        raise ModelError(f"{file}: is made for another model: this one's {part} has no {module}")
    if not {"down", "up"} <= names.keys():
        raise ModelError(f"{file}: of {module} one of the two matrices is missing")
    down, up = (tuple(rows[names[role]]["shape"]) for role in ("down", "up"))
    fits = len(down) > 1 and len(up) > 1 and up[1] == down[0] and prod(up[2:]) == 1
    if not fits or up[0] != wanted[0] or prod(down[1:]) != prod(wanted[1:]):
        made = (up[0], *down[1:])
        raise ModelError(f"{file}: is made for another model: its {module} changes "
                         f"{'x'.join(map(str, made))}, this one's {part} has "
                         f"{'x'.join(map(str, wanted))}")
    alpha = names.get("alpha") or _told_alpha(said, part, module)
    return Pair(part, module, names["down"], names["up"], down[0], alpha)


def _said(file: Path) -> dict[str, Any]:
    """What diffusers writes of its LoRAs: `unet.lora_alpha`, `unet.alpha_pattern` ..."""
    try:
        said = json.loads(metadata(file).get("lora_adapter_metadata", "{}"))
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise ModelError(f"{file}: lora_adapter_metadata cannot be read")
    return said


def _told_alpha(said: Mapping[str, Any], part: str, module: str) -> float | None:
    pattern = said.get(f"{part}.alpha_pattern") or {}
    value = next((number for key, number in pattern.items() if module.endswith(key)),
                 said.get(f"{part}.lora_alpha"))
    return float(value) if isinstance(value, (int, float)) else None
