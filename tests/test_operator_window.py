"""The operator's window beside the show's on a real display: seen, and typed into."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack

import av
import numpy as np
import pytest
from PIL import Image
from servers import need, screen, wait_for

LOOK = """
[[prompts]]
text = "blue plasma"
"""


class Desk:
    """A show with its operator's view, and the hands on it."""

    def __init__(self, folder, stack):
        need("xdotool", "import")
        self.folder, self.stats_file = folder, folder / "stats.jsonl"
        own = {name: str(folder) for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
        self.environment = {**os.environ, **stack.enter_context(screen("1600x900")), **own}
        self.environment.pop("XDG_VIDEOS_DIR", None)
        (folder / "look.toml").write_text(LOOK)
        self.words = stack.enter_context((folder / "words.txt").open("w"))
        command = [sys.executable, "-m", "engine", "play", str(folder / "look.toml"), "--windowed",
                   "--size", "320x180", "--operator", "--audio", "demo", "--osc", "0", "--midi",
                   "none", "--seconds", "900", "--stats", str(self.stats_file)]
        self.show = subprocess.Popen(command, env=self.environment, stderr=self.words)
        stack.callback(self.show.wait, timeout=60)
        stack.callback(self.show.terminate)
        self.window = wait_for("the operator's window", self._found, 180)

    def _found(self):
        assert self.show.poll() is None, (self.folder / "words.txt").read_text()
        said = self.run("xdotool", "search", "--name", "Liquidlight: operator", check=False)
        return said.split()[-1] if said.split() and self.row() else None

    def run(self, *command, check=True):
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=check
        )
        return done.stdout

    def row(self):
        lines = self.stats_file.read_text().splitlines() if self.stats_file.exists() else []
        return json.loads(lines[-1]) if lines else None

    def key(self, name):
        self.run("xdotool", "windowfocus", "--sync", self.window)
        self.run("xdotool", "key", name)

    def seen(self):
        path = self.folder / "view.png"
        self.run("import", "-window", self.window, str(path))
        return np.asarray(Image.open(path).convert("RGB"), int)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with ExitStack() as stack:
        yield Desk(tmp_path_factory.mktemp("desk"), stack)


def test_the_view_is_seen_beside_the_show(desk):
    picture = desk.seen()
    assert picture.shape == (720, 1280, 3)
    wait_for("the preview", lambda: desk.seen()[100:300, 100:500].max() > 40)
    wait_for("bars of the spectrum", lambda: (desk.seen()[420:490, 670:1200, 2] > 200).any())


def test_a_key_in_it_records_and_the_light_is_red(desk):
    desk.key("ctrl+r")
    wait_for("the recording", lambda: (desk.row() or {}).get("recording"))
    wait_for("the red frame", lambda: (desk.seen()[14, 100:500] == (255, 82, 82)).all())
    desk.key("ctrl+r")
    wait_for("its end", lambda: desk.row()["recording"] is None)
    (film,) = wait_for("the film", lambda: list(desk.folder.glob("liquidlight-*.mp4")))
    wait_for("its note", lambda: "recorded " in (desk.folder / "words.txt").read_text())
    with av.open(str(film)) as container:
        assert sum(1 for _ in container.decode(video=0)) >= 2


def test_a_question_mark_shows_the_keys(desk):
    before = desk.seen()[520:700, 660:1260].mean()
    desk.key("question")
    wait_for("the keys", lambda: desk.seen()[520:700, 660:1260].mean() < 0.8 * before)
    desk.key("question")
