"""A performance on two displays, played for real: cards, corners, a pulled plug, a dead generator.

One performance serves all the questions, because starting one costs seconds.
"""

import os
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from servers import need, plug, sound, two_displays, wait_for

from engine.clock import monotonic, sleep

RIG = """
[devices]
audio = "pulse"
midi = "none"
osc = {port}
page_port = 0
[[outputs]]
name = "left wall"  # stage left
display = "DUMMY0"
crop = [0.0, 0.0, 0.5, 1.0]
[[outputs]]
name = "right wall"
display = "DUMMY1"
crop = [0.5, 0.0, 0.5, 1.0]
"""


class Stage:
    """A running performance on two displays, and the hands and eyes on it."""

    def __init__(self, folder, place):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            asked.bind(("127.0.0.1", 0))
            self.port = asked.getsockname()[1]
        self.folder, self.rig, self.log = folder, folder / "rig.toml", folder / "log"
        self.rig.write_text(RIG.format(port=self.port))
        self.place = {**{k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"}, **place}
        command = [sys.executable, "-m", "engine", "play", "oil_lamp", "--fresh", "--rig",
                   str(self.rig), "--seconds", "900"]
        with self.log.open("w") as out:
            self.process = subprocess.Popen(command, env=self.place, stderr=out)

    def wait(self, what, true, seconds=120):
        def ready():
            assert self.process.poll() is None, f"the show ended: {self.log.read_text()}"
            return true() or sleep(0.3)  # To look costs more than to wait.

        return wait_for(what, ready, seconds)

    def osc(self, address, *arguments):
        command = ["oscsend", "127.0.0.1", str(self.port), f"/vj/{address}", *map(str, arguments)]
        subprocess.run(command, check=True)

    def hand(self, *arguments):
        subprocess.run(["xdotool", *map(str, arguments)], env=self.place, check=True)

    def walls(self):
        """What is seen on the left and on the right, float (480, 640, 3)."""
        path = self.folder / "screen.png"
        subprocess.run(["import", "-window", "root", path], env=self.place, check=True)
        seen = np.asarray(Image.open(path).convert("RGB"), np.float32)
        return seen[:480, :640], seen[:480, 640:1280]

    def lit(self, wall):
        return self.walls()[wall].mean() > 8.0


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    need("xdotool", "import", "oscsend", "pulseaudio")
    folder = tmp_path_factory.mktemp("walls")
    with two_displays(folder) as place, sound() as ears:
        running = Stage(folder, {**place, **ears})
        try:
            running.wait("light on both walls", lambda: running.lit(0) and running.lit(1), 240)
            yield running
        finally:
            running.process.terminate()
            running.process.wait(timeout=60)


def carded(wall):
    """Whether a wall shows the test card: gold discs about the numbers of its corners."""
    gold = np.abs(wall - (255, 184, 60)).max(axis=-1) < 12
    return gold.sum() > 2000


def test_the_test_card_is_shown_over_everything_by_a_key(stage):
    stage.hand("mousemove", 300, 200)
    stage.hand("key", "ctrl+t")
    stage.wait("both cards", lambda: all(map(carded, stage.walls())))
    stage.osc("output/1/test_card", "i", 0)
    stage.wait("one card", lambda: [carded(wall) for wall in stage.walls()] == [False, True])
    stage.osc("output/2/test_card", "i", 0)
    stage.wait("no card", lambda: not any(map(carded, stage.walls())))


def test_corners_are_pulled_on_one_wall_and_saved_in_the_rig(stage):
    stage.hand("mousemove", 900, 200)
    sleep(0.5)
    stage.hand("key", "ctrl+m")
    handle = np.array((26, 242, 255))
    stage.wait("handles", lambda: (np.abs(stage.walls()[1] - handle).max(-1) < 30).sum() > 300)
    # Half of the picture, 320 by 360, lies whole on a wall of 640 by 480: its left edge is at 106.
    for what, *at in (("mousemove", 750, 5), ("mousedown", 1), ("mousemove", 800, 60),
                      ("mousemove", 850, 105), ("mouseup", 1), ("key", "ctrl+s")):
        stage.hand(what, *at)
    stage.wait("the save", lambda: "corners" in stage.rig.read_text())
    text = stage.rig.read_text()
    assert text.count("corners") == 1 and "# stage left" in text
    assert text.index("corners") > text.index("right wall")
    stage.hand("key", "Escape")
    stage.wait("a dark corner", lambda: stage.walls()[1][5:40, 110:150].max() < 12)
    assert stage.lit(0) and stage.lit(1), "escape ended the editing, not the show"


def test_a_pulled_plug_is_one_note_and_the_show_goes_on(stage):
    plug(stage.place, False)
    stage.wait("a note", lambda: "'DUMMY1' is gone" in stage.log.read_text())
    assert stage.lit(0)
    plug(stage.place, True)
    stage.wait("the other wall", lambda: stage.lit(1))
    assert stage.log.read_text().count("is gone") == 1


def test_a_blackout_fades_with_a_dead_generator_too(stage):
    of_show = ["pgrep", "-P", str(stage.process.pid), "-f", "spawn_main"]
    children = subprocess.run(of_show, capture_output=True, text=True).stdout.split()
    assert children, "the generator is a process of its own"
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    stage.osc("blackout/seconds", "f", 1.0)
    stage.osc("blackout", "i", 1)
    stage.wait("darkness", lambda: max(wall.max() for wall in stage.walls()) == 0.0)
    stage.osc("blackout", "i", 0)
    stage.wait("light", lambda: stage.lit(0) and stage.lit(1))


def test_leaving_fades_and_then_ends(stage):
    begun = monotonic()
    stage.hand("key", "Escape")
    assert stage.process.wait(timeout=60) == 0
    assert monotonic() - begun >= 1.0
    assert "frames shown" in stage.log.read_text()
