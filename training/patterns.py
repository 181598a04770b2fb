"""Abstract subjects: from a Canvas to a tone map in 0..1, dark to light.

Radial subjects stay near the centre: one network step has to learn their geometry from 32x32
latents, and a fixed centre is the easiest thing to learn.
"""

import math

import torch
from torch import Tensor

from training.canvas import (
    TURN,
    Canvas,
    crisp,
    over,
    smoothstep,
    stretched,
    warped,
    wave,
)


def plasma(c: Canvas) -> Tensor:
    value, flow = 0.0, 4 * (c.fbm(2, 2) - 0.5)
    for _ in range(4):
        x, y = c.turned()
        bend = c.uniform(0, 2) * torch.sin(y * c.uniform(1, 4)) + flow
        value = value + torch.sin(c.uniform(2, 6) * x + c.uniform(0, TURN) + bend)
    return wave(value * c.uniform(0.8, 1.5))


def rings(c: Canvas) -> Tensor:
    r, angle = c.polar(0.1)
    wobble = c.uniform(0, 1.2) * torch.sin(angle * c.integer(2, 6))
    return crisp(torch.sin(r * c.uniform(12, 26) + c.uniform(0, TURN) + wobble))


def stripes(c: Canvas) -> Tensor:
    x, y = c.turned()
    bend = c.uniform(0, 8) * c.fbm(2, 2) + c.uniform(0, 2) * torch.sin(y * c.uniform(1, 4))
    return crisp(torch.sin(x * c.uniform(10, 24) + bend))


def nearest_two(c: Canvas, cells: int, warp: float = 0.0):
    """Distance to the nearest and second nearest of scattered points, and the nearest's tone."""
    bend = (c.fbm(4, 2, channels=2) - 0.5) * warp
    x, y = c.x + bend[:, 0], c.y + bend[:, 1]
    first, tone = torch.full_like(x, 9.0), torch.zeros_like(x)
    second = first.clone()
    for px, py, own_tone in c.scattered(cells, 1):
        d = (x - px) ** 2 + (y - py) ** 2
        tone = torch.where(d < first, own_tone, tone)
        second = torch.where(d < first, first, torch.minimum(second, d))
        first = torch.minimum(first, d)
    return first.sqrt(), second.sqrt(), tone


def cells(c: Canvas) -> Tensor:
    first, second, _ = nearest_two(c, c.pick(3, 4, 5), 0.15)
    edge = smoothstep(0, 0.1, second - first)
    return (0.1 + 0.9 * edge) * (1 - 0.7 * stretched(first))


def crystals(c: Canvas) -> Tensor:
    first, second, tone = nearest_two(c, c.pick(4, 5))
    edge = smoothstep(0, 0.03, second - first)
    slope = 0.15 * (c.x * torch.cos(tone * 20) + c.y * torch.sin(tone * 20))
    return (0.15 + 0.85 * tone) * (0.7 + 0.3 * edge) + slope


def tunnel(c: Canvas) -> Tensor:
    r, angle = c.polar(0.1)
    depth = c.uniform(0.5, 1.1) / (r + 0.08)
    bands = torch.sin(depth * c.uniform(3, 6) + c.uniform(0, TURN))
    walls = torch.sin(angle * c.integer(3, 8) + depth * c.uniform(-1, 1))
    return crisp(bands * walls, 2.0) * smoothstep(0, 0.55, r)


def spiral(c: Canvas) -> Tensor:
    r, angle = c.polar(0.06)
    side = 1 - 2 * c.integer(0, 1)
    turns = angle * c.integer(2, 5) * side + torch.log(r + 0.05) * c.uniform(3, 6)
    return crisp(torch.sin(turns), 2.2)


def blobs(c: Canvas) -> Tensor:
    value = 0.0
    for x, y, weight in c.scattered(3, 1):
        distance = (c.x - 0.85 * x) ** 2 + (c.y - 0.85 * y) ** 2
        value = value + (0.005 + 0.2 * weight**2) / (distance + 0.01)
    value = value / 3
    inside = smoothstep(0.55, 0.75, value)
    return 0.85 * inside * (0.35 + 0.65 * torch.tanh(value * 0.5)) + 0.15 * smoothstep(
        0, 0.6, value
    )


