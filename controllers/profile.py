"""Profiles: what a known controller moves, and how its lights are lit. TOML files in, records out.

    title = "Akai APC mini mk2"
    ports = ["apc mini mk2"]              # parts of the port's name, in any case
    not_ports = ["notes"]
    init = ["F0 47 7F 4F 62 00 01 00 F7"] # sent when it is plugged in; `exit` when it is left
    [midi]                                # as in a rig; {56..63} counts, {n} is its number from 1
    "preset.{n}" = "note {56..63 48..55}"
    [[lights]]
    controls = "note {0..63}"
    loaded = "91 {n} 2D"                  # bytes; {n} the control's number, {c} its channel,
    ring = "B{c} {n} {v}"                 # {i} its place in `controls` from `first`, {v} 0..127

`like = "other_profile"` takes over what is not said. Ours lie in profiles/, the user's own in the
folder `profiles` beside the rig and come first. Read when a controller is plugged in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from controllers import mapping as mappings
from controllers.addresses import find
from controllers.rows import Row, Wrong, parse_rows
from engine.errors import PresetError
from engine.folders import folder
from engine.toml_file import TomlFile

SHIPPED = Path(__file__).parent / "profiles"
STATES = ("empty", "loaded", "active", "queued")
"""How a control stands: nothing behind it, something, playing or on, waiting for its beat."""
KEYS = ("title", "ports", "not_ports", "init", "exit", "hint", "like", "midi", "lights")
_LIGHT_KEYS = ("controls", "first", "only", "ring", *STATES)

_BRACES = re.compile(r"\{([\d. ]+)\}")
_PROBE = find("knob1")


@dataclass(frozen=True, slots=True)
class Light:
    """How one control is lit: a message for each state, and one that shows a place 0..127.

    `only` limits it to addresses that begin so.
    """

    control: tuple[str, int, int | None]
    states: Mapping[str, bytes]
    ring: str = ""
    only: str = ""
    place: int = 0

    def ringed(self, value: int) -> bytes:
        """The message that shows a place of 0..127."""
        return _bytes(self.ring, self.control, self.place, value)


@dataclass(frozen=True, slots=True)
class Profile:
    """A known controller: who it is, what it moves, its lights, what it is told at both ends."""

    name: str
    title: str
    ports: tuple[str, ...]
    not_ports: tuple[str, ...] = ()
    init: tuple[bytes, ...] = ()
    exit: tuple[bytes, ...] = ()
    hint: str = ""
    mapping: mappings.Mapping = field(default_factory=mappings.Mapping)
    lights: tuple[Light, ...] = ()

    def fits(self, port: str) -> bool:
        """Whether a port of that name is one of this controller's to be used."""
        name = port.lower()
        here = any(part in name for part in self.ports)
        return here and not any(part in name for part in self.not_ports)


def names() -> tuple[str, ...]:
    """All profiles by the names of their files."""
    return tuple(sorted({path.stem for place in _places() for path in place.glob("*.toml")}))


def _places() -> tuple[Path, ...]:
    return folder("config") / "profiles", SHIPPED


def profile_for(port: str, wanted: str = "auto") -> Profile | None:
    """The profile of a port: the one that fits best, or one that is `wanted`, for ports that it
    fits and for those that none fits. "none" is none for all.

    One that is wrong is left out; raises PresetError where it is the one that is wanted.
    """
    if wanted == "none" or spare(port):
        return None
    fitting = [profile for profile in _right() if profile.fits(port)]
    if wanted != "auto" and (not fitting or load(wanted) in fitting):
        return load(wanted)
    return max(fitting, key=lambda p: max(map(len, p.ports)), default=None)


def _right() -> list[Profile]:
    return [each for each in map(_tried, names()) if isinstance(each, Profile)]


def mistakes() -> list[str]:
    """A line for each profile that is wrong."""
    return [str(each) for each in map(_tried, names()) if not isinstance(each, Profile)]


def _tried(name: str) -> Profile | PresetError:
    try:
        return load(name)
    except PresetError as error:
        return error


def spare(port: str) -> bool:
    """Whether a port belongs to a known controller that is played by another of its ports."""
    name = port.lower()
    ours = _right()
    known = any(part in name for profile in ours for part in profile.ports)
    return known and not any(profile.fits(port) for profile in ours)


