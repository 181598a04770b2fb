"""The parts of a checkpoint of one file as modules of diffusers and transformers.

A class, its config and the checkpoint flow in, a module with its weights flows out. It is built
without memory first, and each tensor is then read once, under the name that the checkpoint has
for it (ldm_names.py), in the precision in which it is drawn: nothing is held twice. Called by
`load_parts`, in the process that runs the model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from engine.diffusion.ldm_names import Origin, origin
from engine.diffusion.shapes import TITLES
from engine.errors import ModelError


def module_from(
    file: Path, kind: str, part: str, made: Any, config: dict[str, Any], dtype: torch.dtype
) -> torch.nn.Module:
    """A part of a checkpoint of class `kind` ("sd1", "sd2", "sdxl"), on the CPU.

    `made` is the part's class. Raises ModelError for tensors that are missing or of other shapes.
    """
    with torch.device("meta"):
        module = made(made.config_class(**config)) if part.startswith("text_encoder") else (
            made.from_config(config))
    wanted = {name: (origin(kind, part, config, name), tensor.shape)
              for name, tensor in module.state_dict().items()}
    with safe_open(file, framework="pt") as stored:
        held = set(stored.keys())
        missing = sorted(place.name for place, _ in wanted.values() if place.name not in held)
        if missing:
            raise ModelError(f"{file}: looks like {TITLES[kind]}, but of its {part} "
                             f"{len(missing)} tensors are missing, {missing[0]} among them")
        found = {name: _tensor(file, stored, place, shape, dtype)
                 for name, (place, shape) in wanted.items()}
    module.load_state_dict(found, assign=True)
    for name, buffer in list(module.named_buffers()):
        if buffer.is_meta:
            _rebuild(module, name, buffer)
    return module


def _tensor(
    file: Path, stored: Any, place: Origin, shape: torch.Size, dtype: torch.dtype
) -> torch.Tensor:
    tensor = stored.get_tensor(place.name)
    if place.third is not None:
        tensor = tensor.chunk(3)[place.third]
    if place.transposed:
        tensor = tensor.T
    if tensor.numel() != shape.numel():
        raise ModelError(f"{file}: {place.name} has the shape {tuple(tensor.shape)}, "
                         f"wanted is {tuple(shape)}")
    return tensor.to(dtype).reshape(shape).contiguous()


def _rebuild(module: torch.nn.Module, name: str, buffer: torch.Tensor) -> None:
    """Buffers that are not kept in files: CLIP counts its places."""
    if not name.endswith("position_ids"):
        raise ModelError(f"{type(module).__name__}: {name} is not known; which version is it?")
    holder, _, key = name.rpartition(".")
    counted = torch.arange(buffer.shape[-1]).expand(buffer.shape).clone()
    module.get_submodule(holder).register_buffer(key, counted, persistent=False)
