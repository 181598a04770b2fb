"""A chain of effects over a canvas: each reads the one before and has a memory of its own.

Flows in: a canvas, effects with their numbers, and the place of the chain (a look's name, the
number of a layer); flows out: the canvas that holds the result. GL thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from engine.records import Effect
from engine.render.canvases import Canvases
from engine.render.compiled import ShaderClock
from engine.render.stock import ShaderStock

if TYPE_CHECKING:
    import moderngl


def draw_chain(
    stock: ShaderStock,
    canvases: Canvases,
    canvas: moderngl.Framebuffer,
    effects: Sequence[Effect],
    place: Hashable,
    now: ShaderClock,
) -> moderngl.Framebuffer:
    """Draw `effects` over `canvas`, which is given back; one that does not work is left out."""
    seen: Counter[str] = Counter()
    for effect in effects:
        own = place, seen[effect.shader]  # The same shader twice in a chain has two memories.
        seen[effect.shader] += 1
        target, images = canvases.take(), {"inputImage": canvas.color_attachments[0]}
        if stock.draw(effect.shader, own, target, effect.inputs, images, now):
            canvas, target = target, canvas
        canvases.give(target)
    return canvas
