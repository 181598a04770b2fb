"""torch.compile: the model's parts as generated code for this machine, made beside the show.

Tensors flow in and out as through any Runtime. Compiling takes a minute or more and wants a C++
compiler (on CUDA, Triton), so it is asked for by name. All shapes that a show draws live, one and
two rows, are compiled before the runtime is handed over; any other is drawn plainly, since
compiling it would stop the picture. On CUDA the result is recorded as graphs, too.
"""

from __future__ import annotations

from typing import Any

import torch

from engine.diffusion.model import Model
from engine.diffusion.prompts import encode_text

ROWS = (1, 2)


class CompiledRuntime:
    """The compiled equal of a loaded model's runtime for pictures of (width, height).

    Made on any thread; raises what the compiler raises. `backend` is torch.compile's.
    """

    name = "compiled"

    def __init__(self, model: Model, size: tuple[int, int], backend: str = "inductor") -> None:
        self._plain = model.runtime
        fast = model.runtime.wrapped(
            lambda part: torch.compile(part, backend=backend, dynamic=False))
        self._shapes: set[torch.Size] = set()
        self._device = model.device
        self._fast = fast
        self._warm(model, size)
        if model.device.type == "cuda":
            from engine.diffusion.cuda_graphs import CapturedRuntime, CudaCapture

            self._fast = CapturedRuntime(fast, CudaCapture(model.device), self.name)

    @torch.inference_mode()
    def _warm(self, model: Model, size: tuple[int, int]) -> None:
        about = {"device": model.device, "dtype": model.dtype}
        rows, columns = model.latent_size(size)
        states = encode_text(model, "")
        self._fast.encode(torch.full((1, 3, size[1], size[0]), 0.5, **about))
        for count in ROWS:
            x = torch.zeros(count, model.latent_channels, rows, columns, **about)
            self._fast.unet(x, self._time(499), states.expand(count, -1, -1).contiguous())
            self._shapes.add(x.shape)
        self._fast.decode(x[:1].contiguous())

    def encode(self, picture: torch.Tensor) -> torch.Tensor:
        return self._fast.encode(picture.contiguous())

    def unet(self, x: torch.Tensor, t: Any, states: torch.Tensor) -> torch.Tensor:
        """A number for a timestep would be compiled in: it goes in as a tensor."""
        if x.shape not in self._shapes or (torch.is_tensor(t) and t.dim()):
            return self._plain.unet(x, t, states)
        return self._fast.unet(x.contiguous(), self._time(t), states.contiguous())

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return self._fast.decode(latents.contiguous())

    def _time(self, t: Any) -> torch.Tensor:
        return torch.full((), float(t), device=self._device)
