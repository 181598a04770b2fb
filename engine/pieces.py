"""A piece to be filmed or listed: options become a sound, a show with its company, and a take.

What is not said comes from what is: a take names its show and sound, a show its song. Bad input
is one LiquidlightError line.
"""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from engine.company import read_show, song_path
from engine.errors import LiquidlightError
from engine.show import DEMO_SET, Show
from engine.takes import Take, is_take, load_take


@dataclass(frozen=True, slots=True)
class Piece:
    """`song` is the path of a sound file."""

    song: str
    show: Show
    take: Take | None = None


def read_piece(options: Namespace) -> Piece:
    """From `song`, `preset`, `take`, `lyrics`, `lyric_prompt` and `stems`."""
    named, path = options.song, options.take
    if named is not None and is_take(named):
        named, path = None, Path(named)
    take = load_take(path) if path else None
    name = options.preset
    if named is not None and Path(named).suffix == ".toml":
        named, name = None, name or named
    show = read_show(name or (take.show if take else DEMO_SET), options)
    song = named or (take.sound_path if take else show.song.file)
    if song is None:
        raise LiquidlightError(f"no song: name one, or [song] file in {show.files[0]}")
    return Piece(song_path(str(song)), show, take)
