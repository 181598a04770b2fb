"""JSON Schemas of presets and sets, for editors: made from the same tables as the checks.

Parameters, layers, cues, sets and the shaders that ship flow in, plain dictionaries flow out
(draft 7, which editors of TOML know). What is only known when a file is read, an expression's
names or another file, is left to `liquidlight check`. Loads no device, model or GL.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine import isf
from engine.curves import CURVES
from engine.isf_header import ShaderHeader, ShaderInput, parts_of
from engine.params import (
    BLENDS,
    EDGES,
    FRESH,
    GUIDANCES,
    LAUNCHES,
    LAYER_INPUTS,
    LAYER_MASKS,
    LAYER_PARAMS,
    LORA,
    MACRO,
    ORDERS,
    PARAMS,
    SEQUENCE_ORDERS,
    SEQUENCE_ROWS,
    SOURCE_KINDS,
    SOURCES,
    TRANSITIONS,
    WEIGHT,
    Param,
)
from engine.show.drawn import TEXT_COLOUR
from engine.show.inherit import LISTS
from engine.show.set_parts import BARS, BEATS, MAX_SECONDS, MIN_SECONDS, SEED
from engine.show.sets import Autopilot
from engine.show.song_file import BPM, FPS, LYRICS_BY, START

Schema = dict[str, Any]
EXPRESSION: Schema = {"type": "string", "minLength": 1}
"""Where a number may stand, the text of an expression may."""
_EFFECTS = {"$ref": "#/definitions/effects"}

_SHOWS = {
    "generator": "the picture that the model makes", "picture": "a file", "video": "a file",
    "camera": "a camera by name or number", "text": "words; `{line}` is the lyric line",
}  # fmt: skip


def preset_schema() -> Schema:
    """What a look may say."""
    own = {
        "extends": text("a look by name or path: what is not said here is taken from it"),
        "title": text("its name for people"),
        "notes": text("what the artist wants to remember"),
        "tags": {**listed(text()), "description": "words to find it by"},
        "style": text("joined to every prompt"),
        "negative": text("what is not to be seen; counts where guidance is above 1"),
        "guidance_kind": choice(GUIDANCES, "what guidance above 1 pulls away from"),
        "model": text("a model of its own: a folder beside the look, or a name"),
        **{name: number(param) for name, param in PARAMS.items() if "." not in name},
        "words": named(either(text(), _word()), "parts of prompts: `{name}` stands for them"),
        "macros": named(
            either(number(MACRO), table({"default": number(MACRO), "help": text("what it does")})),
            "knobs of this look: names in its expressions, `macros.NAME` for hands",
        ),
        "loras": named(
            number(LORA), "LoRAs by file, as `\"film.safetensors\" = 0.8`; `loras.NAME` for hands"
        ),
        "prompts": _prompts("what is seen"),
        "sequence": table(
            {
                "order": choice(SEQUENCE_ORDERS, "how they follow each other"),
                **{row.name: number(row, expression=False) for row in SEQUENCE_ROWS},
            },
            "prompts one after the other",
        ),
        "motion": table(
            {**_group("motion"), "edges": choice(EDGES, "what comes in over the edges")},
            "how the camera travels",
        ),
        "source": _source(),
        "hearing": table(_group("hearing"), "how the sound is heard"),
        "layers": {**listed(either(*_layers())), "description": "what is drawn, bottom first"},
        "effects": {**_EFFECTS, "description": "shaders over the whole picture, in order"},
        "change": table(
            {kind: named(named({}), f"rows of {kind} by shader or number") for kind in LISTS},
            "changes to rows of the look that this one extends",
        ),
        "midi": named(text(), 'what hands do: `knob1 = "cc 21"`'),
        **_song(),
    }
    needs = {"anyOf": [{"required": ["prompts"]}, {"required": ["extends"]}]}
    shared = {"definitions": {"effects": listed(either(*_effects()))}}
    return _root("A look of Liquidlight", own, needs | shared)


def set_schema() -> Schema:
    """What a set may say."""
    own = {
        "title": text("its name for people"),
        "notes": text("what the operator wants to remember"),
        "presets": {**listed(text(), 1), "description": "looks in order, by name or path"},
        "scenes": {
            **listed(
                table(
                    {
                        "preset": text("a look by name or path"),
                        "bars": number(BARS, expression=False),
                        "notes": text("shown to the operator"),
                        "transition": _transition("how it comes"),
                    },
                    required=["preset"],
                )
            ),
            "description": "looks in order, each with settings of its own",
        },
        "grid": {**listed(listed(text())), "description": 'rows for launching; "" is no look'},
        "bars": number(BARS, expression=False),
        "fade_beats": number(BEATS, expression=False),
        "hush": text("the safe look"),
        "midi": named(text(), 'what hands do: `next = "note 40"`'),
        "transition": _transition("how looks follow each other"),
        "launch": table(
            {"when": choice(LAUNCHES, "when a chosen look begins")}, "looks chosen by hand"
        ),
        "autopilot": table(_autopilot(), "looks that change by themselves"),
        **_song(),
    }
    needs = {"anyOf": [{"required": [key]} for key in ("presets", "scenes", "grid")]}
    return _root("A set of Liquidlight", own, needs | {"not": {"required": ["presets", "scenes"]}})


def text(help: str = "") -> Schema:
    return _said({"type": "string"}, help)


def choice(names: Iterable[str], help: str) -> Schema:
    return _said({"enum": list(names)}, help)


def number(param: Param, expression: bool = True) -> Schema:
    """A number in the range of the row, or the text of an expression."""
    plain: Schema = {"type": "number", "minimum": param.low, "maximum": param.high}
    if param.integer:
        plain["type"] = ["integer", "boolean"] if param.high == 1 else "integer"
    unit = f" ({param.unit})" if param.unit else ""
    kind = either(plain, EXPRESSION) if expression else plain
    return _said({**kind, "default": param.default}, f"{param.help}{unit}")


def either(*kinds: Schema) -> Schema:
    return {"anyOf": list(kinds)}


def listed(item: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": item, **({"minItems": least} if least else {})}


def named(item: Schema, help: str = "") -> Schema:
    """A table whose keys are free."""
    return _said({"type": "object", "additionalProperties": item}, help)


def table(keys: Mapping[str, Schema], help: str = "", required: Collection[str] = ()) -> Schema:
    """A table with these keys and no others."""
    kind: Schema = {"type": "object", "properties": dict(keys), "additionalProperties": False}
    return _said({**kind, **({"required": list(required)} if required else {})}, help)


def _said(schema: Schema, help: str) -> Schema:
    return {**schema, "description": help} if help else schema


def _root(title: str, keys: Mapping[str, Schema], more: Schema) -> Schema:
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        **table(keys),
        **more,
    }


def _group(name: str) -> dict[str, Schema]:
    rows = {key: param for key, param in PARAMS.items() if key.startswith(f"{name}.")}
    return {key.partition(".")[2]: number(param) for key, param in rows.items()}


def _word() -> Schema:
    seed = replace(PARAMS["seed"], help="the noise that goes with it")
    return table({"text": text("what it stands for"), "seed": number(seed, False)}, "", ["text"])


def _prompts(help: str) -> Schema:
    row = table({"text": text("words"), "weight": number(WEIGHT)}, required=["text"])
    return _said(listed(row, 1), help)


def headers() -> list[ShaderHeader]:
    """Those of the shaders that ship, by name."""
    return [isf.load_header(path) for _, path in sorted(isf.list_shaders().items())]


def _effects() -> list[Schema]:
    found = [header for header in headers() if header.kind != "transition"]
    return [_shader(header, {}) for header in found] + [_other_shader()]


def _source() -> Schema:
    """A pattern, or one of what a layer may show, with that one's numbers beside it."""
    common = _group("source")
    pattern = choice(("", *SOURCES, FRESH), "drawn shapes; `none` is no feedback, noise alone")
    kinds = [table({"pattern": pattern, **common})]
    for kind in SOURCE_KINDS[1:-1]:
        own = {key: number(LAYER_PARAMS[key]) for key in LAYER_INPUTS[kind]}
        shows = {"type": "string", "minLength": 1, "description": _SHOWS[kind]}
        kinds.append(table({kind: shows, **own, **common}, required=[kind]))
    drawing = [header for header in headers() if header.kind == "generator"]
    kinds += [*(_shader(header, common) for header in drawing), _other_shader()]
    return _said(either(*kinds), "what is mixed into the picture before the model redraws it")


