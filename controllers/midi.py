"""MIDI in and out: every port that is wanted and there, opened again by name when it comes back.

One thread reads the open ports every few milliseconds, quicker while somebody plays: mido makes
messages of the bytes, each device's Controller makes them ControlEvents, and those go into the
queue. The same thread lights the devices, from what a Surface says of the show. Twice a second it
reads the port lists, because no driver tells that a port has gone (mido #607, python-rtmidi #98).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from collections.abc import Mapping as Table
from contextlib import suppress

from controllers.controller import Controller, Ghost
from controllers.device import Device
from controllers.drivers import Driver, line_of, open_driver, stable_name
from controllers.learn import Learned, Learning, others
from controllers.lights import View
from controllers.mapping import DEFAULT_MAPPING, Mapping
from controllers.profile import Profile, mistakes, profile_for, spare
from controllers.surface import Surface
from engine.clock import Clock, monotonic
from engine.errors import DeviceError, PresetError
from engine.exchange import EventQueue
from engine.records import ControlEvent

SYSTEM = 0xF0
"""Status bytes from here on are no channel's; of those only the clock's are of use."""
PLAYED_SECONDS, READ_SECONDS, LIST_SECONDS = 0.001, 0.004, 0.5
"""Between two readings while a hand plays, else, and while no port is open."""
PLAYING, PANIC = ("preset", "deck.a", "deck.b"), ("hush", "blackout")
"""When these change knobs let go; when these do, all lights are sent again."""
NOTHING = Mapping()
AWAKE_SECONDS = 2.0
"""So long after a message a hand is still playing."""
LIGHT_SECONDS, KNOWN_SECONDS = 0.03, 0.01
"""Between two pictures of lights; so long what is known of the show's values will do."""


