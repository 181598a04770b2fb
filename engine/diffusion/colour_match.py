"""Holds a look's colours: each picture is matched to what the look's pictures have been.

Pictures flow in and out of the generator's step. In CIELAB the mean and covariance of a picture
are carried to those of a reference by the linear map that moves colours least (Monge-Kantorovich:
Pitie and Kokaram, "The linear Monge-Kantorovitch linear colour mapping", 2007). The reference is an
average of the look's own pictures as the model gave them: free at first, then slower and slower, so
that what drifts for minutes is drawn back and what the prompt wants still comes. A picture without
contrast has no colours to match, so black stays black.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch

from engine.records import FrameParams

SETTLE = 4.0
"""Seconds of a look in which its colours are learnt, and more and more held."""
MEMORY = 60.0
"""Seconds over which the reference then follows."""
STRETCH = 2.0
"""No direction of colours is stretched or pressed more than this in one picture."""
FAINT = 6.0
"""Standard deviation of L (0..100) below which less and less is matched."""
_WHITE = (0.95047, 1.0, 1.08883)
_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750),
           (0.0193339, 0.1191920, 0.9503041))
_RGB = tuple(map(tuple, np.linalg.inv(np.array(_TO_XYZ)).tolist()))
_BEND = 6.0 / 29.0


class ColourHold:
    """The reference of one stream; `hold` is called once for each picture."""

    def __init__(self) -> None:
        self._look = ""
        self._age = 0.0
        self._mean, self._spread = np.zeros(3), np.zeros((3, 3))

    def hold(self, picture: torch.Tensor, params: FrameParams, dt: float) -> torch.Tensor:
        """The picture (1, 3, h, w), matched by `params.colour_hold`; `dt` seconds since the last.

        With 0 nothing is measured, and the next look begins anew.
        """
        if params.colour_hold <= 0.0:
            self._look, self._age = "", 0.0
            return picture
        lab = to_lab(picture.clamp(0.0, 1.0))
        mean, spread = colours_of(lab)
        if self._look != params.preset or self._age == 0.0:
            self._look, self._age = params.preset, 0.0
            self._mean, self._spread = mean, spread
        self._age += max(dt, 1e-3)
        share = min(1.0, 2.0 * max(dt, 1e-3) / min(self._age, MEMORY))
        self._mean = self._mean + share * (mean - self._mean)
        self._spread = self._spread + share * (spread - self._spread)
        amount = params.colour_hold * _eased(self._age / SETTLE)
        amount *= _eased(math.sqrt(max(0.0, spread[0, 0])) / FAINT)
        if amount <= 0.0:
            return picture
        return from_lab(moved(lab, mean, spread, self._mean, self._spread, amount)).to(picture)

    def kept(self) -> dict[str, np.ndarray]:
        """What `restore` needs, as named arrays."""
        numbers = np.concatenate(([self._age], self._mean, self._spread.reshape(-1)))
        return {"colours": numbers, "colours_look": np.array(self._look)}

    def restore(self, kept: Mapping[str, np.ndarray]) -> None:
        """Go on where `kept` was taken; arrays without it begin anew."""
        if "colours" in kept:
            age, *numbers = kept["colours"].tolist()
            self._age, self._look = age, str(kept["colours_look"])
            self._mean, self._spread = np.array(numbers[:3]), np.array(numbers[3:]).reshape(3, 3)


def colours_of(lab: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Mean (3) and covariance (3, 3) of every second pixel of (1, 3, h, w); one read."""
    points = lab[0, :, ::2, ::2].reshape(3, -1)
    mean = points.mean(1)
    away = points - mean[:, None]
    spread = away @ away.T / away.shape[1]
    both = torch.cat((mean[None], spread)).double().cpu().numpy()
    return both[0], both[1:]


def moved(
    lab: torch.Tensor, mean: np.ndarray, spread: np.ndarray,
    to_mean: np.ndarray, to_spread: np.ndarray, amount: float,
) -> torch.Tensor:
    """Colours (1, 3, h, w) of that mean and covariance on their way 0..1 to another's."""
    matrix = np.eye(3) + amount * (transport(spread, to_spread) - np.eye(3))
    shift = mean + amount * (to_mean - mean) - matrix @ mean
    turn = torch.tensor(np.column_stack((matrix, shift)), dtype=lab.dtype, device=lab.device)
    return torch.einsum("ij,bjhw->bihw", turn[:, :3], lab) + turn[:, 3][None, :, None, None]


def transport(spread: np.ndarray, to: np.ndarray) -> np.ndarray:
    """T = S^-1/2 (S^1/2 R S^1/2)^1/2 S^-1/2, its stretch limited; T S T = R where it is not."""
    root, back = (_power(spread, p) for p in (0.5, -0.5))
    matrix = back @ _power(root @ to @ root, 0.5) @ back
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.clip(values, 1.0 / STRETCH, STRETCH)) @ vectors.T


def _power(matrix: np.ndarray, p: float) -> np.ndarray:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.maximum(values, 1e-3) ** p) @ vectors.T


def _eased(k: float) -> float:
    k = min(1.0, max(0.0, k))
    return k * k * (3.0 - 2.0 * k)


def to_lab(picture: torch.Tensor) -> torch.Tensor:
    """CIELAB (L 0..100) of sRGB (1, 3, h, w) in 0..1, white D65 (IEC 61966-2-1, CIE 15)."""
    rgb = picture.float()
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = _mixed(linear, _TO_XYZ)
    x, y, z = (_bent(row / white) for row, white in zip(xyz, _WHITE, strict=True))
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), 1)


def from_lab(lab: torch.Tensor) -> torch.Tensor:
    """sRGB (1, 3, h, w) of CIELAB, clamped to 0..1."""
    y = (lab[:, 0] + 16) / 116
    bent = (y + lab[:, 1] / 500, y, y - lab[:, 2] / 200)
    xyz = torch.stack([white * torch.where(f > _BEND, f**3, 3 * _BEND**2 * (f - 4 / 29))
                       for f, white in zip(bent, _WHITE, strict=True)], 1)
    linear = torch.stack(_mixed(xyz, _RGB), 1).clamp(0.0, 1.0)
    return torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)



def _mixed(picture: torch.Tensor, rows: tuple[tuple[float, ...], ...]) -> list[torch.Tensor]:
    """Each row's sum of the three channels, (1, h, w): plain numbers, so nothing is sent over."""
    return [sum(share * picture[:, n] for n, share in enumerate(row)) for row in rows]


def _bent(t: torch.Tensor) -> torch.Tensor:
    return torch.where(t > _BEND**3, t.clamp_min(1e-9) ** (1 / 3), t / (3 * _BEND**2) + 4 / 29)
