"""The rig: what this machine plays with, apart from all shows. TOML in the user's folder.

    [devices]                    # as the options of `liquidlight play`, which override these
    audio = "USB Audio"
    midi = "nanoKONTROL2"
    osc = 7000
    display = "HDMI"             # or windowed = true
    size = "1920x1080"
    model = "small"
    runtime = "auto"
    [tempo]
    source = "auto"              # or "link", 126.0, ...
    range = "70-180"
    offset_ms = 12.0             # what the projector adds
    link = "listen"
    prolink = "192.168.1.255"
    player = 2
    [midi]                       # as in presets; a preset's own rows come first
    knob1 = "cc 21"
    [gamepad]                    # as in controllers/gamepad.py
    left_x = "motion.x -0.4..0.4"
    [[outputs]]                  # windows and their mapping, in output_rig.py
    display = "HDMI-1"

Read once, before the show. A mistake is one PresetError line with file, line, key and value.
"""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import option_values as values
from engine.errors import PresetError
from engine.folders import folder, write_whole
from engine.output_rig import described, read_outputs
from engine.render.mapping import Output
from engine.toml_file import TomlFile


@dataclass(frozen=True, slots=True)
class Row:
    """One key of the rig: its table, the option it stands for, how that is read and usual."""

    table: str
    key: str
    option: str
    read: Callable[[str], Any]
    usual: Any = None


ROWS = (
    Row("devices", "audio", "audio", str, "default"),
    Row("devices", "midi", "midi", str, "all"),
    Row("devices", "midi_clock", "midi_clock", str, ""),
    Row("devices", "osc", "osc", values.port),
    Row("devices", "osc_lan", "osc_lan", values.flag, False),
    Row("devices", "page_lan", "page_lan", values.flag, False),
    Row("devices", "page_port", "page_port", values.port),
    Row("devices", "osc_out", "osc_out", values.receivers, ()),
    Row("devices", "display", "display", str),
    Row("devices", "windowed", "windowed", values.flag, False),
    Row("devices", "size", "size", values.size),
    Row("devices", "model", "model", str, "small"),
    Row("devices", "runtime", "runtime", values.runtime, "auto"),
    Row("tempo", "source", "tempo", values.tempo, "auto"),
    Row("tempo", "range", "range", values.tempo_range, (70.0, 180.0)),
    Row("tempo", "offset_ms", "offset_ms", values.offset_ms, 0.0),
    Row("tempo", "link", "link", values.link),
    Row("tempo", "prolink", "prolink", str),
    Row("tempo", "player", "player", values.player),
)
DEFAULTS = {row.option: row.usual for row in ROWS}
TABLES = ("devices", "tempo", "midi", "gamepad", "outputs")
_SCREEN = ("display", "windowed")
"""Of these, and `offscreen`, one is chosen: an option takes the place of all in the rig."""


@dataclass(frozen=True, slots=True)
class Rig:
    """What a rig file says: values by the name of their option, its [midi] and
    [gamepad] rows, its outputs."""

    path: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    midi: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    gamepad: Mapping[str, str] = field(default_factory=dict)


def usual_path() -> Path:
    """Where the user's rig lies; it need not be there."""
    return folder("config") / "rig.toml"


def is_rig(file: TomlFile) -> bool:
    """Whether a file is a rig and no show."""
    return any(table in file.data for table in ("devices", "tempo", "gamepad", "outputs"))


def read_rig(path: Path | None = None) -> Rig:
    """The rig of `path`, else the user's; an empty one if the user has none."""
    if path is None and not usual_path().exists():
        return Rig(usual_path())
    file = TomlFile(path or usual_path())
    file.check_keys(file.data, (), TABLES)
    found = {}
    for table in ("devices", "tempo"):
        rows = file.table_at(file.data, table)
        file.check_keys(rows, (table,), tuple(row.key for row in ROWS if row.table == table))
    for row in ROWS:
        if row.key in file.data.get(row.table, {}):
            found[row.option] = _value(file, row, file.data[row.table][row.key])
    midi, gamepad = (_texts(file, table) for table in ("midi", "gamepad"))
    return Rig(file.path, found, midi, read_outputs(file), gamepad)


def _texts(file: TomlFile, table: str) -> dict[str, str]:
    rows = file.table_at(file.data, table)
    return {key: file.text_at(rows, (table, key)) for key in rows}


def _value(file: TomlFile, row: Row, raw: object) -> Any:
    try:
        if isinstance(raw, (list, dict)) or (row.read is str and not isinstance(raw, str)):
            raise ArgumentTypeError(f"{raw!r} is not a text in quotes")
        return row.read(str(raw))
    except ArgumentTypeError as error:
        raise file.error((row.table, row.key), f"= {error}") from None


def fill(options: Namespace, rig: Rig) -> dict[str, str]:
    """Put into `options` what was not given: the rig's, else the default.

    Returns for each option who said it: "option", "rig" or "default".
    """
    given = vars(options)
    spoken = {name: "option" for name in DEFAULTS if name in given}
    screen = given.get("offscreen") or any(name in spoken for name in _SCREEN)
    for name, usual in DEFAULTS.items():
        if name in spoken:
            continue
        held = name in rig.values and not (screen and name in _SCREEN)
        spoken[name] = "rig" if held else "default"
        setattr(options, name, rig.values[name] if held else usual)
    return spoken


def lines(options: Namespace, spoken: Mapping[str, str], rig: Rig) -> list[dict[str, Any]]:
    """What holds: a row {"key", "value", "from"} for each key, then the [midi] rows."""
    rows = [
        {"key": f"{row.table}.{row.key}", "value": plain(getattr(options, row.option)),
         "from": spoken[row.option]}
        for row in ROWS
    ]
    rows += [{"key": f"midi.{key}", "value": text, "from": "rig"}
             for key, text in rig.midi.items()]
    return rows + [{"key": f"outputs.{n}", "value": described(output), "from": "rig"}
                   for n, output in enumerate(rig.outputs, 1)]


def plain(value: Any) -> Any:
    """A value as the rig file writes it: a size as "1280x720", a range as "70-180"."""
    if not isinstance(value, tuple):
        return value
    if not value or isinstance(value[0], tuple):
        return ", ".join(f"{host}:{port}" for host, port in value)
    return ("x" if isinstance(value[0], int) else "-").join(f"{part:g}" for part in value)


def save(path: Path, given: Mapping[str, Any]) -> None:
    """Write the options given into the rig file; all else in it stays as it is written."""
    import tomlkit

    text = path.read_text("utf-8") if path.exists() else "# What this machine plays with.\n"
    file = tomlkit.parse(text)
    if any(given.get(name) for name in _SCREEN):
        for name in _SCREEN:
            file.get("devices", {}).pop(name, None)
    for row in ROWS:
        if row.option in given:
            if row.table not in file:
                file[row.table] = tomlkit.table()
            file[row.table][row.key] = plain(given[row.option])
    try:
        write_whole(path, tomlkit.dumps(file))
    except OSError as error:
        raise PresetError(f"{path}: cannot be written ({error.strerror})") from None
