"""Styles: what a word like "neon" or "dreamy" does to a picture.

Each takes pictures (n, 3, s, s) in 0..1 and gives pictures of the same shape. Only styles that an
8x autoencoder keeps are here: grain, halftone, scanlines and pixels are effects of the engine.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from training.canvas import blurred, smoothstep


@dataclass(frozen=True)
class Style:
    name: str
    apply: Callable[[Tensor], Tensor]
    words: tuple[str, ...]
    takes_colour: bool = True


def luma(image: Tensor) -> Tensor:
    weights = torch.tensor([0.3, 0.59, 0.11], device=image.device)[None, :, None, None]
    return (image * weights).sum(1, keepdim=True)


def edges(image: Tensor) -> Tensor:
    """Where the light changes, 0..1 (n, 1, h, w), about as wide at every size."""
    light = blurred(luma(image), 1)
    dx = F.pad(light[..., :, 1:] - light[..., :, :-1], (0, 1))
    dy = F.pad(light[..., 1:, :] - light[..., :-1, :], (0, 0, 0, 1))
    edge = (torch.sqrt(dx**2 + dy**2 + 1e-9) * min(image.shape[-2:]) / 22).clamp(0, 1)
    return F.max_pool2d(edge, 3, 1, 1)


def neon(image: Tensor) -> Tensor:
    """Glowing outlines on a nearly black picture."""
    size = min(image.shape[-2:])
    edge = edges(image)
    hue = image / (image.amax(1, keepdim=True) + 0.05)
    glow = edge * blurred(hue, 2)
    return image * 0.12 + glow * 0.9 + blurred(glow, size // 42) * 1.1


def pastel(image: Tensor) -> Tensor:
    return luma(image) * 0.22 + image * 0.33 + 0.47


def monochrome(image: Tensor) -> Tensor:
    return luma(image).expand_as(image)


def dark(image: Tensor) -> Tensor:
    return image**1.6 * 0.6


def bright(image: Tensor) -> Tensor:
    return image**0.6 * 0.85 + 0.15


def dreamy(image: Tensor) -> Tensor:
    soft = blurred(image, min(image.shape[-2:]) // 36)
    return image * 0.35 + soft * 0.65 + soft * soft * 0.35


def chrome(image: Tensor) -> Tensor:
    """Repeated reflections of the light, as on polished metal."""
    light = blurred(luma(image), 1)
    steel = torch.tensor([0.86, 0.93, 1.0], device=image.device)[None, :, None, None]
    return (0.5 + 0.5 * torch.sin(light * 13)) * (0.35 + 0.65 * light) * steel


def vivid(image: Tensor) -> Tensor:
    return torch.sigmoid((image - 0.45) * 9)


def watercolor(image: Tensor) -> Tensor:
    """Flat washes on white paper, darker where a wash ends."""
    wash = blurred(image, max(1, min(image.shape[-2:]) // 64))
    steps = wash * 4
    flat = (steps.floor() + torch.sigmoid(((steps % 1) - 0.5) * 14)) / 4
    return (0.5 + 0.5 * flat) ** 0.8 * (1 - 0.35 * edges(flat))


def posterized(image: Tensor) -> Tensor:
    """Three flat tones of each primary."""
    steps = blurred(image, 1) * 2
    return (steps.floor() + torch.sigmoid(((steps % 1) - 0.5) * 24)) / 2


def sketch(image: Tensor) -> Tensor:
    """Dark lines on paper that keeps a breath of the colour."""
    paper = 0.86 + 0.14 * image
    return paper * (1 - 0.85 * edges(image)) * (0.8 + 0.2 * smoothstep(0.0, 0.4, luma(image)))


def negative(image: Tensor) -> Tensor:
    """Light for dark, the hue kept, as an x-ray plate."""
    return (image + 1 - 2 * luma(image)).clamp(0, 1)


STYLES: tuple[Style, ...] = (
    Style("neon", neon, ("neon", "glowing neon", "neon lights", "neon outlines")),
    Style("pastel", pastel, ("pastel", "soft pastel", "pale colors")),
    Style("monochrome", monochrome, ("monochrome", "black and white", "grayscale", "noir"), False),
    Style("dark", dark, ("dark", "gloomy", "moody", "at night")),
    Style("bright", bright, ("bright", "luminous", "sunny", "radiant")),
    Style("dreamy", dreamy, ("dreamy", "soft focus", "blurred", "ethereal", "hazy")),
    Style("chrome", chrome, ("chrome", "metallic", "liquid metal", "mercury"), False),
    Style("vivid", vivid, ("high contrast", "bold", "vivid", "saturated")),
    Style("watercolor", watercolor, ("watercolor", "watercolour painting", "aquarelle")),
    Style("posterized", posterized, ("posterized", "pop art", "flat colors", "screen print")),
    Style("sketch", sketch, ("sketch", "pencil drawing", "ink drawing", "line art"), False),
    Style("negative", negative, ("negative", "inverted", "x-ray")),
)
