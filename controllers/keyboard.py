"""The keyboard: one table from key names to ControlEvents. No state, any thread.

The window calls `events_for_key` with a GLFW key name in lower case (`f`, `space`, `left`, `1`),
behind `ctrl+` or `ctrl+shift+` where those are held.
The same table prints the help and the README.
"""

from __future__ import annotations

from dataclasses import dataclass

from controllers.addresses import TOGGLE
from engine.records import ControlEvent


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what it sends and what that does."""

    name: str
    address: str
    value: float | str
    help: str


_ROWS = (
    Key("f", "freeze", TOGGLE, "freeze: hold the picture; again lets it go"),
    Key("b", "blackout", TOGGLE, "blackout: no light; again brings the picture back"),
    Key("h", "hush", TOGGLE, "hush: the safe look; again returns"),
    Key("space", "tap", 1.0, "tap the tempo"),
    Key("enter", "beat_one", 1.0, "this beat is the first of the bar"),
    Key("up", "tempo.double", 1.0, "tempo times two"),
    Key("down", "tempo.halve", 1.0, "half the tempo"),
    Key("comma", "tempo.earlier", 1.0, "beat 10 ms earlier"),
    Key("period", "tempo.later", 1.0, "beat 10 ms later"),
    Key("l", "tempo.lock", TOGGLE, "lock: hold tempo and beat whatever is heard; again lets go"),
    Key("e", "tempo.relearn", 1.0, "ear: forget what was heard and set, and listen anew"),
    Key("g", "tempo.range", 1.0, "next range of tempi for the ear"),
    Key("s", "tempo.next_source", 1.0, "next source of the tempo"),
    Key("left_bracket", "tempo.offset_less", 1.0, "draw the beat 5 ms later"),
    Key("right_bracket", "tempo.offset_more", 1.0, "draw the beat 5 ms earlier"),
    Key("ctrl+z", "undo", 1.0, "take the last edit by hand back"),
    Key("ctrl+shift+z", "redo", 1.0, "do it again"),
    Key("ctrl+s", "save", 1.0, "write what was moved by hand into the preset"),
    Key("ctrl+shift+s", "save.variation", 1.0, "or into a new preset beside it"),
    Key("ctrl+r", "record", TOGGLE, "record a film of what is shown; again ends it"),
    Key("t", "take", TOGGLE, "take: record what all hands do from now on; again ends it"),
    Key("y", "take.again", 1.0, "the newest take over the show; again stops it"),
    Key("ctrl+t", "output.test_card", TOGGLE, "test card on every output; again goes"),
    Key("ctrl+m", "output.edit", TOGGLE, "mapping: pull the output's corners; again ends"),
    Key("right", "next", 1.0, "next preset"),
    Key("left", "previous", 1.0, "previous preset"),
    *(Key(str(n), f"preset.{n}", 1.0, f"preset {n}") for n in range(1, 10)),
    Key("n", "next.now", 1.0, "next preset at once, whatever the set waits for"),
    Key("a", "autopilot", TOGGLE, "autopilot: presets change by themselves; again stops it"),
    Key("k", "autopilot.lock", TOGGLE, "keep: the autopilot leaves this preset; again lets go"),
    Key("m", "learn", "last", "MIDI: what was touched last is moved by the knob that moves next"),
    Key("r", "reset", 1.0, "reset: give everything moved by hand back to the preset"),
    Key("0", "reset", 1.0, "reset, the same"),
)
KEYS: dict[str, Key] = {row.name: row for row in _ROWS}
"""Every key, by name."""


def events_for_key(name: str, time: float) -> list[ControlEvent]:
    """What a pressed key sends at show time `time` (seconds); nothing for an unknown key."""
    key = KEYS.get(name.lower())
    return [ControlEvent(time, key.address, key.value, "key")] if key else []


def help_lines() -> list[str]:
    """The table as text, one key a line, the nine preset keys in one."""
    rows = [(k.name, k.help) for k in _ROWS if not k.name.isdigit()]
    rows.insert(len(rows) - 2, ("1..9", "preset 1 to 9"))
    return [f"{name:<13} {text}" for name, text in rows]
