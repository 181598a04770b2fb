"""Where in the music we are: Features and Beat in, five signals out, one step a hop. Numbers only.

A breakdown is the kick gone for two bars and the bass with it; a build is a breakdown that gets
denser, brighter and louder above. A kick that was only not heard leaves the bass standing, which
tells the two apart. A drop is told by a small network (one hidden layer of 24, our own weights,
`training/ear/drops.py`), because a rule misses those of builds in which the kick plays on: it looks
at how loudness, bands, onsets and the kick lie against their own last bars and half minute. The
drop is where the sound is, not where the clock says: after a long breakdown the clock may be half
a beat off. All is causal: a drop is told within a beat of it, a breakdown two bars into it. Runs on
the analysis thread.
"""

from __future__ import annotations

import math
from collections import deque
from pathlib import Path

import numpy as np

from engine.errors import ModelError
from engine.followers import Envelope
from engine.records import HOP_SECONDS, Beat, Features

SILENT = 0.0012
"""RMS (-58 dB) below which nothing plays."""
KICK_SURE = 0.5
"""From when a kick counts."""
KICK_REST_SECONDS = 0.12
STRONG = 0.35
"""Share of the usual kick's rise from which a kick counts; a muffled one in an intro does not."""
LEARNT = 6
"""Strong kicks heard before their absence says anything."""
GONE_BEATS, LONG_GONE_BEATS = 8.0, 16.0
"""Beats without a kick that make a breakdown: with the bass gone too, with a bass that stays."""
LEAST_GAP_BEATS = 4.0
BASS_GONE = 0.66
"""Share of the usual bass that the mean of a gap holds at most (measured on our own music: gaps
that are none have 0.7 to 1.0, breakdowns 0.02 to 0.65)."""
GAPS, USUAL_GAPS = 24, 2.0
"""Gaps remembered; how many of their longer ones an absence must last: dub has few kicks."""
DROP_SURE = 0.75
"""How sure the drop ear must be. Chosen on `valid`, beside the false ones that it lets pass."""
REST_BEATS = 8.0
DROP_FALL_BEATS = 4.0
WEIGHTS = Path(__file__).with_name("drops.npz")
"""Of the drop ear."""
SECONDS = np.array([0.15, 0.6, 2.4, 9.6, 38.0])
"""Time constants at which everything is followed."""
FLOORS = np.array([3e-3] + 10 * [1e-3])[:, None]
"""Added before the logarithm: rms, then bands, flux and kick; silence is level."""
PAIRS = ((0, 1), (0, 2), (0, 3), (0, 4), (2, 4))
"""Which speeds are compared, as differences of binary logarithms."""
LONGEST_SECONDS = 20.0
"""No absence of a kick is taken to be longer."""
NEW_SECONDS, YOUNG_SECONDS = 38.0, 4.0
"""How long the music has been heard is told at these two scales."""
MOST = 6.0
"""No input lies further from 0."""
INPUTS = len(FLOORS) * len(PAIRS) + 3
_SHARES = 1.0 - np.exp(-HOP_SECONDS / SECONDS)


class Structure:
    """Intensity, silence, breakdown, build and drop; call `step` once a hop, in order."""

    def __init__(self) -> None:
        self._kicks, self._bass = Kicks(), Bass()
        self._build, self._intensity = Build(), Intensity()
        self._silent = Envelope(0.3, 0.05)
        self._broken = Envelope(0.4, 0.1)
        self._drop_ear = DropEar()
        self._drop, self._last_drop = 0.0, -math.inf

    def step(self, features: Features, beat: Beat) -> dict[str, float]:
        """The five signals, all 0..1, at the end of the hop."""
        quiet = features.rms < SILENT
        silence = self._silent.step(1.0 if quiet else 0.0)
        gap, strong = self._kicks.step(features, beat)
        bass = self._bass.step(features, gap, strong)
        long = gap >= (GONE_BEATS if bass < BASS_GONE else LONG_GONE_BEATS)
        unusual = gap > USUAL_GAPS * self._kicks.usual_gap
        gone = self._kicks.learnt and long and unusual and self._bass.in_gap < BASS_GONE
        breakdown = self._broken.step(1.0 if gone and not quiet else 0.0)
        build = self._build.step(features, gap)
        self._look_for_drop(beat, self._drop_ear.step(features))
        return {
            "intensity": self._intensity.step(features, bass),
            "silence": silence,
            "breakdown": breakdown,
            "build": build,
            "drop": self._drop,
        }

    def _look_for_drop(self, beat: Beat, sure: float) -> None:
        self._drop *= math.exp(-HOP_SECONDS * beat.bpm / 60.0 / DROP_FALL_BEATS)
        if sure >= DROP_SURE and beat.beat - self._last_drop > REST_BEATS:
            self._drop, self._last_drop = 1.0, beat.beat


