"""A take's hands laid over the running show, whatever sounds now: events by relative hop.

The first events of a take that began in the midst of a show bring the show where it stood then;
what the operator has at hand for trouble stays the operator's, as do tempo and recordings. What a
hand touches meanwhile is the hand's until the take ends. Analysis thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from engine.launches import split_launch
from engine.params import DESK_TRIGGERS, KNOBS, TAKE_ACTS
from engine.records import HOP_SECONDS, ControlEvent, Controls, Playing
from engine.takes import Take
from engine.undo import LEARN, RELEASE, RESUMED, SAVED, TAKE, WALKS, History

ROOMS_OWN = frozenset(("record", "take", "flash_limit", "tap", "beat_one", LEARN, SAVED,
                       *TAKE_ACTS, *DESK_TRIGGERS))  # fmt: skip
"""Belongs to this evening, not to what was played; so does all of `tempo.`."""
TROUBLE = ("freeze", "blackout", "hush", "autopilot", "autopilot.lock")
"""How these stood when the take began does not count, what hands did with them later does."""
_CHOICES = ("preset", "next", "previous", "autopilot")


def group(address: str) -> str:
    """What a hand takes over by touching an address: all choices of a preset are one thing."""
    base = split_launch(address)[0]
    return "preset" if base.split(".")[0] in _CHOICES else base


def set_events(values: Mapping[str, float | str | None], time: float) -> Iterator[ControlEvent]:
    """Events that set these addresses, or give those back that are None."""
    for address, value in values.items():
        given = (address, value) if value is not None else (RELEASE, address)
        yield ControlEvent(time, *given, TAKE)


def played(take: Take) -> dict[int, list[ControlEvent]]:
    """The events that a take lays over a show, by hop; undo and redo as what they set."""
    history, controls, rows = History(), Controls(), {}
    for hop, events in sorted(take.events.items()):
        rows[hop] = row = []
        for event in events:
            controls = history.reduce(controls, (event,))
            if event.address in WALKS:
                row.extend(set_events(history.walked, event.time))
            elif _counts(event):
                row.append(replace(event, source=TAKE))
            history.walked = {}
    history.asks.drain()
    return rows


def _counts(event: ControlEvent) -> bool:
    base = split_launch(event.address)[0]
    if base in ROOMS_OWN or base.startswith("tempo."):
        return False
    return event.source != RESUMED or base not in TROUBLE


class LaidTake:
    """Plays from hop `begun` of the show until its own end. `done` is how many hops of it went by,
    of `hops`; any thread may read them."""

    def __init__(self, take: Take, begun: int) -> None:
        self.name, self.begun, self.done = take.path.stem, begun, 0
        self._events = played(take)
        self.hops = take.hops if take.hops is not None else max(take.events, default=-1) + 1
        self._shift = (begun - take.first) * HOP_SECONDS
        self._opens = take.first > 0
        self._touched: set[str] = set()
        self._led = False

    @property
    def over(self) -> bool:
        return self.done >= self.hops

    def step(
        self, hop: int, hands: Sequence[ControlEvent], controls: Controls, playing: Playing
    ) -> list[ControlEvent]:
        """Its events for that hop of the show, those of hops that went by before among them."""
        self._touched |= {group(event.address) for event in hands}
        events = []
        if self.done == 0:
            self._led = playing.autopilot
            events = self._cleared(controls) if self._opens else []
        last = min(hop - self.begun + 1, self.hops)
        for n in range(self.done, last):
            events += self._events.get(n, ())
        self.done = max(self.done, last)
        events = [replace(event, time=event.time + self._shift) for event in events]
        if self.over and self._led:  # a choice has ended the autopilot: it goes on
            events.append(ControlEvent(hop * HOP_SECONDS, "autopilot", 1.0, TAKE))
        return [event for event in events if group(event.address) not in self._touched]

    def _cleared(self, controls: Controls) -> list[ControlEvent]:
        """Free knobs go back to where nobody had moved them: `reset` leaves them."""
        held = [name for name in KNOBS if name in controls.values]
        return [ControlEvent(0.0, RELEASE, name, TAKE) for name in held]
