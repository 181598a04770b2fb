"""What live and film do before the first picture: find and compile the show's shaders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ShaderError
from engine.render.compositor import Compositor
from engine.resolve import resolve, silent_moment
from engine.show import Show

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

    Raises ShaderError for the first that fails when `strict`; else the compositor counts it.
    """
    for look in (*show.presets, show.hush):
        alone = Show(look.name, (look,), look, show.bars, 0.0, {}, ())
        compositor.prepare(resolve(0.0, 0, 0.0, silent_moment(), alone))
    if strict and compositor.faults:
        raise ShaderError(next(iter(compositor.faults.values())).message)
