"""The transport: readings, taps and hands in, a count that never stops and never jumps out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.audio.transport import Transport
from engine.records import HOP_SECONDS, Beat, Reading

Source = Callable[[float], Reading | None]


def steady(
    bpm: float, first: float = 0.0, bar: int | None = None, sure: float = 0.9, source="audio"
) -> Source:
    """A source that knows: a beat at `first`, which is number `bar` of its bar."""

    def read(time: float) -> Reading:
        count = (time - first) * bpm / 60.0
        bar_beat = None if bar is None else (int(np.floor(count)) + bar) % 4
        return Reading(time, bpm, count % 1.0, bar_beat, sure, source)

    return read


def nothing(time: float) -> None:
    return None


def play(transport: Transport, source: Source, until: float) -> list[Beat]:
    start = transport.beat.time
    times = [start + k * HOP_SECONDS for k in range(1, int((until - start) / HOP_SECONDS))]
    return [transport.advance(time, source(time)) for time in times]


def lag(beat: Beat, bpm: float, first: float = 0.0) -> float:
    """Beats -0.5..0.5 by which the count is behind the true one."""
    return ((beat.time - first) * bpm / 60.0 - beat.beat + 0.5) % 1.0 - 0.5


def test_a_sure_reading_is_followed_within_a_beat_and_a_half():
    transport = Transport()
    beats = play(transport, steady(140, first=0.21), 5.0)
    late = [b for b in beats if b.time > 1.0]
    assert max(abs(lag(b, 140, 0.21)) for b in late) < 0.01
    assert late[-1].bpm == pytest.approx(140, abs=0.01)
    assert late[-1].source == "audio" and late[-1].confidence == pytest.approx(0.9, abs=0.01)


def test_it_is_not_sure_before_it_has_arrived():
    for first in (0.1, 0.2, 0.3):
        beats = play(Transport(), steady(120, first=first), 3.0)
        assert all(abs(lag(b, 120, first)) < 0.06 for b in beats if b.confidence >= 0.3)


def test_the_count_never_runs_backwards_nor_leaps():
    transport = Transport()
    beats = play(transport, steady(128), 6)
    beats += play(transport, steady(128, first=30 / 128), 12)  # half a beat away
    beats += play(transport, steady(90, first=0.2), 18)
    beats += play(transport, steady(90, sure=0.05, first=0.5), 20)
    speeds = np.diff([b.beat for b in beats]) / HOP_SECONDS
    assert speeds.min() > 0.0
    assert speeds.max() < 1.85 * 128 / 60
    assert np.all(np.abs(np.diff([b.confidence for b in beats])) < 0.12)


def test_another_phase_is_reached_within_a_beat_and_a_half():
    transport = Transport()
    play(transport, steady(120), 6)
    beats = play(transport, steady(120, first=0.25), 7.0)
    assert abs(lag(beats[-1], 120, 0.25)) < 0.02


def test_where_nothing_is_sure_it_runs_on_and_says_so():
    transport = Transport()
    play(transport, steady(126), 10)
    held = play(transport, steady(93, first=0.1, sure=0.05), 30)
    assert abs(lag(held[-1], 126)) < 0.01
    assert held[-1].bpm == pytest.approx(126, abs=0.01)
    fallen = [b.time for b in held if b.confidence < 0.3]
    assert 2 < fallen[0] - 10 < 8
    assert held[-1].source == "flywheel"


def test_small_errors_go_smoothly():
    rng = np.random.default_rng(3)
    transport = Transport()

    def rough(time: float) -> Reading:
        return Reading(time, 124.0, (time * 124 / 60 + rng.normal(0, 0.03)) % 1.0)

    late = [lag(b, 124) for b in play(transport, rough, 20) if b.time > 3]
    assert np.std(late) < 0.01


def test_the_bar_is_taken_over_once_it_stays_so():
    transport = Transport()
    beats = play(transport, steady(120, bar=2), 6)
    assert (int(beats[-1].beat) - int(beats[-1].time * 2) - 2) % 4 == 0
    skips = [s for s in np.diff([b.beat for b in beats]) if s > 0.5]
    assert len(skips) == 1 and abs(skips[0] - round(skips[0])) < 0.05
    play(transport, steady(120, bar=3), 6.7)  # for less than a second otherwise
    back = play(transport, steady(120, bar=2), 9)
    assert (int(back[-1].beat) - int(back[-1].time * 2) - 2) % 4 == 0


def test_an_older_reading_is_carried_on():
    transport = Transport()
    old = steady(130)

    def late(time: float) -> Reading:
        return old(max(0.0, time - 0.03))

    assert abs(lag(play(transport, late, 6)[-1], 130)) < 0.005


def test_skips_of_the_hand_stay_whole():
    transport = Transport()
    play(transport, steady(120), 4)
    before = transport.beat.beat
    transport.skip(2)
    assert transport.beat.beat == before + 2
    assert abs(lag(play(transport, steady(120), 6)[-1], 120)) < 0.005


def test_relearn_lets_go():
    transport = Transport()
    play(transport, steady(120), 10)
    transport.relearn()
    assert transport.beat.confidence == 0.0
    beats = play(transport, steady(150, first=0.1), 12)
    assert beats[-1].bpm == pytest.approx(150, rel=0.001)


def test_beat_one_makes_the_nearest_beat_the_first_of_a_phrase_and_is_believed():
    transport = Transport()
    play(transport, steady(120, bar=0), 10.3)
    before = transport.beat.beat
    transport.beat_one(11.02)  # the source holds that this is the third of a bar
    beats = play(transport, steady(120, bar=0), 16)
    assert beats[0].beat > before
    one = beats[-1].at(11.0)
    assert abs(one / 16 - round(one / 16)) * 16 < 0.1
