"""What live and film do before the first picture: compile the show's shaders, open its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.errors import LiquidlightError
from engine.render.compositor import Compositor
from engine.resolve import resolve, silent_moment
from engine.show import Show
from engine.word_effects import every_effect, found_in


def shader_folders(show: Show) -> tuple[Path, ...]:
    """Where the show's own shaders may lie: beside its files."""
    return tuple(dict.fromkeys(path.parent for path in show.files))


def prepare(compositor: Compositor, show: Show, strict: bool = True) -> None:
    """Compile and open what every look and every change of the show draws, before it is needed.

    Also the effects of the words that its prompts say; a hand may type others at any time, and
    `compositor.prepare_next` compiles those one by one. Raises LiquidlightError for the first of
    the show's own that fails when `strict`; else the compositor counts it.
    """
    for look in (*show.presets, show.hush):
        alone = replace(show, presets=(look,), scenes=show.scenes[:1], hush=look)
        compositor.prepare(resolve(0.0, 0, 0.0, silent_moment(), alone))
    changes = (show.transition, *(scene.transition for scene in show.scenes))
    compositor.prepare_shaders(change.shader for change in changes if change.shader)
    if strict and compositor.faults:
        raise LiquidlightError(next(iter(compositor.faults.values())).message)
    said = {row.shader for text in _texts(show) for _, row in found_in(text)}
    compositor.prepare_shaders(said)
    compositor.prepare_later(effect.shader for effect in every_effect())


def _texts(show: Show) -> Iterator[str]:
    """All that the looks' prompts may say."""
    return (line.said for look in show.presets for line in look.prompts)
