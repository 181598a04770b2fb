"""Hands, measured: from a knob to what is drawn, and a storm of MIDI beside the pictures.

A JACK server of our own, a peer process that turns a knob and notes when, and a real performance,
drawn offscreen, that hears it. For each turn of the knob: when FrameParams could first be resolved
with it (asked every half millisecond), and when the display drew with it. Then the same peer
sends a thousand messages a second in turns with silence, and pictures are counted. All times are
of one steady clock. The table goes to standard error; the caller prints the JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engine import live
from engine.audio.sources import MemorySource
from engine.clock import monotonic, sleep
from engine.errors import DeviceError
from engine.play_options import PlayOptions
from engine.records import HOP, HOP_SECONDS, FrameParams
from engine.resolve import resolve

LOOK = """
strength = "0.2 + 0.6*knob1"
[[prompts]]
text = "plasma, teal"
[[effects]]
shader = "glow"
amount = "knob2"
[midi]
knob1 = "cc 21"
knob2 = "cc 22"
"""
PEER = """
import json, sys, time
import rtmidi
out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="bench")
out.open_virtual_port("knobs")
print("ready", flush=True)
for line in sys.stdin:
    what, count, gap = json.loads(line)
    next_time = time.perf_counter()
    for n in range(count):
        number, value = (21, 1 + n % 126) if what == "turn" else (22, n % 128)
        at = time.perf_counter()
        out.send_message([0xB0, number, value])
        if what == "turn":
            print(json.dumps([at, value]), flush=True)
        next_time += gap
        time.sleep(max(0.0, next_time - time.perf_counter()))
    print("done", flush=True)
"""
JACK_NAME = "liquidlightbench"
ASK_SECONDS = 0.0005
TURN_GAP = 0.0937
"""Seconds between two turns of the knob: no multiple of a hop or a picture."""
MISSED_SECONDS = 1.0


class Silence(MemorySource):
    """Hours of silence at the pace of a real input."""

    finished = False

    def __init__(self) -> None:
        super().__init__(np.zeros((HOP, 2), np.float32), "silence")
        self._begun, self._hops = monotonic(), 0

    @property
    def sounded(self) -> float:
        return self._begun + self._hops * HOP_SECONDS

    def start(self) -> None:
        self._begun, self._hops = monotonic(), 0

    def read_hop(self) -> np.ndarray | None:
        if monotonic() < self.sounded + HOP_SECONDS:
            return None
        self._hops += 1
        return self._samples


class Watched(live.Performance):
    """A performance that notes when it drew with which strength, and how long pictures took."""

    def __enter__(self) -> Watched:
        self.drawn_at: list[tuple[float, float]] = []
        self.frames: list[float] = []
        return super().__enter__()

    def _params(self, time: float, moment: Any) -> FrameParams:
        params = super()._params(time, moment)
        self.drawn_at.append((monotonic(), params.strength))
        return params

    def _turn(self) -> None:
        super()._turn()
        self.frames.append(self.window.frame_seconds)


def run(seconds: float = 60.0, turns: int = 200) -> dict[str, Any]:
    """`turns` of a knob, then a storm and a silence of `seconds` each, in four turns.

    Raises DeviceError where jackd is not installed.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liquidlight-")))
        (folder / "look.toml").write_text(LOOK, "utf-8")
        stack.enter_context(_jack())
        peer = stack.enter_context(_peer())
        stack.enter_context(_silent())
        options = PlayOptions(str(folder / "look.toml"), "silence", screen="offscreen",
                              size=(320, 180), midi="bench", osc=0, rig=str(folder / "rig.toml"))
        told = lambda text: print(text, file=sys.stderr)  # noqa: E731
        with Watched(options, told) as show:
            _until(show, lambda: show.generator.health().generated > 3, 120.0)
            knob = _knob(show, peer, turns)
            storms = [_storm(show, peer, seconds / 4, storm) for storm in (False, True) * 4]
            load = os.getloadavg()[0]
    report = {**knob, **_beside(storms), "load": round(load, 1)}
    for key, value in report.items():
        print(f"{key:>24} {value}", file=sys.stderr)
    return report


def _until(show: Watched, true: Any, seconds: float) -> None:
    end = monotonic() + seconds
    while not true() and monotonic() < end:
        show._turn()


