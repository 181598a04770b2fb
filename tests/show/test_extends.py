"""A look that extends another: what it takes, what it changes, and where mistakes are told."""

from pathlib import Path

import pytest

from engine.errors import PresetError
from engine.records import Effect
from engine.resolve import resolve, silent_moment
from engine.show import Preset, load_preset, load_show

PARENT = """
title = "Parent"
style = "neon"
strength = 0.4
[[prompts]]
text = "tunnel"
[[prompts]]
text = "spiral"
weight = "knob1"
[motion]
zoom = 1.2
angle = 5
[[effects]]
shader = "glow"
amount = 0.5
[[effects]]
shader = "colour"
hue = 0.1
[midi]
knob1 = "cc 1"
"""


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")


def _look(folder: Path, text: str, parent: str = PARENT) -> Preset:
    _write(folder, parent=parent, child=f'extends = "parent"\n{text}')
    return load_preset(folder / "child.toml")


def _amounts(look: Preset) -> list[float]:
    return [value.at({}) for line in look.effects for name, value in line.inputs
            if (line.shader, name) in (("glow", "amount"), ("colour", "hue"))]


def test_what_is_not_said_is_taken(tmp_path: Path) -> None:
    look = _look(tmp_path, "strength = 0.9\n[motion]\nzoom = 1.1\n[midi]\nfreeze = 'note 3'\n")
    assert look.name == "child" and look.title == "Parent"
    assert look.numbers["strength"].constant == 0.9
    assert look.numbers["motion.zoom"].constant == 1.1
    assert look.numbers["motion.angle"].constant == 5
    assert [line.said for line in look.prompts] == ["tunnel, neon", "spiral, neon"]
    assert look.midi == {"knob1": "cc 1", "freeze": "note 3"}
    assert _amounts(look) == [0.5, 0.1]


def test_lists_are_replaced_whole(tmp_path: Path) -> None:
    look = _look(tmp_path, "style = ''\n[[prompts]]\ntext = 'sea'\n[[effects]]\nshader = 'punch'\n")
    assert [line.said for line in look.prompts] == ["sea"]
    assert [line.shader for line in look.effects] == ["punch"]


def test_rows_of_inherited_lists_are_changed_by_shader_or_number(tmp_path: Path) -> None:
    text = "[change.effects.glow]\namount = 0.2\n[change.effects.2]\nhue = 0.3\n"
    look = _look(tmp_path, text + "[change.prompts.2]\nweight = 0.25\n")
    assert _amounts(look) == [0.2, 0.3]
    assert [line.weight.constant for line in look.prompts] == [1.0, 0.25]


def test_looks_extend_each_other_over_generations(tmp_path: Path) -> None:
    change = "[change.effects.glow]\namount = '0.1*bass'"
    _write(tmp_path, third=f'extends = "child"\nseed = 7\n{change}')
    _look(tmp_path, "strength = 0.9\n[change.effects.glow]\namount = 0.2\n")
    show = load_show(str(tmp_path / "third.toml"))
    look = show.presets[0]
    assert look.numbers["seed"].constant == 7 and look.numbers["strength"].constant == 0.9
    assert look.files == tuple(tmp_path / f"{n}.toml" for n in ("third", "child", "parent"))
    assert set(look.files) <= set(show.files), "saved parents reload the show"
    effects = resolve(0.0, 0, 0.0, silent_moment(), show).effects
    assert effects[0].shader == "glow" and isinstance(effects[0], Effect)
    assert dict(effects[0].inputs)["amount"] == 0.0


def test_a_shipped_look_is_extended_by_name(tmp_path: Path) -> None:
    _write(tmp_path, mine='extends = "deep_tunnel"\nstyle = "oil paint"\n')
    look, parent = load_preset(tmp_path / "mine.toml"), load_show("deep_tunnel").presets[0]
    assert look.effects == parent.effects and look.prompts[0].said.endswith(", oil paint")


def test_shaders_and_pictures_beside_the_parent_are_found(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "own.fs").write_text('/*{"INPUTS": []}*/ void main() {}')
    (tmp_path / "base" / "still.png").write_bytes(b"")
    layers = "[[layers]]\nshader = 'own'\n[[layers]]\npicture = 'still.png'\n"
    _write(tmp_path / "base", parent=PARENT + layers)
    _write(tmp_path, child='extends = "base/parent.toml"')
    look = load_preset(tmp_path / "child.toml")
    assert [layer.name for layer in look.layers] == ["own", str(tmp_path / "base" / "still.png")]


CHANGE = "extends = 'parent'\n[change"
MISTAKES = [
    ("extends = 'nobody'", "child.toml:1: extends: nobody: no such preset"),
    ("extends = 'aset'", "child.toml:1: extends: aset is a set"),
    ("extends = 3", "child.toml:1: extends = 3 is not a text"),
    ("extends = 'child'", "child.toml:1: extends leads back to where it began: child > child"),
    ("extends = 'around'", "around.toml:1: extends leads back to where it began: child > around"),
    (f"{CHANGE}.effects.glwo]\namount = 1", "child.toml:2: change.effects.glwo is none of the"
     " effects; did you mean 'glow'?"),
    (f"{CHANGE}.effects.3]\nhue = 1", "child.toml:2: change.effects.3 is none of the effects"),
    (f"{CHANGE}.effect.glow]\nhue = 1", "did you mean 'effects'?"),
    (f"{CHANGE}.effects]\nglow = 1", "child.toml:3: change.effects.glow is none of"),
    (f"{CHANGE}]\neffects = 1", "child.toml:3: change.effects must be a table"),
    (f"{CHANGE}.effects.glow]\namount = 99", "child.toml:3: change.effects.glow.amount = 99 is"),
    (f"{CHANGE}.effects.glow]\namont = 1", "child.toml:3: change.effects.glow.amont is not known"),
    ("extends = 'wrong'", "wrong.toml:4: motion.spin is not known"),
    ("extends = 'parent'\n[motion]\nzoom = 9", "child.toml:3: motion.zoom = 9 is outside 0.5..2.0"),
    ("extends = 'wrong'\nmotion.spin = 1", "child.toml:2: motion.spin is not known"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_told_where_it_stands(tmp_path: Path, text: str, message: str) -> None:
    _write(
        tmp_path, parent=PARENT, child=text, around="extends = 'child'",
        aset="presets = ['hush']",
        wrong="extends = 'parent'\nseed = 3\n[motion]\nspin = 1\n",
    )
    with pytest.raises(PresetError) as caught:
        load_preset(tmp_path / "child.toml")
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_the_look_of_the_manual_is_one(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "looks.md").read_text("utf-8")
    blocks = [block.split("```")[0] for block in manual.split("```toml")[1:]]
    (text,) = (block for block in blocks if "extends = " in block)
    _write(tmp_path, look=text)
    (tmp_path / "film.safetensors").touch()
    look = load_preset(tmp_path / "look.toml")
    assert [line.name for line in look.loras] == ["film"]
    assert look.prompts[0].said == "an old sailor on a ((stormy)) sea, film grain, teal"
    assert look.prompts[0].seed == 12 and look.layers[1].blend == "screen"
