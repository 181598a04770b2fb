"""The drawing surface: a batch of coordinate planes with its own random generator.

A Canvas holds `count` pictures of `size` pixels at once. Every drawing function takes a Canvas and
gives a tone map (count, size, size); each random helper gives one value per picture, shaped to
broadcast over the planes. All chance comes from the canvas's own generator, so the same seed draws
the same pictures. Coordinates run from -1 (left, top) to 1 (right, bottom).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

TURN = 2 * math.pi


class Canvas:
    def __init__(self, count: int, size: int, generator: torch.Generator):
        self.count, self.size, self.generator = count, size, generator
        axis = torch.linspace(-1, 1, size)
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        self.x = x.expand(count, size, size)
        self.y = y.expand(count, size, size)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        shape = shape or (self.count, 1, 1)
        return low + (high - low) * torch.rand(shape, generator=self.generator)

    def integer(self, low: int, high: int) -> Tensor:
        """Whole numbers low..high, both included, as floats."""
        return torch.randint(low, high + 1, (self.count, 1, 1), generator=self.generator).float()

    def pick(self, *choices: int) -> int:
        """One choice for the whole batch: for loop counts, which cannot differ between pictures."""
        index = torch.randint(len(choices), (1,), generator=self.generator)
        return choices[int(index)]

    def noise(self, cells: int, channels: int = 1, mode: str = "bicubic") -> Tensor:
        """Smooth noise with `cells` bumps across the picture, (count, channels, size, size)."""
        shape = (self.count, channels, cells + 1, cells + 1)
        grid = torch.rand(shape, generator=self.generator)
        return F.interpolate(grid, size=(self.size, self.size), mode=mode, align_corners=True)

    def fbm(self, cells: int = 3, octaves: int = 5, gain: float = 0.5, channels: int = 1) -> Tensor:
        """Fractal noise around 0.5; one channel comes without its axis."""
        total, weight, sum_of_weights = 0.0, 1.0, 0.0
        for octave in range(octaves):
            mode = "bicubic" if octave < 2 else "bilinear"
            cells_now = min(cells * 2**octave, self.size // 4)
            total = total + weight * self.noise(cells_now, channels, mode)
            sum_of_weights += weight
            weight *= gain
        total = total / sum_of_weights
        return total if channels > 1 else total[:, 0]

    def turned(self, angle: Tensor | None = None, scale: Tensor | float = 1.0):
        """The coordinates, rotated (by chance unless told) and scaled."""
        angle = self.uniform(0, TURN) if angle is None else angle
        cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
        return self.x * cos - self.y * sin, self.x * sin + self.y * cos

    def polar(self, jitter: float = 0.0):
        """Radius and angle around a centre at most `jitter` away from the middle."""
        dx = self.x - self.uniform(-jitter, jitter)
        dy = self.y - self.uniform(-jitter, jitter)
        return torch.sqrt(dx * dx + dy * dy + 1e-6), torch.atan2(dy, dx)

    def stars(self, density: float = 0.004) -> Tensor:
        """Round points of light about four pixels wide at 256, so the autoencoder keeps them."""
        cells = 64
        chance = torch.rand(self.count, 1, cells, cells, generator=self.generator)
        points = (chance > 1 - density * 2).float()
        points = F.interpolate(points, size=(self.size, self.size), mode="bicubic")
        return points[:, 0].clamp(0, 1)


def warped(plane: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The plane looked up at other coordinates, mirrored past the edge."""
    grid = torch.stack([x, y], -1)
    found = F.grid_sample(plane[:, None], grid, padding_mode="reflection", align_corners=True)
    return found[:, 0]


def smoothstep(low: float | Tensor, high: float | Tensor, value: Tensor) -> Tensor:
    t = ((value - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def stretched(plane: Tensor) -> Tensor:
    """Each picture's values stretched to 0..1."""
    low, high = plane.amin((1, 2), keepdim=True), plane.amax((1, 2), keepdim=True)
    return (plane - low) / (high - low + 1e-6)


def wave(phase: Tensor) -> Tensor:
    """Sine between 0 and 1."""
    return 0.5 + 0.5 * torch.sin(phase)


def crisp(value: Tensor, sharpness: float = 3.0) -> Tensor:
    """A signed value turned into 0..1 with soft but definite edges."""
    return 0.5 + 0.5 * torch.tanh(sharpness * value)


def fraction(value: Tensor) -> Tensor:
    """The fractional part, positive for negative values too."""
    return value - value.floor()


def over(below: Tensor, above: Tensor | float, mask: Tensor) -> Tensor:
    return below * (1 - mask) + above * mask


def blurred(image: Tensor, radius: int) -> Tensor:
    """Two box blurs of a (n, c, h, w) image."""
    for _ in range(2):
        padded = F.pad(image, (radius,) * 4, mode="reflect")
        image = F.avg_pool2d(padded, 2 * radius + 1, 1)
    return image