def load(name: str) -> Profile:
    """The profile of that name. Raises PresetError."""
    path = next((p / f"{name}.toml" for p in _places() if (p / f"{name}.toml").is_file()), None)
    if path is None:
        raise PresetError(f"{name} is not a profile; there are {', '.join(names())}")
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int) -> Profile:
    file = TomlFile(path)
    file.check_keys(file.data, (), KEYS)
    base = load(file.data["like"]) if "like" in file.data else Profile(path.stem, path.stem, ())
    rows, lights = _rows(file), tuple(_lights(file))
    return Profile(
        name=path.stem,
        title=file.text_at(file.data, ("title",), base.title),
        ports=_texts(file, "ports", base.ports),
        not_ports=_texts(file, "not_ports", base.not_ports),
        init=_messages(file, "init", base.init),
        exit=_messages(file, "exit", base.exit),
        hint=file.text_at(file.data, ("hint",), base.hint),
        mapping=mappings.parse_mapping(rows, str(path), base.mapping) if rows else base.mapping,
        lights=lights or base.lights,
    )


def _texts(file: TomlFile, key: str, usual: tuple[str, ...]) -> tuple[str, ...]:
    value = file.data.get(key, list(usual))
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise file.error((key,), "must be a list of texts")
    return tuple(text if key in ("init", "exit") else text.lower() for text in value)


def _messages(file: TomlFile, key: str, usual: tuple[bytes, ...]) -> tuple[bytes, ...]:
    if key not in file.data:
        return usual
    try:
        return tuple(bytes.fromhex(text) for text in _texts(file, key, ()))
    except ValueError:
        raise file.error((key,), 'must be bytes as "F0 7E 7F 06 01 F7"') from None


def _rows(file: TomlFile) -> dict[str, str]:
    """The [midi] rows, those that count written out."""
    rows: dict[str, str] = {}
    table = file.table_at(file.data, "midi")
    for key in table:
        said = file.text_at(table, ("midi", key))
        parts = counted(said) if "{n}" in key else [said]
        rows |= {key.replace("{n}", str(n)): part for n, part in enumerate(parts, 1)}
    return rows


def counted(text: str) -> list[str]:
    """The texts that one with braces stands for: `note {1..3}` is three. Several count together."""
    if not _BRACES.search(text):
        return [text]
    columns = [_numbers(match) for match in _BRACES.findall(text)]
    parts = iter(range(len(columns)))
    plain = _BRACES.sub(lambda _: f"{{{next(parts)}}}", text)
    return [plain.format(*row) for row in zip(*columns, strict=True)]


def _numbers(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split():
        first, _, last = part.partition("..")
        begin, end = int(first), int(last or first)
        found += range(begin, end + 1) if end >= begin else range(begin, end - 1, -1)
    return found


def _lights(file: TomlFile) -> Iterator[Light]:
    for n, row in enumerate(file.tables_at("lights")):
        place = ("lights", n)
        file.check_keys(row, place, _LIGHT_KEYS)
        first, only = row.get("first", 0), file.text_at(row, (*place, "only"))
        for i, control in enumerate(_controls(file, row, place)):
            states = {
                state: _state(file, row, (*place, state), control, first + i)
                for state in STATES if state in row
            }  # fmt: skip
            ring = file.text_at(row, (*place, "ring"))
            yield Light(control, states, ring, only, first + i)


def _controls(file: TomlFile, row: Mapping[str, Any], place: tuple) -> list[tuple]:
    text = file.text_at(row, (*place, "controls"))
    try:
        found: list[Row] = []
        for said in text.split(","):
            for each in counted(said.strip()):
                found += parse_rows(_PROBE, each)
        return [each.control for each in found]
    except (Wrong, ValueError):
        raise file.error((*place, "controls"), f'= "{text}" names no controls') from None


def _state(
    file: TomlFile, row: Mapping[str, Any], place: tuple, control: tuple, index: int
) -> bytes:
    text = file.text_at(row, place)
    try:
        return _bytes(text, control, index, 0)
    except (ValueError, KeyError):
        raise file.error(place, f'= "{text}" must be bytes as "90 {{n}} 7F"') from None


def _bytes(text: str, control: Sequence[Any], index: int, value: int) -> bytes:
    """The message with the control's number, channel, place and a value put in."""
    _, number, channel = control
    put = {"n": f"{max(0, number):02X}", "c": f"{channel or 0:X}", "i": f"{index:02X}"}
    return bytes.fromhex(text.format(**put, v=f"{value:02X}"))
