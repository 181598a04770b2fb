"""The noise schedule, in the symbols of Salimans and Ho (2022): x = a z + s e, v = a e - s z.

z is a clean latent of about unit variance, e is noise, t a timestep 0..999 of the scaled-linear
schedule that Stable Diffusion uses. A network that predicts v gives z back as a x - s v.
"""

import torch
from torch import Tensor

STEPS = 1000
BETA_START, BETA_END = 0.00085, 0.012

_betas = torch.linspace(BETA_START**0.5, BETA_END**0.5, STEPS) ** 2
ALPHA_BAR = torch.cumprod(1 - _betas, 0)


def scales(t: Tensor) -> tuple[Tensor, Tensor]:
    """a and s for each timestep, (n, 1, 1, 1)."""
    alpha_bar = ALPHA_BAR.to(t.device)[t][:, None, None, None]
    return alpha_bar.sqrt(), (1 - alpha_bar).sqrt()


def noised(z: Tensor, e: Tensor, t: Tensor) -> Tensor:
    a, s = scales(t)
    return a * z + s * e


def denoised(x: Tensor, v: Tensor, t: Tensor) -> Tensor:
    a, s = scales(t)
    return a * x - s * v
