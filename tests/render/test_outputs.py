"""Several windows of one show: real displays that come and go, and hands that pull corners."""

import json
import os
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
from servers import need, plug, two_displays, wait_for

from engine.clock import sleep
from engine.errors import DeviceError
from engine.render.displays import Display, choose_display, find_again, has_twin
from engine.render.map_editor import MapEditor
from engine.render.mapping import CORNERS, Mapping, Output
from engine.render.outputs import Outputs

LAPTOP = Display("eDP-1", (0, 0), (1920, 1080), (300, 170), 60.0, True)
WALL = Display("HDMI-1", (1920, 0), (1280, 720), (520, 290), 60.0)
FLOOR = Display("HDMI-2", (3200, 0), (1920, 1080), (520, 290), 50.0)


def test_a_display_is_chosen_by_name_or_by_its_words():
    shown = [LAPTOP, WALL, FLOOR]
    assert choose_display(shown, "HDMI-2") is FLOOR and choose_display(shown, "hdmi") is WALL
    assert choose_display(shown, "hdmi 1920x1080") is FLOOR
    assert choose_display(shown, "520x290mm +1920+0") is WALL
    assert choose_display(shown, None) is FLOOR and choose_display([LAPTOP], None) is LAPTOP
    with pytest.raises(DeviceError, match="'Beamer'; there is 'eDP-1', 'HDMI-1', 'HDMI-2'"):
        choose_display(shown, "Beamer")


def test_a_display_is_known_again_wherever_it_is_plugged_in():
    moved = Display("HDMI-1", (0, 1080), (800, 600), (520, 290), 75.0)
    assert find_again([LAPTOP, moved], WALL) is moved
    boxed = Display("HDMI-1", (1920, 0), (1280, 720), (0, 0), 60.0)
    assert find_again([LAPTOP, boxed], WALL) is boxed, "behind another box, the only one so called"
    assert find_again([LAPTOP, FLOOR], WALL) is None


def test_no_other_display_stands_in_for_one_that_is_gone():
    """Two alike, as Windows calls them; the operator's least of all."""
    mine = Display("Generic", (0, 0), (1920, 1080), (520, 290), 60.0, True)
    wall = Display("Generic", (1920, 0), (1920, 1080), (520, 290), 60.0)
    floor = Display("Generic", (3840, 0), (1920, 1080), (520, 290), 60.0)
    assert has_twin([mine, wall, floor], wall) and not has_twin([LAPTOP, WALL], WALL)
    assert find_again([mine], wall) is None and find_again([mine], wall, twin=True) is None
    assert find_again([mine, floor], wall, twin=True) is None
    assert find_again([mine, wall, floor], floor, twin=True) is floor


@pytest.fixture
def outputs():
    with closing(Outputs([Output("wall", size=(320, 180))], offscreen=True)) as made:
        made.show(made.ctx.texture((160, 90), 4, b"\x40\x80\xc0\xff" * (160 * 90)), 1.0)
        yield made


def seen(outputs):
    outputs.swap()
    width, height = outputs.framebuffer_size
    raw = np.frombuffer(outputs.screen.read(components=3, alignment=1), np.uint8)
    return raw.reshape(height, width, 3)[::-1]


def test_a_test_card_covers_everything_even_a_blackout(outputs):
    assert seen(outputs)[90, 160].tolist() == [64, 128, 192]
    outputs.show(outputs._image[0], 0.0)
    outputs.sights[0].card = True
    wait_for("the card", lambda: seen(outputs).any(), 20)
    card = seen(outputs)
    assert card[0, 0].tolist() == [244, 244, 244], "the outermost pixels are marked"
    assert card[1, 1].tolist() == [235, 30, 30]
    bars = {tuple(pixel) for pixel in card[38, 108:212:2].tolist()}
    assert {(235, 235, 16), (16, 235, 16), (235, 16, 16)} <= bars
    outputs.sights[0].card = False
    assert not seen(outputs).any()


