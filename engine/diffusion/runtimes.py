"""What computes the model's three parts, behind one contract: torch plain, recorded or compiled,
OpenVINO, ONNX Runtime or TensorRT.

Pictures and latents flow in and out as torch tensors, whichever runtime draws, and the numbers
agree to about 1e-3, so one may take over from another between two pictures. The mathematics of
a step stays in stream.py. A runtime belongs to the one thread that runs the stream. Importing
this loads neither torch nor a runtime.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    import torch

PACKAGES = {
    "torch": (), "openvino": ("openvino",), "onnx": ("onnxruntime", "onnx"),
    "graphs": (), "compiled": (), "tensorrt": ("tensorrt", "onnx"),
}
"""Packages beyond our own that a runtime needs; the extra that brings them has its name."""
CHOICES = ("auto", *PACKAGES)
ACCELERATED = ("openvino", "onnx")
"""Those that draw from converted graphs on the processor, the faster first."""
ON_CUDA = ("tensorrt", "graphs")
"""Those that need a CUDA device, the faster first."""
TITLES = {
    "torch": "torch", "openvino": "OpenVINO", "onnx": "ONNX Runtime", "graphs": "CUDA graphs",
    "compiled": "torch.compile", "tensorrt": "TensorRT",
}

Graph = Callable[..., "np.ndarray"]


class Runtime(Protocol):
    """The parts of one loaded model, batch first; `name` is a key of PACKAGES."""

    name: str

    def encode(self, picture: torch.Tensor) -> torch.Tensor:
        """The autoencoder's own latents (1, c, h/s, w/s) of a picture (1, 3, h, w) in 0..1."""
        ...

    def unet(self, x: torch.Tensor, t: int, states: torch.Tensor) -> torch.Tensor:
        """The UNet's output (n, c, rows, columns) at timestep t; states (n, tokens, width).

        The SDXL class has one row more, the pooled text filled up with zeros.
        """
        ...

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """The picture (1, 3, h, w), nominally 0..1, of the autoencoder's own latents."""
        ...


def missing_packages(runtime: str) -> list[str]:
    """The packages that a runtime needs and that are not installed."""
    return [name for name in PACKAGES[runtime] if find_spec(name) is None]


def installed() -> list[str]:
    """The runtimes that can be used here at once, in the order of PACKAGES; torch is not asked."""
    left_out = ("compiled",) if has_driver() else ("compiled", *ON_CUDA)
    return [name for name in PACKAGES if not missing_packages(name) and name not in left_out]


def has_driver() -> bool:
    """True where NVIDIA's driver seems to be; whether torch can use it is for torch to say."""
    if sys.platform == "win32":
        return Path(os.environ.get("SYSTEMROOT", "C:/Windows"), "System32/nvcuda.dll").exists()
    return Path("/proc/driver/nvidia/version").exists() or Path("/dev/dxg").exists()


def check_runtime(name: str) -> None:
    """Raises ModelError for a name that is none, or whose packages are missing."""
    if name not in CHOICES:
        raise ModelError(f"runtime = {name!r}, allowed: {', '.join(CHOICES)}")
    missing = [] if name == "auto" else missing_packages(name)
    if missing:
        raise ModelError(f"runtime = {name!r}, not installed: {', '.join(missing)}; "
                         f"pip install 'liquidlight[{name}]', or use auto")


def best(name: str) -> str:
    """The runtime that is aimed at on the processor: "auto" is the fastest installed."""
    if name != "auto":
        return name
    return next((each for each in ACCELERATED if not missing_packages(each)), "torch")


def best_on_cuda() -> str:
    """The runtime that is aimed at on a CUDA device: the fastest installed."""
    return next(each for each in ON_CUDA if not missing_packages(each))


