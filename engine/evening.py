"""The verbs `play` and `rig`: what was asked and what the machine's rig says become a performance.

Options in; a live performance, or lines about the rig. What a run that broke off has left is taken
up by the next.
"""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from engine.audio.tempo_desk import TempoSettings
from engine.autosave import LiveState, events_of
from engine.company import read_show
from engine.errors import LiquidlightError
from engine.output_rig import wanted_outputs
from engine.play_options import PlayOptions
from engine.rig import fill, lines, read_rig, save, usual_path
from engine.show import DEMO_SET
from engine.takes import load_take


def play(options: Namespace) -> None:
    """The live performance."""
    from engine.live import Performance

    with LiveState() as live:
        left = None if options.fresh or options.take else live.left(options.show)
        recorded = load_take(options.take).show if options.take else None
        show = options.show or recorded or (left["show"] if left else DEMO_SET)
        wanted = replace(_wanted(options, show), resume=events_of(left) if left else ())
        if left:
            _tell(f"the last run broke off: going on with {Path(show).stem}, {left['look']}; "
                  "--fresh begins anew")
        if not live.mine:
            _tell(f"{live.path} is in use or cannot be written: this evening's state is not kept")
        with Performance(wanted, _tell, live) as performance:
            performance.run()
            _tell(performance.summary())


def rig(options: Namespace) -> None:
    """What this machine plays with and who says so; with --save, what was given is written."""
    path = options.rig or usual_path()
    if options.save:
        save(path, vars(options))
    found = read_rig(path if path.exists() or options.rig else None)
    rows = lines(options, fill(options, found), found)
    if options.json:
        print(json.dumps({"rig": str(path), "rows": rows}))
        return
    print(f"{path}{'' if path.exists() else ' (not there)'}")
    for row in rows:
        value = "" if row["value"] is None else row["value"]
        print(f"  {row['key']:20} {value!s:24} {row['from']}")


def _wanted(options: Namespace, show: str) -> PlayOptions:
    """What the options say, and the rig where they are silent."""
    rig, take = read_rig(options.rig), load_take(options.take) if options.take else None
    said = "audio" in options
    display = options.display if fill(options, rig)["display"] == "option" else None
    if not said:
        song = read_show(show, options).song.file if take is None else take.sound_path
        options.audio = options.audio if song is None else str(song)
    screen = "fullscreen"
    if options.windowed or options.offscreen:
        screen = "windowed" if options.windowed else "offscreen"
    return PlayOptions(
        show=show,
        audio=options.audio,
        model=options.model,
        screen=screen,
        display=options.display,
        size=options.size,
        midi=options.midi,
        osc=options.osc,
        midi_clock=options.midi_clock,
        osc_lan=options.osc_lan,
        page=options.page,
        page_lan=options.page_lan,
        page_port=options.page_port,
        osc_out=options.osc_out,
        record=options.record,
        record_split=options.record_split,
        operator=options.operator,
        seconds=options.seconds,
        stats=options.stats,
        runtime=options.runtime,
        canvas=options.canvas,
        tempo=_tempo(options),
        link=options.link or ("listen" if options.tempo == "link" else None),
        prolink=options.prolink or ("127.0.0.1" if options.tempo == "prolink" else None),
        player=options.player,
        mapping=rig.midi,
        gamepad=rig.gamepad,
        rig=str(rig.path),
        take=take,
        record_take=options.record_take,
        lyrics=options.lyrics,
        lyric_prompt=options.lyric_prompt,
        stems=options.stems,
        outputs=wanted_outputs(rig.outputs, display),
    )


def _tempo(options: Namespace) -> TempoSettings:
    """How the tempo desk begins."""
    if options.tempo == "link" and options.link == "lead":
        raise LiquidlightError("--tempo link follows a session, --link lead leads one: choose")
    low, high = options.range
    rest = {"low_bpm": low, "high_bpm": high, "offset_ms": options.offset_ms}
    if isinstance(options.tempo, float):
        return TempoSettings("fixed", options.tempo, **rest)
    return TempoSettings(options.tempo, **rest)


def _tell(text: str) -> None:
    """One line to the operator."""
    print(text, file=sys.stderr, flush=True)
