"""[[outputs]] of the rig: read strictly, written back with remarks; and hands on the outputs."""

import json
from contextlib import closing
from dataclasses import replace

import pytest

from controllers.addresses import find
from controllers.keyboard import events_for_key
from engine.errors import PresetError
from engine.exchange import EventQueue
from engine.output_hands import OutputEvents, OutputHands, open_outputs
from engine.output_rig import described, read_outputs, wanted_outputs
from engine.output_writing import save_outputs
from engine.play_options import PlayOptions
from engine.records import ControlEvent
from engine.render.mapping import CORNERS, Blend, Colour, Grid, Mapping, Mask, Output
from engine.rig import read_rig
from engine.toml_file import TomlFile

RIG = """# Of the club.
[devices]
audio = "USB Audio"  # the mixer

[[outputs]]
name = "left wall"  # stage left
display = "HDMI-1"
crop = [0.0, 0.0, 0.6, 1.0]
rotate = 90
flip = "x"
corners = [[0.1, 1.0], [1.0, 0.9], [1.0, 0.0], [0.0, 0.0]]  # top left first
grid = { columns = 3, rows = 2 }
blend = { right = 0.3, gamma = 2.0 }  # 40 cm
colour = { brightness = 0.1, red = 0.9 }
[[outputs.masks]]
points = [[0.5, 0.0], [1.0, 0.5], [0.5, 1.0]]
soft = 0.05

[[outputs]]
# the preview
fullscreen = false
size = "640x360"
"""


@pytest.fixture
def rig(tmp_path):
    path = tmp_path / "rig.toml"
    path.write_text(RIG)
    return path


def test_everything_is_read(rig):
    left, second = read_rig(rig).outputs
    assert (left.name, left.display, left.fullscreen) == ("left wall", "HDMI-1", True)
    assert left.mapping == Mapping(
        crop=(0.0, 0.0, 0.6, 1.0), rotate=90, flip="x",
        corners=((0.1, 1.0), (1.0, 0.9), (1.0, 0.0), (0.0, 0.0)), grid=Grid.even(3, 2),
        masks=(Mask(((0.5, 0.0), (1.0, 0.5), (0.5, 1.0)), 0.05),),
        blend=Blend(right=0.3, gamma=2.0), colour=Colour(brightness=0.1, red=0.9),
    )  # fmt: skip
    assert second == Output("output 2", None, False, (640, 360))
    assert described(left) == "left wall on HDMI-1, mapped"
    assert described(second) == "output 2 on a window of 640x360"
    assert wanted_outputs((left, second), None) == (left, second)
    assert wanted_outputs((left, second), "hdmi-1") == (left,)
    assert wanted_outputs((left, second), "DP-3") == ()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('colr = {}', "outputs.1.colr is not known; did you mean 'colour'?"),
        ("rotate = 45", "outputs.1.rotate = 45 is not one of 0, 90, 180, 270"),
        ('flip = "z"', "outputs.1.flip = 'z' is not known"),
        ("fullscreen = 1", "outputs.1.fullscreen = 1 is not true or false"),
        ('size = "big"', "outputs.1.size = 'big' is not WIDTHxHEIGHT"),
        ("crop = [0, 0, 1]", "is not [left, bottom, width, height]"),
        ("crop = [0.5, 0, 0.6, 1]", "reaches over the picture's edge"),
        ("crop = [0, 0, 0, 1]", "outputs.1.crop.3 = 0 is not a number in 0.01..1.0"),
        ("corners = [[0, 1], [1, 1], [1, 0]]", "has 3 of 4 places"),
        ("corners = [[0, 1], [1, 1], [0.2, 0.6], [0, 0]]", "must be convex"),
        ("corners = [[0, 1], [1, 1], [1, 0], [0, nan]]", "outputs.1.corners.4 = nan is not a num"),
        ("corners = [[0, 1], [1, 1], [1, 0], 7]", "= 7 is not a place [x, y]"),
        ("grid = { columns = 1 }", "outputs.1.grid.columns = 1 is not a number in 2..33"),
        ("grid = { columns = 2, rows = 2, points = [[0, 0]] }", "has 1 of 2 x 2 places"),
        ("grid = 3", "must be a table: grid = { ... }"),
        ("blend = { left = 0.6 }", "outputs.1.blend.left = 0.6 is not a number in 0.0..0.5"),
        ("blend = { side = 0.6 }", "outputs.1.blend.side is not known"),
        ("colour = { gamma = 0 }", "outputs.1.colour.gamma = 0 is not a number in 0.2..5.0"),
        ("masks = [{ points = [[0, 0], [1, 1]] }]", "outputs.1.masks.1.points has 2 of 3..64"),
        ('masks = [{ points = [[0, 0], [1, 1], [1, 0]], shows = "in" }]', "shows = 'in' is not"),
        ('display = "A"\n[[outputs]]\ndisplay = "A"', "outputs.2.display = 'A' has two outputs"
         .replace("2", "1")),
        ('display = "A"\n[[outputs]]\nname = "b"', "outputs.2 needs a display"),
        ('name = "b"\nfullscreen = false\n[[outputs]]\nname = "b"\nfullscreen = false',
         "outputs.1.name = 'b' is there twice"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path, row, says):
    path = tmp_path / "rig.toml"
    path.write_text(f"[[outputs]]\n{row}\n")
    with pytest.raises(PresetError) as wrong:
        read_outputs(TomlFile(path))
    assert str(wrong.value).startswith(f"{path}:") and says in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_outputs_are_saved_where_they_stand_and_remarks_stay(rig):
    left, second = read_rig(rig).outputs
    pulled = Mapping(
        crop=left.mapping.crop, rotate=90, flip="x", masks=left.mapping.masks,
        corners=((0.123456789, 1.0), *CORNERS[1:]), blend=Blend(right=0.25),
    )  # fmt: skip
    save_outputs(rig, [Output("left wall", "HDMI-1", mapping=pulled),
                       Output("output 2", None, False, (640, 360), Mapping(rotate=180))])
    text = rig.read_text()
    for remark in ("# Of the club.", "# the mixer", "# stage left", "# top left first", "# 40 cm",
                   "# the preview"):
        assert remark in text, remark
    first, other = read_rig(rig).outputs
    assert first.mapping.corners[0] == (0.123457, 1.0) and first.mapping.grid is None
    assert first.mapping.blend == Blend(right=0.25) and first.mapping.colour == Colour()
    assert first.mapping.masks == left.mapping.masks
    assert other.mapping == Mapping(rotate=180) and "corners" not in text.partition("preview")[2]


