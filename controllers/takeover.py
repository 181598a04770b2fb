"""Soft takeover: when a knob that stands elsewhere gets hold of a value. Places 0..1 in and out.

    jump    at its first move
    pickup  when it comes near the value, or passes it: a quick hand skips the nearness
    scale   at once, but slower or faster, so that both reach the end of the way together

A knob lets go when the value is found elsewhere than it left it, moved by anything else, and when
it is told to (`rearm`: another bank, another preset). While a hand is moving it keeps hold: the
user wins over whatever runs beside him. One Takeover a row, on the MIDI thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable

MOVING_SECONDS = 0.5
"""A hand that has sent within this time is still moving; what it sent has reached the show."""
NEAR, NEAR_FINE = 3.0 / 127.0, 48.0 / 16383.0
"""How near the value a control of 7, of 14 bits gets hold of it."""


class Takeover:
    """How one control stands to one value. `engaged` is whether it has hold of it."""

    __slots__ = ("_at", "_near", "_sent", "engaged", "mode")

    def __init__(self, mode: str, fine: bool = False) -> None:
        self.mode, self.engaged = mode, False
        self._near = NEAR_FINE if fine else NEAR
        self._sent, self._at = 0.0, -math.inf

    def move(
        self, before: float | None, now: float, target: Callable[[], float | None], time: float
    ) -> float | None:
        """The place to send for a control gone from `before` (None: unknown) to `now`, or None.

        `target` gives the place of the present value, None where there is nothing to pick up.
        """
        moving = time - self._at <= MOVING_SECONDS
        if self.mode == "jump" or (self.engaged and moving):
            return self._send(now, time)
        aim = target()
        if self.engaged and aim is not None and abs(aim - self._sent) > self._near:
            self.engaged = False
        if aim is None or self.engaged or self._meets(before, now, aim):
            return self._send(now, time)
        if self.mode == "scale" and before is not None:
            place = _scaled(self._sent if moving else aim, before, now)
            return self._send(place, time, abs(place - now) <= self._near)
        return None

    def rearm(self, time: float) -> None:
        """Let go, unless the hand is moving it."""
        if time - self._at > MOVING_SECONDS:
            self.engaged = False

    def _meets(self, before: float | None, now: float, aim: float) -> bool:
        if abs(now - aim) <= self._near:
            return True
        if before is None:
            return False
        return abs(before - aim) <= self._near or (before - aim) * (now - aim) < 0.0

    def _send(self, place: float, time: float, engaged: bool = True) -> float:
        self._sent, self._at, self.engaged = place, time, engaged
        return place


def _scaled(value: float, before: float, now: float) -> float:
    """The value moved by the same share of what is left on its way to that end."""
    if now > before:
        return value + (1.0 - value) * (now - before) / (1.0 - before)
    return value - value * (before - now) / before if now < before else value
