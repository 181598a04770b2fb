"""One open video file, decoded ahead of time on a thread of its own into a small ring.

Flows in: positions in seconds, which count on over the end of the file, so that it loops; flows
out: the picture that is seen there. Live nobody waits and the newest decoded picture is taken; a
film waits for the exact one. Nothing is decoded beyond the first until a position is asked for.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import MediaError

if TYPE_CHECKING:
    import av

Picture = tuple[float, np.ndarray]
"""A position in seconds, and uint8 (h, w, 3), or (h, w, 4) with colours multiplied by alpha; top
row first."""
AHEAD = 6
"""Pictures decoded ahead of the one that is seen."""
JUMP_SECONDS = 1.0
"""A position further ahead than this is sought, a nearer one decoded up to."""
_SOON = 1e-6
_SHORTEST = 1.0 / 30.0
_PATIENCE = 30.0


class Decoder:
    """`at` belongs to one thread, the file to another; the ring is between them, under a lock."""

    def __init__(self, path: str, largest: tuple[int, int]) -> None:
        """Begin to open it, and decode its first picture; larger ones than `largest` are made
        smaller. `fault` says in a line what is wrong, once something is."""
        self._path, self._largest = path, largest
        self._ring: deque[Picture] = deque()
        self._wanted: float | None = None
        self._sought: float | None = 0.0
        self._closed = False
        self.fault = ""
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="video", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Wait for the first picture. Raises MediaError when none comes."""
        with self._news:
            self._news.wait_for(lambda: self._ring or self.fault, _PATIENCE)
        if not self._ring:
            raise MediaError(self.fault or f"{self._path}: took too long to open")

    def at(self, position: float, wait: bool = False) -> Picture | None:
        """The picture seen at `position` (0 or more); without `wait` an older one, when the
        thread has not come so far, or None before the first."""
        with self._news:
            self._want(position)
            self._news.notify_all()
            if wait:
                self._news.wait_for(lambda: self._reached(position), _PATIENCE)
            while len(self._ring) > 1 and self._ring[1][0] <= position + _SOON:
                self._ring.popleft()
            return self._ring[0] if self._ring else None

    def rest(self) -> None:
        """Nobody looks any more: keep one picture, and begin anew at the next position."""
        with self._news:
            self._wanted = None
            while len(self._ring) > 1:
                self._ring.pop()

    def close(self) -> None:
        """End the thread and close the file."""
        with self._news:
            self._closed = True
            self._news.notify_all()
        self._thread.join()

    def _want(self, position: float) -> None:
        """Say what is looked at; far from what is there or coming, it is sought."""
        if self._sought is None:
            behind, ahead = self._ring[0][0], self._ring[-1][0]
        else:
            behind = ahead = self._sought
        near = behind - _SOON <= position <= ahead + JUMP_SECONDS
        if not near or self._wanted is None and self._ring:
            self._sought = position
        self._wanted = position

    def _reached(self, position: float) -> bool:
        there = self._sought is None and self._ring[-1][0] > position + _SOON
        return there or self._closed or bool(self.fault)

    def _due(self) -> bool:
        """Whether the thread has something to do."""
        if self._closed or not self._ring:
            return True
        if self._wanted is None:
            return False
        later = sum(position > self._wanted for position, _ in self._ring)
        return self._sought is not None or later < AHEAD

    def _run(self) -> None:
        try:
            with _opened(self._path) as self._container:
                self._stream = self._container.streams.video[0]
                self._stream.thread_type = "AUTO"
                self._begin, self.seconds = self._span()
                self._decode()
        except Exception as error:  # Whatever it is, the show goes on without this video.
            reason = getattr(error, "strerror", None) or error
            said = isinstance(error, MediaError)
            self.fault = str(error) if said else f"{self._path}: {reason}"
        with self._news:
            self._news.notify_all()

    def _decode(self) -> None:
        source = None
        while True:
            with self._news:
                self._news.wait_for(self._due)
                sought = self._sought
            if self._closed:
                return
            if sought is not None:
                source = self._pictures(sought)
            found = next(source, None)
            if found is None:
                raise MediaError(f"{self._path}: holds no pictures")
            with self._news:
                self._take(found, sought)
                self._news.notify_all()

    def _take(self, found: Picture, sought: float | None) -> None:
        """Even a picture that came too late is shown: where seeking is slow, all come late."""
        if sought is not None:
            self._ring.clear()
            if self._sought == sought:
                self._sought = None
        self._ring.append(found)

    def _pictures(self, position: float) -> Iterator[Picture]:
        """All pictures from the one that is seen at `position` on, round and round."""
        lap = math.floor(position / self.seconds)
        start, found = position - lap * self.seconds, True
        while found:
            found = False
            for time, frame in self._from(start):
                found = True
                yield lap * self.seconds + time, pixels_of(frame, self._largest)
            lap, start = lap + 1, 0.0

    def _from(self, start: float) -> Iterator[tuple[float, av.VideoFrame]]:
        """The frames of one lap: the last that begins at or before `start`, and all after it."""
        held = None
        for frame in self._seek(start):
            time = self._time(frame)
            if time <= start + _SOON:
                held = time, frame
                continue
            if held is not None:
                yield held
                held = None
            yield time, frame
        if held is not None:
            yield held

    def _seek(self, start: float) -> Iterator[av.VideoFrame]:
        """Frames from a key frame before `start` on; some containers come out too late at first."""
        for earlier in (0.0, 2.0, math.inf):
            target = max(0.0, self._begin + start - earlier)
            self._container.seek(int(target / self._stream.time_base), stream=self._stream)
            frames = self._container.decode(self._stream)
            first = next(frames, None)
            if first is not None and self._time(first) <= start + _SOON:
                break
        return itertools.chain([first] if first else (), frames)

    def _time(self, frame: av.VideoFrame) -> float:
        return max(0.0, float(frame.pts * self._stream.time_base) - self._begin)

    def _span(self) -> tuple[float, float]:
        """When the file begins and how long it lasts, in seconds; counted where it does not say."""
        stream, base = self._stream, float(self._stream.time_base)
        begin = (stream.start_time or 0) * base
        if stream.duration:
            length = stream.duration * base
        elif self._container.duration:
            length = self._container.duration / 1e6
        else:
            ends = [p.pts + (p.duration or 0) for p in self._container.demux(stream) if p.pts]
            length = max(ends, default=0) * base - begin
        return begin, max(length, _SHORTEST)


