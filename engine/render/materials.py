"""What lies somewhere on the canvas: pictures, videos, cameras and texts, and where.

Flows in: a Layer and show time; flows out: a texture with its Place, or None while there is none.
GL thread; files are read, and texts drawn, on threads of their own.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from engine.params import LAYER_PARAMS
from engine.records import Layer
from engine.render.blend import WHITE, Place, covering, placed
from engine.render.buffers import Size
from engine.render.cameras import Cameras
from engine.render.faults import Faults
from engine.render.pictures import Pictures
from engine.render.texts import Lettering, Texts
from engine.render.videos import Videos

if TYPE_CHECKING:
    import moderngl

TEXT_WIDTH = 0.92
"""Lines of text are broken at this share of the canvas's width."""
SMALLEST = 640
"""Videos are not made smaller than this, for a canvas that may grow."""
_DEFAULTS = {name: row.default for name, row in LAYER_PARAMS.items()}
Material = tuple["moderngl.Texture", Place]


class Materials:
    """Every file, camera and text of the show, for a canvas of about `size` pixels."""

    def __init__(
        self, ctx: moderngl.Context, size: Size, faults: Faults, patient: bool,
        cameras: Cameras | None = None,
    ) -> None:
        """`patient` waits for every file and is exact, for films; `cameras` are another's, since
        a camera is opened once."""
        largest = max(SMALLEST, size[0]), max(SMALLEST, size[1])
        self._pictures = Pictures(ctx, faults, patient)
        self._videos = Videos(ctx, largest, faults, patient)
        self.cameras = cameras or Cameras(ctx, largest, faults)
        self._borrowed = cameras is not None
        self._texts = Texts(ctx, patient)

    def prepare(self, layer: Layer) -> None:
        """Read and open what the layer shows; what is wrong is counted."""
        for kind, room in (
            ("picture", self._pictures), ("video", self._videos), ("camera", self.cameras)
        ):
            if layer.kind == kind:
                room.prepare(layer.name)

    def at(self, layer: Layer, place: Hashable, time: float, canvas: Size) -> Material | None:
        """What the layer in this `place` of the show has at `time`, and where it lies."""
        given = {**_DEFAULTS, **dict(layer.inputs)}
        if layer.kind == "text":
            return self._lettered(layer.name, given, canvas) if layer.name.strip() else None
        if layer.kind == "picture":
            texture = self._pictures.at(layer.name)
        elif layer.kind == "video":
            position = given["start"] + given["speed"] * time
            texture = self._videos.at(layer.name, place, position)
        else:
            texture = self.cameras.at(layer.name)
        if texture is None:
            return None
        return texture, _spot(covering(canvas, texture.size), given["scale"], given, canvas)

    def end(self) -> None:
        """A picture is done."""
        self._videos.end()

    def release(self) -> None:
        """Free everything on the GPU and end the threads."""
        for room in (self._pictures, self._videos, self._texts):
            room.release()
        if not self._borrowed:
            self.cameras.release()

    def _lettered(self, words: str, given: dict, canvas: Size) -> Material | None:
        line = max(4, round(given["size"] * canvas[1]))
        outline = round(given["outline"] * line, 1)
        found = self._texts.at(words, Lettering(line, outline, round(TEXT_WIDTH * canvas[0])))
        if found is None:
            return None
        texture, scale = found
        scale *= given["scale"]
        if scale == 1.0 and given["angle"] == 0.0:
            # At its own size it lies on whole pixels, so that it is crisp.
            for key, side, whole in zip("xy", texture.size, canvas, strict=True):
                given[key] = (round(given[key] * whole - 0.5 * side) + 0.5 * side) / whole
        return texture, _spot(texture.size, scale, given, canvas)


def _spot(size: tuple[float, float], scale: float, given: dict, canvas: Size) -> Place:
    own = size[0] * scale, size[1] * scale
    x, y, angle, tint = given["x"], given["y"], given["angle"], given.get("colour", WHITE)
    return placed(canvas, own, x, y, angle, tint)
