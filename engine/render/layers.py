"""The layers of a look, from below, one over the other: what a look is before its effects.

Flows in: the Layers of a FrameParams and the generated picture; flows out: a canvas. A layer that
does not work, or is not there yet, is left out. The first is drawn over black. One that is a mask
is drawn on a canvas of its own, whose light is where its neighbour is seen. GL thread.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

from engine.records import Layer
from engine.render.blend import ALONE, MASKED, Blender, Place
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
        masks = masked(layers, whole=True)
        for n, layer in enumerate(layers):
            self._materials.prepare(layer)
            shaders = [layer.name] if layer.kind == "shader" else []
            for name in (*shaders, *(effect.shader for effect in layer.effects)):
                self._stock.prepare(name)
            lies, covered = layer.kind not in WHOLE, masks.get(n)
            if lies and (layer.effects or layer.mask or covered):
                self._blender.prepare(ALONE, True)
            if layer.mask:
                self._blender.prepare(MASKED, False)
                continue
            for mode in ("normal", layer.blend):  # What is lowest is normal.
                self._blender.prepare(mode, lies and not (layer.effects or covered))

    def draw(
        self,
        layers: Sequence[Layer],
        look: str,
        generated: Callable[[], moderngl.Framebuffer],
        now: ShaderClock,
    ) -> moderngl.Framebuffer:
        """The canvas with all layers of the look called `look` at the time of `now`."""
        below: moderngl.Framebuffer | None = None
        masks = masked(layers)
        for n, layer in enumerate(layers):
            if layer.mask or not layer.shown or layer.opacity <= 0.0:
                continue
            if n in masks:
                mine = [(layers[m], (look, m)) for m in masks[n]]
                below = self._put_masked(below, layer, (look, n), mine, generated, now)
            else:
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
        own, texture, spot = self._drawn(layer, place, generated, now)
        if texture is None:
            return below
        if below is None and layer.kind == "generator" and layer.opacity >= 1.0:
            return own  # Opaque, and alone so far: it is the canvas.
        return self._over(below, layer, texture, spot, own)

    def _put_masked(
        self,
        below: moderngl.Framebuffer | None,
        layer: Layer,
        place: Hashable,
        masks: Sequence[tuple[Layer, Hashable]],
        generated: Callable[[], moderngl.Framebuffer],
        now: ShaderClock,
    ) -> moderngl.Framebuffer | None:
        """One layer over those below it, where all its masks are light."""
        own = self._canvas_of(layer, place, generated, now)
        if own is None:
            return below
        for mask, its_place in masks:
            light = self._canvas_of(mask, its_place, generated, now)
            if light is None:
                continue  # Not there yet: the layer is seen whole.
            target = self._canvases.take()
            pictures = light.color_attachments[0], own.color_attachments[0]
            self._blender.draw(MASKED, *pictures, target, mask.opacity)
            self._canvases.give(light)
            self._canvases.give(own)
            own = target
        return self._over(below, layer, own.color_attachments[0], None, own)

    def _canvas_of(
        self,
        layer: Layer,
        place: Hashable,
        generated: Callable[[], moderngl.Framebuffer],
        now: ShaderClock,
    ) -> moderngl.Framebuffer | None:
        """One layer on a canvas of its own, with its alpha; None while there is nothing of it."""
        own, texture, spot = self._drawn(layer, place, generated, now)
        if own is None and texture is not None:
            own = self._alone(texture, spot)
        return own

    def _drawn(
        self,
        layer: Layer,
        place: Hashable,
        generated: Callable[[], moderngl.Framebuffer],
        now: ShaderClock,
    ) -> tuple[moderngl.Framebuffer | None, moderngl.Texture | None, Place | None]:
        """A layer under its effects: its canvas if it has one, its texture, and where that lies."""
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
            return own, own.color_attachments[0], None
        return None, *(material or (None, None))

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


def masked(layers: Sequence[Layer], whole: bool = False) -> dict[int, list[int]]:
    """The places of layers that have masks, each with the places of its masks.

    A mask is that of the next layer above it, or below, that is no mask itself; one that is not
    shown means nothing, unless the `whole` look is asked for, nor one that has nobody there.
    """
    found: dict[int, list[int]] = {}
    for n, layer in enumerate(layers):
        if layer.mask and (whole or layer.shown and layer.opacity > 0.0):
            way = range(n + 1, len(layers)) if layer.mask == "above" else range(n - 1, -1, -1)
            of = next((m for m in way if not layers[m].mask), None)
            if of is not None:
                found.setdefault(of, []).append(n)
    return found
