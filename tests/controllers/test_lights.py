"""Lights: states as the device wants them, differences only, a message a millisecond, blinking."""

from dataclasses import replace

import pytest

from controllers.controller import Controller
from controllers.lights import Lights, View
from controllers.loop_guard import BACK_SECONDS, ENOUGH, FIRST_SECONDS, LoopGuard
from controllers.mapping import parse_mapping
from controllers.profile import load

VIEW = View(
    {"preset": "two", "deck.a": "one", "deck.b": "", "freeze": 0.0, "blackout": 1.0,
     "prompts.1.weight": 1.0, "prompts.2.weight": 0.0, "knob1": 0.5},
    ("one", "two", "three"),
)  # fmt: skip
OFF, BLUE, GREEN, YELLOW = (0x90, 0), (0x91, 0x2D), (0x96, 0x15), (0x96, 0x0D)


class Pads:
    """What an APC mini mk2 was sent: status and velocity by note."""

    def __init__(self, name: str = "apc_mini_mk2", rows: dict[str, str] | None = None) -> None:
        self.profile, self.messages = load(name), []
        mapping = parse_mapping(rows or {}, "x", self.profile.mapping)
        self.controller = Controller(mapping)
        self.lights = Lights(self.profile, self.controller, self.messages.append)
        self.time = 100.0

    def show(self, view: View) -> dict[int, tuple[int, int]]:
        """All notes and how they are lit, once everything was sent."""
        self.lights.show(view)
        for _ in range(400):
            self.time += 0.001
            self.lights.flush(self.time)
        return {m[1]: (m[0], m[2]) for m in self.messages if len(m) == 3}


def test_the_device_is_told_its_mode_first_and_is_left_dark():
    pads = Pads()
    assert pads.messages[0] == bytes.fromhex("F0 47 7F 4F 62 00 01 00 F7")
    pads.show(VIEW)
    pads.messages.clear()
    pads.lights.leave()
    assert {m[1]: m[2] for m in pads.messages} == dict.fromkeys(
        (*range(64), *range(100, 108), *range(112, 120)), 0
    )
    launchpad = Pads("launchpad_x")
    launchpad.lights.leave()
    assert launchpad.messages[-1] == launchpad.profile.exit[0]


def test_presets_prompts_decks_and_switches():
    lit = Pads().show(VIEW)
    assert [lit[n] for n in (56, 57, 58, 59)] == [BLUE, GREEN, BLUE, OFF]
    assert [lit[n] for n in (16, 17, 18)] == [GREEN, (0x91, 0x31), OFF]
    assert [lit[n] for n in (0, 1, 8)] == [(0x96, 9), (0x90, 9), (0x90, 9)]
    assert (lit[100], lit[101]) == ((0x90, 0), (0x90, 1))


def test_what_waits_blinks_with_the_beat_whatever_the_device_can():
    pads = Pads()
    queued = replace(VIEW, queued=frozenset({"preset.3", "prompts.2.weight"}), phase=0.1)
    lit = pads.show(queued)
    assert (lit[58], lit[25]) == (YELLOW, YELLOW)
    lit = pads.show(replace(queued, phase=0.6))
    assert (lit[58], lit[25]) == (BLUE, (0x91, 0x31))
    assert pads.show(queued)[58] == YELLOW


def test_tap_shows_the_beat():
    pads = Pads()
    assert pads.show(VIEW)[103] == (0x90, 1)
    assert pads.show(replace(VIEW, phase=0.5))[103] == (0x90, 0)


def test_only_differences_are_sent_and_all_again_when_asked():
    pads = Pads()
    pads.show(VIEW)
    pads.messages.clear()
    pads.show(VIEW)
    assert pads.messages == []
    pads.show(replace(VIEW, values={**VIEW.values, "preset": "one"}))
    assert len(pads.messages) == 2
    pads.messages.clear()
    pads.lights.forget()
    pads.show(VIEW)
    assert len(pads.messages) == 80


def test_no_more_than_a_message_a_millisecond():
    pads = Pads()
    pads.lights.show(VIEW)
    sent = []
    for n in range(30):
        before = len(pads.messages)
        pads.lights.flush(200.0 + 0.002 * n)
        sent.append(len(pads.messages) - before)
    assert max(sent[:1]) <= 5 and set(sent[1:]) <= {1, 2, 3}
    assert sum(sent) <= 5 + 2 * 29


def test_lights_follow_the_users_own_rows_and_the_shift():
    pads = Pads(rows={"hush": "note 56", "preset.2": "note 57 shift"})
    view = replace(VIEW, values={**VIEW.values, "hush": 1.0})
    assert pads.show(view)[56] == GREEN
    assert pads.show(view)[57] == OFF  # its preset is behind shift now
    pads.controller.take([0x90, 122, 127], 0.0)
    assert pads.show(view)[57] == GREEN


def test_rings_stand_where_the_value_is():
    pads = Pads("apc40_mk2")
    pads.show(VIEW)
    assert bytes([0xB0, 48, 64]) in pads.messages


def test_a_button_that_was_pressed_is_lit_again():
    pads = Pads()
    pads.show(VIEW)
    pads.messages.clear()
    pads.lights.touched([0x80, 56, 127], pads.time)
    pads.show(VIEW)
    assert pads.messages == [bytes([*BLUE[:1], 56, *BLUE[1:]])]


def test_a_ring_is_left_to_the_hand_that_turns_it():
    pads = Pads("apc40_mk2")
    pads.show(VIEW)
    pads.messages.clear()
    pads.lights.touched([0xB0, 48, 80], pads.time + 0.3)
    pads.show(VIEW)  # the show is some steps behind
    assert pads.messages == []
    pads.time += 1.0
    pads.show(VIEW)
    assert pads.messages == [bytes([0xB0, 48, 64])]
    pads.lights.touched([0xB0, 48, 64], pads.time)  # where it stands already
    pads.time += 1.0
    pads.show(VIEW)
    assert len(pads.messages) == 1


@pytest.mark.parametrize("name", ["launch_control_xl", "midimix", "nanokontrol2", "apc_mini"])
def test_other_devices_show_the_preset_that_plays(name):
    pads = Pads(name)
    pads.show(VIEW)
    active = [light for light in pads.profile.lights if light.states.get("active")]
    second = next(
        light for light in active
        if any(r.address.name == "preset.2" for r in pads.controller.mapping.at(
            light.control[0], light.control[1], 0))
    )  # fmt: skip
    assert second.states["active"] in pads.messages


def test_a_port_that_returns_everything_is_found_out():
    guard = LoopGuard(0.0)
    for n in range(ENOUGH):
        guard.sent([0x90, n, 1], 5.0)
    assert [guard.returned([0x90, n, 1], 5.01) for n in range(ENOUGH)][-1]
    assert guard.looped


def test_a_press_of_what_was_just_lit_is_a_press():
    guard = LoopGuard(0.0)
    for n in range(80):
        guard.sent([0x90, n, 1], 1.0)
    late = FIRST_SECONDS + 1.0
    guard.sent([0x90, 5, 127], late)
    assert not guard.returned([0x90, 5, 127], late + 0.01)
    assert not guard.returned([0x90, 6, 1], late + 2 * BACK_SECONDS)
    assert not guard.looped
