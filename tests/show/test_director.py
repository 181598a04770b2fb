"""The director: what is chosen begins at its place in the music, by hand, autopilot and decks."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.curves import CURVES
from engine.director import Director
from engine.params import LAUNCHES, ORDERS, SET, SET_SWITCHES, TRANSITIONS, TRIGGERS
from engine.records import (
    HOP_SECONDS,
    Beat,
    ControlEvent,
    Controls,
    Moment,
    Playing,
    Signals,
)
from engine.scenes import shown_at
from engine.show import Autopilot, Scene, Show, Transition

BPM = 120.0
CALM = Autopilot(on=False)


def show_of(
    names: str = "abcd", pilot: Autopilot = CALM, when: str = "now", **scene: object
) -> Show:
    """A set of looks of which the director reads nothing but the names."""
    looks = tuple(SimpleNamespace(name=name) for name in names)
    scenes = tuple(Scene(**{"transition": Transition(), **scene}) for _ in names)
    hush = SimpleNamespace(name="hush")
    return Show("set", looks, hush, {}, (), scenes, autopilot=pilot, when=when)


class Evening:
    """Steps a director hop by hop at 120 bpm."""

    def __init__(self, show: Show) -> None:
        self.show, self.director = show, Director(show)
        self.hops, self.skipped = 0, 0.0
        self.history: list[int] = [0]

    @property
    def time(self) -> float:
        return self.hops * HOP_SECONDS

    @property
    def beat(self) -> float:
        return self.time * BPM / 60.0 + self.skipped

    def hop(self, *events: tuple, drop: float = 0.0) -> Playing:
        self.hops += 1
        signals = Signals(self.time, {"drop": drop}, Beat(self.time, self.beat, BPM))
        rows = [ControlEvent(self.time, address, value) for address, value in events]
        playing = self.director.step(signals, rows, self.show)
        if playing.change.after != self.history[-1]:
            self.history.append(playing.change.after)
        self.moment = Moment(self.time, signals, Controls(), playing=playing)
        return playing

    def to_beat(self, beat: float) -> Playing:
        playing = self.director.playing
        while self.beat < beat:
            playing = self.hop()
        return playing

    def seen(self, time: float) -> tuple[str, str, float]:
        shown = shown_at(time, self.moment, self.show)
        return shown.before.name, shown.after.name, shown.k


@pytest.mark.parametrize(
    ("address", "value", "after"),
    [
        ("next", 1.0, 1),
        ("previous", 1.0, 3),
        ("preset", 3.0, 2),
        ("preset", "D", 3),
        ("preset.2", 1.0, 1),
        ("preset.2.now", 1.0, 1),
        ("preset.now", "b", 1),
        ("next.now", 1.0, 1),
        ("next", 0.0, 0),
        ("next", "next", 0),
        ("preset", 0.0, 0),
        ("preset", 5.0, 0),
        ("preset", float("nan"), 0),
        ("preset", "unknown", 0),
        ("preset.9", 1.0, 0),
        ("preset.2", 0.0, 0),
        ("next.3", 1.0, 0),
        ("autopilot", float("nan"), 0),
    ],
)
def test_a_choice_begins_at_once_and_ends_the_autopilot(address, value, after):
    evening = Evening(show_of(pilot=Autopilot()))
    playing = evening.hop((address, value))
    assert (playing.change.after, playing.queued) == (after, None)
    assert playing.autopilot == (after == 0)


@pytest.mark.parametrize(("when", "beat"), [("beat", 3.0), ("bar", 4.0), ("phrase", 16.0)])
def test_a_choice_waits_for_its_place_and_takes_over_exactly_there(when, beat):
    evening = Evening(show_of(when=when, transition=Transition(beats=2.0, curve="linear")))
    evening.to_beat(2.2)
    queued = evening.hop(("preset.3", 1.0)).queued
    assert (queued.after, queued.beat, queued.beats) == (2, beat, 2.0)
    evening.to_beat(beat - 0.04)
    at = beat * 60.0 / BPM
    assert evening.moment.playing.queued is not None, "the beat lies between two hops"
    assert evening.seen(at - 1e-6)[1] == "a"
    assert evening.seen(at + 0.25) == pytest.approx(("a", "c", 0.25))
    evening.to_beat(beat + 0.3)
    assert evening.moment.playing.change == queued
    assert evening.seen(at + 0.25) == pytest.approx(("a", "c", 0.25))


def test_an_event_says_when_by_itself():
    evening = Evening(show_of(when="phrase"))
    evening.to_beat(1.5)
    assert evening.hop(("next.bar", 1.0)).queued.beat == 4.0
    assert evening.hop(("preset.4.beat", 1.0)).queued.beat == 2.0


def test_two_steps_go_two_on_and_the_look_that_is_there_takes_the_queue_back():
    evening = Evening(show_of(when="bar"))
    evening.to_beat(1.0)
    assert evening.hop(("next", 1.0), ("next", 1.0)).queued.after == 2
    assert evening.hop(("previous", 1.0)).queued.after == 1
    assert evening.hop(("preset.1", 1.0)).queued is None


def test_pressed_just_before_the_bar_heard_just_after_it_is_still_that_bar():
    """A song played to the room is analysed before it sounds; hands follow the ears."""
    evening = Evening(show_of(when="bar"))
    evening.to_beat(4.1)
    event = ControlEvent(evening.time - 0.1, "next", 1.0)
    playing = evening.director.step(evening.moment.signals, [event], evening.show)
    assert playing.change.beat == 4.0


def test_a_change_taken_back_goes_the_way_it_came():
    evening = Evening(show_of(transition=Transition(beats=4.0, curve="ease")))
    evening.hop(("preset.2", 1.0))
    evening.to_beat(evening.beat + 1.0)
    before = evening.seen(evening.time)
    evening.hop(("preset.1", 1.0))
    after = evening.seen(evening.time)
    assert (before[:2], after[:2]) == (("a", "b"), ("b", "a"))
    assert after[2] == pytest.approx(1.0 - before[2], abs=0.03)
    assert evening.to_beat(evening.beat + 3.5) and evening.seen(evening.time)[2] == 1.0


def test_a_way_back_that_waits_begins_at_its_place():
    evening = Evening(show_of(when="bar", transition=Transition(beats=16.0, curve="linear")))
    evening.hop(("preset.2.now", 1.0))
    evening.to_beat(6.5)
    assert evening.hop(("preset.1", 1.0)).queued.beat == 8.0
    evening.to_beat(7.95)
    assert evening.seen(3.999)[:2] == ("a", "b") and evening.seen(4.001)[:2] == ("b", "a")
    assert evening.seen(4.0)[2] == pytest.approx(1.0 - evening.seen(3.999)[2], abs=0.01)


def test_a_third_look_takes_over_from_the_one_of_which_more_is_seen():
    evening = Evening(show_of(transition=Transition(beats=4.0)))
    evening.hop(("preset.2", 1.0))
    evening.to_beat(evening.beat + 1.0)
    assert evening.hop(("preset.3", 1.0)).change.before == 0
    evening.to_beat(evening.beat + 3.0)
    assert evening.hop(("preset.4", 1.0)).change.before == 2


def test_the_same_look_again_does_not_fade_anew():
    evening = Evening(show_of())
    first = evening.hop(("preset.2", 1.0))
    evening.to_beat(1.0)
    assert evening.hop(("preset.2", 1.0)).change == first.change


def test_the_autopilot_goes_on_after_the_scenes_bars():
    evening = Evening(show_of("abc", Autopilot(), bars=2))
    assert evening.to_beat(3.9).queued is None
    queued = evening.to_beat(5.0).queued
    assert (queued.after, queued.beat) == (1, 8.0), "told a bar ahead"
    evening.to_beat(25.0)
    assert evening.history == [0, 1, 2, 0]


@pytest.mark.parametrize("order", ORDERS)
def test_orders(order):
    evening = Evening(show_of("abcd", Autopilot(order=order, seed=3), bars=1))
    evening.to_beat(100.0)
    again = Evening(show_of("abcd", Autopilot(order=order, seed=3), bars=1))
    again.to_beat(100.0)
    heard = evening.history
    assert len(heard) > 20 and heard == again.history
    if order == "forward":
        assert heard[:6] == [0, 1, 2, 3, 0, 1]
    if order == "shuffle":
        assert sorted(heard[1:4]) == [1, 2, 3] and len(set(heard[4:7])) == 3


def test_a_drop_changes_at_once_but_not_too_soon():
    evening = Evening(show_of(pilot=Autopilot(on_drop=True, min_seconds=5.0), bars=64))
    evening.to_beat(4.0)
    assert evening.hop(drop=1.0).change.after == 0
    evening.to_beat(12.5)
    assert evening.hop(drop=1.0).change.after == 1
    assert evening.hop(drop=1.0).change.after == 1, "one drop is one change"


def test_seconds_bound_the_bars():
    late = Evening(show_of("ab", Autopilot(min_seconds=7.0), bars=1))
    late.to_beat(30.0)
    assert late.moment.playing.change.beat == 16.0
    soon = Evening(show_of("ab", Autopilot(max_seconds=7.0), bars=64))
    soon.to_beat(30.0)
    assert soon.moment.playing.change.beat == 24.0
    assert soon.history == [0, 1, 0]


def test_off_and_lock_hold_the_look_and_take_back_what_was_to_come():
    evening = Evening(show_of(pilot=Autopilot(), bars=2))
    assert evening.to_beat(5.0).queued
    assert evening.hop(("autopilot.lock", "toggle")).queued is None
    assert evening.to_beat(30.0).change.after == 0
    evening.hop(("autopilot.lock", "toggle"))
    assert evening.to_beat(33.0).change.after == 1, "it goes on at the next bar"
    evening.hop(("autopilot", "toggle"))
    assert evening.to_beat(60.0).change.after == 1
    assert not evening.director.playing.autopilot


def test_the_length_by_hand_until_reset():
    evening = Evening(show_of())
    assert evening.hop(("transition.beats", 7.0), ("next", 1.0)).change.beats == 7.0
    assert evening.hop(("reset", 1.0), ("next", 1.0)).change.beats == 2.0


def test_decks_and_crossfader():
    evening = Evening(show_of())
    evening.hop(("deck.a", 2.0), ("deck.b", "d"), ("crossfader", 0.25))
    assert evening.seen(evening.time) == ("b", "d", 0.25)
    evening.hop(("deck.b.4", 1.0), ("preset.3", 1.0))
    evening.to_beat(4.0)
    assert evening.seen(evening.time) == ("b", "c", 0.25), "an empty deck is what plays"
    evening.hop(("deck.a", 0.0), ("crossfader", float("nan")))
    assert evening.seen(evening.time)[1:] == ("c", 1.0)


def test_beats_that_are_skipped_do_not_cut_a_fade_short():
    evening = Evening(show_of("ab", Autopilot(), bars=1))
    evening.to_beat(4.5)
    before = evening.seen(evening.time)
    evening.skipped = 3.0
    evening.hop()
    assert evening.seen(evening.time)[2] == pytest.approx(before[2], abs=0.02)


def test_a_saved_set_plays_on_by_name():
    evening = Evening(show_of("abcd"))
    evening.hop(("preset.3", 1.0), ("deck.b.4", 1.0))
    evening.show = show_of("cb")
    playing = evening.hop()
    assert (playing.change.after, playing.decks) == (0, (None, None))
    evening.show = show_of("a")
    assert evening.hop(("next", 1.0)).change.after == 0


@pytest.mark.parametrize("name", CURVES)
def test_curves_rise_from_nothing_to_all(name):
    curve = CURVES[name]
    values = [curve(n / 50) for n in range(51)]
    assert values[0] == 0.0 and values[-1] == pytest.approx(1.0)
    assert values == sorted(values)


NUMBERS = st.one_of(st.floats(), st.integers(-2, 9), st.sampled_from(["a", "D", "toggle", ""]))
ADDRESSES = st.one_of(
    st.sampled_from([*SET, *SET_SWITCHES, *TRIGGERS, "preset", "deck.a", "deck.b"]),
    st.builds(
        "{}.{}{}".format,
        st.sampled_from(["preset", "deck.a", "deck.b", "next"]),
        st.integers(0, 9),
        st.sampled_from(["", *(f".{when}" for when in LAUNCHES), ".bars"]),
    ),
)
EVENTS = st.lists(st.builds(ControlEvent, st.floats(), ADDRESSES, NUMBERS), max_size=3)
HOPS = st.lists(
    st.tuples(EVENTS, st.floats(0.0, 3.0), st.sampled_from([0.0, 1.0]), st.integers(0, 2)),
    max_size=20,
)
PILOTS = st.builds(
    Autopilot, st.booleans(), st.booleans(), st.sampled_from(ORDERS), st.integers(0, 9),
    st.floats(0.0, 20.0), st.floats(20.0, 60.0),
)
WAYS = st.builds(
    Transition, st.sampled_from([*TRANSITIONS, "wipe"]), st.floats(0.0, 64.0),
    st.sampled_from(list(CURVES)),
)
SCENES = st.builds(Scene, WAYS, st.integers(1, 16))


@st.composite
def shows(draw: st.DrawFn) -> Show:
    names = "".join(draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=5)))
    show = show_of(names, draw(PILOTS), draw(st.sampled_from(list(LAUNCHES))))
    return replace(show, scenes=tuple(draw(SCENES) for _ in names))


@settings(max_examples=60, deadline=None)
@given(st.lists(shows(), min_size=3, max_size=3), HOPS)
def test_whatever_comes_the_looks_are_there_and_the_same_again(sets, hops):
    def play() -> list[Playing]:
        director, played = Director(sets[0]), []
        time = beat = 0.0
        for events, beats, drop, n in hops:
            time, beat = time + HOP_SECONDS, beat + beats
            signals = Signals(time, {"drop": drop}, Beat(time, beat, BPM))
            playing = director.step(signals, events, sets[n])
            played.append(playing)
            count = len(sets[n].names)
            changes = [playing.change] + ([playing.queued] if playing.queued else [])
            assert all(0 <= i < count for c in changes for i in (c.before, c.after))
            assert all(deck is None or 0 <= deck < count for deck in playing.decks)
            assert playing.queued is None or playing.queued.beat > beat
            moment = Moment(time, signals, Controls(), playing=playing)
            for seen in sets:  # a show may be newer than the moment
                assert 0.0 <= shown_at(time + 0.1, moment, seen).k <= 1.0
        return played

    assert play() == play()
