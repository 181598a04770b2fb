"""MIDI clock out: 24 ticks a beat to one port, so that lights and drum machines follow us.

The beat flows in through a function, bytes flow out on a thread of its own that waits for each
tick's own time (absolute deadlines: a late tick makes no other late). It starts at the next bar
(song position 0, start), says stop at the end, and opens its port again when that comes back.
A tick is never sent twice; after a jump it goes on from where the beat is.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from controllers.drivers import Driver, OutPort, open_driver, stable_name
from engine.clock import Clock, sleep
from engine.errors import DeviceError
from engine.records import Beat

TICKS, BAR = 24, 4
"""Ticks a beat, beats a bar."""
CLOCK, START, STOP, POSITION_0 = [0xF8], [0xFA], [0xFC], [0xF2, 0, 0]
LOOK_SECONDS = 0.02
"""A tempo that glides is looked at so often while a tick is waited for."""
AGAIN_SECONDS = 1.0
JUMP_TICKS = 12
"""A tick that is later than this is not made up for."""


class MidiClockOut:
    """Sends from construction until `close`, to the first port whose name has `wanted` in it.

    `beat` gives the newest Beat, whose times are those of `clock`. `sent` counts ticks, `late_ms`
    is by how much the last ones were late on average, `problem` what stands in the way.
    Raises DeviceError when the port is not there, naming those that are.
    """

    def __init__(
        self, wanted: str, beat: Callable[[], Beat], clock: Clock, driver: Driver | None = None
    ) -> None:
        self._wanted, self._beat, self._clock = wanted.lower(), beat, clock
        self._driver = driver or open_driver()
        names = self._driver.output_names()
        if not any(self._wanted in name.lower() for name in names):
            there = ", ".join(map(stable_name, names)) or "none"
            raise DeviceError(f"MIDI clock: no output port {wanted!r}; there are: {there}")
        self._out: OutPort | None = None
        self._next = 0  # the tick that comes, 0 before the start
        self.sent = 0
        self.late_ms = 0.0
        self.problem = ""
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="midi clock", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Say stop, and give the port back."""
        self._closed.set()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                if self._out is None and not self._opened():
                    self._closed.wait(AGAIN_SECONDS)
                    continue
                self._tick()
            except Exception as error:  # the library's own: the port has gone
                self.problem = f"MIDI clock: {' '.join(str(error).split())}"
                self._drop()
        if self._out is not None:
            self._out.send(STOP)
            self._drop()

    def _opened(self) -> bool:
        names = [n for n in self._driver.output_names() if self._wanted in n.lower()]
        if not names:
            self.problem = "MIDI clock: the port has gone"
            return False
        self._out, self._next, self.problem = self._driver.open_output(names[0]), 0, ""
        return True

    def _drop(self) -> None:
        out, self._out = self._out, None
        if out is not None:
            out.close()

    def _tick(self) -> None:
        """Wait for the next tick, a while at most, and send it when its time has come."""
        beat, now = self._beat(), self._clock.now()
        tick = self._next or self._bar_after(beat.at(now))
        due = beat.time + (tick / TICKS - beat.beat) * 60.0 / beat.bpm
        if due - now > LOOK_SECONDS:
            sleep(0.5 * LOOK_SECONDS)
            return
        sleep(due - now)
        late = self._clock.now() - due
        if not self._next:
            self._out.send(POSITION_0)
            self._out.send(START)
        if late > JUMP_TICKS / TICKS * 60.0 / beat.bpm:
            self._next = math.ceil(beat.at(self._clock.now()) * TICKS)
            return
        self._out.send(CLOCK)
        self.sent += 1
        self.late_ms += 0.02 * (late * 1000.0 - self.late_ms)
        self._next = tick + 1

    @staticmethod
    def _bar_after(beat: float) -> int:
        """The tick of the next bar's first beat."""
        return max(1, math.ceil(beat / BAR)) * BAR * TICKS

