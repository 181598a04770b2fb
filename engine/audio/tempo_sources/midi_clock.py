"""MIDI clock: 24 ticks a beat from a drum machine, a mixer or a DAW, with its start and stop.

`take` gets the bytes of system messages with their arrival on the show clock, on the MIDI thread;
`read` fits a straight line through the last two beats of ticks (USB MIDI trembles by some
milliseconds) and carries it on. After "start" the next tick is beat one of a bar; "continue" goes
on from the song position. A clock that never said "start" has a tempo and no phase: it takes over
that of the running count, or of a tap.

Status bytes: MIDI 1.0 Detailed Specification, System Real Time and System Common messages.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.audio.tempo_sources.contract import FASTEST, SLOWEST
from engine.records import Reading

TICK, START, CONTINUE, STOP, POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2
PER_BEAT = 24
FIT, FEWEST = 48, 6
"""Ticks in the line, and needed to say anything."""
BENDS = ((24, 0.012), (12, 0.04))
"""Ticks of a shorter line, and by which share its tempo must differ to be a change of tempo:
what 3 ms of trembling does to it, three times."""
GONE_SECONDS = 0.5
BREAK_SECONDS = 60.0 / SLOWEST / PER_BEAT
"""A longer gap between ticks starts a new line."""


class MidiClock:
    """The ticks of one sender. Where several ports send a clock the first one is followed."""

    name = "midi"

    def __init__(self) -> None:
        self._times: tuple[float, ...] = ()  # of the newest ticks; swapped whole: two threads
        self._newest = -1  # number of the newest tick, counted from the first that was heard
        self._origin: int | None = None  # tick number of beat 0, None while no phase is known
        self._position = 0  # ticks from the song's begin at which "continue" goes on
        self._stopped = False
        self._port = ""
        self._offset_beats = 0.0
        self._bpm = 0.0

    def take(self, data: Sequence[int], time: float, port: str = "") -> None:
        """A MIDI message that arrived at show time `time` from `port`; others are ignored."""
        status = data[0] if data else 0
        if status not in (TICK, START, CONTINUE, STOP, POSITION) or not self._mine(port, time):
            return
        if status == TICK:
            self._tick(time)
        elif status == START:
            self._origin, self._stopped = self._newest + 1, False
        elif status == CONTINUE:
            self._origin, self._stopped = self._newest + 1 - self._position, False
        elif status == STOP:
            self._stopped = True
            self._position = self._newest + 1 - (self._origin or 0)
        elif len(data) >= 3:
            self._position = 6 * (data[1] + 128 * data[2])

    def there(self, time: float) -> bool:
        times = self._times
        return not self._stopped and len(times) >= FEWEST and time - times[-1] < GONE_SECONDS

    def read(self, time: float) -> Reading | None:
        times, newest = self._times, self._newest
        if len(times) < FEWEST:
            return None
        last, tick = _line(np.array(times))
        self._bpm = 60.0 / (PER_BEAT * tick)
        if not SLOWEST <= self._bpm <= FASTEST:
            return None
        beat = self._beat(newest + (time - last) / tick)
        bar_beat = None if self._origin is None else int(beat // 1.0) % 4
        sure = 0.95 * min(1.0, len(times) / PER_BEAT)
        return Reading(time, self._bpm, beat % 1.0, bar_beat, sure, self.name)

    def align(self, time: float, beat: float) -> None:
        if self._origin is None and (reading := self.read(time)) is not None:
            self._offset_beats += beat - reading.phase

    def says(self) -> str:
        if not self._times:
            return "no clock"
        state = "stopped" if self._stopped else "running"
        return f"{self._port or 'clock'} {state} {self._bpm:.1f}"

    def close(self) -> None:
        self._times = ()

    def _beat(self, tick: float) -> float:
        if self._origin is None:
            return tick / PER_BEAT + self._offset_beats
        return (tick - self._origin) / PER_BEAT

    def _mine(self, port: str, time: float) -> bool:
        """Whether this is the port that is followed; another may follow when it is gone."""
        if port != self._port:
            if self._times and time - self._times[-1] < GONE_SECONDS:
                return False
            self._port, self._times, self._origin = port, (), None
            self._stopped = False
        return True

    def _tick(self, time: float) -> None:
        self._newest += 1
        if self._times and time - self._times[-1] > BREAK_SECONDS:
            self._times = ()
        self._times = (*self._times[1 - FIT :], time)


def _line(times: np.ndarray) -> tuple[float, float]:
    """Where the newest tick lies on the line through the ticks, and seconds a tick.

    A shorter line is believed where its slope differs by more than trembling explains.
    """
    last, tick = _fit(times)
    for count, bend in BENDS:
        shorter = _fit(times[-count:])
        if abs(shorter[1] / tick - 1.0) > bend:
            last, tick = shorter
    return last, tick


def _fit(times: np.ndarray) -> tuple[float, float]:
    """The same by least squares through all of `times`."""
    numbers = np.arange(1.0 - len(times), 1.0)
    centred = numbers - numbers.mean()
    tick = max(1e-4, float(centred @ times / (centred @ centred)))
    return float(times.mean() - tick * numbers.mean()), tick
