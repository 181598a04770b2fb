"""The layers of a look, from below, one over the other: what a look is before its effects.

Flows in: the Layers of a FrameParams and the generated picture; flows out: a canvas. A layer that
does not work, or is not there yet, is left out. The first is drawn over black. GL thread.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

from engine.records import Layer
from engine.render.blend import ALONE, Blender, Place
from engine.render.cameras import Cameras
from engine.render.canvases import Canvases
from engine.render.chain import draw_chain
from engine.render.compiled import ShaderClock
from engine.render.faults import Faults
from engine.render.materials import Materials
from engine.render.stock import ShaderStock

if TYPE_CHECKING:
    import moderngl

WHOLE = ("generator", "shader")
"""Kinds that fill the canvas; the others lie somewhere on it."""


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
        cameras: Cameras | None = None,
    ) -> None:
        """`patient` waits for every file and is exact, for films; `cameras` as in Materials."""
        self._stock, self._canvases, self._blender = stock, canvases, blender
        self._materials = Materials(ctx, canvases.size, faults, patient, cameras)

    @property
    def cameras(self) -> Cameras:
        """Those that are open, for others who draw."""
        return self._materials.cameras

    def prepare(self, layers: Sequence[Layer]) -> None:
        """Compile, open and read what these layers need; what is wrong is counted."""
        for layer in layers:
            self._materials.prepare(layer)
            shaders = [layer.name] if layer.kind == "shader" else []
            for name in (*shaders, *(effect.shader for effect in layer.effects)):
                self._stock.prepare(name)
            lies = layer.kind not in WHOLE
            if lies and layer.effects:
                self._blender.prepare(ALONE, True)
            for mode in ("normal", layer.blend):  # What is lowest is normal.
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

    def alone(
        self, layer: Layer, place: Hashable, now: ShaderClock
    ) -> moderngl.Framebuffer | None:
        """One layer over black; None while there is nothing to see of it. The generated picture
        is none."""
        return self._put(None, layer, (place, 0), self._black, now)

    def end(self) -> None:
        """A picture is done."""
        self._materials.end()

    def release(self) -> None:
        """Free everything on the GPU and end the threads."""
        self._materials.release()

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
            material = self._materials.at(layer, place, now.time, self._canvases.size)
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
