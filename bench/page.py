"""What the page costs and how quick it is: hands on it, pages open beside a show, first paint.

A real performance plays the demo track without a window in this process; pages are websockets in a
process of their own that act as the page's script does (every picture is acknowledged). How long a
control takes is measured from the message until FrameParams resolved beside the display have its
value. Stretches with three pages open and stretches with none take turns, so that a busy machine is
unfair to neither. So do stretches of rubbish (page_rubbish.py) and stretches of peace: what they do
to the display, to a hand on the page meanwhile, to memory, threads and open files. First paint is
Chromium's own figure, where it is installed. The table goes to standard error; the caller prints
the JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import wave
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from engine.audio import demo
from engine.audio.media import decode
from engine.clock import monotonic, sleep
from engine.errors import DeviceError
from engine.live import Performance
from engine.play_options import PlayOptions
from engine.records import SAMPLERATE
from engine.resolve import resolve
from engine.stats import Stats, rss_mb

PAGES, TOUCHES, STRETCH, STRESSED = 3, 60, 8.0, 15
CALM_SECONDS = 12.0
"""After the rubbish, until what it left behind is counted."""
WARM_SECONDS = 12.0
CHROMIUM = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
_PAGES = """
import json, sys, threading
from websockets.sync.client import connect
def look():
    with connect(sys.argv[1]) as page:
        page.send(json.dumps({"want": {"preview": True, "heard": True}}))
        for message in page:
            if isinstance(message, bytes): page.send('{"drawn": 1}')
for _ in range(int(sys.argv[2])): threading.Thread(target=look, daemon=True).start()
sys.stdin.read()
"""


def run(seconds: float, size: tuple[int, int] = (320, 180), port: int = 18_080) -> dict[str, Any]:
    """Measure for about `seconds` of pages open and as long without; medians, and 99 %, in ms."""
    figures: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        song = _long_song(Path(folder) / "song.wav", 6.0 * seconds + 120.0)
        options = PlayOptions("first_light", audio=str(song), screen="offscreen", size=size, osc=0,
                              midi="none", page_port=port)
        _play(options, seconds, port, figures)
    _print_table(figures)
    return figures


def _play(options: PlayOptions, seconds: float, port: int, figures: dict[str, Any]) -> None:
    with Performance(options, lambda line: print(line, file=sys.stderr)) as show:
        worker = threading.Thread(target=_measured, args=(show, seconds, port, figures))
        worker.start()
        show.run()
        worker.join()


def _long_song(path: Path, seconds: float) -> Path:
    """The demo track again and again."""
    track = (np.clip(decode(demo.path()), -1.0, 1.0) * 32767.0).astype("<i2")
    with wave.open(str(path), "wb") as song:
        song.setnchannels(2)
        song.setsampwidth(2)
        song.setframerate(SAMPLERATE)
        for _ in range(1 + int(seconds * SAMPLERATE / len(track))):
            song.writeframes(track.tobytes())
    return path


def _measured(show: Performance, seconds: float, port: int, figures: dict[str, Any]) -> None:
    try:
        sleep(WARM_SECONDS)
        figures["touch_ms"] = _spread(_touches(show, port))
        url = f"ws://127.0.0.1:{port}/show"
        pages = [sys.executable, "-c", _PAGES, url, str(PAGES)]
        none, some = _in_turns(show, seconds, lambda: _Beside(pages))
        figures |= {"display_ms": none, "display_ms_3_pages": some, **_ratios(none, some)}
        figures["rubbish"] = _rubbish(show, seconds, port)
        figures["first_paint_ms"] = _paint(port)
    finally:
        show.farewell.ask()
        show.farewell.ask()


def _touches(show: Performance, port: int, count: int = TOUCHES) -> list[float]:
    """ms from a message of the page until FrameParams would have it, asked twice a ms."""
    took = []
    with _open_page(port) as page:
        threading.Thread(target=_read_on, args=(page,), daemon=True).start()
        for n in range(count):
            value = 0.3 + 0.4 * (n + 1) / count
            begun = monotonic()
            page.send(json.dumps({"set": ["strength", value]}))
            while abs(_strength(show) - value) > 1e-6 and monotonic() - begun < 5.0:
                sleep(0.0005)
            took.append(1000.0 * (monotonic() - begun))
            sleep(0.05 + 0.007 * (n % 7))
        page.send(json.dumps({"set": ["reset", 1]}))
    return took


def _open_page(port: int) -> Any:
    """A page as the browser opens it: turned away, it tries again."""
    from websockets.exceptions import InvalidHandshake
    from websockets.sync.client import connect

    for _ in range(20):
        with suppress(InvalidHandshake, OSError):
            return connect(f"ws://127.0.0.1:{port}/show", max_size=None, max_queue=None,
                           close_timeout=1.0)
        sleep(0.3)
    raise DeviceError("bench page: the page lets nobody in")


def _read_on(page: Any) -> None:
    from websockets.exceptions import ConnectionClosed

    with suppress(ConnectionClosed):
        for _ in page:
            pass


def _strength(show: Performance) -> float:
    """That of a picture of this moment."""
    moment, played = show.listening.moment.get(), show.listening.show.get()
    return resolve(show.clock.now(), 0, 0.01, moment, played).strength


def _in_turns(
    show: Performance, seconds: float, trouble: Callable[[], AbstractContextManager[Any]],
    amid: Callable[[], None] = lambda: None,
) -> tuple[dict[str, float], dict[str, float]]:
    """Display frame times without and with the trouble, and the share of a processor that the
    page's own thread had; `amid` is done within each of the latter, and its time counts."""
    times: tuple[list[float], list[float]] = [], []
    busy, passed = [0.0, 0.0], [0.0, 0.0]
    for _ in range(max(1, round(seconds / STRETCH))):
        for troubled, kept in enumerate(times):
            with trouble() if troubled else nullcontext():
                sleep(1.0)
                before, begun, worked = show.stats.frames, monotonic(), _page_seconds()
                if troubled:
                    amid()
                sleep(max(0.0, begun + STRETCH - monotonic()))
                kept += _frames(show.stats, before)
                busy[troubled] += _page_seconds() - worked
                passed[troubled] += monotonic() - begun
    none, some = (_spread(kept) | {"page_cpu": round(busy[n] / passed[n], 4)}
                  for n, kept in enumerate(times))
    return none, some


