"""What the verbs that work on songs do: render, frames, import, split.

Data goes to standard output, words to standard error. Heavy rooms are imported by the verb that
needs them.
"""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import clock
from engine.errors import LiquidlightError
from engine.records import FrameParams
from engine.shutter import Shutter
from engine.telling import progress_bar, tell

if TYPE_CHECKING:
    from engine.offline import FilmOptions
    from engine.pieces import Piece


def render(options: Namespace) -> None:
    """The film of a song."""
    from engine.offline import FilmOptions
    from engine.pieces import read_piece

    piece = read_piece(options)
    name = piece.take.path if piece.take else Path(piece.song)
    film(piece, FilmOptions(
        options.output or Path(f"{name.stem}.mp4"), options.size, options.fps, options.model_fps,
        options.model, options.seed, options.start, options.end, options.runtime, piece.take,
        options.resume, Shutter(options.motion_blur, options.shutter), options.cadence,
        options.upscale, options.canvas,
    ))  # fmt: skip


def film(piece: Piece, options: FilmOptions) -> None:
    """Write the film, with a bar meanwhile."""
    from engine.offline import render

    begun, path = clock.monotonic(), options.path
    with progress_bar(f"film {path.name}") as progress:
        count = render(piece.song, piece.show, options, progress)
    spent = clock.monotonic() - begun
    tell(f"{path}: {count / options.fps:.1f} s, {count} pictures, made in {spent:.0f} s")


def frames(options: Namespace) -> None:
    """One JSON line of FrameParams a picture."""
    from engine.audio.media import decode
    from engine.offline import frames
    from engine.pieces import read_piece

    piece = read_piece(options)
    for params in frames(decode(piece.song), piece.show, options.fps, take=piece.take):
        print(params_line(params))


def params_line(params: FrameParams) -> str:
    """FrameParams as one JSON line; floats as their shortest exact text."""
    return _LINES.encode(params)


def _fields(record: Any) -> dict[str, Any]:
    """A record for JSON, as it is written down: quicker than dataclasses.asdict, which copies.
    The samples that shaders may draw are left out."""
    return {name: getattr(record, name) for name in record.__slots__ if name != "sound"}


_LINES = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=_fields)


def import_look(options: Namespace) -> None:
    """Another program's file becomes a look; what is lost is told, and stands at its head."""
    from engine.importing import KINDS, Wishes, import_file, written
    from engine.show import load_show

    *kinds, name = options.what
    if len(kinds) > 1 or (kinds and kinds[0] not in KINDS):
        raise LiquidlightError(f"import {' '.join(options.what)}: one of {', '.join(KINDS)}, and "
                               "one file")  # fmt: skip
    wishes = Wishes(options.style, float(options.fps), options.param, options.by_word)
    sheet = import_file(Path(name), kinds[0] if kinds else "", wishes)
    path = options.output or Path(f"{Path(name).stem}.toml")
    if options.output is None and path.exists():
        raise LiquidlightError(f"{path} is there already: say another with -o")
    try:
        path.write_text(written(sheet), "utf-8")
    except OSError as error:
        raise LiquidlightError(f"{path}: cannot be written ({error.strerror})") from None
    load_show(str(path))
    for line in sheet.lost:
        tell(f"not kept: {line}")
    for line in sheet.hints:
        tell(line)
    cues = f", {len(sheet.cues)} cues" if sheet.cues else ""
    tell(f"{path}: a look{cues}; {len(sheet.lost)} things could not be kept")


def split(options: Namespace) -> None:
    """A song taken apart into stems by demucs, where that is installed."""
    from engine.company import song_path
    from engine.splitting import split_song

    song = Path(song_path(options.song))
    folder = options.output or Path(f"{song.stem}-stems")
    stems = split_song(song, folder, options.model)
    tell(f"{folder}: {', '.join(stems)}; use them with --stems {folder}")
