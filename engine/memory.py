"""What the functions of expressions that remember are made of: one small object a call.

Each is stepped once a hop with the seconds gone by and its arguments, and says its new value; it
starts at what its arguments are then. Numbers only; registers.py owns and steps them, on the
analysis thread.
"""

from __future__ import annotations

import math
from typing import Protocol

LONG_AGO = -3600.0
"""Show time of an event that never was."""
JUMP = 0.25
"""A signal that is already high and rises by this within a hop begins again: a roll of hits, whose
tails are still high, rises by 0.28 or more (params.SIGNALS, signals.py)."""


class Memory(Protocol):
    """One value that remembers."""

    def step(self, time: float, dt: float, *arguments: float) -> float:
        """The value at show time `time`, `dt` seconds after the last step."""


class Smooth:
    """Follows x, `attack` seconds upwards and `release` downwards (time constants)."""

    def __init__(self) -> None:
        self._value: float | None = None

    def step(self, time: float, dt: float, x: float, attack: float, release: float) -> float:
        if self._value is None:
            self._value = x
        seconds = attack if x > self._value else release
        self._value = x - (x - self._value) * fall(dt, seconds)
        return self._value


class Peak:
    """Rises with x at once, falls towards it by e every `seconds`."""

    def __init__(self) -> None:
        self._value = -math.inf

    def step(self, time: float, dt: float, x: float, seconds: float) -> float:
        over = self._value - x
        self._value = x + over * fall(dt, seconds) if 0.0 < over < math.inf else x
        return self._value


class Hold:
    """Takes x when the trigger rises, and keeps it."""

    def __init__(self) -> None:
        self._trigger, self._value = Trigger(), None

    def step(self, time: float, dt: float, x: float, trigger: float) -> float:
        if self._trigger.rises(trigger) or self._value is None:
            self._value = x
        return self._value


class Count:
    """How often the trigger rose."""

    def __init__(self) -> None:
        self._trigger, self._count = Trigger(), 0.0

    def step(self, time: float, dt: float, trigger: float) -> float:
        self._count += self._trigger.rises(trigger)
        return self._count


class Latch(Count):
    """0 and 1 by turns, from rise to rise."""

    def step(self, time: float, dt: float, trigger: float) -> float:
        return super().step(time, dt, trigger) % 2.0


class Last:
    """Show time at which the trigger rose last."""

    def __init__(self) -> None:
        self._trigger, self._time = Trigger(), LONG_AGO

    def step(self, time: float, dt: float, trigger: float) -> float:
        if self._trigger.rises(trigger):
            self._time = time
        return self._time


class Run:
    """Adds up x a second."""

    def __init__(self) -> None:
        self._sum = 0.0

    def step(self, time: float, dt: float, x: float) -> float:
        self._sum += x * dt
        return self._sum


class Trigger:
    """Tells when a value rises through one half, or jumps while above it."""

    def __init__(self) -> None:
        self._last = 0.0

    def rises(self, value: float) -> bool:
        last, self._last = self._last, value
        return value > 0.5 and (last <= 0.5 or value >= last + JUMP)


def fall(seconds: float, constant: float) -> float:
    """What is left after `seconds` of something that falls by e every `constant` seconds."""
    return math.exp(-seconds / constant) if constant > 1e-6 else 0.0
