"""Abstract subjects of the op-art wall and the pool floor, from a Canvas to a tone map in 0..1.

Nine drawings in the manner of training/patterns.py: a bulging chequer board, moire, a Julia set,
caustics, rays, a labyrinth, isometric cubes, stacked wave lines and scales. Lines are at least four
pixels wide and periods at least fourteen at 256, so that the autoencoder keeps them. Radial ones
stay near the centre; the others fill a canvas of any shape.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from training.canvas import (
    TURN,
    Canvas,
    blurred,
    crisp,
    fraction,
    over,
    smoothstep,
)

TALL = math.sqrt(3)


def _bent(c: Canvas, x: Tensor, y: Tensor, amount: float) -> tuple[Tensor, Tensor]:
    """The coordinates with a slow swell in them."""
    bend = (c.fbm(2, 2, channels=2) - 0.5) * amount
    return x + bend[:, 0], y + bend[:, 1]


def checkers(c: Canvas) -> Tensor:
    """A chequer board that swells over a ball; the ball is lit from the upper left."""
    r, angle = c.polar(0.06)
    ball = c.uniform(0.74, 0.9)
    s = r / ball
    inner = smoothstep(1.01, 0.98, s)
    swell = c.uniform(0.4, 0.5)
    stretch = swell + (1 - swell) * s.clamp(max=1) ** 2
    turn, reach, rate = angle + c.uniform(-0.5, 0.5), r * stretch, c.uniform(11, 14)
    board = torch.sin(reach * torch.cos(turn) * rate) * torch.sin(reach * torch.sin(turn) * rate)
    lit = torch.cos(angle + 2.3) * s
    light = (1.0 - 0.62 * s**4 + 0.3 * lit * s).clamp(0.2, 1)
    gleam = 0.3 * torch.exp(-((s - 0.45) ** 2) * 12) * torch.cos(angle + 2.3).clamp(min=0) ** 4
    paint = 0.03 + 0.97 * crisp(board / stretch, 5.0)
    return (paint * over(torch.full_like(s, 0.85), light, inner) + gleam * inner).clamp(0, 1)


def moire(c: Canvas) -> Tensor:
    """Two systems of rings, light where just one of them is: their beats make the third figure."""
    turn, apart = c.uniform(0, TURN), c.uniform(0.22, 0.42)
    dx, dy = apart * torch.cos(turn), apart * torch.sin(turn)
    rate, grown = c.uniform(17, 22), c.uniform(0.9, 1.1)
    first = torch.sqrt((c.x - dx) ** 2 + (c.y - dy) ** 2 + 1e-4)
    second = torch.sqrt((c.x + dx) ** 2 + (c.y + dy) ** 2 + 1e-4)
    a, b = torch.sin(first * rate + c.uniform(0, TURN)), torch.sin(second * rate * grown)
    return crisp(a * b, 2.5)


def julia(c: Canvas) -> Tensor:
    """Smooth escape times of z*z + k, with k just outside the main heart of the Mandelbrot set.

    What has not escaped is shaded by how near to zero it came, which draws cells inside.
    """
    turn, out = c.uniform(0.9, 2.5), c.uniform(1.04, 1.1)
    side = c.integer(0, 1) * 2 - 1
    u, v = out * torch.cos(turn), out * torch.sin(turn) * side
    k_re, k_im = u / 2 - (u * u - v * v) / 4, v / 2 - u * v / 2
    re, im = c.turned(scale=c.uniform(1.05, 1.25))
    count, least = torch.zeros_like(re), torch.ones_like(re)
    for _ in range(24):
        square = re * re + im * im
        inside = square < 64
        count, least = count + inside, torch.minimum(least, square)
        re, im = (
            torch.where(inside, re * re - im * im + k_re, re),
            torch.where(inside, 2 * re * im + k_im, im),
        )
    late = torch.log2(torch.log2((re * re + im * im).clamp(min=64)) / 6).clamp(0, 1)
    share = ((count - late - 2) / 22).clamp(0, 1)
    core = smoothstep(0.6, 1.0, share)
    tone = share**0.6 * (1 - core * 0.8 * smoothstep(0.42, 0.05, least.sqrt()))
    return blurred(tone[:, None], max(1, c.size // 128))[:, 0]


def _nearest(c: Canvas, cells: int, x: Tensor, y: Tensor) -> Tensor:
    """Distance to the nearest scattered point, 1 being the side of a cell."""
    first = torch.full_like(x, 9.0)
    for px, py in c.scattered(cells):
        first = torch.minimum(first, (x - px) ** 2 + (y - py) ** 2)
    return (first.sqrt() * cells / 2).clamp(max=1)


def caustics(c: Canvas) -> Tensor:
    """Nets of light: bright far from scattered points, on two floors that slide over each other."""
    x, y = _bent(c, c.x * 0.85, c.y * 0.85, 0.5)  # drawn in a little: no points lie outside
    net = _nearest(c, 5, x, y) ** 3 + 0.6 * _nearest(c, 4, x, y) ** 4
    return (0.06 + c.uniform(1.2, 1.4) * net**1.2 / (0.4 + net**1.2)).clamp(0, 1)


def rays(c: Canvas) -> Tensor:
    """A sunburst: wedges of light from a bright disc in the middle."""
    r, angle = c.polar(0.06)
    beams = c.integer(7, 12)
    angle = angle + c.fixed(0, TURN)
    edge = torch.sin(angle * beams) + c.uniform(-0.35, 0.35)
    wedge = crisp(edge * (r * 40 / beams).clamp(0.2, 4.0), 2.0)
    fall = 1 - c.uniform(0.25, 0.5) * smoothstep(0.1, 1.3, r)
    value = (0.06 + 0.2 * smoothstep(1.1, 0.1, r)) * (1 - wedge) + wedge * fall
    disc = c.uniform(0.16, 0.28)
    ring = over(value, 0.05, smoothstep(disc + 0.08, disc + 0.05, r))
    return over(ring, 1.0, smoothstep(disc + 0.015, disc - 0.015, r))


def labyrinth(c: Canvas) -> Tensor:
    """Worm lines: noise that a few turns of near growth and far restraint sharpen, after Turing."""
    small = F.interpolate(c.noise(24), scale_factor=64 / c.size, mode="area") - 0.5
    for _ in range(5):
        small = torch.tanh(small * 4)
        small = (blurred(small, 1) - blurred(small, 3)) * 2
    large = F.interpolate(small, (c.height, c.width), mode="bicubic")[:, 0]
    return crisp(large + c.uniform(-0.1, 0.1), 4.0)


def cubes(c: Canvas) -> Tensor:
    """Stacked cubes seen from a corner: hexagons of three rhombs, each of its own light."""
    x, y = _bent(c, *c.turned(c.uniform(-0.1, 0.1), c.uniform(1.7, 2.5)), 0.3)
    x, y = x + c.uniform(0, 1), y + c.uniform(0, 1)

    def cell(x: Tensor, y: Tensor):
        return x - (x + 0.5).floor(), y - (y / TALL + 0.5).floor() * TALL

    a, b = cell(x, y), cell(x - 0.5, y - TALL / 2)
    closer = a[0] ** 2 + a[1] ** 2 < b[0] ** 2 + b[1] ** 2
    dx, dy = torch.where(closer, a[0], b[0]), torch.where(closer, a[1], b[1])
    soft = 0.025
    right = smoothstep(-soft, soft, dx)
    roof = smoothstep(soft, -soft, dy + dx.abs() / TALL)
    side = over(torch.full_like(dx, 0.06), 0.45, right)
    return blurred(over(side, 0.97, roof)[:, None], 1)[:, 0]


def wavelines(c: Canvas) -> Tensor:
    """Lines of light stacked down the picture, each with peaks that hide the lines behind it."""
    lines = c.pick(10, 12)
    heights = c.lattice(lines, c.grid(14)[1])
    bulge = torch.exp(-((c.x[:, :1] / (c.wide * c.uniform(0.4, 0.55))) ** 2))
    tall = c.uniform(0.35, 0.5) * (0.1 + 0.9 * bulge)
    value = torch.full_like(c.x, 0.04)
    for i in range(lines):
        row = F.interpolate(heights[:, :, i : i + 1], (1, c.width), mode="bicubic")[:, 0]
        peaks = tall * row.clamp(0, 1) ** 1.5
        slope = torch.gradient(peaks, spacing=2 / c.size, dim=2)[0]
        level = c.tall * (-0.56 + 1.44 * i / (lines - 1))
        away = (c.y - level + peaks) / torch.sqrt(1 + slope**2)
        value = over(value, 0.04 + 0.12 * bulge, smoothstep(-0.01, 0.01, away))
        value = over(value, 0.6 + 0.4 * bulge, smoothstep(0.028, 0.012, away.abs()))
    return value


def scales(c: Canvas) -> Tensor:
    """Overlapping fans in shifted rows, each with rings inside, upright or hanging."""
    across = c.uniform(1.3, 1.6)
    x, y = _bent(c, c.x * across, c.y * across * (c.integer(0, 1) * 2 - 1), 0.25)
    x, y = x + c.uniform(0, 1), y + c.uniform(0, 1)
    rings, row = c.uniform(12, 14), (y * 4).floor()
    value = torch.zeros_like(x)
    for step in (-1, 0, 1, 2):  # from the row behind to the row in front
        level = row + step
        dx = fraction(x - fraction(level / 2)) - 0.5
        d = 2 * torch.sqrt(dx**2 + (y - level / 4) ** 2 + 1e-6)
        fan = (0.4 + 0.75 * d) * (0.25 + 0.75 * crisp(torch.cos((1 - d) * rings + 2.6), 2.5))
        value = over(value, fan, smoothstep(1.0, 0.95, d))
    return value.clamp(0, 1)
