"""Preset and set files: what they give, and one line for every mistake."""

from pathlib import Path

import pytest

from engine.errors import PresetError
from engine.params import PARAMS
from engine.show import DEMO_SET, PRESETS, load_show

GOOD = """
title = "Test"
style = "neon"
strength = "0.4 + 0.2*bass"
seed = 3

[[prompts]]
text = "tunnel"
weight = "1 - knob1"

[[prompts]]
text = "spiral"
weight = "knob1"

[motion]
zoom = "1 + 0.03*kick"

[[effects]]
shader = "glow"
amount = "0.5*kick"
"""


def _write(folder: Path, text: str, name: str = "look.toml") -> str:
    (folder / name).write_text(text, "utf-8")
    return str(folder / name)


def test_a_preset_is_a_show_of_one(tmp_path: Path) -> None:
    show = load_show(_write(tmp_path, GOOD))
    (preset,) = show.presets
    assert show.name == preset.name == "look"
    assert set(preset.numbers) == set(PARAMS)
    assert preset.numbers["strength"].at({"bass": 0.5}) == pytest.approx(0.5)
    assert preset.numbers["motion.zoom"].at({"kick": 1.0}) == pytest.approx(1.03)
    assert preset.numbers["strength"].at({"bass": 99.0}) == 1.0
    assert [line.text for line in preset.prompts] == ["tunnel", "spiral"]


MISTAKES = [
    ("strenght = 0.5", "strenght is not known; did you mean 'strength'?", 1),
    ("strength = 1.5", "strength = 1.5 is outside 0.0..1.0", 1),
    ("strength = true", "strength = True is not a number 0.0..1.0 or an expression", 1),
    ("seed = -1.5", "seed = -1.5 is outside 0..2147483647", 1),
    ("title = 3", "title = 3 is not a text in quotes", 1),
    ("strength = '0.5 + basss'", "unknown name 'basss'; did you mean 'bass'?", 1),
    ("strength = '__import__(1)'", "unknown function '__import__'", 1),
    ("strength = 'bass +'", "not an expression", 1),
    ("strength = 0.5 0.6", "(column 16)", 1),
    ("[motion]\nzoom = 9.0", "motion.zoom = 9.0 is outside 0.5..2.0", 2),
    ("[motion]\nangle = 1\nspin = 2", "motion.spin is not known", 3),
    ("motion = 3", "motion must be a table", 1),
    ("[hearing]\ngain_secs = 3", "did you mean 'gain_seconds'?", 2),
    ("[hearing]\nbass_release = 0", "hearing.bass_release = 0 is outside 0.001..10.0", 2),
    ("[hearing]\nauto_gain = 0.5", "hearing.auto_gain = 0.5 is outside 0..1 (whole", 2),
    ("[source]\npattern = 'ring'", "did you mean 'rings'?", 2),
    ("[[effects]]\nshader = 'glwo'", "did you mean 'glow'?", 2),
    ("[[effects]]\nshader = 'glow'\namont = 1", "did you mean 'amount'?", 3),
    ("[[effects]]\nshader = 'glow'\namount = 99", "amount = 99 is outside", 3),
    ("[[prompts]]\ntext = ''", "is empty", 2),
    ("[[prompts]]\ntext = 'a'\nwieght = 1", "did you mean 'weight'?", 3),
    ("[[prompts]]\ntext = 'a'\n[[prompts]]\ntext = 'b'\nweight = -1", "prompts.2.weight = -1", 5),
]


@pytest.mark.parametrize(("text", "message", "line"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_one_line_with_file_line_and_key(
    tmp_path: Path, text: str, message: str, line: int
) -> None:
    if "[[prompts]]" not in text:
        text += "\n[[prompts]]\ntext = 'tunnel'\n"
    path = _write(tmp_path, text)
    with pytest.raises(PresetError) as caught:
        load_show(path)
    said = str(caught.value)
    assert message in said and "\n" not in said
    assert said.startswith(f"{path}:{line}: ")


def test_no_prompt_no_file_no_such_preset(tmp_path: Path) -> None:
    for text, message in (("title = 'x'", "prompts"), ("presets = []", "one or more")):
        with pytest.raises(PresetError, match=message):
            load_show(_write(tmp_path, text))
    with pytest.raises(PresetError, match="did you mean 'hush'"):
        load_show("hsuh")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PresetError, match="UTF-8"):
        load_show(str(tmp_path / "bytes.toml"))


def test_a_set_takes_presets_beside_it_and_shipped_ones(tmp_path: Path) -> None:
    _write(tmp_path, GOOD, "mine.toml")
    path = _write(tmp_path, "presets = ['mine', 'hush']\nbars = 4\nfade_beats = 1\n", "set.toml")
    show = load_show(path)
    assert show.names == ("mine", "hush")
    assert [(s.bars, s.transition.beats) for s in show.scenes] == [(4, 1.0)] * 2
    assert tmp_path / "mine.toml" in show.files
    with pytest.raises(PresetError, match="set2.toml:1: presets.*nothing"):
        load_show(_write(tmp_path, "presets = ['nothing']", "set2.toml"))


@pytest.mark.parametrize("path", sorted(PRESETS.glob("*.toml")), ids=lambda p: p.stem)
def test_everything_that_ships_is_valid(path: Path) -> None:
    assert load_show(str(path)).presets


def test_the_demo_set_has_six_looks() -> None:
    assert len(load_show(DEMO_SET).presets) >= 6
