"""Where sound comes from: a live input, a song played to the room, or samples in memory.

Every source gives hops of HOP stereo samples at SAMPLERATE and never waits: `read_hop` is called
by the analysis thread, the device's callback only copies into a ring, and a small thread of each
live source watches over the device. When an input is gone its hops go on as silence at the right
pace, so that the show's time, envelopes and beat clock run on, until it comes back.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Protocol

import numpy as np

from engine import clock
from engine.audio import demo, devices
from engine.audio.media import decode
from engine.errors import DeviceError, MediaError
from engine.exchange import SampleRing
from engine.records import HOP, HOP_SECONDS, SAMPLERATE

STALL_SECONDS = 1.0
"""So long without a block, and the device counts as gone (a full hop takes 11 ms)."""
PAUSES = (0.5, 1.0, 2.0, 3.0, 5.0)
"""Seconds between tries to open a lost device again; the last one repeats."""
WATCH_SECONDS = 0.1
SUFFIXES = frozenset(".wav .flac .mp3 .ogg .opus .m4a .aac .aif .aiff .mp4 .mkv .mov .webm".split())


class AudioSource(Protocol):
    """A stream of hops. `finished` turns True after the last hop of what has an end."""

    name: str
    overruns: int
    finished: bool
    latency: float
    """Seconds from the sound in the room to its samples here; negative if it is yet to sound."""

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

    def __init__(self, samples: np.ndarray, name: str = "memory") -> None:
        self.name = name
        self.overruns = 0
        self._samples = padded(samples)
        self._read = 0

    @property
    def finished(self) -> bool:
        return self._read >= len(self._samples)

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


def padded(samples: np.ndarray) -> np.ndarray:
    """Samples (n, 2) as float32, filled up with silence to whole hops."""
    short = -len(samples) % HOP
    return np.pad(np.asarray(samples, np.float32), ((0, short), (0, 0)))


class RateChanger:
    """Turns hops at a device's own rate into hops at SAMPLERATE; hop-exact and repeatable."""

    def __init__(self, rate: int) -> None:
        import av

        self._av, self._rate = av, rate
        self._resampler = av.AudioResampler("flt", "stereo", SAMPLERATE)
        self._ready = np.zeros((0, 2), np.float32)

    def push(self, samples: np.ndarray) -> None:
        """Take (n, 2) samples at the device's rate."""
        flat = np.ascontiguousarray(samples, np.float32).reshape(1, -1)
        frame = self._av.AudioFrame.from_ndarray(flat, format="flt", layout="stereo")
        frame.sample_rate = self._rate
        parts = [part.to_ndarray().reshape(-1, 2) for part in self._resampler.resample(frame)]
        self._ready = np.concatenate([self._ready, *parts])

    def pop(self) -> np.ndarray | None:
        """The next (HOP, 2), or None if more must be pushed first."""
        if len(self._ready) < HOP:
            return None
        hop, self._ready = self._ready[:HOP], self._ready[HOP:]
        return hop


