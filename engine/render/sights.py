"""One output at work: the shared picture, its test card and its marks, onto its window.

Flows in: a texture of the show's own context; drawn is the window's screen, whose context must be
current. Main thread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.clock import monotonic
from engine.render.buffers import Size
from engine.render.geometry import fitted
from engine.render.mapping import Mapping, Output
from engine.render.offscreen import Offscreen
from engine.render.output_map import OutputMap
from engine.render.overlay import Marks, Overlay
from engine.render.test_card import Cards, CardText
from engine.render.window import Window

if TYPE_CHECKING:
    import moderngl


class SharedTextures:
    """Textures of the context that the show is drawn in, as another context of it knows them."""

    def __init__(self, home: moderngl.Context, ctx: moderngl.Context) -> None:
        self._home, self._ctx = home, ctx
        self._known: dict[tuple[int, Size], moderngl.Texture] = {}

    def at(self, texture: moderngl.Texture) -> moderngl.Texture:
        """The same texture for this context. Eight bits a component, four components."""
        if self._ctx is self._home:
            return texture
        key = texture.glo, texture.size
        if key not in self._known:
            if len(self._known) > 64:  # Sizes that were; a name is forgotten, not the texture.
                self._known.clear()
            self._known[key] = self._ctx.external_texture(
                texture.glo, texture.size, texture.components, 0, texture.dtype
            )
        return self._known[key]


@dataclass(slots=True)
class Sight:
    """One output at work: its window, and what it is drawn with in the window's context.

    `card` says whether it shows its test card, as it does until `named_until` on the steady clock;
    `marks` lie over it while it is edited; `target` is the screen's size when it was drawn last.
    """

    output: Output
    window: Window | Offscreen
    map: OutputMap
    shared: SharedTextures
    cards: Cards
    overlay: Overlay
    card: bool = False
    marks: Marks | None = None
    named_until: float = 0.0
    target: Size = (0, 0)

    @property
    def mapping(self) -> Mapping:
        return self.output.mapping

    @property
    def carded(self) -> bool:
        """Whether it shows its test card now."""
        return self.card or monotonic() < self.named_until

    def draw(
        self, image: tuple[moderngl.Texture, float] | None, size: Size, number: int, count: int
    ) -> None:
        """The picture with its light, or the card of output `number` of `count`; marks over it.

        `size` is that of the show's pictures.
        """
        screen = self.window.screen
        self.target = tuple(screen.viewport[2:])
        if not (self.carded and self._draw_card(screen, size, number, count)) and image is not None:
            texture, light = image
            self.map.draw(self.shared.at(texture), texture.size, light, self.mapping, screen)
        if self.marks is not None:
            self.overlay.draw(self.marks, screen)

    def release(self) -> None:
        """Free everything on the GPU and end the window."""
        self.window.use()
        for thing in (self.map, self.cards, self.overlay):
            thing.release()
        self.window.close()

    def _draw_card(
        self, screen: moderngl.Framebuffer, size: Size, number: int, count: int
    ) -> bool:
        """The test card in the picture's place; whether there is one yet."""
        mapping, target = self.mapping, tuple(screen.viewport[2:])
        share = fitted(mapping, size, target)
        width, height = (max(2, round(s * side)) for s, side in zip(share[2:], target, strict=True))
        own = (height, width) if mapping.rotate in (90, 270) else (width, height)
        text = CardText(self.output.name, self.window.label, target, number, count)
        card = self.cards.at(own, text)
        if card is not None:
            self.map.draw(card, own, 1.0, replace(mapping, crop=(0.0, 0.0, 1.0, 1.0)), screen)
        return card is not None
