"""What expressions remember: every `smooth`, `hold`, `count` ... of a show, stepped once a hop.

The names of a hop flow in, values by look and by text flow out, into the Moment, where the frame
rate finds them beside the signals. A look that is not shown is stepped too: what it remembers is
there when it comes. Runs on the analysis thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import MappingProxyType

from engine.expressions import Expression, Register
from engine.functions import FUNCTIONS
from engine.memory import Memory
from engine.show import Preset, Show, Value

Kept = Mapping[str, Mapping[str, float]]
"""Values of registers by their texts, for each look by its name."""
Names = Callable[[Preset], Mapping[str, float]]


class Registers:
    """Owns the memory of a show's expressions; a register goes on for as long as its text stays."""

    def __init__(self, show: Show) -> None:
        self._memories: dict[tuple[str, str], Memory] = {}
        self._take(show)

    def step(self, time: float, dt: float, show: Show, names: Names) -> Kept:
        """All values at show time `time`, `dt` seconds after the last; `names` are a look's."""
        if show is not self._show:
            self._take(show)
        return MappingProxyType(
            {
                look.name: self._step(time, dt, look.name, registers, dict(names(look)))
                for look, registers in self._looks
            }
        )

    def _step(
        self, time: float, dt: float, look: str, registers: tuple[Register, ...],
        names: dict[str, float],
    ) -> Mapping[str, float]:
        values = {}
        for register in registers:  # those that others ask come before them
            memory = self._memories[look, register.key]
            asked = [argument(names) for argument in register.arguments]
            names[register.key] = values[register.key] = memory.step(time, dt, *asked)
        return MappingProxyType(values)

    def _take(self, show: Show) -> None:
        """Another show, or the same one saved again."""
        self._show = show
        found = ((look, registers_of((look, show.cues))) for look in (*show.presets, show.hush))
        self._looks = tuple((look, registers) for look, registers in found if registers)
        self._memories = {
            (look.name, register.key): self._memories.get((look.name, register.key))
            or FUNCTIONS[register.function].of()
            for look, registers in self._looks
            for register in registers
        }


def registers_of(thing: object) -> tuple[Register, ...]:
    """The registers of every expression in records, sequences and mappings, each text once."""
    found = (register for e in _expressions(thing) for register in e.registers)
    return tuple({register.key: register for register in found}.values())


def _expressions(thing: object) -> Iterator[Expression]:
    if isinstance(thing, Value):
        if thing.expression is not None:
            yield thing.expression
    elif isinstance(thing, tuple | list):
        for part in thing:
            yield from _expressions(part)
    elif isinstance(thing, Mapping):
        yield from _expressions(tuple(thing.values()))
    elif is_dataclass(thing):
        yield from _expressions([getattr(thing, field.name) for field in fields(thing)])
