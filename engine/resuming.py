"""A film made in pieces, so that a break costs no more than the last one.

Beside the film lies a hidden folder with pieces of some seconds, and for each the state of the
generator a little before its end. A later run with the same song, show and options takes the last
whole piece up: it draws the little before its end once more, without writing it, so that fades and
feedback are under way, and goes on. When all pieces are there they are joined.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from engine.errors import MediaError
from engine.render.film import CONTAINERS, FilmWriter
from engine.render.joining import join_films
from engine.show import Show

if TYPE_CHECKING:
    from engine.offline import FilmOptions

PIECE_SECONDS, LEAD_SECONDS = 10.0, 3.0
"""Length of a piece, and how long before its end the state is kept: longer than any fade."""


@dataclass(slots=True)
class Kept:
    """Where to go on: the state before picture `index` (counted from the film's first), and from
    which picture on to write. `due` is when the model draws next."""

    index: int = 0
    write: int = 0
    due: float = -1.0
    state: dict[str, np.ndarray] = field(default_factory=dict)


class Reel:
    """The pieces of one film. Raises MediaError for a bad path."""

    def __init__(self, options: FilmOptions, show: Show, sound: np.ndarray) -> None:
        path = options.path
        if path.suffix.lower() not in CONTAINERS:
            raise MediaError(f"{path}: a film ends in {', '.join(CONTAINERS)}")
        self._options, self._sound = options, sound
        self._folder = path.with_name(f".{path.stem}.reel")
        self._long = max(1, round(PIECE_SECONDS * options.fps))
        self._lead = min(self._long, round(LEAD_SECONDS * options.fps))
        self._film: FilmWriter | None = None
        self._index = 0
        self._begin(_key(options, show, sound))
        self.kept = self._last()
        self._index = self.kept.write

    def note(self, index: int, due: float, state: Mapping[str, np.ndarray]) -> None:
        """The generator's state before picture `index`; asked for where `wants` says so."""
        file = self._file((index + self._lead) // self._long - 1, "npz")
        draft = file.with_suffix(".part")
        with draft.open("wb") as stream:
            np.savez(stream, index=index, due=due, **{f"state_{k}": v for k, v in state.items()})
        os.replace(draft, file)

    def wants(self, index: int) -> bool:
        """Whether the state before this picture is to be kept."""
        return index >= self.kept.write and (index + self._lead) % self._long == 0 < index

    def write(self, picture: np.ndarray) -> None:
        """The next picture."""
        if self._film is None:
            path = self._file(self._index // self._long, "mp4")
            self._film = FilmWriter(path, self._options.size, self._options.fps)
        self._film.write(picture)
        self._index += 1
        if self._index % self._long == 0:
            self._close()

    def __enter__(self) -> Reel:
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        """Join the pieces to the film; after an error leave the whole ones for the next run."""
        if kind is None:
            self._finish()
        elif self._film is not None:
            self._film.abort()

    def _finish(self) -> None:
        self._close()
        parts = sorted(self._folder.glob("[0-9]*.mp4"))
        join_films(parts, self._options.path, self._sound)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _close(self) -> None:
        if self._film is not None:
            self._film.close()
            self._film = None

    def _file(self, piece: int, suffix: str) -> Path:
        return self._folder / f"{piece:05d}.{suffix}"

    def _begin(self, key: str) -> None:
        """The folder; pieces of another film are removed."""
        told = self._folder / "film.json"
        if not told.is_file() or told.read_text("utf-8", "replace") != key:
            shutil.rmtree(self._folder, ignore_errors=True)
            try:
                self._folder.mkdir(parents=True)
                told.write_text(key, "utf-8")
            except OSError as error:
                raise MediaError(f"{self._options.path}: {error.strerror}") from None

    def _last(self) -> Kept:
        """The state of the last whole piece; pieces after it are made anew."""
        count = 0
        while self._file(count, "mp4").is_file() and self._file(count, "npz").is_file():
            count += 1
        while count and (kept := self._load(count - 1)) is None:
            count -= 1
        for file in self._folder.glob("[0-9]*.mp4"):
            if int(file.stem) >= count:
                file.unlink()
        return kept if count and kept else Kept()

    def _load(self, piece: int) -> Kept | None:
        try:
            with np.load(self._file(piece, "npz"), allow_pickle=False) as file:
                state = {k[6:]: file[k] for k in file.files if k.startswith("state_")}
                index, due = int(file["index"]), float(file["due"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None
        return Kept(index, (piece + 1) * self._long, due, state)


def _key(options: FilmOptions, show: Show, sound: np.ndarray) -> str:
    """All that decides what the film is, so that nothing else is gone on with."""
    total = hashlib.blake2b(np.ascontiguousarray(sound).data, digest_size=16)
    takes = (options.take.path,) if options.take else ()
    for path in (*show.files, *show.song.stems.values(), *takes):
        total.update(str(path).encode() + path.read_bytes())
    said = asdict(replace(options, take=None))
    return json.dumps({**said, "path": options.path.name, "sum": total.hexdigest()})
