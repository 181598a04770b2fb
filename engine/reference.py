"""docs/reference.md and the JSON Schemas, written from the tables of the program.

What is listed is what the checks allow: expressions with their names and functions, the keys of
looks and sets (read from the schemas), shaders with their inputs, addresses for hands. A test
holds the committed files to it; `liquidlight reference` writes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from engine.functions import CONSTANTS, FUNCTIONS
from engine.isf_header import ShaderHeader, joined, parts_of
from engine.output_reference import output_lines, rig_schema
from engine.params import (
    BASE,
    CLOCKS,
    KNOBS,
    PARAMS,
    SET,
    SET_SWITCHES,
    SIGNALS,
    STEMS,
    SWITCHES,
    TEMPO,
    TEMPO_LOCK,
    TIMES,
    TRIGGERS,
    Param,
)
from engine.reference_midi import midi_lines
from engine.schemas import EXPRESSION, Schema, headers, preset_schema, set_schema

DOCS = Path(__file__).parent.parent / "docs"
_HEAD = """# Reference

Written by `liquidlight reference` from the tables of the program; change those, not this.

Editors help while writing: with Even Better TOML (taplo), the first line of a look or a set says
which schema it follows, as a path from the file or a web address:

    #:schema ../docs/preset.schema.json
    #:schema ../docs/set.schema.json

`liquidlight check FILE` knows more: the names in expressions, other files, your own shaders.
"""
_EXPRESSIONS = f"""## Expressions

Wherever a number with *expression* stands below, a text in quotes may: `"1 + 0.3*bass^2"`.
There are `+ - * / % ^` (`**` is `^`), `< <= > >= == !=`, `and or not`, `a if b else c`,
parentheses, {" and ".join(f"`{name}`" for name in CONSTANTS)}. What is no number (1/0) is 0;
values are kept in their range.

### Signals, 0..1
"""
_STEMS = f"""
Every signal and clock is there for stems as well, as `drums.level`: {", ".join(STEMS)}, and
whatever stems the song has. `{KNOBS[0]}` to `{KNOBS[-1]}` are free controls 0..1; the macros of
a look are names too. `{BASE}` is what a hand says of the very number, else its default: an
expression that uses it goes on under the hand (`"{BASE} + 0.2*kick"`), all others give way to it.

### Functions

Arguments with a default may be left out or given by name: `smooth(bass, release=1)`. An event
(`kick`, `drop`, `level > 0.8`, a knob) rises when it goes through 0.5, or jumps while above it.
"""
_SHADER: Schema = {"type": "string", "description": "one that draws; its inputs are keys as well"}
_TYPES = {
    "string": "text", "array": "list", "object": "table", "boolean": "true, false",
    "number": "number",
}  # fmt: skip


def reference() -> str:
    """The whole page."""
    look, of_set = preset_schema(), set_schema()
    parts = (_expressions(), _keys("Look", look, {}), _keys("Set", of_set, look["properties"]),
             _keys("Rig", rig_schema(), {}), _shaders(), _hands())  # fmt: skip
    return "\n".join([_HEAD, *(line for part in parts for line in part)])


FILES: dict[str, Callable[[], str]] = {
    "reference.md": reference,
    "preset.schema.json": lambda: json.dumps(preset_schema(), indent=1) + "\n",
    "set.schema.json": lambda: json.dumps(set_schema(), indent=1) + "\n",
    "rig.schema.json": lambda: json.dumps(rig_schema(), indent=1) + "\n",
}
"""What lies in docs/ and how it is made."""


def write(folder: Path) -> list[Path]:
    """Write every file; returns their paths. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in FILES.items():
        (folder / name).write_text(make(), "utf-8")
    return [folder / name for name in FILES]


def _expressions() -> Iterator[str]:
    yield _EXPRESSIONS
    for head, rows in (("", SIGNALS), ("### Clocks\n", CLOCKS), ("### Times\n", TIMES)):
        yield from (["", head] if head else [])
        yield from _table(("name", "what"), ((f"`{name}`", help) for name, help in rows.items()))
    yield _STEMS
    rows = ((f"`{row.form}`", _function(row.help, row.words)) for row in FUNCTIONS.values())
    yield from _table(("function", "what"), rows)
    yield ""


def _function(help: str, words: Iterable[str]) -> str:
    listed = ", ".join(words)
    return f"{help}: {listed}" if listed else help


def _keys(what: str, schema: Schema, known: Mapping[str, Schema]) -> Iterator[str]:
    """The keys of a file, then those of each of its tables, unless `known` has the same."""
    yield f"## {what}\n"
    yield from _properties(schema["properties"])
    for name, kind in schema["properties"].items():
        inner = _inner(kind)
        if inner and known.get(name) != kind:
            brackets = f"[[{name}]]" if kind.get("type") == "array" else f"[{name}]"
            yield f"\n### {brackets}: {kind['description']}\n"
            yield from _properties(inner)
    yield ""


