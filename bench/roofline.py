"""What of a picture's time is spent where, and how near it comes to what the device can do.

A loaded model flows in, milliseconds by part and operations flow out. Parts: pack (uint8 to a
tensor on the device), encode, denoise, decode, unpack; each is measured by itself, the device
having finished before the clock is read. Operations are multiplications and additions as torch's
FlopCounterMode counts them; the device's rate is that of one large matrix product.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from engine.clock import monotonic
from engine.diffusion.contract import percentile
from engine.diffusion.prompts import encode_text
from engine.diffusion.sampling import sample, timesteps_of
from engine.diffusion.stream import to_bytes

PARTS = ("pack", "encode", "denoise", "decode", "unpack")
MATRIX = {"cpu": 1024, "cuda": 8192, "mps": 4096}
"""Side of the matrices whose product is the device's rate."""


def wait_for(device: torch.device) -> None:
    """Until the device has finished: only a clock needs this."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _works(model: Any, size: tuple[int, int], steps: int) -> dict[str, Callable[[], Any]]:
    """Each part as a call on inputs that lie ready."""
    rows, columns = model.latent_size(size)
    random = torch.Generator().manual_seed(1)
    shape = (1, model.latent_channels, rows, columns)
    latents = torch.randn(shape, generator=random).to(model.device, model.dtype)
    states = encode_text(model, "red and black spiral")
    picture = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), np.uint8)
    timesteps = timesteps_of(0.5, steps, len(model.alphas_cumprod), model.schedule)

    def pack() -> torch.Tensor:
        tensor = torch.from_numpy(picture).to(model.device)
        return (tensor.permute(2, 0, 1)[None].to(model.dtype) / 255).contiguous()

    ready = pack()
    return {
        "pack": pack, "encode": lambda: model.encode(ready),
        "denoise": lambda: sample(model, latents, lambda k: latents, timesteps, states),
        "decode": lambda: model.decode(latents), "unpack": lambda: to_bytes(ready),
    }


@torch.inference_mode()
def part_ms(
    model: Any, size: tuple[int, int], steps: int, seconds: float = 2.0
) -> dict[str, float]:
    """Median milliseconds of each of PARTS, for a picture of `steps` UNet calls."""
    found = {}
    for name, work in _works(model, size, steps).items():
        begun, share = monotonic(), seconds / len(PARTS)
        for _ in range(4):  # a runtime may record itself at the third call
            work()
            wait_for(model.device)
            if monotonic() - begun > 5 * share:
                break
        times, end = [], monotonic() + share
        while monotonic() < end or not times:
            start = monotonic()
            work()
            wait_for(model.device)
            times.append((monotonic() - start) * 1e3)
        found[name] = round(percentile(times, 0.5), 3)
    return found


@torch.inference_mode()
def operations(model: Any, size: tuple[int, int]) -> dict[str, float]:
    """Thousand million operations of encoding, one UNet call and decoding, drawn plainly."""
    works = _works(model, size, 1)
    found = {}
    for name in ("encode", "denoise", "decode"):
        with FlopCounterMode(display=False) as counter:
            works[name]()
        found[name] = round(counter.get_total_flops() / 1e9, 2)
    return found


@torch.inference_mode()
def matmul_rate(device: torch.device, dtype: torch.dtype, seconds: float = 1.0) -> float:
    """Thousand million operations a second of a large matrix product: the best of many."""
    side = MATRIX[device.type]
    a = torch.randn(side, side, device=device).to(dtype)
    b, best = a.clone(), float("inf")
    for _ in range(3):
        a @ b
    wait_for(device)
    end = monotonic() + seconds
    while monotonic() < end or best == float("inf"):
        start = monotonic()
        a @ b
        wait_for(device)
        best = min(best, monotonic() - start)
    return round(2 * side**3 / best / 1e9, 1)


def shares(ms: dict[str, float], giga: dict[str, float], rate: float, steps: int) -> dict[str, Any]:
    """The share of the device's rate that each computing part reaches, and all of them."""
    whole = {name: count * (steps if name == "denoise" else 1) for name, count in giga.items()}
    found = {name: round(count / (ms[name] / 1e3) / rate, 3) for name, count in whole.items()}
    taken = sum(ms[name] for name in whole) / 1e3
    return {**found, "together": round(sum(whole.values()) / taken / rate, 3)}