def test_a_rig_that_is_not_there_is_made(tmp_path):
    path = tmp_path / "new" / "rig.toml"
    wanted = Output("Liquidlight", "HDMI-1", mapping=Mapping(grid=Grid.even(4, 3)))
    save_outputs(path, [wanted])
    assert read_rig(path).outputs == (wanted,)
    bent = Grid(2, 2, ((0.1, 1.0), *CORNERS[1:2], (0.0, 0.0), (1.0, 0.0)))
    save_outputs(path, [Output("Liquidlight", "HDMI-1", mapping=Mapping(grid=bent))])
    assert read_rig(path).outputs[0].mapping.grid == bent
    with pytest.raises(PresetError, match="cannot be written"):
        save_outputs(tmp_path, [wanted])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("output.test_card", "switch"), ("output.3.test_card", "switch"), ("output.edit", "switch"),
        ("output.save", "trigger"), ("output.2.reset", "trigger"), ("output.nudge.x", "value"),
        ("output.1.corner.4.y", "value"), ("output.12.point.20.x", "value"),
        ("output.1.blend.left", "value"), ("output.1.gamma", "value"),
    ],
)  # fmt: skip
def test_outputs_have_addresses(name, kind):
    address = find(name)
    assert address.kind == kind and address.name == name
    assert (address.param is not None) == (kind == "value")


@pytest.mark.parametrize(
    "name", ("output", "output.1", "output.0.gamma", "output.1.corner.5.x", "output.1.corner.x",
             "output.1.shine", "output.test_card.bar", "output.123.gamma")
)
def test_and_no_others(name):
    assert find(name) is None


@pytest.fixture
def stage(tmp_path):
    """Hands on two outputs nobody sees, their events, what was told, and the rig."""
    rows = (Output("left", "A", size=(320, 180)), Output("right", "B", size=(320, 180)))
    options = PlayOptions("show", screen="offscreen", outputs=rows)
    events, told, path = OutputEvents(), [], tmp_path / "rig.toml"
    with closing(open_outputs(options)) as outputs:
        hands = OutputHands(outputs, events, str(path), told.append)
        yield outputs, hands, events, told, path
        hands.close()


