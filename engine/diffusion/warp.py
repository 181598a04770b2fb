"""Moves the last picture on by the camera's motion before it is drawn over again.

A picture tensor and a Pose difference flow in, a picture of the same shape flows out; it runs
inside the generator's step. The maps are those of motion.py, here in torch and in place: one grid
of places for the affine part, the tilt and the bends, in buffers that stay. What a motion does not
have costs nothing, and the single numbers of a motion go to the device with the operations, so
nothing is copied and nobody waits.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from engine.motion import LEAST_DEPTH, RIPPLE_MIDDLE, RIPPLE_WAVE, SWAY_WAVES
from engine.records import Pose

_STILL = 1e-6
_PADDING = {"mirror": "reflection", "repeat": "zeros", "smear": "border", "dark": "zeros"}
_ROUND = 2
"""Pixels that a bicubic read reaches over an edge."""


def is_still(motion: Pose) -> bool:
    """True when nothing would move: then resampling, which softens, is left out."""
    return all(abs(part) < _STILL for part in motion.parts)


class Ground:
    """The places of a picture of (rows, columns), and where they come from by a motion.

    Places are in picture heights from the middle, u right and v up, float32 on `device`.
    """

    def __init__(self, rows: int, columns: int, device: torch.device | str = "cpu") -> None:
        self.shape, self.aspect = (rows, columns), columns / rows
        across = torch.arange(columns, dtype=torch.float32) + 0.5
        down = torch.arange(rows, dtype=torch.float32) + 0.5
        self._across = ((across - columns / 2) / rows)[None].to(device)
        self._up = ((rows / 2 - down) / rows)[:, None].to(device)
        self.u, self.v, *self._spare = torch.empty(6, rows, columns, device=device)
        self._grid = torch.empty(1, rows, columns, 2, device=device)

    def travel(self, motion: Pose) -> None:
        """Fill `u` and `v` with where each place lay before the motion."""
        zoom, turn = math.exp(-motion.log_zoom), math.radians(motion.angle)
        c, s = math.cos(turn) * zoom, math.sin(turn) * zoom
        dx, dy = motion.x * self.aspect, motion.y
        torch.add(self._across * c - (c * dx + s * dy), self._up * s, out=self.u)
        torch.add(self._across * -s - (c * dy - s * dx), self._up * c, out=self.v)
        if motion.tilt_x or motion.tilt_y:
            self._tilt(math.radians(motion.tilt_x), math.radians(motion.tilt_y))
        if motion.swirl or motion.bulge:
            self._lens(math.radians(motion.swirl), math.exp(-motion.bulge))
        if motion.ripple_cos or motion.ripple_sin:
            self._ripple(motion.ripple_cos, motion.ripple_sin)
        along, across = self._spare[0], SWAY_WAVES
        for to, of, wave, parts in (
            (self.v, self.u, across[1], (motion.sway_y_cos, motion.sway_y_sin)),
            (self.u, self.v, across[0], (motion.sway_x_cos, motion.sway_x_sin)),
        ):
            if any(parts):
                to.sub_(_wave(of, wave, *parts, out=along))

    def grid(self, edges: str) -> torch.Tensor:
        """What grid_sample wants: (1, h, w, 2), x right and y down, -1..1 over the picture."""
        torch.mul(self.u, 2.0 / self.aspect, out=self._grid[0, ..., 0])
        torch.mul(self.v, -2.0, out=self._grid[0, ..., 1])
        if edges == "repeat":
            self._grid.add_(1.0).remainder_(2.0).sub_(1.0)
            for n, pixels in enumerate(reversed(self.shape)):
                self._grid[..., n].mul_(pixels / (pixels + 2 * _ROUND))
        return self._grid

    def _tilt(self, x: float, y: float) -> None:
        depth = torch.mul(self.u, -y, out=self._spare[0]).add_(self.v, alpha=-x).add_(1.0)
        depth.clamp_(min=LEAST_DEPTH)
        self.u.div_(depth)
        self.v.div_(depth)

    def _lens(self, swirl: float, shrink: float) -> None:
        inside, c, s, old = self._spare
        torch.mul(self.u, self.u, out=inside).addcmul_(self.v, self.v)
        inside.mul_(4.0 / (1.0 + self.aspect * self.aspect)).clamp_(max=1.0)
        if swirl:
            torch.sub(inside, 1.0, out=c).square_().mul_(-swirl)
            torch.sin(c, out=s)
            c.cos_()
            old.copy_(self.u)
            self.u.mul_(c).addcmul_(s, self.v, value=-1.0)
            self.v.mul_(c).addcmul_(s, old)
        if shrink != 1.0:
            scale = inside.mul_(shrink * shrink - 1.0).add_(1.0).rsqrt_().mul_(shrink)
            self.u.mul_(scale)
            self.v.mul_(scale)

    def _ripple(self, cos: float, sin: float) -> None:
        r, push, near, _ = self._spare
        torch.hypot(self.u, self.v, out=r)
        _wave(r, RIPPLE_WAVE, cos, sin, out=push)
        torch.mul(r, r, out=near).add_(RIPPLE_MIDDLE * RIPPLE_MIDDLE).rsqrt_()
        left = push.mul_(near).neg_().add_(1.0)
        self.u.mul_(left)
        self.v.mul_(left)


def _wave(
    of: torch.Tensor, length: float, cos: float, sin: float, out: torch.Tensor
) -> torch.Tensor:
    """cos * sin(k of) - sin * cos(k of), with k for a wave of that length."""
    torch.mul(of, math.tau / length, out=out).sub_(math.atan2(sin, cos))
    return out.sin_().mul_(math.hypot(cos, sin))


class Warper:
    """Moves pictures on. Its buffers are for one size on one device, made anew for another."""

    def __init__(self) -> None:
        self._ground: Ground | None = None
        self._key: tuple[object, ...] = ()

    def __call__(self, picture: torch.Tensor, motion: Pose, edges: str = "mirror") -> torch.Tensor:
        """The picture (1, c, h, w) moved on by `motion`; a picture that stands still is itself.

        `edges` is one of params.EDGES. Bicubic, so that a hundred passes stay crisp; it may
        overshoot 0..1 a little. Places are float32 whatever the picture is: half floats would
        miss by a quarter of a pixel.
        """
        if is_still(motion):
            return picture
        key = (*picture.shape[-2:], picture.device)
        if self._ground is None or key != self._key:
            self._ground, self._key = Ground(*key), key
        self._ground.travel(motion)
        grid = self._ground.grid(edges)
        seen = picture.float()
        if edges == "repeat":
            seen = F.pad(seen, (_ROUND,) * 4, mode="circular")
        return F.grid_sample(
            seen, grid, mode="bicubic", padding_mode=_PADDING[edges], align_corners=False
        ).to(picture.dtype)


def warp(picture: torch.Tensor, motion: Pose, edges: str = "mirror") -> torch.Tensor:
    """One picture moved on, as Warper does."""
    return Warper()(picture, motion, edges)


def sharpen(picture: torch.Tensor, amount: float) -> torch.Tensor:
    """Unsharp mask with a 3x3 box: picture + amount * (picture - blurred)."""
    if amount <= 0:
        return picture
    edged = F.pad(picture, (1, 1, 1, 1), mode="replicate")
    return picture + amount * (picture - F.avg_pool2d(edged, 3, stride=1))
