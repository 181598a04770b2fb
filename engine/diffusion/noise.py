"""The latent noise of a show: fixed by its seed, and turning slowly when asked to.

Seed and phase flow in, unit-variance noise flows out. Phase counts noises: at a whole number k
it is the k-th noise of the seed, between two of them an arc of a circle through both, so the
variance stays one. It is a pure function of (seed, phase): asked twice, it answers the same.
Noise is drawn on the CPU so that every device gets the same.
"""

from __future__ import annotations

import math

import torch

_STRIDE = 1_000_003
"""Distance between the seeds of consecutive noises: prime, larger than any show is long."""


class TurningNoise:
    """Noise (1, channels, rows, columns) by seed and phase; keeps the two ends of the arc."""

    def __init__(self, shape: tuple[int, ...], device: torch.device, dtype: torch.dtype) -> None:
        self._shape = shape
        self._device = device
        self._dtype = dtype
        self._ends: dict[int, torch.Tensor] = {}

    def at(self, seed: int, phase: float) -> torch.Tensor:
        """The noise of a seed at a phase (0 is the seed's own first noise)."""
        k = math.floor(phase)
        theta = (phase - k) * math.pi / 2
        first, second = seed + k * _STRIDE, seed + (k + 1) * _STRIDE
        self._ends = {s: n for s, n in self._ends.items() if s in (first, second)}
        if theta == 0.0:
            return self._end(first)
        return math.cos(theta) * self._end(first) + math.sin(theta) * self._end(second)

    def _end(self, seed: int) -> torch.Tensor:
        if seed not in self._ends:
            generator = torch.Generator("cpu").manual_seed(seed & 0x7FFF_FFFF_FFFF_FFFF)
            drawn = torch.randn(self._shape, generator=generator)
            self._ends[seed] = drawn.to(self._device, self._dtype)
        return self._ends[seed]
