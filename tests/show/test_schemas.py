"""The schemas for editors: all that ships is right by them, and what the checks refuse is not."""

import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from engine.errors import LiquidlightError
from engine.reference import FILES
from engine.schemas import preset_schema, set_schema
from engine.show import PRESETS, load_show
from engine.show.cue_file import CUE_KEYS
from engine.show.preset_file import PRESET_KEYS, PRESET_TABLES
from engine.show.set_file import SET_KEYS
from engine.show.sets import Autopilot
from engine.show.song_file import SONG_KEYS

ROOT = Path(__file__).parents[2]
LOOK = Draft7Validator(preset_schema())
SET = Draft7Validator(set_schema())


def _validator(data: dict) -> Draft7Validator:
    return SET if {"presets", "scenes", "grid"} & data.keys() else LOOK


@pytest.mark.parametrize("path", sorted(PRESETS.glob("*.toml")), ids=lambda p: p.stem)
def test_what_ships_is_right(path: Path) -> None:
    data = tomllib.loads(path.read_text("utf-8"))
    assert [error.message for error in _validator(data).iter_errors(data)] == []


def test_keys_are_those_of_the_checks() -> None:
    look, set_ = preset_schema()["properties"], set_schema()["properties"]
    assert look.keys() == {*PRESET_KEYS, *PRESET_TABLES} and set_.keys() == set(SET_KEYS)
    assert look["song"]["properties"].keys() == set(SONG_KEYS)
    assert look["cues"]["items"]["properties"].keys() == set(CUE_KEYS)
    fields = {"bars", *Autopilot.__dataclass_fields__}
    assert set_["autopilot"]["properties"].keys() == fields


PROMPT = '[[prompts]]\ntext = "sea"\n'
RIGHT = [
    f'strength = "smooth(bass)"\nseed = 1.5\n{PROMPT}weight = 2',
    f'[macros]\na = 0.3\nb = {{ default = "0.5*bass", help = "more" }}\n{PROMPT}',
    f'[words]\ntom = "a boy"\nann = {{ text = "a girl", seed = 4 }}\n{PROMPT}',
    f'{PROMPT}[[effects]]\nshader = "glow"\namount = "kick"\n[hearing]\nauto_gain = true',
    f'{PROMPT}[[layers]]\ngenerator = true\n[[layers]]\nshader = "plasma"\nblend = "screen"\n'
    '[[layers]]\ntext = "{line}"\ncolour = [1, 1, 0]\n[[layers.effects]]\nshader = "glow"',
    'extends = "bloom"\n[change.effects.glow]\namount = 0.2',
    f'{PROMPT}[[cues]]\nat = "0:10"\nover = "4 beats"\n"motion.zoom" = 1.2\nmotion.x = "0.1*kick"',
    'presets = ["bloom"]\ntransition = "wipe"\n[autopilot]\non_drop = true\norder = "shuffle"',
    '[[scenes]]\npreset = "bloom"\nbars = 4\ntransition = { kind = "cut" }',
    'grid = [["bloom", ""], ["oil_lamp", "bloom"]]\n[launch]\nwhen = "phrase"',
]
WRONG = [
    "strength = 0.5",
    f"strength = 1.5\n{PROMPT}",
    f"strenth = 0.5\n{PROMPT}",
    f"seed = [1]\n{PROMPT}",
    f"{PROMPT}weight = -1",
    f'{PROMPT}[motion]\nzom = 1.0',
    f'{PROMPT}[source]\npattern = "squares"',
    f'{PROMPT}[[effects]]\nshader = "glow"\namuont = 0.4',
    f'{PROMPT}[[effects]]\nshader = "glow"\namount = 40',
    f'{PROMPT}[[effects]]\nshader = "wipe"',
    f'{PROMPT}[[effects]]\namount = 0.4',
    f'{PROMPT}[[layers]]\ngenerator = true\ntext = "a"',
    f'{PROMPT}[[layers]]\ngenerator = true\nblend = "over"',
    f'{PROMPT}[[layers]]\nshader = "glow"',
    f'{PROMPT}[sequence]\nbeats = "4*bass"',
    f'{PROMPT}[[cues]]\nover = 4',
    f'{PROMPT}tags = "warm"',
    'presets = []',
    'presets = ["bloom"]\nstrength = 0.4',
    'presets = ["bloom"]\n[[scenes]]\npreset = "bloom"',
    'presets = ["bloom"]\n[transition]\ncurve = "quick"',
    'presets = ["bloom"]\n[autopilot]\non = 1',
    'presets = ["bloom"]\n[launch]\nwhen = "soon"',
    '[[scenes]]\npreset = "bloom"\nbars = 0',
]  # fmt: skip


@pytest.mark.parametrize("source", RIGHT)
def test_right_files_pass_both(source: str, tmp_path: Path) -> None:
    data = tomllib.loads(source)
    assert [error.message for error in _validator(data).iter_errors(data)] == []
    path = tmp_path / "right.toml"
    path.write_text(source)
    load_show(str(path))


@pytest.mark.parametrize("source", WRONG)
def test_wrong_files_pass_neither(source: str, tmp_path: Path) -> None:
    data = tomllib.loads(source)
    assert not _validator(data).is_valid(data)
    path = tmp_path / "wrong.toml"
    path.write_text(source)
    with pytest.raises(LiquidlightError):
        load_show(str(path))


def test_the_schemas_are_schemas_and_plain_json() -> None:
    for schema in (preset_schema(), set_schema()):
        Draft7Validator.check_schema(schema)
        assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize("name", ["reference.md", "preset.schema.json", "set.schema.json"])
def test_the_committed_reference_is_up_to_date(name: str) -> None:
    """`liquidlight reference` writes it."""
    assert (ROOT / "docs" / name).read_text("utf-8") == FILES[name]()
