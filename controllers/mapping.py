"""Which MIDI control moves which address: rows of text in, a Mapping out.

A rig, set or preset may hold a section `[midi]` with one row an address:

    knob1 = "cc 21"                       a control change, on any channel
    knob2 = "cc 22 channel 1"             channels count from 1
    "motion.zoom" = "cc 7 0.8..1.4"       0..127 becomes that range; else the declared one
    strength = "cc 7/39 scale"            14 bit; taken over by scaling in place of pickup
    freeze = "note 36"                    each press turns it over
    blackout = "note 37 hold"             on while held
    "preset.3" = "note 50, cc 34"         several controls, a comma between
    preset = "program"                    program changes choose presets
    "prompts.1.weight" = "note 1 radio p" the others of that radio fall when it is pressed
    "motion.angle" = "cc 9 relative twos" an endless encoder
    knob3 = "cc 22 shift"                 while "midi.shift" = "note 98" is held
    knob4 = "cc 22 bank 2"                after "midi.bank.2" = "note 90"

rows.py has all the words. Two keys are no addresses: `profile` names the controller (else it is
known by its port), `takeover` is how knobs take values over ("pickup", else "scale" or "jump").
Rows of a preset come before those of the rig, these before the controller's profile, and for a
controller without one before DEFAULT_MAPPING. Mappings are values without state; any thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping as Rows
from pathlib import Path

from controllers.addresses import ALLOWED
from controllers.rows import ANY, TAKEOVERS, Row, Wrong, address_of, parse_rows
from engine.errors import PresetError, Where
from engine.expressions import near
from engine.params import KNOBS, PARAMS, SWITCHES, TRIGGERS
from engine.toml_file import place_of

SETTINGS = ("profile", "takeover")
"""Keys of [midi] that are no addresses."""


class Mapping:
    """Rows, found by the control that moved; `settings` are the rest of [midi]."""

    def __init__(self, rows: Iterable[Row] = (), settings: Rows[str, str] | None = None) -> None:
        self.rows = tuple(rows)
        self.settings = dict(settings or {})
        self._found: dict[tuple[str, int], list[Row]] = defaultdict(list)
        for row in self.rows:
            self._found[row.type, row.number].append(row)
            if row.lsb is not None:
                self._found[row.type, row.lsb].append(row)

    def over(self, base: Mapping) -> Mapping:
        """These rows, and those of `base` whose address and control are both still free."""
        names = {row.address.name for row in self.rows}
        taken: dict[tuple, list[Row]] = defaultdict(list)
        for row in self.rows:
            taken[row.type, row.number, row.layer].append(row)
        kept = [
            row for row in base.rows
            if row.address.name not in names
            and not any(_same(row, mine) for mine in taken[row.type, row.number, row.layer])
        ]  # fmt: skip
        return Mapping((*self.rows, *kept), {**base.settings, **self.settings})

    def for_port(self, port: str) -> Mapping:
        """Only the rows that hold for the port of that name."""
        name = port.lower()
        return Mapping((row for row in self.rows if row.port in name), self.settings)

    def at(self, kind: str, number: int, channel: int) -> list[Row]:
        """The rows of a control, in any bank or shift; `channel` 0..15."""
        rows = self._found.get((kind, number), [])
        if kind == "program":
            rows = [*rows, *self._found.get((kind, ANY), ())]
        return [row for row in rows if row.channel is None or row.channel == channel]


def _same(one: Row, other: Row) -> bool:
    """Whether two rows of one number may mean the same control."""
    return None in (one.channel, other.channel) or one.channel == other.channel


def parse_mapping(rows: Rows[str, str], place: str, base: Mapping | None = None) -> Mapping:
    """The mapping said by rows of {address: control}; `place` is the file, for messages.

    Addresses and controls that the rows leave alone keep those of `base`. Raises PresetError, one
    line with file, line (where the file can be read), key, value and what is allowed.
    """
    parsed: list[Row] = []
    settings = {}
    for name, text in rows.items():
        if name in SETTINGS:
            settings[name] = _setting(name, text, place)
            continue
        address = address_of(name)
        if address is None:
            close = near(name, (*PARAMS, *KNOBS, *SWITCHES, *TRIGGERS))
            raise _error(place, name, text, f"is not an address{close}; allowed: {ALLOWED}")
        try:
            parsed += parse_rows(address, str(text))
        except Wrong as wrong:
            raise _error(place, name, text, str(wrong)) from None
    mapping = Mapping(parsed, settings)
    return mapping if base is None else mapping.over(base)


def _setting(name: str, text: str, place: str) -> str:
    if name == "takeover" and text not in TAKEOVERS:
        raise _error(place, name, text, f"is none of {', '.join(TAKEOVERS)}")
    if name == "profile":
        from controllers.profile import names

        if text not in (allowed := ("auto", "none", *names())):
            said = f"is not known{near(text, allowed)}; allowed: {', '.join(allowed)}"
            raise _error(place, name, text, said)
    return text


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
    "preset": "program",
    **{f"preset.{n}": f"note {43 + n}, cc {31 + n}" for n in range(1, 9)},
}
DEFAULT_MAPPING = parse_mapping(_DEFAULT, "the default mapping")
"""For controllers without a profile: cc 16..23 and 0..7 are knobs, and any box of 16 pads from
note 36, where most begin, has switches, tap, steps and presets 1..8. Programs choose presets."""
