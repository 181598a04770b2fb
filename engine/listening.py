"""The analysis thread: hops of sound and events in, the newest Moment out.

It never stops: when the sound does (device gone, server frozen), it goes on with silence at the
pace of the clock, so the beat flies on, envelopes fall and hands keep working. It touches neither
GL nor the model.
"""

from __future__ import annotations

import threading

import numpy as np

from engine.audio.sources import AudioSource
from engine.clock import AudioClock, sleep
from engine.exchange import EventQueue, Mailbox
from engine.graph import Graph
from engine.records import HOP, HOP_SECONDS, ControlEvent, Moment
from engine.show import Show

PATIENCE = 0.3
"""Seconds without a block before silence takes its place."""


class Listening:
    """Owns the graph while a performance runs. `moment` and `show` are mailboxes."""

    def __init__(
        self, source: AudioSource, show: Show, clock: AudioClock, events: EventQueue[ControlEvent]
    ) -> None:
        self.source = source
        self.show = Mailbox(show)
        self.graph = Graph(show)
        self.moment: Mailbox[Moment] = Mailbox(self.graph.moment)
        self.hops: EventQueue[np.ndarray] | None = None
        self.faults = 0
        self.fault = ""
        self.seen = 0
        self._clock = clock
        self._events = events
        self._silence = np.zeros((HOP, 2), np.float32)
        self._stop = threading.Event()
        self._heard = 0.0
        self._thread = threading.Thread(target=self._run, name="analysis", daemon=True)

    def start(self) -> None:
        self.source.start()
        self._thread.start()

    def close(self) -> None:
        """Stop the thread and close the source."""
        self._stop.set()
        self._thread.join(timeout=2.0)
        self.source.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            samples = self.source.read_hop()
            if samples is not None:
                self._hop(samples)
                self._clock.heard(self._heard)
            elif self._late():
                self._hop(self._silence)
            else:
                sleep(0.002)

    def _late(self) -> bool:
        silent = self.source.silent_for() > PATIENCE and not self.source.finished
        return silent and self._clock.now() - self._heard > HOP_SECONDS

    def _hop(self, samples: np.ndarray) -> None:
        """One hop through the graph. A fault keeps the last moment and is counted."""
        self._heard += HOP_SECONDS
        self.graph.show = self.show.get()
        events = self._events.drain()
        self.seen += len(events)
        try:
            self.moment.put(self.graph.hop(samples, events))
        except Exception as error:  # the show goes on whatever a hop does
            self.faults += 1
            self.fault = f"{type(error).__name__}: {error}"
        if self.hops is not None:
            self.hops.put(samples)
