"""Where the show is seen: a window on a named display, or its twin without a screen.

Both have the same methods: `ctx`, `screen`, `framebuffer_size`, `on_key`, `poll`, `swap`,
`should_close`, `close`. Everything runs on the main thread, which waits for nothing but the
refresh inside `swap`. glfw chooses X11 or Wayland by itself, and is imported only when needed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine import clock
from engine.errors import DeviceError
from engine.render.displays import (
    choose_display,
    display_name,
    key_names,
    last_error,
    standalone_context,
    start_glfw,
    stop_glfw,
    window_context,
)

if TYPE_CHECKING:
    import moderngl

Size = tuple[int, int]
DOUBLE_CLICK_SECONDS = 0.4
PACE_SHARE = 1.1
"""A window's own pace, in refreshes: a little above what the display allows, so that it only
counts where swapping does not wait (software OpenGL, virtual displays, a driver's setting)."""


def list_displays() -> list[str]:
    """The displays' names, as `--display` takes them; empty where there is none. Never raises."""
    try:
        glfw = start_glfw()
        try:
            return [display_name(glfw, monitor) for monitor in glfw.get_monitors()]
        finally:
            stop_glfw()
    except Exception:  # A broken display server is the same as none.
        return []


class Pacer:
    """Sleeps until the next picture is due, by absolute deadlines.

    After a late picture the next is due at once, but lost ones are not made up for.
    """

    def __init__(self, hz: float) -> None:
        self.hz = hz
        self._due = clock.monotonic()

    def wait(self) -> None:
        self._due = max(self._due + 1.0 / self.hz, clock.monotonic() - 0.1)
        clock.sleep(self._due - clock.monotonic())


class Window:
    """A window with a GL 3.3 context of its own.

    `size` is that of the picture area while windowed. Full screen takes the display whose name
    contains `display`; without a name the last one that is not the main one, where the hands
    are, or the only one there is.
    """

    def __init__(
        self,
        size: Size,
        display: str | None = None,
        fullscreen: bool = False,
        title: str = "Liquidlight",
    ) -> None:
        """Raises DeviceError for an unknown display, or where no window can be opened."""
        self._keys: list[Callable[[str], None]] = []
        self._size, self._wanted, self._clicked = size, display, -1.0
        self._lost = False
        self._glfw = start_glfw()
        try:
            self._handle = self._open(size, title)
            self.ctx = window_context(self._glfw)
        except BaseException:
            stop_glfw()
            raise
        self._names = key_names(self._glfw)
        self._listen()
        self._hz = self.refresh_hz
        self._pacer = Pacer(PACE_SHARE * self._hz)
        self.fullscreen = False
        self.swapped = clock.monotonic()
        self.frame_seconds = self._swap_seconds = 0.0
        if fullscreen:
            self.toggle_fullscreen()

    @property
    def framebuffer_size(self) -> Size:
        """(width, height) of what is drawn into, pixels; never zero, even when iconified."""
        width, height = self._glfw.get_framebuffer_size(self._handle)
        return max(1, width), max(1, height)

    @property
    def screen(self) -> moderngl.Framebuffer:
        """The framebuffer that `swap` shows. Its `viewport` is its present size, its `size` is
        that of the window's first moment: moderngl does not follow a window."""
        self.ctx.screen.viewport = (0, 0, *self.framebuffer_size)
        return self.ctx.screen

    @property
    def refresh_hz(self) -> float:
        """Refreshes a second of the display that the window is on."""
        glfw = self._glfw
        monitor = glfw.get_window_monitor(self._handle) or glfw.get_primary_monitor()
        mode = glfw.get_video_mode(monitor) if monitor else None
        return float(mode.refresh_rate) if mode and mode.refresh_rate else 60.0

    @property
    def should_close(self) -> bool:
        return bool(self._glfw.window_should_close(self._handle))

    def on_key(self, callback: Callable[[str], None]) -> None:
        """Call `callback(name)` for each key pressed: `a`, `7`, `space`, `left`, `ctrl+shift+s`."""
        self._keys.append(callback)

    def poll(self) -> None:
        """Let keys and display changes in; comes back at once."""
        self._glfw.poll_events()
        if self._lost:
            self._lost = False
            self._reclaim()

    def swap(self) -> None:
        """Show what was drawn; waits for the refresh. `frame_seconds` is the time since the last
        swap, `swapped` its moment on the steady clock."""
        begun = clock.monotonic()
        self._glfw.swap_buffers(self._handle)
        now = clock.monotonic()
        self._swap_seconds += 0.05 * (now - begun - self._swap_seconds)
        self.frame_seconds, self.swapped = now - self.swapped, now
        self._pacer.wait()

    @property
    def presentation(self) -> float:
        """Seconds from a swap to the light, as far as glfw can tell.

        Where swapping waits for the refresh, a picture is seen at the next one; where it does not
        (virtual displays, software OpenGL) it is there at once. What a projector adds is not
        known to anyone here: the operator's offset is for that.
        """
        waits = self._swap_seconds > 0.25 / self._hz
        return 1.0 / self._hz if waits else 0.0

    @property
    def pace_hz(self) -> float:
        """Pictures a second that are meant to be shown."""
        return min(self.refresh_hz, self._pacer.hz)

    def limit(self, hz: float) -> None:
        """Show at most `hz` pictures a second, where drawing them is dear."""
        self._pacer.hz = min(self._pacer.hz, hz)

    def toggle_fullscreen(self) -> None:
        """Fill the chosen display, or go back to a window. F11 and a double click do the same."""
        glfw = self._glfw
        if self.fullscreen:
            glfw.set_window_monitor(self._handle, None, 60, 60, *self._size, glfw.DONT_CARE)
            glfw.set_input_mode(self._handle, glfw.CURSOR, glfw.CURSOR_NORMAL)
            self.fullscreen = False
            return
        monitor = choose_display(glfw, self._wanted)
        mode = glfw.get_video_mode(monitor)
        # The display keeps its own mode: a change of mode is seconds of black on a projector.
        place = (0, 0, mode.size.width, mode.size.height, mode.refresh_rate)
        glfw.set_window_monitor(self._handle, monitor, *place)
        glfw.set_input_mode(self._handle, glfw.CURSOR, glfw.CURSOR_HIDDEN)
        self.fullscreen = True
        glfw.swap_interval(1)

    def close(self) -> None:
        """End the window and its context."""
        self.ctx.release()
        self._glfw.destroy_window(self._handle)
        stop_glfw()

    def _open(self, size: Size, title: str) -> Any:
        glfw = self._glfw
        choose_display(glfw, self._wanted)
        hints = {
            glfw.CONTEXT_VERSION_MAJOR: 3,
            glfw.CONTEXT_VERSION_MINOR: 3,
            glfw.OPENGL_PROFILE: glfw.OPENGL_CORE_PROFILE,
            glfw.OPENGL_FORWARD_COMPAT: True,
            glfw.AUTO_ICONIFY: False,
        }
        for hint, value in hints.items():
            glfw.window_hint(hint, value)
        handle = glfw.create_window(*size, title, None, None)
        if not handle:
            raise DeviceError(f"the window cannot be opened: {last_error(glfw)}")
        glfw.make_context_current(handle)
        glfw.swap_interval(1)
        return handle

    def _listen(self) -> None:
        glfw = self._glfw
        glfw.set_key_callback(self._handle, self._key)
        glfw.set_mouse_button_callback(self._handle, self._button)
        glfw.set_monitor_callback(self._monitor)

    def _key(self, _window: Any, key: int, _scancode: int, action: int, mods: int) -> None:
        glfw, name = self._glfw, self._names.get(key)
        if action != glfw.PRESS or name is None:
            return
        if name == "f11":
            return self.toggle_fullscreen()
        if mods & (glfw.MOD_CONTROL | glfw.MOD_SUPER):
            name = f"ctrl+{'shift+' * bool(mods & glfw.MOD_SHIFT)}{name}"
        for callback in self._keys:
            callback(name)

    def _button(self, _window: Any, button: int, action: int, _mods: int) -> None:
        if action != self._glfw.PRESS or button != self._glfw.MOUSE_BUTTON_LEFT:
            return
        now, before = clock.monotonic(), self._clicked
        self._clicked = now
        if before >= 0.0 and now - before < DOUBLE_CLICK_SECONDS:
            self._clicked = -1.0
            self.toggle_fullscreen()

    def _monitor(self, _monitor: Any, _event: int) -> None:
        """A display came or went; put right in `poll`, outside the callback."""
        self._lost = True

    def _reclaim(self) -> None:
        """Full screen goes back to its display when that is there again, and waits otherwise.

        glfw itself turns the window into an ordinary one when its display goes.
        """
        if not self.fullscreen:
            return
        with contextlib.suppress(DeviceError):
            self.fullscreen = False
            self.toggle_fullscreen()
        self.fullscreen = True


class Offscreen:
    """The twin of Window without a screen: EGL on Linux, a hidden context elsewhere.

    `swap` keeps the pace of `refresh_hz` by absolute deadlines; None: it never waits.
    """

    def __init__(self, size: Size, refresh_hz: float | None = 60.0) -> None:
        """Raises DeviceError where there is no GL."""
        self.ctx = standalone_context()
        self.screen = self.ctx.framebuffer([self.ctx.texture(size, 4)])
        self.framebuffer_size = size
        self.refresh_hz = refresh_hz or 60.0
        self._pacer = Pacer(self.refresh_hz) if refresh_hz is not None else None
        self.should_close = False
        self.fullscreen = False
        self._keys: list[Callable[[str], None]] = []
        self.swapped = clock.monotonic()
        self.frame_seconds = self.presentation = 0.0

    def on_key(self, callback: Callable[[str], None]) -> None:
        self._keys.append(callback)

    def press(self, name: str) -> None:
        """Press a key, as hands would on a window."""
        for callback in self._keys:
            callback(name)

    def poll(self) -> None:
        pass

    def swap(self) -> None:
        self.ctx.finish()
        now = clock.monotonic()
        self.frame_seconds, self.swapped = now - self.swapped, now
        if self._pacer:
            self._pacer.wait()

    @property
    def pace_hz(self) -> float:
        return self._pacer.hz if self._pacer else self.refresh_hz

    def limit(self, hz: float) -> None:
        if self._pacer:
            self._pacer.hz = min(self._pacer.hz, hz)

    def toggle_fullscreen(self) -> None:
        pass

    def close(self) -> None:
        self.ctx.release()
