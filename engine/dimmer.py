"""How far a blackout has come: at once, or over some seconds, which a hand sets.

Stepped once a hop with whether the stage is to be black; what comes out is a straight line in show
time, so that every frame between hops finds its own share, live and in a film alike. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.params import STAGE
from engine.records import ControlEvent

SECONDS = STAGE["blackout.seconds"]
Dark = tuple[float, float]
"""How dark it is at the hop's end, 0..1, and by how much more a second later."""


class Dimmer:
    """Remembers how dark it is, and how long the whole way takes."""

    def __init__(self) -> None:
        self._seconds = SECONDS.default
        self._dark = 0.0

    def step(self, dt: float, black: bool, events: Sequence[ControlEvent]) -> Dark | None:
        """Go on by `dt` seconds; None while blackouts are at once, as the switch says."""
        for event in events:
            if event.address == SECONDS.name and not isinstance(event.value, str):
                self._seconds = SECONDS.clamp(event.value)
        if self._seconds == 0.0:
            self._dark = float(black)
            return None
        way = (1.0 if black else -1.0) / self._seconds
        self._dark = min(1.0, max(0.0, self._dark + way * dt))
        return self._dark, way


def darkness(dark: Dark | None, black: bool, later: float) -> float:
    """0..1, `later` seconds after the hop's end."""
    if dark is None:
        return float(black)
    return min(1.0, max(0.0, dark[0] + dark[1] * later))
