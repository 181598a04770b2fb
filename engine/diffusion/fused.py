"""The tiny autoencoder's decoder with its last layers folded together: the same picture, sooner.

An AutoencoderTiny without residual blocks at full resolution has nothing non-linear after its
last upsampling, so upsampling and two convolutions become one 3x3 convolution at half resolution
and a pixel shuffle: about half the work of decoding. Equal to rounding, but for the outermost
pixels, where the padding between the folded layers is left out. Built once, while a model is
loaded; latents flow in, pictures in 0..1 flow out.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


def fuse_decoder(vae: Any) -> FusedDecoder | None:
    """The fused decoder of an AutoencoderTiny; None for any other autoencoder or layout."""
    if type(vae).__name__ != "AutoencoderTiny":
        return None
    up, inner, last = vae.decoder.layers[-3:]
    nearest = isinstance(up, nn.Upsample) and up.mode == "nearest" and float(up.scale_factor) == 2.0
    if not (nearest and _is_plain(inner) and _is_plain(last)):
        return None
    return FusedDecoder(vae.decoder.layers).eval()


def _is_plain(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Conv2d) and (
        (layer.kernel_size, layer.padding, layer.stride, layer.groups)
        == ((3, 3), (1, 1), (1, 1), 1))


class FusedDecoder(nn.Module):
    """Unscaled latents to a picture (1, 3, h, w), nominally 0..1."""

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.body = layers[:-3]
        self.tail = _fold_tail(layers[-2], layers[-1])

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        limited = torch.tanh(latents / 3) * 3  # DecoderTiny's own clamp
        return F.pixel_shuffle(self.tail(self.body(limited)), 2)


@torch.no_grad()
def _fold_tail(inner: nn.Conv2d, last: nn.Conv2d) -> nn.Conv2d:
    """nearest x2, conv 3x3, conv 3x3 is one conv 3x3 to four sub-pixels each.

    The kernel is read off the three layers' answer to a single lit cell: an output pixel sees
    its own cell and the eight around it.
    """
    w1, w2 = inner.weight.float().cpu(), last.weight.float().cpu()
    channels, colours = w1.shape[1], w2.shape[0]
    lit = torch.zeros(channels, channels, 5, 5)
    lit[torch.arange(channels), torch.arange(channels), 2, 2] = 1.0
    answer = F.conv2d(F.conv2d(F.interpolate(lit, scale_factor=2.0), w1, padding=1), w2, padding=1)
    folded = nn.Conv2d(channels, colours * 4, 3, padding=1)
    weight = torch.zeros(colours, 2, 2, channels, 3, 3)
    for row in range(3):
        for column in range(3):
            y, x = 2 * (3 - row), 2 * (3 - column)  # the lit cell is (row, column) of the kernel
            patch = answer[:, :, y:y + 2, x:x + 2]  # (channels, colours, 2, 2)
            weight[..., row, column] = patch.permute(1, 2, 3, 0)
    folded.weight.copy_(weight.reshape(folded.weight.shape))
    bias = w2.sum((2, 3)) @ _bias(inner).cpu() + _bias(last).cpu()
    folded.bias.copy_(bias.repeat_interleave(4))
    return folded.to(inner.weight.device, inner.weight.dtype).requires_grad_(False)


def _bias(layer: nn.Conv2d) -> torch.Tensor:
    if layer.bias is not None:
        return layer.bias.float()
    return torch.zeros(layer.out_channels, device=layer.weight.device)
