"""How fast a show becomes numbers: one expression, one look of 60, and the frames of a song.

A look with 60 expressions is written, read as any other, and asked. `expression_us` is the best of
many rounds for one simple expression, `resolve_us` for resolving the look at one moment, `line_us`
for its line of text. The song is three minutes of the demo track, already decoded: `first` hears it
and keeps what was heard, `again` reads that, as every later render, `frames` or `signals` does;
told are frames a second of the wall, and of the processor, which others may use as well. One
thread. The table goes to standard error; the caller prints the JSON.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from engine import isf
from engine.audio import demo
from engine.audio.heard import forget
from engine.audio.media import decode
from engine.clock import monotonic
from engine.expressions import compile_expression
from engine.offline import frames, moments
from engine.params import NAMES
from engine.records import SAMPLERATE
from engine.resolve import names_at, resolve
from engine.show import Show, load_show
from engine.song_commands import params_line

SIMPLE = "1 + 0.3*bass^2"
TEXTS = (
    *("0.4 + 0.3*bass^2", "0.5*lfo(4)", "0.6*pulse(beat, 0.2)*level", "0.2 + 0.4*kick"),
    *("mix(0.1, 0.9, smoothstep(0.2, 0.8, mid))", "0.5*noise(8, 3)", "0.7*decay(snare, 0.2)"),
    *("0.3 + 0.2*sin(tau*phrase)", "smooth(bass, 0.02, 0.4)", "ease(phase, out)*energy"),
    *("0.5*dice(2, 7) + 0.1*knob1", "0.8 if level > 0.5 else 0.2*(1 - phase)"),
)
EXPRESSIONS, FPS = 60, 30.0


def run(seconds: float = 10.0, minutes: float = 3.0) -> dict[str, Any]:
    """The figures: `seconds` for the three short measures together, a song of `minutes`."""
    show = _show()
    simple = compile_expression(SIMPLE, NAMES)
    samples = np.resize(decode(demo.path()), (round(60.0 * minutes * SAMPLERATE), 2))
    *_, moment = moments(samples[: 2 * SAMPLERATE], show)
    names = names_at(moment.time, moment)
    params = resolve(moment.time, 0, 0.0, moment, show)
    report: dict[str, Any] = {
        "expressions": EXPRESSIONS,
        "expression_us": _best_us(lambda: simple(names), seconds / 4),
        "resolve_us": _best_us(lambda: resolve(moment.time, 0, 0.0, moment, show), seconds / 2),
        "line_us": _best_us(lambda: params_line(params), seconds / 4),
    }
    forget(samples)
    for name in ("first", "again"):
        begun, spent = monotonic(), time.process_time()
        count = sum(1 for _ in frames(samples, show, FPS))
        report[f"frames_per_second_{name}"] = round(count / (monotonic() - begun), 1)
        report[f"frames_per_cpu_second_{name}"] = round(count / (time.process_time() - spent), 1)
    _table(report)
    return report


def _best_us(work: Callable[[], Any], seconds: float) -> float:
    """The shortest of many rounds of 10, in microseconds a call."""
    best, end = float("inf"), monotonic() + seconds
    while (begun := monotonic()) < end:
        for _ in range(10):
            work()
        best = min(best, monotonic() - begun)
    return round(best / 10 * 1e6, 3)


def _show() -> Show:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sixty.toml")
        path.write_text(_look(), "utf-8")
        return load_show(str(path))


def _look() -> str:
    """A preset with EXPRESSIONS expressions: its own numbers, four prompts, then effects."""
    texts = cycle(TEXTS)
    own = ("strength", "noise_drift", "crossfade", "opacity")
    lines = [f'{key} = "{next(texts)}"' for key in own]
    lines += ["[macros]", "energy = 0.5", "[motion]"]
    lines += [f'{key} = "{next(texts)}"' for key in ("zoom", "angle", "x", "y")]
    for n in range(4):
        lines += ["[[prompts]]", f'text = "plasma {n}"', f'weight = "{next(texts)}"']
    knobs = islice(_knobs(), EXPRESSIONS - len(own) - 8)
    for shader, group in groupby(knobs, itemgetter(0)):
        lines += ["[[effects]]", f'shader = "{shader}"']
        lines += [f'{name} = "{next(texts)}"' for _, name in group]
    return "\n".join(lines)


def _knobs() -> Iterator[tuple[str, str]]:
    """The numbers of the shaders that ship as effects: (shader, input)."""
    for name, path in sorted(isf.list_shaders().items()):
        header = isf.load_header(path)
        if header.kind == "filter":
            yield from ((name, item.name) for item in header.settable if item.type == "float")


def _table(report: dict[str, Any]) -> None:
    for name, value in report.items():
        print(f"{name:30} {value:12,}", file=sys.stderr)
