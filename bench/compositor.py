"""How much of the processor the compositor takes for each picture it draws.

Picture sizes flow in, one dictionary of figures flows out. Each draw moves on and fades the
generated picture, uploaded with every seventh (512x512): under two effects, as a plain preset
does, and as one of four layers under eight effects. Time is counted until GL has finished. The
table goes to standard error; the caller prints the JSON. On software GL these are figures of the
processor, not of a GPU.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from engine.clock import monotonic
from engine.records import Effect, Frame, FrameParams, Layer, Pose
from engine.render.compositor import Compositor
from engine.render.preview import sample_picture
from engine.render.window import Offscreen

GENERATED = (512, 512)
GENERATED_EVERY = 7
FPS = 60.0
TINY = (32, 18)
"""Where drawing costs next to nothing, and what is left is Python and the driver's calls."""
EFFECTS = (
    Effect("glow", (("amount", 0.6),)),
    Effect("punch", (("amount", 0.3),)),
)
EIGHT_EFFECTS = (
    *EFFECTS,
    *(Effect(name) for name in ("trails", "rgb_split", "colour", "ripple", "vignette", "grain")),
)
PLAIN = FrameParams(0, 0.0, 1.0 / FPS, effects=EFFECTS)


def run(
    sizes: Sequence[tuple[int, int]] = ((640, 360), (1280, 720)), seconds: float = 5.0
) -> dict[str, Any]:
    """Draw for about `seconds` at each size and return the figures.

    `draw_ms` is wall time and `cpu_ms` processor time of all threads, each p50 and p99;
    `submit_ms` is the part that Python and the driver take before GL works on its own, and
    `main_ms` the main thread's processor time for the same pictures at TINY: Python's share.
    """
    with TemporaryDirectory() as folder:
        layered = replace(PLAIN, layers=_four_layers(Path(folder)), effects=EIGHT_EFFECTS)
        cases = [(size, PLAIN) for size in sizes] + [(sizes[0], layered)]
        rows = [_measure(*case, seconds) for case in cases]
        for row, (_, params) in zip(rows, cases, strict=True):
            row["main_ms"] = _measure(TINY, params, min(2.0, seconds))["main_ms"]
    _table(rows)
    renderer = rows[0]["gl_renderer"]
    return {"bench": "compositor", "gl_renderer": renderer, "rows": rows}


def _four_layers(folder: Path) -> tuple[Layer, ...]:
    """One of each kind that draws by itself; the picture's file is written into `folder`."""
    path = folder / "picture.png"
    Image.fromarray(sample_picture((640, 360))).save(path)
    return (
        Layer("generator"),
        Layer("shader", "plasma", 0.4, "screen"),
        Layer("picture", str(path), 0.5, "overlay", (("scale", 0.5),)),
        Layer("text", "Liquidlight"),
    )


def _measure(size: tuple[int, int], params: FrameParams, seconds: float) -> dict[str, Any]:
    stage = Offscreen(size, refresh_hz=None)
    compositor = Compositor(stage.ctx, size)
    pictures = [np.roll(sample_picture(GENERATED), 40 * n, 1) for n in range(3)]
    compositor.prepare(params)
    walls, cpus, submits, mains = [], [], [], []
    end = monotonic() + seconds
    index = 0
    while monotonic() < end or index < 30:
        now = _moved(params, index)
        start, cpu, main = monotonic(), time.process_time(), time.thread_time()
        if index % GENERATED_EVERY == 0:
            number = index // GENERATED_EVERY
            compositor.show(Frame(number + 1, pictures[number % 3], now, now.time))
        compositor.draw(now, stage.screen)
        submits.append(monotonic() - start)
        mains.append(time.thread_time() - main)
        stage.swap()
        walls.append(monotonic() - start)
        cpus.append(time.process_time() - cpu)
        index += 1
    start = monotonic()
    compositor.read()
    read_ms = 1000.0 * (monotonic() - start)
    compositor.release()
    renderer = stage.ctx.info["GL_RENDERER"]
    stage.close()
    return {
        "size": f"{size[0]}x{size[1]}",
        "gl_renderer": renderer,
        "pictures": index,
        "layers": [layer.kind for layer in params.layers],
        "effects": [effect.shader for effect in params.effects],
        "draw_ms": _spread(walls[5:]),
        "cpu_ms": _spread(cpus[5:]),
        "submit_ms": _spread(submits[5:]),
        "main_ms": _spread(mains[5:]),
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


def _table(rows: list[dict[str, Any]]) -> None:
    renderer = rows[0]["gl_renderer"]
    print(f"compositor on {renderer}; ms a picture, p50 / p99", file=sys.stderr)
    heads = ("wall", "processor", "submit", "Python")
    print(f"{'size':>10} {'layers':>6} {'effects':>7}", *(f"{head:>17}" for head in heads),
          file=sys.stderr)
    for row in rows:
        cells = (row[key] for key in ("draw_ms", "cpu_ms", "submit_ms", "main_ms"))
        texts = (f"{cell['p50']:8.2f} /{cell['p99']:7.2f}" for cell in cells)
        counts = f"{len(row['layers']) or 1:>6} {len(row['effects']):>7}"
        print(f"{row['size']:>10} {counts}", *texts, file=sys.stderr)
