"""The analysis thread: hops of sound and events in, the newest Moment out.

It never stops: a source whose device has gone gives silence at the right pace, so the beat flies
on, envelopes fall and hands keep working. A fault in a hop keeps the last moment and is counted.
The thread touches neither GL nor the model.

A hand is seen at once: between two hops the kept moments take over what it moved, though the graph
steps with it at the next hop only, where a take has it too.

The newest moments are kept for some time: a song that is played to the room is analysed before
it sounds, and what is drawn is what sounds.
"""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np

from engine.audio.sources import AudioSource
from engine.audio.stems import Stems
from engine.audio.tempo_desk import TempoDesk
from engine.clock import AudioClock, monotonic, sleep
from engine.controls import reduce
from engine.exchange import EventQueue, Mailbox
from engine.graph import Graph
from engine.params import TAKE_ACTS
from engine.records import HOP, HOP_SECONDS, ControlEvent, Moment
from engine.show import Show
from engine.stats import InputMeter
from engine.take_hands import TakeHands
from engine.takes import Take, TakeWriter

EVENINGS_OWN = ("record", "take", *TAKE_ACTS)
"""Of a take that plays: its recordings and what it laid over itself are no business of tonight."""
SILENT_HOP = np.zeros((HOP, 2), np.float32)
MOST_GAP = 900
"""Hops (9.6 s) of silence put in at most where a source begins after the one before has ended."""
POLL_SECONDS = 0.002
"""A hop lasts 11 ms; looking this often costs little and delays it by 1 ms on average."""
MOST_LATE, CAUGHT_UP = 0.3, 0.05
"""Seconds: sound that waited longer is passed over, up to sound that waited no more than that."""
KEPT = 32
"""Moments kept: 0.34 s, more than any output's latency but Bluetooth's."""
GAIN = 0.02
"""Share of each hop's delay that the mean takes over."""


