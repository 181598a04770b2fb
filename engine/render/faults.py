"""What goes wrong on the stage during the show: counted, kept for the operator, never raised."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Fault:
    """What went wrong last with one thing, and how often."""

    message: str
    count: int = 1


class Faults(dict[str, Fault]):
    """The name of a shader, a file or a camera to its Fault."""

    def add(self, name: str, message: str) -> None:
        """It went wrong, perhaps again."""
        known = self.get(name)
        self[name] = Fault(message, known.count + 1 if known else 1)