class Kicks:
    """How many beats ago the last strong kick was. A kick is strong beside the usual ones."""

    def __init__(self) -> None:
        self._usual = 0.0
        self._count = 0
        self._rest = 0.0
        self._last = 0.0
        self._gaps: deque[float] = deque(maxlen=GAPS)
        self.usual_gap = 0.0
        """Beats that the longer gaps between kicks last (the fifth longest of 24)."""

    @property
    def learnt(self) -> bool:
        return self._count >= LEARNT

    def step(self, features: Features, beat: Beat) -> tuple[float, bool]:
        """(beats since the last strong kick, whether one begins)."""
        now = features.time
        strong = False
        if features.drums[0] > KICK_SURE and now > self._rest:
            self._rest = now + KICK_REST_SECONDS
            strong = self._heard(features.onsets[0])
        gap = (now - self._last) * beat.bpm / 60.0
        if strong:
            self._last = now
            self._gaps.append(gap)
            self.usual_gap = sorted(self._gaps)[int(0.8 * (len(self._gaps) - 1))]
        return (0.0 if strong else gap), strong

    def _heard(self, rise: float) -> bool:
        strong = rise > STRONG * self._usual
        pull = 0.15 if rise > self._usual else 0.05
        self._usual += pull * (rise - self._usual)
        self._count += strong
        return strong


class Bass:
    """The low band beside its usual strength: 0..1, now and in the mean of the present gap."""

    def __init__(self) -> None:
        self._now = Envelope(0.02, 0.3)
        self._usual = Envelope(5.0, 60.0)
        self._sum, self._hops = 0.0, 0

    @property
    def in_gap(self) -> float:
        return self._sum / max(1, self._hops)

    def step(self, features: Features, gap: float, strong: bool) -> float:
        if strong:
            self._sum, self._hops = 0.0, 0
        low = self._now.step(features.bands[0])
        if gap < LEAST_GAP_BEATS:  # a breakdown is no measure of what is full
            self._usual.step(low)
        share = min(1.0, low / max(1e-4, self._usual.value))
        self._sum, self._hops = self._sum + share, self._hops + 1
        return share


class Build:
    """What rises while the kick is away: loudness above the bass, density of onsets, brightness."""

    def __init__(self) -> None:
        self._pairs = [(Envelope(0.7, 0.7), Envelope(6.0, 6.0)) for _ in range(3)]
        self._shown = Envelope(0.5, 0.4)
        self._heard = Envelope(6.0, 1.0)

    @property
    def value(self) -> float:
        return self._shown.value

    def step(self, features: Features, gap: float) -> float:
        heard = (features.bands[3], features.flux[3], features.centroid_hz * features.rms)
        rise = 0.0
        for (fast, slow), value in zip(self._pairs, heard, strict=True):
            ratio = (fast.step(value) + 1e-5) / (slow.step(value) + 1e-5)
            rise += max(0.0, math.log2(ratio))
        known = self._heard.step(1.0 if features.rms > SILENT else 0.0) > 0.7  # all music begins
        wanted = min(1.0, max(0.0, rise / 1.5 - 0.2)) if gap > 2.0 and known else 0.0
        return self._shown.step(wanted)


class Intensity:
    """Slow energy of the last bars beside the last minutes: loudness, bass and density."""

    def __init__(self) -> None:
        self._slow = [Envelope(2.0, 3.0) for _ in range(2)]
        self._full = [Envelope(4.0, 120.0) for _ in range(2)]
        self._bass = Envelope(2.0, 3.0)

    def step(self, features: Features, bass: float) -> float:
        shares = [self._bass.step(bass if features.rms > SILENT else 0.0)]
        for slow, full, value in zip(
            self._slow, self._full, (features.rms, features.flux[0]), strict=True
        ):
            now = slow.step(value)
            shares.append(min(1.0, now / max(1e-3, full.step(now))))
        return sum(shares) / 3.0


class DropInputs:
    """What the network sees; one call a hop, in order. Needs no weights, so training uses it."""

    def __init__(self) -> None:
        self._means = np.zeros((len(FLOORS), len(SECONDS)))
        self._heard, self._since = 0, LONGEST_SECONDS

    def step(self, features: Features) -> np.ndarray:
        """The inputs float64 (INPUTS,) at the end of the hop, each within MOST of 0."""
        kick = features.drums[0]
        now = np.array([features.rms, *features.bands, *features.flux, kick])
        self._means += _SHARES * (now[:, None] - self._means)
        levels = np.log2(self._means + FLOORS)
        rises = np.stack([levels[:, a] - levels[:, b] for a, b in PAIRS], axis=1).ravel()
        seconds = self._heard * HOP_SECONDS
        self._heard += 1
        later = min(LONGEST_SECONDS, self._since + HOP_SECONDS)
        self._since = 0.0 if kick > KICK_SURE else later
        ages = (1.0 - math.exp(-seconds / NEW_SECONDS), math.exp(-seconds / YOUNG_SECONDS),
                math.log2(self._since + 0.1))  # fmt: skip
        return np.clip(np.concatenate([rises, ages]), -MOST, MOST)


class DropEar:
    """One call a hop, in order. Raises ModelError when the weights are missing or damaged."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self._inputs = DropInputs()
        self._hidden, self._bias, self._out, self._last = _load(weights)

    def step(self, features: Features) -> float:
        """How sure it is (0..1) that a drop came within the last third of a second."""
        hidden = np.tanh(self._hidden @ self._inputs.step(features) + self._bias)
        return 1.0 / (1.0 + math.exp(-float(self._out @ hidden) - self._last))


def _load(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    try:
        with np.load(path, allow_pickle=False) as file:
            hidden, bias, out, last = (file[name] for name in ("hidden", "bias", "out", "last"))
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: the drop ear's weights cannot be read ({error})") from None
    if hidden.shape[1:] != (INPUTS,) or bias.shape != out.shape != hidden.shape[:1]:
        raise ModelError(f"{path}: not the drop ear's weights ({INPUTS} inputs)")
    return hidden, bias, out, float(last)
