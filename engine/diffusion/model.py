"""Loads a diffusers Stable Diffusion folder: checks first, then the real classes.

A folder path (or "small") flows in, a `Model` flows out. Runs wherever the generator runs, once.
The check reads only names and JSON, so it needs no torch and answers at once; `load_model`
imports torch, diffusers and transformers. Only safetensors are read, never a pickle, and nothing
is ever downloaded.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.diffusion.runtimes import Runtime, TorchRuntime
from engine.errors import ModelError

if TYPE_CHECKING:
    import torch

SMALL = Path(__file__).with_name("small_model")
"""The model that ships."""

CLASSES = {
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderTiny", "AutoencoderKL"),
    "text_encoder": ("CLIPTextModel",),
    "tokenizer": ("CLIPTokenizer", "CLIPTokenizerFast"),
}
"""Parts of the folder and the classes we can play; the scheduler may be any, its table counts."""
_WEIGHTS = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model"}
_WEIGHTS["text_encoder"] = "model"
PREDICTIONS = ("epsilon", "v_prediction", "sample")
ONE_STEP_FAMILY = "a Stable Diffusion 1.5 or 2.1 class model, best a one-step one"


@dataclass(frozen=True, slots=True)
class Model:
    """The parts of a loaded model and what a step must know about them.

    `alphas_cumprod` float32 (T,) on the CPU; `vae_scale` pixels per latent cell;
    `native_size` the width and height in pixels that the UNet was made for. `runtime` computes
    the UNet and the autoencoder; `unet` and `vae` are torch's, None where only graphs are loaded.
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
        _check_cells(self.name, size, self.vae_scale)
        return size[1] // self.vae_scale, size[0] // self.vae_scale


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
    found = {part: _check_part(folder, part, index) for part in CLASSES}
    for part in ("unet", "vae", "text_encoder"):
        read_json(folder, f"{part}/config.json")
        _variant(folder, part)
    scheduler = read_json(folder, "scheduler/scheduler_config.json")
    prediction = scheduler.get("prediction_type", "epsilon")
    if prediction not in PREDICTIONS:
        raise ModelError(f"{folder}: scheduler prediction_type = {prediction!r}, allowed: "
                         + ", ".join(PREDICTIONS))
    return found


def check_size(name_or_path: str | Path, size: tuple[int, int]) -> None:
    """Raises ModelError when a model cannot draw (width, height); needs no torch."""
    _check_cells(str(name_or_path), size,
                 _pixels_per_cell(read_json(model_folder(name_or_path), "vae/config.json")))


def _pixels_per_cell(vae: Any) -> int:
    blocks = vae.get("encoder_block_out_channels") or vae.get("block_out_channels") or (0,) * 4
    return 2 ** (len(blocks) - 1)


def _check_cells(name: str, size: tuple[int, int], cell: int) -> None:
    width, height = size
    if width % cell or height % cell or min(size) < 8 * cell:
        raise ModelError(f"{name}: size {width}x{height}, allowed: multiples of {cell}, "
                         f"at least {8 * cell}x{8 * cell}")


def _check_part(folder: Path, part: str, index: dict[str, Any]) -> str:
    entry = index.get(part)
    name = entry[1] if isinstance(entry, list) and len(entry) == 2 else None
    if name not in CLASSES[part]:
        raise ModelError(f"{folder}: {part} is {name}, allowed: {', '.join(CLASSES[part])} "
                         f"({ONE_STEP_FAMILY})")
    if not (folder / part).is_dir():
        raise ModelError(f"{folder}: {part}/ is missing")
    if part == "tokenizer" and not any(
        (folder / part / file).is_file() for file in ("tokenizer.json", "vocab.json")
    ):
        raise ModelError(f"{folder}: tokenizer/ has neither tokenizer.json nor vocab.json")
    return name


def _variant(folder: Path, part: str) -> str | None:
    """None for plain weights, "fp16" where only those are there."""
    stem = _WEIGHTS[part]
    for variant, middle in ((None, ""), ("fp16", ".fp16")):
        for ending in (f"{middle}.safetensors", f".safetensors.index{middle}.json"):
            if (folder / part / (stem + ending)).is_file():
                return variant
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


