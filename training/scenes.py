"""Objects and landscapes: from a Canvas to a tone map in 0..1, dark to light.

Unlike the patterns these have an up and a down and a natural light, so their tones are never
inverted (an inverted sun is a hole).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from training.canvas import (
    TURN,
    Canvas,
    fraction,
    over,
    smoothstep,
    stretched,
    warped,
    wave,
)


def galaxy(c: Canvas) -> Tensor:
    x, y = c.turned()
    y = y * c.uniform(1.0, 2.0)
    r, angle = torch.sqrt(x * x + y * y + 1e-5), torch.atan2(y, x)
    arms = wave(2 * angle + torch.log(r + 0.03) * c.uniform(3, 5)) ** 2
    dust = arms * torch.exp(-r * 2.2) * (0.4 + 1.2 * c.fbm(5, 3))
    return (torch.exp(-r * r * 14) + dust + c.stars() * 0.8).clamp(0, 1)


def nebula(c: Canvas) -> Tensor:
    bend = (c.fbm(2, 3, channels=2) - 0.5) * 1.2
    gas = warped(c.fbm(3, 5, 0.55), c.x + bend[:, 0], c.y + bend[:, 1])
    return (stretched(gas) ** 1.8 + c.stars(0.008) * 0.9).clamp(0, 1)


def fire(c: Canvas) -> Tensor:
    height = (1 - c.y) / 2
    x = c.x + (c.fbm(3, 2) - 0.5) * 0.5
    tongues = stretched(warped(c.fbm(5, 4, 0.6), x, c.y * c.uniform(0.3, 0.5)))
    return (tongues * 1.5 + 0.35 - height * c.uniform(1.1, 1.6)).clamp(0, 1) ** 1.2


def lightning(c: Canvas) -> Tensor:
    value = 0.06 * c.fbm(3, 3)
    for _ in range(2):
        middle = c.width // 2
        path = c.noise(4)[:, 0, :, middle, None] * 0.9 + c.noise(10)[:, 0, :, middle, None] * 0.35
        path = path + c.noise(24, 1, "bilinear")[:, 0, :, middle, None] * 0.12
        centre = path - 0.7 + c.uniform(-0.5, 0.5) + c.y[:, :, :1] * c.uniform(-0.4, 0.4)
        distance = (c.x - centre).abs()
        glow = torch.exp(-distance * 40) + 0.3 * torch.exp(-distance * 7)
        value = value + c.uniform(0.5, 1) * glow
    return value.clamp(0, 1)


def eye(c: Canvas) -> Tensor:
    x, y = c.x - c.uniform(-0.06, 0.06), c.y - c.uniform(-0.06, 0.06)
    r, angle = torch.sqrt(x * x + y * y), torch.atan2(y, x)
    size = c.uniform(0.38, 0.48)
    lid = c.uniform(0.45, 0.6) * (1 - (x / c.uniform(0.88, 1.02)) ** 2).clamp(min=0)
    inside = smoothstep(0.03, -0.03, y.abs() - lid)
    rays = wave(angle * c.integer(12, 20) + c.fbm(12, 2) * 5)
    iris = 0.3 + 0.3 * rays * smoothstep(0.0, 1.0, r / size) + 0.2 * smoothstep(1.0, 0.4, r / size)
    ball = over(0.97 - 0.2 * x.abs(), iris, smoothstep(0.02, -0.02, r - size))
    ball = over(ball, 0.1, 0.8 * smoothstep(0.03, -0.01, (r - size).abs() - 0.02))
    ball = over(ball, 0.02, smoothstep(0.02, -0.02, r - size * c.uniform(0.38, 0.52)))
    glint = torch.exp(-((x + 0.12) ** 2 + (y + 0.14) ** 2) * 160)
    ball = over(ball, 1.0, glint)
    crease = 0.25 * torch.exp(-((y.abs() - lid).clamp(min=0)) * 14)
    return over(0.3 + 0.12 * c.fbm(4, 3) - crease, ball, inside)


def planet(c: Canvas) -> Tensor:
    size = c.uniform(0.45, 0.65)
    x, y = (c.x - c.uniform(-0.12, 0.12)) / size, (c.y - c.uniform(-0.12, 0.12)) / size
    r2 = x * x + y * y
    bands = wave(y * c.uniform(4, 12) + c.fbm(4, 4) * c.uniform(2, 8))
    toward = torch.sqrt((1 - r2).clamp(min=1e-4)) * 0.7
    light = (x * c.uniform(-0.8, 0.8) + y * c.uniform(-0.8, 0.3) + toward).clamp(min=0)
    ball = 0.08 + (0.3 + 0.7 * bands) * light * 0.95
    halo = 0.25 * torch.exp(-(r2.sqrt() - 1).clamp(min=0) * 5)
    return over(c.stars() * 0.8 + 0.03 + halo, ball, smoothstep(1.04, 0.97, r2)).clamp(0, 1)


def synthwave(c: Canvas) -> Tensor:
    horizon = c.uniform(-0.05, 0.12)
    depth = (c.y - horizon).clamp(min=0.004)
    across, along = c.x / depth * c.uniform(0.5, 0.9), c.uniform(0.7, 1.1) / depth + c.uniform(0, 1)
    width = 0.028 / depth.clamp(min=0.05) ** 0.3
    lines = torch.maximum(
        torch.exp(-(fraction(across * 2 + 0.5) - 0.5).abs() / (width * 1.2)),
        torch.exp(-(fraction(along + 0.5) - 0.5).abs() / (width * 1.5)),
    )
    floor = 0.05 + 0.85 * lines * smoothstep(0.03, 0.16, depth)
    size = c.uniform(0.36, 0.46)
    distance = torch.sqrt(c.x**2 + (c.y - horizon + 0.3) ** 2)
    gaps = smoothstep(-0.05, 0.0, torch.sin((c.y - horizon) * 32))
    gaps = gaps * smoothstep(-0.5, -0.1, c.y - horizon)
    sun = smoothstep(0.01, -0.01, distance - size) * (1 - 0.85 * gaps)
    sky = 0.12 + 0.25 * torch.exp((c.y - horizon) * 2.0)
    sky = torch.maximum(sky, sun * (0.95 - 0.25 * (c.y - horizon + 0.6)))
    return torch.where(c.y < horizon, sky, floor).clamp(0, 1)


def clouds(c: Canvas) -> Tensor:
    cover = smoothstep(0.35, 0.85, stretched(c.fbm(2, 5, 0.55)))
    return 0.18 + 0.25 * (1 + c.y) / 2 + cover * 0.6


def ridge(c: Canvas, base: Tensor, height: float, cells: int) -> Tensor:
    """A jagged line: its y for every x, (count, 1, size)."""
    total, weight, sum_of_weights = 0.0, 1.0, 0.0
    for octave in range(4):
        plane = c.noise(min(cells * 2**octave, c.size // 4), 1, "bilinear")[:, 0]
        line = plane[:, c.height // 2, None]
        total = total + weight * line
        sum_of_weights += weight
        weight *= 0.5
    return base - height * (total / sum_of_weights - 0.5) * 2


def mountains(c: Canvas) -> Tensor:
    value = 0.95 - 0.35 * (1 - c.y) / 2 + 0.08 * (c.fbm(2, 3) - 0.5)
    sun_x, sun_y = c.uniform(-0.7, 0.7), c.uniform(-0.8, -0.4)
    value = value + 0.3 * torch.exp(-((c.x - sun_x) ** 2 + (c.y - sun_y) ** 2) * 25)
    for i in range(4):
        base = -0.25 + 0.33 * i + c.uniform(-0.05, 0.05)
        top = ridge(c, base, 0.55 - 0.08 * i, 2 + i)
        mask = smoothstep(-0.01, 0.01, c.y - top)
        snow = 0.35 * smoothstep(0.16, 0.02, c.y - top) if i < 2 else 0.0
        rock = 0.62 - 0.19 * i + 0.08 * (c.fbm(12, 2) - 0.5) + 0.12 * (c.y - top)
        value = over(value, rock + snow, mask)
    return value.clamp(0, 1)


def sunset(c: Canvas) -> Tensor:
    horizon = c.uniform(0.05, 0.25)
    sun_x, sun_y = c.uniform(-0.3, 0.3), horizon - c.uniform(0.0, 0.35)
    distance = torch.sqrt((c.x - sun_x) ** 2 + (c.y - sun_y) ** 2)
    streaks = F.avg_pool2d(c.fbm(3, 4)[:, None], (1, 31), 1, (0, 15))[:, 0]
    sky = 0.25 + 0.45 * torch.exp(-(horizon - c.y).clamp(min=0) * 1.6)
    sky = sky + 0.3 * torch.exp(-distance * 3) - 0.2 * smoothstep(0.5, 0.65, streaks)
    sky = over(sky, 1.0, smoothstep(0.01, -0.01, distance - c.uniform(0.18, 0.3)))
    depth = (c.y - horizon).clamp(min=1e-3)
    ripple = wave(c.uniform(20, 28) * torch.log(depth + 0.04) + 5 * c.fbm(5, 2))
    path = torch.exp(-(((c.x - sun_x) / (0.14 + 0.45 * depth)) ** 2))
    water = 0.15 + 0.25 * ripple * torch.exp(-depth)
    water = water + 0.75 * path * (0.35 + 0.65 * smoothstep(0.4, 0.6, ripple))
    return torch.where(c.y < horizon, sky, water).clamp(0, 1)


def ocean(c: Canvas) -> Tensor:
    horizon = c.uniform(-0.5, -0.2)
    depth = (c.y - horizon).clamp(min=1e-3)
    swell = torch.log(depth + 0.06) * c.uniform(10, 16) + c.fbm(3, 3) * 8
    swell = swell + c.x * c.uniform(-2, 2)
    foam = 0.35 * smoothstep(0.75, 0.95, wave(swell))
    water = 0.15 + 0.35 * wave(swell) + 0.15 * wave(swell * 1.7) + foam
    sky = 0.75 + 0.2 * c.fbm(2, 4) + 0.15 * (c.y - horizon)
    return torch.where(c.y < horizon, sky, water).clamp(0, 1)


def scattered(number: Tensor, salt: Tensor) -> Tensor:
    """A value in 0..1 that looks random for each whole number: the shader writer's hash."""
    return fraction(torch.sin(number * 12.9898 + salt) * 437.585)


