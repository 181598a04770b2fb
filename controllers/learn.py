"""Learning: the control that moves next is bound to an address; what it is shows in what it sends.

Raw messages of all ports flow in, one Learned comes out. A button is known by its press, a pitch
bend by its kind. A control change is watched until it rests: a knob sends ever other values, an
endless encoder the same small steps again, a 14-bit knob two numbers by turns. On the MIDI thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from controllers.mapping import Mapping
from controllers.rows import address_of, parse_rows
from engine.errors import PresetError
from engine.expressions import near
from engine.params import KNOBS, PARAMS, SWITCHES, TRIGGERS

REST_SECONDS = 0.4
"""A control that has sent nothing for so long has been shown."""
ENOUGH = 40
"""Messages after which no rest is waited for."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A control for `address`: `text` is its row in [midi], `port` where it was moved."""

    address: str
    text: str
    port: str


class Learning:
    """Waits for one control. Raises PresetError for what no control can move."""

    def __init__(self, address: str, done: Callable[[Learned], None]) -> None:
        found = address_of(address)
        if found is None:
            close = near(address, (*PARAMS, *KNOBS, *SWITCHES, *TRIGGERS))
            raise PresetError(f"learn: {address!r} is nothing that a control can move{close}")
        self._address, self._done, self._over = found, done, False
        self._sent: dict[tuple[str, str, int, int], list[int]] = {}
        self._last = 0.0

    def take(self, port: str, data: list[int], time: float) -> None:
        """One message of a port at `time`, steady seconds."""
        if self._over or len(data) < 2 or max(data[1:]) > 127:
            return
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind == 0x90 and len(data) > 2 and data[2] > 0:
            button = " toggle" if self._address.kind == "value" else ""
            self._finish(port, f"note {data[1]}{button}")
        elif kind == 0xC0:
            self._finish(port, f"program {data[1]}")
        elif kind == 0xE0:
            self._note((port, "bend", channel, -1), data[2] if len(data) > 2 else 0, time)
        elif kind == 0xB0 and len(data) > 2:
            self._note((port, "cc", channel, data[1]), data[2], time)

    def over(self, time: float) -> bool:
        """Whether it is done; looks whether the control rests at `time`."""
        if not self._over and self._sent and time - self._last >= REST_SECONDS:
            self._decide()
        return self._over

    def _note(self, control: tuple[str, str, int, int], raw: int, time: float) -> None:
        self._sent.setdefault(control, []).append(raw)
        self._last = time
        if len(self._sent[control]) >= ENOUGH:
            self._decide()

    def _decide(self) -> None:
        """Say what the control is that sent most; one lone value in between says nothing."""
        control, values = max(self._sent.items(), key=lambda row: len(row[1]))
        port, kind, channel, number = control
        first = number % 32
        halves = ((port, kind, channel, n) for n in (first, first + 32))
        pair = number < 64 and all(half in self._sent for half in halves)
        self._sent = {}
        if kind == "bend":
            self._finish(port, f"bend channel {channel + 1}")
        elif len(values) <= 2 and values[0] == 127:
            button = " toggle" if self._address.kind == "value" else ""
            self._finish(port, f"cc {number}{button}")
        elif pair:
            self._finish(port, f"cc {first}/{first + 32}")
        elif encoder := encoder_of(values):
            self._finish(port, f"cc {number} relative {encoder}")
        elif len(set(values)) >= 2:
            self._finish(port, f"cc {number}")

    def _finish(self, port: str, text: str) -> None:
        self._over = True
        self._done(Learned(self._address.name, text, port))


def others(mapping: Mapping, learned: Learned) -> list[str]:
    """The other addresses that the control moves in a mapping, without shift."""
    row = next(parse_rows(address_of(learned.address), learned.text))
    rows = mapping.at(row.type, row.number, row.channel or 0)
    names = [found.address.name for found in rows if not found.shift]
    return [name for name in names if name != learned.address]


def encoder_of(values: list[int]) -> str:
    """The kind of endless encoder that sends these values in a row, "" for a plain knob.

    A knob never sends one value twice in a row, and passes all ranges only on its way.
    """
    again = sum(a == b for a, b in zip(values, values[1:], strict=False))
    if len(values) < 3 or 2 * again < len(values) - 1:
        return ""
    small = any(1 <= v < 16 for v in values)
    above, below = any(64 < v < 80 for v in values), any(48 < v < 64 for v in values)
    if not all(1 <= v < 16 or 48 < v < 80 or v > 112 for v in values):
        return ""
    if small and above:
        return "sign"
    return "offset" if above or below else "twos"
