"""How long after a save the new look is on the stage, for each way in which editors save.

A real performance plays offscreen while a thread saves its preset again and again. Counted is the
time from the beginning of the save to the end of the first turn of the display whose picture was
resolved from the new file. The table goes to standard error; the caller prints
the JSON.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.clock import monotonic, sleep
from engine.live import Performance
from engine.play_options import PlayOptions
from engine.records import FrameParams

LOOK = """strength = {strength}
[[prompts]]
text = "plasma, teal"
[motion]
zoom = "1.05 + 0.3*kick"
[[effects]]
shader = "glow"
amount = "0.5*bass"
"""
GIVEN_UP = 10.0


def _in_place(path: Path, text: str) -> None:
    path.write_text(text)


def _renamed(path: Path, text: str) -> None:
    fresh = path.with_suffix(".tmp")
    fresh.write_text(text)
    os.replace(fresh, path)


def _as_vim(path: Path, text: str) -> None:
    backup = path.with_name(f"{path.name}~")
    os.rename(path, backup)
    path.write_text(text)
    backup.unlink()


def _deleted_first(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


WAYS: dict[str, Callable[[Path, str], None]] = {
    "write in place": _in_place,
    "rename over": _renamed,
    "backup, write": _as_vim,
    "delete, create": _deleted_first,
}


def run(saves: int = 10, size: tuple[int, int] = (640, 360)) -> dict[str, Any]:
    """Save so often in each way; milliseconds of each, their median and the longest of all."""
    with tempfile.TemporaryDirectory() as folder:
        look = Path(folder) / "look.toml"
        look.write_text(LOOK.format(strength=0.0))
        options = PlayOptions(
            str(look), "demo", screen="offscreen", size=size, midi="none", osc=0
        )
        told: list[str] = []
        with Performance(options, told.append) as performance:
            seat = _Seat(performance, look, saves)
            performance.run()
            seat.join()
    rows = {way: [round(1000.0 * s) for s in spent] for way, spent in seat.spent.items()}
    every = [ms for row in rows.values() for ms in row]
    for way, row in rows.items():
        print(f"{way:16} median {np.median(row):4.0f} ms, longest {max(row):4} ms", file=sys.stderr)
    return {"saves": len(every), "median_ms": float(np.median(every)), "longest_ms": max(every),
            "ways_ms": rows, "faults": performance.watcher.faults}


class _Seat(threading.Thread):
    """Saves, and waits for the turn that shows what was saved. `spent` is in seconds."""

    def __init__(self, performance: Performance, look: Path, saves: int) -> None:
        super().__init__(name="editor", daemon=True)
        self._performance, self._look, self._saves = performance, look, saves
        self._draw, self._swap = performance.compositor.draw, performance.window.swap
        performance.compositor.draw, performance.window.swap = self._drawn, self._swapped
        self._wanted = self._shown = -1.0
        self._seen = threading.Event()
        self._when = 0.0
        self.spent: dict[str, list[float]] = {way: [] for way in WAYS}
        self.start()

    def run(self) -> None:
        sleep(3.0)  # the model loads meanwhile; what is measured is the show under way
        number = 0
        for _ in range(self._saves):
            for way, save in WAYS.items():
                number += 1
                self._wanted = round(number / (4 * self._saves + 1), 6)
                self._seen.clear()
                text = LOOK.format(strength=self._wanted)
                begun = monotonic()
                save(self._look, text)
                self._seen.wait(GIVEN_UP)
                self.spent[way].append(self._when - begun if self._seen.is_set() else GIVEN_UP)
                sleep(0.3)
        self._performance.farewell.ask()
        self._performance.farewell.ask()

    def _drawn(self, params: FrameParams, target: Any = None) -> None:
        self._draw(params, target)
        self._shown = params.strength

    def _swapped(self) -> None:
        self._swap()
        if self._shown == self._wanted and not self._seen.is_set():
            self._when = self._performance.window.swapped
            self._seen.set()
