"""A film whose writing broke off, cut back to what can be played.

A live MP4 is written in fragments, each a `moof` box with its `mdat` (ISO/IEC 14496-12, 8.8). When
the disk is full the last one is torn: players stumble over it, so it is cut off. Whatever thread
the film was written on; reads box headers only.
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEAD = struct.Struct(">I4s")


def mend(path: Path) -> bool:
    """Cut a fragmented MP4 after its last whole fragment; whether a picture is left in it.

    Other containers are left as they are: a Matroska file may end anywhere. Raises OSError.
    """
    if path.suffix.lower() == ".mkv":
        return path.stat().st_size > 0
    whole = playable = 0
    length = path.stat().st_size
    with path.open("r+b") as file:
        while whole < length and (box := _box(file, whole)) and whole + box[1] <= length:
            kind, size = box
            whole += size
            if kind == b"mdat":
                playable = whole
        file.truncate(playable)
    return playable > 0


def _box(file, at: int) -> tuple[bytes, int] | None:
    """The kind and length of the box at `at`; None where no header is whole."""
    file.seek(at)
    head = file.read(8)
    if len(head) < 8:
        return None
    size, kind = _HEAD.unpack(head)
    if size == 1:  # The length of a large box follows in 64 bits.
        more = file.read(8)
        size = struct.unpack(">Q", more)[0] if len(more) == 8 else 0
    return (kind, size) if size >= 8 else None
