"""Timings and health of a performance: one dictionary a second, and its line in a file.

The main thread calls `display` each frame (one number into a ring) and `snapshot` once a second;
`StatsWriter` writes the lines on a thread of its own, so a slow disk never holds a picture back.
"""

from __future__ import annotations

import json
import math
import os
import queue
import sys
import threading
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from engine.clock import monotonic
from engine.errors import MediaError
from engine.records import HOP_SECONDS, Beat

RING = 4096
"""Durations kept: more than a second of any display."""


class GeneratorFigures(Protocol):
    """What is read of the generator's health."""

    pid: int
    restarts: int
    generated: int

    @property
    def p50_ms(self) -> float: ...

    @property
    def p99_ms(self) -> float: ...


class Stats:
    """Collects the durations of display frames; all methods belong to one thread.

    A frame is late when it took longer than one and a half periods of a display of `refresh_hz`.
    `frames` and `late_frames` count from the start of the show; `late_ms` is that limit.
    """

    def __init__(self, refresh_hz: float = 60.0) -> None:
        self.late_ms = 1500.0 / refresh_hz
        self._ring = np.zeros(RING)
        self.frames = 0
        self.late_frames = 0
        self._reported = 0
        self._generated = 0
        self._time = monotonic()

    def display(self, duration_ms: float, late: bool | None = None) -> None:
        """One frame was shown after `duration_ms`; `late` overrules the rule above."""
        self._ring[self.frames % RING] = duration_ms
        self.frames += 1
        self.late_frames += duration_ms > self.late_ms if late is None else late

    def recent(self, count: int) -> np.ndarray:
        """The last durations in ms, newest last; `count` of them or as many as there are."""
        count = min(count, self.frames, RING)
        return self._ring.take(range(self.frames - count, self.frames), mode="wrap")

    def snapshot(
        self,
        *,
        time: float,
        generator: GeneratorFigures,
        latency_ms: float,
        beat: Beat,
        audio_overruns: int,
        events: int,
    ) -> dict[str, Any]:
        """The figures since the last snapshot, and the counts since the start.

        `time` is show time, `latency_ms` from sound to light, `events` those of all controllers.
        """
        now = monotonic()
        elapsed = max(now - self._time, 1e-6)
        p50, p99, longest = self._durations()
        figures = {
            "time": time,
            "display_fps": (self.frames - self._reported) / elapsed,
            "display_ms_p50": p50,
            "display_ms_p99": p99,
            "display_ms_max": longest,
            "late_frames": self.late_frames,
            "generator_fps": (generator.generated - self._generated) / elapsed,
            "generator_ms_p50": generator.p50_ms,
            "generator_ms_p99": generator.p99_ms,
            "generator_restarts": generator.restarts,
            "generator_pid": generator.pid,
            "latency_ms": latency_ms,
            "bpm": beat.bpm,
            "confidence": beat.confidence,
            "audio_overruns": audio_overruns,
            "rss_mb": rss_mb(),
            "events": events,
        }
        self._time, self._reported, self._generated = now, self.frames, generator.generated
        return {key: _plain(value) for key, value in figures.items()}

    def _durations(self) -> tuple[float, float, float]:
        """Median, 99th percentile (linear between ranks) and longest since the last snapshot."""
        count = min(self.frames - self._reported, RING)
        if count == 0:
            return 0.0, 0.0, 0.0
        recent = self.recent(count)
        p50, p99 = np.percentile(recent, (50, 99))
        return float(p50), float(p99), float(recent.max())


LATENCY_GAIN = 0.05
"""Share of each frame's figures that the means take over: a mean of about 20 frames."""


class Latency:
    """The way from sound to light, frame by frame; seconds. Belongs to the main thread.

    `known` is the show time up to which the drawn moment had heard; set before `frame`.
    """

    def __init__(self) -> None:
        self.known = 0.0
        self.total = 0.0
        self.drawing = 0.0
        self.presentation = 0.0

    @property
    def lead(self) -> float:
        """How long after the begin of its drawing a picture is seen."""
        return self.drawing + self.presentation

    def frame(self, begun: float, swapped: float, shown: float, presentation: float) -> None:
        """A picture: drawn from `begun` to `swapped` on the steady clock, handed to the display
        at show time `shown`, seen `presentation` seconds later."""
        self.drawing += LATENCY_GAIN * (swapped - begun - self.drawing)
        self.presentation += LATENCY_GAIN * (presentation - self.presentation)
        age = max(0.0, shown + presentation - self.known)
        self.total += LATENCY_GAIN * (age - self.total)

    def figures(self, capture: float, analysis: float) -> dict[str, float]:
        """The parts in ms. `capture` and `analysis` are seconds; waiting is what is left of the
        whole: on average half a hop and half a frame, more where frames are slow."""
        waiting = max(0.0, self.total - capture - analysis - self.lead)
        parts = {
            "capture_ms": capture,
            "analysis_ms": analysis,
            "waiting_ms": waiting,
            "drawing_ms": self.drawing,
            "presentation_ms": self.presentation,
        }
        return {name: round(1000.0 * seconds, 2) for name, seconds in parts.items()}


