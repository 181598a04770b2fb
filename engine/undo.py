"""Steps back: every edit by hand can be taken back, and what is asked of the desk goes on to it.

ControlEvents flow through here on their way to the reducer, on the analysis thread, once a hop.
An edit is a change of values or texts; a knob that keeps moving is one edit. Switches and choices
of a preset are played, not edited. A saved file is a step as well: who wrote it reads in `asks`
that it is to be put back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from engine.controls import reduce
from engine.exchange import EventQueue
from engine.records import ControlEvent, Controls

TOGETHER_SECONDS = 1.0
"""A knob that moves again within this time is still being moved."""
KEPT = 200
RESUMED = "resumed"
"""Where events come from that bring a look back after a crash; they are nobody's edits."""
WALKS = ("undo", "redo")
RELEASE = "release"
"""Gives the address that is its value back to the look."""
SAVES = ("save", "save.variation")
LEARN = "learn"
"""Asks for the control that is to move the address that is its value, LAST for the one that any
hand but MIDI has touched last."""
LAST = "last"
UNLEARN = "unlearn"
"""Asks the desk to take what was learnt for an address out of the rig."""
TAKE = "take"
"""Where events come from that a take lays over the show; what it moves in one go is one edit."""
SAVED = "saved"
"""What the desk says when it has written file number `value`: it belongs to its last edit."""

Hands = dict[str, float | str]
Change = tuple[float | str | None, float | str | None]


@dataclass(frozen=True, slots=True)
class Ask:
    """What the desk is to do: an address of SAVES, "undo" and "redo" of its file `number`, or
    "learn" or "unlearn" of the address `text`."""

    what: str
    controls: Controls
    number: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One edit: for each address what it held before and after, None where the look had it."""

    changes: Mapping[str, Change]
    time: float
    source: str
    saved: int = 0

    def joined(self, later: Step) -> Step:
        """Both as one step."""
        changes = dict(self.changes)
        for address, (before, after) in later.changes.items():
            changes[address] = (changes.get(address, (before,))[0], after)
        return Step(changes, later.time, self.source, later.saved or self.saved)


class History:
    """The edits of an evening, newest last, and those taken back."""

    def __init__(self) -> None:
        self.asks: EventQueue[Ask] = EventQueue()
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._touched = ""
        self.walked: Hands | dict[str, None] = {}
        """What undo and redo have set (None: given back) since somebody emptied it."""

    def reduce(self, controls: Controls, events: Sequence[ControlEvent]) -> Controls:
        """As controls.reduce, with the addresses of the desk."""
        for event in events:
            if event.address in WALKS:
                controls = self._walk(controls, event)
                continue
            if event.address == RELEASE:
                after = _put(controls, {str(event.value): None})
            else:
                after = reduce(controls, (event,))
            changes = _changes(controls, after)
            if changes and not event.source.startswith("midi"):
                self._touched = event.address
            if changes and event.source != RESUMED:
                self._add(Step(changes, event.time, event.source))
            controls = after
            self._desk(event, controls)
        return controls

    def _desk(self, event: ControlEvent, controls: Controls) -> None:
        if event.address in SAVES and _pressed(event):
            self.asks.put(Ask(event.address, controls))
        elif event.address == LEARN:
            text = self._touched if event.value == LAST else str(event.value)
            self.asks.put(Ask(LEARN, controls, text=text))
        elif event.address == SAVED:
            self._add(Step({}, event.time, event.source, int(event.value)))

    def _walk(self, controls: Controls, event: ControlEvent) -> Controls:
        back = event.address == "undo"
        taken, given = (self._done, self._undone) if back else (self._undone, self._done)
        if not taken or not _pressed(event):
            return controls
        step = taken.pop()
        given.append(step)
        if step.saved:
            self.asks.put(Ask(event.address, controls, step.saved))
        wanted = {key: pair[0 if back else 1] for key, pair in step.changes.items()}
        self.walked = {**self.walked, **wanted}
        return _put(controls, wanted)

    def _add(self, step: Step) -> None:
        self._undone.clear()
        for n in reversed(range(len(self._done))):  # two hands turn two knobs by turns
            if step.time - self._done[n].time > TOGETHER_SECONDS:
                break
            if _together(self._done[n], step):
                self._done[n] = self._done[n].joined(step)
                return
        self._done = [*self._done[1 - KEPT :], step]


def _pressed(event: ControlEvent) -> bool:
    return isinstance(event.value, (int, float)) and event.value > 0.0


def _together(old: Step, new: Step) -> bool:
    """Whether a hand is still at the same thing, or the desk at the same save."""
    same = set(new.changes) == set(old.changes) or new.source in (SAVED, TAKE)
    return same and new.source == old.source and not old.saved


def hands_of(controls: Controls) -> Hands:
    """Every value and text by its address."""
    return {**controls.values, **controls.texts}


def _changes(before: Controls, after: Controls) -> dict[str, Change]:
    if before.values is after.values and before.texts is after.texts:
        return {}
    old, new = hands_of(before), hands_of(after)
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return {key: (old.get(key), new.get(key)) for key in keys}


def _put(controls: Controls, wanted: Mapping[str, float | str | None]) -> Controls:
    hands = {key: value for key, value in {**hands_of(controls), **wanted}.items()
             if value is not None}
    texts = {key: value for key, value in hands.items() if isinstance(value, str)}
    values = {key: value for key, value in hands.items() if key not in texts}
    return replace(controls, values=MappingProxyType(values), texts=MappingProxyType(texts))
