"""Named signals 0..1 from what was heard: Features and Beat in, Signals out, one step a hop.

Everything that remembers lives here, at the constant hop rate: automatic gain, envelopes, hits.
`time_values` is the musical time at any moment in closed form, for the frame rate. Pure numbers,
no device and no library of hearing; runs on the analysis thread.
"""

from __future__ import annotations

import math
from types import MappingProxyType

from engine.records import HOP_SECONDS, Beat, Features, Signals

LOW_HZ, HIGH_HZ = 200.0, 8000.0
"""Centroids shown as brightness 0 and 1."""
GATE = 0.003
"""RMS (-50 dB) below which brightness and noisiness fall to 0: silence has no colour."""


def _share(seconds: float) -> float:
    """Part of the way that a one-pole follower with this time constant goes in one hop."""
    return 1.0 - math.exp(-HOP_SECONDS / seconds)


class Envelope:
    """Follows a value: quickly up (`attack` seconds), slowly down (`release` seconds)."""

    def __init__(self, attack: float, release: float) -> None:
        self._up, self._down = _share(attack), _share(release)
        self.value = 0.0

    def step(self, target: float) -> float:
        rising = target > self.value
        self.value += (self._up if rising else self._down) * (target - self.value)
        return self.value


class AutoGain:
    """Divides by the loudest of the last while, so that any input level fills 0..1.

    The reference rises within `attack` seconds, falls over `release`, and never below `floor`:
    so silence stays 0 and the noise of an open line is not blown up.
    """

    def __init__(self, floor: float, attack: float = 0.05, release: float = 12.0) -> None:
        self._floor = floor
        self._peak = Envelope(attack, release)

    def step(self, value: float) -> float:
        """The value as 0..1 of the present reference."""
        return min(1.0, value / max(self._floor, self._peak.step(value)))


class Hits:
    """Turns onset strength into hits: 1 at an onset, then an exponential fall (`fall` seconds).

    An onset must rise, stand out of the running mean, and reach a share of the recent peaks. It
    fires in the hop in which it is heard; a wait of `rest` seconds keeps one hit from firing twice.
    """

    OVER_MEAN = 2.0

    def __init__(self, fall: float, rest: float, share: float, floor: float) -> None:
        self._keep = math.exp(-HOP_SECONDS / fall)
        self._rest_hops = round(rest / HOP_SECONDS)
        self._mean = Envelope(1.0, 1.0)
        self._peak = Envelope(0.001, 6.0)
        self._share, self._floor = share, floor
        self._since = self._rest_hops
        self._last = 0.0
        self.value = 0.0

    def step(self, strength: float) -> float:
        self._since += 1
        self.value *= self._keep
        threshold = max(
            self._floor, self._share * self._peak.value, self.OVER_MEAN * self._mean.value
        )
        if strength > threshold and strength > self._last and self._since > self._rest_hops:
            self.value, self._since = 1.0, 0
        self._mean.step(strength)
        self._peak.step(strength)
        self._last = strength
        return self.value


class SignalMaker:
    """Makes every signal of params.SIGNALS; call `step` once a hop, in order."""

    def __init__(self) -> None:
        self._gains = {
            "level": AutoGain(0.02),
            "bass": AutoGain(0.015),
            "mid": AutoGain(0.015),
            "high": AutoGain(0.004),
        }
        self._envelopes = {
            "level": Envelope(0.02, 0.25),
            "bass": Envelope(0.008, 0.12),
            "mid": Envelope(0.015, 0.15),
            "high": Envelope(0.008, 0.10),
            "brightness": Envelope(0.05, 0.20),
            "noisiness": Envelope(0.05, 0.20),
        }
        self._hits = {
            "kick": Hits(fall=0.15, rest=0.10, share=0.6, floor=0.02),
            "snare": Hits(fall=0.15, rest=0.10, share=0.5, floor=0.006),
            "hat": Hits(fall=0.08, rest=0.08, share=0.3, floor=0.002),
        }

    def step(self, features: Features, beat: Beat) -> Signals:
        """Signals at the end of the hop that `features` describes, all 0..1."""
        raw = self._colour(features)
        heard = (features.rms, *features.bands)
        for (name, gain), value in zip(self._gains.items(), heard, strict=True):
            raw[name] = gain.step(value)
        values = {name: env.step(raw[name]) for name, env in self._envelopes.items()}
        for (name, hits), strength in zip(self._hits.items(), features.onsets, strict=True):
            values[name] = hits.step(strength)
        values["confidence"] = min(1.0, max(0.0, beat.confidence))
        return Signals(features.time, MappingProxyType(values), beat)

    @staticmethod
    def _colour(features: Features) -> dict[str, float]:
        if features.rms < GATE:
            return {"brightness": 0.0, "noisiness": 0.0}
        octaves = math.log(max(features.centroid_hz, 1.0) / LOW_HZ) / math.log(HIGH_HZ / LOW_HZ)
        noisy = math.sqrt(max(0.0, features.flatness))
        return {"brightness": min(1.0, max(0.0, octaves)), "noisiness": min(1.0, noisy)}


def time_values(beat: Beat, time: float) -> dict[str, float]:
    """params.TIMES at show time `time`, from the newest Beat: closed form, no memory.

    `t` seconds; `beat` count; `phase`, `bar` and `phrase` 0..1 over 1, 4 and 16 beats; `bpm`.
    """
    count = beat.at(time)
    return {
        "t": time,
        "beat": count,
        "phase": count % 1.0,
        "bar": count / 4.0 % 1.0,
        "phrase": count / 16.0 % 1.0,
        "bpm": beat.bpm,
    }
