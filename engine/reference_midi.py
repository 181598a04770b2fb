"""The part of docs/reference.md about MIDI: rows of [midi], known controllers, numbers under hands.

Read from the tables that the checks read.
"""

from __future__ import annotations

from collections.abc import Iterator

from controllers import profile
from controllers.rows import BANKS, ENCODERS, TAKEOVERS
from engine.params import LAUNCHES, PARAMS, WEIGHT, Param
from engine.tapers import CURVES, TRAITS

ROWS = (
    ("`cc 21`", "a control change, on any channel"),
    ("`cc 7/39`", "two of them as one value of 14 bits"),
    ("`note 36`", "a pad or key; a value takes its velocity"),
    ("`bend`, `pressure`, `aftertouch 60`", "pitch bend, and how hard keys, one key, are held"),
    ("`nrpn 300`", "a numbered parameter, 14 bits"),
    ("`program 4`, `program`", "a program change; any, for `preset`: number 1 is preset 1"),
    ("`channel 2`", "on that channel only, 1 to 16"),
    ("`0.8..1.4`", "what both ends send, in place of the whole range"),
    ("`invert`", "the other way round"),
    ("`curve NAME`", f"between the ends: {', '.join(CURVES)}; else the number's own"),
    (", ".join(f"`{name}`" for name in TAKEOVERS), "how a knob takes a value over, below"),
    ("`hold`, `toggle`, `trigger`", "on while held; by turns; on at each press"),
    ("`set 0.5`", "a press sends that"),
    ("`radio NAME`", "a press sends the high end, and the low end to all others of that name"),
    ("`relative KIND`", f"an endless encoder: {', '.join(ENCODERS)}; learning finds out which"),
    ("`step 0.02`", "of the range, for each step of an encoder"),
    ("`shift`", "only while the control of `midi.shift` is held"),
    ("`bank 2`", f"only in that bank, 1 to {BANKS}"),
    ("`from NAME`", "only from ports with that in their name; last in its row"),
)


def midi_lines() -> Iterator[str]:
    """Lines of the reference, headings included."""
    yield "### Rows of [midi]\n"
    yield 'A control, then words in any order: `strength = "cc 7/39 0.2..0.8 scale"`. Several'
    yield "controls of one address stand with commas between them. Rows of a look come before"
    yield "those of the rig, these before those of a known controller.\n"
    yield "| word | what |"
    yield "|---|---|"
    yield from (f"| {word} | {what} |" for word, what in ROWS)
    yield "\nAddresses of the controller itself: `midi.shift`, `midi.bank.N`, `midi.bank.next`,"
    yield "`midi.bank.previous`, `midi.lights` (send all lights again). Keys that are no addresses:"
    yield f"`takeover` ({', '.join(TAKEOVERS)}; pickup if none is said) and `profile` (`auto`,"
    yield "`none` or a name below). A knob that picks up waits until it comes near the value or"
    yield "passes it; one that scales moves it at once, by the same share of what is left. A knob"
    yield "lets go when anything else has moved its value, and when bank, preset or deck change."
    yield f"\nEvery address may say when: {_whens()};"
    yield "it happens there, ahead by the time that it takes to be seen.\n"
    yield "### Known controllers\n"
    for name in profile.names():
        if (profile.SHIPPED / f"{name}.toml").is_file():
            known = profile.load(name)
            yield f"- `{name}`: {known.title}" + (f"; {known.hint}" if known.hint else "")
    yield "\nProfiles of your own lie in the folder `profiles` beside the rig.\n"
    yield "### Numbers under hands\n"
    yield "What a number does to the picture, the curve between the ends of a knob, and the range"
    yield "in which it may move by itself.\n"
    yield "| number | role | curve | safe range |"
    yield "|---|---|---|---|"
    yield from (_trait(name, param) for name, param in (*PARAMS.items(), ("weight", WEIGHT))
                if name in TRAITS)
    yield ""


def _whens() -> str:
    return ", ".join(f"`freeze.{when}`" for when in LAUNCHES)


def _trait(name: str, param: Param) -> str:
    low, high = param.safe
    shown = "`prompts.N.weight`" if name == "weight" else f"`{name}`"
    return f"| {shown} | {param.role} | {param.curve} | {low:g}..{high:g} |"
