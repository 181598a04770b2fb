"""Whether a change of look makes a display frame late: drawing times within changes and between.

A set flows in (the demo's looks unless another is given), one dictionary of figures flows out.
The director plays it at 120 beats a minute in silence, a bar a look, and each look comes by
another transition: the three that need no shader, then every transition shader that ships. Each
picture is resolved, drawn and waited for, as on stage; a new generated picture comes with every
sixth. The table goes to standard error; the caller prints the JSON. On software GL these are
figures of the processor, not of a GPU.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import process_time
from typing import Any

import numpy as np

from engine.clock import monotonic
from engine.director import Director
from engine.isf import list_shaders, load_header
from engine.params import TRANSITIONS
from engine.records import HOP_SECONDS, Beat, Change, Frame, FrameParams, Moment
from engine.render.compositor import Compositor
from engine.render.preview import sample_picture
from engine.render.window import Offscreen
from engine.resolve import resolve, silent_moment
from engine.scenes import change_at
from engine.show import DEMO_SET, Autopilot, Scene, Show, Transition, load_show
from engine.staging import prepare, shader_folders

BPM, BAR_SECONDS, CHANGE_BEATS = 120.0, 2.0, 2.0
BETWEEN = "between"
CUT_BEATS = 0.25
"""So long after a cut its pictures count as part of it: whatever it costs, it costs then."""
GENERATED_EVERY = 6
WARMUP = 10
"""Pictures at the start that are not counted."""
PICTURE = sample_picture((256, 256))


def run(
    name: str = DEMO_SET, size: tuple[int, int] = (640, 360), fps: float = 30.0
) -> dict[str, Any]:
    """Play one change of each kind at `fps` pictures a second of show time.

    For pictures between changes and for each kind of change: `ms` is the wall time of a picture
    until GL has finished, `cpu_ms` the processor's, all threads together (on a busy machine the
    one to compare): p50, p99 and the longest. `compiled_on_the_frame_path` has to be 0.
    """
    kinds = transition_kinds()
    show = _through(load_show(name), kinds)
    stage = Offscreen(size, refresh_hz=None)
    compositor = Compositor(stage.ctx, size, shader_folders(show))
    prepare(compositor, show)
    while compositor.prepare_next():
        pass
    times: dict[str, list[tuple[float, float]]] = {kind: [] for kind in (BETWEEN, *kinds)}
    for params, kind in _pictures(show, fps, len(kinds) + 1):
        begun, cpu = monotonic(), process_time()
        _draw(compositor, stage, params)
        if params.index >= WARMUP:
            times[kind].append((monotonic() - begun, process_time() - cpu))
    figures = {
        "bench": "transitions",
        "gl_renderer": stage.ctx.info["GL_RENDERER"],
        "set": name,
        "size": f"{size[0]}x{size[1]}",
        "rows": [_row(kind, spent) for kind, spent in times.items()],
        "compiled_on_the_frame_path": compositor.compiles,
        "faults": len(compositor.faults),
    }
    compositor.release()
    stage.close()
    _table(figures)
    return figures


def transition_kinds() -> tuple[str, ...]:
    """The transitions without a shader, then every shader that ships and joins two pictures."""
    joins = (
        name for name, path in sorted(list_shaders().items())
        if any(item.name == "startImage" for item in load_header(path).inputs)
    )
    return (*TRANSITIONS, *joins)


def _through(show: Show, kinds: tuple[str, ...]) -> Show:
    """The looks of the set over and over, a bar each, entered by one kind after the other."""
    looks = tuple(show.presets[n % len(show.presets)] for n in range(len(kinds) + 1))
    ways = (Transition(kind, CHANGE_BEATS, "linear") for kind in (TRANSITIONS[0], *kinds))
    scenes = tuple(Scene(way, 1) for way in ways)
    return replace(show, presets=looks, scenes=scenes, autopilot=Autopilot())


def _pictures(show: Show, fps: float, bars: int) -> Iterator[tuple[FrameParams, str]]:
    """The params of every picture, and the kind of the change that it belongs to, or BETWEEN."""
    director, moment, hops = Director(show), silent_moment(), 0
    for index in range(round(bars * BAR_SECONDS * fps)):
        time = index / fps
        while (hops + 1) * HOP_SECONDS <= time:
            hops += 1
            heard = hops * HOP_SECONDS
            signals = replace(
                moment.signals, time=heard, beat=Beat(heard, heard * BPM / 60.0, BPM)
            )
            playing = director.step(signals, (), show)
            moment = replace(moment, time=heard, signals=signals, playing=playing)
        yield resolve(time, index, 1.0 / fps, moment, show), _kind(time, moment)


def _kind(time: float, moment: Moment) -> str:
    beat = moment.signals.beat.at(time)
    change = change_at(beat, moment.playing)
    return change.kind if 0.0 <= beat - change.beat < _length(change) else BETWEEN


def _length(change: Change) -> float:
    """Beats in which pictures belong to the change; the first look was there already."""
    return max(change.beats, CUT_BEATS) if change.beat > 0.0 else 0.0


def _draw(compositor: Compositor, stage: Offscreen, params: FrameParams) -> None:
    number, rest = divmod(params.index, GENERATED_EVERY)
    if rest == 0:
        picture = np.roll(PICTURE, 40 * number, 1)
        compositor.show(Frame(number + 1, picture, params, params.time))
    compositor.draw(params, stage.screen)
    stage.swap()


def _row(kind: str, spent: list[tuple[float, float]]) -> dict[str, Any]:
    walls, cpus = zip(*spent, strict=True)
    return {"kind": kind, "pictures": len(spent), "ms": _spread(walls), "cpu_ms": _spread(cpus)}


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    p50, p99, most = np.percentile(seconds, (50, 99, 100)) * 1000.0
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3), "max": round(float(most), 3)}


def _table(figures: dict[str, Any]) -> None:
    head = "      p50      p99  longest"
    print(
        f"changes of look on {figures['gl_renderer']}, {figures['size']}; ms a picture",
        f"{'':>12}{'wall':>27}{'processor':>27}", f"{'':>12}{head}{head}",
        sep="\n", file=sys.stderr,
    )
    for row in figures["rows"]:
        values = (*row["ms"].values(), *row["cpu_ms"].values())
        print(f"{row['kind']:>12}", *(f"{value:8.2f}" for value in values), file=sys.stderr)