def send(hands, events, *pairs):
    for address, value in pairs:
        events.put(ControlEvent(0.0, address, value, "test"))
    hands.step()


def test_events_of_outputs_never_reach_the_show(stage):
    _, hands, events, *_ = stage
    assert isinstance(events, EventQueue)
    send(hands, events, ("output.1.gamma", 2.0), ("strength", 0.3), ("output.test_card", 1.0))
    assert [event.address for event in events.drain()] == ["strength"]


def test_numbers_and_switches_change_the_output_they_name(stage):
    outputs, hands, events, *_ = stage
    send(hands, events, ("output.2.corner.1.x", 0.2), ("output.2.gamma", 9.0),
         ("output.1.rotate", 93.0), ("output.7.gamma", 2.0), ("output.1.gamma", "loud"))
    left, right = (sight.mapping for sight in outputs.sights)
    assert right.corners[0] == (0.2, 1.0) and right.colour.gamma == 5.0
    assert left == Mapping(rotate=90)
    send(hands, events, ("output.test_card", "toggle"))
    assert [sight.card for sight in outputs.sights] == [True, True]
    send(hands, events, ("output.1.test_card", 0.0))
    assert [sight.card for sight in outputs.sights] == [False, True]
    send(hands, events, ("output.test_card", "toggle"))
    assert not any(sight.card for sight in outputs.sights)
    send(hands, events, ("output.2.reset", 1.0))
    assert outputs.sights[1].mapping.corners == CORNERS
    send(hands, events, ("output.undo", 1.0), ("output.undo", 0.0))
    assert outputs.sights[1].mapping.corners[0] == (0.2, 1.0)


def test_corners_are_nudged_by_addresses_and_saved(stage):
    outputs, hands, events, told, path = stage
    send(hands, events, ("output.2.edit", 1.0), ("output.next_point", 1.0),
         ("output.nudge.x", -32.0), ("output.nudge.y", -18.0))
    assert hands.editor.active == 1
    assert outputs.sights[1].mapping.corners[1] == pytest.approx((0.9, 0.9))
    send(hands, events, ("output.save", 1.0), ("output.edit", 0.0))
    hands.close()
    assert told == [f"saved the outputs in {path}"] and hands.editor.active is None
    first, second = read_rig(path).outputs
    assert first == Output("left", "A", False, (320, 180))
    assert second.mapping.corners[1] == (0.9, 0.9)


def test_a_display_is_written_where_a_hand_chose_it(rig):
    left, second = read_rig(rig).outputs
    other = Output("output 2", "HDMI-3", True, (640, 360))
    save_outputs(rig, (replace(left, display="HDMI-9"), other), moved={1})
    text = rig.read_text()
    assert 'display = "HDMI-1"' in text and "HDMI-9" not in text and "# the preview" in text
    assert read_rig(rig).outputs[1] == replace(second, display="HDMI-3", fullscreen=True)
    save_outputs(rig, (replace(left, fullscreen=False, size=(300, 200)), other), moved={0})
    assert read_rig(rig).outputs[0] == replace(left, fullscreen=False, size=(300, 200))
    assert "# stage left" in rig.read_text()


def test_what_cannot_be_saved_is_told_in_a_line(stage, tmp_path):
    _, hands, events, told, path = stage
    path.write_text("[[outputs]\n")
    send(hands, events, ("output.save", 1.0))
    hands.close()
    assert len(told) == 1 and told[0].startswith("the outputs are not saved:")


def test_keys_reach_them(stage):
    outputs, hands, events, *_ = stage
    for name in ("ctrl+t", "ctrl+m"):
        for event in events_for_key(name, 0.0):
            events.put(event)
    hands.step()
    assert all(sight.card for sight in outputs.sights) and hands.editor.active == 0
    assert hands.key("escape") and not hands.key("escape")


def test_options_are_one_output_and_rehearse_the_rigs():
    assert json.dumps(PlayOptions("show").rig) == '"the rig"'
    rows = (Output("left", "A"), Output("right", "B", size=(320, 180)))
    one = PlayOptions("show", screen="offscreen", size=(640, 360))
    with closing(open_outputs(one)) as outputs:
        assert [sight.output for sight in outputs.sights] == [
            Output("Liquidlight", None, False, (640, 360))
        ]
    with closing(open_outputs(PlayOptions("s", screen="offscreen", outputs=rows))) as outputs:
        assert [sight.output.fullscreen for sight in outputs.sights] == [False, False]
