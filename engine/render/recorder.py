"""Records what is played, beside the show: a thread that never holds the show back.

Flows in: pictures and sound with their show times, through bounded queues; flows out: films of
constant frame rate, one after the other where they are split at a length. The frame index
decides: frame n is the newest picture half a frame after n / fps, counted from the first one, so
that on the whole pictures are neither early nor late beside the sound. Late pictures are made good
by repeating; where encoding does not keep pace, by letting the last one stand, so that a recording
never falls behind. Lost ones are counted in `dropped`. PyAV lets go of the interpreter while it
converts and encodes, so a thread is enough.
"""

from __future__ import annotations

import queue
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.clock import monotonic
from engine.errors import LiquidlightError, MediaError
from engine.records import SAMPLERATE
from engine.render.encoders import live_encoder
from engine.render.film import FilmWriter, check_place, even

Size = tuple[int, int]
PICTURES_WAITING = (8, 48)
"""Fewest and most; between, as many as fit into WAITING_BYTES: while an encoder is opened."""
WAITING_BYTES = 96 * 2**20
BEHIND = 3
"""With so many pictures waiting none is encoded twice."""
SOUNDS_WAITING = 4096
"""Hops; more than half a minute of sound."""
SPARE_BYTES = 64 * 2**20
"""Below that much room on the disk a recording ends: it would soon, and others need some too."""
SOUND_WAIT = 2.0
"""Seconds for which a film that is full of pictures waits for the end of its sound."""
_EDGE = 1e-6
"""Seconds by which a picture may come late and still belong to its frame: rounding."""
_JOINED = 2
"""Samples of rounding that are left as they are."""


@dataclass(slots=True)
class _Part:
    """One film: where its first sample lies in the recording, how many it has, how many it gets
    (None while pictures still come)."""

    film: FilmWriter
    begin: int
    sounded: int = 0
    length: int | None = None

    @property
    def whole(self) -> bool:
        return self.length is not None and self.sounded >= self.length

    def take(self, samples: np.ndarray, at: int) -> None:
        """Sound that lies `at` in the recording, the share of it that is this film's."""
        gap = at - self.begin - self.sounded
        if gap > _JOINED:
            self.fill(at - self.begin)
        elif gap < -_JOINED:
            samples = samples[-gap:]
        left = len(samples) if self.length is None else max(0, self.length - self.sounded)
        self._write(samples[:left])

    def fill(self, until: int) -> None:
        """Silence up to so many samples."""
        until = until if self.length is None else min(until, self.length)
        if until > self.sounded:
            self._write(np.zeros((until - self.sounded, 2), np.float32))

    def _write(self, samples: np.ndarray) -> None:
        self.film.write_sound(samples)
        self.sounded += len(samples)


