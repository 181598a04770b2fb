"""What a model is, what it needs and whether it is ready: for `liquidlight model`.

A name or a path flows in, one record for JSON flows out, and lines for people. Reads configs and
the heads of weight files, so it needs no torch; only `download` uses the network, and only
`warm_up` loads the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.clock import monotonic
from engine.diffusion.canvas import canvas_size
from engine.diffusion.embeddings import embeddings_of
from engine.diffusion.model_files import (
    WEIGHTED,
    cached,
    check_folder,
    is_hub_name,
    model_folder,
    part_rows,
    pixels_per_cell,
    read_json,
    usual_steps,
)
from engine.diffusion.sampling import schedule_of
from engine.diffusion.weight_files import numbers_in
from engine.errors import ModelError

WIDTHS = {768: "Stable Diffusion 1 class", 1024: "Stable Diffusion 2 class"}
STEPS = {"euler": "Euler or DDIM", "lcm": "LCM", "tcd": "TCD", "ancestral": "Euler ancestral"}
MB = 1e6


def inspect(name: str, output: tuple[int, int]) -> dict[str, Any]:
    """All that is known of a model without loading it; `output` (width, height) of the show.

    `weights_bytes` is what the weights alone take once loaded, by device; pictures in the making
    take more. Raises ModelError for what cannot be played.
    """
    classes = check_folder(name)
    folder = model_folder(name)
    unet, vae = (read_json(folder, f"{part}/config.json") for part in ("unet", "vae"))
    scheduler = read_json(folder, "scheduler/scheduler_config.json")
    parts = [_part(folder, part, classes[part]) for part in WEIGHTED if part in classes]
    count = sum(part["parameters"] for part in parts)
    size = canvas_size(name, output)
    return {
        "name": name, "folder": str(folder), "family": _family(classes, unet),
        "scheduler": scheduler.get("_class_name", ""),
        "steps": STEPS[schedule_of(scheduler).kind], "usual_steps": usual_steps(name),
        "prediction": scheduler.get("prediction_type", "epsilon"),
        "native_size": _native(unet, vae), "canvas": list(size), "parts": parts,
        "file_bytes": sum(part["file_bytes"] for part in parts),
        "weights_bytes": {"cpu": 4 * count, "cuda": 2 * count},
        "plans": _plans(name, size), **_words(name),
    }


def _part(folder: Path, part: str, kind: str) -> dict[str, Any]:
    rows = part_rows(folder, part)
    return {
        "part": part, "class": kind, "parameters": numbers_in(rows),
        "dtypes": sorted({row["dtype"] for row in rows.values()}),
        "file_bytes": sum(last - first for first, last in (
            row["data_offsets"] for row in rows.values())),
    }


def _family(classes: dict[str, str], unet: dict[str, Any]) -> str:
    if "text_encoder_2" in classes:
        return "Stable Diffusion XL class"
    return WIDTHS.get(unet.get("cross_attention_dim"), "of its own size")


def _native(unet: dict[str, Any], vae: dict[str, Any]) -> list[int]:
    sample = unet.get("sample_size") or 64
    rows, columns = sample if isinstance(sample, list) else (sample, sample)
    return [columns * pixels_per_cell(vae), rows * pixels_per_cell(vae)]


def _words(name: str) -> dict[str, list[str]]:
    """The words of the embeddings that the model reads, and why it does not read the others."""
    found, faults = embeddings_of(name)
    return {"embeddings": [word for vectors in found for word in vectors.words],
            "not_read": faults}


def _plans(name: str, size: tuple[int, int]) -> dict[str, bool]:
    """For each accelerated runtime that is installed: whether its plan for this size is there."""
    from engine.diffusion.plans import plan_folder
    from engine.diffusion.runtimes import ACCELERATED, missing_packages

    return {runtime: plan_folder(runtime, name, size).exists()
            for runtime in ACCELERATED if not missing_packages(runtime)}


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The record of `inspect` as lines for people."""
    yield f"{found['name']}: {found['family']}, in {found['folder']}"
    width, height = found["native_size"]
    yield (f"  made for {width}x{height}; on this canvas {found['canvas'][0]}x"
           f"{found['canvas'][1]}; {found['steps']} steps ({found['scheduler']}), predicts "
           f"{found['prediction']}")
    yield (f"  wants steps = {found['usual_steps']} in a look"
           + ("" if found["usual_steps"] < 8 else " or more: no few-step model by its name"))
    for part in found["parts"]:
        yield (f"  {part['part']:<15} {part['class']:<28} {part['parameters'] / MB:8.1f} M "
               f"numbers {part['file_bytes'] / MB:8.1f} MB {' '.join(part['dtypes'])}")
    yield (f"  weights once loaded: {found['weights_bytes']['cpu'] / MB:.0f} MB on the CPU, "
           f"{found['weights_bytes']['cuda'] / MB:.0f} MB with CUDA; pictures come on top")
    for runtime, there in found["plans"].items():
        yield f"  {runtime}: {'converted, ready' if there else 'not converted for this size'}"
    if found["embeddings"]:
        yield f"  words of embeddings: {', '.join(found['embeddings'])}"
    for fault in found["not_read"]:
        yield f"  not read: {fault}"
    if "warmup" in found:
        warm = found["warmup"]
        yield (f"  warm: {warm['runtime']} draws a picture in {warm['picture_ms']:.0f} ms; "
               f"ready after {warm['ready_s']:.1f} s")


