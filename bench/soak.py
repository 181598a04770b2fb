"""Whether a generator that plays for long stays as it is: memory, speed and restarts over time.

A real generator process draws as fast as it can while prompts, blends, seeds, strengths, steps,
motion and sources move as in a show. Every few seconds the memory of the generator's processes is
read (libraries' files left out). Growth is the mean of the last minute over the mean of
the first minute after the first quarter. The table goes to standard error, a line a minute; the
caller prints the JSON.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import mean
from typing import Any

from engine.clock import monotonic, sleep
from engine.diffusion import ProcessGenerator
from engine.errors import ModelError
from engine.records import FrameParams, Pose, Prompt

EVERY = 5.0
"""Seconds between two readings of memory."""
PATTERNS = ("", "rings", "stripes")
WORDS = ("red waves", "teal smoke, night", "violet spiral", "amber plasma", "black stars",
         "silver marble", "rose flowers", "green lattice, rain")


def params_at(index: int, time: float) -> FrameParams:
    """A show that never stands still and never repeats a text for an hour."""
    scene = int(time // 8)
    share = time % 8 / 8
    prompts = (Prompt(f"{WORDS[scene % 8]} {scene}", 1 - share),
               Prompt(f"{WORDS[(scene + 1) % 8]} {scene + 1}", share))
    pattern = PATTERNS[scene % len(PATTERNS)]
    return FrameParams(
        index, time, 1 / 30, beat=time * 2, prompts=prompts, seed=scene * 0.4,
        strength=0.35 + 0.2 * share, steps=1 + scene % 3 // 2, noise_drift=0.1,
        guidance=1.5 if scene % 5 == 4 else 1.0, source=pattern, source_amount=0.2 * bool(pattern),
        pose=Pose(0.02 * time, 0.05 * time))


def run(
    model: str = "small", size: tuple[int, int] = (256, 256), seconds: float = 1200.0,
    runtime: str = "auto", threads: int | None = None,
) -> dict[str, Any]:
    """Play for `seconds`; `size` (width, height). Raises ModelError when no picture comes.

    `growth_percent` is over the last three quarters; memory in megabytes.
    """
    generator = ProcessGenerator(model, size, runtime=runtime, threads=threads)
    try:
        rows = _play(generator, seconds)
        health = generator.health()
    finally:
        generator.close()
    figures = {
        "what": "soak", "model": model, "width": size[0], "height": size[1],
        "runtime": health.runtime, "seconds": round(rows[-1][0]), "pictures": health.generated,
        "restarts": health.restarts, "broken": health.broken, "fault": health.fault,
        **growth(rows),
    }
    sys.stderr.write(f"{figures['pictures']} pictures in {figures['seconds']} s, "
                     f"{figures['restarts']} restarts; {figures['begin_mb']} MB after a quarter, "
                     f"{figures['end_mb']} at the end: {figures['growth_percent']} %\n")
    return figures


def growth(rows: list[tuple[float, float, int]]) -> dict[str, Any]:
    """Memory of (seconds, megabytes, pictures) rows: early, late, by how much; and speed."""
    length = rows[-1][0]
    early = [row for row in rows if length / 4 <= row[0] <= length / 4 + max(60.0, EVERY)]
    late = [row for row in rows if row[0] >= length - max(60.0, EVERY)]
    begin, end = (mean(row[1] for row in part) for part in (early, late))
    return {
        "begin_mb": round(begin, 1), "end_mb": round(end, 1),
        "growth_percent": round(100 * (end / begin - 1), 2),
        "largest_mb": round(max(row[1] for row in rows), 1),
        "fps_early": _speed(early), "fps_late": _speed(late),
    }


def _speed(rows: list[tuple[float, float, int]]) -> float:
    taken = rows[-1][0] - rows[0][0]
    return round((rows[-1][2] - rows[0][2]) / taken, 2) if taken else 0.0


def _play(generator: ProcessGenerator, seconds: float) -> list[tuple[float, float, int]]:
    """(seconds since the first picture, megabytes, pictures) every EVERY seconds."""
    rows: list[tuple[float, float, int]] = []
    begun, told, index, seen = 0.0, -60.0, 0, 0
    give_up = monotonic() + 600.0
    while not begun or monotonic() - begun < seconds:
        now = monotonic() - begun if begun else 0.0
        frame, index = generator.latest(), index + 1
        if frame is not None and not begun:
            begun = monotonic()
        if frame is not None and frame.number != seen or not begun:
            generator.submit(params_at(index, now))
            seen = frame.number if frame else 0
        if begun and (not rows or now - rows[-1][0] >= EVERY):
            rows.append((now, megabytes(generator.health().pid), generator.health().generated))
        if rows and now - told >= 60:
            told = now
            sys.stderr.write(f"{now / 60:6.1f} min {rows[-1][1]:8.1f} MB {rows[-1][2]:7} pictures "
                             f"{generator.health().restarts} restarts\n")
        if not begun and (monotonic() > give_up or generator.health().state == "failed"):
            raise ModelError(f"no picture: {generator.health().fault}")
        sleep(0.002)
    rows.append((now, megabytes(generator.health().pid), generator.health().generated))
    return rows


def megabytes(pid: int) -> float:
    """A process's own memory in MB, with the board: what libraries' files take is left out, as it
    is shared with all who use them. 0 where it cannot be read (not Linux, or gone).
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    kinds = ("RssAnon:", "RssShmem:")
    return sum(int(line.split()[1]) for line in lines if line.startswith(kinds)) / 1024