def _knob(show: Watched, peer: _Peer, turns: int) -> dict[str, Any]:
    """The way of a knob to FrameParams, asked for beside the display, and drawn by it."""
    asked: list[tuple[float, float]] = []
    over = threading.Event()

    def ask() -> None:
        while not over.wait(ASK_SECONDS):
            time = show.clock.now()
            moment = show.listening.moment.get()
            params = resolve(time, 0, 0.01, moment, show.listening.show.get())
            asked.append((monotonic(), params.strength))

    thread = threading.Thread(target=ask, name="asks", daemon=True)
    peer.say("turn", 20, TURN_GAP)  # wires and caches
    _until(show, lambda: peer.done, 30.0)
    peer.sent.clear()
    show.drawn_at.clear()
    thread.start()
    peer.say("turn", turns, TURN_GAP)
    _until(show, lambda: peer.done, 2.0 * turns * TURN_GAP + 5.0)
    _until(show, lambda: False, 0.3)
    over.set()
    thread.join()
    found = {"params": _ways(peer.sent, asked), "drawn": _ways(peer.sent, show.drawn_at)}
    return {
        "turns": len(peer.sent),
        **{f"{name}_ms": _spread(ways) for name, ways in found.items()},
        **{f"{name}_missed": len(peer.sent) - len(ways) for name, ways in found.items()},
        "display_hz": round(show.window.pace_hz, 1),
    }


def _ways(sent: list[tuple[float, int]], seen: list[tuple[float, float]]) -> list[float]:
    """Milliseconds from each turn to the first picture with its value.

    On a starved machine a turn may be over before anybody looked: it was missed.
    """
    ways, at = [], 0
    for time, value in sent:
        strength = 0.2 + 0.6 * value / 127.0
        while at < len(seen) and seen[at][0] < time:
            at += 1
        near = (row for row in seen[at:] if row[0] < time + MISSED_SECONDS)
        when = next((row[0] for row in near if abs(row[1] - strength) < 1e-4), None)
        if when is not None:
            ways.append(1000.0 * (when - time))
    if 2 * len(ways) < len(sent):
        raise DeviceError(f"bench hands: only {len(ways)} of {len(sent)} turns were seen")
    return ways


def _storm(show: Watched, peer: _Peer, seconds: float, storm: bool) -> dict[str, Any]:
    """Pictures of some seconds, beside a thousand messages a second or none."""
    show.frames.clear()
    before, late, begun = show.hands.midi.received, show.stats.late_frames, monotonic()
    if storm:
        peer.say("storm", round(1000 * seconds), 0.001)
    _until(show, lambda: monotonic() - begun >= seconds and (peer.done or not storm), 2 * seconds)
    spent = monotonic() - begun
    frames = np.array(show.frames) * 1000.0
    return {
        "storm": storm, "seconds": spent, "fps": len(frames) / spent,
        "late": show.stats.late_frames - late, "frames": len(frames),
        "p50": float(np.percentile(frames, 50)), "p99": float(np.percentile(frames, 99)),
        "sent": round(1000 * seconds) if storm else 0,
        "messages": show.hands.midi.received - before,
    }  # fmt: skip


def _beside(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Silence and storm side by side."""
    report: dict[str, Any] = {}
    for name, storm in (("silence", False), ("storm", True)):
        part = [row for row in rows if row["storm"] is storm]
        report[name] = {
            "fps": round(float(np.mean([row["fps"] for row in part])), 2),
            "late": sum(row["late"] for row in part),
            "frames": sum(row["frames"] for row in part),
            "frame_ms_p50": round(float(np.median([row["p50"] for row in part])), 2),
            "frame_ms_p99": round(float(np.median([row["p99"] for row in part])), 2),
            "sent": sum(row["sent"] for row in part),
            "received": sum(row["messages"] for row in part),
            "seconds": round(sum(row["seconds"] for row in part), 1),
        }
    return report


def _spread(values: list[float]) -> dict[str, float]:
    p5, p50, p95 = np.percentile(values, (5, 50, 95))
    return {"p5": round(float(p5), 1), "p50": round(float(p50), 1), "p95": round(float(p95), 1)}


class _Peer:
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
def _peer() -> Iterator[_Peer]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", PEER], text=True, **pipes) as process:
        if process.stdout.readline() != "ready\n":
            raise DeviceError("bench hands: the peer has no JACK")
        try:
            yield _Peer(process)
        finally:
            process.stdin.close()
            process.wait(timeout=30)


@contextmanager
def _jack() -> Iterator[None]:
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


@contextmanager
def _silent() -> Iterator[None]:
    """The performance hears silence, whatever inputs there are."""
    usual, live.open_source = live.open_source, lambda _: Silence()
    try:
        yield
    finally:
        live.open_source = usual
