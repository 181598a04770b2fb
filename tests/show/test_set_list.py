"""The set list: what is foretold of the look that plays is what the director then does."""

from types import SimpleNamespace

import pytest

from engine.director import Director
from engine.records import HOP_SECONDS, Beat, Change, Playing, Signals
from engine.set_list import progress
from engine.show import Autopilot, Scene, Show

BPM = 120.0


def show_of(pilot: Autopilot, bars: int = 4, names: str = "abc") -> Show:
    looks = tuple(SimpleNamespace(name=name) for name in names)
    scenes = tuple(Scene(bars=bars) for _ in names)
    return Show("set", looks, SimpleNamespace(name="hush"), {}, (), scenes, autopilot=pilot)


@pytest.mark.parametrize("pilot", [
    Autopilot(), Autopilot(min_seconds=13.0), Autopilot(max_seconds=5.0),
    Autopilot(order="shuffle"),
])
def test_a_look_leaves_when_it_was_foretold(pilot):
    show = show_of(pilot)
    director, told = Director(show), []
    for hop in range(round(60.0 / HOP_SECONDS)):
        time = hop * HOP_SECONDS
        beat = Beat(time, time * BPM / 60.0, BPM)
        playing = director.step(Signals(time, {}, beat), (), show)
        told.append((playing.change, progress(time, beat, playing, show)))
    changes = [n for n in range(1, len(told)) if told[n][0] is not told[n - 1][0]]
    assert len(changes) > 3
    for begin, end in zip(changes, changes[1:], strict=False):
        for change, row in told[begin + 1 : end - 1]:
            came = told[end][0]
            stayed = (came.beat - change.beat) / 4.0
            assert row["bars_due"] == pytest.approx(stayed, abs=0.01)
            assert 0.0 <= row["bars_gone"] <= stayed
            assert row["follows"] in (show.names[came.after], None)
        assert row["follows"] == show.names[came.after]  # queued in its last bar


def test_by_hand_a_look_stays_and_next_is_in_order():
    show, beat = show_of(Autopilot(on=False)), Beat(10.0, 20.0, BPM)
    row = progress(10.0, beat, Playing(Change(after=2, beat=12.0), autopilot=False), show)
    assert row == {"bars_gone": 2.0, "bars_due": None, "follows": "a"}
    kept = progress(10.0, beat, Playing(autopilot=True, locked=True), show)
    assert (kept["bars_due"], kept["follows"]) == (None, "b")


def test_what_is_queued_says_when_and_chance_is_not_foretold():
    show, beat = show_of(Autopilot(order="random")), Beat(10.0, 20.0, BPM)
    assert progress(10.0, beat, Playing(), show)["follows"] is None
    waiting = Playing(queued=Change(0, 2, 24.0), autopilot=False)
    assert progress(10.0, beat, waiting, show) == {
        "bars_gone": 5.0, "bars_due": 6.0, "follows": "c"}


def test_a_lone_look_is_followed_by_nothing():
    show = show_of(Autopilot(), names="a")
    row = progress(1.0, Beat(1.0, 2.0, BPM), Playing(), show)
    assert (row["bars_due"], row["follows"]) == (None, None)