def _layers() -> list[Schema]:
    """One for each kind of layer, and for each shader that draws alone."""
    common = {
        "opacity": number(LAYER_PARAMS["opacity"]),
        "blend": choice(BLENDS, "how it is put over what lies below"),
        "mask": choice(("", *LAYER_MASKS), "not drawn: its light is where that neighbour is seen"),
        **{key: number(LAYER_PARAMS[key]) for key in ("solo", "bypass")},
        "effects": {**_EFFECTS, "description": "shaders over this layer alone"},
    }
    kinds = []
    for kind, keys in LAYER_INPUTS.items():
        own = {key: number(LAYER_PARAMS[key]) for key in keys}
        if kind == "text":
            own[TEXT_COLOUR.name] = _input(TEXT_COLOUR)
        if kind != "shader":
            what = {"const": True} if kind == "generator" else {"type": "string", "minLength": 1}
            kinds.append(table({kind: _said(what, _SHOWS[kind]), **own, **common}, required=[kind]))
    drawing = [header for header in headers() if header.kind == "generator"]
    return [*kinds, *(_shader(header, common) for header in drawing), _other_shader()]


def _shader(header: ShaderHeader, more: Mapping[str, Schema]) -> Schema:
    inputs = {item.name: _input(item) for item in header.settable}
    name = {"const": header.name, "description": header.description}
    return table({"shader": name, **inputs, **more}, required=["shader"])


