"""Sets (looks in order): TOML files in, a frozen Show out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import PresetError
from engine.expressions import near
from engine.show.cue_file import CUE_TABLES, read_cues
from engine.show.finding import PRESETS, find_preset
from engine.show.inherit import LookFile
from engine.show.looks import Preset
from engine.show.preset_file import load_preset, read_midi, read_preset
from engine.show.set_parts import (
    BARS,
    BEATS,
    grid_rows,
    number_at,
    read_autopilot,
    read_bars,
    read_launch,
    read_scene,
    read_transition,
)
from engine.show.sets import Scene, Show, Transition
from engine.show.song_file import read_song
from engine.stems import names_of, used_in
from engine.toml_file import TomlFile

DEMO_SET = "first_light"
HUSH = "hush"

_MEMBERS = ("presets", "scenes", "grid")
"""What names the looks of a set; a file without any of them is a preset."""
SET_KEYS = (
    *("title", "notes", *_MEMBERS, "bars", "fade_beats", "hush", "midi"),
    *("transition", "launch", "autopilot", *CUE_TABLES),
)


def load_show(name: str, stems: Collection[str] = ()) -> Show:
    """Load a set, or a preset as a set of one. Raises PresetError for the first mistake.

    `stems` are names of stems beside params.STEMS and those of the show's own [song].
    """
    file = TomlFile(find_preset(name))
    stems = {*stems, *read_song(file).stems}
    show = (_load_set if _is_set(file) else _single)(file, names_of(stems))
    texts = (path.read_text("utf-8") for path in show.files if path.suffix == ".toml")
    return replace(show, stem_names=used_in(texts, stems))


def _is_set(file: TomlFile) -> bool:
    return any(key in file.data for key in _MEMBERS)


def _single(file: TomlFile, stems: frozenset[str]) -> Show:
    preset = read_preset(file, stems)
    song, cues = read_cues(LookFile(file), (preset,), stems)
    hush = load_preset(PRESETS / f"{HUSH}.toml")
    scene = Scene(Transition(beats=0.0), int(BARS.default))
    return Show(
        preset.name, (preset,), hush, preset.midi, (*preset.files, *song.files), (scene,),
        song=song, cues=cues,
    )


def _load_set(file: TomlFile, stems: frozenset[str]) -> Show:
    file.check_keys(file.data, (), SET_KEYS)
    fade = Transition(beats=number_at(file, file.data, ("fade_beats",), BEATS, BEATS.default))
    transition = read_transition(file, file.data.get("transition", {}), ("transition",), fade)
    usual = Scene(transition, read_bars(file))
    read: dict[Path, Preset] = {}
    rows = _rows(file)
    scenes = tuple(read_scene(file, row, place[:-1], usual) for _, place, row in rows)
    presets = tuple(_member(file, name, place, read, stems) for name, place, _ in rows)
    hush = _member(file, file.text_at(file.data, ("hush",), HUSH), ("hush",), read, stems)
    song, cues = read_cues(file, presets, stems)
    members = (path for preset in (*presets, hush) for path in preset.files)
    return Show(
        name=file.path.stem,
        presets=presets,
        hush=hush,
        midi={key: text for p in presets for key, text in p.midi.items()} | read_midi(file),
        files=tuple(dict.fromkeys((file.path, *members, *song.files))),
        scenes=scenes,
        transition=transition,
        autopilot=read_autopilot(file),
        when=read_launch(file),
        grid=_grid(file, [name for name, _, _ in rows]),
        song=song,
        cues=cues,
    )


def _rows(file: TomlFile) -> list[tuple[str, tuple, dict[str, Any]]]:
    """Name, place and settings of each look, in order: [[scenes]], `presets`, or the grid's."""
    if scenes := file.tables_at("scenes"):
        if "presets" in file.data:
            raise file.error(("presets",), "and [[scenes]]: a set has one of them")
        return [
            (file.text_at(row, ("scenes", n, "preset")), ("scenes", n, "preset"), row)
            for n, row in enumerate(scenes)
        ]
    listed = [name for row in grid_rows(file) for name in row if name]
    names = file.data.get("presets", list(dict.fromkeys(listed)))
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise file.error(("presets",), "must be a list of one or more preset names")
    listed = "presets" in file.data
    return [(name, ("presets", n) if listed else ("grid",), {}) for n, name in enumerate(names)]


def _grid(file: TomlFile, names: list[str]) -> tuple[tuple[int | None, ...], ...]:
    """The rows of the launch grid as numbers of presets."""
    rows = grid_rows(file)
    for name in (name for row in rows for name in row if name and name not in names):
        raise file.error(("grid",), f"has {name!r}, which the set has not{near(name, names)}")
    return tuple(tuple(names.index(name) if name else None for name in row) for row in rows)


def _member(
    file: TomlFile, name: str, place: tuple, read: dict[Path, Preset], stems: frozenset[str]
) -> Preset:
    """The look of that name; each file is read once."""
    if not name.strip():
        raise file.error(place, "says no preset")
    try:
        path = find_preset(name, file.path.parent)
    except PresetError as error:
        raise file.error(place, f": {error}") from None
    if path not in read:
        member = TomlFile(path)
        if _is_set(member):
            raise file.error(place, f": {name} is a set; a set holds presets")
        read[path] = read_preset(member, stems)
    return read[path]
