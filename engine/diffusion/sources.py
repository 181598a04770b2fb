"""What is mixed into the fed-back picture before it is redrawn: patterns, or pictures handed in.

A pattern (a name of params.SOURCES at a beat count) is a structure (1, 1, h, w) in 0..1, coloured
with the colours of the fed-back picture: it carries shape, the prompt decides the colour. Each is
a closed-form function of the beat: asked twice it answers the same. All detail is coarser than 8
pixels at 256, since a latent cell is 8 pixels. Cameras, videos, files and shaders come as pictures
in colours of their own. Runs inside the generator's step.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F

from engine.params import FRESH
from engine.records import FrameParams

TAU = 2 * math.pi


class Place:
    """Where the pixels are: x, y (up), radius and angle from the centre; the short side is 2."""

    def __init__(self, width: int, height: int, device: torch.device) -> None:
        short = min(width, height)
        x = (torch.arange(width, device=device) + 0.5 - width / 2) * 2 / short
        y = (height / 2 - torch.arange(height, device=device) - 0.5) * 2 / short
        self.y, self.x = torch.meshgrid(y, x, indexing="ij")  # (h, w)
        self.r = torch.hypot(self.x, self.y)
        self.angle = torch.atan2(self.y, self.x)


def _wave(turns: torch.Tensor) -> torch.Tensor:
    """A smooth wave 0..1 of turns, a little squared up so that it reads as a shape."""
    return torch.sigmoid(4.0 * torch.sin(TAU * turns))


def rings(p: Place, beat: float) -> torch.Tensor:
    """Circles that travel outwards, half a ring a beat."""
    return _wave(2.5 * p.r - 0.5 * beat) * torch.exp(-0.35 * p.r)


def tunnel(p: Place, beat: float) -> torch.Tensor:
    """A chequered tube flown through, dark at its far end."""
    depth = 0.5 / (p.r + 0.08)
    walls = _wave(depth - 0.25 * beat) * 0.6 + _wave(p.angle * 6 / TAU + 0.03 * beat) * 0.4
    return walls * (1 - torch.exp(-3.0 * p.r))


def cells(p: Place, beat: float) -> torch.Tensor:
    """Rounded cells around drifting seeds, bright inside and dark at the walls."""
    nearest, second = torch.full_like(p.x, 9.0), torch.full_like(p.x, 9.0)
    for i in range(14):
        golden = i * 2.399963  # the golden angle spreads any number of seeds evenly
        radius = 0.32 * math.sqrt(i + 0.5)
        sx = radius * math.cos(golden) + 0.08 * math.sin(TAU * beat / 8 + i * 1.7)
        sy = radius * math.sin(golden) + 0.08 * math.cos(TAU * beat / 8 + i * 2.3)
        d = torch.hypot(p.x - sx, p.y - sy)
        second = torch.minimum(second, torch.maximum(d, nearest))
        nearest = torch.minimum(nearest, d)
    return ((second - nearest) * 3.2).clamp(0, 1) * (1.1 - nearest).clamp(0, 1)


def waves(p: Place, beat: float) -> torch.Tensor:
    """Rolling horizontal swell, crossed by a slower one."""
    bend = 0.18 * torch.sin(2.2 * p.x + TAU * beat / 8)
    swell = _wave(1.6 * (p.y + bend) - 0.25 * beat)
    return 0.75 * swell + 0.25 * _wave(0.7 * p.x + 0.5 * p.y + beat / 8)


def plasma(p: Place, beat: float) -> torch.Tensor:
    """Soft interference of four waves."""
    b = TAU * beat / 8
    total = (
        torch.sin(3.1 * p.x + b) + torch.sin(2.7 * p.y - 2 * b)
        + torch.sin(2.3 * (p.x + p.y) + b)
        + torch.sin(4.1 * torch.hypot(p.x + 0.5 * math.sin(b), p.y + 0.5 * math.cos(b)))
    )
    return torch.sigmoid(1.6 * total)


def stripes(p: Place, beat: float) -> torch.Tensor:
    """Broad diagonal bars that slide and slowly turn."""
    turn = math.pi / 4 + 0.35 * math.sin(TAU * beat / 32)
    return _wave(1.7 * (p.x * math.cos(turn) + p.y * math.sin(turn)) - 0.25 * beat)


def star(p: Place, beat: float) -> torch.Tensor:
    """A burst of eight rays that turns and breathes with the beat."""
    rays = _wave(p.angle * 8 / TAU + beat / 16)
    breath = 0.30 + 0.06 * math.cos(TAU * beat)
    core = torch.exp(-((p.r / breath) ** 2))
    return torch.maximum(core, rays * torch.exp(-0.7 * p.r) * (p.r / breath).clamp(0, 1))


def horizon(p: Place, beat: float) -> torch.Tensor:
    """A sun over a floor of bars that roll towards the eye."""
    sky = (0.55 - 0.45 * p.y).clamp(0, 1) * 0.6
    sun = torch.sigmoid(30 * (0.42 - torch.hypot(p.x, p.y - 0.28)))
    depth = 0.35 / (-p.y).clamp_min(0.05)
    floor = _wave(depth + 0.25 * beat) * (0.25 + 0.75 * (-p.y).clamp(0, 1))
    below = torch.sigmoid(40 * -(p.y + 0.02))
    return (1 - below) * torch.maximum(sky, sun) + below * floor


PATTERNS: dict[str, Callable[[Place, float], torch.Tensor]] = {
    "rings": rings, "tunnel": tunnel, "cells": cells, "waves": waves,
    "plasma": plasma, "stripes": stripes, "star": star, "horizon": horizon,
}
"""By name, as params.SOURCES names them."""


PALETTE_GLIDE = 0.15
"""Share by which the pattern's colours follow the picture's at each step: no flicker."""


class Sources:
    """Mixes the source of one stream in; unknown patterns draw nothing (None).

    `seen` (1, 3, h, w) in 0..1 is what a source layer shows, None before its first picture.
    `palette` are the colours (STEPS, 3) that follow the picture's.
    """

    def __init__(self, size: tuple[int, int], device: torch.device) -> None:
        self._place = Place(*size, device)
        self.seen: torch.Tensor | None = None
        self.palette: torch.Tensor | None = None

    def mix(self, picture: torch.Tensor, params: FrameParams) -> torch.Tensor:
        """The picture (1, 3, h, w) with the source of `params` in it."""
        amount = min(1.0, params.source_amount)
        drawn = self._drawn(picture, params) if amount > 0 else None
        return picture if drawn is None else torch.lerp(picture, drawn, amount)

    def _drawn(self, picture: torch.Tensor, params: FrameParams) -> torch.Tensor | None:
        if params.source_layer is None:
            structure = self.draw(params.source, params.beat)
            return None if structure is None else self._coloured(structure, picture)
        seen, own = self.seen, min(1.0, params.source_colours)
        if seen is None or own >= 1.0:
            return seen
        return torch.lerp(self._coloured(luma(seen[0])[None, None].float(), picture), seen, own)

    def _coloured(self, structure: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
        """In the picture's own colours, as they were over the last steps."""
        palette = colours_of(picture)
        self.palette = palette if self.palette is None else self.palette
        self.palette = torch.lerp(self.palette, palette, PALETTE_GLIDE)
        return colour(structure, self.palette).to(picture.dtype)

    def draw(self, name: str, beat: float) -> torch.Tensor | None:
        """The structure (1, 1, h, w) float32 in 0..1 of a pattern at a beat count."""
        pattern = PATTERNS.get(name)
        return None if pattern is None else pattern(self._place, beat).clamp(0, 1)[None, None]


