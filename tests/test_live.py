"""The whole chain on real devices: PulseAudio in, a window on Xvfb, JACK MIDI, oscsend, kill -9.

One performance serves all the questions, because starting one costs seconds. Nothing here times
anything: figures are counted, never compared with a clock.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from servers import jack, need, screen, sound, wait_for

from engine.audio import demo
from engine.clock import monotonic, sleep

LOOK = """
seed = 5
strength = 0.5
[[prompts]]
text = "{prompt}"
[motion]
zoom = "1.1 + 0.5*kick + 0.3*knob1"
[midi]
knob1 = "cc 21"
blackout = "note 37"
"""

PIANO = """
import json, sys, rtmidi
out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="piano")
out.open_virtual_port("keys")
for line in sys.stdin:
    out.send_message(json.loads(line))
"""


def free_port() -> int:
    """A UDP port of the system's choice."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


class Stage:
    """A running performance, and the hands and eyes on it."""

    def __init__(self, folder: Path, environment: dict[str, str], stack: ExitStack) -> None:
        self.folder, self.environment = folder, environment
        self.look, self.stats_file = folder / "look.toml", folder / "stats.jsonl"
        self.film, self.port = folder / "show.mp4", free_port()
        self.save("blue plasma")
        self._stack = stack
        self.piano = self._start([sys.executable, "-c", PIANO], stdin=subprocess.PIPE)
        words = stack.enter_context((folder / "words.txt").open("w"))
        self.show = self._start(
            [sys.executable, "-m", "engine", "play", str(self.look), "--audio", "pulse",
             "--windowed", "--size", "640x360", "--osc", str(self.port), "--midi", "piano",
             "--record", str(self.film), "--stats", str(self.stats_file), "--seconds", "1200"],
            stderr=words,
        )
        self.song = None

    def _start(self, command: list[str], **streams) -> subprocess.Popen:
        process = subprocess.Popen(command, env=self.environment, **streams)
        self._stack.callback(process.wait, timeout=90)
        self._stack.callback(process.terminate)
        if process.stdin:
            self._stack.callback(process.stdin.close)
        return process

    def play_song(self) -> None:
        wav = self.folder / "song.wav"
        subprocess.run(
            ["ffmpeg", "-loglevel", "error", "-ss", "15", "-t", "60", "-i", str(demo.path()), wav],
            check=True,
        )
        self.song = self._start(["paplay", str(wav)])

    def save(self, prompt: str, extra: str = "") -> None:
        """As an editor does: a new file, renamed over the old one."""
        fresh = self.folder / "look.tmp"
        fresh.write_text(extra + LOOK.format(prompt=prompt), "utf-8")
        os.replace(fresh, self.look)

    def stats(self) -> list[dict]:
        lines = self.stats_file.read_text().splitlines() if self.stats_file.exists() else []
        return [json.loads(line) for line in lines]

    def heard(self) -> str:
        return (self.folder / "words.txt").read_text()

    def wait(self, what: str, true, seconds: float = 90.0) -> dict:
        """The newest stats line for which `true` holds."""

        def ready():
            assert self.show.poll() is None, f"the show ended: {self.heard()}"
            rows = self.stats()
            return rows[-1] if rows and true(rows[-1]) else None

        return wait_for(what, ready, seconds)

    def osc(self, address: str, *arguments: str) -> None:
        command = ["oscsend", "127.0.0.1", str(self.port), f"/vj/{address}", *arguments]
        subprocess.run(command, check=True)

    def midi(self, *message: int) -> None:
        self.piano.stdin.write(json.dumps(message).encode() + b"\n")
        self.piano.stdin.flush()

    def key(self, name: str) -> None:
        focus = ["xdotool", "search", "--name", "Liquidlight", "windowfocus", "--sync"]
        subprocess.run(focus, env=self.environment, check=True)
        subprocess.run(["xdotool", "key", name], env=self.environment, check=True)

    def picture(self) -> np.ndarray:
        path = self.folder / "screen.png"
        subprocess.run(["import", "-window", "root", path], env=self.environment, check=True)
        return np.asarray(Image.open(path).convert("RGB"), np.float32)

    def dark(self) -> bool:
        return self.picture().max() == 0.0

    def lit(self) -> bool:
        return self.picture().max() > 40.0


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory):
    need("import", "oscsend", "ffmpeg", "xdotool")
    pytest.importorskip("rtmidi", reason="python-rtmidi has no wheel for this Python")
    with ExitStack() as stack:
        environment = dict(os.environ)
        for server in (screen, sound, jack):
            environment |= stack.enter_context(server())
        stage = Stage(tmp_path_factory.mktemp("stage"), environment, stack)
        stage.wait("the first generated picture", lambda row: row["generator_fps"] > 0, 240)
        stage.play_song()
        yield stage


