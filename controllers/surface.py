"""What can be touched in the running show, and how it stands: what OSC, pages and LEDs are told.

The rim makes a Surface of the show (engine/surface.py); controllers read it on their own threads,
as often as they tell somebody. Nothing here changes anything: hands queue ControlEvents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.params import Param


@dataclass(frozen=True, slots=True)
class Control:
    """One address that is there now. `kind` as addresses.Address has it.

    `param` gives a value's range, default, unit and help (None for the other kinds); `choices`
    are the names that a preset, a deck or a source of the tempo may be given. `moved` is the
    look's expression for a value, "" for none; one that is `based` goes on under a hand.
    """

    name: str
    kind: str
    help: str
    param: Param | None = None
    choices: tuple[str, ...] = ()
    moved: str = ""
    based: bool = False


class Surface(Protocol):
    """Reads on any thread; each call looks at the newest moment."""

    def controls(self) -> tuple[Control, ...]:
        """Everything that can be touched now; the same object until the look changes."""
        ...

    def values(self) -> Mapping[str, float | str]:
        """How each of them stands, triggers left out: switches are 0 or 1."""
        ...

    def ghosts(self) -> Mapping[str, float]:
        """Where the show has the numbers that hands hold: as drawn now, if the look goes on under
        the hand, else where letting go would put them. `values` has the hand's."""
        ...

    def queued(self) -> frozenset[str]:
        """Addresses that wait for their beat: `preset.3`, `prompts.1.weight`."""
        ...

    def heard(self) -> Mapping[str, float]:
        """Signals, clocks and musical time now, by the names of expressions."""
        ...
