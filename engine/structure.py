"""Where in the music we are: Features and Beat in, five signals out, one step a hop. Numbers only.

A breakdown is the kick gone for two bars and the bass with it; a build is a breakdown that gets
denser, brighter and louder above; a drop is the kick's return at full strength, with the bass,
after at least four beats without both. A kick that was only not heard leaves the bass standing,
which tells the two apart. What is full is learnt from the music of the last minutes. The drop is
where the kick is, not where the clock says: after a long breakdown the clock may be half a beat
off. All is causal: a drop is told a quarter of a beat after it, a breakdown two bars into it. Runs
on the analysis thread.
"""

from __future__ import annotations

import math
from collections import deque

from engine.followers import Envelope
from engine.records import HOP_SECONDS, Beat, Features

SILENT = 0.0012
"""RMS (-58 dB) below which nothing plays."""
KICK_SURE = 0.5
KICK_REST_SECONDS = 0.12
STRONG = 0.35
"""Share of the usual kick's rise from which a kick counts; a muffled one in an intro does not."""
LEARNT = 6
"""Strong kicks heard before their absence says anything."""
GONE_BEATS, LONG_GONE_BEATS = 8.0, 16.0
"""Beats without a kick that make a breakdown: with the bass gone too, with a bass that stays."""
LEAST_GAP_BEATS = 4.0
BASS_GONE, BASS_BACK = 0.66, 0.6
"""Shares of the usual bass: in the mean of a gap at most, and at a drop at least (measured on our
own music: gaps that are none have 0.7 to 1.0, breakdowns 0.02 to 0.65)."""
CONFIRM_BEATS = 0.25
"""How long after a returning kick the bass must stand, before the drop is told."""
GAPS, USUAL_GAPS = 24, 2.0
"""Gaps remembered; how many of their longer ones an absence must last: dub has few kicks."""
EMPTY = 0.3
"""Share of bass below which a kick between two gaps stood alone, and the gaps are one."""
REST_BEATS = 8.0
DROP_FALL_BEATS = 4.0
BUILT, WELL_BUILT = 0.35, 0.5
"""Build from which a short gap counts, and from which a gap at the start of the music does."""


class Structure:
    """Intensity, silence, breakdown, build and drop; call `step` once a hop, in order."""

    def __init__(self) -> None:
        self._kicks, self._bass = Kicks(), Bass()
        self._build, self._intensity = Build(), Intensity()
        self._silent = Envelope(0.3, 0.05)
        self._broken = Envelope(0.4, 0.1)
        self._drop = 0.0
        self._candidate = math.inf
        self._last_drop = -math.inf

    def step(self, features: Features, beat: Beat) -> dict[str, float]:
        """The five signals, all 0..1, at the end of the hop."""
        quiet = features.rms < SILENT
        silence = self._silent.step(1.0 if quiet else 0.0)
        gap, strong = self._kicks.step(features, beat, self._bass.in_gap)
        bass = self._bass.step(features, gap, strong)
        long = gap >= (GONE_BEATS if bass < BASS_GONE else LONG_GONE_BEATS)
        unusual = gap > USUAL_GAPS * self._kicks.usual_gap
        gone = self._kicks.learnt and long and unusual and self._bass.in_gap < BASS_GONE
        breakdown = self._broken.step(1.0 if gone and not quiet else 0.0)
        build = self._build.step(features, gap)
        self._look_for_drop(beat, strong, bass)
        return {
            "intensity": self._intensity.step(features, bass),
            "silence": silence,
            "breakdown": breakdown,
            "build": build,
            "drop": self._drop,
        }

    def _look_for_drop(self, beat: Beat, strong: bool, bass: float) -> None:
        self._drop *= math.exp(-HOP_SECONDS * beat.bpm / 60.0 / DROP_FALL_BEATS)
        now = beat.beat
        if strong and self._may_drop(beat):
            self._candidate = now
        waited = now - self._candidate
        if waited >= CONFIRM_BEATS:
            if bass >= BASS_BACK:
                self._drop, self._last_drop = 1.0, now
                self._candidate = math.inf
            elif waited > 3 * CONFIRM_BEATS:
                self._candidate = math.inf

    def _may_drop(self, beat: Beat) -> bool:
        gap, build = self._kicks.gap_before, self._build.value
        enough = gap >= GONE_BEATS or (gap >= LEAST_GAP_BEATS and build > BUILT)
        enough = enough and gap > USUAL_GAPS * self._kicks.usual_gap
        known = self._kicks.learnt or build > WELL_BUILT
        rested = beat.beat - self._last_drop > REST_BEATS
        return enough and known and rested and self._bass.before < BASS_GONE


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
        self.gap_before = 0.0
        """Beats without a strong kick before the newest one."""

    @property
    def learnt(self) -> bool:
        return self._count >= LEARNT

    def step(self, features: Features, beat: Beat, bass: float) -> tuple[float, bool]:
        """(beats since the last strong kick, whether one begins); `bass` is the gap's so far."""
        now = features.time
        strong = False
        if features.drums[0] > KICK_SURE and now > self._rest:
            self._rest = now + KICK_REST_SECONDS
            strong = self._heard(features.onsets[0])
        gap = (now - self._last) * beat.bpm / 60.0
        if strong:
            alone = bass < EMPTY and min(gap, self.gap_before) >= LEAST_GAP_BEATS
            self.gap_before, self._last = gap + (self.gap_before if alone else 0.0), now
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
        self.before = 0.0
        """Mean over the gap that the newest strong kick ended."""

    @property
    def in_gap(self) -> float:
        return self._sum / max(1, self._hops)

    def step(self, features: Features, gap: float, strong: bool) -> float:
        if strong:
            self.before, self._sum, self._hops = self.in_gap, 0.0, 0
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
