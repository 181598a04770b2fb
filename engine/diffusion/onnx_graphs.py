"""ONNX Runtime: torch modules to ONNX files, and ONNX files to callables.

The same two functions as openvino_graphs.py, with the same arguments.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.diffusion.runtimes import Graph

if TYPE_CHECKING:
    import torch

OPSET = 18


def save(name: str, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...],
         folder: Path) -> None:
    """Convert one module for inputs of exactly these shapes; weights stay float32."""
    import torch

    names = [f"input{n}" for n in range(len(inputs))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no further packages is the old
        torch.onnx.export(module, inputs, folder / f"{name}.onnx", dynamo=False,
                          opset_version=OPSET, input_names=names, output_names=["output"])


def load(folder: Path, names: Iterable[str], threads: int) -> dict[str, Graph]:
    """Open the graphs of a folder for the processor."""
    import onnxruntime

    how = onnxruntime.SessionOptions()
    how.intra_op_num_threads = max(1, threads)
    how.log_severity_level = 3
    # waiting threads must sleep, as torch's do: see engine/diffusion/__init__.py
    how.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return {name: _callable(onnxruntime.InferenceSession(
        folder / f"{name}.onnx", how, providers=["CPUExecutionProvider"])) for name in names}


def _callable(session: Any) -> Graph:
    names = [each.name for each in session.get_inputs()]

    def run(*arrays: np.ndarray) -> np.ndarray:
        return session.run(None, dict(zip(names, arrays, strict=True)))[0]

    return run
