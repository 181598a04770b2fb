"""A generator without a model, for tests and rehearsal: paints a plain picture at once.

The picture says what the parameters ask: two colours of the prompts, rings that move with the
pose and turn with the beat, the source over it. It needs numpy only and keeps the contract.
"""

from __future__ import annotations

import math
import os
import zlib

import numpy as np

from engine.clock import Clock, monotonic
from engine.diffusion.contract import GeneratorHealth
from engine.records import Frame, FrameParams


class TwinGenerator:
    """Keeps the newest parameters and paints them when `latest` is asked."""

    def __init__(self, size: tuple[int, int] = (64, 64), clock: Clock | None = None) -> None:
        self.size = size
        self._clock = clock
        self._params: FrameParams | None = None
        self._frame: Frame | None = None
        self._ms: list[float] = []
        self.source: np.ndarray | None = None

    def submit(self, params: FrameParams, picture: np.ndarray | None = None) -> None:
        self._params = params
        if picture is not None:
            self.source = picture.copy()

    def latest(self) -> Frame | None:
        params = self._params
        if params is not None and (self._frame is None or self._frame.params is not params):
            self._frame = self.generate(params)
        return self._frame

    def generate(self, params: FrameParams, picture: np.ndarray | None = None) -> Frame:
        """The picture of these parameters; LocalGenerator's method, so it can stand in there."""
        start = monotonic()
        if picture is not None:
            self.source = picture
        painted = self._mixed(paint(params, self.size), params)
        seconds = monotonic() - start
        self._ms = [*self._ms[-255:], seconds * 1e3]
        number = self._frame.number + 1 if self._frame else 1
        ready = self._clock.now() if self._clock else params.time
        self._frame = Frame(number, painted, params, ready, seconds)
        return self._frame

    def _mixed(self, painted: np.ndarray, params: FrameParams) -> np.ndarray:
        if params.source_layer is None or self.source is None:
            return painted
        mixed = painted + (self.source - painted.astype(float)) * params.source_amount
        return mixed.round().astype(np.uint8)

    def health(self) -> GeneratorHealth:
        generated = self._frame.number if self._frame else 0
        return GeneratorHealth(os.getpid(), "running", generated=generated,
                               recent_ms=tuple(self._ms))

    def close(self) -> None:
        """Nothing to end."""


def paint(params: FrameParams, size: tuple[int, int]) -> np.ndarray:
    """uint8 (h, w, 3): rings in two colours of the prompts' words, moved by the pose."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    x = (x + 0.5) / width - 0.5 - params.pose.x
    y = 0.5 - (y + 0.5) / height - params.pose.y
    turn = np.arctan2(y, x) - math.radians(params.pose.angle)
    radius = np.hypot(x, y) * math.exp(-math.fmod(params.pose.log_zoom, 1.0))
    wave = 0.5 + 0.5 * np.sin(20 * radius + 3 * turn - math.tau * params.beat / 4)
    words = "|".join(f"{prompt.text}*{prompt.weight:.3f}" for prompt in params.prompts)
    code = zlib.crc32(f"{words}|{params.seed}".encode())
    dark = np.array([(code >> shift) & 0x3F for shift in (0, 6, 12)])
    light = np.array([0x80 | ((code >> shift) & 0x7F) for shift in (5, 11, 17)])
    return (dark + (light - dark) * wave[..., None]).astype(np.uint8)
