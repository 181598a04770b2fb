"""Who turns the knobs in bench hands: processes of their own, over JACK MIDI and over OSC.

Each says when it has sent what, on the steady clock that all processes share.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.clock import monotonic, sleep
from engine.errors import DeviceError

_LINES = """
print("ready", flush=True)
for line in sys.stdin:
    what, count, gap = json.loads(line)
    next_time = time.perf_counter()
    for n in range(count):
        knob, value = (1, 1 + n % 126) if what == "turn" else (2, n % 128)
        at = time.perf_counter()
        send(knob, value)
        if what == "turn":
            print(json.dumps([at, value]), flush=True)
        next_time += gap
        time.sleep(max(0.0, next_time - time.perf_counter()))
    print("done", flush=True)
"""
MIDI = """
import json, sys, time
import rtmidi
out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="bench")
out.open_virtual_port("knobs")
def send(knob, value): out.send_message([0xB0, 20 + knob, value])
""" + _LINES
OSC = """
import json, socket, sys, time
from controllers.osc_codec import encode
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
to = ("127.0.0.1", int(sys.argv[1]))
def send(knob, value): out.sendto(encode(f"/vj/knob{knob}", value / 127.0), to)
""" + _LINES
JACK_NAME = "liquidlightbench"


class Peer:
    """The process with the knob; `sent` is when it was turned to what."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self.sent: list[tuple[float, int]] = []
        self.done = True
        threading.Thread(target=self._read, name="peer", daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout:
            if line.startswith("["):
                time, value = json.loads(line)
                self.sent.append((time, value))
            self.done = self.done or line == "done\n"

    def say(self, what: str, count: int, gap: float) -> None:
        self.done = False
        self._process.stdin.write(json.dumps([what, count, gap]) + "\n")
        self._process.stdin.flush()


@contextmanager
def peer(code: str, argument: str = "") -> Iterator[Peer]:
    """A peer that runs MIDI or OSC (`argument`: its port) until it is left."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", code, argument], text=True, **pipes) as process:
        if process.stdout.readline() != "ready\n":
            raise DeviceError("bench hands: the peer cannot send")
        try:
            yield Peer(process)
        finally:
            process.stdin.close()
            process.wait(timeout=30)


@contextmanager
def jack() -> Iterator[None]:
    """A private JACK server, ended by its own process id after all who use it."""
    if not shutil.which("jackd"):
        raise DeviceError("bench hands plays through a JACK of its own: install jackd2")
    command = ["jackd", "--no-realtime", "-S", "-t", "50", "-n", JACK_NAME]
    command += ["-d", "dummy", "-r", "48000", "-p", "128"]
    socket = Path(f"/dev/shm/jack_{JACK_NAME}_{os.getuid()}_0")
    socket.unlink(missing_ok=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, **quiet)
    put = {"JACK_DEFAULT_SERVER": JACK_NAME, "JACK_NO_START_SERVER": "1",
           "LIQUIDLIGHT_MIDI_API": "UNIX_JACK"}
    before = {name: os.environ.get(name) for name in put}
    os.environ.update(put)
    try:
        end = monotonic() + 30.0
        while not socket.exists():
            if server.poll() is not None or monotonic() > end:
                raise DeviceError("bench hands: jackd does not start")
            sleep(0.05)
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({name: value} if value is not None else {})
        server.terminate()
        server.wait(timeout=30)
