"""Quantised hands: `ADDRESS.beat`, `.bar`, `.phrase` wait for their place in the music, `.now` not.

Events flow in and out once a hop, on the analysis thread or in the loop of a film. What waits is
let go `lead` seconds before its beat, which is how long a change takes until it is seen, so that
it is seen on the beat. Presets and steps are not waited for here: the director queues them and
`scenes` takes them over exactly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from engine.params import LAUNCHES
from engine.records import Beat, ControlEvent

LATE_SECONDS = 1.0
"""How old an event may be and still count from where the music was when the hand moved."""
MOST_LEAD = 0.5
_DIRECTED = re.compile(r"(preset|next|previous)(\..+)?")
_LENGTHS = {
    **dict.fromkeys(("effects", "layers", "prompts", "output"), 3),
    **dict.fromkeys(("macros", "loras", "words", "source"), 2),
}
"""Parts of an address by how it begins, so that an input called `beat` is not taken for one."""


def split_launch(address: str) -> tuple[str, str]:
    """The address and when it is to happen, "" for one that does not say or is the director's."""
    base, _, when = address.rpartition(".")
    parts = base.split(".")
    least = 5 if parts[0] == "layers" and parts[2:3] == ["effects"] else _LENGTHS.get(parts[0], 1)
    if when not in LAUNCHES or not base or len(parts) < least or _DIRECTED.fullmatch(base):
        return address, ""
    return base, when


class Launches:
    """What waits, one event an address. `lead` may be set by any thread."""

    def __init__(self) -> None:
        self.lead = 0.0
        self._waiting: dict[str, tuple[float, ControlEvent]] = {}

    @property
    def waiting(self) -> frozenset[str]:
        """Addresses that wait for their beat; any thread."""
        return frozenset(self._waiting.copy())

    @property
    def placed(self) -> tuple[tuple[float, ControlEvent], ...]:
        """What waits, and the count of beats that it waits for; the address says no more when."""
        return tuple(self._waiting.values())

    def step(self, events: Sequence[ControlEvent], beat: Beat, time: float) -> list[ControlEvent]:
        """The events that happen in the hop that ends at `time`, with the beat known so far.

        The newest of an address counts: one that happens at once takes back what waited.
        """
        now: list[ControlEvent] = []
        for event in events:
            address, when = split_launch(event.address)
            if step := LAUNCHES.get(when, 0.0):
                at = min(time, max(time - LATE_SECONDS, event.time))
                place = math.ceil(beat.at(at) / step) * step
                self._waiting[address] = place, replace(event, address=address)
            else:
                self._waiting.pop(address, None)
                now.append(replace(event, address=address) if when else event)
        return now + self._due(beat.at(time + min(self.lead, MOST_LEAD)), time)

    def _due(self, count: float, time: float) -> list[ControlEvent]:
        if not self._waiting:
            return []
        due = [address for address, (place, _) in self._waiting.items() if place <= count]
        return [replace(self._waiting.pop(address)[1], time=time) for address in due]
