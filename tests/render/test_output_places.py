"""Outputs sent to other displays by hands: swapped, taken back, saved; pulled and found again."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from servers import need, plug, two_displays, wait_for

from engine.errors import DeviceError
from engine.render.berth import Berth, Berths
from engine.render.displays import Display
from engine.render.mapping import Output

LAPTOP = Display("eDP-1", (0, 0), (1920, 1080), (300, 170), 60.0, True)
WALL = Display("HDMI-1", (1920, 0), (1280, 720), (520, 290), 60.0)
FLOOR = Display("HDMI-2", (3200, 0), (1920, 1080), (520, 290), 50.0)
SHOWN = [LAPTOP, WALL, FLOOR]


class Desk:
    """A window of no system: where it was told to be is where it is."""

    def __init__(self, berth):
        self.berth, self.changes = berth, 0

    def displays(self):
        return SHOWN

    def move(self, berth):
        self.berth = berth

    def use(self):
        pass


class Seen:
    def __init__(self, name, berth):
        self.window, self.output = Desk(berth), Output(name)


def berths(*rows):
    return Berths([Seen(f"output {n}", row) for n, row in enumerate(rows)])


def places(found):
    return [row.display.name if row.full else "window" for row in found]


WALLED, FLOORED = Berth("HDMI-1").on(WALL, SHOWN), Berth("HDMI-2").on(FLOOR, SHOWN)


def test_two_that_are_the_wrong_way_round_change_sides():
    both = berths(WALLED, FLOORED)
    swapped = both.choose(0, "HDMI-2")
    assert places(swapped) == ["HDMI-2", "HDMI-1"]
    assert [row.wanted for row in swapped] == ["HDMI-2", "HDMI-1"]
    both.settle(swapped)
    assert both.now == swapped and both.chosen == {0, 1}
    assert places(both.choose(0, "HDMI-2")) == ["HDMI-2", "HDMI-1"], "asked twice it is the same"


def test_a_free_display_leaves_the_other_alone():
    assert places(berths(WALLED, FLOORED).choose(0, "edp")) == ["eDP-1", "HDMI-2"]


def test_a_window_that_takes_a_display_makes_the_other_one_a_window():
    one = berths(Berth(), FLOORED).choose(0, "HDMI-2")
    assert places(one) == ["HDMI-2", "window"] and one[1].wanted == "HDMI-2"
    again = berths(*one)
    assert places(again.filled(1)) == ["window", "HDMI-2"], "it comes back to its own"


def test_one_that_was_on_the_last_display_is_known_by_name_once_it_is_swapped():
    last = Berth().on(FLOOR, SHOWN)
    assert [row.wanted for row in berths(last, WALLED).choose(1, "HDMI-2")] == ["HDMI-1", "HDMI-2"]


def test_a_name_that_is_none_is_one_line_with_those_there_are():
    with pytest.raises(DeviceError, match="'Beamer'; there is 'eDP-1', 'HDMI-1', 'HDMI-2'"):
        berths(WALLED).choose(0, "Beamer")
    with pytest.raises(DeviceError, match="empty"):
        berths(WALLED).choose(0, "")


SHOW = """
import json, sys, threading
from engine.clock import monotonic
from engine.output_hands import OutputEvents, OutputHands
from engine.records import ControlEvent
from engine.render.mapping import Mapping, Output
from engine.render.outputs import Outputs
events = OutputEvents()
rows = [Output(name, display, size=(200, 100), mapping=Mapping(crop=(left, 0, 0.5, 1)))
        for name, display, left in (("left", "DUMMY0", 0.0), ("right", "DUMMY1", 0.5))]
outputs = Outputs(rows)
hands = OutputHands(outputs, events, sys.argv[1], lambda line: print("told", line, flush=True))
red, blue = bytes([255, 0, 0, 255]) * 64, bytes([0, 0, 255, 255]) * 64
image = outputs.ctx.texture((128, 48), 4, (red + blue) * 48)
image.filter = image.filter[1], image.filter[1]
def listen():
    for line in sys.stdin:
        events.put(ControlEvent(0.0, *json.loads(line), "test"))
threading.Thread(target=listen, daemon=True).start()
told, end = None, monotonic() + 120
while monotonic() < end and not outputs.should_close:
    hands.step()
    outputs.show(image)
    outputs.swap()
    outputs.poll()
    for note in outputs.take_notes():
        print("told", note, flush=True)
    values = hands.surface.values()
    now = json.dumps([[values["output.1.display"], values["output.2.display"]],
                      [s.window.visible for s in outputs.sights], hands.surface.displays()])
    if now != told:
        told = now
        print("now", now, flush=True)
