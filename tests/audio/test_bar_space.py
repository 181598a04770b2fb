"""The belief over tempo and place in the bar, fed with what a network would say."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio.bar_space import BEATS, BarSpace
from engine.audio.network import SPREAD_HOPS, Seen
from engine.records import HOP_SECONDS

NOTHING = Seen(0.97, 0.02, 0.01, 0.5)


def seen_at(time: float, bpm: float, first: float = 0.0, clear: float = 0.8) -> Seen:
    """What a fair network says `time` seconds into a bar of four that begins at `first`."""
    count = (time - first) * bpm / 60.0
    hops = abs(count - round(count)) * 60.0 / bpm / HOP_SECONDS
    hit = 0.03 + clear * max(0.0, 1.0 - hops / SPREAD_HOPS)
    down = 0.6 if round(count) % BEATS == 0 else 0.2
    return Seen(1.0 - hit, hit * (1.0 - down), hit * down, 0.9)


def played(space: BarSpace, start: float, seconds: float, **how) -> tuple[float, float, float]:
    """Phase, sureness times belief and tempo after so many seconds."""
    for k in range(int(seconds / HOP_SECONDS)):
        space.step(seen_at(start + (k + 1) * HOP_SECONDS, **how))
    low, high, mass = space.tempo()
    phase, focus, bpm = space.phase(low, high)
    return phase, mass * focus, bpm


@pytest.mark.parametrize("bpm", [72, 95, 128, 150, 174])
def test_tempo_and_phase_are_found_within_four_seconds(bpm):
    phase, sure, heard = played(BarSpace(70, 180), 0.0, 4.0, bpm=bpm, first=0.13)
    true = ((int(4.0 / HOP_SECONDS) * HOP_SECONDS - 0.13) * bpm / 60) % 1.0
    assert heard == pytest.approx(bpm, rel=0.02)
    assert abs((phase - true + 0.5) % 1.0 - 0.5) < 0.05
    assert sure > 0.6


def test_the_bar_is_found():
    space, bpm = BarSpace(70, 180), 126.0
    played(space, 0.0, 8.3 * 60 / bpm, bpm=bpm, first=-60 / bpm)  # 9.3 beats into the bars
    played(space, 8.3 * 60 / bpm, 8.2 * 60 / bpm, bpm=bpm, first=-60 / bpm)
    low, high, mass = space.tempo()
    beats = space.bar(low, high)
    assert beats.sum() == pytest.approx(mass, abs=1e-3)
    assert beats.argmax() == 1 and beats[1] > 0.8 * mass  # 17.5 beats: in mid-beat of the second


def test_belief_sums_to_one_and_stays_so():
    space = BarSpace(70, 180)
    rng = np.random.default_rng(0)
    for _ in range(500):
        p = rng.dirichlet((5, 1, 1))
        space.step(Seen(*map(float, p), 0.5))
    assert space._belief.sum() == pytest.approx(1.0, abs=1e-3)
    assert space._belief.min() > 0.0


def test_another_tempo_is_found_soon_and_a_place_held_is_kept_through_nothing():
    space = BarSpace(70, 180)
    played(space, 0.0, 10.0, bpm=128)
    assert played(space, 0.0, 3.5, bpm=100, first=0.2)[2] == pytest.approx(100, rel=0.02)
    for k in range(int(20 / HOP_SECONDS)):
        space.step(NOTHING, (100.0, (k * HOP_SECONDS * 100 / 60) % BEATS))
    low, high, mass = space.tempo()
    phase, focus, bpm = space.phase(low, high)
    assert bpm == pytest.approx(100, rel=0.02)
    end = (int(20 / HOP_SECONDS) * HOP_SECONDS * 100 / 60) % 1.0
    assert abs((phase - end + 0.5) % 1.0 - 0.5) < 0.05


def test_only_tempi_of_the_range_are_believed():
    assert played(BarSpace(70, 120), 0.0, 6.0, bpm=150)[2] < 124
    assert played(BarSpace(120, 215), 0.0, 6.0, bpm=90)[2] > 116
