"""Hands, measured: from a knob to what is drawn, and storms of MIDI and OSC beside the pictures.

A JACK server of our own, peer processes that turn a knob over MIDI and over OSC and note when, and
a real performance, drawn offscreen, that hears them. For each turn of the knob: when FrameParams
could first be resolved with it (asked every half millisecond), and when the display drew with it.
Then the same peer sends a storm of messages in turns with silence, and pictures are counted. All
times are of one steady clock. The table goes to standard error; the caller prints the JSON.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench.hands_peers import MIDI, OSC, Peer, jack, peer
from engine import live
from engine.audio.sources import MemorySource
from engine.clock import monotonic
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
RATES = {"midi": 1000, "osc": 2000}
"""Messages a second in a storm."""
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
        stack.enter_context(jack())
        port = _free_port()
        peers = {"midi": stack.enter_context(peer(MIDI)),
                 "osc": stack.enter_context(peer(OSC, str(port)))}
        stack.enter_context(_silent())
        options = PlayOptions(str(folder / "look.toml"), "silence", screen="offscreen",
                              size=(320, 180), midi="bench", osc=port, page_port=0,
                              rig=str(folder / "rig.toml"))
        told = lambda text: print(text, file=sys.stderr)  # noqa: E731
        with Watched(options, told) as show:
            _until(show, lambda: show.generator.health().generated > 3, 120.0)
            report = {way: _measured(show, way, one, seconds, turns) for way, one in peers.items()}
            report["load"] = round(os.getloadavg()[0], 1)
    for way in RATES:
        for key, value in report[way].items():
            print(f"{way:>5} {key:>16} {value}", file=sys.stderr)
    return report


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def _measured(show: Watched, way: str, one: Peer, seconds: float, turns: int) -> dict[str, Any]:
    """One way in: its knob, then its storm in turns with silence."""
    knob = _knob(show, one, turns)
    storms = [_storm(show, way, one, seconds / 4, storm) for storm in (False, True) * 4]
    return {**knob, **_beside(storms)}


def _until(show: Watched, true: Any, seconds: float) -> None:
    end = monotonic() + seconds
    while not true() and monotonic() < end:
        show._turn()


def _knob(show: Watched, peer: Peer, turns: int) -> dict[str, Any]:
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


def _storm(
    show: Watched, way: str, peer: Peer, seconds: float, storm: bool
) -> dict[str, Any]:
    """Pictures of some seconds, beside a thousand messages a second or none."""
    show.frames.clear()
    rate = RATES[way]
    before, late, begun = getattr(show.hands, way).received, show.stats.late_frames, monotonic()
    if storm:
        peer.say("storm", round(rate * seconds), 1.0 / rate)
    _until(show, lambda: monotonic() - begun >= seconds and (peer.done or not storm), 2 * seconds)
    spent = monotonic() - begun
    frames = np.array(show.frames) * 1000.0
    return {
        "storm": storm, "seconds": spent, "fps": len(frames) / spent,
        "late": show.stats.late_frames - late, "frames": len(frames),
        "p50": float(np.percentile(frames, 50)), "p99": float(np.percentile(frames, 99)),
        "sent": round(rate * seconds) if storm else 0,
        "messages": getattr(show.hands, way).received - before,
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


@contextmanager
def _silent() -> Iterator[None]:
    """The performance hears silence, whatever inputs there are."""
    usual, live.open_source = live.open_source, lambda _: Silence()
    try:
        yield
    finally:
        live.open_source = usual