def test_it_hears_the_beat_of_what_plays(stage: Stage) -> None:
    row = stage.wait("the beat", lambda row: row["confidence"] > 0.5)
    assert row["bpm"] == pytest.approx(124.0, rel=0.03)


def test_the_stats_tell_level_tempo_and_the_parts_of_the_way_to_light(stage: Stage) -> None:
    row = stage.wait("the song", lambda row: (row["input_peak_db"] or -99.0) > -30.0)
    assert row["tempo_choice"] == "auto" and row["tempo_scale"] == 1.0
    assert not row["tempo_locked"] and row["offset_ms"] == 0.0
    parts = ("capture_ms", "analysis_ms", "waiting_ms", "drawing_ms", "presentation_ms")

    def fits(row: dict) -> bool:
        """The parts are the whole; each is a mean over a time of its own."""
        return abs(sum(row[part] for part in parts) - row["latency_ms"]) < 30.0

    assert stage.wait("parts that fit", fits)["drawing_ms"] > 0.5


def test_a_midi_clock_takes_over_and_hands_set_the_tempo(stage: Stage) -> None:
    stage.midi(0xFA)
    begun, n = monotonic(), 0
    while stage.stats()[-1]["tempo_source"] != "midi" and n < 4000:
        stage.midi(0xF8)
        n += 1
        sleep(begun + n / 40.0 - monotonic())  # 100 beats a minute
    stage.wait("the ear again", lambda row: row["tempo_source"] in ("audio", "flywheel"))
    stage.osc("tempo/bpm", "f", "101.5")
    row = stage.wait("a typed tempo", lambda row: row["tempo_source"] == "fixed")
    stage.wait("its tempo", lambda row: abs(row["bpm"] - 101.5) < 0.1)
    stage.osc("tempo/offset", "f", "12.0")
    stage.key("l")
    row = stage.wait("the lock", lambda row: row["tempo_locked"])
    assert row["offset_ms"] == 12.0
    stage.osc("tempo/relearn")
    stage.osc("tempo/source", "s", "auto")
    stage.wait("the ear", lambda row: row["tempo_choice"] == "auto" and not row["tempo_locked"])


def test_what_is_in_the_window_moves_and_is_not_black(stage: Stage) -> None:
    before = stage.picture()
    assert before.max() > 40.0
    wait_for("motion", lambda: np.abs(stage.picture() - before).mean() > 2.0)


def test_midi_and_osc_change_the_picture(stage: Stage) -> None:
    stage.midi(0x90, 37, 100)
    wait_for("blackout by MIDI", stage.dark)
    stage.midi(0x90, 37, 100)
    wait_for("light again", stage.lit)
    stage.osc("opacity", "f", "0.0")
    wait_for("the master fader by OSC", stage.dark)
    stage.osc("reset", "i", "1")
    wait_for("light again", stage.lit)
    stage.wait("the count of events", lambda row: row["events"] >= 4)


def test_a_key_in_the_window_is_heard(stage: Stage) -> None:
    for dark in (True, False):
        stage.key("b")
        wait_for("the key", stage.dark if dark else stage.lit)


