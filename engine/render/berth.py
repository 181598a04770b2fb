"""Which output is on which display: found, told, chosen, swapped.

A Berth is a value: the words that name a display, the display once it was seen, and whether it is
filled. Berths work out who would be where when a hand asks, and move the windows there. Displays
are listed on the main thread only; what was listed last (`shown`) may be read by any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.errors import DeviceError
from engine.render.displays import Display, choose_display, find_again, has_twin, names_of

if TYPE_CHECKING:
    from engine.render.sights import Sight

WINDOW = "window"
"""The name, among those of displays, for an ordinary window."""


@dataclass(frozen=True, slots=True)
class Berth:
    """`wanted` names a display (None: the last that is not the operator's), `display` is the one
    that it was, `twin` whether another was like it; `full` is whether the window fills it."""

    wanted: str | None = None
    display: Display | None = None
    twin: bool = False
    full: bool = False

    @property
    def name(self) -> str:
        """What to call it in a line for the operator."""
        return self.display.name if self.display else self.wanted or WINDOW

    def found(self, shown: Sequence[Display]) -> Display | None:
        """Its display, if that is there."""
        if self.display is not None:
            return find_again(shown, self.display, self.twin)
        try:
            return choose_display(shown, self.wanted)
        except DeviceError:
            return None

    def on(self, display: Display, shown: Sequence[Display]) -> Berth:
        """Filling a display that is there."""
        return replace(self, display=display, twin=has_twin(shown, display), full=True)


Berthing = tuple[Berth, ...]
"""One for each output, in their order."""


class Berths:
    """Of all outputs of a show. Main thread, but for `shown`, `now` and what is told of it."""

    def __init__(self, sights: Sequence[Sight]) -> None:
        self._sights = sights
        self._changes = 0
        self.shown: tuple[Display, ...] = ()
        self.chosen: set[int] = set()
        """Outputs, from 0, that a hand has moved: only their displays are saved."""
        self.look()

    def look(self) -> None:
        """List the displays anew."""
        self._changes = self._sights[0].window.changes
        self.shown = tuple(self._sights[0].window.displays())

    def poll(self) -> None:
        """Once a turn: look again where a display came or went."""
        if self._changes != self._sights[0].window.changes:
            self.look()

    @property
    def now(self) -> Berthing:
        """Where everyone is."""
        return tuple(sight.window.berth for sight in self._sights)

    @property
    def names(self) -> tuple[str, ...]:
        """What may be chosen."""
        return (*names_of(self.shown), WINDOW)

    def told(self, berth: Berth) -> str:
        """What was chosen, as one of `names`; of a display that is gone, as it was called."""
        if not berth.full:
            return WINDOW
        found = berth.found(self.shown)
        return berth.name if found is None else names_of(self.shown)[self.shown.index(found)]

    def on(self, display: Display, berths: Berthing) -> list[int]:
        """The outputs, from 0, that fill a display of `shown`."""
        return [n for n, b in enumerate(berths) if b.full and b.found(self.shown) == display]

    def choose(self, n: int, name: str) -> Berthing:
        """Who would be where with output `n` on the display of that name, or in a "window".

        The output that fills it already takes the other's place: left and right change sides.
        Raises DeviceError with the names that there are.
        """
        self.look()
        if name == WINDOW:
            return self.windowed(n)
        display = self._called(name)
        return self._given(n, display, names_of(self.shown)[self.shown.index(display)])

    def windowed(self, n: int) -> Berthing:
        """With output `n` in a window, whose display is remembered."""
        return _with(self.now, n, replace(self.now[n], full=False))

    def filled(self, n: int) -> Berthing:
        """With output `n` full screen on its own display. Raises DeviceError if that is gone."""
        self.look()
        berth = self.now[n]
        display = berth.found(self.shown) or self._called(berth.wanted)
        return self._given(n, display, berth.wanted)

    def all(self, on: bool) -> Berthing:
        """Everyone full screen, or nobody. Whose display is gone, or another one's already, stays
        a window."""
        self.look()
        berths = self.now
        for n, berth in enumerate(berths):
            there = berth.found(self.shown)
            if not on:
                berths = _with(berths, n, replace(berth, full=False))
            elif not berth.full and there and not self.on(there, berths):
                berths = _with(berths, n, berth.on(there, self.shown))
        return berths

    def settle(self, berths: Berthing) -> None:
        """Move everyone who is elsewhere; a display that is gone is waited for, hidden."""
        for n, (sight, berth) in enumerate(zip(self._sights, berths, strict=True)):
            if sight.window.berth != berth:
                self.chosen.add(n)
                sight.window.move(berth)
                sight.output = replace(sight.output, display=berth.wanted, fullscreen=berth.full)
        self._sights[0].window.use()
        self.look()

    def _called(self, name: str | None) -> Display:
        if not self.shown:
            raise DeviceError("these outputs have no displays to choose from")
        if name == "":
            raise DeviceError("the name of a display is empty")
        return choose_display(self.shown, name)

    def _given(self, n: int, display: Display, name: str | None) -> Berthing:
        """With output `n` on a display that is there."""
        berths = now = self.now
        for other in self.on(display, now):
            if other != n:
                left = self._named(now[n]) if now[n].full else replace(now[other], full=False)
                berths = _with(berths, other, left)
        return _with(berths, n, Berth(name).on(display, self.shown))

    def _named(self, berth: Berth) -> Berth:
        """One that another output can have: "the last display" means another one there."""
        return berth if berth.wanted else replace(berth, wanted=self.told(berth))


def _with(berths: Berthing, n: int, berth: Berth) -> Berthing:
    return (*berths[:n], berth, *berths[n + 1 :])
