"""How fast the generator draws on this machine, beside diffusers' pipeline and streamdiffusion.

A model name and a picture size flow in, one dictionary of figures flows out. A name such as
random:sd-turbo (random_models.py) is a full architecture with random weights. Every rung that can
be had here and the peers draw the same folder, uint8 picture in to uint8 picture out, in turns, so
that a busy machine is unfair to none; they warm up before. How long a start takes and how much
memory a runtime holds is measured in generator processes of their own, as a show starts them. The
table goes to standard error; the caller prints the JSON.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench.generator_table import PEER, Times, print_table, rows_of
from bench.peers import StreamDiffusionPeer, diffusers_pipeline, streamdiffusion_python
from bench.random_models import is_random, random_folder
from engine.clock import monotonic, sleep
from engine.errors import ModelError
from engine.records import FrameParams, Pose, Prompt

WORDS = "red and black spiral"
TURN, WARM = 5, 4
"""Pictures that one contestant draws before it is the other's turn; pictures before the clock."""
SLOW = 2.0
"""Seconds a picture above which a single one is a turn, and enough to warm up."""
START_WITHIN, LONG_ENOUGH = 300.0, 20.0
"""Seconds that a process gets to its first picture, and how long it may go on after it."""
OTHER = "streamdiffusion"


def run(
    model: str = "small", size: tuple[int, int] | None = None, seconds: float = 20.0,
    threads: int | None = None, device: str = "auto", runtime: str = "auto", starts: bool = True,
    steps: tuple[int, ...] | None = None, streamdiffusion: str = "",
) -> dict[str, Any]:
    """Measure for about `seconds` a number of steps; `size` (width, height), by default native.

    `runtime` "auto" measures all that can be had, another name only that and torch. `steps` are
    UNet calls a picture: by default 1, and 1 and 4 of a random model. Durations are milliseconds
    (min, p50, p99), `cpu` the processor time of all threads; `ratio` of a row is diffusers'
    median over its own: above 1 it is faster; `fps` and `ratio` by themselves are those of
    the rung that a show would choose, at the first number of steps. `starts` also measures
    whole generator processes. `streamdiffusion` as in peers.py. Raises ModelError.
    """
    from engine.diffusion.model import check_folder, check_size
    from engine.diffusion.runtimes import check_runtime

    named, steps = model, steps or ((1, 4) if is_random(model) else (1,))
    check_runtime(runtime)
    if is_random(model):
        sys.stderr.write(f"{model}: its folder, made if it is not there yet (minutes)\n")
        model = str(random_folder(model))
    check_folder(model)
    if size is not None:
        check_size(model, size)
    models, notes = _contestants(model, size, threads, device, runtime)
    loaded = models["torch"]
    size = size or (loaded.native_size,) * 2
    other = _other(streamdiffusion, loaded, size, notes)
    figures = _measure(models, size, seconds, steps, other, notes)
    figures |= {"model": named}
    if starts:
        names = [name for name in models if loaded.device.type == "cpu" or name == "torch"]
        figures["start"] = {name: _start(model, size, threads, device, name) for name in names}
    print_table(figures)
    return figures


