"""The analysis thread: hops of sound and events in, the newest Moment out.

It never stops: a source whose device has gone gives silence at the right pace, so the beat flies
on, envelopes fall and hands keep working. A fault in a hop keeps the last moment and is counted.
The thread touches neither GL nor the model.
"""

from __future__ import annotations

import threading

import numpy as np

from engine.audio.sources import AudioSource
from engine.clock import AudioClock, sleep
from engine.exchange import EventQueue, Mailbox
from engine.graph import Graph
from engine.records import HOP_SECONDS, ControlEvent, Moment
from engine.show import Show

POLL_SECONDS = 0.002
"""A hop lasts 11 ms; looking this often costs little and delays it by 1 ms on average."""


class Listening:
    """Owns the graph while a performance runs; `moment` and `show` are mailboxes.

    `hops`, when it is set, receives every (HOP, 2) block and its show time for the recorder.
    """

    def __init__(
        self, source: AudioSource, show: Show, clock: AudioClock, events: EventQueue[ControlEvent]
    ) -> None:
        self.source = source
        self.show = Mailbox(show)
        self.graph = Graph(show)
        self.moment: Mailbox[Moment] = Mailbox(self.graph.moment)
        self.hops: EventQueue[tuple[np.ndarray, float]] | None = None
        self.faults = 0
        self.fault = ""
        self._clock = clock
        self._events = events
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="analysis", daemon=True)

    def start(self) -> None:
        """Open the source and begin. Raises DeviceError or MediaError."""
        self.source.start()
        self._thread.start()

    def close(self) -> None:
        """Stop the thread and close the source; may be called before `start`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)
        self.source.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            samples = self.source.read_hop()
            if samples is None:
                sleep(POLL_SECONDS)
            else:
                self._hop(samples)

    def _hop(self, samples: np.ndarray) -> None:
        self.graph.show = self.show.get()
        events = self._events.drain()
        try:
            self.moment.put(self.graph.hop(samples, events))
        except Exception as error:  # the show goes on whatever a hop does
            self.faults += 1
            self.fault = f"{type(error).__name__}: {error}"
        self._clock.heard(self.graph.time)
        if self.hops is not None:
            self.hops.put((samples, self.graph.time - HOP_SECONDS))
