"""Takes of a running show, on the analysis thread: one is recorded, one is laid over the show.

What hands do flows in before each hop, what the graph made of it after; rows flow to a TakeWriter
that somebody else opens, because opening waits for the disk. Until it is there, what it will be
told is kept: a take begins with the hop after the switch. Its first events bring a new show to
where this one stands; after them it is hands, and what the autopilot chose, written as if a hand
had.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

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


EARLY_CALLS = 4000
"""What is kept while nobody opens a file, ten seconds or more; then the take is given up."""


class Early:
    """A take that has begun and has no file yet. Whoever opens one puts it into `writer`, or says
    that it is `refused`; then it is told all that was kept."""

    def __init__(self) -> None:
        self.writer: TakeWriter | None = None
        self.refused = False
        self._told: list[tuple[str, tuple[Any, ...]]] = []
        self.begin, self.hop, self.beat, self.event, self.skip, self.sound = (
            partial(self._keep, name)
            for name in ("begin", "hop", "beat", "event", "skip", "sound")
        )

    def _keep(self, name: str, *told: Any) -> None:
        self._told.append((name, told))
        self.refused = self.refused or len(self._told) > EARLY_CALLS

    def tell(self) -> TakeWriter:
        """The writer, which knows all now."""
        for name, told in self._told:
            getattr(self.writer, name)(*told)
        return self.writer


class TakeHands:
    """Stepped by Listening. `lay` may be called by any thread, `begun` and `ended` are drained by
    the one that opens and closes writers; `laid` may be read by any."""

    def __init__(self, graph: Graph) -> None:
        self._writer: TakeWriter | Early | None = None
        self.laid: LaidTake | None = None
        self.begun: EventQueue[Early] = EventQueue()
        self.ended: EventQueue[TakeWriter] = EventQueue()
        self._graph, self._first = graph, 0
        self._ending: list[Early] = []  # the switch is off, the file is not there yet
        self._given_up = False
        self._playing = graph.director.playing
        self._coming: list[list[ControlEvent]] = []

    def lay(self, laid: LaidTake | None) -> None:
        """Lay a take over the show, in the place of another one; None: lay none."""
        self.laid = laid

    @property
    def playing(self) -> str:
        """The take that is laid over the show, "" for none; any thread."""
        laid = self.laid
        return laid.name if laid is not None else ""

    def begin(self) -> None:
        """Before a hop and its sound: a take begins here if the switch is on, and what waited
        for its writer is told."""
        graph, wanted = self._graph, self._graph.moment.controls.take
        self._given_up = self._given_up and wanted
        if self._writer is None and wanted and not self._given_up:
            self._writer, self._first = Early(), graph.hops
            self._playing = graph.director.playing
            self._coming = [list(opening(graph)), list(waiting(graph))]
            graph.history.walked = {}
            self._writer.begin(graph.hops, graph.beat, graph.memory())
            self.begun.put(self._writer)
        if isinstance(early := self._writer, Early) and (early.writer or early.refused):
            self._writer = early.tell() if early.writer else None
            self._given_up = self._writer is None
        for early in [early for early in self._ending if early.writer or early.refused]:
            self._ending.remove(early)
            if early.writer:
                self.ended.put(early.tell())

    def sound(self, samples: np.ndarray) -> None:
        """The samples of the hop that comes next."""
        if self._writer is not None:
            self._writer.sound(samples)

    def skip(self) -> None:
        """The hop that comes next is passed over."""
        if self._writer is not None:
            self._writer.skip(self._graph.hops - self._first)

    def step(self, hands: Sequence[ControlEvent]) -> list[ControlEvent]:
        """All events of the hop that comes next: those of a take that is laid over, and hands'."""
        events, graph, laid = list(hands), self._graph, self.laid
        if laid is not None:
            moment = graph.moment
            events = [*laid.step(graph.hops, hands, moment.controls, moment.playing), *events]
            if laid.over and self.laid is laid:
                self.laid = None
        if self._writer is not None:
            coming = self._coming.pop(0) if self._coming else []
            written = [e for e in events if split_launch(e.address)[0] not in UNWRITTEN]
            self._writer.hop(graph.hops - self._first, [*coming, *written])
        return events

    def heard(self) -> None:
        """After the hop: the beat, what undo set and the autopilot chose; the end."""
        if self._writer is None:
            return
        graph, hop = self._graph, self._graph.hops - 1 - self._first
        self._writer.beat(hop, graph.beat)
        for event in (*set_events(graph.history.walked, graph.time), *self._chosen()):
            self._writer.event(hop, event)
        graph.history.walked = {}
        if not graph.moment.controls.take:
            writer, self._writer = self._writer, None
            if isinstance(writer, Early):
                self._ending.append(writer)
            else:
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
