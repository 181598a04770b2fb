"""What hands have set becomes part of a preset's text; its comments and order stay.

A preset's text and the hands' values and texts in, the new text out; no file is touched here. A
value that was an expression, and words that were others, are kept in a comment behind the new
one. Knobs stay what they are, and so does what belongs to no line of the look: it is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.params import BASE, KNOBS, LORA, MACRO, PARAMS, WEIGHT, Param
from engine.records import Controls
from engine.show import EffectLine, Preset, Value
from engine.show.inherit import LookFile
from engine.show.preset_file import read_preset
from engine.toml_file import Place, TomlFile

_NAMED = {"words": "text", "macros": "default"}
"""Tables whose rows are a value, or a table that has it under this key."""


@dataclass(frozen=True, slots=True)
class Edited:
    """The new text, the addresses that went into it, and those that no line of the look has."""

    text: str
    kept: tuple[str, ...]
    left: tuple[str, ...]


def edited(path: Path, text: str, hands: Controls) -> Edited:
    """The text of the preset at `path` with what the hands have set.

    Raises PresetError where the text is wrong before or after.
    """
    import tomlkit

    file = TomlFile(path, text)
    look, joined = read_preset(file), LookFile(file)
    document = tomlkit.parse(text)
    kept, left = [], []
    for address, value in {**hands.values, **hands.texts}.items():
        if address in KNOBS:
            continue
        lines = _lines(look, address) if value != "" else ()
        rows = [(_home(joined, place), param) for place, param in lines]
        if any(_inside_list(place) or _based(document, place) for place, _ in rows):
            rows = []  # an expression over `base` goes on under the hand
        for place, param in rows:
            put(document, place, _written(value, param))
        (kept if rows else left).append(address)
    new = tomlkit.dumps(document)
    read_preset(TomlFile(path, new))
    return Edited(new, tuple(kept), tuple(left))


def _home(joined: LookFile, place: Place) -> Place:
    """Where the value is to be written: words and macros may be tables of their own."""
    table = joined.data.get(place[0])
    if place[0] in _NAMED and isinstance(table[place[1]], dict):
        place = (*place, _NAMED[place[0]])
    return joined.home(place)


def _based(document: Any, place: Place) -> bool:
    """Whether the value at `place` is an expression that uses what the hand says."""
    holder = document
    for part in place:
        if isinstance(holder, dict) and part not in holder:
            return False
        holder = holder[part]
    return isinstance(holder, str) and bool(re.search(rf"\b{BASE}\b", holder))


def _inside_list(place: Place) -> bool:
    """Whether a list within an inherited list would have to be written anew."""
    return place[0] == "change" and any(isinstance(part, int) for part in place)


def _lines(look: Preset, address: str) -> Iterator[tuple[Place, Param | None]]:
    """The places of the look that an address reaches, with the range; a text has none."""
    head, *rest = address.split(".")
    if address in PARAMS:
        yield tuple(address.split(".")), PARAMS[address]
    elif head == "macros" and rest[0] in look.macros:
        yield ("macros", rest[0]), MACRO
    elif head == "loras":
        yield from ((("loras", line.key), LORA) for line in look.loras if line.name == rest[0])
    elif head == "words" and rest[0] in look.words:
        yield ("words", rest[0]), None
    elif head == "prompts" and int(rest[0]) <= len(look.prompts):
        yield ("prompts", int(rest[0]) - 1, rest[1]), WEIGHT if rest[1] == "weight" else None
    elif head == "effects":
        yield from _inputs(look.effects, ("effects",), *rest)
    elif head == "source" and look.source_layer is not None:
        value = dict(look.source_layer.inputs).get(rest[0])
        if isinstance(value, Value):
            yield ("source", rest[0]), value.param
    elif head == "layers" and int(rest[0]) <= len(look.layers):
        n = int(rest[0]) - 1
        yield from _layer(look, n, rest[1:])


def _layer(look: Preset, n: int, rest: list[str]) -> Iterator[tuple[Place, Param | None]]:
    layer = look.layers[n]
    if rest[0] == "effects":
        yield from _inputs(layer.effects, ("layers", n, "effects"), *rest[1:])
    elif rest == ["text"] and layer.kind == "text":
        yield ("layers", n, "text"), None
    else:
        value = {**dict(layer.inputs), "opacity": layer.opacity, "solo": layer.solo,
                 "bypass": layer.bypass}.get(rest[0])
        if isinstance(value, Value):
            yield ("layers", n, rest[0]), value.param


def _inputs(
    chain: tuple[EffectLine, ...], place: Place, shader: str, name: str
) -> Iterator[tuple[Place, Param]]:
    """Every effect of that shader: hands reach them together."""
    for n, line in enumerate(chain):
        value = dict(line.inputs).get(name)
        if line.shader == shader and isinstance(value, Value):
            yield (*place, n, name), value.param


def _written(value: float | str, param: Param | None) -> float | int | str:
    if param is None or isinstance(value, str):
        return value
    value = param.clamp(value)
    whole = isinstance(param.default, int) and value == int(value)  # seed = 5, guidance = 5.0
    return int(value) if whole else value


def put(document: Any, place: Place, value: Any) -> None:
    """Set the value at `place` of a tomlkit document; what was there goes into a comment."""
    import tomlkit

    holder, lines = document, [document]
    for n, part in enumerate(place[:-1]):
        if isinstance(part, str) and part not in holder:
            holder[part] = tomlkit.table(is_super_table=n < len(place) - 2)
        holder = holder[part]
        lines.append(holder)
    key = place[-1]
    old = holder.get(key)
    holder[key] = value
    if isinstance(old, str) and old != value:
        _note(lines, place, old)


def _note(lines: list[Any], place: Place, old: str) -> None:
    """Write `was "..."` behind the line; within an inline table, behind the table."""
    from tomlkit.items import Array, InlineTable

    depth = len(place) - 1
    while depth and isinstance(lines[depth], (InlineTable, Array)):
        depth -= 1
    item, inner = lines[depth].item(place[depth]), ".".join(map(str, place[depth + 1 :]))
    was = f"{inner} was ".lstrip()
    said = item.trivia.comment.removeprefix("#").strip()
    said = re.sub(rf'(?:^|; ){re.escape(was)}"(?:\\.|[^"\\])*"', "", said)
    item.comment("; ".join(filter(None, (said, was + json.dumps(old, ensure_ascii=False)))))