def load_model(
    name_or_path: str | Path, device: str = "auto", threads: int | None = None
) -> Model:
    """Load a model: float32 on the CPU, float16 on CUDA, channels-last, evaluation mode.

    `device` is "auto", "cpu", "cuda" or "cuda:N"; `threads` sets torch's CPU threads for the
    whole process. Raises ModelError for whatever is wrong with the folder.
    """
    classes = check_folder(name_or_path)
    folder = model_folder(name_or_path)
    import torch

    from engine.diffusion.imports import part_classes

    kinds = part_classes(classes)
    with _quiet():
        if threads is not None:
            torch.set_num_threads(max(1, threads))
        place = _device(device)
        dtype = torch.float16 if place.type == "cuda" else torch.float32
        try:
            parts = _load_parts(folder, kinds, place, dtype)
        except ModelError:
            raise
        except Exception as error:  # the libraries raise a dozen kinds for a bad file
            raise ModelError(f"{folder}: cannot be loaded: {_one_line(error)}") from error
    return _describe(str(name_or_path), folder, place, dtype, parts)


def has_cuda() -> bool:
    """True when torch can use a CUDA device here."""
    import torch

    return torch.cuda.is_available()


def _device(name: str) -> torch.device:
    import torch

    if name == "auto":
        return torch.device("cuda" if has_cuda() else "cpu")
    if name.split(":")[0] not in ("cpu", "cuda"):
        raise ModelError(f"device = {name!r}, allowed: auto, cpu, cuda, cuda:N")
    if name.startswith("cuda") and not has_cuda():
        raise ModelError(f"device = {name!r}, but this machine has no CUDA device; allowed: cpu")
    return torch.device(name)


def _load_parts(
    folder: Path, kinds: dict[str, Any], device: torch.device, dtype: torch.dtype
) -> dict[str, Any]:
    import torch

    parts: dict[str, Any] = {}
    for part in ("unet", "vae", "text_encoder"):
        how = {"dtype": dtype} if part == "text_encoder" else {
            "torch_dtype": dtype, "low_cpu_mem_usage": False}
        module = kinds[part].from_pretrained(
            folder / part, use_safetensors=True, local_files_only=True,
            variant=_variant(folder, part), **how,
        )
        module = module.to(device).eval().requires_grad_(False)
        if part != "text_encoder":
            module = module.to(memory_format=torch.channels_last)
        parts[part] = module
    parts["tokenizer"] = kinds["tokenizer"].from_pretrained(
        folder / "tokenizer", local_files_only=True
    )
    config = read_json(folder, "scheduler/scheduler_config.json")
    parts["prediction_type"] = config.get("prediction_type", "epsilon")
    parts["alphas_cumprod"] = _noise_table(kinds["scheduler"], config)
    return parts


def _noise_table(scheduler: Any, config: dict[str, Any]) -> torch.Tensor:
    """alphabar float32 (T,) of a scheduler's config.

    Not by `from_config`: that imports every scheduler there is, for 1.4 s of processor time.
    """
    known = inspect.signature(scheduler).parameters
    return scheduler(**{k: v for k, v in config.items() if k in known}).alphas_cumprod.float()


def _describe(
    name: str, folder: Path, device: torch.device, dtype: torch.dtype, parts: dict[str, Any]
) -> Model:
    unet, coder, text = (parts[key].config for key in ("unet", "vae", "text_encoder"))
    if unet.cross_attention_dim != text.hidden_size:
        raise ModelError(f"{folder}: unet wants text states of width {unet.cross_attention_dim}, "
                         f"text_encoder makes {text.hidden_size}")
    if not unet.in_channels == unet.out_channels == coder.latent_channels:
        raise ModelError(f"{folder}: unet has {unet.in_channels} channels, "
                         f"vae {coder.latent_channels}; they must agree")
    from engine.diffusion.fused import fuse_decoder, fuse_encoder

    vae = parts["vae"]
    runtime = TorchRuntime(parts["unet"], vae, fuse_encoder(vae), fuse_decoder(vae))
    vae_scale = _pixels_per_cell(coder)
    sample = unet.sample_size if isinstance(unet.sample_size, int) else max(unet.sample_size)
    return Model(
        name=name, folder=folder, device=device, dtype=dtype,
        scaling_factor=float(coder.scaling_factor),
        shift_factor=float(coder.get("shift_factor") or 0.0),
        vae_scale=vae_scale, latent_channels=coder.latent_channels,
        native_size=sample * vae_scale, runtime=runtime, **parts,
    )


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
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
