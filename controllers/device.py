"""A MIDI device that is plugged in: its input, what its controls do, and its lights.

The MIDI thread owns it from plugging in to pulling out: `read` takes the messages that came,
`tell` lights what the show says, `close` leaves it dark and in the mode in which it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from controllers.controller import Controller
from controllers.drivers import Driver, OutPort, Port, line_of, stable_name
from controllers.lights import Lights, View
from controllers.loop_guard import LoopGuard
from controllers.profile import Profile
from engine.clock import monotonic, sleep

FLUSH_SECONDS = 0.05
"""Drivers send on threads of their own: so long the last messages are given."""


class Device:
    """An open port and what belongs to it. `problem` is a line for the operator, or ""."""

    def __init__(
        self, name: str, port: Port, controller: Controller, profile: Profile | None
    ) -> None:
        self.name, self.controller, self.profile = name, controller, profile
        self.lights: Lights | None = None
        self.output = ""
        self.problem = ""
        self._port, self._out = port, None
        self._guard = LoopGuard(monotonic())

    @property
    def stable(self) -> str:
        """The name without the numbers that change when it is plugged in again."""
        return stable_name(self.name)

    def messages(self) -> Sequence[list[int]]:
        """What came since the last call, without our own lights if the port returns them."""
        found = []
        while (data := self._port.read()) is not None:
            if data and not (self._out and self._guard.returned(data, monotonic())):
                found.append(data)
        if self._guard.looped and self.lights:
            self.problem = f"MIDI port {self.name} returns what it is sent: no lights there"
            self._drop()
        return found

    def find_output(self, driver: Driver, names: Sequence[str], used: set[str]) -> None:
        """Open the output that belongs here, light it anew; drop one that has gone."""
        if self.output and self.output not in names:
            self._drop()
        if self.lights or self.profile is None or not self.profile.lights or self._guard.looped:
            return
        profile = self.profile
        free = [n for n in names if n not in used and (profile.fits(n) or self._mine(n))]
        for name in sorted(free, key=lambda n: not self._mine(n)):
            self._open_output(driver, name)
            return

    def _mine(self, output: str) -> bool:
        return stable_name(output) == self.stable

    def _open_output(self, driver: Driver, name: str) -> None:
        try:
            self._out = driver.open_output(name)
            self.output, self._guard = name, LoopGuard(monotonic())
            self.lights = Lights(self.profile, self.controller, self._sender(self._out))
        except Exception as error:  # another program may hold it, or it went just now
            self.problem = f"MIDI output {name}: {line_of(error)}"
            self._drop()

    def _sender(self, out: OutPort) -> Callable[[bytes], None]:
        def send(message: bytes) -> None:
            self._guard.sent(message, monotonic())
            out.send(list(message))

        return send

    def tell(self, view: View) -> None:
        """Take in how the show stands."""
        if self.lights is None:
            return
        if self.controller.lights_asked:
            self.controller.lights_asked = False
            self.lights.forget()
        self.lights.show(view)

    def flush(self) -> None:
        """Send lights that differ, as many as may be sent now."""
        if self.lights is None:
            return
        try:
            self.lights.flush(monotonic())
        except Exception as error:
            self.problem = f"MIDI output {self.output}: {line_of(error)}"
            self._drop()

    def close(self, there: bool = True) -> None:
        """Leave it; `there` is whether it still is."""
        if self.lights and there:
            try:
                self.lights.leave()
                sleep(FLUSH_SECONDS)
            except Exception as error:
                self.problem = f"MIDI output {self.output}: {line_of(error)}"
        self._drop()
        self._port.close()

    def _drop(self) -> None:
        out, self._out, self.lights, self.output = self._out, None, None, ""
        if out is not None:
            try:
                out.close()
            except Exception as error:
                self.problem = f"MIDI output: {line_of(error)}"
