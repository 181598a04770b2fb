"""Pictures on the GPU with the pose they were made at, and the textures they lie in.

Generated pictures are uploaded here; a texture that no picture in use holds is taken again, so
that nothing is made while pictures come in one size. Runs on the GL thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.records import Frame, Pose
from engine.render.buffers import Size
from engine.render.contours import LARGER, Contours
from engine.render.upload import Uploader

if TYPE_CHECKING:
    import moderngl


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture on the GPU and where the camera was; `top_first` is the order of its rows."""

    texture: moderngl.Texture
    pose: Pose
    top_first: bool = True


class Shots:
    """Uploads Frames; soft ones get sharp contours, in a larger picture."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._pool: list[moderngl.Texture] = []
        self._targets: dict[moderngl.Texture, moderngl.Framebuffer] = {}
        self._small: moderngl.Texture | None = None
        self._contours = Contours(ctx)
        self._uploader = Uploader(ctx)

    def take(self, frame: Frame, used: Iterable[Shot | None]) -> Shot:
        """The frame on the GPU; the textures of shots in use are left alone."""
        held = {shot.texture for shot in used if shot is not None}
        height, width = frame.picture.shape[:2]
        sharp = frame.soft * frame.params.contours
        texture = self._uploaded((width, height)) if sharp else self._free((width, height), held)
        self._uploader.write(texture, frame.picture)
        if sharp:
            small, texture = texture, self._free((LARGER * width, LARGER * height), held)
            self._contours.draw(small, self._targets[texture], sharp)
        return Shot(texture, frame.params.pose)

    def _free(self, size: Size, held: set[moderngl.Texture]) -> moderngl.Texture:
        """A texture of this size that no picture in use holds; at most three of a size."""
        for texture in self._pool:
            if texture not in held and texture.size == size:
                return texture
        for texture in [old for old in self._pool if old not in held]:
            self._pool.remove(texture)
            self._targets.pop(texture).release()
            texture.release()
        texture = self._made(size)
        self._targets[texture] = self._ctx.framebuffer([texture])
        self._pool.append(texture)
        return texture

    def _uploaded(self, size: Size) -> moderngl.Texture:
        """Where a picture is written that is drawn into a larger one at once."""
        if self._small is None or self._small.size != size:
            if self._small is not None:
                self._small.release()
            self._small = self._made(size)
        return self._small

    def _made(self, size: Size) -> moderngl.Texture:
        texture = self._ctx.texture(size, 3, alignment=1)
        texture.repeat_x = texture.repeat_y = False
        return texture

    def release(self) -> None:
        """Free everything on the GPU."""
        small = (self._small,) if self._small else ()
        for thing in (*self._targets.values(), *self._pool, *small, self._contours, self._uploader):
            thing.release()
