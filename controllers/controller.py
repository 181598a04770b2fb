"""One controller that is plugged in: bytes of MIDI in, ControlEvents out.

It remembers what single messages do not say: where knobs stand, what they have hold of, which
bank and shift hold. On the MIDI thread; `ghosts` may be read anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from controllers.addresses import TOGGLE
from controllers.mapping import Mapping
from controllers.moves import Control, Move, Reader, steps_of
from controllers.rows import BANKS, Row
from controllers.takeover import MOVING_SECONDS, Takeover
from engine.params import KNOBS
from engine.records import ControlEvent

STAYING = ("cc", "nrpn", "bend")
"""What stays where a hand has left it, and so is picked up; the others are struck."""
Present = Callable[[str], float | None]
"""How the value of an address stands, None where there is none."""


@dataclass(frozen=True, slots=True)
class Ghost:
    """Where a knob stands that has no hold of the value of `address`: the value it would send."""

    address: str
    value: float
    source: str


def nothing_known(_address: str) -> float | None:
    """No value is known: every knob gets hold at once."""
    return None


class Controller:
    """Plays a mapping. `source` is whose the events are; `present` tells how values stand."""

    def __init__(
        self, mapping: Mapping, source: str = "midi", present: Present = nothing_known
    ) -> None:
        self.source, self._present = source, present
        self.bank, self.shift = 1, False
        self.lights_asked = False
        self.ghosts: dict[str, Ghost] = {}
        self._reader = Reader()
        self._places: dict[Control, float] = {}
        self._held: dict[Control, tuple[Row, ...]] = {}
        self._turned: dict[int, tuple[float, float]] = {}  # of encoders: place and time
        self._chosen: dict[int, float] = {}
        self.set_mapping(mapping)

    def set_mapping(self, mapping: Mapping) -> None:
        """Other rows from now on; what knobs have hold of is asked anew."""
        self.mapping = mapping
        self._default = mapping.settings.get("takeover", "pickup")
        self._rows: dict[Control, tuple[Row, ...]] = {}
        self._takeovers: dict[int, Takeover] = {}
        self._turned.clear()
        self._chosen.clear()
        self.ghosts = {}

    def take(self, data: Sequence[int], time: float) -> list[ControlEvent]:
        """The events of one message, at show time `time`; none for what means nothing here."""
        from mido import Message

        try:
            message = Message.from_bytes(data)
        except (ValueError, IndexError, TypeError):
            return []
        events: list[ControlEvent] = []
        for move in self._reader.moves(message, self.mapping):
            events += self._events(move, time)
        return events

    def rearm(self, time: float) -> None:
        """Another preset, deck or bank: knobs let go of what they are not moving just now."""
        for takeover in self._takeovers.values():
            takeover.rearm(time)
        waiting = (ghost for control, place in self._places.items()
                   for ghost in self._waiting(control, place))
        self.ghosts = {ghost.address: ghost for ghost in waiting}

    def _waiting(self, control: Control, place: float) -> Iterator[Ghost]:
        """What a knob that stands at `place` is to pick up."""
        for row in self.rows_now(control):
            takeover = self._takeovers.get(id(row))
            held = (row.takeover or self._default) == "jump" or takeover and takeover.engaged
            pulled = row.address.kind == "value" and not (row.button or row.encoder)
            if pulled and not held and row.type in STAYING and self._target(row) is not None:
                yield self._ghost(row, place)

    def rows_now(self, control: Control) -> tuple[Row, ...]:
        """The rows that hold for a control in this bank and shift."""
        rows = self._rows.get(control)
        if rows is None:
            rows = self._rows[control] = self._layered(self.mapping.at(*control))
        return rows

    def _layered(self, rows: list[Row]) -> tuple[Row, ...]:
        """Those of the shift, else of the bank, else those that always hold."""
        rows = [r for r in rows if r.bank in (None, self.bank) and (self.shift or not r.shift)]
        for ours in (lambda r: r.shift, lambda r: r.bank is not None):
            if any(map(ours, rows)):
                rows = [row for row in rows if ours(row)]
        return tuple(rows)

    def _events(self, move: Move, time: float) -> list[ControlEvent]:
        before = self._places.get(move.control)
        self._places[move.control] = move.place
        events: list[ControlEvent] = []
        for row in self._rows_of(move):
            if (row.lsb is not None) != move.fine and move.control[0] == "cc":
                continue
            if row.address.name.startswith("midi."):
                self._local(row, move, time)
            else:
                for name, value in self._sent(row, move, before, time):
                    events.append(ControlEvent(time, name, value, self.source))
        return events

    def _rows_of(self, move: Move) -> tuple[Row, ...]:
        """The rows now; a button that is let go means those of its press, whatever shift says."""
        if move.raw == 0 and move.control in self._held:
            return self._held.pop(move.control)
        rows = self.rows_now(move.control)
        if move.raw > 0 and any(row.button == "hold" for row in rows):
            self._held[move.control] = rows
        return rows

    def _local(self, row: Row, move: Move, time: float) -> None:
        """Shift and banks, and lights sent again."""
        word = row.address.name.removeprefix("midi.")
        if word == "shift":
            shift = move.raw > (0 if row.type == "note" else 63)
            self._layer(self.bank, shift, time)
        elif _pressed(row, move):
            if word == "lights":
                self.lights_asked = True
                return
            which = word.removeprefix("bank.")
            steps = {"next": self.bank % BANKS + 1, "previous": (self.bank - 2) % BANKS + 1}
            self._layer(steps.get(which) or int(which), self.shift, time)

    def _layer(self, bank: int, shift: bool, time: float) -> None:
        if (bank, shift) == (self.bank, self.shift):
            return
        self.bank, self.shift = bank, shift
        self._rows = {}
        self.rearm(time)

    def _sent(
        self, row: Row, move: Move, before: float | None, time: float
    ) -> Iterator[tuple[str, float | str]]:
        """Addresses and their values."""
        name, kind = row.address.name, row.address.kind
        if row.encoder:
            yield from self._turn(row, move, time)
        elif kind == "choice":
            yield from self._choose(row, move)
        elif kind == "value" and not row.button:
            if (place := self._placed(row, move, before, time)) is not None:
                yield name, row.at(place)
        elif row.button == "hold":
            held = move.raw > 0 if row.type == "note" else move.raw > 63
            low, high = (row.low, row.high) if kind == "value" else (0.0, 1.0)
            yield name, high if held else low
        elif _pressed(row, move):
            yield from self._press(row)

    def _press(self, row: Row) -> Iterator[tuple[str, float | str]]:
        name, value = row.address.name, row.address.kind == "value"
        high = row.high if value else 1.0
        if row.button == "set":
            yield name, row.value
        elif row.button == "radio":
            group = {r.address.name: r for r in self.mapping.rows if r.group == row.group}
            for other, its in group.items():
                if other != name:
                    yield other, its.low if its.address.kind == "value" else 0.0
            yield name, high
        elif value and row.button == "toggle":
            now = self._present(_plain(name))
            yield name, row.low if now is not None and row.place(now) > 0.5 else high
        elif row.address.kind == "switch" and row.button != "trigger":
            yield name, TOGGLE
        else:
            yield name, high

    def _choose(self, row: Row, move: Move) -> Iterator[tuple[str, float]]:
        """A preset by its number; a knob says each only once."""
        if row.type == "program":
            yield row.address.name, move.raw + 1.0
        elif row.button == "set":
            if _pressed(row, move):
                yield row.address.name, row.value
        else:
            wanted = float(round(row.at(move.place)))
            if self._chosen.get(id(row)) != wanted:
                self._chosen[id(row)] = wanted
                yield row.address.name, wanted

    def _placed(self, row: Row, move: Move, before: float | None, time: float) -> float | None:
        """The place to send, once the knob has hold of the value. Velocities have at once."""
        if row.type not in STAYING:
            return move.place
        takeover = self._takeovers.get(id(row))
        if takeover is None:
            takeover = Takeover(row.takeover or self._default, move.fine)
            self._takeovers[id(row)] = takeover
        place = takeover.move(before, move.place, lambda: self._target(row), time)
        self._haunt(row, takeover, move.place)
        return place

    def _haunt(self, row: Row, takeover: Takeover, place: float) -> None:
        """Tell, or stop telling, that the knob stands elsewhere; readers see whole tables."""
        name = _plain(row.address.name)
        if not takeover.engaged:
            self.ghosts = {**self.ghosts, name: self._ghost(row, place)}
        elif name in self.ghosts:
            self.ghosts = {key: g for key, g in self.ghosts.items() if key != name}

    def _ghost(self, row: Row, place: float) -> Ghost:
        return Ghost(_plain(row.address.name), row.at(place), self.source)

    def _target(self, row: Row) -> float | None:
        """The place of the present value. A free knob that nobody has moved yet is at 0 and
        belongs to whoever touches it first."""
        value = self._present(_plain(row.address.name))
        if value is None or (value == 0.0 and row.address.name in KNOBS):
            return None
        return row.place(value)

    def _turn(self, row: Row, move: Move, time: float) -> Iterator[tuple[str, float | str]]:
        """An endless encoder goes on from wherever the value stands."""
        steps = steps_of(row.encoder, move.raw)
        if not steps:
            return
        if row.address.kind != "value":
            if steps > 0:
                yield row.address.name, TOGGLE if row.address.kind == "switch" else 1.0
            return
        place, last = self._turned.get(id(row), (0.0, -MOVING_SECONDS * 2))
        if time - last > MOVING_SECONDS:
            place = self._start(row)
        place = min(1.0, max(0.0, place + steps * row.step))
        self._turned[id(row)] = (place, time)
        yield row.address.name, row.at(place)

    def _start(self, row: Row) -> float:
        value, param = self._present(_plain(row.address.name)), row.address.param
        return row.place(value if value is not None else param.default if param else row.low)


def _plain(name: str) -> str:
    """The address without the beat that it waits for."""
    base, _, when = name.rpartition(".")
    return base if when in ("now", "beat", "bar", "phrase") and base else name


def _pressed(row: Row, move: Move) -> bool:
    """A note sounds at any velocity; a button sends 127, and a fader on its way up must not turn
    a switch over at every step."""
    if row.type == "program":
        return True
    return move.raw > 0 if row.type in ("note", "aftertouch") else move.raw == 127
