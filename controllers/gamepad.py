"""Gamepads: sticks, triggers and buttons in, ControlEvents out. Main thread, once a picture.

A stick or trigger holds its address while it is off its rest and lets go of it at rest, so that
the look moves by itself again. Buttons press. The rig's section `[gamepad]` has rows as

    left_x = "motion.x -0.5..0.5"      a stick: its ends, the middle is the middle
    right_trigger = "strength 0.3..1"  a trigger: from rest to the end
    a = "preset.2.bar"                 a button: any address; switches turn over
    b = "blackout hold"                a switch that is on while held

Names are those of glfw and SDL for an Xbox pad; others are found by their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controllers.addresses import TOGGLE, Address, find
from engine.errors import PresetError
from engine.expressions import near
from engine.records import ControlEvent

STICKS = ("left_x", "left_y", "right_x", "right_y")
TRIGGERS = ("left_trigger", "right_trigger")
AXES = (*STICKS, *TRIGGERS)
BUTTONS = (
    *("a", "b", "x", "y", "left_bumper", "right_bumper", "back", "start", "guide"),
    *("left_thumb", "right_thumb", "up", "right", "down", "left"),
)
DEAD = 0.15
"""Share of a stick's way that counts as rest: worn sticks do not come back to the middle."""
STEP = 1.0 / 128.0
"""What an axis moves before it is told."""
FORM = '"ADDRESS", then a range as -0.5..0.5 or "hold"'

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)"
_ROW = re.compile(
    rf"(?P<name>[\w.-]+)(?: (?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER}))?(?P<hold> hold)?"
)

DEFAULT = {
    "left_x": "motion.x -0.4..0.4", "left_y": "motion.y -0.4..0.4",
    "right_x": "motion.angle 40..-40", "right_y": "motion.zoom 0.7..1.5",
    "left_trigger": "knob1", "right_trigger": "strength 0.3..1",
    "a": "tap", "b": "next.beat", "x": "previous.beat", "y": "beat_one",
    "left_bumper": "blackout hold", "right_bumper": "freeze hold", "back": "reset",
    "start": "autopilot", "up": "tempo.double", "down": "tempo.halve",
    "left": "tempo.earlier", "right": "tempo.later", "guide": "hush",
}


@dataclass(frozen=True, slots=True)
class Pad:
    """One gamepad now: `axes` as AXES, sticks -1..1 (right and up are 1), triggers 0..1;
    `buttons` as BUTTONS."""

    name: str
    axes: tuple[float, ...]
    buttons: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What one control does. `low` and `high` are an axis's ends."""

    address: Address
    low: float
    high: float
    hold: bool


def parse_gamepad(rows: Mapping[str, str], place: str) -> dict[str, Row]:
    """The rows of the rig over DEFAULT; "" takes one away. Raises PresetError, one line."""
    parsed = {}
    for name, text in {**DEFAULT, **rows}.items():
        if name not in AXES and name not in BUTTONS:
            close = near(name, (*AXES, *BUTTONS))
            raise PresetError(f"{place}: gamepad.{name} is not a control{close}; "
                              f"allowed: {', '.join((*AXES, *BUTTONS))}")
        if text:
            parsed[name] = _row(name, text, place)
    return parsed


def _row(name: str, text: str, place: str) -> Row:
    match = _ROW.fullmatch(" ".join(text.split()))
    address = find(match["name"]) if match else None

    def wrong(why: str) -> PresetError:
        return PresetError(f"{place}: gamepad.{name} = {text!r} {why}")

    if match is None:
        raise wrong(f"is not of the form {FORM}")
    if address is None or address.kind in ("text", "choice"):
        raise wrong("is not an address")
    if (address.kind == "value") != (name in AXES):
        raise wrong("has a value, for a stick or trigger" if address.kind == "value"
                    else "is for a button")
    if match["hold"] and address.kind != "switch":
        raise wrong('has "hold", which is for switches only')
    low, high = address.reach
    if match["low"]:
        low, high = float(match["low"]), float(match["high"])
        if address.param and not (address.param.allows(low) and address.param.allows(high)):
            raise wrong(f"is outside {address.param.range}")
    return Row(address, low, high, bool(match["hold"]))


class Gamepads:
    """All pads as one: whoever moves, moves. A pad that goes lets go of what it held."""

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self._rows = rows
        self._before: dict[int, Pad] = {}
        self.received = 0
        self.names: tuple[str, ...] = ()

    def events(self, pads: Mapping[int, Pad], time: float) -> list[ControlEvent]:
        """What has moved since the last call; pads by the number of their slot."""
        if not pads and not self._before:
            return []
        events = []
        for slot in pads.keys() | self._before.keys():
            before, now = self._before.get(slot), pads.get(slot)
            rest = Pad("", (0.0,) * len(AXES), (False,) * len(BUTTONS))
            told = self._told(before or rest, now or rest)
            events += [ControlEvent(time, name, value, "gamepad") for name, value in told]
        self._before = {slot: self._kept(slot, pad) for slot, pad in pads.items()}
        self.names = tuple(pad.name for pad in pads.values())
        self.received += len(events)
        return events

    def _kept(self, slot: int, pad: Pad) -> Pad:
        """The pad as it was told: axes that moved too little stay where they were told."""
        before = self._before.get(slot)
        if before is None:
            return pad
        axes = tuple(new if _moved(old, new) else old
                     for old, new in zip(before.axes, pad.axes, strict=True))
        return Pad(pad.name, axes, pad.buttons)

    def _told(self, before: Pad, now: Pad) -> Iterator[tuple[str, float | str]]:
        for name, old, new in zip(AXES, before.axes, now.axes, strict=True):
            if name in self._rows and _moved(old, new):
                yield _axis(name, self._rows[name], new)
        for name, old, new in zip(BUTTONS, before.buttons, now.buttons, strict=True):
            if name in self._rows and old != new:
                yield from _button(self._rows[name], new)


def _moved(old: float, new: float) -> bool:
    resting = abs(old) < DEAD, abs(new) < DEAD
    return not all(resting) and (abs(old - new) >= STEP or any(resting))


def _axis(name: str, row: Row, at: float) -> tuple[str, float | str]:
    """The address and its value, or the address given back at rest."""
    if abs(at) < DEAD:
        return "release", row.address.name
    way = (abs(at) - DEAD) / (1.0 - DEAD)
    if name in TRIGGERS:
        return row.address.name, row.low + (row.high - row.low) * way
    middle = row.address.param.default if row.address.param else 0.5 * (row.low + row.high)
    middle = min(max(middle, min(row.low, row.high)), max(row.low, row.high))
    return row.address.name, middle + ((row.high if at > 0.0 else row.low) - middle) * way


def _button(row: Row, down: bool) -> Iterator[tuple[str, float | str]]:
    if row.hold:
        yield row.address.name, float(down)
    elif down:
        yield row.address.name, TOGGLE if row.address.kind == "switch" else 1.0
