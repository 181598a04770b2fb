"""The twin of Window without a screen, and the pace that both keep.

Same methods as Window: `ctx`, `screen`, `framebuffer_size`, `on_key`, `on_mouse`, `use`, `poll`,
`swap`, `should_close`, `close`. Runs on the main thread; for films, tests and `--offscreen`.
"""

from __future__ import annotations

from collections.abc import Callable

from engine import clock
from engine.render.berth import Berth
from engine.render.buffers import Size, release
from engine.render.displays import Display, standalone_context


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


class Offscreen:
    """A picture nobody sees: EGL on Linux, a hidden context elsewhere.

    `swap` keeps the pace of `refresh_hz` by absolute deadlines; None: it never waits. One with
    `share` is a further picture of another's context.
    """

    visible = True
    note = ""
    berth = Berth()
    changes = 0

    def __init__(
        self, size: Size, refresh_hz: float | None = 60.0, share: Offscreen | None = None
    ) -> None:
        """Raises DeviceError where there is no GL."""
        self._share = share
        self.ctx = share.ctx if share else standalone_context()
        self.screen = self.ctx.framebuffer([self.ctx.texture(size, 4)])
        self.framebuffer_size = size
        self.refresh_hz = refresh_hz or 60.0
        self._pacer = Pacer(self.refresh_hz) if refresh_hz is not None and not share else None
        self.should_close = False
        self.fullscreen = False
        self._keys: list[Callable[[str], None]] = []
        self._mice: list[Callable[[str, float, float], None]] = []
        self.swapped = clock.monotonic()
        self.frame_seconds = self.presentation = 0.0

    @property
    def label(self) -> str:
        """What it is shown on."""
        return "offscreen"

    def on_key(self, callback: Callable[[str], None], repeats: bool = False) -> None:
        """Call `callback(name)` for each `press`."""
        self._keys.append(callback)

    def on_mouse(self, callback: Callable[[str, float, float], None]) -> None:
        """Call `callback(what, x, y)` for each `point`."""
        self._mice.append(callback)

    def press(self, name: str) -> None:
        """Press a key, as hands would on a window."""
        for callback in self._keys:
            callback(name)

    def point(self, what: str, x: float, y: float) -> None:
        """Move or use the mouse: "press", "move" or "release" at pixels from the bottom left."""
        for callback in self._mice:
            callback(what, x, y)

    def use(self) -> None:
        """Make its context the current one; there is only one."""

    def poll(self) -> None:
        """Nothing comes in by itself."""

    def grab(self, on: bool) -> None:
        """There is no cursor."""

    def swap(self) -> None:
        """Finish the drawing, and wait until the next picture is due."""
        self.ctx.finish()
        now = clock.monotonic()
        self.frame_seconds, self.swapped = now - self.swapped, now
        if self._pacer:
            self._pacer.wait()

    @property
    def pace_hz(self) -> float:
        return self._pacer.hz if self._pacer else self.refresh_hz

    def limit(self, hz: float) -> None:
        """Show at most `hz` pictures a second."""
        if self._pacer:
            self._pacer.hz = min(self._pacer.hz, hz)

    def toggle_fullscreen(self) -> None:
        """There is no screen."""

    def displays(self) -> list[Display]:
        """There are none."""
        return []

    def move(self, berth: Berth) -> None:
        """There is nowhere to go."""

    def close(self) -> None:
        """Free the context, or this picture of another's."""
        if self._share is None:
            self.ctx.release()
        else:
            release([self.screen])