def _contestants(
    model: str, size: tuple[int, int] | None, threads: int | None, device: str, runtime: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """The model by each rung that can be had, and why another is not there."""
    from engine.diffusion.acceleration import aim, captured, load_accelerated
    from engine.diffusion.model import load_model
    from engine.diffusion.runtimes import ACCELERATED, ON_CUDA, all_threads, missing_packages

    threads = threads or all_threads()
    loaded = load_model(model, device, threads)
    size = size or (loaded.native_size,) * 2
    on_cuda = loaded.device.type == "cuda"
    models, notes = {"torch": loaded}, {}
    large = not on_cuda and aim("auto", model, device) == "torch"
    for name in (*(ON_CUDA if on_cuda else ACCELERATED), "compiled"):
        missing = missing_packages(name)
        if missing or runtime not in ("auto", name):
            notes[name] = f"{missing[0]} is not installed" if missing else "not asked for"
        elif name == "compiled" and runtime != name or large and runtime != name:
            notes[name] = f"not asked for; --runtime {name}"
        elif name == "graphs":
            models[name] = replace(loaded, runtime=captured(loaded))
        else:
            sys.stderr.write(f"{name}: opening, or made first (minutes)\n")
            try:
                models[name] = load_accelerated(name, model, size, threads, device)
            except ModelError as error:
                notes[name] = str(error)
    return models, notes


def _other(
    asked: str, loaded: Any, size: tuple[int, int], notes: dict[str, str]
) -> StreamDiffusionPeer | None:
    """The streamdiffusion package at work, or a note why it is not."""
    if loaded.text_encoder_2 is not None:
        notes[OTHER] = "it does not play the SDXL class"
        return None
    try:
        python = streamdiffusion_python(asked, loaded.device.type == "cuda")
        return StreamDiffusionPeer(python, loaded.folder, size, str(loaded.device))
    except (ModelError, OSError) as error:
        notes[OTHER] = str(error)
        return None


def _measure(
    models: dict[str, Any], size: tuple[int, int], seconds: float, steps: tuple[int, ...],
    other: StreamDiffusionPeer | None, notes: dict[str, str],
) -> dict[str, Any]:
    import diffusers
    import torch

    from bench.roofline import matmul_rate, operations, part_ms, shares

    loaded = models["torch"]
    pipeline = diffusers_pipeline(loaded, size)
    giga = operations(loaded, size)
    rate = matmul_rate(loaded.device, loaded.dtype)
    by_steps, roof = {}, {}
    for count in steps:
        times = _race(models, size, pipeline, other, seconds, count)
        parts = {name: part_ms(model, size, count, min(2.0, seconds))
                 for name, model in models.items()}
        by_steps[str(count)] = rows_of(times, parts)
        if count == steps[0]:
            roof = {name: shares(ms, giga, rate, count) for name, ms in parts.items()}
    if other is not None:
        other.close()
    rows = by_steps[str(steps[0])]
    chosen = next(name for name in ("tensorrt", "graphs", "openvino", "onnx", "torch")
                  if name in rows)
    on_cuda = loaded.device.type == "cuda"
    return {
        "what": "generator", "width": size[0], "height": size[1], "device": str(loaded.device),
        "device_name": torch.cuda.get_device_name(loaded.device) if on_cuda else "the processor",
        "dtype": str(loaded.dtype).removeprefix("torch."), "threads": torch.get_num_threads(),
        "torch": torch.__version__, "diffusers": diffusers.__version__,
        "peer": "diffusers AutoPipelineForImage2Image",
        "runtimes": rows, "by_steps": by_steps, "without": notes, "runtime": chosen,
        "fps": rows[chosen]["fps"], "ratio": rows[chosen]["ratio"],
        "memory_mb": torch.cuda.max_memory_allocated() >> 20 if on_cuda else None,
        "roofline": {"operations_g": giga, "matmul_g_per_s": rate, "shares": roof},
    }


def _race(
    models: dict[str, Any], size: tuple[int, int], pipeline: Callable[[int], Any],
    other: StreamDiffusionPeer | None, seconds: float, steps: int,
) -> Times:
    """Milliseconds of every picture, by contestant; pictures of each go before."""
    from engine.diffusion.stream import Img2ImgStream

    streams = {name: Img2ImgStream(model, size) for name, model in models.items()}
    names = [*streams, PEER, *([OTHER] if other else [])]
    times: Times = {name: {"total": [], "cpu": []} for name in names}
    begun, warm = monotonic(), 0
    while warm < WARM and (warm < 1 or monotonic() - begun < SLOW * len(streams)):
        for stream in streams.values():
            stream.step(_params(warm, steps))
        warm += 1
    turn = TURN if warm == WARM else 1
    pipeline(steps)
    if other:
        other.times(steps, warm + steps - 1)  # its batch of half-drawn pictures fills up, too
    index, end = warm, monotonic() + seconds
    while monotonic() < end or index == warm:
        for name, stream in streams.items():
            for n in range(index, index + turn):
                _clocked(partial(stream.step, _params(n, steps)), times[name])
        for _ in range(turn):
            _clocked(partial(pipeline, steps), times[PEER])
        if other:
            times[OTHER]["total"] += other.times(steps, turn)
        index += turn
    for stream in streams.values():
        stream.close()
    return times


def _params(index: int, steps: int = 1) -> FrameParams:
    return FrameParams(index, index / 20, 1 / 20, beat=index / 10, prompts=(Prompt(WORDS, 1.0),),
                       noise_drift=0.05, pose=Pose(0.01 * index, 0.3 * index), steps=steps)


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
            if monotonic() - begun > (first + LONG_ENOUGH if first else START_WITHIN):
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
