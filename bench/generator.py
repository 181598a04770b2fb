"""How fast the generator draws on this machine, beside diffusers' own img2img pipeline.

A model name and a picture size flow in, one dictionary of figures flows out; both contestants
draw the same folder with one UNet call a picture, in this process, in turns, so that a busy
machine is unfair to neither. The table goes to standard error; the caller prints the JSON.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from engine.clock import monotonic
from engine.diffusion.contract import percentile
from engine.records import FrameParams, Pose, Prompt

WORDS = "red and black spiral"
TURN = 5
"""Pictures that one contestant draws before it is the other's turn."""


def run(
    model: str = "small", size: tuple[int, int] | None = None, seconds: float = 20.0,
    threads: int | None = None, device: str = "auto",
) -> dict[str, Any]:
    """Measure for about `seconds`; `size` (width, height), by default the model's native square.

    Durations are milliseconds (p50, p99). `start` holds the seconds from nothing to the first
    picture: `import`, `load`, `first`. `ratio` is the peer's median over ours: above 1 we are
    faster. Raises ModelError for a bad folder or size.
    """
    from engine.diffusion.model import check_folder

    check_folder(model)
    start, stream, loaded = _ready(model, size, threads, device)
    peer = _peer(loaded, stream.size)
    stages: dict[str, list[float]] = {"encode": [], "denoise": [], "decode": [], "total": []}
    peer_ms: list[float] = []
    index, end = 1, monotonic() + seconds
    while monotonic() < end or len(peer_ms) < TURN:
        for _ in range(TURN):
            stages["total"].append(_milliseconds(partial(stream.step, _params(index))))
            for name, value in stream.stages_ms.items():
                stages[name].append(value)
            index += 1
        peer_ms.extend(_milliseconds(peer) for _ in range(TURN))
    figures = _figures(stages, peer_ms, loaded, stream.size) | {"start_s": start}
    _print_table(figures)
    return figures


def _ready(model: str, size: tuple[int, int] | None, threads: int | None, device: str) -> Any:
    start = monotonic()
    from engine.diffusion import preload  # noqa: F401
    from engine.diffusion.model import load_model
    from engine.diffusion.stream import Img2ImgStream

    imported = monotonic()
    loaded = load_model(model, device, threads)
    stream = Img2ImgStream(loaded, size or (loaded.native_size,) * 2)
    ready = monotonic()
    stream.step(_params(0))
    drawn = monotonic()
    for index in range(3):  # settle caches before the clock runs
        stream.step(_params(index))
    seconds = {"import": imported - start, "load": ready - imported, "first": drawn - ready}
    return {name: round(value, 2) for name, value in seconds.items()}, stream, loaded


def _params(index: int) -> FrameParams:
    return FrameParams(index, index / 20, 1 / 20, beat=index / 10, prompts=(Prompt(WORDS, 1.0),),
                       noise_drift=0.05, pose=Pose(0.01 * index, 0.3 * index))


def _peer(loaded: Any, size: tuple[int, int]) -> Callable[[], Any]:
    """One picture by diffusers' own pipeline: two steps at strength 0.5 are one UNet call."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from diffusers import StableDiffusionImg2ImgPipeline
        from diffusers.utils import logging
        from PIL import Image

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        pipe = StableDiffusionImg2ImgPipeline.from_pretrained(
            loaded.folder, torch_dtype=loaded.dtype, local_files_only=True, safety_checker=None,
            low_cpu_mem_usage=False,
        ).to(loaded.device)
    pipe.set_progress_bar_config(disable=True)
    random = np.random.default_rng(1)
    image = Image.fromarray(random.integers(0, 255, (size[1], size[0], 3), np.uint8))

    def draw() -> Any:
        generator = torch.Generator("cpu").manual_seed(1)
        return pipe(WORDS, image=image, strength=0.5, num_inference_steps=2, guidance_scale=1.0,
                    generator=generator).images[0]

    draw()
    return draw


def _milliseconds(work: Callable[[], Any]) -> float:
    start = monotonic()
    work()
    return (monotonic() - start) * 1e3


def _figures(
    stages: dict[str, list[float]], peer_ms: list[float], loaded: Any, size: tuple[int, int]
) -> dict[str, Any]:
    import diffusers
    import torch

    def both(values: list[float]) -> dict[str, float]:
        return {"p50": round(percentile(values, 0.5), 2), "p99": round(percentile(values, 0.99), 2)}

    total = stages["total"]
    return {
        "what": "generator", "model": loaded.name, "width": size[0], "height": size[1],
        "device": str(loaded.device), "threads": torch.get_num_threads(),
        "torch": torch.__version__, "diffusers": diffusers.__version__, "frames": len(total),
        "ms": {name: both(values) for name, values in stages.items()},
        "fps": round(1e3 * len(total) / sum(total), 2),
        "peer": "diffusers StableDiffusionImg2ImgPipeline, 1 UNet step",
        "peer_ms": both(peer_ms), "peer_fps": round(1e3 * len(peer_ms) / sum(peer_ms), 2),
        "ratio": round(percentile(peer_ms, 0.5) / percentile(total, 0.5), 2),
    }


def _print_table(figures: dict[str, Any]) -> None:
    write = sys.stderr.write
    write(f"{figures['model']} at {figures['width']}x{figures['height']} on {figures['device']}, "
          f"{figures['threads']} threads, torch {figures['torch']}\n")
    write(f"{'':16}{'p50 ms':>9}{'p99 ms':>9}\n")
    for name, ms in (*figures["ms"].items(), ("diffusers' own", figures["peer_ms"])):
        write(f"{name:16}{ms['p50']:9.1f}{ms['p99']:9.1f}\n")
    write(f"{figures['fps']} pictures a second against {figures['peer_fps']}; "
          f"ratio of medians {figures['ratio']}\n")
    write("start: " + ", ".join(f"{k} {v} s" for k, v in figures["start_s"].items()) + "\n")
