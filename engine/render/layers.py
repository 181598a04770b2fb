"""The layers of a look, from below, one over the other: what a look is before its effects.

Flows in: the Layers of a FrameParams and the generated picture; flows out: a canvas. A layer that
does not work, or is not there yet, is left out. The first is drawn over black. GL thread; files
are read, and texts drawn, on threads of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.params import LAYER_PARAMS
from engine.records import Layer
from engine.render.blend import ALONE, Blender, Place, covering, placed
from engine.render.cameras import Cameras
from engine.render.canvases import Canvases
from engine.render.chain import draw_chain
from engine.render.compiled import ShaderClock
from engine.render.faults import Faults
from engine.render.pictures import Pictures
from engine.render.stock import ShaderStock
from engine.render.texts import Lettering, Texts
from engine.render.videos import Videos

if TYPE_CHECKING:
    import moderngl

TEXT_WIDTH = 0.92
"""Lines of text are broken at this share of the canvas's width."""
WHITE = (1.0, 1.0, 1.0, 1.0)
_DEFAULTS = {name: row.default for name, row in LAYER_PARAMS.items()}
_Material = tuple["moderngl.Texture", Place | None]


class Layers:
    """Draws the layers of both looks, with the files, cameras and texts that they need."""

    def __init__(
        self,
        ctx: moderngl.Context,
        stock: ShaderStock,
        canvases: Canvases,
        blender: Blender,
        faults: Faults,
        folders: Sequence[Path] = (),
        patient: bool = False,
    ) -> None:
        """`folders` is where files without a folder lie; `patient` waits for every file: films."""
        self._stock, self._canvases, self._blender = stock, canvases, blender
        self._folders, self._files = folders, dict[str, str]()
        largest = tuple(max(640, side) for side in canvases.size)
        self._pictures = Pictures(ctx, faults, patient)
        self._videos = Videos(ctx, largest, faults, patient)
        self._cameras = Cameras(ctx, largest, faults)
        self._texts = Texts(ctx, patient)

    def prepare(self, layers: Sequence[Layer]) -> None:
        """Compile, open and read what these layers need; what is wrong is counted."""
        for n, layer in enumerate(layers):
            for effect in layer.effects:
                self._stock.prepare(effect.shader)
            is_placed = layer.kind not in ("generator", "shader")
            bare = is_placed and not layer.effects
            if layer.effects and is_placed:
                self._blender.prepare(ALONE, True)
            self._blender.prepare(layer.blend if n else "normal", bare)
            if layer.kind == "shader":
                self._stock.prepare(layer.name)
            elif layer.kind == "picture":
                self._pictures.prepare(self._file(layer.name))
            elif layer.kind == "video":
                self._videos.prepare(self._file(layer.name))
            elif layer.kind == "camera":
                self._cameras.prepare(layer.name)

    def draw(
        self,
        layers: Sequence[Layer],
        look: str,
        generated: Callable[[], moderngl.Framebuffer],
        now: ShaderClock,
    ) -> moderngl.Framebuffer:
        """The canvas with all layers of the look called `look` at the time of `now`."""
        below: moderngl.Framebuffer | None = None
        for n, layer in enumerate(layers):
            if layer.opacity > 0.0:
                below = self._put(below, layer, (look, n), generated, now)
        return below or self._black()

    def end(self) -> None:
        """A picture is done."""
        self._videos.end()

    def release(self) -> None:
        """Free everything on the GPU and end the threads."""
        for thing in (self._pictures, self._videos, self._cameras, self._texts):
            thing.release()

    def _put(
        self,
        below: moderngl.Framebuffer | None,
        layer: Layer,
        place: Hashable,
        generated: Callable[[], moderngl.Framebuffer],
        now: ShaderClock,
    ) -> moderngl.Framebuffer | None:
        """One layer over those below it."""
        if layer.kind == "generator":
            own, spot = generated(), None
        elif layer.kind == "shader":
            own, spot = self._shaded(below, layer, place, now), None
        else:
            own, (texture, spot) = None, self._material(layer, place, now.time) or (None, None)
            if texture is not None and layer.effects:
                own = self._canvases.take()
                self._blender.draw(ALONE, None, texture, own, place=spot)
                spot = None
        if own is None and spot is None:
            return below
        if own is not None:
            own = draw_chain(self._stock, self._canvases, own, layer.effects, place, now)
            texture = own.color_attachments[0]
        if below is None and layer.kind == "generator" and layer.opacity >= 1.0:
            return own
        mode = layer.blend if below is not None else "normal"
        below, target = below or self._black(), self._canvases.take()
        picture = below.color_attachments[0]
        self._blender.draw(mode, picture, texture, target, layer.opacity, spot)
        self._canvases.give(below)
        if own is not None:
            self._canvases.give(own)
        return target

    def _shaded(
        self, below: moderngl.Framebuffer | None, layer: Layer, place: Hashable, now: ShaderClock
    ) -> moderngl.Framebuffer | None:
        """A shader as a layer; one that is a filter sees what lies below."""
        own = self._canvases.take()
        images = {} if below is None else {"inputImage": below.color_attachments[0]}
        if self._stock.draw(layer.name, (place, "layer"), own, layer.inputs, images, now):
            return own
        self._canvases.give(own)
        return None

    def _black(self) -> moderngl.Framebuffer:
        canvas = self._canvases.take()
        canvas.clear(0.0, 0.0, 0.0, 1.0)
        return canvas

    def _material(self, layer: Layer, place: Hashable, time: float) -> _Material | None:
        """The texture of a layer that lies somewhere, and where; None while there is none."""
        given = {**_DEFAULTS, **dict(layer.inputs)}
        if layer.kind == "text":
            return self._lettered(layer.name, given)
        if layer.kind == "picture":
            texture = self._pictures.at(self._file(layer.name))
        elif layer.kind == "video":
            position = given["start"] + given["speed"] * time
            texture = self._videos.at(self._file(layer.name), place, position)
        else:
            texture = self._cameras.at(layer.name)
        if texture is None:
            return None
        across, up = covering(self._canvases.size, texture.size)
        return texture, self._spot((across * given["scale"], up * given["scale"]), given)

    def _lettered(self, words: str, given: dict) -> _Material | None:
        width, height = self._canvases.size
        line = max(4, round(given["size"] * height))
        outline = round(given["outline"] * line, 1)
        found = self._texts.at(words, Lettering(line, outline, round(TEXT_WIDTH * width)))
        if not words.strip() or found is None:
            return None
        texture, scale = found
        scale *= given["scale"]
        if scale == 1.0 and given["angle"] == 0.0:
            # At its own size it lies on whole pixels, so that it is crisp.
            for key, side, whole in zip("xy", texture.size, (width, height), strict=True):
                given[key] = (round(given[key] * whole - 0.5 * side) + 0.5 * side) / whole
        across, up = texture.size
        return texture, self._spot((across * scale, up * scale), given)

    def _spot(self, size: tuple[float, float], given: dict) -> Place:
        canvas, tint = self._canvases.size, given.get("tint", WHITE)
        return placed(canvas, size, given["x"], given["y"], given["angle"], tint)

    def _file(self, name: str) -> str:
        """The path of a file, which may lie beside the show's files; looked for once."""
        if name not in self._files:
            places = [folder / name for folder in (Path(), *self._folders)]
            self._files[name] = str(next(filter(Path.is_file, places), name))
        return self._files[name]
