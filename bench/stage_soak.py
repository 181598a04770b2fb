"""A long play in a real window, watched from outside: is the picture ever black, ever stuck?

Minutes flow in, one dictionary of figures flows out. A set with layers and transitions plays in a
window on a private Xvfb, to the demo track in a loop, recording, while OSC moves what it plays.
Beside it the screen is read several times a second out of the X server's memory, which costs
nothing: brightness, and whether it has changed. At the end the films are decoded and watched in
the same way. Screenshots of every half minute lie in the folder that is told. Linux, with xvfb.
"""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench.stage_watch import BLACK, Watch, seen, watched_film
from engine.clock import monotonic, sleep
from engine.errors import LiquidlightError

SIZE = (640, 360)
DISPLAY_SIZE = (720, 420)
LOOK_HZ, OSC_HZ = 8.0, 40.0
STUCK_SECONDS = 1.0
"""As long as that nothing may stand still, unless the machine took longer for one frame."""
SHOT_SECONDS = 30.0
START_SECONDS, PAUSE_SECONDS = 300.0, 4.0
"""How long the first picture may take; at the end nothing is judged, as it came after the play
began."""
_LOOK = """
seed = 7
strength = 0.5
[[prompts]]
text = "liquid light, oil and water, magenta and teal"
[[layers]]
generator = true
[[layers]]
shader = "plasma"
blend = "screen"
opacity = "0.25 + 0.3*kick + 0.2*knob1"
[[layers]]
picture = "disc.png"
scale = "0.4 + 0.1*bass"
angle = "t*20"
blend = "overlay"
opacity = 0.7
[[layers]]
text = "Liquidlight"
size = "0.14 + 0.03*kick"
y = 0.2
[motion]
zoom = "1.08 + 0.3*kick"
[[effects]]
shader = "trails"
[[effects]]
shader = "glow"
"""
_SCENES = (("mine", "crossfade"), ("magma", "zoom_blur"), ("north", "luma_fade"), ("bloom", "iris"),
           ("spiral_arm", "push"), ("night_drive", "burn"), ("stained_glass", "tear"))
_SET = "title = \"Soak\"\nbars = 6\n" + "".join(
    f'[[scenes]]\npreset = "{name}"\ntransition = {{ kind = "{kind}", beats = 4 }}\n'
    for name, kind in _SCENES
)


def run(minutes: float = 10.0, folder: Path | None = None) -> dict[str, Any]:
    """Play for so many minutes; screenshots, films and figures lie in `folder` afterwards.

    Raises LiquidlightError where there is no Xvfb, or the play ends by itself.
    """
    folder = folder or Path(tempfile.mkdtemp(prefix="liquidlight-stage-"))
    seconds = 60.0 * minutes
    _prepare(folder, seconds + 30.0)
    with ExitStack() as stack:
        display, memory = stack.enter_context(_screen(folder))
        port = _free_port()
        show = stack.enter_context(_playing(folder, display, port, seconds, minutes))
        _first_picture(memory, show)
        stack.enter_context(_hands(port))
        watch, shots = _watched(memory, show, seconds - PAUSE_SECONDS, folder)
        status = show.wait(timeout=120)
    films = [watched_film(path) for path in sorted(folder.glob("show*.mp4"))]
    report = {
        "minutes": minutes, "folder": str(folder), "status": status, "screen": watch.figures(),
        "films": films, "screenshots": shots, **_stats(folder / "stats.jsonl"),
        "told": (folder / "told.txt").read_text().splitlines()[-6:],
    }
    still = max(STUCK_SECONDS, 1.5 * report.get("longest_frame_s", 0.0))
    seen_all = [report["screen"], *films]
    bad = any(one["black"] or one["longest_still_s"] > still for one in seen_all)
    report["ok"] = not (status or bad or not films)
    _table(report)
    return report


def _prepare(folder: Path, seconds: float) -> None:
    """The set, its picture, and the demo track over and over."""
    from PIL import Image, ImageDraw

    from engine.audio import demo
    from engine.audio.media import decode
    from engine.wav_file import WavWriter

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.toml").write_text(_LOOK, "utf-8")
    (folder / "soak.toml").write_text(_SET, "utf-8")
    disc = Image.new("RGBA", (256, 256))
    ImageDraw.Draw(disc).ellipse((8, 8, 248, 248), (255, 180, 40, 220), (255, 255, 255, 255), 10)
    disc.save(folder / "disc.png")
    track, wav = decode(str(demo.path())), WavWriter(folder / "song.wav")
    for _ in range(math.ceil(seconds * 48_000 / len(track))):
        wav.write(track)
    wav.close()


@contextmanager
def _screen(folder: Path) -> Iterator[tuple[str, Path]]:
    """A private X server that keeps its picture in a file; (display, file)."""
    reading, writing = os.pipe()
    size = f"{DISPLAY_SIZE[0]}x{DISPLAY_SIZE[1]}x24"
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-fbdir", str(folder),
               "-nolisten", "tcp"]
    try:
        server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    except OSError as error:
        raise LiquidlightError(f"Xvfb cannot be started: {error.strerror}") from None
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        yield f":{number}", folder / "Xvfb_screen0"
    finally:
        server.terminate()
        server.wait(timeout=10)


