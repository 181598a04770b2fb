"""Which MIDI control moves which address: rows of text in, ControlEvents out.

A preset or set may hold a section `[midi]` with one row an address, laid over DEFAULT_MAPPING:

    knob1 = "cc 21"                       a control change, on any channel
    knob2 = "cc 22 channel 1"             channels count from 1
    "motion.zoom" = "cc 7 0.8..1.4"       0..127 becomes that range; else the declared one
    freeze = "note 36"                    each press turns it over
    blackout = "note 37 hold"             on while held
    "preset.3" = "note 50, cc 34"         several controls, a comma between

Mappings are values without state; `events_for` may be called on any thread.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping as Rows
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controllers.addresses import ALLOWED, TOGGLE, Address, find
from engine.errors import PresetError, Where
from engine.expressions import near
from engine.params import KNOBS, PARAMS, SWITCHES, TRIGGERS
from engine.records import ControlEvent
from engine.toml_file import place_of

FORM = '"cc 0..127" or "note 0..127", then "channel 1..16", a range as 0.8..1.4, "hold"'
"""The allowed form of a row, for messages."""

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)"
_ROW = re.compile(
    r"(?P<type>cc|note) (?P<number>\d{1,3})"
    r"(?: channel (?P<channel>\d{1,2}))?"
    rf"(?: (?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER}))?"
    r"(?P<hold> hold)?"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One control bound to one address. `channel` 0..15 as on the wire, None for any."""

    address: Address
    type: str
    number: int
    channel: int | None
    low: float
    high: float
    hold: bool

    @property
    def control(self) -> tuple[str, int, int | None]:
        """The physical control."""
        return self.type, self.number, self.channel


class Mapping:
    """Rows, found by the control that moved."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.rows = tuple(rows)
        self._found: dict[tuple[str, int], list[Row]] = defaultdict(list)
        for row in self.rows:
            self._found[row.type, row.number].append(row)

    def over(self, base: Mapping) -> Mapping:
        """These rows, and those of `base` whose address and control are both still free."""
        names = {row.address.name for row in self.rows}
        controls = {row.control[:2] for row in self.rows}
        kept = (r for r in base.rows if r.address.name not in names)
        return Mapping((*self.rows, *(r for r in kept if r.control[:2] not in controls)))

    def events_for(self, message: Any, time: float, source: str = "midi") -> list[ControlEvent]:
        """The events of one mido message at show time `time`; none if nothing is mapped."""
        if message.type == "control_change":
            kind, number, level = "cc", message.control, message.value
        elif message.type in ("note_on", "note_off"):
            kind, number = "note", message.note
            level = message.velocity if message.type == "note_on" else 0
        else:
            return []
        events = []
        for row in self._found.get((kind, number), ()):
            if row.channel is None or row.channel == message.channel:
                value = _value(row, level)
                if value is not None:
                    events.append(ControlEvent(time, row.address.name, value, source))
        return events


def _value(row: Row, level: int) -> float | str | None:
    """What a control at `level` 0..127 sends; None for nothing (the release of a toggle)."""
    if row.address.kind == "value":
        return row.low + (row.high - row.low) * level / 127.0
    # A note sounds at any velocity; a button sends 127, and a fader on its way up must not
    # turn a switch over at every step.
    pressed = level > 0 if row.type == "note" else level == 127
    if row.hold:
        return 1.0 if (pressed if row.type == "note" else level > 63) else 0.0
    if not pressed:
        return None
    return TOGGLE if row.address.kind == "switch" else 1.0


def parse_mapping(rows: Rows[str, str], place: str, base: Mapping | None = None) -> Mapping:
    """The mapping said by rows of {address: control}; `place` is the file, for messages.

    Addresses and controls that the rows leave alone keep those of `base`, else of DEFAULT_MAPPING.
    Raises PresetError, one line with file, line (where the file can be read), key, value and
    what is allowed.
    """
    return _parsed(rows, place).over(DEFAULT_MAPPING if base is None else base)


def _parsed(rows: Rows[str, str], place: str) -> Mapping:
    parsed = []
    for name, text in rows.items():
        address = find(name)
        if address is None or address.kind in ("text", "choice"):
            close = near(name, (*PARAMS, *KNOBS, *SWITCHES, *TRIGGERS))
            raise _error(place, name, text, f"is not an address{close}; allowed: {ALLOWED}")
        for part in str(text).split(","):
            parsed.append(_parse(address, " ".join(part.lower().split()), place, text))
    return Mapping(parsed)


def _parse(address: Address, part: str, place: str, text: str) -> Row:
    match = _ROW.fullmatch(part)
    number = int(match["number"]) if match else -1
    channel = int(match["channel"]) if match and match["channel"] else None
    if not match or number > 127 or channel == 0 or (channel or 1) > 16:
        raise _error(place, address.name, text, f"is not of the form {FORM}")
    low, high = address.reach
    if match["low"]:
        if address.kind != "value":
            raise _error(place, address.name, text, "has a range, but is on or off")
        low, high = float(match["low"]), float(match["high"])
        if address.param and not (address.param.allows(low) and address.param.allows(high)):
            raise _error(place, address.name, text, f"is outside {address.param.range}")
    if match["hold"] and address.kind != "switch":
        raise _error(place, address.name, text, 'has "hold", which is for switches only')
    wire = None if channel is None else channel - 1
    return Row(address, match["type"], number, wire, low, high, bool(match["hold"]))


def _error(place: str, name: str, text: object, message: str) -> PresetError:
    """The error with the line in the file, when `place` is a file that has such a row."""
    path, where = Path(place), None
    if path.is_file():
        keys = ("midi", name)
        where = Where(path, *place_of(path.read_text("utf-8"), keys), keys)
        place = f"{place}:{where.line}"
    error = PresetError(f"{place}: midi.{name} = {text!r} {message}")
    error.where = where
    return error


_DEFAULT = {
    **{f"knob{n}": f"cc {15 + n}" for n in range(1, 9)},
    **{f"knob{n}": f"cc {n - 9}" for n in range(9, 17)},
    "freeze": "note 36, cc 42",
    "blackout": "note 37, cc 45",
    "hush": "note 38, cc 46",
    "tap": "note 39, cc 41",
    "previous": "note 40, cc 43",
    "next": "note 41, cc 44",
    "autopilot": "note 42, cc 60",
    "reset": "note 43",
    **{f"preset.{n}": f"note {43 + n}, cc {31 + n}" for n in range(1, 9)},
}
DEFAULT_MAPPING = _parsed(_DEFAULT, "the default mapping")
"""Fits a Korg nanoKONTROL2 in CC mode as it comes (knobs 1..8, sliders as knob 9..16, S buttons as
presets 1..8; play taps, stop freezes, rec blacks out, cycle is hush, rewind and forward step)
and any box of 16 pads from note 36, where most begin."""
