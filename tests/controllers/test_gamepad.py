"""Gamepads: sticks hold and let go, buttons press, what is worn or unplugged does no harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.addresses import TOGGLE
from controllers.gamepad import AXES, BUTTONS, DEAD, DEFAULT, Gamepads, Pad, parse_gamepad
from engine.errors import PresetError


def pad(*pressed: str, **axes: float) -> dict[int, Pad]:
    return {0: Pad("a pad", tuple(axes.get(name, 0.0) for name in AXES),
                   tuple(name in pressed for name in BUTTONS))}


@pytest.fixture
def pads():
    return Gamepads(parse_gamepad({"a": "freeze", "b": "blackout hold"}, "rig.toml"))


def told(pads: Gamepads, now: dict[int, Pad]) -> list[tuple[str, float | str]]:
    return [(event.address, event.value) for event in pads.events(now, 1.0)]


def test_a_stick_moves_from_the_rest_to_its_ends_and_lets_go(pads):
    assert told(pads, pad()) == []
    assert told(pads, pad(left_x=1.0)) == [("motion.x", pytest.approx(0.4))]
    assert told(pads, pad(left_x=-1.0)) == [("motion.x", pytest.approx(-0.4))]
    assert told(pads, pad(left_x=0.05)) == [("release", "motion.x")]
    assert told(pads, pad(left_x=-0.05)) == []  # rest is rest
    assert told(pads, pad(right_y=1.0)) == [("motion.zoom", pytest.approx(1.5))]
    assert told(pads, pad(right_y=-1.0)) == [("motion.zoom", pytest.approx(0.7))]
    (name, value), = told(pads, pad(right_y=DEAD + 0.001))
    assert value == pytest.approx(1.0, abs=0.01)  # no jump where it leaves its rest


def test_a_trembling_stick_is_not_told(pads):
    told(pads, pad(left_x=0.5))
    assert told(pads, pad(left_x=0.503)) == []
    assert told(pads, pad(left_x=0.5065)) == []
    assert len(told(pads, pad(left_x=0.509))) == 1  # it has crept far enough


def test_buttons_turn_over_hold_and_press(pads):
    assert told(pads, pad("a", "b", "y")) == [
        ("freeze", TOGGLE), ("blackout", 1.0), ("beat_one", 1.0)]
    assert told(pads, pad("a", "b", "y")) == []
    assert told(pads, pad()) == [("blackout", 0.0)]


def test_a_pad_that_is_pulled_out_lets_go(pads):
    told(pads, pad("b", right_trigger=1.0))
    assert told(pads, {}) == [("release", "strength"), ("blackout", 0.0)]
    assert told(pads, {}) == [] and pads.names == ()
    assert told(pads, pad(right_trigger=1.0)) == [("strength", 1.0)]


@pytest.mark.parametrize(("row", "says"), [
    ({"nose": "tap"}, "gamepad.nose is not a control"),
    ({"a": "strength"}, "has a value"),
    ({"left_x": "tap"}, "is for a button"),
    ({"left_x": "motion.x 0..9"}, "is outside -2.0..2.0"),
    ({"a": "tap hold"}, "switches only"),
    ({"a": "taps"}, "is not an address"),
    ({"a": "tap now please"}, "is not of the form"),
])
def test_mistakes_are_one_line(row, says):
    with pytest.raises(PresetError, match="rig.toml: gamepad") as told:
        parse_gamepad(row, "rig.toml")
    assert says in str(told.value) and "\n" not in str(told.value)


def test_every_default_parses_and_one_may_be_taken_away():
    assert set(parse_gamepad({}, "rig.toml")) == set(DEFAULT)
    assert "a" not in parse_gamepad({"a": ""}, "rig.toml")


@given(st.lists(st.tuples(st.lists(st.floats(-1, 1), min_size=6, max_size=6),
                          st.lists(st.booleans(), min_size=15, max_size=15))))
def test_whatever_is_moved_stays_in_range(states):
    pads = Gamepads(parse_gamepad({}, "rig.toml"))
    for axes, buttons in states:
        for event in pads.events({0: Pad("", tuple(axes), tuple(buttons))}, 0.0):
            if isinstance(event.value, float) and event.address in ("motion.x", "motion.zoom"):
                assert -0.4 - 1e-9 <= event.value <= 1.5 + 1e-9
