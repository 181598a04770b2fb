"""Recording during the show: switch, faults and killed shows, with real recorders and files."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from servers import wait_for

from engine import clock, recording
from engine.errors import MediaError
from engine.play_options import PlayOptions
from engine.recording import Recording

SIZE = (64, 36)


class Stage:
    """Pictures as a compositor gives them, late by one; hops as the analysis gives them."""

    def __init__(self, path, **options):
        self.listening, self.lines, self.time = SimpleNamespace(hops=None), [], 5.0
        self.recording = Recording(
            PlayOptions("show", record=path, **options), SIZE, self.listening, self.lines.append
        )
        self.asked = 0

    def read_late(self):
        self.asked += 1
        grey = np.full((36, 64, 3), 2 * self.asked % 250, np.uint8)
        return grey if self.asked > 1 else None

    def play(self, seconds, wanted=True):
        for _ in range(round(30 * seconds)):
            self.time += 1 / 30
            if self.listening.hops is not None:
                self.listening.hops.put((np.zeros((1600, 2), np.float32), self.time))
            self.recording.step(wanted, self.time, self.read_late)
            clock.sleep(0.001)


def pictures(path):
    with av.open(str(path)) as film:
        return sum(1 for _ in film.decode(video=0))


def test_the_switch_begins_and_ends_films(tmp_path):
    stage = Stage(tmp_path / "show.mp4")
    stage.play(0.3, wanted=False)
    assert not stage.recording.on and stage.recording.figures() == {"recording": None}
    assert stage.asked == 0, "nothing is read back while nothing is recorded"
    stage.play(1.0)
    figures = stage.recording.figures()
    assert stage.recording.on and figures["recording_s"] == pytest.approx(1.0, abs=0.1)
    stage.play(0.2, wanted=False)
    assert not stage.recording.on and stage.listening.hops is None
    stage.play(0.5)
    stage.recording.close()
    first, second = tmp_path / "show.mp4", tmp_path / "show-2.mp4"
    assert 25 <= pictures(first) <= 32 and 10 <= pictures(second) <= 17
    assert len(stage.lines) == 2 and all("pictures by" in line for line in stage.lines)


def test_a_full_disk_is_told_once_and_tried_again_when_there_is_room(tmp_path, monkeypatch):
    usage = recording.shutil.disk_usage(tmp_path)
    left = [usage.free]
    monkeypatch.setattr(
        recording.shutil, "disk_usage", lambda _: type(usage)(usage.total, 0, left[0])
    )
    stage = Stage(tmp_path / "show.mp4")
    stage.play(0.5)
    left[0] = 1
    wait_for("the end of the recording", lambda: stage.play(0.1) or stage.lines, 20)
    stage.play(12.0)
    assert len(stage.lines) == 1 and "the disk is full" in stage.lines[0]
    assert not stage.recording.on and [p.name for p in tmp_path.iterdir()] == ["show.mp4"]
    left[0] = usage.free
    stage.play(11.0)
    assert stage.recording.on
    stage.recording.close()
    assert pictures(tmp_path / "show.mp4") > 10 and pictures(tmp_path / "show-2.mp4") > 10


def test_a_bad_place_is_refused_before_the_show(tmp_path):
    with pytest.raises(MediaError, match="a film ends in"):
        Stage(tmp_path / "show.avi")
    with pytest.raises(MediaError, match="there is no folder"):
        Stage(tmp_path / "none" / "show.mp4")


def test_without_a_path_films_are_dated_and_lie_among_the_user_s(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.delenv("XDG_VIDEOS_DIR", raising=False)
    assert recording.usual_path().parent == tmp_path
    (tmp_path / "Videos").mkdir()
    assert recording.usual_path().parent == tmp_path / "Videos"
    assert recording.usual_path().name.startswith("liquidlight-2")
    stage = Stage(None)
    stage.play(0.2)
    stage.recording.close()
    assert len(list((tmp_path / "Videos").glob("liquidlight-*.mp4"))) == 1


LOOK = """
opacity = "0.3 + 0.7*pulse(beat, 0.1)"
[[prompts]]
text = "blue plasma"
"""


def test_a_film_can_be_played_after_the_show_was_killed(tmp_path):
    """kill -9 of the whole play in the middle of its recording."""
    look, film, stats = (tmp_path / name for name in ("look.toml", "show.mp4", "stats.jsonl"))
    look.write_text(LOOK)
    command = [sys.executable, "-m", "engine", "play", str(look), "--offscreen", "--audio", "demo",
               "--osc", "0", "--midi", "none", "--record", str(film), "--stats", str(stats)]
    own = {name: str(tmp_path) for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
    show = subprocess.Popen(command, env={**os.environ, **own}, start_new_session=True)
    try:
        wait_for("four seconds of film", lambda: _recorded(stats) > 120 or show.poll() is not None)
        assert show.poll() is None
    finally:
        os.killpg(show.pid, signal.SIGKILL)
        show.wait()
    with av.open(str(film)) as container:  # Not every frame is a picture on a busy machine.
        last = max(frame.time for frame in container.decode(video=0))
    with av.open(str(film)) as container:
        sound = sum(frame.samples for frame in container.decode(audio=0)) / 48_000
    assert last >= 2.5 and sound == pytest.approx(last, abs=1.2)


def _recorded(stats):
    lines = stats.read_text().splitlines() if stats.exists() else []
    return json.loads(lines[-1]).get("recording_frames", 0) if lines else 0
