"""What window.py needs of glfw and moderngl: starting them, displays by identity, names of keys.

A display is known by its name and its size in millimetres, which come from its EDID; places and
modes change when a plug is pulled. Runs on the main thread. glfw is started once for each user and
ended with the last one.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Display:
    """A display that is there: `place` and `size` in pixels of the desktop, `hz` its refresh.

    `main` is the operator's; `monitor` is glfw's own handle, good until the next change.
    """

    name: str
    place: tuple[int, int]
    size: tuple[int, int]
    millimetres: tuple[int, int]
    hz: float
    main: bool = False
    monitor: Any = field(default=None, compare=False, repr=False)

    @property
    def label(self) -> str:
        """All by which it can be told from another: `HDMI-1 1920x1080+1280+0 520x290mm`."""
        (width, height), (x, y), (across, up) = self.size, self.place, self.millimetres
        return f"{self.name} {width}x{height}+{x}+{y} {across}x{up}mm"


def displays(glfw: Any) -> list[Display]:
    """Every display there is, the main one first."""
    return [_display(glfw, monitor, n == 0) for n, monitor in enumerate(glfw.get_monitors())]


def _display(glfw: Any, monitor: Any, main: bool) -> Display:
    name, mode = glfw.get_monitor_name(monitor), glfw.get_video_mode(monitor)
    name = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
    place = tuple(map(int, glfw.get_monitor_pos(monitor)))
    millimetres = tuple(map(int, glfw.get_monitor_physical_size(monitor)))
    size = (int(mode.size.width), int(mode.size.height)) if mode else (0, 0)
    hz = float(mode.refresh_rate) if mode and mode.refresh_rate else 60.0
    return Display(name, place, size, millimetres, hz, main, monitor)


def names_of(shown: Sequence[Display]) -> list[str]:
    """What to choose each by: its name, or its label where two are called the same."""
    names = [display.name for display in shown]
    return [d.name if names.count(d.name) == 1 else d.label for d in shown]


def choose_display(shown: Sequence[Display], wanted: str | None) -> Display:
    """The display that is called `wanted`, or whose name, else label, has its words in it.

    The case of letters does not matter. None: the last that is not the main one, where the hands
    are, or the only one there is. Raises DeviceError with the names.
    """
    if not shown:
        raise DeviceError(NO_DISPLAY)
    if wanted is None:
        return shown[-1]
    if found := fits(shown, wanted):
        return found[0]
    there = ", ".join(f"'{name}'" for name in names_of(shown))
    raise DeviceError(f"no display is called '{wanted}'; there is {there}")


def fits(shown: Sequence[Display], wanted: str) -> list[Display]:
    """The displays that a name means, the likeliest first."""
    low = wanted.lower()
    ways: tuple[Callable[[Display], bool], ...] = (
        lambda display: display.name == wanted,
        lambda display: low in display.name.lower(),
        lambda display: all(word in display.label.lower() for word in low.split()),
    )
    return next(filter(None, ([d for d in shown if way(d)] for way in ways)), [])


def has_twin(shown: Sequence[Display], home: Display) -> bool:
    """Whether another display has the same name and size in millimetres."""
    return sum(_alike(display, home) for display in shown) > 1


def _alike(one: Display, other: Display) -> bool:
    return (one.name, one.millimetres) == (other.name, other.millimetres)


def find_again(shown: Sequence[Display], home: Display, twin: bool = False) -> Display | None:
    """The display that `home` was, wherever it is plugged in now; None while it is not there.

    Name and size in millimetres say so; where it has a `twin`, the place as well. One of the same
    name alone will do where it is the only one (a projector behind another box), but never the
    operator's main display for one that was not.
    """
    shown = [display for display in shown if home.main or not display.main]
    same = [d for d in shown if _alike(d, home) and (d.place == home.place or not twin)]
    named = [display for display in shown if display.name == home.name]
    if same or twin or len(named) != 1:
        return same[0] if same else None
    return named[0]


_listeners: list[Callable[[], None]] = []


def on_displays(glfw: Any, callback: Callable[[], None]) -> None:
    """Call back whenever a display came or went, out of glfw.poll_events; glfw has one place."""
    _listeners.append(callback)
    glfw.set_monitor_callback(_changed)


def forget_displays(callback: Callable[[], None]) -> None:
    """No longer."""
    _listeners.remove(callback)


def _changed(_monitor: Any, _event: int) -> None:
    for callback in _listeners:
        callback()


def list_displays() -> list[str]:
    """The displays' names, as `--display` takes them; empty where there is none. Never raises."""
    try:
        glfw = start_glfw()
        try:
            return names_of(displays(glfw))
        finally:
            stop_glfw()
    except Exception:  # A broken display server is the same as none.
        return []


def missing_displays(wanted: Sequence[str]) -> list[str]:
    """Those of the names that fit no display that is there now. Never raises."""
    try:
        glfw = start_glfw()
    except DeviceError:
        return list(wanted)
    try:
        shown = displays(glfw)
        return [name for name in wanted if not fits(shown, name)]
    finally:
        stop_glfw()


def open_handle(glfw: Any, size: tuple[int, int], title: str, share: Any, visible: bool) -> Any:
    """A window, its GL 3.3 context made current; `share` is the one whose objects it sees.

    Raises DeviceError.
    """
    hints = {
        glfw.CONTEXT_VERSION_MAJOR: 3,
        glfw.CONTEXT_VERSION_MINOR: 3,
        glfw.OPENGL_PROFILE: glfw.OPENGL_CORE_PROFILE,
        glfw.OPENGL_FORWARD_COMPAT: True,
        glfw.AUTO_ICONIFY: False,
        glfw.VISIBLE: visible,
        glfw.FOCUS_ON_SHOW: share is None,
    }
    for hint, value in hints.items():
        glfw.window_hint(hint, value)
    handle = glfw.create_window(*size, title, None, share)
    if not handle:
        raise DeviceError(f"the window cannot be opened: {last_error(glfw)}")
    glfw.make_context_current(handle)
    # One window waits for its display; were each to wait for its own, all would be as slow as
    # their sum.
    glfw.swap_interval(1 if share is None else 0)
    return handle


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


def same_monitor(one: Any, other: Any) -> bool:
    """Whether two of glfw's handles are the same; Python wraps each anew."""
    from ctypes import addressof

    return addressof(one.contents) == addressof(other.contents)
