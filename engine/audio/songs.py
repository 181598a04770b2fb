"""A song played live: to the default output where there is one, else by the clock.

The file is decoded some seconds ahead, beside. The output's callback sets the pace and copies what
it plays into a ring, from which the analysis thread takes hops. A small thread watches the output,
and takes its place when it is gone.
"""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from engine import clock
from engine.audio import demo, devices
from engine.audio.ahead import DecodedAhead
from engine.audio.inputs import STALL_SECONDS, WATCH_SECONDS
from engine.errors import DeviceError
from engine.exchange import SampleRing
from engine.records import HOP, HOP_SECONDS, SAMPLERATE


def padded(samples: np.ndarray) -> np.ndarray:
    """Samples (n, 2) as float32, filled up with silence to whole hops."""
    short = -len(samples) % HOP
    return np.pad(np.asarray(samples, np.float32), ((0, short), (0, 0)))


class SongPlayer:
    """A sound file played live: to the default output where there is one, else by the clock.

    The output's callback sets the pace and copies what it plays into the ring. If there is no
    output, or it stops calling, a thread paces the song by the steady clock, from where it was.
    """

    restarts = 0

    def __init__(self, path: str | Path, audible: bool = True) -> None:
        self._path = demo.path() if str(path) == "demo" else Path(path)
        self.name = "demo" if str(path) == "demo" else self._path.name
        self._audible = audible
        self._ring = SampleRing()
        self._decoded = DecodedAhead(self._path)
        self._hop = np.zeros((HOP, 2), np.float32)
        self._stream = None
        self._last_block = clock.monotonic()
        self._anchor = (0, self._last_block)  # samples handed over, and when the last one sounds
        self._ended = threading.Event()
        self._pacer: threading.Thread | None = None

    @property
    def overruns(self) -> int:
        return self._ring.overruns

    @property
    def finished(self) -> bool:
        return self._decoded.finished and self._ring.available < HOP

    @property
    def fault(self) -> str:
        """Why a file ended before its end, a line."""
        return self._decoded.fault

    @property
    def latency(self) -> float:
        """The output's way from the callback to the loudspeaker, negative: it is yet to sound."""
        return self._last_block - self._anchor[1]

    @property
    def sounded(self) -> float:
        """When the end of the hop read last sounds; it may be yet to come."""
        written, at = self._anchor
        return at - (written - self._ring.consumed) / SAMPLERATE

    def start(self) -> None:
        """Begin to decode the song and to play it; MediaError if it cannot be read."""
        self._decoded.start()
        self._last_block = clock.monotonic()
        if self._audible and devices.has_output():
            self._open()
        self._pacer = threading.Thread(target=self._pace, name="song", daemon=True)
        self._pacer.start()

    def read_hop(self) -> np.ndarray | None:
        return self._ring.read_hop()

    def silent_for(self) -> float:
        return clock.monotonic() - self._last_block

    def close(self) -> None:
        self._ended.set()
        if self._pacer is not None:
            self._pacer.join(timeout=2.0)
            self._pacer = None
        self._decoded.close()

    def _open(self) -> None:
        try:
            self._stream = devices.open_stream(
                "OutputStream",
                samplerate=SAMPLERATE,
                channels=2,
                dtype="float32",
                blocksize=HOP,
                callback=self._callback,
            )
        except DeviceError:
            self._stream = None  # the song is paced by the clock instead

    def _callback(self, out, count, times, _status) -> None:
        """On PortAudio's thread: play the next samples and copy them into the ring."""
        out[:] = 0.0
        if self._stream is not None:
            ahead = times.outputBufferDacTime - times.currentTime
            told = times.outputBufferDacTime > 0.0 and -1.0 < ahead < 1.0
            self._take(out, ahead if told else self._stream.latency, count / SAMPLERATE)

    def _take(self, out: np.ndarray, ahead: float = 0.0, lasts: float = 0.0) -> None:
        """Hand a block over that sounds in `ahead` seconds and `lasts` so long."""
        taken = self._decoded.read_into(out)
        if taken:
            self._ring.write(out)
        self._last_block = clock.monotonic()
        seconds = ahead + (lasts if taken else 0.0)
        self._anchor = (self._ring.written, self._last_block + seconds)

    def _pace(self) -> None:
        """On its own thread: watch the output; without one, write hops at absolute deadlines."""
        while self._stream is not None and self.silent_for() < STALL_SECONDS:
            if self._ended.wait(WATCH_SECONDS):
                break
        dead, self._stream = self._stream, None
        begun, hops = self._last_block, 0
        while not self._ended.is_set() and not self._decoded.finished:
            while clock.monotonic() >= begun + (hops + 1) * HOP_SECONDS:
                self._take(self._hop)
                hops += 1
            self._ended.wait(max(0.0, begun + (hops + 1) * HOP_SECONDS - clock.monotonic()))
        if dead is not None:
            devices.close_stream(dead)
