"""From sound to light: real drum hits through a real sound server into a real performance.

A PulseAudio of our own plays a drum hit every half a second to a null sink; the performance hears
the sink's monitor and draws, under Xvfb where that is installed, a grey that is the signal `kick`
and a green that is the beat's phase. For every hit: when it sounded (PulseAudio's time of its
output), when its samples were read, when `kick` rose, and when the first picture with it was
shown. All times are of one steady clock. The table goes to standard error; the caller prints the
JSON. A null sink hands sound to its monitor before it counts as played, so capture may be less
than nothing; a real input adds its converter and its buffer.
"""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.clock import monotonic, sleep
from engine.errors import DeviceError
from engine.live import Performance
from engine.play_options import PlayOptions

PERIOD_SECONDS = 0.5
LOUD, BRIGHT = 0.25, 0.4
"""Peak of a hop in which a hit begins; share of full light that counts as a flash."""
REACH_SECONDS = 0.4
"""A flash later than this belongs to no hit."""

LOOK = """
strength = 0.5
[[prompts]]
text = "plasma"
[[effects]]
shader = "seen"
hit = "kick"
beat = "phase"
"""
SHADER = """/*{"ISFVSN": "2", "INPUTS": [
  {"NAME": "inputImage", "TYPE": "image"},
  {"NAME": "hit", "TYPE": "float", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0},
  {"NAME": "beat", "TYPE": "float", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0}]}*/
void main() { gl_FragColor = vec4(hit, beat, 0.0, 1.0); }
"""
PLAYER = """
import sys, time
import numpy as np, sounddevice
rate, period = 48000, round(48000 * float(sys.argv[1]))
t = np.arange(7200) / rate
hit = 0.8 * np.sin(2 * np.pi * np.cumsum(50 + 150 * np.exp(-t / 0.02)) / rate) * np.exp(-t / 0.06)
hit[:96] += 0.1 * np.random.default_rng(1).standard_normal(96)
song = np.zeros(period, np.float32)
song[: len(hit)] = hit
played = 0
def fill(out, count, times, status):
    global played
    now = time.perf_counter()
    places = (played + np.arange(count)) % period
    out[:] = song[places][:, None]
    begins = np.flatnonzero(places == 0)
    if len(begins):
        ahead = times.outputBufferDacTime - times.currentTime
        print(now + ahead + begins[0] / rate, flush=True)
    played += count
with sounddevice.OutputStream(device="pulse", samplerate=rate, channels=2, dtype="float32",
                              blocksize=512, callback=fill):
    sys.stdin.read()
"""


@dataclass(frozen=True, slots=True)
class Hop:
    """What one hop was: read at `read`, its moment known at `known`; steady seconds."""

    read: float
    known: float
    peak: float
    kick: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What one picture showed, and when."""

    shown: float
    kick: float
    phase: float


class Watched(Performance):
    """A performance that notes what passes by; nothing in it is done otherwise."""

    def _open(self) -> None:
        self.hops: list[Hop] = []
        self.seen: list[Seen] = []
        self._pixel = (0.0, 0.0)
        super()._open()
        listening, plain = self.listening, self.listening._hop

        def hop(samples: np.ndarray) -> None:
            read = monotonic()
            plain(samples)
            kick = listening.moment.get().signals.values.get("kick", 0.0)
            self.hops.append(Hop(read, monotonic(), float(np.abs(samples).max()), kick))

        listening._hop = hop

    def _draw(self) -> None:
        super()._draw()
        width, height = self.window.framebuffer_size
        pixel = self.window.screen.read((width // 2, height // 2, 1, 1), 3)
        self._pixel = (pixel[0] / 255.0, pixel[1] / 255.0)

    def _turn(self) -> None:
        super()._turn()
        shown = self.window.swapped + self.latency.presentation
        self.seen.append(Seen(shown, *self._pixel))


def run(seconds: float = 20.0, size: tuple[int, int] = (640, 360)) -> dict[str, Any]:
    """Play for `seconds` after the first generated picture; figures in ms.

    Raises DeviceError where PulseAudio is not installed.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liquidlight-")))
        stack.enter_context(_environment(folder))
        stack.enter_context(_sound_server(folder))
        windowed = stack.enter_context(_screen())
        (folder / "look.toml").write_text(LOOK, "utf-8")
        (folder / "seen.fs").write_text(SHADER, "utf-8")
        options = PlayOptions(
            show=str(folder / "look.toml"),
            audio="pulse",
            screen="windowed" if windowed else "offscreen",
            size=size,
            midi="none",
            osc=0,
        )
        with Watched(options, lambda text: print(text, file=sys.stderr)) as performance:
            hits = _play(performance, seconds)
            figures = _figures(performance, hits, "Xvfb" if windowed else "offscreen")
    _table(figures)
    return figures


