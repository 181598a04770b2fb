"""Keeps a picture that is fed back for hours from burning out, fading or turning to mush.

Pictures flow in and out of the generator's step, one after the other. Plain feedback decays: to
white, to black, to magenta, to grey, to blur. Here the mean, contrast, chroma and detail of each
picture are measured, and slow integral controllers steer gamma, contrast, saturation and
sharpening, each within narrow limits. Inside its band a quantity is left alone and its controller
lets go, so that a dark prompt may be dark. Gamma and a stretch about the mean leave black black.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from engine.diffusion.sources import luma

DT_MAX = 0.2
"""Seconds; after a pause the controllers do not leap."""


@dataclass(frozen=True, slots=True)
class Look:
    """Statistics of one picture in 0..1.

    `mean` and `contrast` are mean and standard deviation of luma; `chroma` the mean distance of
    R, G, B from luma; `detail` the mean step of luma between neighbours.
    """

    mean: float
    contrast: float
    chroma: float
    detail: float


@dataclass(frozen=True, slots=True)
class Band:
    """Where a quantity may be; how fast (per second, per relative error) and how far to steer."""

    low: float
    high: float
    rate: float
    down: float
    up: float

    def error(self, value: float) -> float:
        """Relative distance to the band, positive when the value is too low; -1..1."""
        if value < self.low:
            return min(1.0, (self.low - value) / self.low)
        if value > self.high:
            return max(-1.0, (self.high - value) / self.high)
        return 0.0


BANDS = {
    "mean": Band(0.16, 0.55, rate=0.8, down=-0.25, up=0.25),
    "contrast": Band(0.19, 0.31, rate=0.8, down=-0.20, up=0.40),
    "chroma": Band(0.07, 0.22, rate=0.8, down=-0.25, up=0.25),
    "detail": Band(0.018, 0.070, rate=1.5, down=0.0, up=0.8),
}
"""Gamma, contrast and saturation are steered in logarithms, sharpening in its amount."""
LET_GO = 0.3
"""Share a second by which a controller returns to rest while its quantity is in the band."""


def look_of(picture: torch.Tensor) -> Look:
    """Statistics of a picture (1, 3, h, w), every second pixel; one read from the device."""
    rgb = picture[0, :, ::2, ::2].float()
    y = luma(rgb)
    detail = (y[:, 1:] - y[:, :-1]).abs().mean() + (y[1:] - y[:-1]).abs().mean()
    stats = torch.stack((y.mean(), y.std(), (rgb - y).abs().mean(), detail / 2))
    return Look(*stats.tolist())


class Regulator:
    """The controllers of one stream; `correct` is called once for each picture."""

    def __init__(self) -> None:
        self.steer = {name: 0.0 for name in BANDS}

    @property
    def sharpening(self) -> float:
        """Amount of unsharp mask for the next fed-back picture, 0..0.8."""
        return self.steer["detail"]

    def correct(self, picture: torch.Tensor, dt: float) -> torch.Tensor:
        """The picture (1, 3, h, w), corrected and within 0..1; `dt` seconds since the last."""
        picture = picture.clamp(0.0, 1.0)
        look = look_of(picture)
        self._integrate(look, max(0.0, min(dt, DT_MAX)))
        return self._apply(picture, look)

    def _integrate(self, look: Look, dt: float) -> None:
        for name, band in BANDS.items():
            error = band.error(getattr(look, name))
            steer = self.steer[name]
            steer += dt * (band.rate * error if error else -LET_GO * steer)
            self.steer[name] = max(band.down, min(band.up, steer))

    def _apply(self, picture: torch.Tensor, look: Look) -> torch.Tensor:
        gamma = math.exp(-self.steer["mean"])
        stretch = math.exp(self.steer["contrast"])
        saturation = math.exp(self.steer["chroma"])
        if abs(saturation - 1) > 1e-3:
            y = luma(picture[0])[None, None]
            picture = y + (picture - y) * saturation
        if abs(stretch - 1) > 1e-3:
            picture = look.mean + (picture - look.mean) * stretch
        picture = picture.clamp(0.0, 1.0)
        return picture.pow(gamma) if abs(gamma - 1) > 1e-3 else picture