"""


class Stage:
    """The program above on two displays with plugs, its hands at the end of a pipe."""

    def __init__(self, place, folder):
        self.rig, self.log, self.folder = folder / "rig.toml", folder / "places.log", folder
        self.place = {**{k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"}, **place}
        env = {**self.place, "PYTHONPATH": os.getcwd(), "PYTHONWARNINGS": "error"}
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SHOW, str(self.rig)], env=env, stdin=subprocess.PIPE,
                stdout=out, stderr=subprocess.STDOUT, text=True,
            )

    def put(self, address, value=1.0):
        self.process.stdin.write(json.dumps([address, value]) + "\n")
        self.process.stdin.flush()

    def told(self):
        return [x[5:] for x in self.log.read_text().splitlines() if x.startswith("told")]

    def wait(self, what, true):
        """[where each is], [whether it is seen], the displays: once `true` holds of it."""

        def ready():
            assert self.process.poll() is None, self.log.read_text()
            rows = [x for x in self.log.read_text().splitlines() if x.startswith("now")]
            state = json.loads(rows[-1][4:]) if rows else None
            return state if state and true(*state) else None

        return wait_for(what, ready, 60)

    def colours(self):
        """What is seen in the middle of each display: "red", "blue", or neither."""
        from PIL import Image

        path = self.folder / "places.png"
        subprocess.run(["import", "-window", "root", path], env=self.place, check=True)
        with Image.open(path) as image:
            picture = np.asarray(image.convert("RGB")).astype(int)
        known = {(255, 0, 0): "red", (0, 0, 255): "blue"}
        return [known.get(tuple(picture[300, x]), "") for x in (500, 1140)]

    def see(self, *wanted):
        wait_for(f"{wanted}", lambda: self.colours() == list(wanted), 20)

    def close(self):
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    need("import")
    folder = tmp_path_factory.mktemp("places")
    with two_displays(folder) as place:
        running = Stage(place, folder)
        try:
            running.wait("both windows", lambda _, visible, __: visible == [True, True])
            yield running
        finally:
            running.close()


def test_left_and_right_change_sides_and_back(stage):
    stage.see("red", "blue")
    stage.put("output.1.display", "DUMMY1")
    _, visible, shown = stage.wait("the swap", lambda at, *_: at == ["DUMMY1", "DUMMY0"])
    assert visible == [True, True]
    assert [(row["name"], row["outputs"], row["size"]) for row in shown] == [
        ("DUMMY0", ["right"], [640, 480]), ("DUMMY1", ["left"], [640, 480])]
    stage.see("blue", "red")
    stage.put("output.undo")
    stage.wait("the step back", lambda at, *_: at == ["DUMMY0", "DUMMY1"])
    stage.see("red", "blue")


def test_an_unknown_name_is_one_line_and_nothing_changes(stage):
    stage.put("output.1.display", "Beamer")
    line = "left: no display is called 'Beamer'; there is 'DUMMY0', 'DUMMY1'"
    wait_for("the line", lambda: line in stage.told(), 20)
    assert stage.colours() == ["red", "blue"]


def test_a_display_that_was_chosen_is_saved_pulled_and_found_again(stage):
    stage.put("output.1.display", "DUMMY1")
    stage.wait("the swap", lambda at, *_: at == ["DUMMY1", "DUMMY0"])
    stage.put("output.save")
    wait_for("the rig", lambda: any("saved" in line for line in stage.told()), 20)
    text = stage.rig.read_text()
    assert text.index('"left"') < text.index('"DUMMY1"') < text.index('"right"')
    assert text.index('"right"') < text.index('"DUMMY0"')
    plug(stage.place, False)
    *_, shown = stage.wait("the hidden one", lambda _, visible, __: visible == [False, True])
    assert [row["name"] for row in shown] == ["DUMMY0"]
    plug(stage.place, True)
    stage.wait("its return", lambda _, visible, shown: visible == [True, True] and len(shown) == 2)
    stage.see("blue", "red")
    stage.put("output.undo")
    stage.see("red", "blue")


def test_it_becomes_a_window_and_fills_its_display_again(stage):
    stage.put("output.2.display", "window")
    stage.wait("the window", lambda at, *_: at == ["DUMMY0", "window"])
    wait_for("an empty display", lambda: stage.colours()[1] == "", 20)
    stage.put("output.2.fullscreen", "toggle")
    stage.wait("all of it", lambda at, *_: at == ["DUMMY0", "DUMMY1"])
    stage.see("red", "blue")


def test_who_is_where_is_shown_for_a_while(stage):
    stage.put("output.identify")
    wait_for("the cards", lambda: stage.colours() == ["", ""], 20)
    stage.see("red", "blue")
