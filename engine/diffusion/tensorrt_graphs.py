"""TensorRT: torch modules to ONNX to plan files, and plan files to callables on CUDA tensors.

The same two functions as openvino_graphs.py. TensorRT 10 and 11 build strongly typed networks:
what the module computes in halves stays in halves (11 knows no other kind, its flag is gone).
Plans are for one GPU model, one version and one size: plans.py has all three in the name. The
package is imported when used, never before torch has found a CUDA device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.diffusion import onnx_graphs
from engine.diffusion.runtimes import Graph
from engine.errors import ModelError

if TYPE_CHECKING:
    import torch

ENDING = "plan"
LEVEL = 3
"""Optimization level of the builder, of 0..5: above it takes hours and gains per cents."""
WORKSPACE = 2 << 30
"""Bytes of GPU memory that building may use beside the show."""


def save(name: str, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...],
         folder: Path) -> None:
    """Build one plan for inputs of exactly these shapes; the ONNX file goes again."""
    onnx_graphs.save(name, module, inputs, folder)
    source = folder / f"{name}.onnx"
    plan = _build(source)
    for file in folder.iterdir():  # weights above 2 GB lie in files beside
        if file.suffix not in (f".{ENDING}", ".json"):
            file.unlink()
    (folder / f"{name}.{ENDING}").write_bytes(plan)


def load(folder: Path, names: Iterable[str], threads: int) -> dict[str, Graph]:
    """Open the plans of a folder on the current CUDA device; `threads` is not used."""
    trt = tensorrt()
    runtime = trt.Runtime(_logger(trt))
    found = {}
    for name in names:
        made = runtime.deserialize_cuda_engine((folder / f"{name}.{ENDING}").read_bytes())
        if made is None:
            raise ModelError(f"{name} is no plan for this TensorRT and this GPU")
        found[name] = Plan.of(trt, made, runtime)
    return found


@dataclass(slots=True)
class Plan:
    """A deserialized plan: tensors in, a new tensor out, on the caller's CUDA stream.

    It keeps its runtime alive. Inputs are copied into fixed places of the plan's own type.
    """

    context: Any
    owners: tuple[Any, ...]
    inputs: tuple[torch.Tensor, ...]
    output: torch.Tensor
    enqueue: Callable[[Any], None]

    @classmethod
    def of(cls, trt: Any, made: Any, runtime: Any) -> Plan:
        """Places for all inputs and the one output, told to a context of `made`."""
        context = made.create_execution_context()
        if context is None:
            raise MemoryError("no GPU memory for TensorRT")
        names = [made.get_tensor_name(n) for n in range(made.num_io_tensors)]
        places = {name: _place(trt, made, name) for name in names}
        for name, place in places.items():
            context.set_tensor_address(name, place.data_ptr())
        going_in = sorted(n for n in names if made.get_tensor_mode(n) == trt.TensorIOMode.INPUT)
        output = next(name for name in names if name not in going_in)
        return cls(context, (made, runtime), tuple(places[name] for name in going_in),
                   places[output], on_current_stream)

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        for place, value in zip(self.inputs, inputs, strict=True):
            place.copy_(value)
        self.enqueue(self.context)
        return self.output.clone()


def on_current_stream(context: Any) -> None:
    """Run a context where the caller's other work runs: nothing has to wait for anything."""
    import torch

    if not context.execute_async_v3(torch.cuda.current_stream().cuda_stream):
        raise RuntimeError("TensorRT did not run")


def tensorrt() -> Any:
    """The package. Raises ModelError where there is no CUDA device or it cannot be imported."""
    from engine.diffusion.devices import has_cuda

    if not has_cuda():
        raise ModelError("TensorRT needs a CUDA device")
    try:
        import tensorrt as trt
    except Exception as error:  # its libraries may be those of another CUDA: several kinds
        raise ModelError(f"TensorRT cannot be imported: {error}") from error
    if int(trt.__version__.split(".")[0]) < 10:
        raise ModelError(f"TensorRT {trt.__version__}, allowed: 10 and later")
    return trt


def device_facts() -> list[str]:
    """What a plan depends on beside its files: the GPU's name and compute capability."""
    from engine.diffusion.devices import has_cuda

    if not has_cuda():
        return ["no CUDA device"]
    import torch

    return [torch.cuda.get_device_name(), str(torch.cuda.get_device_capability())]


def _build(source: Path) -> bytes:
    trt = tensorrt()
    logger = _logger(trt)
    builder = trt.Builder(logger)
    flags = trt.NetworkDefinitionCreationFlag
    typed = getattr(flags, "STRONGLY_TYPED", None)  # TensorRT 11 has no other networks
    network = builder.create_network(1 << int(typed) if typed is not None else 0)
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(str(source)):
        said = [str(parser.get_error(n)) for n in range(parser.num_errors)]
        raise ModelError(f"TensorRT cannot read it: {' '.join(said)[:200]}")
    config = builder.create_builder_config()
    config.builder_optimization_level = LEVEL
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise ModelError("TensorRT cannot build it")
    return bytes(plan)


def _place(trt: Any, made: Any, name: str) -> torch.Tensor:
    import torch

    dtype = {trt.DataType.FLOAT: torch.float32, trt.DataType.HALF: torch.float16,
             trt.DataType.INT64: torch.int64, trt.DataType.INT32: torch.int32,
             }[made.get_tensor_dtype(name)]
    return torch.zeros(tuple(made.get_tensor_shape(name)), dtype=dtype, device=_device())


def _device() -> str:
    return "cuda"


def _logger(trt: Any) -> Any:
    return trt.Logger(trt.Logger.ERROR)