CLIP = 0.999
"""Absolute value from which a sample counts as clipped."""
QUIET = 10 ** (-60 / 20)
"""Peak below which nothing is playing."""


class InputMeter:
    """Peak, loudness, clipping and silence of what comes in; `take` each hop, `figures` once a
    second, `levels` as often as somebody draws them.

    One thread takes, others ask: each only adds to or reads plain numbers.
    """

    PEAK_HOPS, RMS_HOPS = 7, 28
    """What `levels` looks back at: 75 ms, more than the wait of who asks 20 times a second, and
    300 ms, as slow as the needle of a VU meter."""

    def __init__(self) -> None:
        self._peak = 0.0
        self._clips = 0
        self._quiet_hops = 0
        self._peaks = np.zeros((self.PEAK_HOPS, 2))
        self._powers = np.zeros((self.RMS_HOPS, 2))
        self._hops = 0

    def take(self, samples: np.ndarray) -> None:
        """The next hop, (n, 2) in -1..1."""
        peaks, powers = self._peaks[self._hops % self.PEAK_HOPS], self._powers
        for side, channel in enumerate(np.ascontiguousarray(samples.T)):  # rows of two are slow
            peaks[side] = max(channel.max(), -channel.min())
            powers[self._hops % self.RMS_HOPS, side] = np.dot(channel, channel) / len(channel)
        self._hops += 1
        peak = float(peaks.max())
        self._peak = max(self._peak, peak)
        if peak >= CLIP:
            self._clips += int(np.count_nonzero(np.abs(samples) >= CLIP))
        self._quiet_hops = 0 if peak > QUIET else self._quiet_hops + 1

    def levels(self) -> dict[str, Any]:
        """Left and right: peak of the last 75 ms and RMS of the last 300 ms, in dB below full scale
        (a full sine has an RMS of -3; None for digital silence), and what `figures` counts."""
        rms = np.sqrt(self._powers.mean(axis=0))
        return {
            "peak_db": [_decibels(float(peak)) for peak in self._peaks.max(axis=0)],
            "rms_db": [_decibels(float(level)) for level in rms],
            "clipped": self._clips,
            "silent_s": round(self._quiet_hops * HOP_SECONDS, 1),
        }

    def figures(self) -> dict[str, Any]:
        """Peak in dB below full scale since the last call (None for digital silence), clipped
        samples since the start, seconds of silence until now."""
        peak, self._peak = self._peak, 0.0
        return {
            "input_peak_db": _decibels(peak),
            "input_clipped": self._clips,
            "input_silent_s": round(self._quiet_hops * HOP_SECONDS, 1),
        }


def _decibels(amplitude: float) -> float | None:
    return round(20.0 * math.log10(amplitude), 1) if amplitude > 0.0 else None


def _plain(value: float) -> float | int | None:
    """Three decimals; None for what JSON has no number for."""
    if isinstance(value, int):
        return value
    return round(float(value), 3) if math.isfinite(value) else None


def rss_mb() -> float:
    """Memory of this process in MiB. Where the system has no /proc, its peak; 0 if unknown."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, ValueError, IndexError, AttributeError):
        return _peak_mb()


def _peak_mb() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


class StatsWriter:
    """Writes one JSON line for each snapshot; `path` is made anew.

    Raises MediaError when the file cannot be opened. A fault while writing ends the writing, not
    the show, and is told by `fault`.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = Path(path).open("w", encoding="utf-8", buffering=1)
        except OSError as error:
            raise MediaError(f"{path}: cannot be written ({error.strerror})") from None
        self.fault = ""
        self._lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="stats", daemon=True)
        self._thread.start()

    def write(self, snapshot: dict[str, Any]) -> None:
        """Hand a snapshot over; returns at once."""
        self._lines.put(snapshot)

    def close(self) -> None:
        """Write what is left and close the file."""
        self._lines.put(None)
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        try:
            with self._file as file:
                while (snapshot := self._lines.get()) is not None:
                    file.write(json.dumps(snapshot) + "\n")
        except OSError as error:
            self.fault = f"{self._file.name}: {error.strerror}"
