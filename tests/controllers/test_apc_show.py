"""A scripted performance on an APC mini mk2 that is all but real: its MIDI goes through JACK.

The show is a set of three looks that hears silence, with the real graph, surface and MIDI thread
in a process of its own; what is read back are its FrameParams and the lights of the pads.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
import servers
from processes import ROOT, Process

SHOW = """
import json, sys, threading
from bench.hands import Silence
from controllers.mapping import parse_mapping
from controllers.midi import MidiInput
from engine.clock import AudioClock, sleep
from engine.exchange import EventQueue
from engine.listening import Listening
from engine.records import ControlEvent
from engine.resolve import resolve
from engine.show import load_show
from engine.surface import LiveSurface
show, queue, clock = load_show(sys.argv[1]), EventQueue(), AudioClock()
listening = Listening(Silence(), show, clock, queue)
surface = LiveSurface(listening)
listening.start()
queue.put(ControlEvent(0.0, "tempo.bpm", 150.0))
midi = MidiInput("all", parse_mapping({}, "rig"), queue, clock, surface=surface)
stop = threading.Event()
def listen():
    for line in sys.stdin:
        if line.strip() == "end": break
        queue.put(ControlEvent(clock.now(), *json.loads(line)))
    stop.set()
threading.Thread(target=listen, daemon=True).start()
told, notes = None, []
while not stop.wait(0.005):
    params = resolve(clock.now(), 0, 0.01, listening.moment.get(), show)
    row = {"preset": params.preset, "freeze": params.freeze, "ports": midi.ports,
           "outputs": midi.outputs, "opacity": round(params.opacity, 2),
           "prompts": {p.text: round(p.weight, 2) for p in params.prompts},
           "ghosts": sorted(midi.ghosts), "reopened": midi.reopened}
    notes += midi.notes.drain()
    if row != told:
        told = row
        print(json.dumps(row), flush=True)
midi.close()
print(json.dumps({"problem": midi.problem, "notes": notes}), flush=True)
listening.close()
"""

APC = """
import json, sys, threading, time
import rtmidi
api = rtmidi.API_UNIX_JACK
name = dict(rtapi=api, name="APC mini mk2")
out, lamps = rtmidi.MidiOut(**name), rtmidi.MidiIn(**name)
lamps.ignore_types(sysex=False)
out.open_virtual_port("Control"), lamps.open_virtual_port("Control in")
print("ready", flush=True)
def play():
    for line in sys.stdin: out.send_message(json.loads(line))
    over.set()
over = threading.Event()
threading.Thread(target=play, daemon=True).start()
while not over.wait(0.002):
    while got := lamps.get_message(): print(json.dumps(got[0]), flush=True)