class Recorder:
    """One recording; the thread starts at once.

    `dropped` counts pictures that found the queue full, `lost_sound` samples likewise, `frames`
    what was written. `paths` are the films so far, `encoder` is what writes them, "" before the
    first picture. `error` says why a recording has stopped, or is "".
    """

    def __init__(
        self, path: str | Path, size: Size, fps: float, split_seconds: float = 0.0
    ) -> None:
        """Films of about `split_seconds` each, 0 for one. An existing file is never written over:
        the next free name of `show.mp4`, `show-2.mp4` ... is taken. Raises MediaError for a bad
        path or container."""
        self._path = Path(path)
        check_place(self._path)
        self._size, self._fps = size, fps
        self._split_frames = max(1, round(split_seconds * fps)) if split_seconds else 0
        self.dropped = self.lost_sound = self.frames = 0
        self.paths: list[Path] = []
        self.error = self.encoder = ""
        self._pictures: queue.Queue = queue.Queue(_waiting(size))
        self._sounds: queue.Queue = queue.Queue(SOUNDS_WAITING)
        self._start: float | None = None
        self._newest: tuple[np.ndarray, float] | None = None
        self._heard = 0
        self._parts: list[_Part] = []
        self._looked = monotonic()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Nothing more is written, asked for or not."""
        return not self._thread.is_alive()

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

    def end(self) -> None:
        """Write what waits and finish, without waiting for it; `over` tells when."""
        self._closing.set()

    def wait(self) -> None:
        """Until the file is whole; `error` says how that went."""
        self._thread.join()

    def close(self) -> None:
        """`end` and `wait`. Raises MediaError if the recording failed."""
        self.end()
        self.wait()
        if self.error:
            raise MediaError(self.error)

    def _run(self) -> None:
        try:
            while not (self._closing.is_set() and self._pictures.empty()):
                self._step()
                self._look_at_the_disk()
            self._finish()
        except LiquidlightError as error:
            self.error = str(error)
        except Exception as error:  # The show must not end because a disk is full.
            self.error = f"{self._path}: {error}"
        finally:
            self._leave()

    def _step(self) -> None:
        try:
            picture, time = self._pictures.get(timeout=0.05)
        except queue.Empty:
            pass
        else:
            if self._start is None:
                self._start = time
                self._begin_part()
            self._fill(time - _EDGE)
            self._newest = (picture, time)
        if self._start is not None:
            self._take_sounds()

    def _fill(self, time: float) -> None:
        """Write every frame that ends before `time`, with the newest picture known."""
        repeated = False
        while self._newest is not None and self._start + (self.frames + 0.5) / self._fps < time:
            self._write(self._newest[0], repeated and self._pictures.qsize() >= BEHIND)
            repeated = True

    def _write(self, picture: np.ndarray, stands: bool = False) -> None:
        """The next frame into the newest film; the one before ends where a new one begins."""
        if self._parts[-1].film.frames == self._split_frames > 0:
            self._end_part()
            self._begin_part()
        film = self._parts[-1].film
        if stands and film.frames:
            film.pass_over()
        else:
            film.write(picture)
        self.frames += 1

    def _begin_part(self) -> None:
        path = free_name(self._path)
        encoder = live_encoder(even(self._size), self._fps)
        self.encoder = encoder.name
        film = FilmWriter(path, self._size, self._fps, live=encoder)
        self.paths.append(path)
        self._parts.append(_Part(film, self._sample()))

    def _sample(self) -> int:
        """Where in the recording's sound the next frame begins."""
        return round(self.frames * SAMPLERATE / self._fps)

    def _end_part(self) -> None:
        self._parts[-1].length = self._sample() - self._parts[-1].begin

    def _take_sounds(self) -> None:
        while True:
            try:
                samples, time = self._sounds.get_nowait()
            except queue.Empty:
                break
            if time is not None:
                at = round((time - self._start) * SAMPLERATE)
                # A sample or two of rounding is no gap and no overlap.
                self._heard = at if abs(at - self._heard) > _JOINED else self._heard
            for part in self._parts:
                part.take(samples, self._heard)
            self._heard += len(samples)
        self._close_parts(self._sample() - int(SOUND_WAIT * SAMPLERATE))

    def _close_parts(self, given_up: int) -> None:
        """Close films that have all; those that end before the sample `given_up` get silence."""
        for part in self._parts[:]:
            if part.length is not None and part.begin + part.length <= given_up:
                part.fill(part.length)
            if part.whole:
                self._parts.remove(part)
                part.film.close()

    def _look_at_the_disk(self) -> None:
        """Once a second: end well while there is room for it."""
        if monotonic() - self._looked < 1.0:
            return
        self._looked = monotonic()
        if (left := shutil.disk_usage(self._path.parent).free) < SPARE_BYTES:
            self._finish()
            raise MediaError(f"{self._path}: the disk is full ({left / 2**20:.0f} MB left)")

    def _finish(self) -> None:
        """The last picture lasts for one frame; sound ends with the pictures."""
        if self._newest is None:
            return
        self._write(self._newest[0])
        self._newest = None
        self._end_part()
        self._take_sounds()
        self._close_parts(self._sample())

    def _leave(self) -> None:
        """After a fault: films that are whole but for their end."""
        for part in self._parts:
            try:
                part.film.close() if part.film.frames else part.film.abort()
            except LiquidlightError as error:  # Closed already by its own fault, mostly.
                self.error = self.error or str(error)


def _waiting(size: Size) -> int:
    low, high = PICTURES_WAITING
    return min(high, max(low, WAITING_BYTES // (3 * size[0] * size[1])))


def free_name(path: Path) -> Path:
    """`show.mp4`, or the first of `show-2.mp4`, `show-3.mp4` ... that is not there yet."""
    free, n = path, 1
    while free.exists():
        n += 1
        free = path.with_name(f"{path.stem}-{n}{path.suffix}")
    return free
