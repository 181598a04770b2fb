"""How fast the generator draws on this machine, beside diffusers' own img2img pipeline.

A model name and a picture size flow in, one dictionary of figures flows out. Every runtime that
is installed and the pipeline draw the same folder with one UNet call a picture, in this process,
in turns, so that a busy machine is unfair to none. How long a start takes and how much memory a
runtime holds is measured in generator processes of their own, as a show starts them. The table
goes to standard error; the caller prints the JSON.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.clock import monotonic, sleep
from engine.diffusion.contract import percentile
from engine.errors import ModelError
from engine.records import FrameParams, Pose, Prompt

WORDS = "red and black spiral"
TURN = 5
"""Pictures that one contestant draws before it is the other's turn."""
PEER = "diffusers"
STAGES = ("encode", "denoise", "decode")
START_WITHIN = 300.0


def run(
    model: str = "small", size: tuple[int, int] | None = None, seconds: float = 20.0,
    threads: int | None = None, device: str = "auto", runtime: str = "auto", starts: bool = True,
) -> dict[str, Any]:
    """Measure for about `seconds`; `size` (width, height), by default the model's native square.

    `runtime` "auto" measures all that are installed, another name only that and torch. Durations
    are milliseconds (min, p50, p99), `cpu` the processor time of all threads, which other work on
    the machine hardly changes; `ratio` of a runtime is the pipeline's median over its own:
    above 1 it is faster; `fps` and `ratio` by themselves are those of `runtime`, the one that a
    show would choose. `starts` also measures whole generator processes: seconds from nothing to
    the first picture, and memory. Raises ModelError for a bad folder, size or runtime.
    """
    from engine.diffusion.model import check_folder, check_size
    from engine.diffusion.runtimes import check_runtime

    check_folder(model)
    check_runtime(runtime)
    if size is not None:
        check_size(model, size)
    loaded, streams, notes = _contestants(model, size, threads, device, runtime)
    times = _race(streams, _peer(loaded, streams["torch"].size), seconds)
    figures = _figures(times, loaded, streams["torch"].size, notes)
    if starts:
        names = [name for name in streams if loaded.device.type == "cpu" or name == "torch"]
        figures["start"] = {name: _start(model, streams["torch"].size, threads, device, name)
                            for name in names}
    _print_table(figures)
    return figures


def _contestants(
    model: str, size: tuple[int, int] | None, threads: int | None, device: str, runtime: str
) -> tuple[Any, dict[str, Any], dict[str, str]]:
    """The model in torch, a stream a runtime, and why a runtime is not there."""
    from engine.diffusion.acceleration import load_accelerated
    from engine.diffusion.model import load_model
    from engine.diffusion.runtimes import ACCELERATED, all_threads, missing_packages
    from engine.diffusion.stream import Img2ImgStream

    loaded = load_model(model, device, threads or all_threads())
    size = size or (loaded.native_size,) * 2
    streams, notes = {"torch": Img2ImgStream(loaded, size)}, {}
    for name in ACCELERATED if loaded.device.type == "cpu" else ():
        missing = missing_packages(name)
        if missing or runtime not in ("auto", name):
            notes[name] = f"{missing[0]} is not installed" if missing else "not asked for"
            continue
        try:
            sys.stderr.write(f"{name}: opening, or converting first (minutes)\n")
            planned = load_accelerated(name, model, size, threads or all_threads())
        except ModelError as error:
            notes[name] = str(error)
        else:
            streams[name] = Img2ImgStream(planned, size)
    return loaded, streams, notes


def _race(
    streams: dict[str, Any], peer: Callable[[], Any], seconds: float
) -> dict[str, dict[str, list[float]]]:
    """Milliseconds of every picture, by contestant and stage."""
    times = {name: {stage: [] for stage in (*STAGES, "total", "cpu")} for name in streams}
    times[PEER] = {"total": [], "cpu": []}
    for index in range(4):  # settle caches before the clock runs
        for stream in streams.values():
            stream.step(_params(index))
    index, end = 4, monotonic() + seconds
    while monotonic() < end or index < 4 + TURN:
        for name, stream in streams.items():
            for n in range(index, index + TURN):
                _clocked(partial(stream.step, _params(n)), times[name])
                for stage in STAGES:
                    times[name][stage].append(stream.stages_ms[stage])
        for _ in range(TURN):
            _clocked(peer, times[PEER])
        index += TURN
    return times


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


