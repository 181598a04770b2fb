"""Picture files as textures: any size, with alpha, read on a thread of their own.

Flows in: paths; flows out: textures, colours multiplied by alpha, the first row the top. Before
the show `prepare` reads and waits, and a file that is wrong stops it; during the show a picture
that is not there yet is read meanwhile, and nothing is seen of it until then. GL thread.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import MediaError
from engine.render.faults import Faults

if TYPE_CHECKING:
    import moderngl

LARGEST = 4096
"""Longer sides are made smaller: more than any projector shows of one layer."""


class Pictures:
    """Every picture of the show, by path."""

    def __init__(self, ctx: moderngl.Context, faults: Faults, patient: bool) -> None:
        self._ctx, self._faults, self._patient = ctx, faults, patient
        self._worker = ThreadPoolExecutor(1, "pictures")
        self._coming: dict[str, Future[np.ndarray]] = {}
        self._textures: dict[str, moderngl.Texture | None] = {}

    def prepare(self, name: str) -> None:
        """Read and upload it now; one that is wrong is counted."""
        self._ask(name)
        self._take(name, wait=True)

    def at(self, name: str) -> moderngl.Texture | None:
        """The picture, or None while it is not there."""
        if name not in self._textures:
            self._ask(name)
            self._take(name, wait=self._patient)
        return self._textures.get(name)

    def release(self) -> None:
        """Free everything on the GPU and end the thread."""
        self._worker.shutdown(cancel_futures=True)
        for texture in self._textures.values():
            if texture is not None:
                texture.release()

    def _ask(self, name: str) -> None:
        if name not in self._textures and name not in self._coming:
            self._coming[name] = self._worker.submit(read_picture, name)

    def _take(self, name: str, wait: bool) -> None:
        coming = self._coming.get(name)
        if coming is None or not (wait or coming.done()):
            return
        del self._coming[name]
        self._textures[name] = None
        try:
            self._textures[name] = self._upload(coming.result())
        except MediaError as error:
            self._faults.add(name, str(error))

    def _upload(self, pixels: np.ndarray) -> moderngl.Texture:
        height, width = pixels.shape[:2]
        texture = self._ctx.texture((width, height), 4, pixels)
        texture.repeat_x = texture.repeat_y = False
        texture.build_mipmaps()
        texture.filter = (self._ctx.LINEAR_MIPMAP_LINEAR, self._ctx.LINEAR)
        return texture


def read_picture(name: str) -> np.ndarray:
    """A picture file: uint8 (h, w, 4), colours multiplied by alpha, top row first, turned as its
    camera was held. Raises MediaError."""
    from PIL import Image, ImageOps

    try:
        with Image.open(Path(name)) as image:
            image.draft("RGB", (LARGEST, LARGEST))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((LARGEST, LARGEST))
            return np.array(upright.convert("RGBA").convert("RGBa"))
    except Image.DecompressionBombError as error:
        raise MediaError(f"{name}: {error}") from None
    except (OSError, ValueError, SyntaxError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaError(f"{name}: cannot be read as a picture: {reason}") from None
