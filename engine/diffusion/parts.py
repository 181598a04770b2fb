"""The parts of a model folder as modules: weights read, moved and made ready to draw.

A checked folder and classes flow in, the fields of a `Model` flow out; called by `load_model`, in
the process that runs the model.
"""

from __future__ import annotations

import contextlib
import inspect
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from engine.diffusion.model_files import WEIGHTED, home, read_json, source, variant
from engine.diffusion.sampling import schedule_of
from engine.diffusion.single_file import module_from
from engine.errors import ModelError


def load_parts(
    folder: Path, kinds: dict[str, Any], device: torch.device, dtype: torch.dtype
) -> dict[str, Any]:
    """Modules, tokenizers and noise table of a folder, by the names of Model's fields.

    Raises whatever the libraries raise for a bad file.
    """
    xl = "text_encoder_2" in kinds
    parts: dict[str, Any] = {
        part: _module(kinds[part], folder, part, device, _precision(folder, part, xl, dtype))
        for part in WEIGHTED if part in kinds
    }
    for part in ("tokenizer", "tokenizer_2"):
        if part in kinds:
            parts[part] = kinds[part].from_pretrained(folder / part, local_files_only=True)
    config = read_json(folder, "scheduler/scheduler_config.json")
    parts["prediction_type"] = config.get("prediction_type", "epsilon")
    parts["alphas_cumprod"] = noise_table(kinds["scheduler"], config)
    parts["schedule"] = schedule_of(config)
    return parts


def _precision(folder: Path, part: str, xl: bool, dtype: torch.dtype) -> torch.dtype:
    """SDXL's full autoencoder overflows in halves unless its config says that it does not."""
    if part != "vae" or not xl:
        return dtype
    config = read_json(folder, "vae/config.json")
    full = config.get("_class_name") == "AutoencoderKL" and config.get("force_upcast", True)
    return torch.float32 if full else dtype


def _module(
    kind: Any, folder: Path, part: str, device: torch.device, dtype: torch.dtype
) -> torch.nn.Module:
    text, told = part.startswith("text_encoder"), source(folder, part)
    if "file" in told:
        config = read_json(folder, f"{part}/config.json")
        module = module_from(Path(told["file"]), told["kind"], part, kind, config, dtype)
    else:
        module = _of_folder(kind, folder, part, text, dtype)
    module = module.to(device).eval().requires_grad_(False)
    return module if text else module.to(memory_format=torch.channels_last)


def _of_folder(
    kind: Any, folder: Path, part: str, text: bool, dtype: torch.dtype
) -> torch.nn.Module:
    how = {"dtype": dtype} if text else {"torch_dtype": dtype, "low_cpu_mem_usage": False}
    place, name = home(folder, part)
    module, told = kind.from_pretrained(
        place / name, use_safetensors=True, local_files_only=True,
        variant=variant(folder, part), output_loading_info=True, **how,
    )
    if missing := sorted(told["missing_keys"]):  # the libraries would leave these to chance
        raise ModelError(f"{folder}: {part}/ has weights of another model: of {len(missing)} "
                         f"tensors none is there, {missing[0]} among them")
    return module


def noise_table(scheduler: Any, config: dict[str, Any]) -> torch.Tensor:
    """alphabar float32 (T,) of a scheduler's config.

    Not by `from_config`: that imports every scheduler there is, for 1.4 s of processor time.
    """
    known = inspect.signature(scheduler).parameters
    return scheduler(**{k: v for k, v in config.items() if k in known}).alphas_cumprod.float()


def one_line(error: Exception) -> str:
    """A library's error as one line of bounded length."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hold back the libraries' chatter and progress bars while loading.

    They are known and harmless here: AutoencoderTiny's extra config key, tokenizer notes.
    Errors still pass; levels and progress bars are put back afterwards.
    """
    from transformers.utils import logging as chatter

    loggers = [logging.getLogger(name) for name in ("diffusers", "transformers")]
    levels = [logger.level for logger in loggers]
    bars = chatter.is_progress_bar_enabled()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    chatter.disable_progress_bar()
    try:
        yield
    finally:
        if bars:
            chatter.enable_progress_bar()
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