def _page_seconds() -> float:
    """Processor seconds that the page's thread has had; 0 where the system does not tell."""
    for thread in threading.enumerate():
        if thread.name == "page":
            with suppress(OSError):
                told = Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text("ascii")
                return int(told.split()[0]) / 1e9
    return 0.0


def _ratios(none: dict[str, float], some: dict[str, float]) -> dict[str, float]:
    return {"ratio": round(some["p50"] / none["p50"], 3),
            "ratio_p99": round(some["p99"] / none["p99"], 3)}


def _rubbish(show: Performance, seconds: float, port: int) -> dict[str, Any]:
    """What page_rubbish.py does to the show, and what is left of it afterwards."""
    touches: list[float] = []
    before, done = _held(), []
    command = [sys.executable, "-m", "bench.page_rubbish", str(port)]

    def trouble() -> _Beside:
        done.append(_Beside([*command, str(len(done))]))
        return done[-1]

    none, some = _in_turns(show, seconds, trouble, lambda: touches.extend(
        _touches(show, port, STRESSED)))
    sleep(CALM_SECONDS)
    after, kinds = _held(), Counter[str]()
    for one in done:
        kinds.update(json.loads(one.said or "{}"))
    return {"display_ms": none, "display_ms_rubbish": some, **_ratios(none, some),
            "touch_ms": _spread(touches), "before": before, "after": after,
            "faults": show.row.get("faults", 0), "done": dict(kinds)}


def _held() -> dict[str, float]:
    """Memory, threads and open files of this process."""
    return {"rss_mb": round(rss_mb(), 1), "threads": threading.active_count(),
            "files": len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0}


def _frames(stats: Stats, before: int) -> list[float]:
    return [float(ms) for ms in stats.recent(stats.frames - before)]


class _Beside:
    """A process beside the show; `said` is what it wrote at its end."""

    said = ""

    def __init__(self, command: list[str]) -> None:
        self._command = command

    def __enter__(self) -> None:
        self._child = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True)  # Linux gives processors by session: none of the show's share
        sleep(1.0)

    def __exit__(self, *_: object) -> None:
        self.said = self._child.communicate()[0]


def _paint(port: int) -> float | None:
    """Chromium's first contentful paint, the median of five loads; None without it."""
    path = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if path is None:
        return None
    paints = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=CHROMIUM.split())
        for _ in range(5):
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{port}/")
            page.wait_for_selector("#panic button")
            paints.append(page.evaluate(
                "performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            page.close()
        browser.close()
    return round(sorted(paints)[2], 1)


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    if not ordered:
        return {"p50": 0.0, "p99": 0.0, "count": 0}
    at = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.99)]
    return {"p50": round(at[0], 2), "p99": round(at[1], 2), "count": len(ordered)}


def _print_table(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        print(f"{name:22} {value}", file=sys.stderr)