def _inner(kind: Schema) -> dict[str, Schema]:
    """The keys of a table, of the rows of a list, or of each of several kinds of either."""
    if kind.get("type") == "array":
        return _inner(kind["items"])
    if "anyOf" in kind:  # but not the inputs of every shader, which have a place of their own
        found = {}
        for each in kind["anyOf"]:
            keys = _inner(each)
            found.update({"shader": _SHADER} if "shader" in keys else keys)
        return found
    if isinstance(kind.get("additionalProperties"), dict) and "properties" not in kind:
        return _inner(kind["additionalProperties"])
    return kind.get("properties", {})


def _properties(keys: Mapping[str, Schema]) -> list[str]:
    rows = (
        (f"`{name}`", _allowed(kind), _default(kind), kind.get("description", ""))
        for name, kind in keys.items()
    )  # fmt: skip
    return _table(("key", "allowed", "default", "what"), rows)


def _default(kind: Schema) -> str:
    value = kind.get("default", "")
    return json.dumps(value) if isinstance(value, bool | list) else _short(value)


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.10g}"


def _allowed(kind: Schema) -> str:
    """What a key may hold, in a few words."""
    if "enum" in kind:
        return ", ".join(f"`{name}`" for name in kind["enum"] if name)
    if "const" in kind:
        return f"`{json.dumps(kind['const'])}`"
    if "anyOf" in kind:
        if kind["anyOf"][1:] == [EXPRESSION]:
            return f"{_allowed(kind['anyOf'][0])}, *expression*"
        return " or ".join(dict.fromkeys(_allowed(each) for each in kind["anyOf"]))
    if "maximum" in kind:
        what = "number" if kind["type"] == "number" else "whole number"
        return f"{what} {_short(kind['minimum'])}..{_short(kind['maximum'])}"
    return _TYPES[kind.get("type", "array")]


def _shaders() -> Iterator[str]:
    yield "## Shaders\n"
    yield "`[[effects]]` change the picture, `[[layers]]` draw, `[transition]` joins two looks."
    uses = {"filter": "Effects", "generator": "Layers", "transition": "Transitions"}
    for kind, head in uses.items():
        yield f"\n### {head}\n"
        for header in headers():
            if header.kind == kind:
                yield f"**{header.name}**: {header.description.rstrip('.')}."
                yield from _inputs(header)


def _inputs(header: ShaderHeader) -> Iterator[str]:
    rows = [item for item in header.settable if item.name != "progress"]
    for item in rows:
        choices = "; ".join(
            f"{value:g} {label}" for value, label in zip(item.values, item.labels, strict=False)
        )
        said = ", ".join(filter(None, ("" if item.label == item.name else item.label, choices)))
        low, high = (joined(parts_of(v, item.components)) for v in (item.low, item.high))
        span = f"{low}..{high}" if item.components == 1 else f"{item.components} numbers"
        yield f"- `{item.name}` {span}, default {item.default}" + (f": {said}" if said else "")
    yield ""


def _hands() -> Iterator[str]:
    """Addresses for MIDI, OSC and cues."""
    yield "## Hands\n"
    yield "Addresses of `[midi]`; over OSC `motion.zoom` is `/vj/motion/zoom`.\n"
    groups: tuple[tuple[str, Iterable[Param]], ...] = (
        ("numbers of looks", PARAMS.values()), ("the set", SET.values()), ("tempo", TEMPO.values())
    )  # fmt: skip
    for name, params in groups:
        yield f"- {name}: " + ", ".join(f"`{param.name}`" for param in params)
    yield "- parts of looks: `prompts.N.weight`, `prompts.N.text`, `effects.SHADER.INPUT`,"
    yield "  `layers.N.NAME`, `source.NAME`, `macros.NAME`, `loras.NAME`, `words.NAME`"
    yield f"- controls: `{KNOBS[0]}` to `{KNOBS[-1]}`"
    switches = (*SWITCHES, *SET_SWITCHES, TEMPO_LOCK)
    yield "- switches, above 0.5 is on: " + ", ".join(f"`{name}`" for name in switches)
    yield "- triggers, above 0: " + ", ".join(f"`{name}`" for name in TRIGGERS)
    yield "- looks: `preset`, `preset.N`, `deck.a`, `deck.b`"
    yield from output_lines()
    yield "- `take.play`: lays the hands of the take that its value names over the show; an empty"
    yield "  text ends it"
    yield "- `audio.input`: hears the sound input that its value names, once that gives sound;"
    yield "  `audio.look`, above 0: looks for inputs that were plugged in since"
    yield "- `learn`: waits for the MIDI control that is to move the address that is its value;"
    yield "  `last` is the one that a hand has touched last, an empty text gives up"
    yield ""
    yield from midi_lines()


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return [lines[0], "|" + "---|" * len(head), *lines[1:]]
