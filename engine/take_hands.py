"""Takes of a running show, on the analysis thread: one is recorded, one is laid over the show.

What hands do flows in before each hop, what the graph made of it after; rows flow to a TakeWriter
that somebody else has opened, because opening waits for the disk. The first events of a take bring
a new show to where this one stands; after them it is hands, and what the autopilot chose, written
as if a hand had.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from engine.autosave import events_of, state_of
from engine.exchange import EventQueue
from engine.graph import Graph
from engine.laid_take import LaidTake, set_events
from engine.launches import split_launch
from engine.params import LAUNCHES, TAKE_ACTS
from engine.records import Change, ControlEvent, Playing
from engine.takes import TakeWriter
from engine.undo import RESUMED, WALKS

UNWRITTEN = frozenset(("take", "autopilot", "record", *TAKE_ACTS, *WALKS))
"""Not written as events: what is recorded or laid over goes on beside a take; what the autopilot
chose and what undo set is written instead."""


class TakeHands:
    """Stepped by Listening. `offer` and `lay` may be called by any thread, `ended` is drained by
    the one that closes writers; `writer` and `laid` may be read by any."""

    def __init__(self, graph: Graph) -> None:
        self.writer: TakeWriter | None = None
        self.laid: LaidTake | None = None
        self.ended: EventQueue[TakeWriter] = EventQueue()
        self._graph, self._first = graph, 0
        self._offered: TakeWriter | None = None
        self._playing = graph.director.playing
        self._coming: list[list[ControlEvent]] = []

    def offer(self, writer: TakeWriter) -> None:
        """Record into it from the next hop on, until the switch `take` is off."""
        self._offered = writer

    def lay(self, laid: LaidTake | None) -> None:
        """Lay a take over the show, in the place of another one; None: lay none."""
        self.laid = laid

    @property
    def playing(self) -> str:
        """The take that is laid over the show, "" for none; any thread."""
        laid = self.laid
        return laid.name if laid is not None else ""

    def begin(self) -> None:
        """Before a hop and its sound: what was offered begins here."""
        if self._offered is None or self.writer is not None:
            return
        graph, self.writer, self._offered = self._graph, self._offered, None
        self._first = graph.hops
        self._playing = graph.director.playing
        self._coming = [list(opening(graph)), list(waiting(graph))]
        graph.history.walked = {}
        self.writer.begin(graph.hops, graph.beat, graph.memory())

    def sound(self, samples: np.ndarray) -> None:
        """The samples of the hop that comes next."""
        if self.writer is not None:
            self.writer.sound(samples)

    def skip(self) -> None:
        """The hop that comes next is passed over."""
        if self.writer is not None:
            self.writer.skip(self._graph.hops - self._first)

    def step(self, hands: Sequence[ControlEvent]) -> list[ControlEvent]:
        """All events of the hop that comes next: those of a take that is laid over, and hands'."""
        events, graph, laid = list(hands), self._graph, self.laid
        if laid is not None:
            moment = graph.moment
            events = [*laid.step(graph.hops, hands, moment.controls, moment.playing), *events]
            if laid.over and self.laid is laid:
                self.laid = None
        if self.writer is not None:
            coming = self._coming.pop(0) if self._coming else []
            written = [e for e in events if split_launch(e.address)[0] not in UNWRITTEN]
            self.writer.hop(graph.hops - self._first, [*coming, *written])
        return events

    def heard(self) -> None:
        """After the hop: the beat, what undo set and the autopilot chose; the end."""
        if self.writer is None:
            return
        graph, hop = self._graph, self._graph.hops - 1 - self._first
        self.writer.beat(hop, graph.beat)
        for event in (*set_events(graph.history.walked, graph.time), *self._chosen()):
            self.writer.event(hop, event)
        graph.history.walked = {}
        if not graph.moment.controls.take:
            writer, self.writer = self.writer, None
            self.ended.put(writer)

    def _chosen(self) -> Iterator[ControlEvent]:
        """What the autopilot has queued or begun in this hop: any other choice would end it."""
        graph, before = self._graph, self._playing
        now = self._playing = graph.director.playing
        new = newest(before, now)
        if now.autopilot and new is not None:
            when = launch(graph.beat.beat, new.beat)
            yield ControlEvent(graph.time, f"preset.{new.after + 1}.{when}", 1.0, "autopilot")


def newest(before: Playing, now: Playing) -> Change | None:
    """The change that was chosen between two hops."""
    if now.queued is not None and now.queued is not before.queued:
        return now.queued
    known = now.change is before.change or now.change is before.queued
    return None if known else now.change


def launch(beat: float, place: float) -> str:
    """One of params.LAUNCHES that leads from the count `beat` to the count `place`."""
    steps = ((when, step) for when, step in reversed(LAUNCHES.items()) if step)
    return next((w for w, step in steps if math.ceil(beat / step) * step == place), "now")


def opening(graph: Graph) -> Iterator[ControlEvent]:
    """The events that bring a new show to where this one stands, in the hop that comes next.

    Looks, decks and what hands hold. A change of looks that is under way is taken as ended.
    """
    moment, show, director = graph.moment, graph.show, graph.director
    state = {**state_of(moment, show), "autopilot": False}
    rows = [(e.address, e.value) for e in events_of(state) if e.address not in ("record", "take")]
    if director.length is not None:
        rows.append(("transition.beats", director.length))
    for address, value in rows:
        yield ControlEvent(graph.time, address, value, RESUMED)


def waiting(graph: Graph) -> Iterator[ControlEvent]:
    """Events of the hop after that: what was queued, and what hands have put on a beat."""
    show, queued = graph.show, graph.director.playing.queued
    beat, time = graph.beat.at(graph.time), graph.time
    if queued is not None:
        name = show.names[queued.after % len(show.names)]
        yield ControlEvent(time, f"preset.{launch(beat, queued.beat)}", name, RESUMED)
    for place, event in graph.launches.placed:
        address = f"{event.address}.{launch(beat, place)}"
        yield replace(event, time=time, address=address, source=RESUMED)