def test_corners_follow_the_mouse_and_steps_are_taken_back(outputs):
    saved = []
    editor = MapEditor(outputs, lambda: saved.append(1))
    point, mapping = outputs.first.point, lambda: outputs.sights[0].mapping
    point("press", 2, 178)
    point("move", 60, 150)
    assert mapping() == Mapping(), "nothing moves before it is asked for"
    editor.begin()
    for n in range(20):
        point("press" if n == 0 else "move", 2 + 3 * n, 178 - n)
    point("release", 60, 150)
    point("move", 200, 20)
    assert np.allclose(mapping().corners[0], (57 / 320, 161 / 180))
    editor.key("tab")
    for name in ("left", "shift+left", "down", "shift+up", "left"):
        assert editor.key(name)
        editor.held(name)
    assert np.allclose(mapping().corners[1], (1 - 12 / 320, 1 + 9 / 180))
    editor.key("ctrl+z")
    assert mapping().corners[1] == (1.0, 1.0) and mapping().corners[0] != (0.0, 1.0)
    editor.key("ctrl+z")
    assert mapping() == Mapping(), "a drag is one step"
    editor.key("ctrl+shift+z")
    assert mapping().corners[0] != (0.0, 1.0)
    editor.key("r")
    assert mapping().corners == CORNERS
    editor.key("ctrl+s")
    assert saved == [1] and not editor.key("b"), "the show's own keys stay the show's"
    editor.key("escape")
    assert not editor.key("ctrl+z") and editor.active is None


def test_the_grid_is_pulled_where_it_is_seen(outputs):
    editor = MapEditor(outputs, lambda: None)
    editor.begin(0)
    editor.key("tab")
    editor.held("shift+left")
    editor.key("g")
    grid = outputs.sights[0].mapping.grid
    assert (grid.columns, grid.rows) == (4, 3) and grid.is_even
    editor.choose(5)
    x, y = editor._points()[5]
    outputs.first.point("press", x + 1, y)
    outputs.first.point("move", x + 11, y - 8)
    outputs.first.point("release", x + 11, y - 8)
    assert np.allclose(editor._points()[5], (x + 10, y - 8), atol=1e-6)
    for _ in range(3):
        editor.key("ctrl+z")
    assert outputs.sights[0].mapping == Mapping() and editor.kind == "corner"


def test_handles_are_seen_while_it_is_edited_only(outputs):
    plain = seen(outputs)
    editor = MapEditor(outputs, lambda: None)
    editor.begin(0)
    marked = seen(outputs)
    assert np.abs(marked[:20, :20].astype(int) - plain[:20, :20]).max() > 100
    editor.end()
    assert np.array_equal(seen(outputs), plain)


def test_a_further_window_shows_what_its_owner_draws_and_survives_its_faults(outputs):
    drawn = []

    def draw(window):
        drawn.append(window)
        window.screen.clear(1.0, 0.0, 0.0)
        if len(drawn) == 2:
            raise ValueError("no room")

    further = outputs.open_window("operator", (64, 36), draw, hz=1000.0)
    keys = []
    outputs.on_key(keys.append)
    for _ in range(4):
        sleep(0.002)
        outputs.swap()
    assert drawn == [further] * 4 and outputs.take_notes() == ["offscreen: ValueError: no room"]
    assert further.screen.read(alignment=1)[:3] == b"\xff\x00\x00"
    assert seen(outputs)[90, 160].tolist() == [64, 128, 192]
    further.press("b")
    assert keys == ["b"]


SHOW = """
import json, os, sys
from engine.clock import monotonic
from engine.render.map_editor import MapEditor
from engine.render.mapping import Mapping, Output
from engine.render.outputs import Outputs
outputs = Outputs([Output("left", "DUMMY0", mapping=Mapping(crop=(0, 0, 0.5, 1))),
                   Output("right", "DUMMY1", mapping=Mapping(crop=(0.5, 0, 0.5, 1)))])
row = b"\\xff\\x00\\x00\\xff" * 640 + b"\\x00\\x00\\xff\\xff" * 640
image = outputs.ctx.texture((1280, 480), 4, row * 480)
editor = MapEditor(outputs, lambda: print("saved", flush=True))
outputs.on_key(editor.held, repeats=True)
asked, frames = None, 0
def key(name):
    global asked
    if name == "ctrl+m":
        editor.begin()
    elif not editor.key(name):
        asked = name
outputs.on_key(key)
end = monotonic() + 120
told = None
while asked != "q" and monotonic() < end:
    outputs.show(image)
    outputs.swap()
    outputs.poll()
    frames += 1
    for note in outputs.take_notes():
        print("note", note, flush=True)
    now = json.dumps([[s.window.visible for s in outputs.sights], editor.active,
                      [[round(v, 3) for v in p] for p in outputs.sights[1].mapping.corners]])
    if now != told:
        told = now
        print("now", frames, now, flush=True)
full = [display.name for display in outputs.free_displays()]
outputs.close()
one = Outputs([Output("one", "DUMMY0")])
further = one.open_window("operator", (200, 100), lambda window: window.screen.clear(0.0, 1.0, 0.0))
for _ in range(5):
    one.poll()
    one.swap()
free = [display.name for display in one.free_displays()]
print("further", json.dumps([full, free, one._further[0].window.place]), flush=True)
one.close()
print("ended", flush=True)
"""


