"""Pictures watched one after the other: how dark, how long the same, how many different.

They come from the memory of an X server that keeps its screen in a file, or out of a film.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

BLACK = 10
"""A picture whose brightest value (0..255) is below that counts as black: some looks are dark."""


@dataclass(slots=True)
class Watch:
    """Pictures one after the other: how dark, how long the same, how many different."""

    darkest: float = 255.0
    brightest: float = 0.0
    black: int = 0
    seen: int = 0
    longest_still_s: float = 0.0
    distinct: set[int] = field(default_factory=set)
    _last: int | None = None
    _since: float = 0.0

    def look(self, picture: np.ndarray, time: float) -> None:
        """`picture` uint8 seen at `time` seconds."""
        mean, hashed = float(picture.mean()), zlib.crc32(np.ascontiguousarray(picture))
        self.seen += 1
        self.darkest, self.brightest = min(self.darkest, mean), max(self.brightest, mean)
        self.black += int(picture.max()) < BLACK
        self.distinct.add(hashed)
        if self._last is not None:  # The last one stood until now.
            self.longest_still_s = max(self.longest_still_s, time - self._since)
        if hashed != self._last:
            self._last, self._since = hashed, time

    def figures(self) -> dict[str, Any]:
        return {
            "pictures": self.seen, "distinct": len(self.distinct), "black": self.black,
            "darkest": round(self.darkest, 1), "brightest": round(self.brightest, 1),
            "longest_still_s": round(self.longest_still_s, 2),
        }


def seen(memory: Path, size: tuple[int, int]) -> np.ndarray:
    """The upper left `size` of the screen, uint8 (h, w, 3), out of an XWD file that X writes.

    The head's fields are big-endian: its size is the first, the number of colours the 20th.
    """
    raw = memory.read_bytes()
    fields = struct.unpack(">25I", raw[:100])
    begin, width, height, line = fields[0] + 12 * fields[19], fields[4], fields[5], fields[12]
    rows = np.frombuffer(raw, np.uint8, height * line, begin).reshape(height, line)
    picture = rows.reshape(height, -1, 4)[:, :width, 2::-1]
    return np.ascontiguousarray(picture[: size[1], : size[0]])


def watched_film(path: Path) -> dict[str, Any]:
    """A film decoded to its end: watched as the screen is, and how long both tracks are."""
    import av

    watch = Watch()
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            watch.look(frame.to_ndarray(format="gray8"), frame.time)
    with av.open(str(path)) as film:
        samples = sum(frame.samples for frame in film.decode(audio=0))
    return {"name": path.name, **watch.figures(), "sound_s": round(samples / 48_000, 2)}