def bubbles(c: Canvas) -> Tensor:
    value = 0.12 + 0.1 * c.y
    for x, y, share in c.scattered(3, 1):
        radius = 0.12 + 0.26 * share
        dx, dy = (c.x - x) / radius, (c.y - y) / radius
        d = torch.sqrt(dx * dx + dy * dy)
        shine = 0.9 * torch.exp(-((dx + 0.4) ** 2 + (dy + 0.45) ** 2) * 10)
        value = over(value, (0.25 + 0.6 * d**5 + shine).clamp(0, 1), smoothstep(1.04, 0.98, d))
    return value


def smoke(c: Canvas) -> Tensor:
    bend = (c.fbm(2, 3, channels=2) - 0.5) * 2
    cloud = warped(c.fbm(3, 4), c.x + bend[:, 0], c.y + bend[:, 1])
    return stretched(cloud) ** 1.3


def hexagons(c: Canvas) -> Tensor:
    x, y = c.turned(scale=c.uniform(2.5, 4.5))
    tall = math.sqrt(3)

    def cell(x: Tensor, y: Tensor):
        column, row = (x + 0.5).floor(), (y / tall + 0.5).floor() * tall
        return x - column, y - row, column, row

    a, b = cell(x, y), cell(x - 0.5, y - tall / 2)
    closer = a[0] ** 2 + a[1] ** 2 < b[0] ** 2 + b[1] ** 2
    dx, dy = torch.where(closer, a[0], b[0]).abs(), torch.where(closer, a[1], b[1]).abs()
    distance = torch.maximum(dx, dx * 0.5 + dy * tall / 2)
    name = torch.where(closer, a[2] * 3.7 + a[3] * 1.9, b[2] * 5.1 + b[3] * 2.3 + 1)
    return smoothstep(0.49, 0.42, distance) * (0.35 + 0.65 * wave(name * c.fixed(1, 3)))


def mandala(c: Canvas) -> Tensor:
    r, angle = c.polar(0.02)
    petals = c.integer(5, 12)
    value = torch.sin(r * c.uniform(10, 22))
    for layer in range(3):
        petals_now = petals * (2 if layer == 2 else 1)
        rays = torch.cos(angle * petals_now) * c.uniform(0.5, 1)
        value = value + torch.sin(r * c.uniform(6, 20) + c.uniform(0, TURN)) * rays
    return crisp(value, 1.2) * smoothstep(1.05, 0.85, r)


def kaleidoscope(c: Canvas) -> Tensor:
    r, angle = c.polar(0.02)
    segment = TURN / c.integer(3, 8)
    folded = ((angle / segment).frac().abs() * segment - segment / 2).abs() + c.uniform(0, 3)
    x, y = r * torch.cos(folded) * 0.9 - 0.2, r * torch.sin(folded) * 0.9 + 0.1
    mix = c.uniform(0, 1)
    return warped(plasma(c), x, y) * mix + warped(crystals(c), x, y) * (1 - mix)


def flower(c: Canvas) -> Tensor:
    r, angle = c.polar(0.08)
    petals = c.integer(5, 10)
    value = 0.08 + 0.08 * c.fbm(3, 2)
    for layer in range(c.pick(1, 2, 3)):
        length = (0.92 - 0.26 * layer) * c.uniform(0.85, 1.0)
        outline = torch.cos(angle * petals / 2 + layer * math.pi / 2).abs() ** 0.7
        edge = length * (0.45 + 0.55 * outline)
        shade = 0.35 + 0.2 * layer + 0.45 * (r / (edge + 1e-3)).clamp(0, 1)
        value = over(value, shade, smoothstep(0.02, -0.02, r - edge))
    return over(value, 0.95, smoothstep(0.02, -0.02, r - 0.17 * c.uniform(0.8, 1.3)))
