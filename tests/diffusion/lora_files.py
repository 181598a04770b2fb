"""Writes random LoRAs for a loaded tiny model, under the names that each kind of file uses."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

RANK, ALPHA = 4, 2.0
PICKED = ("attn1.to_q", "attn2.to_k", "attn2.to_out.0", "ff.net.0.proj", "proj_in", "conv1",
          "time_emb_proj", "conv_shortcut", "downsamplers.0.conv")
TEXT = ("q_proj", "out_proj", "fc1")


def factors_of(model: object, seed: int = 0, text: bool = True) -> dict:
    """(part, module) to (up, down) of a few layers of each sort."""
    random = torch.Generator().manual_seed(seed)
    parts = ("unet", *(("text_encoder", "text_encoder_2") if text else ()))
    found = {}
    for part in parts:
        owner = getattr(model, part)
        endings = PICKED if part == "unet" else TEXT
        for name, module in (owner.named_modules() if owner is not None else ()):
            if not name.endswith(endings) or not hasattr(module, "weight"):
                continue
            out, *inner = module.weight.shape
            down = torch.randn(RANK, *inner, generator=random) * 0.2
            up = torch.randn(out, RANK, *[1] * (len(inner) - 1), generator=random) * 0.2
            found[part, name.removeprefix("text_model.")] = up, down
    return found


def write_kohya(file: Path, factors: dict, names: dict | None = None) -> Path:
    """`lora_unet_...`; with `names` the UNet's modules under those of LDM (as for SDXL)."""
    two = any(part == "text_encoder_2" for part, _ in factors)
    starts = {"unet": "lora_unet_", "text_encoder": "lora_te1_" if two else "lora_te_",
              "text_encoder_2": "lora_te2_"}
    tensors = {}
    for (part, module), (up, down) in factors.items():
        name = module if part == "unet" else f"text_model.{module}"
        name = (names or {}).get(name, name) if part == "unet" else name
        stem = starts[part] + name.replace(".", "_")
        tensors |= {f"{stem}.lora_up.weight": up, f"{stem}.lora_down.weight": down,
                    f"{stem}.alpha": torch.tensor(ALPHA)}
    save_file(tensors, file)
    return file


def write_peft(file: Path, factors: dict) -> Path:
    """`unet.....lora_A.weight`, alpha in the words about the file, as diffusers saves them."""
    tensors = {}
    for (part, module), (up, down) in factors.items():
        name = module if part == "unet" else f"text_model.{module}"
        tensors |= {f"{part}.{name}.lora_B.weight": up, f"{part}.{name}.lora_A.weight": down}
    said = {f"{part}.{key}": value for part in ("unet", "text_encoder", "text_encoder_2")
            for key, value in (("lora_alpha", ALPHA), ("r", RANK), ("target_modules", sorted(
                module for owner, module in factors if owner == part)))}
    save_file(tensors, file, {"lora_adapter_metadata": json.dumps(said)})
    return file


def write_old(file: Path, factors: dict) -> Path:
    """`...attn1.processor.to_q_lora.down.weight`: attention alone, no alpha."""
    tensors = {}
    for (part, module), (up, down) in factors.items():
        if part == "unet" and ".attn" in module:
            stem, _, leaf = module.replace("to_out.0", "to_out").rpartition(".")
            for role, tensor in (("up", up), ("down", down)):
                tensors[f"unet.{stem}.processor.{leaf}_lora.{role}.weight"] = tensor
    save_file(tensors, file)
    return file
