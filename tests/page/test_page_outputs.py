"""What the page is told of the outputs, and what its hands do to them: two that nobody sees."""

from contextlib import closing

import pytest

from controllers.addresses import find
from controllers.osc import value_for
from controllers.osc_query import leaf
from controllers.page.hub import control_row
from engine.output_hands import OutputEvents, OutputHands, open_outputs
from engine.params import OUTPUT_PARAMS
from engine.play_options import PlayOptions
from engine.records import ControlEvent
from engine.render.berth import Berth
from engine.render.displays import Display
from engine.render.mapping import Grid, Mapping, Output

LAPTOP = Display("eDP-1", (0, 0), (1920, 1080), (300, 170), 60.0, True)
WALL = Display("HDMI-1", (1920, 0), (1280, 720), (520, 290), 59.94)


@pytest.fixture
def room(tmp_path):
    rows = (Output("left", "HDMI-1", size=(320, 180)), Output("right", size=(320, 180)))
    options = PlayOptions("show", screen="offscreen", outputs=rows)
    events, told = OutputEvents(), []
    with closing(open_outputs(options)) as outputs:
        hands = OutputHands(outputs, events, str(tmp_path / "rig.toml"), told.append)
        yield outputs, hands, events, told
        hands.close()


def send(room, *pairs):
    """As a hand on the page does: the address is found, the value checked."""
    for name, value in pairs:
        events = room[2]
        events.put(ControlEvent(0.0, name, value_for(find(name), [value]), "page"))
    room[1].step()


def test_every_control_has_an_address_and_a_value(room):
    surface = room[1].surface
    controls, values = surface.controls(), surface.values()
    for control in controls:
        address = find(control.name)
        assert address is not None and address.kind == control.kind, control.name
        assert address.param == control.param, control.name
        relative = control.name.startswith("output.nudge")
        assert (control.name in values) == (control.kind != "trigger" and not relative)
        assert control_row(control)["name"] == control.name and leaf(control, 0.0)
    assert values.keys() <= {control.name for control in controls}
    told = {name.removeprefix("output.2.") for name in values if name.startswith("output.2.")}
    assert told >= {key for key in OUTPUT_PARAMS if not key.startswith(("corner", "point"))}
    assert surface.controls() is controls, "the same until something is there or gone"


def test_what_hands_do_is_told(room):
    surface = room[1].surface
    send(room, ("output.2.gamma", 1.5), ("output.2.blend.left", 0.25), ("output.2.rotate", 90),
         ("output.2.flip", "x"), ("output.2.crop.width", 0.5), ("output.1.corner.3.x", 0.9),
         ("output.1.test_card", "toggle"), ("output.2.edit", "toggle"))
    values = surface.values()
    assert [values[f"output.2.{key}"] for key in ("gamma", "blend.left", "rotate", "flip")] == [
        1.5, 0.25, 90.0, "x"]
    assert values["output.1.corner.3.x"] == 0.9 and values["output.1.test_card"] == 1.0
    assert (values["output.1.edit"], values["output.2.edit"], values["output.edit"]) == (0, 1, 1)
    first, second = surface.rows()
    assert first["card"] and first["corners"][2] == [0.9, 0.0] and second["edit"]
    assert (second["rotate"], second["flip"], second["crop"]) == (90, "x", [0.0, 0.0, 0.5, 1.0])
    assert second["size"] == [320, 180]
    assert second["place"] == pytest.approx([202.5, 180.0], abs=1.0), "turned, and half as wide"


def test_what_was_changed_is_let_go_of_like_everything_else(room):
    outputs, hands, *_ = room
    send(room, ("output.1.gamma", 2.0), ("output.1.blend.top", 0.1), ("output.1.corner.1.x", 0.2))
    hands.surface.values()
    assert hands.surface.held() == {"output.1.gamma": 2.0, "output.1.blend.top": 0.1}
    send(room, ("release", "output.1.gamma"), ("release", "output.1.blend.top"),
         ("release", "output.1.fullscreen"), ("release", "output.9.gamma"))
    hands.surface.values()
    assert hands.surface.held() == {}
    send(room, ("output.undo", 1.0))
    assert outputs.sights[0].mapping.blend.top == 0.1


def test_the_release_of_anything_else_goes_to_the_show(room):
    events = room[2]
    events.put(ControlEvent(0.0, "release", "strength", "page"))
    assert [event.value for event in events.drain()] == ["strength"]