def _play(performance: Watched, seconds: float) -> list[float]:
    """Times at which the hits sounded, while the performance ran."""
    command = [sys.executable, "-c", PLAYER, str(PERIOD_SECONDS)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    with subprocess.Popen(command, text=True, **pipes) as player:
        reader = threading.Thread(target=lambda: [lines.put(x) for x in player.stdout], daemon=True)
        reader.start()
        try:
            _warm(performance)
            performance.hops.clear()
            performance.seen.clear()
            end = monotonic() + seconds
            while monotonic() < end:
                performance._turn()
        finally:
            player.stdin.close()
            reader.join(timeout=10.0)
    hits = []
    while not lines.empty():
        hits.append(float(lines.get()))
    return hits


def _warm(performance: Watched) -> None:
    """Until the model draws and the beat is found, for a minute at most."""
    end = monotonic() + 60.0
    while monotonic() < end:
        performance._turn()
        beat = performance.listening.moment.get().signals.beat
        if performance.generator.health().generated > 3 and beat.confidence > 0.5:
            return


def _figures(performance: Watched, hits: list[float], screen: str) -> dict[str, Any]:
    rows = [row for hit in hits if (row := _followed(performance, hit)) is not None]
    if len(rows) < 3:
        raise DeviceError(f"bench latency: only {len(rows)} of {len(hits)} hits were seen")
    parts = np.array(rows) * 1000.0
    errors = _beat_errors(performance.seen, hits)
    beat = performance.listening.moment.get().signals.beat
    return {
        "screen": screen,
        "gl_renderer": performance.window.ctx.info["GL_RENDERER"],
        "hits": len(rows),
        "capture_ms": _spread(parts[:, 0]),
        "analysis_ms": _spread(parts[:, 1]),
        "drawing_ms": _spread(parts[:, 2]),
        "total_ms": _spread(parts.sum(axis=1)),
        "beat_error_ms": _spread(errors) if len(errors) else None,
        "bpm": round(beat.bpm, 2),
        "display_fps": round(len(performance.seen) / _span(performance.seen), 1),
    }


def _span(seen: list[Seen]) -> float:
    return max(1e-6, seen[-1].shown - seen[0].shown)


def _followed(performance: Watched, hit: float) -> tuple[float, float, float] | None:
    """Capture, analysis and drawing of one hit, in seconds; None if it was not followed."""
    near = [hop for hop in performance.hops if -0.1 < hop.read - hit < REACH_SECONDS]
    heard = next((hop for hop in near if hop.peak > LOUD), None)
    if heard is None:
        return None
    rose = next((hop for hop in near if hop.read >= heard.read and hop.kick > BRIGHT), None)
    if rose is None:
        return None
    shown = next(
        (s.shown for s in performance.seen if s.shown > rose.known and s.kick > BRIGHT), None
    )
    if shown is None or shown - hit > REACH_SECONDS:
        return None
    return heard.read - hit, rose.known - heard.read, shown - rose.known


def _beat_errors(seen: list[Seen], hits: list[float]) -> np.ndarray:
    """By how many ms the drawn beat was late, for every picture near a hit."""
    errors = []
    for hit in hits:
        for picture in seen:
            since = (picture.shown - hit) / PERIOD_SECONDS
            if 0.0 <= since < 1.0:
                late = (since - picture.phase + 0.5) % 1.0 - 0.5
                errors.append(1000.0 * PERIOD_SECONDS * late)
    return np.array(errors)


def _spread(values: np.ndarray) -> dict[str, float]:
    p5, p50, p95 = np.percentile(values, (5, 50, 95))
    return {"p5": round(float(p5), 1), "p50": round(float(p50), 1), "p95": round(float(p95), 1)}


def _table(figures: dict[str, Any]) -> None:
    print(f"sound to light, {figures['hits']} hits, {figures['screen']}; ms", file=sys.stderr)
    print(f"{'':>12} {'5 %':>8} {'median':>8} {'95 %':>8}", file=sys.stderr)
    for name in ("capture", "analysis", "drawing", "total", "beat_error"):
        if row := figures[f"{name}_ms"]:
            cells = " ".join(f"{row[p]:8.1f}" for p in ("p5", "p50", "p95"))
            print(f"{name.replace('_', ' '):>12} {cells}", file=sys.stderr)


@contextmanager
def _environment(folder: Path) -> Iterator[None]:
    """A private place for the sound server, and nothing of the user's."""
    changed = {"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder), "PULSE_SERVER": None}
    before = {name: os.environ.get(name) for name in (*changed, "DISPLAY", "XDG_SESSION_TYPE")}
    _put(changed)
    try:
        yield
    finally:
        _put(before)


def _put(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def _running(command: list[str], **rest: Any) -> Iterator[subprocess.Popen]:
    """A server that is ended by its own process id."""
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **rest)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _sound_server(folder: Path) -> Iterator[None]:
    if not shutil.which("pulseaudio") or not shutil.which("pactl"):
        raise DeviceError("bench latency plays to a PulseAudio of its own: install pulseaudio")
    sink = "module-null-sink sink_name=vj norewinds=1 rate=48000 channels=2 format=float32le"
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--log-target=null"]
    for module in ("module-native-protocol-unix", sink):
        command += ["-L", module]
    with _running(command):
        until = monotonic() + 30.0
        while subprocess.run(
            ["pactl", "set-default-source", "vj.monitor"], capture_output=True
        ).returncode:
            if monotonic() > until:
                raise DeviceError("bench latency: PulseAudio does not answer")
            sleep(0.1)
        yield


@contextmanager
def _screen() -> Iterator[bool]:
    """A virtual screen where Xvfb is installed; tells whether there is one."""
    if not shutil.which("Xvfb"):
        yield False
        return
    asked, tells = os.pipe()
    command = ["Xvfb", "-displayfd", str(tells), "-screen", "0", "1280x720x24", "-nolisten", "tcp"]
    with _running(command, pass_fds=[tells]), os.fdopen(asked) as answer:
        os.close(tells)
        _put({"DISPLAY": f":{answer.readline().strip()}", "XDG_SESSION_TYPE": "x11"})
        yield True
