"""What each verb of the command line does. Data goes to standard output, words to standard error.

Heavy rooms (model, GL, devices) are imported by the verb that needs them.
"""

from __future__ import annotations

import json
import math
import os
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import __version__
from engine.company import song_path
from engine.errors import LiquidlightError
from engine.params import CLOCKS, NAMES, SIGNALS, TIMES
from engine.pieces import Piece
from engine.records import SAMPLERATE
from engine.resolve import names_at
from engine.show import DEMO_SET, Show, load_show
from engine.song_commands import film
from engine.song_commands import frames as frames
from engine.song_commands import import_look as import_look
from engine.song_commands import render as render
from engine.song_commands import split as split
from engine.stems import used_in
from engine.telling import progress_bar, tell


def demo(options: Namespace) -> None:
    """The demo set to the demo track: in a window, or as a film where there is no display."""
    from engine.offline import FilmOptions
    from engine.render.window import list_displays

    if options.film is None and list_displays():
        return _play_demo(options)
    path = options.film or Path("demo.mp4")
    if options.film is None:
        tell(f"no display here: writing the film {path} instead")
    wanted = FilmOptions(path, options.size, end=options.seconds)
    film(Piece(song_path("demo"), load_show(DEMO_SET)), wanted)


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


def learn(options: Namespace) -> None:
    """Binds the controls that are moved next, one for each address."""
    from engine import learning

    learning.learn(options, tell)


def beats(options: Namespace) -> None:
    """One JSON line a beat, causally."""
    from engine.audio.claims import iter_beats
    from engine.audio.media import decode

    samples = decode(song_path(options.song))
    for claim in iter_beats(samples, *options.range, options.source):
        row = {"t": claim.t, "emitted": claim.emitted, "bpm": claim.bpm}
        row = {key: round(value, 4) for key, value in row.items()}
        print(json.dumps({**row, "bar_pos": claim.bar_pos}))


def signals(options: Namespace) -> None:
    """Every signal at a frame rate."""
    from engine.audio.media import decode

    show = load_show(DEMO_SET)
    if options.keyframes:
        show = _with_curve(show, options.keyframes)
    rows = _rows(decode(song_path(options.song)), show, options.fps)
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
    return replace(show, presets=(look, *show.presets[1:]), stem_names=used_in([text], ()))


def _rows(samples: np.ndarray, show: Show, fps: int) -> Iterator[dict[str, float]]:
    """The names of each picture, with those of the first look."""
    from engine.offline import moments_at
    from engine.seen import look_names

    count = int(np.ceil(len(samples) / SAMPLERATE * fps))
    times = [n / fps for n in range(count)]
    for time, moment in zip(times, moments_at(samples, show, times), strict=True):
        names = names_at(time, moment, show.stem_names)
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


def keys(options: Namespace) -> None:
    """Every key of the window."""
    from controllers.keyboard import help_lines

    print("\n".join(help_lines()))


def layouts(options: Namespace) -> None:
    """Writes layouts for touch screens, made of what a show and its first look have to touch."""
    from controllers.layouts import open_stage_control, pages, touch_osc
    from engine.surface import controls_of

    show = load_show(options.show or DEMO_SET)
    laid = pages(controls_of(show, show.presets[0]))
    files = {".tosc": touch_osc(laid), ".json": open_stage_control(laid).encode()}
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        for ending, data in files.items():
            path = options.output / f"{show.files[0].stem}{ending}"
            path.write_bytes(data)
            tell(str(path))
    except OSError as error:
        raise LiquidlightError(f"{error.filename}: cannot be written ({error.strerror})") from None


def model(options: Namespace) -> None:
    """What a model is and needs; fetched or made ready first where that is asked for."""
    from engine.diffusion import inventory

    if options.download:
        inventory.download(options.name)
    found = inventory.inspect(options.name, options.size)
    if options.warmup:
        warm = inventory.warm_up(options.name, options.size)
        found = {**inventory.inspect(options.name, options.size), "warmup": warm}
    print(json.dumps(found) if options.json else "\n".join(inventory.lines(found)))


def shader(options: Namespace) -> int:
    """Loads ISF files and draws them; exit status 2 when one does not compile."""
    from engine.machine import draw_file

    if options.sheet:
        from engine.render.shader_sheet import write_sheet

        write_sheet(options.sheet, list(map(Path, options.files)), options.over)
        return 0
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
        draw(decode(song_path(options.song)), names, wanted, progress)
    tell(f"{options.output}: {len(names)} looks, {options.columns} pictures of each")


def reference(options: Namespace) -> None:
    """Writes docs/reference.md and the JSON Schemas."""
    from engine.reference import DOCS, write

    try:
        for path in write(options.output or DOCS):
            tell(str(path))
    except OSError as error:
        raise LiquidlightError(f"{error.filename}: cannot be written ({error.strerror})") from None


def bench(options: Namespace) -> None:
    """A table, then one JSON line."""
    seconds = options.seconds or 10.0
    if options.what == "generator":
        from bench.generator import run

        usual = None if options.model.startswith("random:") else (256, 256)
        report = run(options.model, options.size or usual, seconds, options.threads,
                     runtime=options.runtime, streamdiffusion=options.streamdiffusion)
    elif options.what in ("changes", "soak"):
        report = _bench_playing(options)
    elif options.what == "latency":
        from bench.latency import run

        report = run(seconds, options.size or (640, 360))
    elif options.what == "frames":
        from bench.frames import run

        report = run(seconds)
    elif options.what == "hands":
        from bench.hands import run

        report = run(seconds)
    elif options.what == "reload":
        from bench.reload import run

        report = run(size=options.size or (640, 360))
    elif options.what == "hearing":
        from bench.hearing import run

        report = run(options.seconds, options.music, options.madmom)
    elif options.what == "stage":
        from bench.stage_soak import run

        report = run((options.seconds or 600.0) / 60.0)
    elif options.what == "page":
        from bench.page import run

        report = run(options.seconds or 40.0, options.size or (320, 180))
    elif options.what == "transitions":
        from bench.transitions import run

        report = run(size=options.size or (640, 360))
    else:
        from bench.compositor import run

        report = run((options.size,) if options.size else None, seconds)
    machine = {"bench": options.what, "version": __version__, "cpus": os.cpu_count()}
    print(json.dumps({**machine, **report}))


def _bench_playing(options: Namespace) -> dict[str, Any]:
    """A generator process at work: what changes cost, and what twenty minutes do to it."""
    about: dict[str, Any] = {"runtime": options.runtime, "threads": options.threads}
    if options.what == "changes":
        from bench.changes import run

        return run(options.model, options.size or (256, 256), **about)
    from bench.soak import run

    return run(options.model, options.size or (256, 256), options.seconds or 1200.0, **about)
