"""Keys: the table, and what freeze, blackout and hush do through the reducer."""

import pytest

from controllers.addresses import find
from controllers.keyboard import KEYS, events_for_key, help_lines
from engine.controls import reduce
from engine.records import ControlEvent, Controls


@pytest.mark.parametrize(("key", "name"), [("f", "freeze"), ("b", "blackout"), ("h", "hush")])
def test_switch_keys_turn_over(key, name):
    once = reduce(Controls(), events_for_key(key, 1.0))
    twice = reduce(once, events_for_key(key, 2.0))
    assert (getattr(once, name), getattr(twice, name)) == (True, False)


@pytest.mark.parametrize(
    ("key", "address", "value"),
    [
        ("space", "tap", 1.0),
        ("left", "previous", 1.0),
        ("right", "next", 1.0),
        ("1", "preset.1", 1.0),
        ("9", "preset.9", 1.0),
        ("a", "autopilot", "toggle"),
        ("k", "autopilot.lock", "toggle"),
        ("n", "next.now", 1.0),
        ("0", "reset", 1.0),
        ("R", "reset", 1.0),
        ("up", "tempo.double", 1.0),
        ("down", "tempo.halve", 1.0),
        ("comma", "tempo.earlier", 1.0),
        ("period", "tempo.later", 1.0),
        ("l", "tempo.lock", "toggle"),
        ("e", "tempo.relearn", 1.0),
        ("g", "tempo.range", 1.0),
        ("s", "tempo.next_source", 1.0),
        ("left_bracket", "tempo.offset_less", 1.0),
        ("right_bracket", "tempo.offset_more", 1.0),
    ],
)
def test_table(key, address, value):
    assert events_for_key(key, 3.5) == [ControlEvent(3.5, address, value, "key")]


def test_other_keys_send_nothing():
    assert events_for_key("x", 0.0) == events_for_key("", 0.0) == []


def test_every_key_has_an_address_and_a_line_of_help():
    text = "\n".join(help_lines())
    for key in KEYS.values():
        assert find(key.address), key
        assert key.name.isdigit() or f"{key.name} " in text, key
    assert "1..9" in text
