"""Sound from a device: opened by name, watched over, opened again when it comes back.

The device's callback only copies into a ring; the analysis thread takes hops out of it; a small
thread watches for silence. While the device is gone the hops go on as silence at the right pace,
so that the show's time, envelopes and beat clock run on.
"""

from __future__ import annotations

import threading

import numpy as np

from engine import clock
from engine.audio import devices
from engine.errors import DeviceError
from engine.exchange import SampleRing
from engine.records import HOP, HOP_SECONDS, SAMPLERATE

STALL_SECONDS = 1.0
"""So long without a block, and the device counts as gone (a full hop takes 11 ms)."""
PAUSES = (0.5, 1.0, 2.0, 3.0, 5.0)
"""Seconds between tries to open a lost device again; the last one repeats."""
WATCH_SECONDS = 0.1


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
