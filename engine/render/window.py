"""A window with a GL context, on a display that it remembers and claims again.

Keys, the mouse and display changes flow out to callbacks in `poll`, pictures in by `swap`.
Everything runs on the main thread, which waits for nothing but the refresh inside `swap`. A window
that shares another's context shows a second picture of the same show and never waits. glfw
chooses X11 or Wayland by itself, and is imported only when needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine import clock
from engine.errors import DeviceError
from engine.render.berth import Berth
from engine.render.buffers import Size
from engine.render.displays import (
    Display,
    choose_display,
    displays,
    forget_displays,
    list_displays,
    on_displays,
    open_handle,
    same_monitor,
    start_glfw,
    stop_glfw,
    window_context,
)
from engine.render.offscreen import Offscreen, Pacer
from engine.render.swaps import Swaps
from engine.render.window_hands import Hands

if TYPE_CHECKING:
    import moderngl

__all__ = ["Offscreen", "Pacer", "Window", "list_displays"]



WINDOWED_PLACE = (60, 60)
"""Where a window goes that never was one."""


class Window:
    """A window with a GL 3.3 context of its own, or one that shares the objects of another's.

    `size` is that of the picture area while windowed. Full screen takes the display that
    `choose_display` finds, and remembers it: while it is gone the window is hidden, and `note`
    says so in a line; when it comes back, the window is there again. `berth` says where it is,
    `changes` counts displays that came and went.
    """

    def __init__(
        self,
        size: Size,
        display: str | None = None,
        fullscreen: bool = False,
        title: str = "Liquidlight",
        share: Window | None = None,
        patient: bool = False,
        place: tuple[int, int] | None = None,
    ) -> None:
        """A `patient` window waits, hidden, for a display that is not there yet; `place` is that of
        an ordinary window on the desktop, in pixels from the top left.

        Raises DeviceError for an unknown display, or where no window can be opened.
        """
        self._size, self._place = size, WINDOWED_PLACE
        self._share, self._changed = share, False
        self.berth = Berth(display)
        self.changes = 0
        self.note = ""
        self.visible = True
        self._glfw = start_glfw()
        try:
            if not patient:
                choose_display(displays(self._glfw), display)
            beside, seen = share and share._handle, not (fullscreen or place)
            self._handle = open_handle(self._glfw, size, title, beside, seen)
            self.ctx = window_context(self._glfw)
        except BaseException:
            stop_glfw()
            raise
        self.hands = Hands(self._glfw, self._handle, self._toggle)
        on_displays(self._glfw, self._hear_displays)
        self.swaps = Swaps(self.refresh_hz)
        if fullscreen:
            self._start_full(patient)
        elif place is not None:
            self._glfw.set_window_pos(self._handle, *place)
            self._show()

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
    def label(self) -> str:
        """What it is shown on: the display's name while full screen."""
        return self.berth.name if self.berth.full else "window"

    @property
    def fullscreen(self) -> bool:
        """Whether it fills a display, or waits for one that it would fill."""
        return self.berth.full

    def displays(self) -> list[Display]:
        """All there are now, the main one first."""
        return displays(self._glfw)

    @property
    def place(self) -> tuple[int, int]:
        """Left and top on the desktop, pixels."""
        return tuple(self._glfw.get_window_pos(self._handle))

    @property
    def should_close(self) -> bool:
        return bool(self._glfw.window_should_close(self._handle))

    def on_key(self, callback: Callable[[str], None], repeats: bool = False) -> None:
        """Call `callback(name)` for each key pressed: `a`, `7`, `space`, `left`, `ctrl+shift+s`,
        `shift+up`; with `repeats` also while it is held."""
        self.hands.keys.append((callback, repeats))

    def on_mouse(self, callback: Callable[[str, float, float], None]) -> None:
        """Call `callback(what, x, y)` with "press", "move" or "release" of the left button, in
        pixels of the picture from the bottom left."""
        self.hands.mice.append(callback)

    def use(self) -> None:
        """Make its context the current one."""
        self._glfw.make_context_current(self._handle)

    def poll(self) -> None:
        """Let keys and display changes in; comes back at once."""
        if self._share is None:
            self._glfw.poll_events()
        if self._changed:
            self._changed = False
            self._reclaim()

    def swap(self) -> None:
        """Show what was drawn. Waits for the refresh, unless it shares another's context."""
        begun = clock.monotonic()
        if self.visible:
            self._glfw.swap_buffers(self._handle)
        self.swaps.done(begun)
        if self._share is None:
            self.swaps.wait()

    @property
    def swapped(self) -> float:
        """The moment of the last swap on the steady clock."""
        return self.swaps.swapped

    @property
    def frame_seconds(self) -> float:
        """Between the last two swaps."""
        return self.swaps.frame_seconds

    @property
    def presentation(self) -> float:
        """Seconds from a swap to the light, as far as it is known."""
        return self.swaps.presentation

    @property
    def pace_hz(self) -> float:
        """Pictures a second that are meant to be shown."""
        return self.swaps.pace_hz

    def limit(self, hz: float) -> None:
        """Show at most `hz` pictures a second, where drawing them is dear."""
        self.swaps.limit(hz)

    def move(self, berth: Berth) -> None:
        """Go there at once; where its display is not there, it waits for it, hidden."""
        if not berth.full:
            if self.fullscreen:
                self._leave()
            self.berth = berth
            return
        shown = displays(self._glfw)
        if (home := berth.found(shown)) is None:
            self.berth = berth
            self._hide(f"display '{berth.name}' is not there: its output waits for it")
            return
        full = self.fullscreen
        self.berth = replace(berth, full=full)
        self._claim(home, shown)

    def toggle_fullscreen(self) -> None:
        """Fill the chosen display, or go back to a window. F11 and a double click do the same.

        Raises DeviceError where the wanted display is not there.
        """
        if self.fullscreen:
            self._leave()
            return
        shown = displays(self._glfw)
        self._claim(self.berth.found(shown) or choose_display(shown, self.berth.wanted), shown)

    def grab(self, on: bool) -> None:
        """The mouse is at work on the picture: it is seen, and a double click means nothing."""
        self.hands.double_click = not on
        self.hands.show_cursor(on or not self.fullscreen)

    def close(self) -> None:
        """End the window and its context; those that share it must have ended before."""
        forget_displays(self._hear_displays)
        self.use()
        self.ctx.release()
        self._glfw.destroy_window(self._handle)
        if self._share is not None:
            self._share.use()
        stop_glfw()

    def _start_full(self, patient: bool) -> None:
        """Full screen from the start; a patient window waits for its display."""
        shown = displays(self._glfw)
        try:
            self._claim(choose_display(shown, self.berth.wanted), shown)
        except DeviceError as error:
            if not patient:
                raise
            self.berth, self.visible = replace(self.berth, full=True), False
            self.note = f"{error}; its output waits for it"

    def _claim(self, home: Display, shown: list[Display]) -> None:
        """Fill a display, and remember it."""
        glfw = self._glfw
        if not self.fullscreen and glfw.get_window_attrib(self._handle, glfw.VISIBLE):
            self._place = self.place
        # The display keeps its own mode: a change of mode is seconds of black on a projector.
        glfw.set_window_monitor(
            self._handle, home.monitor, 0, 0, *home.size, max(1, round(home.hz))
        )
        self.berth = self.berth.on(home, shown)
        self.swaps.tune(home.hz)
        self._show()
        self.hands.show_cursor(not self.hands.double_click)  # seen while corners are dragged
        if self._share is None:
            self.use()
            glfw.swap_interval(1)

    def _leave(self) -> None:
        """Back to an ordinary window, where it was one."""
        glfw = self._glfw
        glfw.set_window_monitor(self._handle, None, *self._place, *self._size, glfw.DONT_CARE)
        self.berth = replace(self.berth, full=False)
        self.hands.show_cursor(True)
        self._show()

    def _hide(self, note: str) -> None:
        if self.visible:
            self._glfw.hide_window(self._handle)
        self.visible, self.note = False, note

    def _show(self) -> None:
        if not self._glfw.get_window_attrib(self._handle, self._glfw.VISIBLE):
            self._glfw.show_window(self._handle)
        # What comes back later must not take the keys from the operator.
        self._glfw.set_window_attrib(self._handle, self._glfw.FOCUS_ON_SHOW, False)
        self.visible = True

    def _toggle(self) -> None:
        """By a hand, who is told why it does not work."""
        try:
            self.toggle_fullscreen()
        except DeviceError as error:
            self.note = str(error)

    def _hear_displays(self) -> None:
        """A display came or went. One that is gone leaves a window that glfw lays on the main
        display, over the operator's: hide that here, at once; all else is done in `poll`."""
        self._changed, self.changes = True, self.changes + 1
        if self.fullscreen and self.visible and not self.berth.found(displays(self._glfw)):
            self._hide(f"display '{self.label}' is gone: its output is hidden until it comes back")

    def _reclaim(self) -> None:
        """Full screen goes back to its display when that is there again."""
        if not self.fullscreen:
            return
        shown = displays(self._glfw)
        home = self.berth.found(shown)
        if home is None:
            return
        there = self._glfw.get_window_monitor(self._handle)
        if self.visible and there and same_monitor(there, home.monitor):
            return
        back = not self.visible
        self._claim(home, shown)
        if back:
            self.note = f"display '{home.name}' is there: its output is shown on it"
