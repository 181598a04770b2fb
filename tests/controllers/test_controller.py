"""A controller's own memory: 14 bits, NRPN, encoders, buttons, banks, shift; and any bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.controller import Controller
from controllers.mapping import DEFAULT_MAPPING, parse_mapping
from controllers.profile import load, names

Values = dict[str, float]


def box(rows: dict[str, str], values: Values | None = None) -> Controller:
    known = values if values is not None else {}
    return Controller(parse_mapping(rows, "x.toml"), "midi:box", known.get)


def play(controller: Controller, *messages: list[int], time: float = 1.0) -> list[tuple]:
    events = [event for data in messages for event in controller.take(data, time)]
    return [(e.address, e.value if isinstance(e.value, str) else round(e.value, 5)) for e in events]


def cc(number: int, value: int, channel: int = 0) -> list[int]:
    return [0xB0 | channel, number, value]


def note(number: int, velocity: int = 100) -> list[int]:
    return [0x90, number, velocity]


@pytest.mark.parametrize(
    ("row", "value", "sent"),
    [
        ("cc 1 invert", 0, 1.0),
        ("cc 1 0.2..0.6 invert", 127, 0.2),
        ("cc 1 curve square", 64, (64 / 127) ** 2),
        ("cc 1 curve root 0.0..0.5", 127, 0.5),
        ("bend", 127, 1.0),
    ],
)
def test_range_invert_and_curve(row, value, sent):
    data = [0xE0, 127, 127] if row == "bend" else cc(1, value)
    assert play(box({"strength": row}), data) == [("strength", round(sent, 5))]


def test_the_curve_of_the_number_itself_is_used_where_none_is_said():
    assert play(box({"motion.zoom": "cc 1"}), cc(1, 127)) == [("motion.zoom", 2.0)]
    (_, middle), = play(box({"motion.zoom": "cc 1"}), cc(1, 64))
    assert middle == pytest.approx(1.0, abs=0.01)


def test_a_14_bit_pair_is_one_value_and_its_first_half_waits_for_the_second():
    fader = box({"strength": "cc 7/39"})
    assert play(fader, cc(7, 127)) == [("strength", 1.0)]  # a box that sends 7 bits only
    assert play(fader, cc(39, 127)) == [("strength", 1.0)]
    assert play(fader, cc(7, 64)) == []
    assert play(fader, cc(39, 1)) == [("strength", round((64 * 128 + 1) / 16383, 5))]


def test_pressure_velocity_and_nrpn():
    rows = {"strength": "pressure", "knob1": "aftertouch 60", "knob2": "nrpn 300 channel 2"}
    pad = box(rows)
    assert play(pad, [0xD0, 127]) == [("strength", 1.0)]
    assert play(pad, [0xA0, 60, 127]) == [("knob1", 1.0)]
    select = [cc(99, 2, 1), cc(98, 44, 1)]
    assert play(pad, *select, cc(6, 127, 1)) == [("knob2", 1.0)]
    assert play(pad, cc(38, 0, 1)) == [("knob2", round(127 * 128 / 16383, 5))]
    assert play(pad, *select, cc(6, 5, 0)) == []


@pytest.mark.parametrize(("kind", "right", "left"), [("twos", 2, 126), ("sign", 2, 66),
                                                     ("offset", 66, 62)])
def test_an_encoder_goes_on_from_the_value(kind, right, left):
    values = {"strength": 0.5}
    wheel = box({"strength": f"cc 1 relative {kind} step 0.05"}, values)
    assert play(wheel, cc(1, right)) == [("strength", 0.6)]
    assert play(wheel, cc(1, right)) == [("strength", 0.7)]  # though the show is not there yet
    assert play(wheel, cc(1, left)) == [("strength", 0.6)]
    values["strength"] = 0.1
    assert play(wheel, cc(1, left), time=9.0) == [("strength", 0.0)]
    assert play(wheel, cc(1, left), time=9.0) == [("strength", 0.0)]


def test_an_encoder_steps_whole_numbers_and_through_presets():
    wheel = box({"steps": "cc 1 relative twos", "next": "cc 2 relative twos"}, {"steps": 2.0})
    assert play(wheel, cc(1, 1)) == [("steps", 3.0)]
    assert play(wheel, cc(2, 1), cc(2, 127)) == [("next", 1.0)]


def test_buttons_on_values():
    values = {"opacity": 1.0, "strength": 0.5}
    pad = box({"opacity": "note 1 toggle", "strength": "note 2 hold 0.2..0.9, note 3 set 0.4"},
              values)
    assert play(pad, note(1), note(1, 0)) == [("opacity", 0.0)]
    values["opacity"] = 0.0
    assert play(pad, note(1)) == [("opacity", 1.0)]
    assert play(pad, note(2), note(2, 0)) == [("strength", 0.9), ("strength", 0.2)]
    assert play(pad, note(3), note(3, 0)) == [("strength", 0.4)]


def test_a_radio_lets_the_others_fall():
    rows = {f"prompts.{n}.weight": f"note {n} radio p 0..1" for n in (1, 2, 3)}
    sent = play(box(rows), note(2))
    assert sorted(sent) == [(f"prompts.{n}.weight", float(n == 2)) for n in (1, 2, 3)]


def test_programs_and_knobs_choose_presets():
    assert play(Controller(DEFAULT_MAPPING), [0xC0, 4]) == [("preset", 5.0)]
    knob = box({"preset": "cc 1 1..4", "tap": "program 7"})
    chosen = play(knob, *(cc(1, n) for n in range(128)))
    assert chosen == [("preset", 1.0), ("preset", 2.0), ("preset", 3.0), ("preset", 4.0)]
    assert play(knob, [0xC0, 7]) == [("tap", 1.0)]


def test_shift_and_banks_are_layers():
    rows = {
        "midi.shift": "note 98", "midi.bank.2": "note 90", "midi.bank.next": "note 91",
        "knob1": "cc 1", "knob2": "cc 1 shift", "knob3": "cc 1 bank 2", "tap": "note 50",
    }  # fmt: skip
    pad = box(rows)
    assert play(pad, cc(1, 127)) == [("knob1", 1.0)]
    assert play(pad, note(98), cc(1, 127), note(98, 0), cc(1, 127)) == [
        ("knob2", 1.0), ("knob1", 1.0)
    ]  # fmt: skip
    assert play(pad, note(90), cc(1, 127), note(50)) == [("knob3", 1.0), ("tap", 1.0)]
    assert play(pad, note(91), cc(1, 127)) == [("knob1", 1.0)]
    assert pad.bank == 3


def test_a_held_button_is_let_go_even_when_shift_was_first():
    pad = box({"midi.shift": "note 98", "blackout": "note 1 shift hold", "tap": "note 1"})
    assert play(pad, note(98), note(1)) == [("blackout", 1.0)]
    assert play(pad, note(98, 0), note(1, 0)) == [("blackout", 0.0)]


def test_a_bank_left_and_come_back_to_is_picked_up_anew():
    values = {"strength": 0.0, "opacity": 0.5}
    rows = {"strength": "cc 1 bank 1", "opacity": "cc 1 bank 2",
            "midi.bank.1": "note 1", "midi.bank.2": "note 2"}
    pad = box(rows, values)
    assert play(pad, cc(1, 0)) == [("strength", 0.0)]
    play(pad, note(2), time=5.0)
    assert play(pad, cc(1, 20), time=5.0) == []
    assert play(pad, cc(1, 100), time=5.1) == [("opacity", round(100 / 127, 5))]
    values["opacity"] = 100 / 127
    play(pad, note(1), time=9.0)
    assert play(pad, cc(1, 90), time=9.0) == []  # not from 0 to 90 at a stroke
    assert pad.ghosts["strength"].value == pytest.approx(90 / 127)
    assert play(pad, cc(1, 2), time=9.1) == [("strength", round(2 / 127, 5))]
    assert pad.ghosts == {}


def test_a_knob_that_stands_elsewhere_is_told_and_sends_nothing():
    pad = box({"strength": "cc 1"}, {"strength": 0.5})
    assert play(pad, cc(1, 10)) == []
    ghost = pad.ghosts["strength"]
    assert (ghost.source, round(ghost.value, 5)) == ("midi:box", round(10 / 127, 5))


def test_another_preset_or_bank_tells_where_all_knobs_stand():
    rows = {"strength": "cc 1 bank 1", "opacity": "cc 1 bank 2", "knob1": "cc 2",
            "crossfade": "cc 3 jump", "flow": "note 7", "motion.zoom": "cc 4 relative twos"}
    values = {"strength": 0.5, "opacity": 0.2, "crossfade": 0.1, "flow": 1.0, "knob1": 0.0}
    pad = box(rows, values)
    play(pad, cc(1, 64), cc(2, 90), cc(3, 50), note(7), cc(4, 1))
    assert pad.ghosts == {}
    values |= {"strength": 0.9, "knob1": 90 / 127}
    pad.rearm(5.0)
    assert {name: round(g.value, 3) for name, g in pad.ghosts.items()} == {
        "strength": 0.504, "knob1": 0.709}
    pad.rearm(5.0)
    play(pad, cc(2, 89), time=5.1)
    assert set(pad.ghosts) == {"strength"}
    pad.bank = 2
    pad.set_mapping(pad.mapping)
    pad.rearm(6.0)
    assert set(pad.ghosts) == {"opacity", "knob1"}


def test_a_free_knob_nobody_moved_is_taken_at_once():
    assert play(box({"knob1": "cc 1"}, {"knob1": 0.0}), cc(1, 90)) == [("knob1", 0.70866)]
    assert play(box({"knob1": "cc 1"}, {"knob1": 0.2}), cc(1, 90)) == []


def test_the_mapping_says_how_values_are_taken_over():
    rows = {"strength": "cc 1", "opacity": "cc 2 pickup", "takeover": "jump"}
    assert len(play(box(rows, {"strength": 0.5, "opacity": 0.5}), cc(1, 99), cc(2, 9))) == 1


def test_what_waits_for_a_beat_is_picked_up_from_the_value_itself():
    pad = box({"opacity.bar": "cc 1"}, {"opacity": 0.5})
    assert play(pad, cc(1, 99)) == []
    assert set(pad.ghosts) == {"opacity"}
    assert play(pad, cc(1, 2)) == [("opacity.bar", round(2 / 127, 5))]


def test_rows_from_a_port_hold_there_only():
    mapping = parse_mapping({"knob1": "cc 1 from nano", "knob2": "cc 2"}, "x")
    assert len(mapping.for_port("nanoKONTROL2:ctrl").rows) == 2
    assert len(mapping.for_port("APC").rows) == 1


MAPPINGS = [DEFAULT_MAPPING, *(load(name).mapping for name in names())]
STORM = parse_mapping(
    {"strength": "cc 7/39 scale, bend, nrpn 5", "knob1": "cc 9 relative sign",
     "preset": "program, cc 3", "opacity": "aftertouch 3, pressure, note 3 toggle",
     "midi.bank.next": "note 4", "midi.shift": "cc 4", "freeze": "cc 5 hold shift"}, "x")


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([*MAPPINGS, STORM]),
    st.lists(st.lists(st.integers(-1, 300), max_size=5)
             | st.tuples(st.integers(128, 239), st.integers(0, 127), st.integers(0, 127)).map(list),
             max_size=60),
)
def test_any_bytes_at_all_make_only_events_in_range(mapping, storm):
    controller = Controller(mapping, present=lambda _: 0.3)
    for n, data in enumerate(storm):
        for event in controller.take(data, n * 0.1):
            assert isinstance(event.value, str) or -400.0 <= event.value <= 128.0
