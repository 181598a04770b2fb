"""What remembers at the hop rate: envelopes, automatic gain, hits, clocks, a hue. Numbers only.

Each takes one step a hop, so time constants are exact; nothing here knows of sound or devices.
"""

from __future__ import annotations

import math

from engine.records import HOP_SECONDS


def share(seconds: float) -> float:
    """Part of the way that a one-pole follower with this time constant goes in one hop."""
    return 1.0 - math.exp(-HOP_SECONDS / seconds)


class Envelope:
    """Follows a value: quickly up (`attack` seconds), slowly down (`release` seconds)."""

    def __init__(self, attack: float, release: float) -> None:
        self.value = 0.0
        self.set(attack, release)

    def set(self, attack: float, release: float) -> None:
        """Change how fast it follows; the value stays."""
        self._up, self._down = share(attack), share(release)

    def step(self, target: float) -> float:
        rising = target > self.value
        self.value += (self._up if rising else self._down) * (target - self.value)
        return self.value


class AutoGain:
    """Divides by the loudest of the last while, so that any input level fills 0..1.

    The reference rises within `ATTACK` seconds, slowly enough that one crack does not push all
    else down, falls over `release`, and never below `floor`: so silence stays 0 and the noise of
    an open line is not blown up. When not `automatic`, `full` is 1 and nothing follows.
    """

    ATTACK = 0.15

    def __init__(self, floor: float, full: float = 1.0, release: float = 12.0) -> None:
        self._floor, self._full, self._automatic, self._gain = floor, full, True, 1.0
        self._peak = Envelope(self.ATTACK, release)

    def set(self, automatic: bool, gain: float, release: float, floor: float) -> None:
        """Change the manner; the reference stays."""
        self._automatic, self._gain, self._floor = automatic, gain, floor
        self._peak.set(self.ATTACK, release)

    @property
    def reference(self) -> float:
        """What counts as 1."""
        return max(self._floor, self._peak.value) if self._automatic else self._full

    @property
    def factor(self) -> float:
        """By how much more than with neither automatic gain nor a factor a value counts now."""
        return self._gain * self._full / self.reference

    def step(self, value: float) -> float:
        """The value as 0..1 of the present reference."""
        self._peak.step(value)
        return min(1.0, self._gain * value / self.reference)


class Hits:
    """Turns onset strength into hits: 1 at an onset, then an exponential fall (`fall` seconds).

    An onset must rise, stand out of the running mean, and reach a share of the recent peaks. It
    fires in the hop in which it is heard; a wait of `rest` seconds keeps one hit from firing twice.
    """

    def __init__(
        self, fall: float, rest: float, share: float, floor: float, over_mean: float = 2.0
    ) -> None:
        self._keep = math.exp(-HOP_SECONDS / fall)
        self._rest_hops = round(rest / HOP_SECONDS)
        self._mean = Envelope(1.0, 1.0)
        self._peak = Envelope(0.001, 6.0)
        self._share, self._floor, self._over_mean = share, floor, over_mean
        self._since = self._rest_hops
        self._last = 0.0
        self.value = 0.0

    def step(self, strength: float) -> float:
        self._since += 1
        self.value *= self._keep
        threshold = max(
            self._floor, self._share * self._peak.value, self._over_mean * self._mean.value
        )
        if strength > threshold and strength > self._last and self._since > self._rest_hops:
            self.value, self._since = 1.0, 0
        self._mean.step(strength)
        self._peak.step(strength)
        self._last = strength
        return self.value


class RunningClock:
    """A count of seconds that runs at up to `FASTEST` when what it follows is loud, and stands.

    Its rate follows over `SMOOTH` seconds, longer than pictures are ever drawn ahead of the sound:
    so the value carried on at the present rate never runs backwards.
    """

    FASTEST = 2.0
    SMOOTH = 0.3

    def __init__(self) -> None:
        self._rate = Envelope(self.SMOOTH, self.SMOOTH)
        self._value = 0.0

    def step(self, level: float) -> tuple[float, float]:
        """The clock at the end of this hop and its rate, for a level 0..1."""
        rate = self._rate.step(self.FASTEST * level)
        self._value += rate * HOP_SECONDS
        return self._value, rate


class HueFollower:
    """The leading pitch class as a hue 0..1 (C is 0, each semitone a twelfth) and how clear it is.

    The chroma is smoothed; another class must lead the shown one by `LEAD` to take over; where
    nothing leads, the hue stays. It turns the short way round, in about `TURN` seconds.
    """

    SMOOTH, TURN = 0.35, 0.12
    LEAD = 1.3
    CLEAR = 0.25
    SURE = 0.4
    """Share above that of an even chroma which counts as wholly clear (a chord has about 0.2)."""
    QUIET = 1e-6
    """Summed power at which confidence is halved."""

    def __init__(self) -> None:
        self._keep = 1.0 - share(self.SMOOTH)
        self._chroma = [0.0] * 12
        self._shown = 0
        self._hue = 0.0
        self._turn = share(self.TURN)

    def step(self, chroma: tuple[float, ...]) -> tuple[float, float]:
        """(hue, confidence), both 0..1."""
        keep = self._keep
        pairs = zip(self._chroma, chroma, strict=True)
        self._chroma = smooth = [keep * old + (1.0 - keep) * new for old, new in pairs]
        total = sum(smooth)
        best = max(smooth)
        clear = self._clear(best, total)
        if clear > self.CLEAR and best > self.LEAD * smooth[self._shown]:
            self._shown = smooth.index(best)
        off = (self._shown / 12.0 - self._hue + 0.5) % 1.0 - 0.5
        self._hue = (self._hue + self._turn * off) % 1.0
        return self._hue, clear

    def _clear(self, best: float, total: float) -> float:
        """0 where all twelve are alike or nothing sounds, 1 where one clearly leads."""
        if total <= 0.0:
            return 0.0
        lead = (best / total - 1.0 / 12.0) / self.SURE
        return min(1.0, max(0.0, lead)) * total / (total + self.QUIET)