class Listening:
    """Owns the graph while a performance runs; `moment` and `show` are mailboxes.

    `hops`, when it is set, receives every (HOP, 2) block and its show time for the recorder.
    `delay` is the mean time in seconds from a hop's arrival to its moment, waiting included;
    `skipped` counts hops that were passed over because the processor was busy elsewhere.
    `take`, when it is set, plays its events again; `take_writer` records those of this evening.
    """

    def __init__(
        self,
        source: AudioSource,
        show: Show,
        clock: AudioClock,
        events: EventQueue[ControlEvent],
        tempo: TempoDesk | None = None,
        stems: Stems | None = None,
    ) -> None:
        self.source = source
        self.show = Mailbox(show)
        self.graph = Graph(show, tempo, stems)
        self.moment: Mailbox[Moment] = Mailbox(self.graph.moment)
        self.meter = InputMeter()
        self.delay = 0.0
        self._kept: tuple[Moment, ...] = (self.graph.moment,)  # oldest first, swapped whole
        self.hops: EventQueue[tuple[np.ndarray, float]] | None = None
        self.take: Take | None = None
        self.take_writer: TakeWriter | None = None
        self.takes = TakeHands(self.graph)
        self.inputs: tuple[str, ...] = ()
        """Names of the sounds that can be chosen, put here by whoever lists them."""
        self.faults = 0
        self.fault = ""
        self.skipped = 0
        self._next: AudioSource | None = None
        self._left: float | None = None  # until when the source left had sounded
        self._lost = (0, 0)  # overruns and restarts of the sources left
        self._clock = clock
        self._events = events
        self._early: list[ControlEvent] = []  # seen already, not yet in the graph
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="analysis", daemon=True)

    def start(self) -> None:
        """Open the source and begin. Raises DeviceError or MediaError."""
        if self.take is not None and self.take.first:
            self.graph.begin(self.take.first, self.take.before, self.take.memory)
        self.source.start()
        self._thread.start()

    def take_over(self, source: AudioSource) -> None:
        """Hear `source`, which gives hops already, from now on; any thread. Once it is our `source`
        the caller closes the one that was left. Time goes on without a jump."""
        self._next = source

    @property
    def overruns(self) -> int:
        """Times that samples were lost, since the start."""
        return self._lost[0] + self.source.overruns

    @property
    def restarts(self) -> int:
        """Times that a lost device was opened again, since the start."""
        return self._lost[1] + self.source.restarts

    def moment_at(self, time: float) -> Moment:
        """The newest moment that has sounded by show time `time`; any thread."""
        kept = self._kept
        return next((moment for moment in reversed(kept) if moment.time <= time), kept[0])

    def close(self) -> None:
        """Stop the thread and close the source; may be called before `start`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)
        self.source.close()
        if self._next is not None:
            self._next.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            samples = self._read()
            if samples is None:
                self._show_hands()
                sleep(POLL_SECONDS)
            else:
                self._hop(self._newest(samples))

    def _read(self) -> np.ndarray | None:
        """The next hop; of a source that is taken over, the first after what was heard before."""
        if self._next is not None:
            self._left, self._lost = self.source.sounded, (self.overruns, self.restarts)
            self.source, self._next = self._next, None
            self.graph.stems = None  # their place in the song is lost
        samples = self.source.read_hop()
        while samples is not None and self._left is not None:
            ahead = round((self.source.sounded - self._left) / HOP_SECONDS)
            if ahead > 0:
                for _ in range(min(ahead - 1, MOST_GAP)):
                    self._pass_over(SILENT_HOP)
                self._left = None
            else:
                samples = self.source.read_hop()
        return samples

    def _show_hands(self) -> None:
        """Let what hands move be seen before the next hop, which is up to 11 ms away."""
        events = self._events.drain()
        if not events:
            return
        self._early += events
        controls = reduce(self.graph.moment.controls, self._early)
        if controls is not self.graph.moment.controls:
            self._kept = tuple(replace(moment, controls=controls) for moment in self._kept)
            self.moment.put(replace(self.moment.get(), controls=controls))

    def _newest(self, samples: np.ndarray) -> np.ndarray:
        """The hop to take in: this one, or the newest if it lies too far back.

        A starved analysis would follow the music a second late for ever; the count of beats
        knows what was passed over.
        """
        if self._late() < MOST_LATE:
            return samples
        while self._late() > CAUGHT_UP and (newer := self.source.read_hop()) is not None:
            self._pass_over(samples)
            self.skipped += 1
            samples = newer
        return samples

    def _pass_over(self, samples: np.ndarray) -> None:
        """A hop that is recorded but not listened to."""
        self._record(samples)
        if self.take_writer is not None:
            self.take_writer.skip(self.graph.hops)
        self.takes.skip()
        self.graph.skip(1)

    def _taken(self) -> list[ControlEvent]:
        """The events of the take that plays, and of hands; a take that is recorded gets them."""
        hop, take = self.graph.hops, self.take
        taken = take.events.get(hop - take.first, ()) if take is not None else ()
        taken = [event for event in taken if event.address not in EVENINGS_OWN]
        events = [*taken, *self.takes.step([*self._early, *self._events.drain()])]
        self._early = []
        if self.take_writer is not None:
            self.take_writer.hop(hop, events)
        return events

    def _late(self) -> float:
        """Seconds for which the hop read last has waited."""
        return monotonic() - self.source.sounded - max(0.0, self.source.latency)

    def _record(self, samples: np.ndarray) -> None:
        """Hand the hop at the graph's time to the recorder."""
        if self.hops is not None:
            self.hops.put((samples, self.graph.time))
        if self.take_writer is not None:
            self.take_writer.sound(samples)
        self.takes.sound(samples)

    def _hop(self, samples: np.ndarray) -> None:
        sounded = self.source.sounded
        self.graph.show = self.show.get()
        self.takes.begin()
        self._record(samples)
        self.meter.take(samples)
        events = self._taken()
        try:
            moment = self.graph.hop(samples, events)
            self.takes.heard()
            self._kept = (*self._kept[1 - KEPT :], moment)
            self.moment.put(moment)
        except Exception as error:  # the show goes on whatever a hop does
            self.faults += 1
            self.fault = f"{type(error).__name__}: {error}"
        self._clock.heard(self.graph.time, sounded)
        delay = monotonic() - sounded - self.source.latency
        self.delay += GAIN * (delay - self.delay)