"""

DARK, BLUE, GREEN, YELLOW, VIOLET = (0x90, 0), (0x91, 45), (0x96, 21), (0x96, 13), (0x91, 49)
LOOK = '[[prompts]]\ntext = "{0} one"\n[[prompts]]\ntext = "{0} two"\nweight = 0\n'


class Apc:
    """The device: `press` and `fader` play it, `lit` is what its lights were told."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-c", APC], cwd=ROOT, env=environment, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert self._child.stdout.readline() == "ready\n"
        self.lit: dict[int, tuple[int, int]] = {}
        self.told: list[list[int]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._child.stdout:
            data = json.loads(line)
            self.told.append(data)
            if data[0] & 0xF0 == 0x90:
                self.lit[data[1]] = (data[0], data[2])

    def _send(self, *data: int) -> None:
        self._child.stdin.write(f"{list(data)}\n")

    def press(self, note: int) -> None:
        self._send(0x90, note, 127)
        self._send(0x80, note, 127)

    def fader(self, number: int, value: int) -> None:
        self._send(0xB0, 47 + number, value)

    def shows(self, **pads: tuple[int, int]) -> None:
        """Wait until pads (n56=GREEN) are lit so."""
        wanted = {int(name[1:]): light for name, light in pads.items()}
        servers.wait_for(f"lights {wanted}", lambda: wanted.items() <= self.lit.items())

    def close(self) -> None:
        self._child.stdin.close()
        self._child.wait(timeout=30)
        self._reader.join(timeout=10)
        self._child.stdout.close()


class Show:
    """The performance; `until` waits for a row of what is drawn."""

    def __init__(self, path: str, environment: dict[str, str]) -> None:
        self._process = Process(SHOW, path, environment)
        self.row: dict = {}

    def until(self, what: str, true: Callable[[dict], bool], seconds: float = 90.0) -> dict:
        while not (self.row and true(self.row)):
            assert self._process.waits(seconds), f"waited in vain for {what}: {self.row}"
            self.row = self._process.row()
        return self.row

    def event(self, address: str, value: float | str) -> None:
        self._process.say([address, value])

    def end(self) -> dict:
        self._process.say("end")
        while "problem" not in self.row:
            self.row = self._process.row()
        return self.row

    def close(self) -> None:
        self._process.close()


@pytest.fixture(scope="module")
def environment():
    pytest.importorskip("rtmidi", reason="python-rtmidi has no wheel for this Python")
    with servers.jack() as place:
        yield {**os.environ, **place}


@pytest.fixture
def stage(environment, tmp_path):
    scenes = []
    for name in ("red", "green", "blue"):
        (tmp_path / f"{name}.toml").write_text(LOOK.format(name))
        scenes.append(f'[[scenes]]\npreset = "{name}"\n')
    text = '[autopilot]\non = false\n[transition]\nkind = "cut"\n[launch]\nwhen = "bar"\n'
    (tmp_path / "night.toml").write_text(text + "".join(scenes))
    show = Show(str(tmp_path / "night.toml"), environment)
    devices = []

    def plug() -> Apc:
        devices.append(Apc(environment))
        return devices[-1]

    try:
        yield show, plug
    finally:
        show.close()
        for device in devices:
            device.close()


def test_a_scripted_performance(stage):
    show, plug = stage
    apc = plug()
    show.until("the device", lambda row: row["outputs"])
    apc.shows(n56=GREEN, n57=BLUE, n58=BLUE, n59=DARK, n16=GREEN, n17=VIOLET, n18=DARK)
    assert apc.told[0] == list(bytes.fromhex("F0 47 7F 4F 62 00 01 00 F7"))

    apc.press(58)  # the third look waits for its bar, and its pad blinks
    apc.shows(n58=YELLOW)
    show.until("blue", lambda row: row["preset"] == "blue")
    apc.shows(n58=GREEN, n56=BLUE)

    apc.press(17)  # the second prompt alone
    show.until("prompt two", lambda row: row["prompts"] == {"blue two": 1.0})
    apc.shows(n16=VIOLET, n17=GREEN)
    apc.press(24)  # the first one at the next bar
    apc.shows(n24=YELLOW)
    show.until("prompt one", lambda row: row["prompts"] == {"blue one": 1.0})

    apc.fader(2, 90)  # the second prompt is at 0: picked up on the way down, not before
    show.until("a ghost", lambda row: "prompts.2.weight" in row["ghosts"])
    assert show.row["prompts"] == {"blue one": 1.0}
    apc.fader(2, 0)
    apc.fader(2, 64)
    row = show.until("the mix", lambda row: len(row["prompts"]) == 2)
    show.until("a half", lambda row: 0.3 < row["prompts"].get("blue two", 0.0) < 0.4)
    assert "prompts.2.weight" not in show.row["ghosts"] and row["preset"] == "blue"

    apc.press(100)
    show.until("freeze", lambda row: row["freeze"])
    apc.shows(n100=(0x90, 1))
    apc.press(100)
    show.until("no freeze", lambda row: not row["freeze"])
    show.event("preset.now", "red")  # another hand; the lights follow
    apc.shows(n56=GREEN, n58=BLUE)

    assert show.end()["problem"] == ""
    dark = dict.fromkeys((*range(64), *range(100, 108), *range(112, 120)), DARK)
    servers.wait_for("darkness", lambda: apc.lit == dark)


def test_unplugged_in_the_middle_and_plugged_in_again(stage):
    show, plug = stage
    apc = plug()
    show.until("the device", lambda row: row["outputs"])
    apc.press(57)
    show.until("green", lambda row: row["preset"] == "green")
    apc.shows(n57=GREEN)
    apc.close()
    show.until("its going", lambda row: not row["ports"] and not row["outputs"])
    show.event("preset.now", "blue")
    show.until("blue", lambda row: row["preset"] == "blue")
    apc = plug()
    show.until("its return", lambda row: row["outputs"] and row["reopened"] == 1)
    apc.shows(n58=GREEN, n57=BLUE, n59=DARK, n16=GREEN)
    apc.press(56)
    show.until("red", lambda row: row["preset"] == "red")
    came = "MIDI: Akai APC mini mk2 plays"
    gone = "MIDI: APC mini mk2:Control has gone; it is taken up when it is back"
    assert show.end()["notes"] == [came, gone, came]