class Show:
    """The program above on two displays, driven as people drive it."""

    def __init__(self, place, folder):
        self.place = {**{k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"}, **place}
        self.log, self.folder = folder / "log", folder
        env = {**self.place, "PYTHONPATH": os.getcwd(), "PYTHONWARNINGS": "error"}
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SHOW], env=env, stdout=out, stderr=subprocess.STDOUT
            )

    def lines(self):
        return self.log.read_text().splitlines()

    def wait(self, what, true):
        """The state, [visible], edited, corners, once `true` holds of it."""

        def ready():
            assert self.process.poll() is None, self.log.read_text()
            rows = [line for line in self.lines() if line.startswith("now")]
            state = json.loads(rows[-1].split(" ", 2)[2]) if rows else None
            return state if state and true(*state) else None

        return wait_for(what, ready, 60)

    def hand(self, *arguments):
        subprocess.run(["xdotool", *map(str, arguments)], env=self.place, check=True)

    def picture(self):
        from PIL import Image

        path = self.folder / "screen.png"
        subprocess.run(["import", "-window", "root", path], env=self.place, check=True)
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB")).astype(int)


@pytest.fixture(scope="module")
def show(tmp_path_factory):
    need("xdotool", "import")
    folder = tmp_path_factory.mktemp("two")
    with two_displays(folder) as place:
        running = Show(place, folder)
        try:
            running.wait("both windows", lambda visible, *_: visible == [True, True])
            sleep(0.3)
            yield running
        finally:
            running.process.terminate()
            running.process.wait(timeout=30)


def test_each_output_fills_its_display_with_its_part_of_the_picture(show):
    picture = show.picture()
    assert picture[240, 320].tolist() == [255, 0, 0] and picture[5, 5].tolist() == [255, 0, 0]
    assert picture[240, 960].tolist() == [0, 0, 255] and picture[475, 1275].tolist() == [0, 0, 255]


def test_a_lost_display_hides_its_output_and_gets_it_back(show):
    plug(show.place, False)
    show.wait("the output to be hidden", lambda visible, *_: visible == [True, False])
    sleep(0.3)
    assert show.picture()[240, 320].tolist() == [255, 0, 0], "the other display is left alone"
    plug(show.place, True)
    show.wait("the output to be back", lambda visible, *_: visible == [True, True])
    wait_for("its picture", lambda: show.picture()[240, 960].tolist() == [0, 0, 255], 20)
    notes = [line for line in show.lines() if line.startswith("note")]
    assert notes == [
        "note display 'DUMMY1' is gone: its output is hidden until it comes back",
        "note display 'DUMMY1' is there: its output is shown on it",
    ]


def test_corners_are_pulled_with_mouse_and_keys_on_the_output_under_the_mouse(show):
    show.hand("mousemove", 800, 200)
    sleep(0.3)
    show.hand("key", "ctrl+m")
    show.wait("handles", lambda _, active, __: active == 1)
    # Eight pixels inside the corner, so that the drag keeps that distance.
    show.hand("mousemove", 648, 8)
    show.hand("mousedown", 1)
    for x, y in ((660, 20), (700, 40), (776, 56)):
        show.hand("mousemove", x, y)
    show.hand("mouseup", 1)
    *_, corners = show.wait("the corner", lambda _, __, c: c[0] == [0.2, 0.9])
    assert corners[1:] == [[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]
    sleep(0.3)
    picture = show.picture()
    assert picture[20, 660].max() < 40 and picture[240, 960].tolist() == [0, 0, 255]
    assert picture[240, 320].tolist() == [255, 0, 0], "the other output shows no handles"
    for name in ("Tab", "Left", "shift+Left", "shift+Down"):
        show.hand("key", name)
    show.wait("the second corner", lambda _, __, c: c[1] == [round(629 / 640, 3), 0.979])
    show.hand("key", "ctrl+z")
    show.wait("a step back", lambda _, __, c: c[1] == [1.0, 1.0])
    show.hand("key", "ctrl+s")
    wait_for("the save", lambda: "saved" in show.lines(), 20)
    show.hand("key", "Escape")
    show.wait("no handles", lambda _, active, __: active is None)
    show.hand("key", "q")
    wait_for("the end", lambda: "ended" in show.lines(), 30)
    full, free, place = json.loads(next(x for x in show.lines() if x.startswith("further"))[8:])
    assert (full, free) == ([], ["DUMMY1"])
    assert place[0] >= 640, "a further window opens where no output is"
