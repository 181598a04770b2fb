"""A real performance is killed in the middle, and the next one goes on with the same look."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pythonosc.osc_message_builder import OscMessageBuilder
from servers import wait_for

from engine.autosave import LiveState, state_of
from engine.cli import main
from engine.graph import Graph
from engine.play_options import PlayOptions
from engine.show import load_show

LOOK = '[[prompts]]\ntext = "{words}"\n[[effects]]\nshader = "glow"\n'
MOVED = {"strength": 0.25, "effects.glow.amount": 0.75, "knob3": 0.5}
TEXT = ("prompts.1.text", "a red heart")


class Evening:
    """`liquidlight play` in a process of its own, without sound devices or a display."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            asked.bind(("127.0.0.1", 0))
            self.port = asked.getsockname()[1]
        self.state, self.words = folder / "liquidlight" / "live.json", folder / "words.txt"
        command = [sys.executable, "-m", "engine", "play", *arguments, "--offscreen", "--audio",
                   "demo", "--size", "128x128", "--midi", "none", "--osc", str(self.port)]
        with self.words.open("w") as words:
            environment = {**os.environ, "XDG_STATE_HOME": str(folder)}
            self.process = subprocess.Popen(command, env=environment, stderr=words)

    def kept(self) -> dict:
        assert self.process.poll() is None, self.words.read_text()
        try:
            return json.loads(self.state.read_text())
        except OSError:
            return {}

    def wait(self, what: str, true) -> dict:
        return wait_for(what, lambda: (kept := self.kept()) and true(kept) and kept, 90.0)

    def send(self, address: str, value: float | str) -> None:
        message = OscMessageBuilder(f"/vj/{address.replace('.', '/')}")
        message.add_arg(value)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hand:
            hand.sendto(message.build().dgram, ("127.0.0.1", self.port))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def make_set(folder: Path) -> Path:
    for name in ("one", "two", "three"):
        (folder / f"{name}.toml").write_text(LOOK.format(words=f"sea number {name}"))
    evening = folder / "evening.toml"
    evening.write_text('presets = ["one", "two", "three"]\nfade_beats = 0\n')
    return evening


def test_killed_in_the_middle_it_goes_on_with_the_same_look(tmp_path) -> None:
    evening = make_set(tmp_path)
    first = Evening(tmp_path, str(evening))
    try:
        first.wait("the start", lambda kept: kept["look"] == "one")
        first.send("preset", "three")
        first.send(*TEXT)
        for address, value in MOVED.items():
            first.send(address, value)
        left = first.wait("the hands", lambda kept: kept["look"] == "three"
                          and set(kept["values"]) == set(MOVED) and kept["texts"])
    finally:
        first.kill()
    assert left["values"] == MOVED and left["texts"] == dict([TEXT])
    again = Evening(tmp_path)
    try:
        stamp = again.state.stat().st_mtime_ns
        back = again.wait("a new state", lambda _: again.state.stat().st_mtime_ns != stamp)
        again.process.terminate()  # as a system that goes down: the next run goes on as well
    finally:
        again.kill()
    assert back == left
    told = again.words.read_text()
    assert told.count("the last run broke off: going on with evening, three") == 1
    assert json.loads(again.state.read_text()) == left


class Noted:
    """Stands in for a performance: what it was asked for."""

    asked: list[PlayOptions] = []

    def __init__(self, options: PlayOptions, *_: object) -> None:
        self.asked.append(options)

    def __enter__(self) -> "Noted":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self) -> None:
        pass

    def summary(self) -> str:
        return "done"


@pytest.mark.parametrize(
    ("arguments", "show", "resumes"),
    [
        ([], "bloom.toml", True),
        (["bloom"], "bloom", True),
        (["night_drive"], "night_drive", False),
        (["--fresh"], "first_light", False),
    ],
)
def test_who_goes_on(tmp_path, monkeypatch, capsys, arguments, show, resumes) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("engine.live.Performance", Noted)
    looks = load_show("bloom")
    with pytest.raises(RuntimeError), LiveState() as live:
        live.write(state_of(Graph(looks).moment, looks))
        raise RuntimeError("a crash")
    assert main(["play", *arguments]) == 0
    asked = Noted.asked.pop()
    assert Path(asked.show).name == show and bool(asked.resume) is resumes
    assert ("--fresh begins anew" in capsys.readouterr().err) is resumes
    with LiveState() as live:
        assert live.left(None) is None  # this one ended well
