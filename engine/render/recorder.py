"""Records what is played, beside the show: a thread that never holds the show back.

Flows in: pictures and sound with their show times, through bounded queues; flows out: a film of
constant frame rate. The frame index decides: frame n is the newest picture at n / fps after the
first one. Late pictures are made good by repeating, lost ones are counted in `dropped`.
"""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import numpy as np

from engine.errors import LiquidlightError
from engine.records import SAMPLERATE

Size = tuple[int, int]
PICTURES_WAITING = 8
SOUNDS_WAITING = 4096
"""Hops; more than half a minute of sound."""
_EDGE = 1e-6
"""Seconds by which a picture may come late and still belong to its frame: rounding."""


class Recorder:
    """One recording; the thread starts at once.

    `dropped` counts pictures that found the queue full, `lost_sound` samples likewise, `frames`
    what was written. `error` says why a recording has stopped, or is "".
    """

    def __init__(self, path: str | Path, size: Size, fps: float) -> None:
        """Raises MediaError for a bad path or container."""
        from engine.render.film import FilmWriter

        self._film = FilmWriter(path, size, fps, live_sound=True)
        self._fps = fps
        self.dropped = 0
        self.lost_sound = 0
        self.error = ""
        self._pictures: queue.Queue = queue.Queue(PICTURES_WAITING)
        self._sounds: queue.Queue = queue.Queue(SOUNDS_WAITING)
        self._start: float | None = None
        self._newest: tuple[np.ndarray, float] | None = None
        self._sounded = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def frames(self) -> int:
        """Frames written so far."""
        return self._film.frames

    def offer(self, picture: np.ndarray, time: float) -> None:
        """A picture seen at show `time`, s: uint8 (h, w, 3), not to be changed afterwards."""
        try:
            self._pictures.put_nowait((picture, time))
        except queue.Full:
            self.dropped += 1

    def offer_sound(self, samples: np.ndarray, time: float | None = None) -> None:
        """Sound float32 (n, 2) whose first sample was heard at show `time`.

        Without a time it follows the last one, and the first follows the first picture. Gaps
        become silence; what was heard before the first picture is left out.
        """
        try:
            self._sounds.put_nowait((samples, time))
        except queue.Full:
            self.lost_sound += len(samples)

    def close(self) -> None:
        """Write what waits, and finish the file. Raises MediaError if the recording failed."""
        self._closing.set()
        self._thread.join()
        if self._start is None:
            self._film.abort()
        if self.error:
            from engine.errors import MediaError

            raise MediaError(self.error)

    def _run(self) -> None:
        try:
            while not (self._closing.is_set() and self._pictures.empty()):
                self._step()
            self._finish()
        except LiquidlightError as error:
            self.error = str(error)
        except Exception as error:  # The show must not end because a disk is full.
            self._film.abort()
            self.error = f"{self._film.path}: {error}"

    def _step(self) -> None:
        try:
            picture, time = self._pictures.get(timeout=0.05)
        except queue.Empty:
            pass
        else:
            if self._start is None:
                self._start = time
            self._fill(time - _EDGE)
            self._newest = (picture, time)
        if self._start is not None:
            self._take_sounds()

    def _fill(self, time: float) -> None:
        """Write every frame that is due before `time`, with the newest picture known."""
        while self._newest is not None and self._start + self.frames / self._fps < time:
            self._film.write(self._newest[0])

    def _take_sounds(self) -> None:
        while True:
            try:
                samples, time = self._sounds.get_nowait()
            except queue.Empty:
                return
            self._place(samples, time)

    def _place(self, samples: np.ndarray, time: float | None) -> None:
        """Put sound at its time; a sample or two of rounding is left as it is."""
        if time is not None:
            gap = round((time - self._start) * SAMPLERATE) - self._sounded
            if gap > 2:
                self._sound(np.zeros((gap, 2), np.float32))
            elif gap < -2:
                samples = samples[-gap:]
        self._sound(samples)

    def _sound(self, samples: np.ndarray) -> None:
        self._film.write_sound(samples)
        self._sounded += len(samples)

    def _finish(self) -> None:
        """The last picture lasts for one frame; sound ends with the pictures."""
        if self._newest is None:
            return
        self._film.write(self._newest[0])
        self._take_sounds()
        missing = int(self._film.seconds * SAMPLERATE) - self._sounded
        if missing > 0:
            self._sound(np.zeros((missing, 2), np.float32))
        self._film.close()
