"""Keys and the mouse of one window: from glfw's callbacks to names and places.

Called out of glfw.poll_events on the main thread; flows out to `keys` and `mice`. F11 and a double
click are the window's own: they fill its display or give it back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine import clock
from engine.render.displays import key_names

DOUBLE_CLICK_SECONDS = 0.4
SHIFTED = ("up", "down", "left", "right", "tab")
"""Keys that are told apart from themselves with shift."""


class Hands:
    """`keys` are (callback, whether it hears a held key again), `mice` callbacks.

    While `double_click` is False, it means nothing: corners are being dragged.
    """

    def __init__(self, glfw: Any, handle: Any, toggle: Callable[[], None]) -> None:
        self._glfw, self._handle, self._toggle = glfw, handle, toggle
        self._names = key_names(glfw)
        self._clicked = -1.0
        self._place: tuple[float, float] | None = None
        self.keys: list[tuple[Callable[[str], None], bool]] = []
        self.mice: list[Callable[[str, float, float], None]] = []
        self.double_click = True
        glfw.set_key_callback(handle, self._key)
        glfw.set_mouse_button_callback(handle, self._button)
        glfw.set_cursor_pos_callback(handle, self._moved)

    def show_cursor(self, shown: bool) -> None:
        """Whether the mouse is seen over the window."""
        glfw = self._glfw
        look = glfw.CURSOR_NORMAL if shown else glfw.CURSOR_HIDDEN
        glfw.set_input_mode(self._handle, glfw.CURSOR, look)

    def _key(self, _window: Any, key: int, _scancode: int, action: int, mods: int) -> None:
        glfw, name = self._glfw, self._names.get(key)
        if action == glfw.RELEASE or name is None:
            return
        shift = "shift+" * bool(mods & glfw.MOD_SHIFT)
        if mods & (glfw.MOD_CONTROL | glfw.MOD_SUPER):
            name = f"ctrl+{shift}{name}"
        elif name in SHIFTED:
            name = f"{shift}{name}"
        if name == "f11":
            return self._toggle() if action == glfw.PRESS else None
        for callback, repeats in self.keys:
            if repeats or action == glfw.PRESS:
                callback(name)

    def _button(self, _window: Any, button: int, action: int, _mods: int) -> None:
        if button != self._glfw.MOUSE_BUTTON_LEFT:
            return
        pressed = action == self._glfw.PRESS
        # Where it was told to be: asked for now, it is where later events have taken it.
        place = self._place or self._glfw.get_cursor_pos(self._handle)
        self._tell("press" if pressed else "release", *place)
        if not (pressed and self.double_click):
            return
        now, before = clock.monotonic(), self._clicked
        self._clicked = now
        if before >= 0.0 and now - before < DOUBLE_CLICK_SECONDS:
            self._clicked = -1.0
            self._toggle()

    def _moved(self, _window: Any, x: float, y: float) -> None:
        self._place = x, y
        self._tell("move", x, y)

    def _tell(self, what: str, x: float, y: float) -> None:
        """From the window's own units, from the top, to pixels from the bottom."""
        width, height = self._glfw.get_window_size(self._handle)
        across, up = self._glfw.get_framebuffer_size(self._handle)
        for callback in self.mice:
            callback(what, x * across / max(1, width), up - y * up / max(1, height))
