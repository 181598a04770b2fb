"""What live and film both do before the first picture: find and compile the show's shaders."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ShaderError
from engine.render.compositor import Compositor
from engine.resolve import resolve, silent_moment
from engine.show import Show


def shader_folders(show: Show) -> tuple[Path, ...]:
    """Where the show's own shaders may lie: beside its files."""
    return tuple(dict.fromkeys(path.parent for path in show.files))


def prepare(compositor: Compositor, show: Show, strict: bool = True) -> None:
    """Compile every effect of every look, ahead of the first picture that needs it.

    Raises ShaderError for the first that fails when `strict`; else the compositor counts it.
    """
    for look in (*show.presets, show.hush):
        alone = Show(look.name, (look,), look, show.bars, 0.0, {}, ())
        compositor.prepare(resolve(0.0, 0, 0.0, silent_moment(), alone))
    if strict and compositor.faults:
        raise ShaderError(next(iter(compositor.faults.values())).message)
