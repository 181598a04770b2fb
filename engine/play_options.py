"""What the command line asks of a live performance, as one frozen record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.audio.tempo_desk import TempoSettings
from engine.records import ControlEvent
from engine.render.mapping import Output
from engine.takes import Take

USUAL_RIG = "the rig"
"""Where the user has none, or was not asked."""


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """What the command line asks of a performance. `seconds` None plays until it is ended.

    `screen` is "fullscreen", "windowed" or "offscreen"; `size` None is 1280x720, drawn smaller
    where OpenGL runs in software; `canvas` what the model draws at, None its own choice; `midi` a
    port name, "all" or "none"; `osc` a UDP port, 0 for none, None for the usual one if it is free,
    open to the network if `osc_lan`; `osc_out` are told everything; `midi_clock` is the port that
    is sent our clock. The page is at `page_port` (as `osc`), open to the network if `page_lan`,
    opened in a browser if `page`. `tempo` is how the tempo desk begins; `link` is "listen", "lead"
    or None to stay out of Link; `prolink` the address to hear Pro DJ Link on, None for not at all,
    and `player` the one to follow there, None for the master. `mapping` has the [midi] rows of the
    rig, which lies at `rig`, `gamepad` its own; `resume` are events before all others.
    `record_split` is the length of each film in minutes, 0 for one. `operator` opens the operator's
    view, None where there is a display for it. `take` plays again, `record_take` is written;
    `lyrics`, `lyric_prompt` and `stems` come with the song, as company.py reads them.
    """

    show: str
    audio: str = "default"
    model: str = "small"
    screen: str = "fullscreen"
    display: str | None = None
    size: tuple[int, int] | None = None
    midi: str = "all"
    osc: int | None = None
    midi_clock: str = ""
    osc_lan: bool = False
    page: bool = False
    page_lan: bool = False
    page_port: int | None = None
    osc_out: Sequence[tuple[str, int]] = ()
    record: Path | None = None
    record_fps: int = 30
    record_split: float = 0.0
    operator: bool | None = None
    seconds: float | None = None
    stats: Path | None = None
    runtime: str = "auto"
    canvas: tuple[int, int] | None = None
    tempo: TempoSettings = TempoSettings()
    link: str | None = None
    prolink: str | None = None
    player: int | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    gamepad: Mapping[str, str] = field(default_factory=dict)
    rig: str = USUAL_RIG
    resume: Sequence[ControlEvent] = ()
    take: Take | None = None
    record_take: Path | None = None
    lyrics: Path | None = None
    lyric_prompt: str = ""
    stems: Sequence[str] = ()
    outputs: Sequence[Output] = ()
