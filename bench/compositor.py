"""How much of the processor the compositor takes for each picture it draws.

A picture size flows in, one dictionary of figures flows out. Each draw moves on and fades the
generated picture and applies two effects, as a preset does; a newly generated 512x512 picture is
uploaded with every seventh. Time is counted until GL has finished. The table goes to standard
error; the caller prints the JSON. On software GL these are figures of the processor, not of a GPU.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.clock import monotonic
from engine.records import Effect, Frame, FrameParams, Pose
from engine.render.compositor import Compositor
from engine.render.preview import sample_picture
from engine.render.window import Offscreen

GENERATED = (512, 512)
GENERATED_EVERY = 7
FPS = 60.0
EFFECTS = (
    Effect("glow", (("amount", 0.6),)),
    Effect("punch", (("amount", 0.3),)),
)


def run(
    sizes: Sequence[tuple[int, int]] = ((640, 360), (1280, 720)), seconds: float = 5.0
) -> dict[str, Any]:
    """Draw for about `seconds` at each size and return the figures.

    `draw_ms` is wall time and `cpu_ms` processor time of all threads, each p50 and p99;
    `submit_ms` is the part that Python and the driver take before GL works on its own.
    """
    rows = []
    renderer = ""
    for size in sizes:
        stage = Offscreen(size, refresh_hz=None)
        renderer = stage.ctx.info["GL_RENDERER"]
        rows.append(_measure(stage, size, seconds))
        stage.close()
    _table(rows, renderer)
    return {"bench": "compositor", "gl_renderer": renderer, "rows": rows}


def _measure(stage: Offscreen, size: tuple[int, int], seconds: float) -> dict[str, Any]:
    compositor = Compositor(stage.ctx, size)
    pictures = [np.roll(sample_picture(GENERATED), 40 * n, 1) for n in range(3)]
    params = FrameParams(0, 0.0, 1.0 / FPS, effects=EFFECTS)
    compositor.prepare(params)
    walls, cpus, submits = [], [], []
    end = monotonic() + seconds
    index = 0
    while monotonic() < end or index < 30:
        now = _moved(params, index)
        start, cpu = monotonic(), time.process_time()
        if index % GENERATED_EVERY == 0:
            number = index // GENERATED_EVERY
            compositor.show(Frame(number + 1, pictures[number % 3], now, now.time))
        compositor.draw(now, stage.screen)
        submits.append(monotonic() - start)
        stage.swap()
        walls.append(monotonic() - start)
        cpus.append(time.process_time() - cpu)
        index += 1
    start = monotonic()
    compositor.read()
    read_ms = 1000.0 * (monotonic() - start)
    compositor.release()
    return {
        "size": f"{size[0]}x{size[1]}",
        "pictures": index,
        "effects": [effect.shader for effect in EFFECTS],
        "draw_ms": _spread(walls[5:]),
        "cpu_ms": _spread(cpus[5:]),
        "submit_ms": _spread(submits[5:]),
        "read_ms": round(read_ms, 3),
        "compiled_on_the_frame_path": compositor.compiles,
    }


def _moved(params: FrameParams, index: int) -> FrameParams:
    time_s = index / FPS
    pose = Pose(0.08 * time_s, 2.0 * time_s, 0.01 * time_s, 0.0)
    return replace(params, index=index, time=time_s, beat=2.0 * time_s, pose=pose)


def _spread(seconds: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(seconds, (50, 99)) * 1000.0
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3)}


def _table(rows: list[dict[str, Any]], renderer: str) -> None:
    print(f"compositor on {renderer}; ms a picture, p50 / p99", file=sys.stderr)
    print(f"{'size':>10} {'wall':>17} {'processor':>17} {'submit':>17}", file=sys.stderr)
    for row in rows:
        cells = (row[key] for key in ("draw_ms", "cpu_ms", "submit_ms"))
        texts = (f"{cell['p50']:8.2f} /{cell['p99']:7.2f}" for cell in cells)
        print(f"{row['size']:>10} {' '.join(texts)}", file=sys.stderr)
