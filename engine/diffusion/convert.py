"""Converts a model for one runtime and one size and keeps it as a plan.

Runs in a process of its own, which the generator starts beside the show, so that neither torch's
tracing nor its hunger for memory touches the pictures: `python -m engine.diffusion.convert
openvino small 256x256`. One line comes out: "ok", or what went wrong. It ends at once when its
standard input closes, that is when its starter is gone.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.diffusion.devices import device_of
from engine.diffusion.model import Model, load_model
from engine.diffusion.planned import DRAWING, GRAPHS
from engine.diffusion.plans import plan_folder, writing
from engine.diffusion.runtimes import ON_CUDA, graphs_of
from engine.errors import LiquidlightError, ModelError

NICENESS = 5
"""On top of the generator's own: at the lowest priority a busy machine would never finish."""
TOLERANCE, TOLERANCE_HALVES = 1e-3, 2e-2
"""Largest error of a converted part, relative to the largest value it gives; 8 bits of a picture
are 4e-3 of it, and what halves round differs by how a sum is ordered."""
T = 499
"""The timestep of the example: half of the noise."""


def convert(
    runtime: str, model_name: str | Path, size: tuple[int, int], device: str = "auto"
) -> Path:
    """Make the plan, check it against torch and put it in place; returns its folder.

    `device` is the GPU that a plan for one is made on; the others are made on the processor.

    Raises ModelError for a model that cannot be converted or comes out different, OSError where
    it cannot be written.
    """
    graphs, on_cuda = graphs_of(runtime), runtime in ON_CUDA
    if on_cuda:
        graphs.tensorrt()  # the reason why not, before the minutes
        device_of(device)
    folder = plan_folder(runtime, model_name, size)
    with writing(folder) as (draft, facts):
        model = load_model(model_name, device if on_cuda else "cpu", 1)
        facts.update(_facts(model))
        (draft / "tokenizer.json").write_text(_tokenizer(model), encoding="utf-8")
        parts = _parts(model, size, DRAWING if on_cuda else GRAPHS)
        for name, (module, inputs) in parts.items():
            _save(graphs.save, name, module, inputs, draft)
        _compare(graphs.load(draft, tuple(parts), 1), parts, on_cuda)
    return folder


def _save(save: Callable[..., None], name: str, module: Any, inputs: Any, draft: Path) -> None:
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
            warnings.simplefilter("ignore")  # tracing notes of the libraries' own code
            save(name, module, inputs, draft)
    except OSError:
        raise
    except Exception as error:  # a dozen kinds, for whatever the converter does not know
        text = " ".join(str(error).split())[:200]
        raise ModelError(f"{name} cannot be converted: {type(error).__name__}: {text}") from error


def _parts(
    model: Model, size: tuple[int, int], names: tuple[str, ...]
) -> dict[str, tuple[Any, Any]]:
    """Each graph's module and its example inputs, random but the same each time."""
    import torch

    if model.text_encoder_2 is not None:
        raise ModelError(f"{model.folder}: a model of the SDXL class is not converted")
    if getattr(model.text_encoder.config, "use_attention_mask", False):
        raise ModelError(f"{model.folder}: a text encoder with a mask is not converted")
    random = torch.Generator().manual_seed(1)
    rows, columns = model.latent_size(size)
    picture = torch.rand(1, 3, size[1], size[0], generator=random)
    x = torch.randn(1, model.latent_channels, rows, columns, generator=random)
    ids = _ids(model, "red fire").to(model.device)
    with torch.inference_mode():
        states = model.text_encoder(ids)[0].clone()
    time, run = torch.tensor([float(T)], device=model.device), model.runtime
    # ordinary tensors, fit for tracing
    states = torch.from_numpy(states.cpu().numpy().copy()).to(model.device)
    picture, x = (each.to(model.device, model.dtype) for each in (picture, x))
    parts = {
        "encode": (_wrapped(run.encode, model.vae), (picture,)),
        "unet": (_wrapped(run.unet, model.unet), (x, time, states)),
        "decode": (_wrapped(run.decode, model.vae), (x,)),
        "text": (_wrapped(lambda ids: model.text_encoder(ids)[0], model.text_encoder), (ids,)),
    }
    return {name: parts[name] for name in names}


def _wrapped(function: Callable[..., Any], owner: Any) -> Any:
    import torch

    class Part(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.owner = owner.to(memory_format=torch.contiguous_format)

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            return function(*inputs)

    return Part().eval()


def _compare(
    graphs: dict[str, Any], parts: dict[str, tuple[Any, Any]], on_cuda: bool = False
) -> None:
    """Raises ModelError where a graph does not give what its module gives."""
    import torch

    for name, (module, inputs) in parts.items():
        with torch.inference_mode():
            expected = module(*inputs).float().cpu().numpy()
            got = (graphs[name](*inputs).float().cpu().numpy() if on_cuda
                   else graphs[name](*(each.numpy() for each in inputs)))
        error = float(abs(got - expected).max() / max(1e-6, abs(expected).max()))
        if not error <= (TOLERANCE_HALVES if on_cuda else TOLERANCE):
            raise ModelError(f"{name} comes out different: relative error {error:.2g}")


def _facts(model: Model) -> dict[str, Any]:
    """What `planned.load_planned` needs to make a Model without the folder's libraries."""
    return {
        "prediction_type": model.prediction_type, "scaling_factor": model.scaling_factor,
        "shift_factor": model.shift_factor, "vae_scale": model.vae_scale,
        "latent_channels": model.latent_channels, "native_size": model.native_size,
        "alphas_cumprod": model.alphas_cumprod.tolist(), "schedule": asdict(model.schedule),
        "tokens": _ids(model, "").shape[1],
    }


def _ids(model: Model, text: str) -> Any:
    longest = model.text_encoder.config.max_position_embeddings
    return model.tokenizer(
        text, padding="max_length", truncation=True, return_tensors="pt",
        max_length=min(model.tokenizer.model_max_length, longest),
    ).input_ids


def _tokenizer(model: Model) -> str:
    """The tokenizer as JSON, set to pad and cut as `encode_text` asks."""
    _ids(model, "")
    return model.tokenizer.backend_tokenizer.to_str()


def _end_with_starter() -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stdin.buffer.read()
    os._exit(1)


def main(arguments: list[str]) -> int:
    """Convert as the arguments say; the exit status is 0 for "ok"."""
    threading.Thread(target=_end_with_starter, daemon=True).start()
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    runtime, model_name, size, device = (*arguments, "auto")[:4]
    width, height = size.split("x")
    try:
        convert(runtime, model_name, (int(width), int(height)), device)
    except LiquidlightError as error:
        said = str(error)
    except OSError as error:
        said = f"it cannot be written: {error.strerror or error}"
    except MemoryError:
        said = "not enough memory"
    else:
        said = "ok"
    print(said, flush=True)
    return 0 if said == "ok" else 1


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code)  # library threads must not hold the end back
