"""The moments of a picture while its shutter is open: what motion blur averages.

A picture's index flows in, show times flow out, the last being the picture's own. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shutter:
    """How many moments are averaged, over which part of a picture's time: 180 degrees are half
    of it, as film cameras have it. One moment is no blur."""

    moments: int = 1
    degrees: float = 180.0

    def times(self, index: int, fps: float) -> list[float]:
        """Seconds of the moments of picture `index`, rising; none is before the song."""
        step = self.degrees / 360.0 / fps / self.moments
        return [max(0.0, index / fps - step * n) for n in reversed(range(self.moments))]


SHARP = Shutter()
