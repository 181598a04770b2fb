"""MIDI without a wire: the twin of the drivers, for rehearsing and for tests.

Ports are plugged in and pulled out by their names; what is `played` on one is read from its input,
what is sent to it is in `sent`. A port that `returns` sends everything back, as a loop does; one
that is `held` by another program cannot be opened. Any thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from controllers.drivers import OutPort, Port


class MemoryDriver:
    """A controllers.drivers.Driver whose devices are lists."""

    def __init__(self, *names: str) -> None:
        self._there = list(names)
        self._played: dict[str, list[list[int]]] = defaultdict(list)
        self.sent: dict[str, list[tuple[int, ...]]] = defaultdict(list)
        self.returns: set[str] = set()
        self.held: set[str] = set()

    def plug(self, name: str) -> None:
        """A device of that name is there, with an input and an output."""
        self._there = [*self._there, name]

    def pull(self, name: str) -> None:
        """It has gone; what it was playing goes with it."""
        self._there = [there for there in self._there if there != name]
        self._played.pop(name, None)

    def play(self, name: str, *messages: Sequence[int]) -> None:
        """The device sends messages."""
        self._played[name] += [list(message) for message in messages]

    def names(self) -> list[str]:
        return list(self._there)

    def output_names(self) -> list[str]:
        return list(self._there)

    def open(self, name: str) -> Port:
        self._check(name)
        return Port(lambda: self._played[name].pop(0) if self._played[name] else None, _nothing)

    def open_output(self, name: str) -> OutPort:
        self._check(name)
        return OutPort(lambda message: self._send(name, message), _nothing)

    def close(self) -> None:
        pass

    def _send(self, name: str, message: Sequence[int]) -> None:
        self._check(name)
        self.sent[name].append(tuple(message))
        if name in self.returns:
            self.play(name, message)

    def _check(self, name: str) -> None:
        if name not in self._there or name in self.held:
            raise RuntimeError(f"{name} cannot be opened")


def _nothing() -> None:
    pass
