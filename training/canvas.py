"""The drawing surface: a batch of coordinate planes with its own chance.

A Canvas holds `count` pictures of one size at once, on the device of its generator. Every drawing
function takes a Canvas and gives tone maps (count, height, width); each helper for chance gives one
value per picture, shaped to broadcast over the planes. x and y run from -1 (left, top) to 1 over
the short side; a wide canvas reaches further in x.

A canvas is drawn free or from noise. Free, all chance comes from its generator. From noise (latent
noise, as a diffusion model is given) a picture is a function of that noise: numbers stay near
values fixed for the subject. Wide clouds take their values from the noise at the same place; what
is scattered more finely (points, cells, the finer octaves) has a settled layout that the noise
stirs. So one step from that noise has one right answer, which a network learns by plain regression,
without the blur of an average over all pictures it might be.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

TURN = 2 * math.pi
PIXELS_PER_CELL = 8
SPREAD = 0.03
"""Part of a number's range that is left to chance in a picture drawn from noise."""
WIDE = 4
"""Rows of a lattice up to which noise alone decides; in finer ones it only stirs."""
STIRRED = 0.2
"""How far the noise moves a settled value."""
_LARGEST = 192  # a lattice that any other is the middle of


class Canvas:
    """`size` in pixels, the side of a square or (height, width).

    `noise` (count, channels, height / 8, width / 8) of unit variance, or None to draw free;
    `seed` picks the subject's fixed values.
    """

    def __init__(
        self,
        count: int,
        size: int | tuple[int, int],
        generator: torch.Generator,
        noise: Tensor | None = None,
        seed: int = 0,
    ):
        self.count, self.generator, self.latent = count, generator, noise
        height, width = (size, size) if isinstance(size, int) else size
        self.height, self.width, self.size = height, width, min(height, width)
        self.tall, self.wide = height / self.size, width / self.size
        down = torch.linspace(-self.tall, self.tall, height, device=self.device)
        along = torch.linspace(-self.wide, self.wide, width, device=self.device)
        y, x = torch.meshgrid(down, along, indexing="ij")
        self.x, self.y = (plane.expand(count, height, width) for plane in (x, y))
        self._settled = torch.Generator().manual_seed(seed)
        self._channel = 0

    @property
    def device(self) -> torch.device:
        """Where the generator lives, and with it every plane."""
        return self.generator.device

    def _share(self, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self.generator, device=self.device)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        shape = shape or (self.count, 1, 1)
        share = self._share(*shape)
        if self.latent is not None:
            share = torch.lerp(self._settled_share(shape), share, SPREAD)
        return low + (high - low) * share

    def fixed(self, low: float, high: float) -> Tensor:
        """Like `uniform`, but settled when drawn from noise: small steps upset a hash."""
        if self.latent is None:
            return self.uniform(low, high)
        return low + (high - low) * self._settled_share((self.count, 1, 1))

    def integer(self, low: int, high: int) -> Tensor:
        """Whole numbers low..high, both included, as floats."""
        return self.fixed(low, high + 1 - 1e-4).floor()

    def pick(self, *choices: int) -> int:
        """One choice for the whole batch: for loop counts, which cannot differ between pictures."""
        source = self.generator if self.latent is None else self._settled
        index = torch.randint(len(choices), (1,), generator=source, device=source.device)
        return choices[int(index)]

    def _settled_share(self, shape: Sequence[int]) -> Tensor:
        share = torch.rand((1, *shape[1:]), generator=self._settled)
        return share.to(self.device).expand(*shape)

    def lattice(self, rows: int, columns: int, channels: int = 1) -> Tensor:
        """Values 0..1 (count, channels, rows, columns), each belonging to its place."""
        if self.latent is None:
            return self._share(self.count, channels, rows, columns)
        settled = self._settled_lattice(rows, columns, channels)
        cells = self.latent.shape[-2:]
        if rows > cells[0] or columns > cells[1]:
            return settled  # finer than the noise can tell
        told = torch.cat([self._pooled(rows, columns) for _ in range(channels)], 1)
        return told if rows <= WIDE else torch.lerp(settled, told, STIRRED)

    def _settled_lattice(self, rows: int, columns: int, channels: int) -> Tensor:
        """The middle of a large one: the same layout around the centre of any shape."""
        whole = self._settled_share((self.count, channels, _LARGEST, _LARGEST))
        top, left = (_LARGEST - rows) // 2, (_LARGEST - columns) // 2
        return whole[..., top : top + rows, left : left + columns]

    def _pooled(self, rows: int, columns: int) -> Tensor:
        """One channel of the noise, averaged over each place and spread evenly over 0..1."""
        channel = self._channel % self.latent.shape[1]
        self._channel += 1
        mean = F.adaptive_avg_pool2d(self.latent[:, channel : channel + 1], (rows, columns))
        cells_each = self.latent[0, 0].numel() / (rows * columns)
        return torch.special.ndtr(mean * math.sqrt(cells_each))

    def grid(self, cells: int) -> tuple[int, int]:
        """Rows and columns of square cells, `cells` along the short side."""
        return round(cells * self.tall), round(cells * self.wide)

    def scattered(self, cells: int, further: int = 0) -> list[tuple[Tensor, ...]]:
        """Jittered points, one to each cell of a grid: (x, y, further values 0..1) of each."""
        rows, columns = self.grid(cells)
        values = self.lattice(rows, columns, 2 + further)[..., None, None]
        step_x, step_y = 2 * self.wide / columns, 2 * self.tall / rows
        points = []
        for row in range(rows):
            for column in range(columns):
                dx, dy, *more = values[:, :, row, column].unbind(1)
                x = -self.wide + step_x * (column + 0.05 + 0.9 * dx)
                points.append((x, -self.tall + step_y * (row + 0.05 + 0.9 * dy), *more))
        return points

    def noise(self, cells: int, channels: int = 1, mode: str = "bicubic") -> Tensor:
        """Smooth noise with `cells` bumps along the short side, (count, channels, h, w)."""
        rows, columns = self.grid(cells)
        values = self.lattice(rows + 1, columns + 1, channels)
        return F.interpolate(values, (self.height, self.width), mode=mode, align_corners=True)

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
        points = (self.lattice(*self.grid(64)) > 1 - density * 2).float()
        return F.interpolate(points, (self.height, self.width), mode="bicubic")[:, 0].clamp(0, 1)


def warped(plane: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The plane looked up at other coordinates, mirrored past the edge."""
    height, width = plane.shape[-2:]
    short = min(height, width)
    grid = torch.stack([x * short / width, y * short / height], -1)
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