def warm_up(name: str, output: tuple[int, int]) -> dict[str, Any]:
    """Convert the model for the runtime that a show would use, and draw two pictures.

    Returns the runtime, seconds until the first picture, milliseconds of the second one.
    """
    from engine.diffusion.acceleration import aim
    from engine.diffusion.local import LocalGenerator
    from engine.records import FrameParams, Prompt

    start = monotonic()
    generator = LocalGenerator(name, canvas_size(name, output), runtime=aim("auto", name, "auto"))
    try:
        words = (Prompt("flowers", 1.0),)
        generator.generate(FrameParams(0, 0.0, 0.1, prompts=words))
        ready = monotonic() - start
        frame = generator.generate(FrameParams(1, 0.1, 0.1, prompts=words))
        return {"runtime": generator.runtime, "ready_s": round(ready, 2),
                "picture_ms": round(frame.seconds * 1e3, 1)}
    finally:
        generator.close()


def download(name: str) -> Path:
    """Fetch a hub model into the hub's cache, only what is played; goes on where it broke off.

    Weights in halves are taken where the hub has them. Raises ModelError.
    """
    if not is_hub_name(name):
        raise ModelError(f"{name}: no hub name, allowed: OWNER/NAME")
    import huggingface_hub

    try:
        files = huggingface_hub.HfApi().list_repo_files(name)
        huggingface_hub.snapshot_download(name, allow_patterns=wanted(files))
    except Exception as error:  # offline, no such name, no leave, disk full: a dozen kinds
        text = " ".join(str(error).split())[:200]
        raise ModelError(f"{name}: cannot be fetched: {type(error).__name__}: {text}") from error
    found = cached(name)
    if found is None:
        raise ModelError(f"{name}: is no diffusers folder: model_index.json is missing")
    return found


def wanted(files: list[str]) -> list[str]:
    """Of a hub model's files those that are played: configs, words, safetensors; no pickles."""
    plain = ["model_index.json", "noise.json"]
    folders = ("scheduler/", "tokenizer/", "tokenizer_2/")
    found = [file for file in files if file in plain or file.startswith(folders)]
    for part in WEIGHTED:
        own = [file for file in files if file.startswith(f"{part}/")]
        heavy = [file for file in own if file.endswith((".safetensors", ".index.json",
                                                        ".index.fp16.json"))]
        halves = [file for file in heavy if ".fp16" in file]
        rest = [file for file in heavy if "non_ema" not in file]
        found += [file for file in own if file == f"{part}/config.json"] + (halves or rest)
    return [file for file in found if file.endswith((".json", ".txt", ".safetensors"))]