def test_a_grid_comes_with_its_points_and_goes(room):
    outputs, hands, *_ = room
    before = hands.surface.controls()
    send(room, ("output.2.grid", "toggle"))
    assert outputs.sights[1].mapping.grid == Grid.even(4, 3)
    added = {c.name for c in hands.surface.controls()} - {c.name for c in before}
    assert added == {f"output.2.point.{k}.{axis}" for k in range(1, 13) for axis in "xy"}
    send(room, ("output.2.point.6.x", 0.4))
    assert hands.surface.values()["output.2.point.6.x"] == 0.4
    assert hands.surface.rows()[1]["grid"]["points"][5] == [0.4, 0.5]
    send(room, ("output.2.grid", 1.0))
    assert outputs.sights[1].mapping.grid.points[5] == (0.4, 0.5), "it is there already"
    send(room, ("output.2.grid", 0.0))
    assert hands.surface.controls() == before and hands.surface.rows()[1]["grid"] is None
    send(room, ("output.undo", 1.0))
    assert outputs.sights[1].mapping.grid.points[5] == (0.4, 0.5)


def test_a_large_grid_is_bent_but_not_told_point_by_point(room):
    outputs, hands, *_ = room
    count = len(hands.surface.controls())
    outputs.set_mapping(0, Mapping(grid=Grid.even(9, 8)))
    assert len(hands.surface.controls()) == count
    assert len(hands.surface.rows()[0]["grid"]["points"]) == 72
    send(room, ("output.1.point.72.x", 0.8))
    assert outputs.sights[0].mapping.grid.points[71] == (0.8, 0.0)


def test_displays_are_told_with_who_is_on_them(room, monkeypatch):
    outputs, hands, _, told = room
    assert hands.surface.displays() == []
    send(room, ("output.1.display", "HDMI-1"), ("output.2.flip", "sideways"))
    assert told == ["left: these outputs have no displays to choose from",
                    "right: flip = 'sideways' is not one of none, x, y, both"]
    monkeypatch.setattr(outputs.first, "displays", lambda: [LAPTOP, WALL])
    monkeypatch.setattr(outputs.first, "move", lambda berth: setattr(outputs.first, "berth", berth))
    outputs.berths.look()
    row = next(c for c in hands.surface.controls() if c.name == "output.1.display")
    assert row.choices == ("eDP-1", "HDMI-1", "window")
    send(room, ("output.1.display", "HDMI-1"))
    assert hands.surface.values()["output.1.display"] == "HDMI-1"
    assert [(r["name"], r["main"], r["outputs"]) for r in hands.surface.displays()] == [
        ("eDP-1", True, []), ("HDMI-1", False, ["left"])]
    monkeypatch.setattr(outputs.first, "displays", lambda: [LAPTOP])
    outputs.first.changes += 1
    outputs.poll()
    assert hands.surface.values()["output.1.display"] == "HDMI-1", "it waits for it"
    assert [row["name"] for row in hands.surface.displays()] == ["eDP-1"]


def test_all_fill_their_displays_or_none(room, monkeypatch):
    outputs, hands, *_ = room
    for sight in outputs.sights:
        window = sight.window
        monkeypatch.setattr(window, "displays", lambda: [LAPTOP, WALL])
        monkeypatch.setattr(window, "move", lambda berth, w=window: setattr(w, "berth", berth))
        window.berth = Berth(sight.output.display)
    send(room, ("output.fullscreen", "toggle"))
    full = [hands.surface.values()[f"output.{n}.display"] for n in (1, 2)]
    assert full == ["HDMI-1", "window"], "the last display is the other one's already"
    send(room, ("output.2.display", "eDP-1"))
    assert hands.surface.values()["output.fullscreen"] == 1.0
    assert [sight.output.display for sight in outputs.sights] == ["HDMI-1", "eDP-1"]
    send(room, ("output.fullscreen", "toggle"))
    assert [berth.full for berth in outputs.berths.now] == [False, False]
    send(room, ("output.fullscreen", 1.0))
    assert [row["outputs"] for row in hands.surface.displays()] == [["right"], ["left"]]
    send(room, ("output.undo", 1.0), ("output.undo", 1.0))
    assert [berth.full for berth in outputs.berths.now] == [True, True]
    send(room, ("output.undo", 1.0), ("output.undo", 1.0), ("output.redo", 1.0))
    assert [berth.full for berth in outputs.berths.now] == [True, False]


def test_who_is_where_is_shown_and_goes_by_itself(room, monkeypatch):
    outputs = room[0]
    send(room, ("output.identify", 1.0))
    now = outputs.sights[0].named_until
    monkeypatch.setattr("engine.render.sights.monotonic", lambda: now - 3.9)
    assert all(sight.carded for sight in outputs.sights)
    monkeypatch.setattr("engine.render.sights.monotonic", lambda: now)
    assert not any(sight.carded for sight in outputs.sights)
