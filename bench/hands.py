"""Hands, measured."""

from __future__ import annotations

import numpy as np

from engine.audio.sources import MemorySource
from engine.clock import monotonic
from engine.records import HOP, HOP_SECONDS


class Silence(MemorySource):
    """Hours of silence at the pace of a real input."""

    def __init__(self) -> None:
        super().__init__(np.zeros((HOP, 2), np.float32), "silence")
        self._begun, self._hops = monotonic(), 0

    finished = False

    @property
    def sounded(self) -> float:
        return self._begun + self._hops * HOP_SECONDS

    def read_hop(self) -> np.ndarray | None:
        if monotonic() < self.sounded + HOP_SECONDS:
            return None
        self._hops += 1
        return self._samples
