"""Lights of a controller: how the show stands goes in, MIDI messages for pads and rings go out.

What each control has been sent is kept, only differences are sent, no more than one message a
millisecond, and all of them again after `forget`. What waits for its beat blinks with the beat by
messages of ours, so it does so on any device and at the show's tempo. On the MIDI thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from controllers.controller import Controller
from controllers.profile import Light, Profile
from controllers.rows import Row
from controllers.takeover import MOVING_SECONDS
from engine.params import LAUNCHES

SEND_SECONDS = 0.001
"""Between two messages: some controllers lose what comes quicker."""
TAPS = ("tap", "beat_one")
"""Triggers whose lights show the beat."""


@dataclass(frozen=True, slots=True)
class View:
    """How the show stands: values by address, presets in order, what waits, the beat 0..1."""

    values: Mapping[str, float | str] = field(default_factory=dict)
    presets: Sequence[str] = ()
    queued: Set[str] = frozenset()
    phase: float = 0.0


def state_of(row: Row, view: View, controller: Controller) -> str:
    """One of profile.STATES for the control of a row."""
    name = row.address.name
    base, _, when = name.rpartition(".")
    name = base if when in LAUNCHES and base else name
    if name.startswith("midi."):
        return _ours(name, controller)
    if row.address.kind in ("preset", "choice"):
        return _preset(name, row, view)
    if row.address.kind == "trigger":
        return "active" if name in TAPS and view.phase < 0.25 else "loaded"
    value = view.values.get(name)
    if value is None or isinstance(value, str):
        return "empty"
    if name in view.queued:
        return "queued"
    on = row.place(value) > 0.5 if row.address.kind == "value" else value > 0.5
    if row.button == "set":
        on = abs(value - row.value) < 1e-6
    return "active" if on else "loaded"


def _ours(name: str, controller: Controller) -> str:
    on = controller.shift if name == "midi.shift" else name == f"midi.bank.{controller.bank}"
    return "active" if on else "loaded"


def _preset(name: str, row: Row, view: View) -> str:
    """`preset.3`, `deck.a.3`, or a choice that a button sets."""
    place, _, number = name.rpartition(".")
    if row.button == "set":
        place, number = name, f"{row.value:.0f}"
    if not number.isdigit() or not 1 <= int(number) <= len(view.presets):
        return "empty"
    if f"{place}.{number}" in view.queued:
        return "queued"
    playing = view.values.get(place) == view.presets[int(number) - 1]
    return "active" if playing else "loaded"


class Lights:
    """The lights of one controller that is plugged in; `send` takes the bytes of a message."""

    def __init__(
        self, profile: Profile, controller: Controller, send: Callable[[bytes], None]
    ) -> None:
        self.profile, self._controller, self._send = profile, controller, send
        self._groups: dict[tuple, list[Light]] = {}
        for light in profile.lights:
            self._groups.setdefault((light.control, bool(light.ring)), []).append(light)
        self._shown: dict[tuple, bytes] = {}
        self._wanted: dict[tuple, bytes] = {}
        self._moved: dict[tuple, float] = {}
        self._free = 0.0  # time from which the next message may be sent
        self.sent = 0
        for message in profile.init:
            self._now(message)

    def forget(self) -> None:
        """Send all again: it was plugged in, or asked for."""
        self._shown.clear()

    def touched(self, data: Sequence[int], time: float) -> None:
        """A control was moved at `time`, steady seconds: a button may have changed its light by
        itself and is sent it again; a ring stands where its hand has turned it, and is left alone
        while that goes on."""
        kind = {0x80: "note", 0x90: "note", 0xB0: "cc"}.get(data[0] & 0xF0)
        if kind is None or len(data) < 3:
            return
        for channel in (None, data[0] & 0x0F):
            control = (kind, data[1], channel)
            self._shown.pop((control, False), None)
            if (control, True) in self._groups:
                self._shown[control, True] = bytes(data)
                self._moved[control, True] = time

    def show(self, view: View) -> None:
        """Take in how the show stands; `flush` sends what is new."""
        for key, lights in self._groups.items():
            told = (self._message(light, view) for light in lights)
            message = next((message for message in told if message is not None), None)
            if message is not None:
                self._wanted[key] = message

    def flush(self, time: float) -> None:
        """Send as much of what differs as `time` (steady seconds) allows."""
        self._free = max(self._free, time - 4 * SEND_SECONDS)
        for key, message in self._wanted.items():
            if self._free > time:
                return
            if time - self._moved.get(key, -MOVING_SECONDS) < MOVING_SECONDS:
                continue
            if self._shown.get(key) != message:
                self._shown[key] = message
                self._free += SEND_SECONDS
                self._now(message)

    def leave(self) -> None:
        """All dark, and the device as it was found."""
        for light in self.profile.lights:
            if (dark := light.states.get("empty")) is not None:
                self._now(dark)
        for message in self.profile.exit:
            self._now(message)

    def _now(self, message: bytes) -> None:
        self._send(message)
        self.sent += 1

    def _message(self, light: Light, view: View) -> bytes | None:
        rows = [row for row in self._rows(light) if row.address.name.startswith(light.only)]
        if light.ring:
            value = view.values.get(rows[0].address.name) if rows else None
            place = rows[0].place(value) if isinstance(value, (int, float)) else 0.0
            return light.ringed(round(127 * place))
        if not rows:
            return None if light.only else light.states.get("empty")
        state = state_of(rows[0], view, self._controller)
        if state == "queued" and (view.phase >= 0.5 or "queued" not in light.states):
            state = "loaded" if view.phase >= 0.5 else "active"
        return light.states.get(state)

    def _rows(self, light: Light) -> Iterator[Row]:
        kind, number, channel = light.control
        return iter(self._controller.rows_now((kind, number, channel or 0)))
