"""A learned upscaler for films: compact networks of the Real-ESRGAN family, in safetensors.

A generated picture uint8 (h, w, 3) flows in, one two or four times as large flows out, on the
thread that renders; never live. The network is SRVGGNetCompact (Real-ESRGAN, 2107.10833, and its
code): convolutions with PReLU between, whose last gives what is added to each pixel's sub-pixels.
It is cut into tiles with as much margin as a pixel can see, so a seam is not there, and memory does
not grow with the picture. What such a file is called and where it comes from is the user's affair;
none ships.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from engine.diffusion.devices import device_of, dtype_of
from engine.diffusion.weight_files import check_file, header
from engine.errors import ModelError
from engine.records import Frame

TILE = 256
"""Pixels of a tile's side, its margin not counted."""
WRAPPERS = ("params_ema.", "params.", "module.")
KINDS = "a compact Real-ESRGAN network (SRVGGNetCompact with PReLU) of 3 colours"


def enlarger(file: str, device: str = "auto") -> Callable[[Frame], Frame]:
    """What puts a generated Frame through the network of a file; nothing is done for ""."""
    if not file:
        return lambda frame: frame
    enlarge = Upscaler(file, device)
    return lambda frame: replace(frame, picture=enlarge(frame.picture), soft=0.0)


class Upscaler:
    """The network of one file on one device. `scale` is what a side is multiplied by.

    Raises ModelError, one line, for a file that is missing, broken, pickled or of another kind.
    """

    def __init__(self, path: Path | str, device: str = "auto") -> None:
        self.path = Path(path).expanduser()
        check_file(self.path)
        shapes = {_bare(name): tuple(row["shape"]) for name, row in header(self.path).items()}
        layers, self.scale = _layers(self.path, shapes)
        from safetensors.torch import load_file

        self._device = device_of(device)
        self._body = nn.Sequential(*layers)
        weights = {_bare(name): tensor for name, tensor in load_file(self.path).items()}
        self._body.load_state_dict({name.removeprefix("body."): weights[name] for name in weights})
        self._body.to(self._device, dtype_of(self._device)).eval().requires_grad_(False)
        self.margin = sum(isinstance(layer, nn.Conv2d) for layer in layers)

    @torch.inference_mode()
    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """The picture, `scale` times as wide and as high."""
        height, width = picture.shape[:2]
        dtype = dtype_of(self._device)
        x = torch.from_numpy(picture).to(self._device).permute(2, 0, 1)[None].to(dtype) / 255
        made = np.empty((height * self.scale, width * self.scale, 3), np.uint8)
        for top in range(0, height, TILE):
            for left in range(0, width, TILE):
                self._tile(x, top, left, made)
        return made

    def _tile(self, x: torch.Tensor, top: int, left: int, made: np.ndarray) -> None:
        """One tile with its margin; at the picture's own edge there is none, as in the whole."""
        height, width = x.shape[-2:]
        bottom, right = min(top + TILE, height), min(left + TILE, width)
        above, before = min(self.margin, top), min(self.margin, left)
        part = x[..., top - above : bottom + self.margin, left - before : right + self.margin]
        large = self.whole(part)
        s = self.scale
        large = large[..., above * s : (above + bottom - top) * s,
                      before * s : (before + right - left) * s]
        data = large[0].float().clamp(0, 1).mul(255).round().to(torch.uint8)
        made[top * s : bottom * s, left * s : right * s] = data.permute(1, 2, 0).cpu().numpy()

    def whole(self, x: torch.Tensor) -> torch.Tensor:
        """A tensor (1, 3, h, w) in 0..1, at once, not clamped."""
        return F.pixel_shuffle(self._body(x), self.scale) + F.interpolate(
            x, scale_factor=float(self.scale))


def _bare(name: str) -> str:
    for wrapper in WRAPPERS:
        name = name.removeprefix(wrapper)
    return name


def _layers(path: Path, shapes: dict[str, tuple[int, ...]]) -> tuple[list[Any], int]:
    """Empty layers for these tensors, and the scale. Raises ModelError where they do not fit."""
    numbers = sorted({int(name.split(".")[1]) for name in shapes
                      if name.startswith("body.") and name.split(".")[1].isdigit()})
    layers: list[nn.Module] = []
    for n in numbers:
        shape = shapes.get(f"body.{n}.weight", ())
        if len(shape) == 4 and shape[2:] == (3, 3):
            layers.append(nn.Conv2d(shape[1], shape[0], 3, padding=1))
        elif len(shape) == 1:
            layers.append(nn.PReLU(shape[0]))
        else:
            raise _other(path)
    expected = {f"body.{name}": tuple(tensor.shape)
                for name, tensor in nn.Sequential(*layers).state_dict().items()}
    ends = [shape[0] // 3 for shape in (shapes.get(f"body.{n}.weight") for n in numbers[-1:])
            if shape]
    scale = round(ends[0] ** 0.5) if ends else 0
    chained = _chained(layers)
    if expected != shapes or not chained or layers[0].in_channels != 3 or scale < 2 \
            or layers[-1].out_channels != 3 * scale * scale:
        raise _other(path)
    return layers, scale


def _chained(layers: list[nn.Module]) -> bool:
    """Convolutions and PReLUs in turn, each as wide as the one before, a convolution at the end."""
    if not layers or len(layers) % 2 == 0:
        return False
    width = 3
    for n, layer in enumerate(layers):
        if isinstance(layer, nn.Conv2d) != (n % 2 == 0):
            return False
        if isinstance(layer, nn.Conv2d):
            if layer.in_channels != width:
                return False
            width = layer.out_channels
        elif layer.num_parameters not in (1, width):
            return False
    return True


def _other(path: Path) -> ModelError:
    return ModelError(f"{path}: no upscaler that is known here, allowed: {KINDS}")
