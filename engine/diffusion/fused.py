"""The tiny autoencoder with neighbouring layers folded together: the same picture, sooner.

An AutoencoderTiny without residual blocks at full resolution has nothing non-linear between its
first two convolutions, nor after its last upsampling. So the two become one 5x5 convolution of
stride 2, and upsampling and two convolutions one 3x3 convolution at half resolution and a pixel
shuffle: about half the work. Equal to rounding, but for the outermost pixels of the decoder,
where the padding between the folded layers is left out. Built once, while a model is loaded;
pictures in 0..1 flow into the encoder and out of the decoder, unscaled latents between.
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


def fuse_encoder(vae: Any) -> FusedEncoder | None:
    """The fused encoder of an AutoencoderTiny; None for any other autoencoder or layout."""
    if type(vae).__name__ != "AutoencoderTiny":
        return None
    first, down = vae.encoder.layers[:2]
    if not (_is_plain(first) and _is_plain(down, stride=2)):
        return None
    return FusedEncoder(vae.encoder.layers).eval()


def _is_plain(layer: nn.Module, stride: int = 1) -> bool:
    return isinstance(layer, nn.Conv2d) and (
        (layer.kernel_size, layer.padding, layer.stride, layer.groups)
        == ((3, 3), (1, 1), (stride, stride), 1))


class FusedEncoder(nn.Module):
    """A picture (1, 3, h, w) in 0..1, both even, to unscaled latents."""

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.head, self.top, self.left, self.corner = _fold_head(layers[0], layers[1])
        self.body = layers[2:]

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """The folded head sees past the upper and left edge, where the second layer saw zeros."""
        x = self.head(picture)  # (1, c, h/2, w/2)
        left = self.left(picture[..., :1])
        top = self.top(picture[:, :, :1])
        corner = top[..., :1] + left[:, :, :1] - self.corner(picture[:, :, :1, :1])
        first = torch.cat((x[:, :, :1, :1] - corner, x[:, :, :1, 1:] - top[..., 1:]), 3)
        rest = torch.cat((x[:, :, 1:, :1] - left[:, :, 1:], x[:, :, 1:, 1:]), 3)
        return self.body(torch.cat((first, rest), 2))


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
def _fold_head(first: nn.Conv2d, down: nn.Conv2d) -> list[nn.Conv2d]:
    """conv 3x3, conv 3x3 of stride 2 is one conv 5x5 of stride 2: the kernels convolved.

    With it, what the upper and left edge and their corner get too much of: the parts of the
    kernel that reach row or column -1 of the first layer's answer.
    """
    w1, w2 = first.weight.float().cpu(), down.weight.float().cpu()
    b1, whole = _bias(first).cpu(), slice(None)

    def fold(rows: slice, columns: slice) -> nn.Conv2d:
        outer, inner = w2[:, :, rows, columns], w1
        if rows != whole:
            inner = inner[:, :, 2:]  # of the picture only row 0 is seen from row -1
        if columns != whole:
            inner = inner[..., 2:]
        size = (outer.shape[2] + inner.shape[2] - 1, outer.shape[3] + inner.shape[3] - 1)
        weight = torch.zeros(outer.shape[0], inner.shape[1], *size)
        for row in range(outer.shape[2]):
            for column in range(outer.shape[3]):
                part = torch.einsum("om,mikl->oikl", outer[:, :, row, column], inner)
                weight[:, :, row:row + part.shape[2], column:column + part.shape[3]] += part
        layer = nn.Conv2d(weight.shape[1], weight.shape[0], size, stride=2,
                          padding=(size[0] // 2, size[1] // 2))
        layer.weight.copy_(weight)
        layer.bias.copy_(outer.sum((2, 3)) @ b1)
        return layer.to(first.weight.device, first.weight.dtype).requires_grad_(False)

    edge = slice(0, 1)
    head = fold(whole, whole)
    head.bias += _bias(down).to(head.bias)
    return [head, fold(edge, whole), fold(whole, edge), fold(edge, edge)]


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
