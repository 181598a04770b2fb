"""Out of memory: how it is told from other errors, and how what is not needed is given back.

An exception flows in, a yes or no flows out; any thread of the process that runs the model.
"""

from __future__ import annotations

import gc
import sys

_WORDS = ("can't allocate memory", "not enough memory", "bad_alloc", "bad allocation",
          "failed to allocate memory", "out of memory", "could not create a primitive",
          "could not create a memory")
"""How torch on the processor (at the end: oneDNN in it), OpenVINO, ONNX Runtime and TensorRT put
it: in a RuntimeError."""


def is_out_of_memory(error: BaseException) -> bool:
    """True for torch.OutOfMemoryError, MemoryError, and what libraries raise in their place."""
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or torch and isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(w in str(error).lower() for w in _WORDS)


def release() -> None:
    """Give back what nothing refers to any more, also what torch keeps for later."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_available():
        torch.cuda.empty_cache()
