"""More things to see: lights in the sky, sand, lava, a butterfly, a heart, a circuit board.

From a Canvas to a tone map (count, height, width) in 0..1, dark to light. Everything scattered
takes its chance from the canvas's lattice, cell by cell, so nothing here hashes a number. Lines are
four pixels wide or more at 256, because the autoencoder keeps nothing finer. The canvas may be wide
or tall: skies and floors go on past the square, centred things stay in the middle.
"""

import math

import torch
from torch import Tensor

from training.canvas import TURN, Canvas, fraction, over, smoothstep, stretched, wave


def looked_up(table: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """The values of a (count, rows, columns) table at whole places, held at its edges."""
    rows, columns = table.shape[1:]
    place = row.clamp(0, rows - 1) * columns + column.clamp(0, columns - 1)
    return torch.gather(table.flatten(1), 1, place.long().flatten(1)).view_as(place)


def bell(value: Tensor) -> Tensor:
    """A soft bump, 1 at zero and near 0 from 2 on."""
    return torch.exp(-value * value)


def profile(c: Canvas, cells: int, mode: str = "bicubic") -> Tensor:
    """Smooth noise along x only, (count, 1, width)."""
    return c.noise(cells, 1, mode)[:, 0, c.height // 2, None]


def aurora(c: Canvas) -> Tensor:
    value = 0.03 + 0.1 * smoothstep(-0.6, 0.8, c.y) + 0.5 * c.stars(0.003)
    for i in range(3):
        swing = torch.sin(c.x * c.uniform(1.5, 2.6) + c.uniform(0, TURN))
        foot = 0.38 - 0.36 * i + 0.2 * swing + 0.3 * (profile(c, 4) - 0.5)
        rays = 0.45 + 0.55 * smoothstep(0.25, 0.75, profile(c, 14))
        reach = 0.22 + 0.3 * profile(c, 6).clamp(0, 1)
        rise = foot - c.y
        curtain = smoothstep(-0.05, 0.04, rise) * torch.exp(-rise.clamp(min=0) / reach)
        fade = smoothstep(0.1, 0.6, profile(c, 3))
        value = value + (0.85 - 0.2 * i) * curtain * rays * (0.45 + 0.55 * fade)
    hills = 0.7 - 0.4 * (profile(c, 4) - 0.5) - 0.1 * (profile(c, 12, "bilinear") - 0.5)
    return over(value, 0.015, smoothstep(-0.012, 0.012, c.y - hills)).clamp(0, 1)


def dunes(c: Canvas) -> Tensor:
    value = 0.3 + 0.5 * smoothstep(-1.1, 0.1, c.y)
    side = torch.sign(c.fixed(-1, 1))
    for i in range(4):
        period = 1.5 + 0.35 * i
        place = side * c.x + c.uniform(-0.6, 0.6) + 0.8 * i
        u = (fraction(place / period) - 0.6) * period
        flank = torch.where(u < 0, -u / 0.6, u / 0.4) / period
        height = (0.3 + 0.1 * i) * c.uniform(0.7, 1.1)
        top = 0.0 + 0.27 * i - height * ((1 - flank).clamp(min=0) ** 1.5 - 0.3)
        below = c.y - top
        snake = 0.16 * torch.sin(below * c.uniform(4, 6) + 0.3) - 0.25 * below
        shadow = smoothstep(-0.02, 0.03, u - snake) * smoothstep(1.0, 0.35, flank)
        ripple = wave(below * 34 + 9 * u + 4 * c.fbm(3, 2)) * smoothstep(0.02, 0.3, below)
        lit = 0.92 - 0.3 * below.clamp(0, 1) - 0.05 * (3 - i) - 0.1 * ripple * (i > 1)
        tone = over(lit, 0.16 + 0.05 * (3 - i), 0.95 * shadow)
        value = over(value, tone, smoothstep(-0.01, 0.01, below))
    return value.clamp(0, 1)


def hyperspace(c: Canvas) -> Tensor:
    r, angle = c.polar(0.06)
    value = 0.03 + 0.22 * torch.exp(-r * 2.4)
    for sectors, width in ((18, 0.026), (26, 0.017)):
        turn = fraction(angle / TURN + c.fixed(0, 1)) * sectors
        table = c.lattice(1, sectors, 3)
        shift, aside, power = (looked_up(table[:, k], turn * 0, turn.floor()) for k in range(3))
        off = (fraction(turn) - 0.3 - 0.4 * aside) * TURN / sectors * r
        along = fraction(torch.log(r + 0.02) * 0.85 + shift)
        streak = smoothstep(0.25, 0.85, along) * smoothstep(1.0, 0.93, along)
        thick = width * (0.75 + 0.8 * r)
        line = smoothstep(1.5, 0.5, off.abs() / thick) * smoothstep(0.06, 0.3, r)
        value = value + line * streak * (0.55 + 0.6 * power)
    return (value + 0.9 * bell(r / 0.13)).clamp(0, 1)


def burst(c: Canvas, x: Tensor, y: Tensor, size: Tensor) -> Tensor:
    """One firework around (0, 0): two shells of drooping sparks with bright tips."""
    near = smoothstep(1.3, 1.15, torch.sqrt(x * x + y * y) / size)
    y = y - 0.25 * (x * x + y * y) / size
    r, angle = torch.sqrt(x * x + y * y + 1e-6), torch.atan2(y, x)
    value = 0.35 * torch.exp(-r / size * 2.6) + 0.7 * bell(r / size * 8)
    for rays, reach in ((16, 1.0), (10, 0.6)):
        turn = fraction(angle / TURN + c.fixed(0, 1)) * rays
        length = looked_up(c.lattice(1, rays)[:, 0], turn * 0, turn.floor())
        tip = size * reach * (0.8 + 0.2 * length)
        off = (fraction(turn) - 0.5).abs() * TURN / rays * r
        spark = smoothstep(0.028, 0.008, off) * smoothstep(0.15, 0.8, r / tip)
        spark = spark * smoothstep(1.0, 0.94, r / tip)
        bead = smoothstep(0.045, 0.02, torch.sqrt(off * off + (r - tip) ** 2))
        value = torch.maximum(value, torch.maximum(0.8 * spark, bead))
    return value * near


def fireworks(c: Canvas) -> Tensor:
    value = 0.02 + 0.1 * smoothstep(0.0, 1.0, c.y) + 0.06 * c.fbm(3, 3)
    places = ((-0.4, -0.35, 0.55), (0.48, -0.12, 0.45), (-0.2, 0.48, 0.36))
    for x, y, size in places[: c.pick(2, 3)]:
        middle_x, middle_y = x + c.uniform(-0.1, 0.1), y + c.uniform(-0.12, 0.12)
        dx, dy = c.x - middle_x, c.y - middle_y
        trail = smoothstep(0.03, 0.01, (dx - 0.05 * torch.sin(dy * 3)).abs())
        value = torch.maximum(value, 0.4 * trail * smoothstep(0.0, 0.1, dy) * torch.exp(-dy * 1.2))
        value = torch.maximum(value, burst(c, dx, dy, size * c.uniform(0.9, 1.15)))
    return value.clamp(0, 1)


def wing(c: Canvas, r: Tensor, angle: Tensor, middle: float, spread: float, size: Tensor):
    """A wing as a petal in polar coordinates: its mask and its pattern."""
    across = ((angle - middle) / spread).clamp(-1, 1)
    edge = size * torch.cos(across * math.pi / 2).clamp(min=1e-4) ** 0.42
    edge = edge * (1 + 0.03 * torch.cos(angle * 14))
    part = r / (edge + 1e-4)
    tone = 0.55 + 0.4 * smoothstep(0.85, 0.3, part)
    veins = smoothstep(0.34, 0.16, (fraction(across * 2.5) - 0.5).abs() * r / size)
    tone = tone - 0.45 * veins * smoothstep(0.25, 0.45, part)
    spot_across = (fraction(across * 2.5 + 0.5) - 0.5) * spread / 2.5 * r
    eye = torch.sqrt(spot_across**2 + (r - edge * 0.58) ** 2) / 0.075
    tone = over(tone, 1.0, smoothstep(1.1, 0.8, eye))
    tone = over(tone, 0.08, smoothstep(0.7, 0.45, eye))
    border = smoothstep(0.76, 0.84, part)
    tone = over(tone, 0.06, border)
    dots = torch.sqrt(spot_across**2 + (r - edge * 0.905) ** 2)
    tone = over(tone, 0.95, smoothstep(0.045, 0.025, dots))
    return tone, smoothstep(0.012, -0.012, r - edge)


def butterfly(c: Canvas) -> Tensor:
    x = (c.x - c.uniform(-0.06, 0.06)).abs() / c.uniform(0.82, 1.0)
    y = c.y - c.uniform(-0.04, 0.04)
    value = 0.28 + 0.16 * (stretched(c.fbm(2, 2)) - 0.5)
    size = c.uniform(0.9, 1.0)
    low_r, low_angle = torch.sqrt(x**2 + (y - 0.02) ** 2), torch.atan2(0.02 - y, x)
    tone, mask = wing(c, low_r, low_angle, -0.8, 0.72, size * 0.78)
    value = over(value, tone, mask)
    r, angle = torch.sqrt(x**2 + (y - 0.04) ** 2), torch.atan2(0.04 - y, x)
    tone, mask = wing(c, r, angle, 0.62, 0.72, size * 1.02)
    value = over(value, tone, mask)
    feeler = (x - 0.03 - 0.55 * (-0.22 - y).clamp(min=0) ** 1.3).abs()
    feeler = smoothstep(0.03, 0.012, feeler) * smoothstep(-0.68, -0.64, y)
    value = over(value, 0.04, feeler * smoothstep(-0.15, -0.2, y))
    body = (x / 0.055) ** 2 + ((y - 0.1) / 0.36) ** 2
    head = (x**2 + (y + 0.26) ** 2) / 0.06**2
    body = torch.minimum(body, head)
    return over(value, 0.04 + 0.22 * bell(x / 0.02), smoothstep(1.2, 0.8, body)).clamp(0, 1)


def heart_distance(x: Tensor, y: Tensor) -> Tensor:
    """Signed distance to a heart from (0, 0) up to about 1.1 (Inigo Quilez's formula)."""
    x = x.abs()
    lobe = torch.sqrt((x - 0.25) ** 2 + (y - 0.75) ** 2) - math.sqrt(2) / 4
    notch = x**2 + (y - 1) ** 2
    foot = 0.5 * (x + y).clamp(min=0)
    point = torch.sqrt(torch.minimum(notch, (x - foot) ** 2 + (y - foot) ** 2))
    return torch.where(x + y > 1, lobe, point * torch.sign(x - y))


def heart(c: Canvas) -> Tensor:
    size = c.uniform(1.2, 1.5)
    x, y = (c.x - c.uniform(-0.08, 0.08)) / size, (c.y - c.uniform(-0.06, 0.06)) / size
    lean = c.uniform(-0.15, 0.15)
    x, y = x - lean * y, 0.56 - y - 0.06 * x.abs()
    distance = heart_distance(x, y)
    dome = (-distance / 0.3).clamp(0, 1)
    dome = torch.sqrt((1 - (1 - dome) ** 2).clamp(min=0))
    tone = 0.22 + 0.4 * dome + 0.22 * (y - 0.5) - 0.2 * x
    rim = smoothstep(-0.1, -0.03, distance) * smoothstep(0.6, 0.1, y)
    tone = tone + 0.25 * rim * smoothstep(-0.1, 0.4, x)
    gloss_x, gloss_y = x + 0.3, y - 0.86
    gloss = ((gloss_x + gloss_y) / 0.2) ** 2 * 0.6 + ((gloss_x - gloss_y) / 0.1) ** 2 * 0.6
    tone = tone + 0.85 * smoothstep(1.3, 0.4, gloss)
    tone = tone + 0.5 * bell(torch.sqrt((x - 0.24) ** 2 + (y - 0.9) ** 2) / 0.06)
    glow = 0.05 + 0.3 * torch.exp(-distance.clamp(min=0) * 4.5)
    return over(glow, tone.clamp(0.1, 1), smoothstep(0.008, -0.008, distance)).clamp(0, 1)


def traces(c: Canvas, cells: int) -> Tensor:
    """Copper on a grid: straight runs, corners cut at 45 degrees, round pads at the loose ends."""
    gx, gy = (c.x + c.wide) * cells / 2, (c.y + c.tall) * cells / 2
    column, row = gx.floor(), gy.floor()
    u, v = gx - column - 0.5, gy - row - 0.5
    table = c.lattice(*c.grid(cells), 3)
    right, down = table[:, 0] < 0.5, table[:, 1] < 0.55
    east, south = looked_up(right, row, column), looked_up(down, row, column)
    west, north = looked_up(right, row, column - 1), looked_up(down, row - 1, column)
    ways = east.float() + south.float() + west.float() + north.float()
    far = torch.full_like(u, 9.0)
    flat = torch.where((u > 0) & east | (u <= 0) & west, v.abs(), far)
    tall = torch.where((v > 0) & south | (v <= 0) & north, u.abs(), far)
    corner = (ways == 2) & (east ^ west)
    cut_x, cut_y = torch.where(east, u, -u), torch.where(south, v, -v)
    cut = (cut_x + cut_y - 0.5).abs() / math.sqrt(2)
    line = torch.where(corner, cut, torch.minimum(flat, tall))
    value = 0.2 + 0.48 * smoothstep(0.15, 0.09, line)
    r = torch.sqrt(u * u + v * v)
    pad = (ways == 1) | (ways >= 3) & (looked_up(table[:, 2], row, column) < 0.5)
    value = over(value, 0.95, smoothstep(0.36, 0.28, r) * pad)
    return over(value, 0.06, smoothstep(0.19, 0.11, r) * pad)


def circuit(c: Canvas) -> Tensor:
    value = traces(c, c.pick(8, 9))
    x, y = c.x - c.uniform(-0.08, 0.08), c.y - c.uniform(-0.08, 0.08)
    wide, high = 0.14 * (c.integer(2, 3) + 0.5), 0.14 * (c.integer(1, 2) + 0.5)  # whole pins
    pins_x = smoothstep(0.2, 0.28, (fraction(x / 0.14) - 0.5).abs())
    pins_y = smoothstep(0.2, 0.28, (fraction(y / 0.14) - 0.5).abs())
    beside_x, beside_y = x.abs() - wide, y.abs() - high
    value = over(value, 0.2, smoothstep(0.19, 0.16, torch.maximum(beside_x, beside_y)))
    pins = pins_x * smoothstep(0.0, -0.02, beside_x) * smoothstep(0.13, 0.11, beside_y)
    pins = pins + pins_y * smoothstep(0.0, -0.02, beside_y) * smoothstep(0.13, 0.11, beside_x)
    value = over(value, 0.98, pins.clamp(0, 1))
    edge = torch.maximum(beside_x, beside_y)
    value = over(value, 0.04, smoothstep(0.02, 0.0, edge))
    value = over(value, 0.22, smoothstep(-0.05, -0.08, edge))
    mark = torch.sqrt((x + wide - 0.15) ** 2 + (y + high - 0.15) ** 2)
    return over(value, 0.8, smoothstep(0.05, 0.03, mark)).clamp(0, 1)


def palm(c: Canvas, foot_x: float | Tensor, foot_y: float, tall: Tensor, lean: Tensor) -> Tensor:
    """The mask of one palm: a bent trunk, nine drooping fronds with cut edges."""
    up = ((foot_y - c.y) / tall).clamp(0, 1)
    bend = c.x - foot_x - lean * up**1.7
    trunk = smoothstep(0.008, -0.008, bend.abs() - (0.045 - 0.02 * up))
    trunk = trunk * smoothstep(-0.01, 0.01, c.y - foot_y + tall) * (c.y < foot_y + 0.1)
    x, y = c.x - foot_x - lean, c.y - foot_y + tall
    size = 0.3 + 0.2 * tall
    mask = torch.maximum(trunk, smoothstep(0.085, 0.06, torch.sqrt(x * x + (y - 0.03) ** 2)))
    near = x * x + y * y < (1.3 * size) ** 2
    for k in range(9):
        angle = -0.25 + 3.64 * k / 8 + c.uniform(-0.12, 0.12)
        droop = y - 0.42 * (x * x + y * y) / size
        along = (x * torch.cos(angle) - droop * torch.sin(angle)) / (size * c.uniform(0.85, 1.05))
        across = (x * torch.sin(angle) + droop * torch.cos(angle)).abs()
        leaf = 0.17 * (along.clamp(0, 1) * (1 - along.clamp(0, 1))) ** 0.6
        leaf = leaf * (0.62 + 0.38 * wave(along * 38 - across * 30))
        frond = smoothstep(0.012, -0.012, across - leaf) * (along > 0) * (along < 1) * near
        mask = torch.maximum(mask, frond)
    return mask


def palms(c: Canvas) -> Tensor:
    horizon = c.uniform(0.42, 0.52)
    sky = 0.58 + 0.37 * smoothstep(-1.0, 0.5, c.y) + 0.08 * (c.fbm(2, 3) - 0.5)
    depth = (c.y - horizon).clamp(min=1e-3)
    sea = 0.52 + 0.2 * wave(torch.log(depth + 0.05) * 16 + 4 * c.fbm(4, 2))
    value = over(sky, sea, smoothstep(-0.006, 0.006, c.y - horizon))
    shore = 0.74 - 0.1 * torch.sin(c.x * 1.7 + c.uniform(0, TURN))
    value = over(value, 0.95, smoothstep(0.05, 0.02, (c.y - shore).abs()))
    value = over(value, 0.16 + 0.12 * (c.y - 0.6), smoothstep(-0.01, 0.01, c.y - shore - 0.03))
    side = torch.sign(c.fixed(-1, 1))
    for x, tall in ((-0.55, 1.3), (0.1, 0.95), (0.62, 1.15))[: c.pick(2, 3)]:
        lean = side * c.uniform(0.1, 0.3)
        high = tall * c.uniform(0.92, 1.08)
        mask = palm(c, side * (x + c.uniform(-0.08, 0.08)), 0.84, high, lean)
        value = over(value, 0.03, mask)
    return value.clamp(0, 1)


def plates(c: Canvas, x: Tensor, y: Tensor, cells: int) -> tuple[Tensor, Tensor]:
    """How far the nearest crack between jittered grid cells is, in cells, and each cell's tone."""
    gx, gy = (x + c.wide) * cells / 2, (y + c.tall) * cells / 2
    table = c.lattice(*c.grid(cells), 3)
    first = torch.full_like(gx, 9.0)
    second, tone = first.clone(), torch.zeros_like(gx)
    for k in range(9):
        column, row = gx.floor() + k % 3 - 1, gy.floor() + k // 3 - 1
        px = column + 0.1 + 0.8 * looked_up(table[:, 0], row, column)
        py = row + 0.1 + 0.8 * looked_up(table[:, 1], row, column)
        d = torch.sqrt((gx - px) ** 2 + (gy - py) ** 2)
        tone = torch.where(d < first, looked_up(table[:, 2], row, column), tone)
        second = torch.where(d < first, first, torch.minimum(second, d))
        first = torch.minimum(first, d)
    return second - first, tone


def magma(c: Canvas) -> Tensor:
    bend = (c.fbm(6, 3, channels=2) - 0.5) * 0.4
    gap, tone = plates(c, c.x + bend[:, 0], c.y + bend[:, 1], c.pick(4, 5))
    heat = smoothstep(0.2, 0.8, stretched(c.fbm(2, 2)))
    width = 0.05 + 0.2 * heat
    core = smoothstep(width * 1.2, width * 0.35, gap)
    glow = torch.exp(-gap / (0.1 + 0.22 * heat))
    rock = 0.03 + 0.09 * tone + 0.16 * (stretched(c.fbm(8, 3)) - 0.3).clamp(min=0)
    return (rock + 0.42 * glow * (0.4 + 0.6 * heat) + core * (0.45 + 0.4 * heat)).clamp(0, 1)
