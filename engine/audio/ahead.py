"""A sound file decoded beside its playing: a set of hours takes no more memory than a song.

Pieces of the file flow in on a thread of its own, some seconds ahead of what is played; samples
flow out to whoever plays them, who may be an audio callback: nothing is allocated, nobody waits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.audio.media import decode_parts
from engine.errors import MediaError
from engine.exchange import SampleRing
from engine.records import HOP, SAMPLERATE

CAPACITY, PIECE = 1 << 20, 1 << 14
"""Samples decoded ahead, 24 s: a disk that sleeps is awake before they are played."""
LOOK_SECONDS = 0.05


class DecodedAhead:
    """`read_into` takes from it between `start` and `close`; what ends is filled up to a hop.

    `fault` says in a line why a file ended before its end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ring = SampleRing(CAPACITY)
        self._stop, self._decoded = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self.fault = ""

    @property
    def finished(self) -> bool:
        """Whether all of the file was taken."""
        return self._decoded.is_set() and not self._ring.available

    def start(self) -> None:
        """Read the first second, and go on beside. Raises MediaError."""
        parts = decode_parts(self._path)
        for part in parts:
            self._write(part)
            if self._ring.available > SAMPLERATE:
                break
        if not self._ring.available:
            raise MediaError(f"{self._path}: holds no sound that can be decoded")
        self._thread = threading.Thread(target=self._run, args=(parts,), name="song", daemon=True)
        self._thread.start()

    def read_into(self, out: np.ndarray) -> bool:
        """Fill `out`, float32 (n, 2); False where so much is not there, and none was taken."""
        return self._ring.read_into(out)

    def close(self) -> None:
        """End the thread; may be called twice."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2.0)

    def _run(self, parts: Iterator[np.ndarray]) -> None:
        try:
            for part in parts:
                if not self._write(part):
                    return
        except MediaError as error:
            self.fault = f"{error}; it ends here"
        self._write(np.zeros((-self._ring.written % HOP, 2), np.float32))
        self._decoded.set()

    def _write(self, samples: np.ndarray) -> bool:
        """As room comes; False where nobody plays it any more."""
        for start in range(0, len(samples), PIECE):
            piece = samples[start : start + PIECE]
            while CAPACITY - self._ring.available < len(piece):
                if self._stop.wait(LOOK_SECONDS):
                    return False
            self._ring.write(piece)
        return not self._stop.is_set()
