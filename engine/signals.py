"""Named signals from what was heard: Features and Beat in, Signals out, one step a hop.

Everything that remembers steps here and in followers.py and structure.py, at the constant hop
rate. `time_values` and `clock_values` are what musical time and the clocks say at any moment, in
closed form, for the frame rate. Pure numbers, no device and no library of hearing; runs on the
analysis thread.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine import functions
from engine.followers import AutoGain, Envelope, Hits, HueFollower, RunningClock
from engine.params import BANDS, PARAMS
from engine.records import Beat, Features, Signals
from engine.structure import Structure

LOW_HZ, HIGH_HZ = 200.0, 8000.0
"""Centroids shown as brightness 0 and 1."""
GATE = 0.003
"""RMS (-50 dB) below which brightness and noisiness fall to 0: silence has no colour."""
FLOORS = {"level": 1.0, "bass": 0.75, "mid": 0.75, "midhigh": 0.4, "high": 0.2}
"""Where the gain of each band stops, beside `hearing.gain_floor`."""
FULL = {"level": 0.40, "bass": 0.37, "mid": 0.24, "midhigh": 0.11, "high": 0.08}
"""RMS shown as 1 without automatic gain: the 95th percentile over the hops of the demo's drop
(bars 21 to 32; measured 0.404, 0.375, 0.243, 0.113, 0.084), so that its peaks are full."""
PRESENCE_UP, PRESENCE_DOWN, PRESENCE_MEMORY = 1.0, 2.5, 120.0
ONBEAT_FALL_BEATS = 0.25


@dataclass(frozen=True, slots=True)
class HearingSettings:
    """The `hearing.*` rows of params.py as the maker uses them. Floor is an RMS amplitude."""

    auto_gain: bool
    gain: float
    gain_seconds: float
    gain_floor: float
    following: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, numbers: Mapping[str, float]) -> HearingSettings:
        """From names as in params.PARAMS to values within their ranges."""
        return cls(
            auto_gain=numbers["hearing.auto_gain"] >= 0.5,
            gain=numbers["hearing.gain"],
            gain_seconds=numbers["hearing.gain_seconds"],
            gain_floor=10.0 ** (numbers["hearing.gain_floor"] / 20.0),
            following=tuple(
                (numbers[f"hearing.{band}_attack"], numbers[f"hearing.{band}_release"])
                for band in BANDS
            ),
        )


USUAL = HearingSettings.of({name: param.default for name, param in PARAMS.items()})
"""What holds where a look says nothing."""


class Band:
    """What one band gives: level, hits, presence, clock."""

    def __init__(self, name: str, hits: Hits) -> None:
        self.name, self._hits = name, hits
        self._gain = AutoGain(0.02, FULL[name])
        self._level = Envelope(0.02, 0.2)
        self._presence = Envelope(PRESENCE_UP, PRESENCE_DOWN)
        self._loudest = Envelope(1.0, PRESENCE_MEMORY)
        self._clock = RunningClock()
        prefix = "" if name == "level" else f"{name}_"
        self.names = (name, f"{prefix}hits", f"{prefix}presence")

    def set(self, settings: HearingSettings, following: tuple[float, float]) -> None:
        """Take new settings; what was heard stays."""
        self._floor = FLOORS[self.name] * settings.gain_floor
        self._gain.set(settings.auto_gain, settings.gain, settings.gain_seconds, self._floor)
        self._level.set(*following)

    @property
    def factor(self) -> float:
        """What the gain, the automatic one too, does to the level now."""
        return self._gain.factor

    def step(
        self, heard: float, flux: float
    ) -> tuple[tuple[float, float, float], tuple[float, float]]:
        """(level, hits, presence) and (clock, its rate)."""
        level = self._level.step(self._gain.step(heard))
        full = max(self._floor, self._loudest.step(heard))
        present = min(1.0, self._presence.step(heard) / full)
        values = (level, self._hits.step(flux), present)
        return values, self._clock.step(level)


class SignalMaker:
    """Makes every signal of params.SIGNALS and CLOCKS; call `step` once a hop, in order."""

    def __init__(self) -> None:
        self._bands = [
            Band("level", Hits(fall=0.15, rest=0.08, share=0.35, floor=0.01, over_mean=2.5)),
            Band("bass", Hits(fall=0.15, rest=0.10, share=0.4, floor=0.02)),
            Band("mid", Hits(fall=0.12, rest=0.08, share=0.4, floor=0.012)),
            Band("midhigh", Hits(fall=0.12, rest=0.08, share=0.4, floor=0.006, over_mean=2.5)),
            Band("high", Hits(fall=0.10, rest=0.08, share=0.35, floor=0.003)),
        ]
        self._drums = {
            "kick": Hits(fall=0.15, rest=0.06, share=0.0, floor=0.5, over_mean=0.0),
            "snare": Hits(fall=0.15, rest=0.05, share=0.0, floor=0.5, over_mean=0.0),
            "hat": Hits(fall=0.08, rest=0.05, share=0.0, floor=0.5, over_mean=0.0),
        }
        self._colours = {
            "percussive": Envelope(0.008, 0.12),
            "harmonic": Envelope(0.03, 0.2),
            "brightness": Envelope(0.05, 0.20),
            "noisiness": Envelope(0.05, 0.20),
        }
        self._parts_gain = AutoGain(0.01)
        self._hue, self._structure = HueFollower(), Structure()
        self._settings: HearingSettings | None = None

    @property
    def factor(self) -> float:
        """By how much the loudness is raised before it is a signal; any thread."""
        return self._bands[0].factor

    def step(
        self, features: Features, beat: Beat, settings: HearingSettings = USUAL
    ) -> Signals:
        """Signals at the end of the hop that `features` describes."""
        if settings != self._settings:
            self._set(settings)
        values, clocks = {}, {}
        heard = zip((features.rms, *features.bands), features.flux, strict=True)
        for band, (loud, flux) in zip(self._bands, heard, strict=True):
            made, clocks[f"{band.name}_time"] = band.step(loud, flux)
            values.update(zip(band.names, made, strict=True))
        for (name, hits), sure in zip(self._drums.items(), features.drums, strict=True):
            values[name] = hits.step(sure)
        colour = self._colour(features)
        for name, envelope in self._colours.items():
            values[name] = envelope.step(colour[name])
        values["hue"], values["hue_confidence"] = self._hue.step(features.chroma)
        values.update(self._structure.step(features, beat))
        values["confidence"] = min(1.0, max(0.0, beat.confidence))
        return Signals(features.time, MappingProxyType(values), beat, MappingProxyType(clocks))

    def _set(self, settings: HearingSettings) -> None:
        self._settings = settings
        for band, following in zip(self._bands, settings.following, strict=True):
            band.set(settings, following)
        floor = 0.5 * settings.gain_floor
        self._parts_gain.set(settings.auto_gain, settings.gain, settings.gain_seconds, floor)

    def _colour(self, features: Features) -> dict[str, float]:
        self._parts_gain.step(max(features.harmonic, features.percussive))
        full = self._parts_gain.reference  # the same for both: one tells itself from the other
        parts = {
            "percussive": min(1.0, features.percussive / full),
            "harmonic": min(1.0, features.harmonic / full),
        }
        if features.rms < GATE:
            return {**parts, "brightness": 0.0, "noisiness": 0.0}
        octaves = math.log(max(features.centroid_hz, 1.0) / LOW_HZ) / math.log(HIGH_HZ / LOW_HZ)
        noisy = math.sqrt(max(0.0, features.flatness))
        bright = min(1.0, max(0.0, octaves))
        return {**parts, "brightness": bright, "noisiness": min(1.0, noisy)}


def clock_values(signals: Signals, time: float) -> dict[str, float]:
    """params.CLOCKS at show time `time`: each carried on at its present rate, no memory."""
    ahead = time - signals.time
    return {name: value + rate * ahead for name, (value, rate) in signals.clocks.items()}


def time_values(beat: Beat, time: float) -> dict[str, float]:
    """params.TIMES at show time `time`, from the newest Beat: closed form, no memory.

    `t` seconds; `beat` count; `phase`, `bar` and `phrase` 0..1 over 1, 4 and 16 beats; `bpm`;
    `onbeat`, `toggle` and `random` 0..1; `bar_count` and `phrase_count` the same beats in fours
    and sixteens.
    """
    count = beat.at(time)
    return {
        "t": time,
        "beat": count,
        "phase": count % 1.0,
        "bar": count / 4.0 % 1.0,
        "phrase": count / 16.0 % 1.0,
        "bar_count": count / 4.0,
        "phrase_count": count / 16.0,
        "bpm": beat.bpm,
        "onbeat": functions.pulse(count, ONBEAT_FALL_BEATS),
        "toggle": float(int(count) % 2),
        "random": functions.dice(count),
    }
