"""Cadence: fewer generated pictures than there might be, carried on by motion and flow between.

Deforum's word for it. A look says it in seconds (`cadence`), a film also in pictures (`render
--cadence 3`). Live, FrameParams and pictures of sources flow through at display rate, and those
that are due flow out; a film asks when the next picture is due. Main thread; times are of the
show alone, so the same show waits alike live and in a film.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from engine.diffusion.contract import Generator
from engine.records import FrameParams


class Paced:
    """A generator that is handed params no more often than their look wants."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._asked = -math.inf
        self._picture: np.ndarray | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its pictures."""
        return self._generator.size

    def submit(self, params: FrameParams, picture: np.ndarray | None = None) -> None:
        """Hand the params over if it is time; the newest picture of the source waits with them."""
        if picture is not None:
            self._picture = picture
        if 0.0 <= params.time - self._asked < params.cadence:
            return
        self._asked = params.time
        picture, self._picture = self._picture, None
        if picture is None:
            self._generator.submit(params)
        else:
            self._generator.submit(params, picture)


def film_wait(params: FrameParams, generator_fps: float, fps: float) -> float:
    """Seconds after which a film's next generated picture is due, half a picture early: what is
    rounded must not cost one."""
    return max(params.cadence, 1.0 / generator_fps) - 0.5 / fps


def carried(params: FrameParams, pictures: int, fps: float) -> FrameParams:
    """Params of a film whose model draws every so many pictures: each fades into the next all
    the while, so that nothing stands still between. 0: as the look says."""
    if not pictures:
        return params
    seconds = pictures / fps
    return replace(
        params, cadence=max(params.cadence, seconds), crossfade=max(params.crossfade, seconds)
    )
