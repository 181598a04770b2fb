"""What each verb of the command line does. Data goes to standard output, words to standard error.

Heavy rooms (model, GL, devices) are imported by the verb that needs them.
"""

from __future__ import annotations

import json
import math
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from engine import __version__, clock
from engine.errors import LiquidlightError
from engine.params import CLOCKS, NAMES, SIGNALS, TIMES
from engine.records import SAMPLERATE, FrameParams
from engine.resolve import names_at
from engine.show import DEMO_SET, Show, load_show


def tell(text: str) -> None:
    """One line to the operator."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, or nothing where that is no terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _song(name: str) -> str:
    """The path of a song; `demo` is the track that ships."""
    if name != "demo":
        return name
    from engine.audio import demo

    return str(demo.path())


def demo(options: Namespace) -> None:
    """The demo set to the demo track: in a window, or as a film where there is no display."""
    from engine.render.window import list_displays

    if options.film is None and list_displays():
        return _play_demo(options)
    path = options.film or Path("demo.mp4")
    if options.film is None:
        tell(f"no display here: writing the film {path} instead")
    end = options.seconds
    _film("demo", load_show(DEMO_SET), path, options.size, 30, 10, "small", None, 0.0, end)


def _play_demo(options: Namespace) -> None:
    from engine.live import Performance
    from engine.play_options import PlayOptions

    tell("the demo: F freeze, B blackout, H hush, arrows change the look, Esc ends")
    wanted = PlayOptions(
        show=DEMO_SET, audio="demo", screen="windowed", seconds=options.seconds
    )
    with Performance(wanted, tell) as performance:
        performance.run()


def play(options: Namespace) -> None:
    """The live performance."""
    from engine import evening

    evening.play(options)


def rig(options: Namespace) -> None:
    """What this machine plays with and who says so; with --save, what was given is written."""
    from engine import evening

    evening.rig(options)


def render(options: Namespace) -> None:
    """The film of a song."""
    song = _song(options.song)
    path = options.output or Path(f"{Path(song).stem}.mp4")
    _film(
        options.song, load_show(options.preset), path, options.size, options.fps,
        options.model_fps, options.model, options.seed, options.start, options.end,
        options.runtime,
    )


def _film(
    song: str, show: Show, path: Path, size: tuple[int, int], fps: int, model_fps: int,
    model: str, seed: int | None, start: float, end: float | None, runtime: str = "auto",
) -> None:
    from engine.offline import FilmOptions, render

    wanted = FilmOptions(path, size, fps, model_fps, model, seed, start, end, runtime)
    begun = clock.monotonic()
    with progress_bar(f"film {path.name}") as progress:
        count = render(_song(song), show, wanted, progress)
    spent = clock.monotonic() - begun
    tell(f"{path}: {count / fps:.1f} s, {count} pictures, made in {spent:.0f} s")


def frames(options: Namespace) -> None:
    """One JSON line of FrameParams a picture."""
    from engine.audio.media import decode
    from engine.offline import frames

    show = load_show(options.preset)
    for params in frames(decode(_song(options.song)), show, options.fps):
        print(params_line(params))


def params_line(params: FrameParams) -> str:
    """FrameParams as one JSON line; floats as their shortest exact text."""
    return json.dumps(asdict(params), separators=(",", ":"), ensure_ascii=False)


def beats(options: Namespace) -> None:
    """One JSON line a beat, causally."""
    from engine.audio.claims import iter_beats
    from engine.audio.media import decode

    for claim in iter_beats(decode(_song(options.song)), *options.range):
        row = {"t": claim.t, "emitted": claim.emitted, "bpm": claim.bpm}
        row = {key: round(value, 4) for key, value in row.items()}
        print(json.dumps({**row, "bar_pos": claim.bar_pos}))


def signals(options: Namespace) -> None:
    """Every signal at a frame rate."""
    from engine.audio.media import decode

    show = load_show(DEMO_SET)
    if options.keyframes:
        show = _with_curve(show, options.keyframes)
    rows = _rows(decode(_song(options.song)), show, options.fps)
    if options.keyframes:
        print(", ".join(f"{n}:({names['curve']:.4g})" for n, names in enumerate(rows)))
        return
    columns = (*TIMES, *SIGNALS, *CLOCKS)
    if not options.json:
        print(",".join(columns))
    for names in rows:
        row = {name: round(names[name], 5) for name in columns}
        print(json.dumps(row) if options.json else ",".join(str(v) for v in row.values()))


def _with_curve(show: Show, text: str) -> Show:
    """The show, whose first look has the expression for a knob of its own."""
    from engine.expressions import compile_expression
    from engine.params import Param
    from engine.show import Value

    try:
        expression = compile_expression(text, NAMES)
    except LiquidlightError as error:
        raise LiquidlightError(f'--keyframes "{text}": {error}') from None
    curve = Value(Param("curve", 0.0, -math.inf, math.inf, "", ""), 0.0, expression)
    look = replace(show.presets[0], macros={"curve": curve})
    return replace(show, presets=(look, *show.presets[1:]))


def _rows(samples: np.ndarray, show: Show, fps: int) -> Iterator[dict[str, float]]:
    """The names of each picture, with those of the first look."""
    from engine.offline import moments_at
    from engine.seen import look_names

    count = int(np.ceil(len(samples) / SAMPLERATE * fps))
    times = [n / fps for n in range(count)]
    for time, moment in zip(times, moments_at(samples, show, times), strict=True):
        names = names_at(time, moment)
        yield look_names(show.presets[0], names, moment.controls.values, moment.registers)


def words(options: Namespace) -> None:
    """What a model makes of prompts, or all the words it knows."""
    from engine import vocabulary

    model, prompts = options.model, options.prompts
    if options.json:
        rows = vocabulary.prompt_rows if prompts else vocabulary.vocabulary
        print(json.dumps(rows(model, prompts) if prompts else rows(model), ensure_ascii=False))
        return
    for line in vocabulary.say_prompts(model, prompts) if prompts else vocabulary.list_words(model):
        print(line)


def check(options: Namespace) -> int:
    """Checks files, or the machine; exit status 2 when one is wrong."""
    from engine.machine import check_machine, check_path

    paths = [Path(name) for name in options.paths]
    findings = [check_path(path) for path in paths] if paths else check_machine()
    _print_findings(findings, options.json)
    return 2 if any(not finding["ok"] for finding in findings) else 0


def _print_findings(findings: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(findings))
        return
    for finding in findings:
        mark = "ok  " if finding["ok"] else "BAD "
        for says in finding.get("all", (f"{finding['what']}: {finding['says']}",)):
            print(f"{mark} {says}")
        for hint in finding.get("hints", ()):
            print(f"hint {hint}")


def devices(options: Namespace) -> None:
    """What there is to listen to, to touch and to show on."""
    from engine.machine import list_devices

    found = list_devices()
    if options.json:
        print(json.dumps(found))
        return
    for kind, names in found.items():
        print(f"{kind}:")
        for name in names or ["(none)"]:
            print(f"  {name}")


def shader(options: Namespace) -> int:
    """Loads ISF files and draws them; exit status 2 when one does not compile."""
    from engine.machine import draw_file

    findings = []
    for name in options.files:
        findings.append(draw_file(Path(name), options.size, options.frames, options.output))
    _print_findings(findings, options.json)
    return 2 if any(not finding["ok"] for finding in findings) else 0


def gallery(options: Namespace) -> None:
    """A contact sheet of looks."""
    from engine.audio.media import decode
    from engine.gallery import GalleryOptions, draw, shipped

    names = options.presets or shipped()
    wanted = GalleryOptions(options.output, options.size, options.columns, options.start,
                            options.end, options.model, options.runtime, options.thumbnails)
    with progress_bar("looks") as progress:
        draw(decode(_song(options.song)), names, wanted, progress)
    tell(f"{options.output}: {len(names)} looks, {options.columns} pictures of each")


def bench(options: Namespace) -> None:
    """A table, then one JSON line."""
    seconds = options.seconds or 10.0
    if options.what == "generator":
        from bench.generator import run

        report = run(options.model, options.size or (256, 256), seconds,
                     runtime=options.runtime)
    elif options.what == "latency":
        from bench.latency import run

        report = run(seconds, options.size or (640, 360))
    elif options.what == "hearing":
        from bench.hearing import run

        report = run(options.seconds, options.music, options.madmom)
    else:
        from bench.compositor import run

        sizes = (options.size,) if options.size else ((640, 360), (1280, 720))
        report = run(sizes, seconds)
    machine = {"bench": options.what, "version": __version__, "cpus": os.cpu_count()}
    print(json.dumps({**machine, **report}))
