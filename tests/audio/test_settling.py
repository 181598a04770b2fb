"""What the ear settles on, from what a network would say: locks, holds, moves, does not flip."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.audio.bar_space import BEATS
from engine.audio.ear import NetworkEar
from engine.audio.network import DELAY_SECONDS, SPREAD_HOPS, Seen
from engine.records import HOP_SECONDS, Reading

Eyes = Callable[[float], Seen]


def music(bpm: float, first: float = 0.0, clear: float = 0.75, pulse: float = 0.95) -> Eyes:
    """What a fair network says of a track in four; `first` is a first beat of a bar."""

    def see(time: float) -> Seen:
        count = (time - DELAY_SECONDS - first) * bpm / 60.0
        hops = abs(count - round(count)) * 60.0 / bpm / HOP_SECONDS
        hit = 0.02 + clear * max(0.0, 1.0 - hops / SPREAD_HOPS)
        down = 0.65 if round(count) % BEATS == 0 else 0.15
        return Seen(1.0 - hit, hit * (1.0 - down), hit * down, pulse)

    return see


def breakdown(time: float) -> Seen:
    return Seen(0.97, 0.02, 0.01, 0.8)


def silence(time: float) -> Seen:
    return Seen(0.995, 0.004, 0.001, 0.01)


def play(ear: NetworkEar, eyes: Eyes, start: float, end: float) -> list[Reading]:
    hops = range(int(start / HOP_SECONDS), int(end / HOP_SECONDS))
    return [ear.believe((k + 1) * HOP_SECONDS, eyes((k + 1) * HOP_SECONDS)) for k in hops]


def lag(reading: Reading, bpm: float, first: float = 0.0) -> float:
    """Seconds by which the reading is behind the music."""
    true = (reading.time - first) * bpm / 60.0
    return ((true - reading.phase + 0.5) % 1.0 - 0.5) * 60.0 / bpm


@pytest.fixture
def ear() -> NetworkEar:
    return NetworkEar(70, 180)


@pytest.mark.parametrize("bpm", [75, 100, 127.3, 140, 174])
def test_it_locks_within_six_beats_and_to_the_millisecond(ear, bpm):
    readings = play(ear, music(bpm, first=0.11), 0.0, 12.0)
    sure = [r for r in readings if r.confidence >= 0.3]
    assert sure[0].time < 6.5 * 60 / bpm
    assert all(abs(lag(r, bpm, 0.11)) < 0.03 for r in sure if r.time > 8.5 * 60 / bpm)
    assert abs(lag(readings[-1], bpm, 0.11)) < 0.003
    assert readings[-1].bpm == pytest.approx(bpm, rel=0.003)


def test_the_bar_is_right_after_sixteen_seconds(ear):
    last = play(ear, music(126, first=0.9), 0.0, 16.0)[-1]
    assert last.bar_beat == int((last.time - 0.9) * 126 / 60) % BEATS


def test_a_breakdown_of_sixteen_bars_is_held(ear):
    play(ear, music(128), 0.0, 16.0)
    held = play(ear, breakdown, 16.0, 46.0)
    assert min(r.confidence for r in held) > 0.35
    assert abs(lag(held[-1], 128)) < 0.04
    assert held[-1].bar_beat == int(held[-1].time * 128 / 60) % BEATS


def test_silence_is_not_believed_in(ear):
    play(ear, music(128), 0.0, 10.0)
    end = play(ear, silence, 10.0, 16.0)
    assert max(r.confidence for r in end if r.time > 12.5) < 0.1
    assert max(r.confidence for r in play(NetworkEar(70, 180), silence, 0.0, 8.0)) < 0.05


def test_the_off_beat_for_two_bars_flips_nothing(ear):
    play(ear, music(128), 0.0, 12.0)
    half = 30 / 128
    for r in play(ear, music(128, first=half, clear=0.4), 12.0, 15.75):
        assert abs(lag(r, 128)) < 0.03
    assert all(abs(lag(r, 128)) < 0.03 for r in play(ear, music(128), 15.75, 20.0))


def test_beats_seen_between_the_beats_do_not_double_it(ear):
    on, between = music(88), music(88, first=30 / 88, clear=0.35)
    play(ear, on, 0.0, 8.0)

    def both(time: float) -> Seen:
        return min(on(time), between(time), key=lambda seen: seen.none)

    assert all(r.bpm == pytest.approx(88, rel=0.02) for r in play(ear, both, 8.0, 20.0))


@pytest.mark.parametrize("bpm, first", [(138, 12.1), (100, 12.3), (124, 12.2)])
def test_a_new_track_is_believed_within_four_seconds(ear, bpm, first):
    play(ear, music(124), 0.0, 12.0)
    after = play(ear, music(bpm, first=first), 12.0, 18.0)
    late = [r for r in after if r.time > 16.0]
    assert all(abs(lag(r, bpm, first)) < 0.03 for r in late)
    assert all(r.confidence >= 0.3 for r in late)


def test_the_range_is_kept():
    assert play(NetworkEar(70, 110), music(160), 0.0, 8.0)[-1].bpm == pytest.approx(80, rel=0.02)
    ear = NetworkEar(70, 110)
    ear.set_range(120, 200)
    assert play(ear, music(160), 0.0, 8.0)[-1].bpm == pytest.approx(160, rel=0.02)


def test_relearn_forgets(ear):
    play(ear, music(124), 0.0, 10.0)
    ear.relearn()
    assert play(ear, silence, 10.0, 10.1)[-1].confidence < 0.05


def test_the_same_sound_gives_the_same_readings():
    rng = np.random.default_rng(2)
    rows = [Seen(*map(float, rng.dirichlet((8, 1, 1))), 0.7) for _ in range(400)]
    runs = []
    for _ in range(2):
        ear = NetworkEar(70, 180)
        runs.append([ear.believe((k + 1) * HOP_SECONDS, row) for k, row in enumerate(rows)])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("before, bpm, beats", [(126, 141, 2.5), (140, 122, 2.5), (128, 174, 5)])
def test_a_cut_to_another_tempo_is_followed_in_a_few_beats(ear, before, bpm, beats):
    play(ear, music(before), 0.0, 20.0)
    after = play(ear, music(bpm, first=20.3), 20.0, 26.0)
    right = [r.time for r in after
             if abs(r.bpm / bpm - 1) < 0.03 and abs(lag(r, bpm, 20.3)) < 0.05]  # fmt: skip
    assert right[0] - 20.3 < beats * 60 / bpm


def test_a_cut_into_a_breakdown_with_faint_beats_is_followed(ear):
    play(ear, music(150), 0.0, 20.0)
    faint = music(129, first=20.2, clear=0.22)
    after = play(ear, faint, 20.0, 32.0)
    assert after[-1].bpm == pytest.approx(129, rel=0.02) and abs(lag(after[-1], 129, 20.2)) < 0.04
