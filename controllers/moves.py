"""What a MIDI message says of a control: messages of mido in, Moves out.

A Reader remembers the first halves of 14-bit values and which parameter an NRPN means, so one is
kept for each port. On the MIDI thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from controllers.mapping import Mapping

Control = tuple[str, int, int]
"""Type, number and channel 0..15 of a control."""
_NRPN, _DATA, _DATA_FINE = (99, 98), 6, 38


@dataclass(frozen=True, slots=True)
class Move:
    """A control moved: its place 0..1, the 7 bits as they came, whether it has 14 bits."""

    control: Control
    place: float
    raw: int
    fine: bool = False


class Reader:
    """Reads the messages of one port."""

    def __init__(self) -> None:
        self._halves: dict[tuple[int, int], int] = {}  # by channel and number
        self._fine: set[tuple[int, int]] = set()  # those whose second halves come
        self._nrpn: dict[tuple[int, int], int] = {}

    def moves(self, message: Any, mapping: Mapping) -> Iterator[Move]:
        """What one mido message says; which halves belong together, the mapping knows."""
        kind = message.type
        if kind == "control_change":
            yield from self._change(message, mapping)
        elif kind in ("note_on", "note_off"):
            raw = message.velocity if kind == "note_on" else 0
            yield Move(("note", message.note, message.channel), raw / 127.0, raw)
        elif kind == "pitchwheel":
            place = (message.pitch + 8192) / 16383.0
            yield Move(("bend", -1, message.channel), place, message.pitch + 8192 >> 7, True)
        elif kind == "aftertouch":
            yield Move(("pressure", -1, message.channel), message.value / 127.0, message.value)
        elif kind == "polytouch":
            control = ("aftertouch", message.note, message.channel)
            yield Move(control, message.value / 127.0, message.value)
        elif kind == "program_change":
            yield Move(("program", message.program, message.channel), 1.0, message.program)

    def _change(self, message: Any, mapping: Mapping) -> Iterator[Move]:
        """A control change: itself, half of a 14-bit one, or part of an NRPN."""
        channel, number, raw = message.channel, message.control, message.value
        if number in _NRPN:
            self._nrpn[channel, number] = raw
        elif number in (_DATA, _DATA_FINE) and (channel, _NRPN[1]) in self._nrpn:
            coarse, fine = (self._nrpn.get((channel, part), 0) for part in _NRPN)
            control = ("nrpn", coarse << 7 | fine, channel)
            yield from self._half(control, channel, _DATA, raw, number == _DATA)
        pairs = {(row.number, row.lsb) for row in mapping.at("cc", number, channel)}
        for first, second in pairs:
            if second is None:
                yield Move(("cc", number, channel), raw / 127.0, raw)
            else:
                yield from self._half(("cc", first, channel), channel, first, raw, number == first)

    def _half(
        self, control: Control, channel: int, number: int, raw: int, first: bool
    ) -> Iterator[Move]:
        """The first half waits for the second, once one has come."""
        key = (channel, number) if control[0] == "cc" else (channel, -1 - control[1])
        if not first:
            self._fine.add(key)
            yield Move(control, (self._halves.get(key, 0) << 7 | raw) / 16383.0, raw, True)
            return
        self._halves[key] = raw
        if key not in self._fine:
            yield Move(control, raw / 127.0, raw, True)


def steps_of(encoder: str, raw: int) -> int:
    """How far an endless encoder was turned, positive to the right."""
    if encoder == "twos":
        return raw if raw < 64 else raw - 128
    if encoder == "sign":
        return raw if raw < 64 else 64 - raw
    return raw - 64
