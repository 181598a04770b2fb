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
    are the names that a preset, a deck or a source of the tempo may be given.
    """

    name: str
    kind: str
    help: str
    param: Param | None = None
    choices: tuple[str, ...] = ()


class Surface(Protocol):
    """Reads on any thread; each call looks at the newest moment."""

    def controls(self) -> tuple[Control, ...]:
        """Everything that can be touched now; the same object until the look changes."""
        ...

    def values(self) -> Mapping[str, float | str]:
        """How each of them stands, triggers left out: switches are 0 or 1."""
        ...

    def queued(self) -> frozenset[str]:
        """Addresses that wait for their beat: `preset.3`, `prompts.1.weight`."""
        ...

    def heard(self) -> Mapping[str, float]:
        """Signals, clocks and musical time now, by the names of expressions."""
        ...