class LiveInput:
    """A sound input by name: microphone, line, or the loopback of what plays.

    Opened at SAMPLERATE, or else at the device's own rate and resampled. A device that goes
    away, hangs or loses its server shows as time without blocks; it is opened again by name, with
    growing pauses, and counted in `restarts`.
    """

    def __init__(self, device_name: str) -> None:
        self.name = device_name
        self.restarts = 0
        self.finished = False
        self._input_overflows = 0
        self._ring = SampleRing()
        self._changer: RateChanger | None = None
        self._stream = None
        self._last_block = clock.monotonic()
        self._filled_until = self._last_block
        self._ended = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def overruns(self) -> int:
        """Times that samples were lost: by the device's driver or by a too slow reader."""
        return self._ring.overruns + self._input_overflows

    @property
    def latency(self) -> float:
        """PortAudio's figure for the way from the converter to the callback."""
        return self._stream.latency if self._stream is not None else 0.0

    def start(self) -> None:
        """Open the device; DeviceError if there is none of this name or it refuses."""
        self._open()
        self._watcher = threading.Thread(target=self._watch, name="sound watch", daemon=True)
        self._watcher.start()

    def read_hop(self) -> np.ndarray | None:
        """The next hop; silence at the hop rate while the device is gone."""
        hop = self._next_hop()
        if hop is not None or self.silent_for() < STALL_SECONDS:
            return hop
        now = clock.monotonic()
        self._filled_until = max(self._filled_until, self._last_block)
        if now - self._filled_until < HOP_SECONDS:
            return None
        self._filled_until += HOP_SECONDS
        return np.zeros((HOP, 2), np.float32)

    def silent_for(self) -> float:
        return clock.monotonic() - self._last_block

    def close(self) -> None:
        """Stop watching and give the device back; does not wait for a device that hangs."""
        self._ended.set()
        if self._watcher is not None:
            self._watcher.join(timeout=2.0)
            self._watcher = None

    def _next_hop(self) -> np.ndarray | None:
        changer = self._changer
        if changer is None:
            return self._ring.read_hop()
        while (hop := changer.pop()) is None:
            raw = self._ring.read_hop()
            if raw is None:
                return None
            changer.push(raw)
        return hop

    def _callback(self, samples, _count, _time, status) -> None:
        """On PortAudio's thread: copy, note the time, leave. Mono spreads over both channels."""
        self._ring.write(samples)
        self._last_block = clock.monotonic()
        if status.input_overflow:
            self._input_overflows += 1

    def _open(self) -> None:
        index, device = devices.find_input(self.name)
        settings = {
            "device": index,
            "channels": min(2, device["max_input_channels"]),
            "dtype": "float32",
            "blocksize": HOP,
            "callback": self._callback,
        }
        try:
            self._changer = None
            self._stream = devices.open_stream("InputStream", samplerate=SAMPLERATE, **settings)
        except DeviceError:
            own_rate = round(device["default_samplerate"])
            if own_rate == SAMPLERATE:
                raise
            self._changer = RateChanger(own_rate)
            self._stream = devices.open_stream("InputStream", samplerate=own_rate, **settings)
        self._last_block = clock.monotonic()

    def _shut(self) -> None:
        if self._stream is not None:
            stream, self._stream = self._stream, None
            devices.close_stream(stream)

    def _watch(self) -> None:
        """On its own thread: open the device again whenever it has fallen silent."""
        tries = 0
        while not self._ended.wait(WATCH_SECONDS):
            if self.silent_for() < STALL_SECONDS:
                tries = 0
                continue
            self._reopen()
            self._ended.wait(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1
        self._shut()

    def _reopen(self) -> None:
        last_block = self._last_block
        try:
            self._shut()
            devices.rescan()
            self._open()
            self.restarts += 1
        except DeviceError:
            pass  # it is tried again; `silent_for` tells the operator meanwhile
        finally:
            self._last_block = last_block if self._stream is None else self._last_block


class SongPlayer:
    """A sound file played live: to the default output where there is one, else by the clock.

    The output's callback sets the pace and copies what it plays into the ring. If there is no
    output, or it stops calling, a thread paces the song by the steady clock, from where it was.
    """

    def __init__(self, path: str | Path, audible: bool = True) -> None:
        self._path = demo.path() if str(path) == "demo" else Path(path)
        self.name = "demo" if str(path) == "demo" else self._path.name
        self._audible = audible
        self._ring = SampleRing()
        self._samples = np.zeros((0, 2), np.float32)
        self._played = 0
        self._stream = None
        self._last_block = clock.monotonic()
        self._ended = threading.Event()
        self._pacer: threading.Thread | None = None

    @property
    def overruns(self) -> int:
        return self._ring.overruns

    @property
    def finished(self) -> bool:
        return 0 < len(self._samples) <= self._played and self._ring.available < HOP

    @property
    def latency(self) -> float:
        """The output's way from the callback to the loudspeaker, negative: it is yet to sound."""
        return -self._stream.latency if self._stream is not None else 0.0

    @property
    def seconds(self) -> float:
        """Length of the song; 0 before `start`."""
        return len(self._samples) / SAMPLERATE

    def start(self) -> None:
        """Decode the song and begin to play it; MediaError if it cannot be read."""
        self._samples = padded(decode(self._path))
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

    def _callback(self, out, count, _time, _status) -> None:
        """On PortAudio's thread: play the next samples and copy them into the ring."""
        out[:] = 0.0
        if self._stream is not None:
            self._take(count, out)

    def _take(self, count: int, out: np.ndarray | None = None) -> None:
        part = self._samples[self._played : self._played + count]
        if len(part):
            if out is not None:
                out[: len(part)] = part
            self._ring.write(part)
            self._played += len(part)
        self._last_block = clock.monotonic()

    def _pace(self) -> None:
        """On its own thread: watch the output; without one, write hops at absolute deadlines."""
        while self._stream is not None and self.silent_for() < STALL_SECONDS:
            if self._ended.wait(WATCH_SECONDS):
                break
        dead, self._stream = self._stream, None
        begun, hops = self._last_block, 0
        while not self._ended.is_set() and self._played < len(self._samples):
            while clock.monotonic() >= begun + (hops + 1) * HOP_SECONDS:
                self._take(HOP)
                hops += 1
            self._ended.wait(max(0.0, begun + (hops + 1) * HOP_SECONDS - clock.monotonic()))
        if dead is not None:
            devices.close_stream(dead)


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
