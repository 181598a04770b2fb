"""OpenVINO: torch modules to graph files, and graph files to callables.

Modules and example tensors flow into `save`, in the process that converts; a folder of graphs
flows into `load`, in the process that draws. Shapes are fixed: one set of graphs a picture size.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.diffusion.runtimes import Graph

if TYPE_CHECKING:
    import torch


def save(name: str, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...],
         folder: Path) -> None:
    """Convert one module for inputs of exactly these shapes; weights stay float32."""
    openvino = _openvino()
    graph = openvino.convert_model(module, example_input=inputs)
    graph.reshape({n: openvino.PartialShape(list(each.shape)) for n, each in enumerate(inputs)})
    openvino.save_model(graph, folder / f"{name}.xml", compress_to_fp16=False)


def load(folder: Path, names: Iterable[str], threads: int) -> dict[str, Graph]:
    """Compile the graphs of a folder for the processor: about a second for the small model."""
    openvino = _openvino()
    core = openvino.Core()
    how = {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": max(1, threads),
        # OpenVINO 2026.4 crashes while it compiles a UNet that pools its text (add_embedding)
        # with float32 asked for and its "snippets" on; without them a step takes 5 % longer
        "SNIPPETS_MODE": "DISABLE",
        "ENABLE_CPU_PINNING": False,  # the stage needs the same cores
    }
    return {name: _callable(core.compile_model(folder / f"{name}.xml", "CPU", how))
            for name in names}


def _callable(compiled: Any) -> Graph:
    request = compiled.create_infer_request()

    def run(*arrays: np.ndarray) -> np.ndarray:
        request.infer(arrays, share_inputs=True)
        return request.get_output_tensor(0).data.copy()

    return run


def _openvino() -> Any:
    """The library, kept from sending usage figures: importing it would, to its maker's server."""
    sys.modules.setdefault("openvino_telemetry", None)
    import openvino

    return openvino
