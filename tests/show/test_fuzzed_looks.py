"""Whatever a preset file says: it is a look, or one line of PresetError. Nothing else, ever."""

import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import PresetError
from engine.params import BLENDS, GUIDANCES, LAYER_KINDS, PARAMS, SEQUENCE_ORDERS, SOURCES
from engine.records import FrameParams
from engine.resolve import resolve, silent_moment, velocity
from engine.show import load_show
from engine.show.preset_file import PRESET_KEYS, PRESET_TABLES

ODD = st.one_of(
    st.booleans(), st.integers(-(2**70), 2**70), st.floats(width=32), st.text(max_size=12),
    st.sampled_from(["", "bass", "0.5*bass + knob1", "1/0", "{line}", "{tom}", "((x:1.3)", "\0"]),
    st.lists(st.integers(-3, 3), max_size=5), st.dictionaries(st.text(max_size=5), st.integers()),
)
RARELY = st.integers(0, 9).map(lambda n: n == 7)
NUMBER = st.floats(0, 1) | st.sampled_from(["bass", "0.2 + energy", "lfo(4)", "1 - knob1"])
TEXT = st.sampled_from(["sea", "{tom} at (sea:1.3)", "{line}", "[{grain}], film grain"])
SHADER = st.sampled_from(["glow", "plasma", "punch", "wipe", "glwo", "../x", "a\nb"])


def _table(**rows: st.SearchStrategy) -> st.SearchStrategy:
    """Some of the rows, each mostly as it should be, and now and then one that nobody knows."""
    names = st.lists(st.sampled_from(sorted(rows)), unique=True, max_size=6)

    @st.composite
    def table(draw: st.DrawFn) -> dict:
        odd = draw(st.dictionaries(st.text(max_size=6), ODD, max_size=1)) if draw(RARELY) else {}
        return {name: draw(ODD if draw(RARELY) else rows[name]) for name in draw(names)} | odd

    return table()


EFFECT = _table(shader=SHADER, amount=NUMBER, hue=NUMBER)
LAYER = _table(
    **{kind: TEXT | SHADER | st.just(True) for kind in LAYER_KINDS},
    opacity=NUMBER, blend=st.sampled_from(BLENDS), x=NUMBER, size=NUMBER,
    effects=st.lists(EFFECT, max_size=2),
)
ROWS = dict(
    extends=st.sampled_from(["deep_tunnel", "look", "first_light", "nobody"]),
    title=TEXT, notes=TEXT, style=TEXT, negative=TEXT, tags=st.lists(TEXT, max_size=2),
    **{key: NUMBER for key in PRESET_KEYS if key in PARAMS},
    words=st.fixed_dictionaries(
        {"tom": TEXT | st.just({"text": "x", "seed": 3}), "grain": ODD | st.just("grain")}),
    macros=st.dictionaries(st.sampled_from(["energy", "wild", "bass"]), NUMBER, max_size=2),
    prompts=st.lists(_table(text=TEXT, weight=NUMBER), max_size=3),
    sequence=_table(beats=st.integers(1, 9), order=st.sampled_from(SEQUENCE_ORDERS)),
    motion=_table(zoom=NUMBER, angle=NUMBER),
    source=_table(pattern=st.sampled_from(SOURCES), amount=NUMBER),
    hearing=_table(gain=NUMBER),
    layers=st.lists(LAYER, max_size=3),
    effects=st.lists(EFFECT, max_size=3),
    change=_table(effects=_table(glow=EFFECT), prompts=_table(**{"1": _table(text=TEXT)})),
    midi=st.dictionaries(st.text(max_size=5), TEXT, max_size=1),
    guidance_kind=st.sampled_from([*GUIDANCES, "sel"]),
    model=TEXT | st.just("small"),
    loras=st.dictionaries(st.sampled_from(["a.safetensors", "../b", "c"]), NUMBER, max_size=2),
)
OF_SONGS = {"song", "cues", "keyframes"}
LOOK = _table(**ROWS)


def _toml(value: object) -> str:
    """A value in TOML, tables inline."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(row)}" for key, row in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def _read(text: str) -> FrameParams | PresetError:
    """What a file of that text gives; any error but PresetError fails the test."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "look.toml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            show = load_show(str(path))
        except PresetError as error:
            assert "\n" not in str(error) and str(error).startswith(folder), str(error)
            return error
        assert math.isfinite(velocity(0.0, silent_moment(), show).log_zoom)
        return resolve(0.0, 0, 0.0, silent_moment(), show)


def test_every_key_of_a_look_is_fuzzed() -> None:
    assert {*PRESET_KEYS, *PRESET_TABLES} - OF_SONGS == ROWS.keys()


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(LOOK)
def test_a_fuzzed_look(look: dict) -> None:
    look = {'prompts': [{'text': 'sea'}], **look}
    _read("\n".join(f"{_toml(key)} = {_toml(row)}" for key, row in look.items()))


PIECES = [
    *("[", "]", "{", "}", "=", "\n", "#", "'", '"""', "\\", "\0", "é", "tom", "1.5\n", "'bass'\n"),
    *("[[prompts]]\n", "[[layers]]\n", "[[effects]]\n", "[words]\n", "[sequence]\n"),
    *("text = 'x'\n", "shader = 'glow'\n", "extends = 'deep_tunnel'\n", "amount = "),
    "[change.effects.glow]\n",
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=80))
def test_a_fuzzed_text(text: str) -> None:
    _read(text)


@pytest.mark.parametrize("text", [
    "a = " + "[" * 5000, "x." * 3000 + "y = 1", "[[prompts]]\ntext = '" + "(" * 20000 + "'\n",
    "[[prompts]]\ntext = 'x'\nweight = '" + "(" * 499 + "'",
    "[[prompts]]\ntext = 'x'\n[[layers]]\npicture = '" + "x" * 5000 + "'",
    "extends = '" + "x" * 5000 + "'", "extends = '\\u0000'", 'extends = "\\u0000.toml"',
    '[[prompts]]\ntext = "x"\n[[layers]]\npicture = "\\u0000"',
    '[[prompts]]\ntext = "x"\n[[effects]]\nshader = "\\u0000"',
    '"a\\nb" = 1', '[words]\n"a\\nb" = "x"',
])
def test_the_worst(text: str) -> None:
    _read(text)
