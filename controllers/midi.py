"""MIDI in: every port that is wanted and there, opened again by name when it comes back.

One thread reads the open ports every few milliseconds (events are used once a hop, 10.7 ms): mido
makes messages of the bytes, the mapping makes them ControlEvents, and those go into the queue.
The driver's own callback is not used: under JACK it runs inside the sound server's cycle, where
waiting for Python's lock makes messages double and vanish. Twice a second the thread reads the
port list, because no driver tells that a port has gone (mido #607, python-rtmidi #98).

python-rtmidi where it has wheels (Python up to 3.12), rtmidi2 elsewhere; both are reached through
the two methods of `Driver`. Linux without the ALSA sequencer (containers) uses JACK when a server
runs; LIQUIDLIGHT_MIDI_API names an API outright, e.g. UNIX_JACK.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from controllers.mapping import Mapping
from engine.clock import Clock, monotonic
from engine.errors import DeviceError
from engine.exchange import EventQueue
from engine.records import ControlEvent

SYSTEM = 0xF0
"""Status bytes from here on are no channel's; of those only the clock's are of use."""
READ_SECONDS = 0.004
LIST_SECONDS = 0.5
API_VARIABLE = "LIQUIDLIGHT_MIDI_API"


@dataclass(frozen=True, slots=True)
class Port:
    """An open input port: `read` gives the bytes of the next message, or None."""

    read: Callable[[], list[int] | None]
    close: Callable[[], None]


class Driver(Protocol):
    """What is needed of a MIDI library."""

    def names(self) -> list[str]:
        """Input ports there now."""
        ...

    def open(self, name: str) -> Port:
        """The port of that name. Raises whatever the library raises."""
        ...


class RtMidi:
    """python-rtmidi. One client is kept for listing: making one each time disturbs JACK."""

    def __init__(self, api: str) -> None:
        import rtmidi

        self._library, self._api = rtmidi, getattr(rtmidi, f"API_{api}")
        self._lister = self._client()

    def _client(self) -> Any:
        return self._library.MidiIn(rtapi=self._api, name="liquidlight")

    def names(self) -> list[str]:
        return list(self._lister.get_ports())

    def open(self, name: str) -> Port:
        client = self._client()
        client.ignore_types(sysex=True, timing=False, active_sense=True)
        client.open_port(client.get_ports().index(name), name="in")

        def read() -> list[int] | None:
            got = client.get_message()
            return got[0] if got else None

        def close() -> None:
            client.close_port()
            client.delete()

        return Port(read, close)


class RtMidi2:
    """rtmidi2, for Pythons without a wheel of python-rtmidi."""

    def __init__(self, api: str) -> None:
        import rtmidi2

        self._library, self._api = rtmidi2, getattr(rtmidi2, f"API_{api}")
        self._lister = self._client()

    def _client(self) -> Any:
        return self._library.MidiIn(clientname="liquidlight", api=self._api)

    def names(self) -> list[str]:
        return list(self._lister.ports)

    def open(self, name: str) -> Port:
        client = self._client()
        client.ignore_types(midi_sysex=True, midi_time=False, midi_sense=True)
        client.open_port(list(client.ports).index(name))
        return Port(client.get_message, client.close_port)


def _api() -> str:
    """The API to use; raises DeviceError when this machine has none."""
    if named := os.environ.get(API_VARIABLE):
        return named
    if not sys.platform.startswith("linux") or Path("/dev/snd/seq").exists():
        return "UNSPECIFIED"
    if _jack_runs():
        return "UNIX_JACK"
    raise DeviceError("MIDI: no driver on this machine (no ALSA sequencer, no JACK server)")


def _jack_runs(folder: Path = Path("/dev/shm"), open_sockets: str = "/proc/net/unix") -> bool:
    """Whether a socket of JACK is held by a process: those who die leave theirs behind."""
    left = [str(path) for path in folder.glob(f"jack_*_{os.getuid()}_*")]
    try:
        held = {line.split(" ")[-1] for line in Path(open_sockets).read_text().splitlines()}
    except OSError:
        return bool(left)
    return any(path in held for path in left)


def open_driver() -> Driver:
    """The MIDI driver of this machine. Raises DeviceError, one line, when there is none."""
    api = _api()
    library = RtMidi if find_spec("rtmidi") else RtMidi2
    try:
        return library(api)
    except ImportError:
        raise DeviceError("MIDI: neither python-rtmidi nor rtmidi2 is installed") from None
    except AttributeError:
        raise DeviceError(f"MIDI: {API_VARIABLE} = {api!r} is not an API of RtMidi") from None
    except Exception as error:  # RtMidi raises its own SystemError, rtmidi2 RuntimeError
        raise DeviceError(f"MIDI: no driver on this machine ({_line(error)})") from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def list_ports() -> list[str]:
    """Names of the input ports; empty where there are none or no driver. Never raises."""
    try:
        return open_driver().names()
    except Exception:
        return []


def stable_name(port: str) -> str:
    """The part of a port's name that stays when it is plugged in again (ALSA adds `20:0`)."""
    return re.sub(r"\s+\d+:\d+$", "", port)


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
                self.problem = f"MIDI: {_line(error)}"

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
            self.problem = f"MIDI port {name}: {_line(error)}"
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
