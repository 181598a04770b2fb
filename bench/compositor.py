"""How much of the processor and of the GPU the compositor takes for each picture it draws.

Picture sizes flow in, one dictionary of figures flows out. Each draw moves on and fades the
generated picture, uploaded with every seventh (512x512): under two effects, as a plain preset
does, and as one of four layers under eight effects. Time is counted until GL has finished. Where
a GPU draws, the large pictures of a projector come too, timed on the GPU itself.

Python's own share is measured against a driver that draws nothing: Mesa's NOOP, chosen by
GALLIUM_NOOP=1 in a process of its own, in which thousands of pictures also show what grows. The
table goes to standard error; the caller prints the JSON.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from engine.clock import monotonic
from engine.records import Effect, Frame, FrameParams, Layer, Leaving, Pose
from engine.render.compositor import Compositor
from engine.render.preview import sample_picture
from engine.render.software import in_software
from engine.render.window import Offscreen

GENERATED = (512, 512)
GENERATED_EVERY = 7
FPS = 60.0
LATE_MS = 1500.0 / FPS
SIZES = ((640, 360), (1280, 720))
PROJECTORS = ((1920, 1080), (3840, 2160))
"""Drawn with four layers and eight effects where there is a GPU."""
LONG, SETTLED = 10_000, 1_000
"""Pictures drawn to see what grows, and those after which everything is there."""
CHANGE_EVERY = 250
"""Pictures from one change of look to the next, of which a fifth are the change."""
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
    sizes: Sequence[tuple[int, int]] | None = None, seconds: float = 5.0, long: int = LONG
) -> dict[str, Any]:
    """Draw for about `seconds` at each size and return the figures.

    `draw_ms` is wall time and `cpu_ms` processor time of all threads, each p50 and p99;
    `submit_ms` is the part that Python and the driver take before GL works on its own; `gpu_ms` is
    timed by the GPU. `python_ms` is the main thread's processor time for four layers and eight
    effects with a driver that draws nothing; `growth` what `long` such pictures have left.
    """
    with TemporaryDirectory() as folder:
        layered = _layered(Path(folder))
        sizes = tuple(sizes or SIZES)
        rows = [_measure(size, PLAIN, seconds) for size in sizes]
        rows.append(_measure(sizes[0], layered, seconds))
        if rows[0]["gpu_ms"]:
            rows += [_measure(size, layered, seconds) for size in PROJECTORS]
    python = _without_drawing(sizes[0], seconds, long)
    _table(rows, python)
    return {"bench": "compositor", "gl_renderer": rows[0]["gl_renderer"], "rows": rows, **python}


def without_drawing(size: tuple[int, int], seconds: float, long: int) -> dict[str, Any]:
    """The figures of the process whose driver draws nothing; see `run`."""
    with TemporaryDirectory() as folder:
        layered = _layered(Path(folder))
        row = _measure(size, layered, seconds)
        growth = _growth(size, layered, long) if long else None
    return {"python_ms": row["main_ms"], "python_gl": row["gl_renderer"], "growth": growth}


def _without_drawing(size: tuple[int, int], seconds: float, long: int) -> dict[str, Any]:
    """Mesa reads the variable when it is loaded, so this needs a process of its own."""
    code = f"import json, bench.compositor as b; print(json.dumps(b.without_drawing({size}, " \
           f"{seconds}, {long})))"
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "GALLIUM_NOOP": "1", "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _layered(folder: Path) -> FrameParams:
    return replace(PLAIN, layers=_four_layers(folder), effects=EIGHT_EFFECTS, preset="layered")


def _growth(size: tuple[int, int], params: FrameParams, count: int) -> dict[str, Any]:
    """What `count` pictures leave behind, looks changing meanwhile: Python memory, Python objects,
    and names that GL has given out, each from picture SETTLED on."""
    stage, compositor, pictures = _stage(size, params)
    there: list[tuple[int, int, int]] = []
    tracemalloc.start()
    for index in range(SETTLED + count):
        _draw(compositor, stage, _changing(_moved(params, index), index), index, pictures)
        stage.ctx.finish()
        if index in (SETTLED, SETTLED + count - 1):
            gc.collect()
            there.append((tracemalloc.get_traced_memory()[0], len(gc.get_objects()),
                          _names(stage.ctx)))
    tracemalloc.stop()
    compositor.release()
    stage.close()
    more = [after - before for before, after in zip(*there, strict=True)]
    return {"pictures": count, "bytes": more[0], "objects": more[1], "gl_names": more[2]}


def _names(ctx: Any) -> int:
    """The sum of the next free names of textures, framebuffers and buffers: it grows if they do."""
    texture, buffer = ctx.texture((1, 1), 1), ctx.buffer(reserve=1)
    things = texture, ctx.framebuffer([texture]), buffer
    names = sum(thing.glo for thing in things)
    for thing in things:
        thing.release()
    return names


def _changing(params: FrameParams, index: int) -> FrameParams:
    """The plain look by turns, and a mix of both in a fifth of the pictures."""
    number, at = divmod(index, CHANGE_EVERY)
    looks = params, replace(params, layers=(), effects=EFFECTS, preset="plain")
    now, before = looks[number % 2], looks[(number + 1) % 2]
    k = 5.0 * at / CHANGE_EVERY
    leaving = Leaving(before.layers, before.effects, k, "", before.preset) if k < 1.0 else None
    return replace(now, leaving=leaving)


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


def _stage(
    size: tuple[int, int], params: FrameParams
) -> tuple[Offscreen, Compositor, list[np.ndarray]]:
    stage = Offscreen(size, refresh_hz=None)
    compositor = Compositor(stage.ctx, size)
    compositor.prepare(params)
    return stage, compositor, [np.roll(sample_picture(GENERATED), 40 * n, 1) for n in range(3)]


def _draw(
    compositor: Compositor, stage: Offscreen, now: FrameParams, index: int,
    pictures: list[np.ndarray],
) -> None:
    if index % GENERATED_EVERY == 0:
        number = index // GENERATED_EVERY
        compositor.show(Frame(number + 1, pictures[number % 3], now, now.time))
    compositor.draw(now, stage.screen)


def _measure(size: tuple[int, int], params: FrameParams, seconds: float) -> dict[str, Any]:
    stage, compositor, pictures = _stage(size, params)
    query = None if in_software(stage.ctx) or _draws_nothing(stage) else stage.ctx.query(time=True)
    times: dict[str, list[float]] = {name: [] for name in ("draw", "cpu", "submit", "main", "gpu")}
    end = monotonic() + seconds
    index = 0
    while monotonic() < end or index < 30:
        now = _moved(params, index)
        start, cpu, main = monotonic(), time.process_time(), time.thread_time()
        with query or nullcontext():
            _draw(compositor, stage, now, index, pictures)
        times["submit"].append(monotonic() - start)
        times["main"].append(time.thread_time() - main)
        stage.swap()
        times["draw"].append(monotonic() - start)
        times["cpu"].append(time.process_time() - cpu)
        if query:
            times["gpu"].append(query.elapsed * 1e-9)
        index += 1
    start = monotonic()
    compositor.read()
    read_ms = 1000.0 * (monotonic() - start)
    compositor.release()
    renderer = stage.ctx.info["GL_RENDERER"]
    stage.close()
    late = sum(1000.0 * wall > LATE_MS for wall in times["draw"][5:])
    return {
        "size": f"{size[0]}x{size[1]}",
        "gl_renderer": renderer,
        "pictures": index,
        "late_frames": late,
        "layers": [layer.kind for layer in params.layers],
        "effects": [effect.shader for effect in params.effects],
        **{f"{name}_ms": _spread(each[5:]) for name, each in times.items()},
        "read_ms": round(read_ms, 3),
        "compiled_on_the_frame_path": compositor.compiles,
    }


def _draws_nothing(stage: Offscreen) -> bool:
    return stage.ctx.info["GL_RENDERER"] == "NOOP"


def _moved(params: FrameParams, index: int) -> FrameParams:
    time_s = index / FPS
    pose = Pose(0.08 * time_s, 2.0 * time_s, 0.01 * time_s, 0.0)
    return replace(params, index=index, time=time_s, beat=2.0 * time_s, pose=pose)


def _spread(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    p50, p99 = np.percentile(seconds, (50, 99)) * 1000.0
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3)}


def _table(rows: list[dict[str, Any]], python: dict[str, Any]) -> None:
    renderer = rows[0]["gl_renderer"]
    print(f"compositor on {renderer}; ms a picture, p50 / p99", file=sys.stderr)
    heads = ("wall", "processor", "submit", "GPU")
    print(f"{'size':>10} {'layers':>6} {'effects':>7} {'late':>6}",
          *(f"{head:>17}" for head in heads), file=sys.stderr)
    for row in rows:
        cells = (row[key] for key in ("draw_ms", "cpu_ms", "submit_ms", "gpu_ms"))
        texts = (f"{cell['p50']:8.2f} /{cell['p99']:7.2f}" if cell else f"{'-':>17}"
                 for cell in cells)
        counts = f"{len(row['layers']) or 1:>6} {len(row['effects']):>7} {row['late_frames']:>6}"
        print(f"{row['size']:>10} {counts}", *texts, file=sys.stderr)
    spread, growth = python["python_ms"], python["growth"]
    print(f"Python, 4 layers and 8 effects, driver {python['python_gl']}: "
          f"{spread['p50']:.2f} / {spread['p99']:.2f} ms", file=sys.stderr)
    if growth:
        print(f"left by {growth['pictures']} pictures: {growth['bytes']} bytes, "
              f"{growth['objects']} objects, {growth['gl_names']} GL names", file=sys.stderr)
