"""MIDI mappings: rows of text to events, and one readable line for what is wrong."""

import pytest
from mido import Message

from controllers.addresses import find
from controllers.controller import Controller
from controllers.mapping import DEFAULT_MAPPING, parse_mapping
from engine.errors import PresetError


def cc(control: int, value: int, channel: int = 0) -> Message:
    return Message("control_change", control=control, value=value, channel=channel)


def sent(rows: dict[str, str], *messages: Message) -> list[tuple[str, float | str]]:
    return played(Controller(parse_mapping(rows, "x.toml")), *messages)


def played(controller: Controller, *messages: Message) -> list[tuple[str, float | str]]:
    return [(e.address, e.value) for m in messages for e in controller.take(m.bytes(), 2.0)]


@pytest.mark.parametrize(
    ("row", "value", "result"),
    [
        (("knob1", "cc 21"), 0, 0.0),
        (("knob1", "cc 21"), 127, 1.0),
        (("motion.zoom", "cc 21"), 0, 0.5),
        (("motion.zoom", "cc 21 0.8..1.4"), 0, 0.8),
        (("motion.zoom", "cc 21 0.8..1.4"), 127, 1.4),
        (("strength", "CC  21  1..0"), 127, 0.0),
        (("motion.x", "cc 21 -.5..+.5"), 0, -0.5),
        (("prompts.2.weight", "cc 21"), 127, 10.0),
        (("effects.glow.amount", "cc 21 0..3"), 127, 3.0),
    ],
)
def test_control_change_becomes_the_range(row, value, result):
    assert sent(dict([row]), cc(21, value)) == [(row[0], pytest.approx(result))]


def test_channel_counts_from_one_and_absent_means_any():
    assert sent({"knob1": "cc 21 channel 2"}, cc(21, 127, 0)) == []
    assert sent({"knob1": "cc 21 channel 2"}, cc(21, 127, 1)) == [("knob1", 1.0)]
    assert len(sent({"knob1": "cc 21"}, cc(21, 127, 0), cc(21, 127, 15))) == 2


def test_a_note_turns_a_switch_over_at_each_press():
    on, off = Message("note_on", note=36, velocity=3), Message("note_on", note=36, velocity=0)
    assert sent({"freeze": "note 36"}, on, off, on) == [("freeze", "toggle")] * 2


def test_hold_is_on_while_held():
    on, off = Message("note_on", note=36, velocity=90), Message("note_off", note=36)
    assert sent({"freeze": "note 36 hold"}, on, off) == [("freeze", 1.0), ("freeze", 0.0)]
    values = sent({"freeze": "cc 5 hold"}, cc(5, 127), cc(5, 60))
    assert values == [("freeze", 1.0), ("freeze", 0.0)]


def test_a_fader_on_a_switch_toggles_only_at_its_end():
    assert sent({"freeze": "cc 5"}, *(cc(5, v) for v in range(128))) == [("freeze", "toggle")]


def test_triggers_and_presets_send_presses_only():
    on, off = Message("note_on", note=50, velocity=64), Message("note_off", note=50)
    assert sent({"tap": "note 50", "preset.3": "note 50"}, on, off) == [
        ("tap", 1.0),
        ("preset.3", 1.0),
    ]


def test_a_note_moves_a_value_by_its_velocity():
    on, off = Message("note_on", note=50, velocity=127), Message("note_off", note=50)
    assert sent({"knob1": "note 50"}, on, off) == [("knob1", 1.0), ("knob1", 0.0)]


def test_several_controls_and_the_time_and_source():
    pad = Controller(parse_mapping({"knob1": "cc 21, note 3"}, "x.toml"), "midi:pad")
    (event,) = pad.take(cc(21, 127).bytes(), 4.25)
    assert (event.time, event.source) == (4.25, "midi:pad")
    assert pad.take(Message("note_on", note=3, velocity=1).bytes(), 0.0)


@pytest.mark.parametrize(
    "message", [Message("clock"), Message("sysex", data=(1, 2)), Message("pitchwheel"), cc(99, 1)]
)
def test_other_messages_send_nothing(message):
    assert played(Controller(DEFAULT_MAPPING), message) == []


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("knob17", "cc 1", ["knob17", "knob1..knob16"]),
        ("prompts.1.text", "cc 1", ["prompts.1.text"]),
        ("knob1", "cc", ["'cc'", "cc 0..127"]),
        ("knob1", "cc 128", ["'cc 128'", "cc 0..127"]),
        ("knob1", "cc 1 channel 17", ["channel 1..16"]),
        ("knob1", "cc 1 channel 0", ["channel 1..16"]),
        ("knob1", "", ["cc 0..127"]),
        ("knob1", "cc 1,", ["cc 0..127"]),
        ("knob1", "cc 1 0..2", ["0.0..1.0"]),
        ("motion.zoom", "cc 7 0.1..3", ["0.5..2.0"]),
        ("freeze", "cc 7 0..1", ["on or off"]),
        ("tap", "note 3 hold", ["hold", "switches"]),
        ("knob1", "cc 3 curve squre", ["squre", "square", "linear"]),
        ("motion.x", "cc 3 curve log", ["log", "above 0"]),
        ("knob1", "note 3 relative twos", ["relative", "cc only"]),
        ("knob1", "cc 3 relative threes", ["threes", "twos"]),
        ("knob1", "cc 3 relative twos step 2", ["step of 2"]),
        ("knob1", "note 3 set 2", ["sets 2", "0.0..1.0"]),
        ("knob1", "cc 3 bank 9", ["cc 0..127"]),
        ("knob1", "cc 3/128", ["cc 7/39"]),
        ("knob1", "cc 3 toggle jump", ["toggle", "knobs"]),
        ("preset", "note 3", ["choice", "note 5 set 3"]),
        ("takeover", "grab", ["jump, pickup, scale"]),
        ("profile", "apc_mini_mk3", ["apc_mini_mk2", "auto"]),
        ("knob1", 21, ["21", "cc 0..127"]),
    ],
)
def test_mistakes_are_one_line_with_place_key_value_and_form(name, text, words):
    with pytest.raises(PresetError) as caught:
        parse_mapping({name: text}, "looks/x.toml")
    message = str(caught.value)
    assert message.startswith(f"looks/x.toml: midi.{name} = ")
    assert "\n" not in message
    for word in words:
        assert word in message


def test_the_line_is_told_when_the_file_can_be_read(tmp_path):
    path = tmp_path / "look.toml"
    path.write_text('title = "x"\n\n[midi]\nknob1 = "cc 1"\n"motion.zoom" = "dial 7"\n')
    with pytest.raises(PresetError, match=r"look\.toml:5: midi\.motion\.zoom = 'dial 7'"):
        parse_mapping({"knob1": "cc 1", "motion.zoom": "dial 7"}, str(path))


def test_rows_are_laid_over_the_default():
    rows = {"strength": "cc 16", "freeze": "note 60"}
    box = Controller(parse_mapping(rows, "x.toml", DEFAULT_MAPPING))
    assert played(box, cc(16, 127), cc(17, 127)) == [("strength", 1.0), ("knob2", 1.0)]
    assert played(box, Message("note_on", note=36, velocity=9)) == []


def test_the_default_uses_each_control_once_and_reaches_every_knob():
    controls = [row.control for row in DEFAULT_MAPPING.rows]
    assert len(set(controls)) == len(controls)
    names = {row.address.name for row in DEFAULT_MAPPING.rows}
    assert {f"knob{n}" for n in range(1, 17)} | {"freeze", "blackout", "hush", "tap"} <= names
    assert all(find(name) for name in names)