def freshness(params: FrameParams) -> float:
    """How much of what is redrawn is nothing but noise, 0..1: FRESH by its amount."""
    fresh = params.source_layer is None and params.source == FRESH
    return min(1.0, params.source_amount) if fresh else 0.0


STEPS = 6
"""Colours taken from the picture, from its darkest to its brightest."""
LADDER = 0.8
"""How far their brightness is evened out; hue and saturation stay the picture's."""


def colours_of(picture: torch.Tensor) -> torch.Tensor:
    """STEPS colours (STEPS, 3) of a picture, from nearly black to nearly full.

    The mean colours of equal shares of its pixels, ordered by brightness, then moved most of the
    way to an even ladder of brightness, so that a flat picture still gives a pattern to see. The
    top of the ladder is a little above the purest tone of the hue: that much goes towards white.
    """
    small = F.adaptive_avg_pool2d(picture, 24)[0].flatten(1).T.float()  # (576, 3)
    bands = small[luma(small.T).argsort()].view(STEPS, -1, 3).mean(1)
    have = luma(bands.T).clamp_min(0.02)
    pure = luma((bands / bands.amax(1, keepdim=True).clamp_min(0.02)).T)
    even = torch.linspace(0.02, 1.0, STEPS, device=picture.device) * (pure + 0.2).clamp_max(0.9)
    wanted = torch.lerp(have, even, LADDER)
    scaled = bands * (wanted / have)[:, None]
    return (scaled + (scaled - 1).clamp_min(0).mean(1, keepdim=True)).clamp(0, 1)


def luma(rgb: torch.Tensor) -> torch.Tensor:
    """Rec. 709 weights over the first axis: (3, ...) to (...)."""
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def colour(structure: torch.Tensor, palette: torch.Tensor) -> torch.Tensor:
    """A picture (1, 3, h, w): the structure looked up in a ladder of colours (n, 3)."""
    n = len(palette)
    position = structure[0, 0] * (n - 1)
    low = position.floor().clamp(0, n - 2)
    share = (position - low)[..., None]
    index = low.long()
    mixed = palette[index] * (1 - share) + palette[index + 1] * share
    return mixed.permute(2, 0, 1)[None]
