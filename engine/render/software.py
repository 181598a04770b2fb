"""Drawing where the processor is the graphics card: the ear must not wait for it.

moderngl keeps Python's lock in every call. On a graphics card calls are over at once; Mesa's
llvmpipe draws inside of whichever call needs the picture next, for tens of milliseconds, and the
analysis thread would wait as long. Each rectangle that is drawn in software is therefore finished
by a call of ctypes, which lets the lock go meanwhile. GL thread.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import moderngl

RENDERERS = ("llvmpipe", "softpipe", "swrast", "software")
_LIBRARIES = {
    "win32": ("opengl32.dll",),
    "darwin": ("/System/Library/Frameworks/OpenGL.framework/OpenGL",),
}


def in_software(ctx: moderngl.Context) -> bool:
    """Whether OpenGL draws with the processor: some tens of small pictures a second, no more."""
    renderer = str(ctx.info["GL_RENDERER"]).lower()
    return any(name in renderer for name in RENDERERS)


class PatientQuad:
    """A vertex array whose drawing is over when `render` comes back, other threads running."""

    def __init__(self, array: moderngl.VertexArray, finish: Callable[[], Any]) -> None:
        self._array, self._finish = array, finish

    @property
    def program(self) -> moderngl.Program:
        return self._array.program

    def render(self, mode: int) -> None:
        self._array.render(mode=mode)
        self._finish()

    def release(self) -> None:
        self._array.release()


def patient(array: moderngl.VertexArray) -> moderngl.VertexArray | PatientQuad:
    """The array itself on a graphics card; in software one that lets other threads run."""
    finish = _finish() if in_software(array.ctx) else None
    return PatientQuad(array, finish) if finish else array


@cache
def _finish() -> Callable[[], Any] | None:
    """OpenGL's glFinish for the current context; None where the library has another name."""
    for name in _LIBRARIES.get(sys.platform, ("libGL.so.1", "libOpenGL.so.0")):
        try:
            return ctypes.CDLL(name).glFinish
        except (OSError, AttributeError):
            continue
    return None
