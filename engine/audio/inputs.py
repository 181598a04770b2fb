"""Sound from a device: opened by name, watched over, opened again when it comes back.

The device's callback only copies into a ring; the analysis thread takes hops out of it; a small
thread watches for silence. While the device is gone the hops go on as silence at the right pace,
so that the show's time, envelopes and beat clock run on.
"""

from __future__ import annotations

import threading
from contextlib import suppress

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
LOST = np.zeros((SAMPLERATE, 2), np.float32)
"""What is put in for samples that the driver lost, so that the beat stays where it is."""
DELAY_GAIN = 0.02
"""Share of each hop's measured delay that the latency shown takes over."""


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

    @property
    def waiting(self) -> int:
        """Samples at SAMPLERATE that are ready and not popped."""
        return len(self._ready)

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
        self.device = ""
        """The full name of what was opened."""
        self.channels = ""
        """Which channels are taken, of how many: "channels 1 and 2 of 4"."""
        self.restarts = 0
        self.finished = False
        self._input_overflows = 0
        self._ring = SampleRing()
        self._changer: RateChanger | None = None
        self._stream = None
        self._last_block = clock.monotonic()
        self._filled_until = self._last_block
        self._rate = SAMPLERATE
        self._anchor = (0, self._last_block)  # samples that came in, and when the last one sounded
        self._delay = self._named_latency = 0.0
        self._fresh = True  # no block came from this stream yet: there is nothing it could lose
        self._paused = False  # it was closed for a blink: the time until its next block is lost
        self.latency = 0.0
        self.sounded = self._last_block
        self._ended = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def overruns(self) -> int:
        """Times that samples were lost: by the device's driver or by a too slow reader."""
        return self._ring.overruns + self._input_overflows

    def start(self) -> None:
        """Open the device; DeviceError if there is none of this name or it refuses."""
        self._open()
        self._watcher = threading.Thread(target=self._watch, name="sound watch", daemon=True)
        self._watcher.start()

    def read_hop(self) -> np.ndarray | None:
        """The next hop; silence at the hop rate while the device is gone."""
        hop = self._next_hop()
        if hop is not None:
            self._note_time()
        if hop is not None or self.silent_for() < STALL_SECONDS:
            return hop
        now = clock.monotonic()
        self._filled_until = max(self._filled_until, self._last_block)
        if now - self._filled_until < HOP_SECONDS:
            return None
        self._filled_until += HOP_SECONDS
        self.sounded = self._filled_until
        return np.zeros((HOP, 2), np.float32)

    def silent_for(self) -> float:
        return clock.monotonic() - self._last_block

    @property
    def flows(self) -> bool:
        """Whether sound has come since it was opened."""
        return not self._fresh and self._stream is not None

    def refresh(self) -> None:
        """Read the list of devices anew, for which the device is closed for a blink: silence fills
        the time. Where another stream is open it stays as it was. Raises DeviceError."""
        with devices.steady():
            self._shut()
            try:
                devices.rescan()
            finally:
                self._paused = True
                self._open()

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

    def _note_time(self) -> None:
        """When the end of this hop sounded: the newest block's end, less what is still to read."""
        written, at = self._anchor
        behind = (written - self._ring.consumed) / self._rate
        if self._changer is not None:
            behind += self._changer.waiting / SAMPLERATE
        self.sounded = at - behind
        self.latency += DELAY_GAIN * (self._delay - self.latency)

    def _callback(self, samples, count, times, status) -> None:
        """On PortAudio's thread: copy, note the time, leave. Mono spreads over both channels.

        The age of the block's first sample is PortAudio's measure of it (0.1 ms right on
        PulseAudio, where the latency that the stream names is twice too long); where a driver
        tells none, that is taken. What the driver lost is filled up with silence.
        """
        now = clock.monotonic()
        age = times.currentTime - times.inputBufferAdcTime
        if not (times.inputBufferAdcTime > 0.0 and -1.0 < age < 1.0):
            age = self._named_latency
        if status.input_overflow:
            self._input_overflows += 1
        if self._paused or (status.input_overflow and not self._fresh):
            there = max(self._anchor[1], self._filled_until)  # until when a reader has something
            lost = round((now - age - there) * self._rate)
            self._ring.write(LOST[: max(0, lost)])
            self._paused = False
        self._ring.write(samples)
        self._delay = age - count / self._rate
        self._anchor = (self._ring.written, now - self._delay)
        self._last_block, self._fresh = now, False

    def _open(self) -> None:
        with devices.steady():
            self._open_found(*devices.find_input(self.name))

    def _open_found(self, index: int, device: dict) -> None:
        settings = {
            "device": index,
            "channels": min(2, device["max_input_channels"]),
            "dtype": "float32",
            "blocksize": HOP,
            "callback": self._callback,
        }
        self._fresh = True
        try:
            self._changer, self._rate = None, SAMPLERATE
            self._stream = devices.open_stream("InputStream", samplerate=SAMPLERATE, **settings)
        except DeviceError:
            own_rate = round(device["default_samplerate"])
            if own_rate == SAMPLERATE:
                raise
            self._changer, self._rate = RateChanger(own_rate), own_rate
            self._stream = devices.open_stream("InputStream", samplerate=own_rate, **settings)
        self._named_latency = float(self._stream.latency)
        self._last_block = clock.monotonic()
        self.device, has = device["name"], device["max_input_channels"]
        few = "mono" if has == 1 else "left and right"
        self.channels = f"channels 1 and 2 of {has}" if has > 2 else few

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
        with devices.steady():  # `refresh` may have opened it while this waited
            if self.silent_for() >= STALL_SECONDS:
                self._try_again()

    def _try_again(self) -> None:
        last_block = self._last_block
        try:
            self._shut()
            with suppress(DeviceError):  # as far as the old list goes, then
                devices.rescan()
            self._open()
            self.restarts += 1
        except DeviceError:
            pass  # it is tried again; `silent_for` tells the operator meanwhile
        finally:
            self._last_block = last_block if self._stream is None else self._last_block
