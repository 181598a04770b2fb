"""What live and film do before the first picture: find and compile the show's shaders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ShaderError
from engine.render.compositor import Compositor
from engine.resolve import resolve, silent_moment
from engine.show import Show
from engine.word_effects import every_effect

if TYPE_CHECKING:
    import moderngl


def shader_folders(show: Show) -> tuple[Path, ...]:
    """Where the show's own shaders may lie: beside its files."""
    return tuple(dict.fromkeys(path.parent for path in show.files))


def in_software(ctx: moderngl.Context) -> bool:
    """Whether OpenGL draws with the processor: some tens of small pictures a second, no more."""
    renderer = str(ctx.info["GL_RENDERER"]).lower()
    return any(name in renderer for name in ("llvmpipe", "softpipe", "swrast", "software"))


def prepare(compositor: Compositor, show: Show, strict: bool = True) -> None:
    """Compile every effect of every look, ahead of the first picture that needs it.

    Also those that words switch on: a hand may type them at any time. Raises ShaderError for the
    first of the show's own that fails when `strict`; else the compositor counts it.
    """
    for look in (*show.presets, show.hush):
        alone = replace(show, presets=(look,), scenes=show.scenes[:1], hush=look)
        params = resolve(0.0, 0, 0.0, silent_moment(), alone)
        compositor.prepare(params)
    if strict and compositor.faults:
        raise ShaderError(next(iter(compositor.faults.values())).message)
    compositor.prepare(replace(params, effects=every_effect()))
