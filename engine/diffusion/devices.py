"""Which device torch computes on, and in which number format.

A name of the --device kind flows in, a torch device flows out; asked once, where the model runs.
float32 on the processor; halves on CUDA and on Apple's GPU, where they are as exact as pictures
of 8 bits need. bfloat16 keeps three digits less and is taken nowhere by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import ModelError

if TYPE_CHECKING:
    import torch

ALLOWED = "auto, cpu, cuda, cuda:N, mps"


def kind_of(name: str) -> str:
    """"cpu", "cuda" or "mps", whatever `name` (one of ALLOWED) comes to on this machine."""
    if name != "auto":
        return name.split(":")[0]
    if has_cuda():
        return "cuda"
    return "mps" if has_mps() else "cpu"


def device_of(name: str) -> torch.device:
    """The torch device of a name; a CUDA one is the calling thread's own from then on.

    Raises ModelError for one that is none or is not here.
    """
    kind = kind_of(name)
    if kind not in ("cpu", "cuda", "mps"):
        raise ModelError(f"device = {name!r}, allowed: {ALLOWED}")
    if kind == "cuda" and not has_cuda():
        raise ModelError(f"device = {name!r}, but this machine has no CUDA device; allowed: cpu")
    if kind == "mps" and not has_mps():
        raise ModelError(f"device = {name!r}, but this machine has no Apple GPU; allowed: cpu")
    import torch

    device = torch.device(kind if name == "auto" else name)
    if kind == "cuda":
        if device.index is not None and device.index >= torch.cuda.device_count():
            raise ModelError(f"device = {name!r}, but this machine has "
                             f"{torch.cuda.device_count()} CUDA devices, numbered from 0")
        torch.cuda.set_device(device.index or 0)
        torch.backends.cudnn.benchmark = True  # shapes stay: the first picture finds the best way
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    return device


def dtype_of(device: torch.device) -> torch.dtype:
    """The number format of weights and pictures on a device."""
    import torch

    return torch.float32 if device.type == "cpu" else torch.float16


def has_cuda() -> bool:
    """True when torch can use a CUDA device here."""
    import torch

    return torch.cuda.is_available()


def has_mps() -> bool:
    """True when torch can use an Apple GPU here."""
    import torch

    return torch.backends.mps.is_available()