class MidiInput:
    """Listens to one port (`port_name`, any part of its name) or to all ("all" or None).

    A named port must be there at the start: DeviceError lists the ports otherwise. Later it may
    come and go. With "all" nothing need be there, not even a driver; `problem` then says so.
    `clock_sink(data, time, port)`, if given, gets every MIDI clock message: the bytes, the show
    time of its arrival and the port; it is called on the MIDI thread and must come back at once.
    `surface` tells how the show stands: for takeover and lights; without it neither is there.
    `driver` is this machine's unless another is given.
    `received` counts mapped events, `ports` are those open now, `reopened` counts returns;
    `notes` gets a line for each device that is known, goes or fails in the show.
    """

    def __init__(
        self,
        port_name: str | None,
        mapping: Mapping,
        queue: EventQueue[ControlEvent],
        clock: Clock,
        clock_sink: Callable[[list[int], float, str], None] | None = None,
        surface: Surface | None = None,
        driver: Driver | None = None,
    ) -> None:
        self._clock_sink, self._surface = clock_sink, surface
        self._wanted = "" if port_name in (None, "all") else str(port_name).lower()
        self._mapping, self._queue, self._clock = mapping, queue, clock
        self._changed = False
        self._open: dict[str, Device] = {}
        self._seen: set[str] = set()
        self._values: Table[str, float | str] = {}
        self._known = self._lit = self._heard = -1.0
        self._stood: list[list[object]] = [[], []]
        self._learning: Learning | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.received = 0
        self.last = ""  # port and bytes of the last message
        self.reopened = 0
        self.problem = ""
        self.notes: EventQueue[str] = EventQueue()
        self._driver = driver or self._driver_or_none()
        if self._driver is not None:
            self._start(self._driver, port_name)

    @property
    def ports(self) -> tuple[str, ...]:
        """Ports open now."""
        return tuple(self._open)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Outputs open now, whose lights are lit."""
        return tuple(device.output for device in list(self._open.values()) if device.output)

    @property
    def profiles(self) -> dict[str, str]:
        """The title of the profile that plays, for each port that has one."""
        found = {name: device.profile for name, device in list(self._open.items())}
        return {name: profile.title for name, profile in found.items() if profile}

    @property
    def ghosts(self) -> dict[str, Ghost]:
        """By address: the knobs that stand elsewhere than the value they are to pick up."""
        found: dict[str, Ghost] = {}
        for device in list(self._open.values()):
            found |= device.controller.ghosts
        return found

    @property
    def mappings(self) -> dict[str, Mapping]:
        """What plays on each open port, by its stable name; any thread."""
        return {device.stable: device.controller.mapping for device in list(self._open.values())}

    def set_mapping(self, mapping: Mapping) -> None:
        """Use another mapping from the next message on; any thread."""
        self._mapping, self._changed = mapping, True

    def learn(self, address: str, done: Callable[[Learned], None]) -> None:
        """Bind the control that moves next to `address`; "" gives up. Any thread.

        `done` is called on the MIDI thread with what was found; the control does nothing
        meanwhile. The mapping stays as it is: who asked saves it and sets it. Raises DeviceError
        where there is no MIDI, PresetError for what is no address.
        """
        if address and self._thread is None:
            raise DeviceError(self.problem or "MIDI: no port is open")
        self._learning = Learning(address, done) if address else None

    def moved_by(self, learned: Learned) -> tuple[str, ...]:
        """The other addresses that a control has moved until now."""
        open_now = list(self._open.values())
        maps = [device.controller.mapping for device in open_now if device.stable == learned.port]
        return tuple(name for mapping in maps for name in others(mapping, learned))

    def close(self) -> None:
        """Leave all devices dark, close their ports and end the thread."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=4.0)
        for name in self.ports:
            with suppress(KeyError):
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
        for mistake in mistakes():
            self.notes.put(f"MIDI: {mistake}")
        self._rebind(driver, names)
        self._thread = threading.Thread(
            target=self._watch, args=(driver,), name="midi", daemon=True
        )
        self._thread.start()

    def _matching(self, names: list[str]) -> list[str]:
        return [name for name in names if self._wanted in name.lower()]

    def _watch(self, driver: Driver) -> None:
        listed = monotonic()
        while not self._stop.wait(self._pause()):
            try:
                self._turn()
                if monotonic() - listed >= LIST_SECONDS:
                    listed = monotonic()
                    self._rebind(driver, driver.names())
            except Exception as error:  # a driver in trouble is asked again, the show goes on
                self.problem = f"MIDI: {line_of(error)}"
        for name in self.ports:
            self._open.pop(name).close()
        driver.close()

    def _pause(self) -> float:
        if not self._open:
            return LIST_SECONDS
        return PLAYED_SECONDS if monotonic() - self._heard < AWAKE_SECONDS else READ_SECONDS

    def _turn(self) -> None:
        if self._changed:
            self._changed = False
            for device in self._open.values():
                device.controller.set_mapping(self._mapping_of(device.name, device.profile))
        self._read()
        if self._learning and self._learning.over(monotonic()):
            self._learning = None
        if self._surface is not None:
            self._light()
        for device in self._open.values():
            device.flush()
            if device.problem:
                self.problem, device.problem = device.problem, ""
                self.notes.put(self.problem)

    def _read(self) -> None:
        for device in self._open.values():
            for data in device.messages():
                if data[0] >= SYSTEM:
                    if self._clock_sink:
                        self._clock_sink(data, self._clock.now(), device.stable)
                    continue
                self._heard = monotonic()
                self.last = f"{device.stable}: {' '.join(f'{byte:02X}' for byte in data[:8])}"
                if self._learning:
                    self._learning.take(device.stable, data, self._heard)
                else:
                    self._take(device, data)

    def _take(self, device: Device, data: list[int]) -> None:
        if device.lights:
            device.lights.touched(data, self._heard)
        for event in device.controller.take(data, self._clock.now()):
            self._queue.put(event)
            self.received += 1

    def _present(self, address: str) -> float | None:
        """How a value stands, for takeover."""
        if self._surface is None:
            return None
        if monotonic() - self._known > KNOWN_SECONDS:
            self._known, self._values = monotonic(), self._surface.values()
        value = self._values.get(address)
        return value if isinstance(value, (int, float)) else None

    def _light(self) -> None:
        """Some thirty times a second."""
        if monotonic() - self._lit < LIGHT_SECONDS or not self._open:
            return
        self._lit = self._known = monotonic()
        self._values = self._surface.values()
        before, self._stood = self._stood, [
            [self._values.get(name) for name in names] for names in (PLAYING, PANIC)
        ]
        for device in self._open.values():
            if before[0] != self._stood[0]:
                device.controller.rearm(self._clock.now())
            device.controller.lights_asked |= before[1] != self._stood[1]
        if any(device.lights for device in self._open.values()):
            view = self._view(self._surface)
            for device in self._open.values():
                device.tell(view)

    def _view(self, surface: Surface) -> View:
        presets = next((c.choices for c in surface.controls() if c.name == "preset"), ())
        phase = surface.heard().get("phase", 0.0)
        return View(self._values, presets, surface.queued(), phase)

    def _rebind(self, driver: Driver, names: list[str]) -> None:
        """Close ports that have gone, open wanted ones that are there, and their outputs."""
        for name in set(self._open) - set(names):
            self._open.pop(name).close(there=False)
            self.notes.put(f"MIDI: {stable_name(name)} has gone; it is taken up when it is back")
        for name in self._matching(names):
            if name not in self._open:
                self._bind(driver, name)
        if any(d.profile and d.profile.lights for d in self._open.values()) and self._surface:
            outputs = driver.output_names()
            for device in self._open.values():
                used = {other.output for other in self._open.values()}
                device.find_output(driver, outputs, used)

    def _bind(self, driver: Driver, name: str) -> None:
        try:
            port = driver.open(name)
        except Exception as error:  # another program may hold it, or it went just now
            self.problem = f"MIDI port {name}: {line_of(error)}"
            return
        profile = self._profile(name)
        controller = Controller(
            self._mapping_of(name, profile), f"midi:{stable_name(name)}", self._present
        )
        self._open[name] = Device(name, port, controller, profile)
        self.problem = ""
        self._greet(name, profile)
        self.reopened += stable_name(name) in self._seen
        self._seen.add(stable_name(name))

    def _greet(self, name: str, profile: Profile | None) -> None:
        """Tell who was plugged in: known, with a hint the first time; or back again."""
        first = stable_name(name) not in self._seen
        if profile:
            hint = f" ({profile.hint})" if profile.hint and first else ""
            self.notes.put(f"MIDI: {profile.title} plays{hint}")
        elif not first:
            self.notes.put(f"MIDI: {stable_name(name)} is back")

    def _profile(self, name: str) -> Profile | None:
        with suppress(PresetError):  # one of the user's own, told at the start
            return profile_for(name, self._mapping.settings.get("profile", "auto"))
        return None

    def _mapping_of(self, name: str, profile: Profile | None) -> Mapping:
        """The rows for one port: what was said, over its profile or the default."""
        base = DEFAULT_MAPPING if profile is None else profile.mapping
        if profile is None and spare(name):
            base = NOTHING
        return self._mapping.for_port(name).over(base)
