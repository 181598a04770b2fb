"""Pictures to and from the device that draws, without the whole device having to stand still.

uint8 arrays flow in and out, on the thread that owns the model. On CUDA they go through pinned
memory, which torch keeps and gives out again once the copy is done, and a download waits for one
event, its own copy's, asleep; what else the device does goes on. Elsewhere these are plain copies.
"""

from __future__ import annotations

import numpy as np
import torch


def to_device(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """A tensor of the array's numbers on `device`; the array may be written to again at once."""
    if device.type != "cuda":
        return torch.from_numpy(array.copy()).to(device)
    return torch.from_numpy(array).pin_memory().to(device, non_blocking=True)


def to_host(tensor: torch.Tensor) -> np.ndarray:
    """The tensor's numbers, once they are computed; on the processor in the tensor's own memory."""
    if tensor.device.type != "cuda":
        return tensor.cpu().numpy()
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    host.copy_(tensor, non_blocking=True)
    copied = torch.cuda.Event(blocking=True)
    copied.record()
    copied.synchronize()
    return host.numpy()
