"""Gamepads of a performance: what glfw reads becomes events, once a picture, on the main thread."""

from __future__ import annotations

from collections.abc import Mapping

from controllers.gamepad import Gamepads, Pad, parse_gamepad
from engine.clock import Clock
from engine.exchange import EventQueue
from engine.records import ControlEvent
from engine.render.gamepads import read_gamepads


class Pads:
    """`rows` are the rig's [gamepad], which lies at `place`; `there` is False without a window,
    where glfw is not at work. Raises PresetError for a wrong row."""

    def __init__(
        self, rows: Mapping[str, str], place: str, events: EventQueue[ControlEvent], clock: Clock,
        there: bool,
    ) -> None:
        self.hands = Gamepads(parse_gamepad(rows, place))
        self._events, self._clock, self._there = events, clock, there

    def look(self) -> None:
        """Queue what has moved since the last look."""
        if self._there:
            pads = {slot: Pad(*reading) for slot, reading in read_gamepads().items()}
            for event in self.hands.events(pads, self._clock.now()):
                self._events.put(event)
