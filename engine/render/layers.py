"""The layers of a look, from below, one over the other: what a look is before its effects.

Flows in: the Layers of a FrameParams and the generated picture; flows out: a canvas. A layer that
does not work, or is not there yet, is left out. The first is drawn over black. GL thread; files
are read, and texts drawn, on threads of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

from engine.params import LAYER_PARAMS
from engine.records import Layer
from engine.render.blend import ALONE, WHITE, Blender, Place, covering, placed
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
        patient: bool = False,
    ) -> None:
        """`patient` waits for every file and is exact, for films."""
        self._stock, self._canvases, self._blender = stock, canvases, blender
        largest = tuple(max(640, side) for side in canvases.size)
        self._pictures = Pictures(ctx, faults, patient)
        self._videos = Videos(ctx, largest, faults, patient)
        self._cameras = Cameras(ctx, largest, faults)
        self._texts = Texts(ctx, patient)

    def prepare(self, layers: Sequence[Layer]) -> None:
        """Compile, open and read what these layers need; what is wrong is counted."""
        openers = {
            "shader": self._stock.prepare,
            "picture": self._pictures.prepare,
            "video": self._videos.prepare,
            "camera": self._cameras.prepare,
        }
        for n, layer in enumerate(layers):
            if layer.kind in openers:
                openers[layer.kind](layer.name)
            for effect in layer.effects:
                self._stock.prepare(effect.shader)
            lies = layer.kind not in ("generator", "shader")
            if lies and layer.effects:
                self._blender.prepare(ALONE, True)
            for mode in {"normal" if n == 0 else layer.blend, "normal"}:
                self._blender.prepare(mode, lies and not layer.effects)

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
        own, material = None, None
        if layer.kind == "generator":
            own = generated()
        elif layer.kind == "shader":
            own = self._shaded(layer, place, now)
        else:
            material = self._material(layer, place, now.time)
            if material is not None and layer.effects:
                own, material = self._alone(*material), None
        if own is not None:
            own = draw_chain(self._stock, self._canvases, own, layer.effects, place, now)
            material = own.color_attachments[0], None
        if material is None:
            return below
        if below is None and layer.kind == "generator" and layer.opacity >= 1.0:
            return own  # Opaque, and alone so far: it is the canvas.
        return self._over(below, layer, *material, own)

    def _over(
        self,
        below: moderngl.Framebuffer | None,
        layer: Layer,
        texture: moderngl.Texture,
        spot: Place | None,
        own: moderngl.Framebuffer | None,
    ) -> moderngl.Framebuffer:
        """Blend a texture, which may lie on its `own` canvas; nothing is blended with nothing."""
        mode = "normal" if below is None else layer.blend
        below, target = below or self._black(), self._canvases.take()
        picture = below.color_attachments[0]
        self._blender.draw(mode, picture, texture, target, layer.opacity, spot)
        for canvas in (below, own):
            if canvas is not None:
                self._canvases.give(canvas)
        return target

    def _shaded(
        self, layer: Layer, place: Hashable, now: ShaderClock
    ) -> moderngl.Framebuffer | None:
        """A shader on a canvas of its own; None for one that does not work."""
        own = self._canvases.take()
        if self._stock.draw(layer.name, (place, "layer"), own, layer.inputs, {}, now):
            return own
        self._canvases.give(own)
        return None

    def _alone(self, texture: moderngl.Texture, spot: Place | None) -> moderngl.Framebuffer:
        """What lies somewhere, on a canvas of its own, so that effects can spread over it."""
        own = self._canvases.take()
        self._blender.draw(ALONE, None, texture, own, place=spot)
        return own

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
            texture = self._pictures.at(layer.name)
        elif layer.kind == "video":
            position = given["start"] + given["speed"] * time
            texture = self._videos.at(layer.name, place, position)
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
        tint = given.get("colour", WHITE)
        return placed(self._canvases.size, size, given["x"], given["y"], given["angle"], tint)