def all_threads() -> int:
    """The cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def graphs_of(runtime: str) -> ModuleType:
    """The module with `save` and `load` of an accelerated runtime."""
    return import_module(f"engine.diffusion.{runtime}_graphs")


class TorchRuntime:
    """The loaded modules as they are; `encoder` and `decoder` faster equals of the vae's own.

    `pooled` is the width of SDXL's pooled text, 0 for models without; `cell` pixels per latent.
    """

    name = "torch"

    def __init__(self, unet: Any, vae: Any, encoder: Any = None, decoder: Any = None,
                 pooled: int = 0, cell: int = 8) -> None:
        self._unet, self._vae = unet, vae
        self._encoder = encoder if encoder is not None else self._encode_plainly
        self._decoder = decoder if decoder is not None else self._decode_plainly
        self._pooled, self._cell = pooled, cell
        self._sizes: dict[tuple[int, ...], torch.Tensor] = {}

    def wrapped(self, wrap: Callable[[Any], Any]) -> TorchRuntime:
        """The same runtime over `wrap(module)` of each module: for compilers."""
        made = copy.copy(self)
        made._unet = wrap(self._unet)
        made._encoder = wrap(self._encoder)
        made._decoder = wrap(self._decoder)
        return made

    def encode(self, picture: torch.Tensor) -> torch.Tensor:
        return self._encoder(picture)

    def _encode_plainly(self, picture: torch.Tensor) -> torch.Tensor:
        encoded = self._vae.encode((picture * 2 - 1).to(self._vae.dtype))
        latents = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
        return latents.to(picture.dtype)

    def unet(self, x: torch.Tensor, t: Any, states: torch.Tensor) -> torch.Tensor:
        if not self._pooled:
            return self._unet(x, t, encoder_hidden_states=states, return_dict=False)[0]
        more = {"text_embeds": states[:, -1, : self._pooled], "time_ids": self._time_ids(x)}
        return self._unet(x, t, encoder_hidden_states=states[:, :-1], added_cond_kwargs=more,
                          return_dict=False)[0]

    def _time_ids(self, x: torch.Tensor) -> torch.Tensor:
        """SDXL's six numbers: the size before cropping, the crop's corner, the wanted size.

        Made once a size: a number that comes from the processor would stop a CUDA graph.
        """
        if x.shape not in self._sizes:
            size = [side * self._cell for side in x.shape[-2:]]
            self._sizes[x.shape] = x.new_tensor([*size, 0, 0, *size]).expand(len(x), -1)
        return self._sizes[x.shape]

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return self._decoder(latents)

    def _decode_plainly(self, latents: torch.Tensor) -> torch.Tensor:
        picture = self._vae.decode(latents.to(self._vae.dtype)).sample / 2 + 0.5
        return picture.to(latents.dtype)


class GraphRuntime:
    """Converted graphs of one size and one row: arrays in, a new array out.

    OpenVINO's and ONNX Runtime's are float32 numpy arrays; TensorRT's are tensors on the device.
    """

    def __init__(self, name: str, graphs: Mapping[str, Graph]) -> None:
        self.name = name
        self._graphs = graphs
        self._run = self._on_device if name in ON_CUDA else self._on_processor

    def encode(self, picture: torch.Tensor) -> torch.Tensor:
        return self._run("encode", picture)

    def unet(self, x: torch.Tensor, t: Any, states: torch.Tensor) -> torch.Tensor:
        """Row by row: with guidance there are two, and a processor gains nothing by a batch."""
        import torch

        times = torch.as_tensor(t, dtype=torch.float32, device=x.device).expand(len(x))
        rows = [self._run("unet", x[n : n + 1], times[n : n + 1], states[n : n + 1])
                for n in range(len(x))]
        return rows[0] if len(rows) == 1 else torch.cat(rows)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return self._run("decode", latents)

    def _on_processor(self, graph: str, *inputs: torch.Tensor) -> torch.Tensor:
        import torch

        arrays = (each.contiguous().numpy() for each in inputs)
        return torch.from_numpy(self._graphs[graph](*arrays))

    def _on_device(self, graph: str, *inputs: torch.Tensor) -> torch.Tensor:
        return self._graphs[graph](*inputs)
