"""What window.py needs of glfw and moderngl: starting them, names of displays and keys.

Runs on the main thread. glfw is started once for each user and ended with the last one.
"""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

from engine.errors import DeviceError

if TYPE_CHECKING:
    import moderngl

NO_DISPLAY = "no display to open a window on; use `--offscreen`, or `render` for a film"
_users = 0


def start_glfw() -> Any:
    """The glfw module, started. Raises DeviceError where there is no display server."""
    global _users
    try:
        import glfw
    except ImportError as error:
        raise DeviceError(f"{NO_DISPLAY} (glfw: {error})") from None
    glfw.ERROR_REPORTING = False
    if not glfw.init():
        raise DeviceError(NO_DISPLAY)
    _users += 1
    return glfw


def stop_glfw() -> None:
    """One user less; the last one ends glfw."""
    global _users
    import glfw

    _users -= 1
    if not _users:
        glfw.terminate()


def last_error(glfw: Any) -> str:
    """What glfw complained of last, as one line."""
    _, text = glfw.get_error()
    text = text.decode(errors="replace") if isinstance(text, bytes) else str(text or "")
    return " ".join(text.split()) or "the driver gives no reason"


def display_name(glfw: Any, monitor: Any) -> str:
    """The name by which a display is chosen."""
    name = glfw.get_monitor_name(monitor)
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def choose_display(glfw: Any, wanted: str | None) -> Any:
    """The display whose name contains `wanted`, in any case of letters.

    None: the last that is not the main one, or the main one. Raises DeviceError with the names.
    """
    monitors = glfw.get_monitors()
    if not monitors:
        raise DeviceError(NO_DISPLAY)
    if wanted is None:
        return monitors[-1]
    names = [display_name(glfw, monitor) for monitor in monitors]
    exact = [m for m, name in zip(monitors, names, strict=True) if name == wanted]
    part = [m for m, n in zip(monitors, names, strict=True) if wanted.lower() in n.lower()]
    if not (exact or part):
        there = ", ".join(f"'{name}'" for name in names)
        raise DeviceError(f"no display is called '{wanted}'; there is {there}")
    return (exact or part)[0]


def window_context(glfw: Any) -> moderngl.Context:
    """moderngl on the window's current context, whoever made it: GLX, EGL, WGL or NSGL."""
    import moderngl

    try:
        return moderngl.create_context(context=_Loader(glfw))
    except Exception as error:
        raise DeviceError(f"OpenGL 3.3 is needed for a window: {error}") from None


def standalone_context() -> moderngl.Context:
    """A context without a window. Raises DeviceError where there is no GL."""
    import moderngl

    settings = {"backend": "egl"} if sys.platform.startswith("linux") else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return moderngl.create_context(standalone=True, require=330, **settings)
    except Exception as error:
        reason = " ".join(str(error).split())
        raise DeviceError(f"no OpenGL 3.3 without a window (EGL): {reason}") from None


def key_names(glfw: Any) -> dict[int, str]:
    """From glfw's key codes to names: letters and digits as they are, else words in small."""
    found = {}
    for constant in dir(glfw):
        if constant.startswith("KEY_") and constant not in ("KEY_UNKNOWN", "KEY_LAST"):
            found[getattr(glfw, constant)] = constant[4:].lower()
    return found


class _Loader:
    """Finds GL functions through glfw, so that X11 and Wayland windows work alike."""

    def __init__(self, glfw: Any) -> None:
        self._glfw = glfw

    def load_opengl_function(self, name: str) -> int:
        import ctypes

        return ctypes.cast(self._glfw.get_proc_address(name), ctypes.c_void_p).value or 0

    load = load_opengl_function

    def __enter__(self) -> _Loader:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def release(self) -> None:
        pass