def pixels_of(frame: av.VideoFrame, largest: tuple[int, int]) -> np.ndarray:
    """A decoded picture as in `Picture`, made smaller to fit into `largest` (width, height)."""
    scale = min(1.0, largest[0] / frame.width, largest[1] / frame.height)
    alpha = any(component.is_alpha for component in frame.format.components)
    made = frame.reformat(
        width=max(1, round(frame.width * scale)),
        height=max(1, round(frame.height * scale)),
        format="rgba" if alpha else "rgb24",
        src_colorspace=_matrix(frame),
        dst_color_range="JPEG",
        threads=1,
    ).to_ndarray()
    if alpha:
        made[..., :3] = made[..., :3] * (made[..., 3:] / 255.0) + 0.5
    return made


def _matrix(frame: av.VideoFrame) -> str:
    """Small pictures that do not say their colours are of the old television, others of the new."""
    told = {1: "ITU709", 5: "ITU601", 6: "ITU601"}
    return told.get(int(frame.colorspace), "ITU709" if frame.height >= 720 else "ITU601")


def _opened(path: str) -> av.container.InputContainer:
    import av

    try:
        container = av.open(path)
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaError(f"{path}: cannot be read as a video: {reason}") from None
    if not container.streams.video:
        container.close()
        raise MediaError(f"{path}: holds no pictures")
    return container
