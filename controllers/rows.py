"""One row of a mapping: a control, the address it moves, and how. Text in, records out.

    cc 21 | cc 7/39 (14 bit) | note 36 | bend | pressure | aftertouch 60 | nrpn 300 | program 4

and behind it, in any order: `channel 2`, a range `0.8..1.4`, `invert`, `curve square`, `jump`,
`pickup` or `scale`; for buttons `hold`, `toggle`, `trigger`, `set 0.5`, `radio NAME`; for endless
encoders `relative twos`, `sign` or `offset` and `step 0.02` of the range; `bank 2`, `shift`, and
last `from NAME`, part of a port's name. Rows are values without state.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from controllers.addresses import Address, find
from engine.expressions import near
from engine.tapers import CURVES

FORM = (
    '"cc 0..127", "cc 7/39", "note 0..127", "bend", "pressure", "aftertouch 0..127", '
    '"nrpn 0..16383" or "program 0..127", then "channel 1..16", a range as 0.8..1.4, "hold"'
)
"""The allowed form of a row, for messages."""
NUMBERED = {"cc": 127, "note": 127, "aftertouch": 127, "nrpn": 16383, "program": 127}
TYPES = (*NUMBERED, "bend", "pressure")
BUTTONS = ("hold", "toggle", "trigger", "set", "radio")
TAKEOVERS = ("jump", "pickup", "scale")
ENCODERS = ("twos", "sign", "offset")
"""What an endless encoder sends for one step left: 127, 65 or 63; for one right 1, 1 or 65."""
BANKS = 8
ANY = -1
"""The number of a control that has none, or of any program."""

_LOCAL = re.compile(rf"midi\.(bank\.([1-{BANKS}]|next|previous)|lights)")
_RANGE = re.compile(r"(?P<low>[-+]?(?:\d+\.?\d*|\.\d+))\.\.(?P<high>[-+]?(?:\d+\.?\d*|\.\d+))")


@dataclass(frozen=True)
class Row:
    """One control bound to one address. `channel` 0..15 as on the wire, None for any.

    `low` and `high` are what the ends of the control send; `curve` bends the way between them.
    `button` is one of BUTTONS or "" for what suits the address; `value` what "set" sends, `group`
    the name of a radio. `encoder` is one of ENCODERS or "", `step` its share of the range.
    `bank` and `shift` say when the row holds (None, False: always), `port` on which controllers.
    """

    address: Address
    type: str
    number: int = ANY
    lsb: int | None = None
    channel: int | None = None
    low: float = 0.0
    high: float = 1.0
    curve: str = "linear"
    takeover: str = ""
    button: str = ""
    value: float = 1.0
    group: str = ""
    encoder: str = ""
    step: float = 0.01
    bank: int | None = None
    shift: bool = False
    port: str = ""

    @cached_property
    def control(self) -> tuple[str, int, int | None]:
        """The physical control."""
        return self.type, self.number, self.channel

    @property
    def words(self) -> str:
        """The physical control as a row of text names it: `cc 7/39 channel 2 shift`."""
        number = "" if self.number == ANY else f" {self.number}"
        fine = "" if self.lsb is None else f"/{self.lsb}"
        channel = "" if self.channel is None else f" channel {self.channel + 1}"
        bank = "" if self.bank is None else f" bank {self.bank}"
        return f"{self.type}{number}{fine}{channel}{bank}{' shift' if self.shift else ''}"

    @cached_property
    def layer(self) -> tuple[int | None, bool]:
        """When the row holds."""
        return self.bank, self.shift

    def at(self, place: float) -> float:
        """What the control sends at a place 0..1."""
        return CURVES[self.curve][0](self.low, self.high, place)

    def place(self, value: float) -> float:
        """Where the control would stand for a value."""
        return CURVES[self.curve][1](self.low, self.high, value)


def local(name: str) -> Address | None:
    """An address of the controllers themselves: `midi.shift`, `midi.bank.2`, `midi.lights`."""
    if name == "midi.shift":
        return Address(name, "switch")
    return Address(name, "trigger") if _LOCAL.fullmatch(name) else None


def address_of(name: str) -> Address | None:
    """What a row may move."""
    address = local(name) or find(name)
    return None if address is None or address.kind == "text" else address


class Wrong(Exception):
    """What is wrong with a row, without its place."""


def parse_rows(address: Address, text: str) -> Iterator[Row]:
    """The controls of one address, a comma between them. Raises Wrong."""
    for part in text.split(","):
        yield _parse(address, part.lower().split())


def _parse(address: Address, words: list[str]) -> Row:
    words = list(words)
    try:
        row = _control(address, words)
        while words:
            row = _WORDS.get(words[0], _range)(row, words)
    except (IndexError, ValueError):
        raise Wrong(f"is not of the form {FORM}") from None
    return _checked(row)


def _control(address: Address, words: list[str]) -> Row:
    kind = words.pop(0)
    if kind not in TYPES:
        raise ValueError(kind)
    low, high = address.reach if address.kind == "value" else (1.0, 128.0)
    curve = address.param.curve if address.kind == "value" and address.param else "linear"
    row = Row(address, kind, low=low, high=high, curve=curve)
    if kind not in NUMBERED or (kind == "program" and not _number_next(words)):
        return row
    number, _, lsb = words.pop(0).partition("/")
    if lsb and kind != "cc":
        raise ValueError(lsb)
    fine = _whole(lsb, 0, 127) if lsb else None
    return replace(row, number=_whole(number, 0, NUMBERED[kind]), lsb=fine)


def _number_next(words: list[str]) -> bool:
    return bool(words) and words[0].isdigit()


def _whole(text: str, low: int, high: int) -> int:
    if not text.isdigit() or not low <= int(text) <= high:
        raise ValueError(text)
    return int(text)


def _word(words: list[str], allowed: tuple[str, ...]) -> str:
    """The word behind the one that stands first, of those allowed."""
    said, word = words.pop(0), words.pop(0)
    if word not in allowed:
        raise Wrong(f'has "{said} {word}"{near(word, allowed)}; allowed: {", ".join(allowed)}')
    return word


def _range(row: Row, words: list[str]) -> Row:
    match = _RANGE.fullmatch(words[0])
    if match is None:
        raise ValueError(words[0])
    if row.address.kind not in ("value", "choice"):
        raise Wrong("has a range, but is on or off")
    words.pop(0)
    low, high = float(match["low"]), float(match["high"])
    param = row.address.param
    if param and not (param.allows(low) and param.allows(high)):
        raise Wrong(f"is outside {param.range}")
    curve = row.curve if row.curve != "log" or min(low, high) > 0.0 else "linear"
    return replace(row, low=low, high=high, curve=curve)


def _channel(row: Row, words: list[str]) -> Row:
    words.pop(0)
    return replace(row, channel=_whole(words.pop(0), 1, 16) - 1)


def _invert(row: Row, words: list[str]) -> Row:
    words.pop(0)
    return replace(row, low=row.high, high=row.low)


def _curve(row: Row, words: list[str]) -> Row:
    curve = _word(words, tuple(CURVES))
    if curve == "log" and min(row.low, row.high) <= 0.0:
        raise Wrong('has "curve log", which needs a range above 0')
    return replace(row, curve=curve)


def _takeover(row: Row, words: list[str]) -> Row:
    return replace(row, takeover=words.pop(0))


def _button(row: Row, words: list[str]) -> Row:
    return replace(row, button=words.pop(0))


def _set(row: Row, words: list[str]) -> Row:
    words.pop(0)
    value, param = float(words.pop(0)), row.address.param
    if param and not param.allows(value):
        raise Wrong(f"sets {value:g}, outside {param.range}")
    return replace(row, button="set", value=value)


def _radio(row: Row, words: list[str]) -> Row:
    words.pop(0)
    return replace(row, button="radio", group=words.pop(0))


def _relative(row: Row, words: list[str]) -> Row:
    param = row.address.param
    whole = param is not None and param.integer and param.high - param.low <= 100
    step = 1.0 / (param.high - param.low) if whole else row.step
    return replace(row, encoder=_word(words, ENCODERS), step=step)


def _step(row: Row, words: list[str]) -> Row:
    words.pop(0)
    step = float(words.pop(0))
    if not 0.0 < step <= 1.0:
        raise Wrong(f"has a step of {step:g}, outside 0..1 of the range")
    return replace(row, step=step)


def _bank(row: Row, words: list[str]) -> Row:
    words.pop(0)
    return replace(row, bank=_whole(words.pop(0), 1, BANKS))


def _shift(row: Row, words: list[str]) -> Row:
    words.pop(0)
    return replace(row, shift=True)


def _from(row: Row, words: list[str]) -> Row:
    name, words[:] = " ".join(words[1:]), []
    if not name:
        raise ValueError("from")
    return replace(row, port=name)


_WORDS: dict[str, Callable[[Row, list[str]], Row]] = {
    "channel": _channel, "invert": _invert, "curve": _curve, "relative": _relative, "step": _step,
    "set": _set, "radio": _radio, "bank": _bank, "shift": _shift, "from": _from,
    **dict.fromkeys(TAKEOVERS, _takeover), **dict.fromkeys(("hold", "toggle", "trigger"), _button),
}  # fmt: skip


def _checked(row: Row) -> Row:
    """The row, if its words fit its address and each other."""
    kind, value = row.address.kind, row.address.kind == "value"
    if row.button in ("hold", "toggle", "radio") and not (value or kind == "switch"):
        raise Wrong(f'has "{row.button}", which is for switches and values only')
    if row.encoder and row.type != "cc":
        raise Wrong('has "relative", which is for cc only')
    if (row.encoder or row.takeover) and row.button:
        raise Wrong(f'has "{row.button}", which is for buttons, beside words for knobs')
    if kind == "choice" and row.type == "note" and row.button != "set":
        raise Wrong('is a choice: "note 5 set 3", "program" or "cc 7 1..8" choose')
    return row