def forest(c: Canvas) -> Tensor:
    value = 0.85 - 0.25 * (c.y + 1) / 2 + 0.12 * (c.fbm(2, 3) - 0.5)
    for i, trees in enumerate((16, 12, 9, 6)):
        place = (c.x + c.fixed(0, 2)) * trees / 2
        flank = (fraction(place) - 0.5).abs() * 2
        height = scattered(place.floor(), c.fixed(0, 9))
        top = -0.55 + 0.34 * i - 0.35 * height
        boughs = 0.06 * fraction(c.y * (14 - 2 * i))
        tree = top + flank * (0.75 - 0.1 * i) + boughs
        ground = 0.05 + 0.32 * i + 0.08 * torch.sin(c.x * 3 + i * 2)
        mask = smoothstep(-0.01, 0.01, c.y - torch.minimum(tree, ground))
        value = over(value, 0.55 - 0.155 * i + 0.1 * (c.y - top).clamp(0, 1), mask)
    return value.clamp(0, 1)


def city(c: Canvas) -> Tensor:
    value = 0.55 + 0.35 * (c.y + 1) / 2 + 0.08 * c.fbm(2, 3)
    moon = torch.sqrt((c.x - c.uniform(-0.7, 0.7)) ** 2 + (c.y - c.uniform(-0.8, -0.5)) ** 2)
    value = value + 0.4 * smoothstep(0.15, 0.12, moon)
    for i, (houses, columns, rows) in enumerate(((12, 3, 12), (8, 4, 10), (5, 5, 8))):
        place = (c.x + c.fixed(0, 2)) * houses / 2
        height = scattered(place.floor(), c.fixed(0, 9))
        top = 0.35 - 1.1 * height * (0.95 - 0.2 * i) + 0.2 * i
        window_x, window_y = fraction(place) * columns, c.y * rows
        name = window_x.floor() * 3.1 + place.floor() * 7.7 + window_y.floor() * 5.3
        lit = scattered(name, c.fixed(0, 9)) > 0.55
        lit = lit & (fraction(window_x) > 0.4) & (fraction(window_y) > 0.45)
        value = over(value, 0.36 - 0.14 * i + lit * (0.45 + 0.15 * i), (c.y > top).float())
    return value.clamp(0, 1)


def jellyfish(c: Canvas) -> Tensor:
    size = c.uniform(0.42, 0.58)
    x, y = (c.x - c.uniform(-0.15, 0.15)) / size, (c.y - c.uniform(-0.35, -0.15)) / size
    r = torch.sqrt(x * x + y * y)
    bell = smoothstep(1.03, 0.97, r) * smoothstep(0.12, 0.0, y - 0.15 * torch.cos(x * 9))
    ribs = 0.25 * wave(torch.atan2(y, x) * 14) * r
    value = 0.06 + 0.15 * torch.exp(-r * 0.8) + bell * (0.3 + 0.55 * r**3 + ribs)
    arms = torch.zeros_like(r)
    for i in range(6):
        sway = 0.12 * torch.sin(y * c.uniform(2, 5) + c.uniform(0, TURN)) * y
        arm = torch.exp(-(((x + 0.75 - 0.3 * i - sway) / 0.06) ** 2))
        arms = torch.maximum(
            arms, arm * smoothstep(0, 0.1, y) * smoothstep(c.uniform(1.6, 2.6), 0.8, y)
        )
    return (value + arms * 0.6).clamp(0, 1)
