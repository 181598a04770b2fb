"""Video files as textures: a decoder and a texture for each place where one is seen.

Flows in: a path, the place and a position in seconds; flows out: a texture, its first row the
top. Videos that were not in a picture rest, and the next place takes them over. GL thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from typing import TYPE_CHECKING

from engine.errors import MediaError
from engine.render.buffers import Size
from engine.render.decoder import Decoder
from engine.render.faults import Faults
from engine.render.upload import Uploader

if TYPE_CHECKING:
    import moderngl


class Video:
    """One playing video: its decoder, and the texture of the picture that was seen last."""

    def __init__(self, ctx: moderngl.Context, path: str, largest: Size) -> None:
        self._ctx = ctx
        self.decoder = Decoder(path, largest)
        self._position = -1.0
        self._upload = Uploader(ctx)
        self._texture: moderngl.Texture | None = None

    def at(self, position: float, wait: bool) -> moderngl.Texture | None:
        """The picture at `position` seconds, uploaded if it is another one; None before the
        first."""
        seen = self.decoder.at(max(0.0, position), wait)
        if seen is not None and seen[0] != self._position:
            self._position, pixels = seen
            if self._texture is None:
                height, width, parts = pixels.shape
                self._texture = self._ctx.texture((width, height), parts)
                self._texture.repeat_x = self._texture.repeat_y = False
            self._upload.write(self._texture, pixels)
        return self._texture

    def release(self) -> None:
        self.decoder.close()
        self._upload.release()
        if self._texture is not None:
            self._texture.release()


class Videos:
    """Every video of the show; those with `patience` are exact, for films."""

    def __init__(
        self, ctx: moderngl.Context, largest: Size, faults: Faults, patient: bool
    ) -> None:
        self._ctx, self._largest = ctx, largest
        self._faults, self._patient = faults, patient
        self._live: dict[tuple[str, Hashable], Video] = {}
        self._idle: dict[str, list[Video]] = defaultdict(list)
        self._seen: set[tuple[str, Hashable]] = set()

    def prepare(self, path: str) -> None:
        """Open it and wait for its first picture; one that is wrong is counted."""
        if self._idle[path] or path in self._faults:
            return
        video = Video(self._ctx, path, self._largest)
        try:
            video.decoder.check()
        except MediaError as error:
            self._faults.add(path, str(error))
        self._idle[path].append(video)

    def at(self, path: str, place: Hashable, position: float) -> moderngl.Texture | None:
        """The picture of the video in this place, or None while there is none."""
        key = (path, place)
        video = self._live.get(key)
        if video is None:
            idle = self._idle[path]
            video = idle.pop() if idle else Video(self._ctx, path, self._largest)
            self._live[key] = video
        self._seen.add(key)
        if video.decoder.fault and path not in self._faults:
            self._faults.add(path, video.decoder.fault)
        return video.at(position, self._patient)

    def end(self) -> None:
        """A picture is done: videos that were not in it rest."""
        if len(self._seen) < len(self._live):
            for key in self._live.keys() - self._seen:
                video = self._live.pop(key)
                video.decoder.rest()
                self._idle[key[0]].append(video)
        self._seen.clear()

    def release(self) -> None:
        """End all threads and free everything on the GPU."""
        for video in (*self._live.values(), *(v for idle in self._idle.values() for v in idle)):
            video.release()
