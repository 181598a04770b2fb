"""Float WAV files, written as they grow: exact samples, and whole after a crash.

The head says "to the end of the file" until the file is closed, which players and FFmpeg
understand. Samples flow in on the caller's thread.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from engine.records import SAMPLERATE

_FLOAT, _CHANNELS, _BYTES = 3, 2, 4
_UNKNOWN = 0xFFFFFFFF
_HEAD = struct.Struct("<4sI4s4sIHHIIHH4sI")


class WavWriter:
    """Stereo float32 at SAMPLERATE into `path`; OSError as from any file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=1 << 16)
        self._file.write(_head(_UNKNOWN))
        self._length = 0

    def write(self, samples: np.ndarray) -> None:
        """Samples (n, 2)."""
        data = np.ascontiguousarray(samples, "<f4").tobytes()
        self._file.write(data)
        self._length += len(data)

    def close(self) -> None:
        """Write the true length; may be called twice."""
        if self._file.closed:
            return
        if self._length + _HEAD.size < _UNKNOWN:
            self._file.seek(0)
            self._file.write(_head(self._length))
        self._file.close()


def _head(length: int) -> bytes:
    block = _CHANNELS * _BYTES
    whole = min(_UNKNOWN, length + _HEAD.size - 8)
    return _HEAD.pack(
        b"RIFF", whole, b"WAVE", b"fmt ", 16, _FLOAT, _CHANNELS, SAMPLERATE, SAMPLERATE * block,
        block, 8 * _BYTES, b"data", length,
    )
