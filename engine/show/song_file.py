"""[song] of a show: what is played, its stems and lyrics, and the grid that cues count on.

A table of a TOML file in, a frozen Song out. Paths are beside the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.params import Param
from engine.show.values import read_constant
from engine.toml_file import TomlFile

FPS = Param("fps", 30, 1, 240, "1/s", "frames that `frame 300` and [keyframes] count")
BPM = Param("bpm", 120, 20, 400, "bpm", "tempo of the grid that cues count on")
START = Param("start", 0, -60, 36000, "s", "where the grid's beat 0 is")
SONG_KEYS = ("file", "stems", "lyrics", "lyric_prompt", "lyrics_by", "fps", "bpm", "start")
LYRICS_BY = ("line", "word")
SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aif", ".aiff", ".aac", ".wma")


@dataclass(frozen=True, slots=True)
class Song:
    """What a show says of its song. `bpm` None: cues count the beat that is heard.

    `stems` maps names to files.
    """

    file: Path | None = None
    stems: Mapping[str, Path] = field(default_factory=dict)
    lyrics: Path | None = None
    lyric_prompt: str = ""
    by_word: bool = False
    fps: float = FPS.default
    bpm: float | None = None
    start: float = 0.0

    @property
    def files(self) -> tuple[Path, ...]:
        """The text files that belong to it, to be watched."""
        return (self.lyrics,) if self.lyrics else ()


def read_song(file: TomlFile) -> Song:
    """The table [song]; an empty Song where there is none."""
    table, top = file.table_at(file.data, "song"), ("song",)
    file.check_keys(table, top, SONG_KEYS)
    fps, bpm, start = (
        read_constant(file, table.get(row.name, row.default), (*top, row.name), row)
        for row in (FPS, BPM, START)
    )
    by = file.text_at(table, (*top, "lyrics_by"), LYRICS_BY[0])
    return Song(
        file=_path(file, table, "file"),
        stems=_stems(file, table.get("stems", {})),
        lyrics=_path(file, table, "lyrics"),
        lyric_prompt=file.text_at(table, (*top, "lyric_prompt")),
        by_word=file.choice(by, (*top, "lyrics_by"), LYRICS_BY) == "word",
        fps=fps,
        bpm=bpm if "bpm" in table else None,
        start=start,
    )


def _path(file: TomlFile, table: dict, key: str) -> Path | None:
    name = file.text_at(table, ("song", key))
    path = file.path.parent / name
    if name and not path.is_file():
        raise file.error(("song", key), f"= {name!r}: no such file")
    return path if name else None


def _stems(file: TomlFile, raw: object) -> dict[str, Path]:
    """A folder of sound files, or a table of names and files."""
    place = ("song", "stems")
    if isinstance(raw, str):
        stems = stems_in(file.path.parent / raw)
        if not stems:
            raise file.error(place, f"= {raw!r}: no folder with sound files")
        return stems
    if not isinstance(raw, dict) or not all(isinstance(name, str) for name in raw.values()):
        raise file.error(place, '= must be a folder or a table: { drums = "drums.wav" }')
    stems = {name: file.path.parent / path for name, path in raw.items()}
    for name, path in stems.items():
        if not path.is_file():
            raise file.error((*place, name), f"= {raw[name]!r}: no such file")
        if not is_stem_name(name):
            raise file.error((*place, name), "is not a name: letters, digits and _")
    return stems


def stems_in(folder: Path) -> dict[str, Path]:
    """The sound files of a folder by name: `drums.wav` is drums, `01 Lead Vocals.wav` too."""
    if not folder.is_dir():
        return {}
    found = (path for path in sorted(folder.iterdir()) if path.suffix.lower() in SOUNDS)
    return {name: path for path in found if is_stem_name(name := stem_name(path.stem))}


def stem_name(text: str) -> str:
    """`01 Lead Vocals` as lead_vocals."""
    letters = "".join(c if c.isascii() and c.isalnum() else "_" for c in text.lower())
    return letters.strip("_0123456789").strip("_")


def is_stem_name(name: str) -> bool:
    return name.isidentifier() and name.isascii()