def test_a_save_changes_the_show_and_a_broken_one_does_not(stage: Stage) -> None:
    stage.save("fire", "strenght = 0.5\n")
    wait_for("the message", lambda: "look.toml:1: strenght is not known" in stage.heard())
    assert stage.lit()
    stage.save("red and black fire", "opacity = 0.0\n")
    wait_for("the new look", stage.dark)
    stage.save("red and black fire")
    wait_for("light again", stage.lit)


SHADER = """/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/
void main() { gl_FragColor = %s; }
"""


def test_a_shader_beside_the_look_is_reloaded_and_a_broken_one_told(stage: Stage) -> None:
    shader = stage.folder / "mine.fs"
    shader.write_text(SHADER % "vec4(0.0)")
    with_shader = stage.look.read_text() + '\n[[effects]]\nshader = "mine"\n'
    (stage.folder / "look.tmp").write_text(with_shader)
    os.replace(stage.folder / "look.tmp", stage.look)
    wait_for("the shader's black", stage.dark)
    shader.write_text(SHADER % "nonsense")
    wait_for("the compiler's message", lambda: "mine.fs:2" in stage.heard())
    assert stage.dark()
    shader.write_text(SHADER % "vec4(0.0, 1.0, 0.0, 1.0)")
    wait_for("the mended shader", stage.lit)
    stage.save("red and black fire")


def test_what_hands_have_set_is_saved_from_the_stage(stage: Stage) -> None:
    before = stage.look.read_text()
    stage.osc("strength", "f", "0.25")
    stage.key("ctrl+s")
    wait_for("the save", lambda: "strength = 0.25\n" in stage.look.read_text())
    stage.key("ctrl+shift+s")
    wait_for("nothing more to save", lambda: (stage.folder / "look-2.toml").exists())
    for _ in range(2):
        stage.key("ctrl+z")
    wait_for("the undo", lambda: stage.look.read_text() == before)
    assert not (stage.folder / "look-2.toml").exists()


def test_a_killed_generator_is_replaced_and_frames_go_on(stage: Stage) -> None:
    row = stage.wait("a running generator", lambda row: row["generator_fps"] > 0)
    os.kill(row["generator_pid"], signal.SIGKILL)
    after = stage.wait(
        "a new generator at work",
        lambda new: new["generator_restarts"] == row["generator_restarts"] + 1
        and new["generator_pid"] != row["generator_pid"]
        and new["generator_fps"] > 0
        and new["time"] > row["time"] + 2.0,
        240,
    )
    meanwhile = [r for r in stage.stats() if row["time"] < r["time"] <= after["time"]]
    assert len(meanwhile) >= 2 and all(r["display_fps"] > 0.0 for r in meanwhile)


def test_another_input_is_chosen_while_a_film_is_recorded(stage: Stage) -> None:
    stage.osc("audio/input", "s", "turntable")
    wait_for("the refusal", lambda: "no such device; there are: " in stage.heard())
    before = stage.wait("the beat", lambda row: row["bpm"] > 0.0)
    stage.osc("audio/input", "s", "default")
    wait_for("the other input", lambda: "sound: default is heard now" in stage.heard())
    after = stage.wait("time", lambda row: row["time"] > before["time"] + 3.0)
    assert after["audio_gone_s"] < 1.0 and after["faults"] == before["faults"]


def test_it_ends_well_and_leaves_a_film_with_sound(stage: Stage) -> None:
    import av

    stage.key("Escape")
    assert stage.show.wait(timeout=60) == 0, stage.heard()
    assert "Traceback" not in stage.heard()
    with av.open(str(stage.film)) as film:
        picture, sound_track = film.streams.video[0], film.streams.audio[0]
        assert (picture.width, picture.height) == (640, 360)
        lengths = [float(s.duration * s.time_base) for s in (picture, sound_track)]
        means = [f.to_ndarray(format="gray8").mean() for f in film.decode(video=0)]
    assert lengths[0] == pytest.approx(lengths[1], abs=1.0)
    assert len(means) > 100 and max(means) > 5.0
    stats = stage.stats()
    assert stats[-1]["audio_overruns"] < 50  # of thousands of blocks; a busy machine loses some
