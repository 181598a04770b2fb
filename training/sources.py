"""What the UNet starts from in training: the clean latent, or what a live show will hand it.

In the engine the source is the last frame, zoomed, turned, tinted, or painted for another prompt.
`mix` replaces part of a batch by such sources while the target stays the clean latent:

- worn: the target itself after a warp there and back, with contrast and tint shifts;
- repainted: the same shape in the colours of another prompt;
- foreign: another picture altogether, or one that is part of the way to the target as in the
  middle of a change; only where the target was drawn from noise, which then tells its shape.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

WORN, REPAINTED, FOREIGN = 0.15, 0.15, 0.3
FOREIGN_FROM = 300  # below this timestep the frame should win over the prompt
HALFWAY = 0.5  # share of the foreign sources that are part of the way to the target


def mix(z: Tensor, partner: Tensor, free: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
    """Sources for a batch of latents z. `partner` is the repainted latent, `free` as in Latents."""
    u = torch.rand(len(z), generator=generator)
    order = torch.randperm(len(z), generator=generator)
    part = torch.rand(len(z), generator=generator)
    part = torch.where(part < HALFWAY, part * 1.4, 0.0)
    foreign = (u < FOREIGN) & (t >= FOREIGN_FROM) & ~free
    repainted = (u >= FOREIGN) & (u < FOREIGN + REPAINTED)
    is_worn = (u >= FOREIGN + REPAINTED) & (u < FOREIGN + REPAINTED + WORN)
    source = torch.where(_rows(foreign), torch.lerp(z[order], z, _rows(part)), z)
    source = torch.where(_rows(repainted), partner, source)
    return torch.where(_rows(is_worn), worn(z, generator), source)


def _rows(mask: Tensor) -> Tensor:
    return mask[:, None, None, None]


def worn(z: Tensor, generator: torch.Generator) -> Tensor:
    """Blurred by a small zoom and turn there and back; contrast and tint a little off."""
    n = len(z)
    angle = (torch.rand(n, generator=generator) - 0.5) * 0.3
    zoom = 1 + 0.1 * torch.rand(n, generator=generator)
    there = _warp(_warp(z, angle, zoom), -angle, 1 / zoom)
    gain = 0.75 + 0.45 * torch.rand(n, 1, 1, 1, generator=generator)
    tint = 0.2 * torch.randn(n, z.shape[1], 1, 1, generator=generator)
    return there * gain + tint


def _warp(z: Tensor, angle: Tensor, zoom: Tensor) -> Tensor:
    cos, sin = torch.cos(angle) / zoom, torch.sin(angle) / zoom
    zero = torch.zeros_like(cos)
    matrix = torch.stack([cos, -sin, zero, sin, cos, zero], 1).view(-1, 2, 3)
    grid = F.affine_grid(matrix, list(z.shape), align_corners=False)
    return F.grid_sample(z, grid, padding_mode="reflection", align_corners=False)
