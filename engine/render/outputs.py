"""Every window of the show: one composed picture, drawn on each output through its own mapping.

The first window's context is the one that the show is drawn in; all others share its textures.
`show` takes a picture, `swap` lays it on every output and waits for the first one's refresh only.
Beside the outputs there may be windows that the audience never sees (`open_window`): an
operator's view. Main thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from engine.clock import monotonic
from engine.errors import DeviceError
from engine.render.berth import Berths
from engine.render.buffers import Size
from engine.render.displays import Display
from engine.render.mapping import Mapping, Output
from engine.render.offscreen import Offscreen
from engine.render.output_map import OutputMap
from engine.render.overlay import Marks, Overlay
from engine.render.sights import SharedTextures, Sight
from engine.render.test_card import Cards
from engine.render.window import Window

if TYPE_CHECKING:
    import moderngl

__all__ = ["Outputs", "SharedTextures", "Sight"]

Draw = Callable[[Window | Offscreen], None]
NAMED_SECONDS = 4.0


@dataclass(slots=True)
class Further:
    """A window beside the outputs, drawn by its owner at most `hz` times a second."""

    window: Window | Offscreen
    draw: Draw
    hz: float
    due: float = 0.0
    note: str = ""
    faults: int = 0


class Outputs:
    """The show's windows. As one Window to whoever plays: its methods speak of the first output.

    `notes` are lines about displays that came and went, taken by `take_notes`.
    """

    def __init__(self, outputs: Sequence[Output], offscreen: bool = False) -> None:
        """Raises DeviceError where the first output cannot be opened, or no display is there.

        Where there are several, those whose display is missing wait for it, hidden; one at least
        must be there.
        """
        self.sights: list[Sight] = []
        self._further: list[Further] = []
        self._image: tuple[moderngl.Texture, float] | None = None
        self._mice: list[Callable[[int, str, float, float], None]] = []
        self._worker = ThreadPoolExecutor(1, "cards")
        self._key_callbacks: list[tuple[Callable[[str], None], bool]] = []
        try:
            for output in outputs:
                window = self._open(output, offscreen, patient=len(outputs) > 1)
                home = self.sights[0].window.ctx if self.sights else window.ctx
                shared = SharedTextures(home, window.ctx)
                own = Cards(window.ctx, self._worker), Overlay(window.ctx)
                sight = Sight(output, window, OutputMap(window.ctx), shared, *own)
                self.sights.append(sight)
                window.on_mouse(partial(self._mouse, len(self.sights) - 1))
            if not any(sight.window.visible for sight in self.sights):
                raise DeviceError("; ".join(sight.window.note for sight in self.sights))
        except BaseException:
            self.close()
            raise
        self.berths = Berths(self.sights)
        self.first.use()

    @property
    def first(self) -> Window | Offscreen:
        """The window whose context the show is drawn in."""
        return self.sights[0].window

    @property
    def ctx(self) -> moderngl.Context:
        return self.first.ctx

    @property
    def screen(self) -> moderngl.Framebuffer:
        """The first output's screen, for whoever draws past all mappings."""
        return self.first.screen

    @property
    def framebuffer_size(self) -> Size:
        return self.first.framebuffer_size

    @property
    def should_close(self) -> bool:
        """Whether a hand has closed one of the outputs."""
        return any(sight.window.should_close for sight in self.sights)

    @property
    def swapped(self) -> float:
        return self.first.swapped

    @property
    def frame_seconds(self) -> float:
        return self.first.frame_seconds

    @property
    def presentation(self) -> float:
        return self.first.presentation

    @property
    def pace_hz(self) -> float:
        return self.first.pace_hz

    @property
    def fullscreen(self) -> bool:
        return self.first.fullscreen

    def limit(self, hz: float) -> None:
        """Show at most `hz` pictures a second."""
        self.first.limit(hz)

    def on_key(self, callback: Callable[[str], None], repeats: bool = False) -> None:
        """Call back for keys in any window, further ones as well."""
        self._key_callbacks.append((callback, repeats))
        for window in self._windows():
            window.on_key(callback, repeats)

    def on_mouse(self, callback: Callable[[int, str, float, float], None]) -> None:
        """Call `callback(n, what, x, y)` for the mouse on output `n` (from 0), as Window does."""
        self._mice.append(callback)

    @property
    def size(self) -> Size:
        """(width, height) of the picture that is shown."""
        return self._image[0].size if self._image else self.framebuffer_size

    def mark(self, n: int, marks: Marks | None) -> None:
        """What output `n` shows over its picture."""
        self.sights[n].marks = marks

    def grab(self, n: int, on: bool) -> None:
        """The mouse is at work on output `n`: it is seen, and a double click means nothing."""
        self.sights[n].window.grab(on)

    def toggle_fullscreen(self) -> None:
        """All outputs fill their displays, or none; one that cannot says so in its note."""
        full = not self.first.fullscreen
        for sight in self.sights:
            if sight.window.fullscreen != full:
                try:
                    sight.window.toggle_fullscreen()
                except DeviceError as error:
                    sight.window.note = str(error)

    def identify(self) -> None:
        """Every output shows its test card for a while: who is where? Displays are listed anew."""
        self.berths.look()
        until = monotonic() + NAMED_SECONDS
        for sight in self.sights:
            sight.named_until = until

    def set_mapping(self, n: int, mapping: Mapping) -> None:
        """Output `n` (from 0) shows through this from the next swap on."""
        self.sights[n].output = replace(self.sights[n].output, mapping=mapping)

    def open_window(
        self, title: str, size: Size, draw: Draw, hz: float = 30.0
    ) -> Window | Offscreen:
        """A further window, never an output, that shares all textures of the show.

        It opens on a display that no output fills, where there is one.

        `draw(window)` is called out of `swap` at most `hz` times a second with the window's
        context current; it draws into `window.screen` with programs and vertex arrays of
        `window.ctx` (textures of the show come in by a SharedTextures). What it raises is told in
        `take_notes`, once. A hand that closes the window closes it alone.
        """
        if isinstance(self.first, Offscreen):
            window = Offscreen(size, share=self.first)
        else:
            free = self.free_displays()
            left, top = free[0].place if free else (0, 0)
            window = Window(size, title=title, share=self.first, place=(left + 40, top + 40))
        for callback, repeats in self._key_callbacks:
            window.on_key(callback, repeats)
        self._further.append(Further(window, draw, hz))
        self.first.use()
        return window

    def free_displays(self) -> list[Display]:
        """Displays that no output fills, the operator's main one first."""
        shown = self.first.displays()
        taken = [berth.found(shown) for berth in self.berths.now if berth.full]
        return [display for display in shown if display not in taken]

    def poll(self) -> None:
        """Let keys, the mouse and display changes in."""
        for window in self._windows():
            window.poll()
        self.berths.poll()
        for one in [one for one in self._further if one.window.should_close]:
            self._further.remove(one)
            one.window.close()
        self.first.use()

    def show(self, image: moderngl.Texture, light: float = 1.0) -> None:
        """What `swap` lays on every output from now on, with so much of its light (0..1)."""
        self._image = image, light

    def swap(self) -> None:
        """Draw the picture on every output and show it; waits for the first one's refresh."""
        for sight in self.sights[1:]:
            sight.window.use()  # Which also sends off what the context before was asked to draw.
            self._draw(sight)
            sight.window.swap()
        for one in self._further:
            self._draw_further(one)
        self.first.use()
        self._draw(self.sights[0])
        self.first.swap()

    def take_notes(self) -> list[str]:
        """Lines for the operator since the last call."""
        notes = []
        for thing in (*(sight.window for sight in self.sights), *self._further):
            if thing.note:
                notes.append(thing.note)
                thing.note = ""
        return notes

    def close(self) -> None:
        """End all windows, the first one last."""
        for one in self._further:
            one.window.close()
        for sight in reversed(self.sights):
            sight.release()
        self._further, self.sights = [], []
        self._worker.shutdown(cancel_futures=True)

    def _open(self, output: Output, offscreen: bool, patient: bool) -> Window | Offscreen:
        share = self.sights[0].window if self.sights else None
        if offscreen:
            return Offscreen(output.size, share=share)
        return Window(
            output.size, output.display, output.fullscreen, output.name, share, patient
        )

    def _windows(self) -> list[Window | Offscreen]:
        return [thing.window for thing in (*self.sights, *self._further)]

    def _draw(self, sight: Sight) -> None:
        if sight.window.visible:
            number = self.sights.index(sight) + 1
            sight.draw(self._image, self.size, number, len(self.sights))

    def _mouse(self, n: int, what: str, x: float, y: float) -> None:
        for callback in self._mice:
            callback(n, what, x, y)

    def _draw_further(self, one: Further) -> None:
        now = monotonic()
        if now < one.due:
            return
        one.due = max(one.due + 1.0 / one.hz, now)
        one.window.use()
        try:
            one.draw(one.window)
        except Exception as error:  # The operator's view must not end the show.
            if one.faults == 0:
                one.note = f"{one.window.label}: {type(error).__name__}: {error}"
            one.faults += 1
        one.window.swap()