@contextmanager
def _playing(
    folder: Path, display: str, port: int, seconds: float, minutes: float
) -> Iterator[subprocess.Popen]:
    command = [
        sys.executable, "-m", "engine", "play", str(folder / "soak.toml"), "--fresh", "--windowed",
        "--size", f"{SIZE[0]}x{SIZE[1]}", "--audio", str(folder / "song.wav"), "--midi", "none",
        "--osc", str(port), "--record", str(folder / "show.mp4"),
        "--record-split", f"{minutes / 2.5:.3f}", "--stats", str(folder / "stats.jsonl"),
        "--seconds", str(seconds),
    ]
    own = {"DISPLAY": display, "XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    environment = {**os.environ, **own, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with (folder / "told.txt").open("w") as told:
        show = subprocess.Popen(command, env=environment, stderr=told, stdout=told)
        try:
            yield show
        finally:
            if show.poll() is None:
                show.terminate()
                show.wait(timeout=60)


@contextmanager
def _hands(port: int) -> Iterator[None]:
    """OSC that moves what the set plays, from a thread of its own; never to black."""
    from pythonosc.udp_client import SimpleUDPClient

    over = threading.Event()

    def move() -> None:
        client, n = SimpleUDPClient("127.0.0.1", port), 0
        while not over.wait(1.0 / OSC_HZ):
            wave = 0.5 + 0.5 * math.sin(n / 37.0)
            moves = (("knob1", wave), ("opacity", 0.75 + 0.25 * wave),
                     ("strength", 0.4 + 0.3 * wave), ("motion/angle", 20.0 * wave),
                     ("layers/2/opacity", wave))
            client.send_message(f"/vj/{moves[n % 5][0]}", moves[n % 5][1])
            if n % 900 == 899:
                client.send_message("/vj/next", 1.0)
            if n % 700 == 699:
                client.send_message("/vj/reset", 1.0)
            n += 1

    thread = threading.Thread(target=move, name="hands", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _first_picture(memory: Path, show: subprocess.Popen) -> None:
    """Until the window is lit."""
    end = monotonic() + START_SECONDS
    while monotonic() < end:
        if show.poll() is not None:
            raise LiquidlightError("the play has ended before its first picture")
        if memory.exists() and seen(memory, SIZE).max() > 2 * BLACK:
            return
        sleep(0.1)
    raise LiquidlightError(f"there was no picture within {START_SECONDS:.0f} seconds")


def _watched(
    memory: Path, show: subprocess.Popen, seconds: float, folder: Path
) -> tuple[Watch, list[str]]:
    """Look at the screen for so many seconds from the first picture on."""
    from PIL import Image

    watch, shots, begun = Watch(), [], monotonic()
    while (time := monotonic() - begun) < seconds:
        if show.poll() is not None:
            raise LiquidlightError(f"the play ended after {time:.0f} s: {folder / 'told.txt'}")
        picture = seen(memory, SIZE)
        watch.look(picture, time)
        if time >= SHOT_SECONDS * len(shots):
            shots.append(f"shot-{len(shots):02d}.png")
            Image.fromarray(picture).save(folder / shots[-1])
        sleep(1.0 / LOOK_HZ)
    return watch, shots


def _stats(path: Path) -> dict[str, Any]:
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    if len(rows) < 3:
        return {"events": 0, "told_nothing": True}
    fps = [row["display_fps"] for row in rows[5:]]
    model = [row["generator_fps"] for row in rows[5:]]
    last, early = rows[-2], rows[min(len(rows) - 1, max(5, len(rows) // 4))]
    return {
        "display_fps": {"p1": _rank(fps, 1), "p50": _rank(fps, 50)},
        "generator_fps": {"p1": _rank(model, 1), "p50": _rank(model, 50)},
        "longest_frame_s": round(max(row["display_ms_max"] for row in rows[5:]) / 1000.0, 2),
        "load": os.getloadavg()[1], "late_frames": last["late_frames"], "faults": last["faults"],
        "generator_restarts": last["generator_restarts"], "events": last["events"],
        "recording_dropped": last.get("recording_dropped"),
        "rss_mb": [early["rss_mb"], last["rss_mb"]],
    }


def _rank(values: list[float], percent: float) -> float:
    return round(float(np.percentile(values, percent)), 1) if values else 0.0


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def _table(report: dict[str, Any]) -> None:
    screen = report["screen"]
    say = [f"stage: {report['minutes']:g} minutes in a window, {report['events']} events, "
           f"pictures in {report['folder']}",
           f"screen: {screen['pictures']} looks, {screen['distinct']} different, {screen['black']} "
           f"black (darkest {screen['darkest']}), longest still {screen['longest_still_s']} s, "
           f"longest frame {report.get('longest_frame_s')} s, load {report.get('load')}"]
    say += [f"{film['name']}: {film['pictures']} pictures, {film['sound_s']} s of sound, "
            f"{film['black']} black, longest still {film['longest_still_s']} s"
            for film in report["films"]]
    print("\n".join(say), file=sys.stderr)