def _clocked(work: Callable[[], Any], into: dict[str, list[float]]) -> None:
    """Wall time and processor time of all threads, in milliseconds."""
    start, cpu = monotonic(), time.process_time()
    work()
    into["total"].append((monotonic() - start) * 1e3)
    into["cpu"].append((time.process_time() - cpu) * 1e3)


def _start(
    model: str, size: tuple[int, int], threads: int | None, device: str, runtime: str
) -> dict[str, Any]:
    """One generator process from its start: first picture, memory after thirty."""
    from engine.diffusion import ProcessGenerator

    begun = monotonic()
    generator = ProcessGenerator(model, size, device=device, threads=threads, runtime=runtime)
    try:
        first, index = 0.0, 0
        while (health := generator.health()).generated < 30 and health.state != "failed":
            generator.submit(_params(index))
            if not first and generator.latest() is not None:
                first, drawn_by = monotonic() - begun, health.runtime
            if monotonic() - begun > START_WITHIN:
                break
            index += 1
            sleep(0.005)
        if not first:
            return {"fault": health.fault or "no picture"}
        return {"first_picture_s": round(first, 2), "drawn_by": drawn_by,
                **_memory(health.pid)}
    finally:
        generator.close()


def _memory(pid: int) -> dict[str, int]:
    """Resident megabytes of a process, now and at most; empty where /proc is not."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    kept = {line.split(":")[0]: int(line.split()[1]) // 1024 for line in lines if "kB" in line}
    return {"rss_mb": kept["VmRSS"], "peak_rss_mb": kept["VmHWM"]}


def _figures(
    times: dict[str, dict[str, list[float]]], loaded: Any, size: tuple[int, int],
    notes: dict[str, str],
) -> dict[str, Any]:
    import diffusers
    import torch

    peer = percentile(times[PEER]["total"], 0.5)
    peer_cpu = percentile(times[PEER]["cpu"], 0.5)

    def told(stages: dict[str, list[float]]) -> dict[str, Any]:
        total = stages["total"]
        return {
            "ms": {name: _three(values) for name, values in stages.items()},
            "fps": round(1e3 / percentile(total, 0.5), 2), "frames": len(total),
            "ratio": round(peer / percentile(total, 0.5), 2),
            "ratio_of_cpu": round(peer_cpu / percentile(stages["cpu"], 0.5), 2),
            "ratio_of_min": round(min(times[PEER]["total"]) / min(total), 2),
        }

    rows = {name: told(stages) for name, stages in times.items()}
    chosen = next(name for name in ("openvino", "onnx", "torch") if name in rows)
    return {
        "what": "generator", "model": loaded.name, "width": size[0], "height": size[1],
        "device": str(loaded.device), "threads": torch.get_num_threads(),
        "torch": torch.__version__, "diffusers": diffusers.__version__,
        "peer": "diffusers StableDiffusionImg2ImgPipeline, 1 UNet step",
        "runtimes": rows, "without": notes, "runtime": chosen,
        "fps": rows[chosen]["fps"], "ratio": rows[chosen]["ratio"],
    }


def _three(values: list[float]) -> dict[str, float]:
    return {"min": round(min(values), 2), "p50": round(percentile(values, 0.5), 2),
            "p99": round(percentile(values, 0.99), 2)}


def _print_table(figures: dict[str, Any]) -> None:
    write = sys.stderr.write
    write(f"{figures['model']} at {figures['width']}x{figures['height']} on {figures['device']}, "
          f"{figures['threads']} threads, torch {figures['torch']}\n")
    write(f"{'median ms':12}{'encode':>9}{'denoise':>9}{'decode':>9}{'total':>9}"
          f"{'cpu':>9}{'min':>9}{'per s':>8}{'ratio':>7}\n")
    for name, row in figures["runtimes"].items():
        ms = [f"{row['ms'][stage]['p50']:9.1f}" if stage in row["ms"] else f"{'':9}"
              for stage in (*STAGES, "total", "cpu")]
        write(f"{name:12}{''.join(ms)}{row['ms']['total']['min']:9.1f}{row['fps']:8.1f}"
              f"{row['ratio']:7.2f}\n")
    for name, why in figures["without"].items():
        write(f"{name:12} {why}\n")
    for name, row in figures.get("start", {}).items():
        write(f"start, {name}: " + ", ".join(f"{k} {v}" for k, v in row.items()) + "\n")
