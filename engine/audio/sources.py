"""Where sound comes from: a live input, a song played to the room, or samples in memory.

Every source gives hops of HOP stereo samples at SAMPLERATE and never waits: `read_hop` is called
by the analysis thread. `open_source` chooses one by what the user has written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from engine.audio import devices
from engine.audio.inputs import LiveInput
from engine.audio.songs import SongPlayer, padded
from engine.clock import monotonic
from engine.errors import MediaError
from engine.records import HOP

SUFFIXES = frozenset(".wav .flac .mp3 .ogg .opus .m4a .aac .aif .aiff .mp4 .mkv .mov .webm".split())


class AudioSource(Protocol):
    """A stream of hops. `finished` turns True after the last hop of what has an end."""

    name: str
    overruns: int
    restarts: int
    """Times that a lost device was opened again."""
    finished: bool
    latency: float
    """Seconds from the sound in the room to its samples here, as measured; negative if it is yet
    to sound."""
    sounded: float
    """When the end of the hop read last was in the room, on the steady clock (monotonic)."""

    def start(self) -> None:
        """Open what must be opened; DeviceError or MediaError if that fails."""
        ...

    def read_hop(self) -> np.ndarray | None:
        """The next float32 (HOP, 2) if it is there, else None; never waits."""
        ...

    def silent_for(self) -> float:
        """Seconds since the device last gave a block."""
        ...

    def close(self) -> None:
        """Stop; may be called twice."""
        ...


class MemorySource:
    """Samples (n, 2) as a source, as fast as they are read; the twin for tests and rehearsal."""

    latency = 0.0
    restarts = 0

    def __init__(self, samples: np.ndarray, name: str = "memory") -> None:
        self.name = name
        self.overruns = 0
        self._samples = padded(samples)
        self._read = 0

    @property
    def finished(self) -> bool:
        return self._read >= len(self._samples)

    @property
    def sounded(self) -> float:
        return monotonic()

    def start(self) -> None:
        self._read = 0

    def read_hop(self) -> np.ndarray | None:
        if self.finished:
            return None
        self._read += HOP
        return self._samples[self._read - HOP : self._read]

    def silent_for(self) -> float:
        return 0.0

    def close(self) -> None:
        pass


def open_source(spec: str) -> AudioSource:
    """A source, not yet started: "demo", the path of a sound file, or an input's name."""
    if spec == "demo" or Path(spec).is_file():
        return SongPlayer(spec)
    if Path(spec).suffix.lower() in SUFFIXES:
        raise MediaError(f"{spec}: no such file")
    return LiveInput(spec)


def list_inputs() -> list[str]:
    """Names of the sound inputs there are now."""
    return devices.list_inputs()
