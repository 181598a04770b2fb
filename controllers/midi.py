"""MIDI in: every port that is wanted and there, opened again by name when it comes back.

One thread reads the open ports every few milliseconds (events are used once a hop, 10.7 ms): mido
makes messages of the bytes, the mapping makes them ControlEvents, and those go into the queue.
The driver's own callback is not used: under JACK it runs inside the sound server's cycle, where
waiting for Python's lock makes messages double and vanish. Twice a second the thread reads the
port list, because no driver tells that a port has gone (mido #607, python-rtmidi #98).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from controllers.drivers import Driver, Port, line_of, open_driver, stable_name
from controllers.mapping import Mapping
from engine.clock import Clock, monotonic
from engine.errors import DeviceError
from engine.exchange import EventQueue
from engine.records import ControlEvent

SYSTEM = 0xF0
"""Status bytes from here on are no channel's; of those only the clock's are of use."""
READ_SECONDS = 0.004
LIST_SECONDS = 0.5


class MidiInput:
    """Listens to one port (`port_name`, any part of its name) or to all ("all" or None).

    A named port must be there at the start: DeviceError lists the ports otherwise. Later it may
    come and go. With "all" nothing need be there, not even a driver; `problem` then says so.
    `clock_sink(data, time, port)`, if given, gets every MIDI clock message: the bytes, the show
    time of its arrival and the port; it is called on the MIDI thread and must come back at once.
    `received` counts mapped events, `ports` are those open now, `reopened` counts returns.
    """

    def __init__(
        self,
        port_name: str | None,
        mapping: Mapping,
        queue: EventQueue[ControlEvent],
        clock: Clock,
        clock_sink: Callable[[list[int], float, str], None] | None = None,
    ) -> None:
        self._clock_sink = clock_sink
        self._wanted = "" if port_name in (None, "all") else str(port_name).lower()
        self._mapping, self._queue, self._clock = mapping, queue, clock
        self._open: dict[str, Port] = {}
        self._seen: set[str] = set()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.received = 0
        self.reopened = 0
        self.problem = ""
        self._driver = self._driver_or_none()
        if self._driver is not None:
            self._start(self._driver, port_name)

    @property
    def ports(self) -> tuple[str, ...]:
        """Ports open now."""
        return tuple(self._open)

    def set_mapping(self, mapping: Mapping) -> None:
        """Use another mapping from the next message on; any thread."""
        self._mapping = mapping

    def close(self) -> None:
        """Close all ports and end the thread."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=2.0)
        for name in self.ports:
            self._open.pop(name).close()

    def _driver_or_none(self) -> Driver | None:
        try:
            return open_driver()
        except DeviceError as error:
            if self._wanted:
                raise
            self.problem = str(error)
            return None

    def _start(self, driver: Driver, port_name: str | None) -> None:
        names = driver.names()
        if self._wanted and not self._matching(names):
            there = ", ".join(names) or "none"
            raise DeviceError(f"MIDI port {port_name!r} is not there; ports: {there}")
        self._rebind(driver, names)
        self._thread = threading.Thread(
            target=self._watch, args=(driver,), name="midi", daemon=True
        )
        self._thread.start()

    def _matching(self, names: list[str]) -> list[str]:
        return [name for name in names if self._wanted in name.lower()]

    def _watch(self, driver: Driver) -> None:
        listed = monotonic()
        while not self._stop.wait(READ_SECONDS if self._open else LIST_SECONDS):
            try:
                self._read()
                if monotonic() - listed >= LIST_SECONDS:
                    listed = monotonic()
                    self._rebind(driver, driver.names())
            except Exception as error:  # a driver in trouble is asked again, the show goes on
                self.problem = f"MIDI: {line_of(error)}"

    def _read(self) -> None:
        for name, port in self._open.items():
            while (data := port.read()) is not None:
                if data and data[0] >= SYSTEM:
                    if self._clock_sink:
                        self._clock_sink(data, self._clock.now(), stable_name(name))
                else:
                    self._take(data, f"midi:{stable_name(name)}")

    def _rebind(self, driver: Driver, names: list[str]) -> None:
        """Close ports that have gone, open wanted ones that are there."""
        for name in set(self._open) - set(names):
            self._open.pop(name).close()
        for name in self._matching(names):
            if name not in self._open:
                self._bind(driver, name)

    def _bind(self, driver: Driver, name: str) -> None:
        try:
            self._open[name] = driver.open(name)
        except Exception as error:  # another program may hold it, or it went just now
            self.problem = f"MIDI port {name}: {line_of(error)}"
            return
        self.problem = ""
        self.reopened += stable_name(name) in self._seen
        self._seen.add(stable_name(name))

    def _take(self, data: list[int], source: str) -> None:
        from mido import Message

        try:
            message = Message.from_bytes(data)
        except ValueError:
            return
        for event in self._mapping.events_for(message, self._clock.now(), source):
            self._queue.put(event)
            self.received += 1