def _other_shader() -> Schema:
    """One of the artist's own, whose inputs only its file knows."""
    known = [header.name for header in headers()]
    name = {"type": "string", "not": {"enum": known}}
    return {"type": "object", "properties": {"shader": name}, "required": ["shader"]}


def _input(item: ShaderInput) -> Schema:
    if item.components == 1:
        return number(isf.input_param(item))
    lows, highs = (parts_of(value, item.components) for value in (item.low, item.high))
    part = {"type": "number", "minimum": min(lows), "maximum": max(highs)}
    least = 3 if item.type == "color" else item.components
    kind = {**listed(part, least), "maxItems": item.components, "default": list(item.default)}
    return _said(kind, item.label)


def _transition(help: str) -> Schema:
    shaders = [header.name for header in headers() if header.kind == "transition"]
    kind = either({"enum": [*TRANSITIONS, *shaders]}, {"type": "string"})
    keys = {
        "kind": _said(kind, "how, or the name of a transition shader"),
        "beats": number(BEATS, expression=False),
        "curve": choice(CURVES, "how it goes along"),
    }
    return _said(either(kind, table(keys)), help)


def _autopilot() -> dict[str, Schema]:
    rows = {row.name: row for row in (BARS, SEED, MIN_SECONDS, MAX_SECONDS)}
    usual = Autopilot()
    return {
        **{name: number(row, expression=False) for name, row in rows.items()},
        "on": {"type": "boolean", "default": usual.on, "description": "from the start"},
        "on_drop": {"type": "boolean", "default": usual.on_drop, "description": "at a drop too"},
        "order": choice(ORDERS, "which look comes next"),
    }


def _song() -> dict[str, Schema]:
    """The song of a show and what happens in it."""
    said = either({"type": ["number", "boolean", "string"]}, {"type": "object"})
    time = either({"type": "number", "minimum": 0}, {"type": "string"})
    cue = table(
        {
            "at": _said(time, 'seconds, "1:02.50", "beat 64", "bar 16" or "frame 300"'),
            "over": _said(time, 'how long it takes: seconds, "4 beats", "1 bars"'),
            "ease": choice(CURVES, "how it goes along"),
            "preset": text("the look from here on"),
            "prompt": text("what is seen instead"),
            "prompts": _prompts("the same, several with weights"),
            "negative": text("what is not to be seen"),
            "words": named(text(), "other meanings of parts of prompts"),
            "line": text("the lyric line: `{line}`"),
        },
        required=["at"],
    )
    return {
        "song": table(
            {
                "file": text("the sound file"),
                "stems": either(text(), named(text())) | {"description": "a folder, or names"},
                "lyrics": text("an LRC file"),
                "lyric_prompt": text("the prompt of each line"),
                "lyrics_by": choice(LYRICS_BY, "what `{line}` follows"),
                **{row.name: number(row, expression=False) for row in (FPS, BPM, START)},
            },
            "the song that the show is made for",
        ),
        "cues": _said(
            listed({**cue, "additionalProperties": said}),
            "changes at their times; other keys are addresses of numbers",
        ),
        "keyframes": named(either({"type": "string"}, {"type": "object"}),
                           'numbers by frame, as `"motion.zoom" = "0:(1), 30:(1.2)"`'),
    }  # fmt: skip
