"""Layers of a look, their hands, and both looks' pictures while one gives way to the other."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import PresetError
from engine.params import BLENDS, LAYER_INPUTS, LAYER_KINDS, LAYER_PARAMS
from engine.records import (
    Beat,
    Change,
    Controls,
    Effect,
    FrameParams,
    Layer,
    Leaving,
    Playing,
    Signals,
)
from engine.resolve import resolve, silent_moment
from engine.show import Show, load_show

LOOK = """
[[prompts]]
text = "sea"
[[layers]]
generator = true
[[layers]]
shader = "plasma"
opacity = "0.3*bass"
blend = "screen"
speed = 2
[[layers]]
picture = "still.png"
scale = 0.5
angle = "90*bass"
[[layers]]
text = "hello {line}"
size = 0.2
[[layers.effects]]
shader = "glow"
amount = "bass"
"""


def _write(folder: Path, text: str = LOOK, name: str = "look") -> str:
    (folder / "still.png").write_bytes(b"")
    (folder / f"{name}.toml").write_text(text, "utf-8")
    return str(folder / f"{name}.toml")


def _params(show: Show, beat: float = 0.0, playing: Playing | None = None, **hands) -> FrameParams:
    moment = silent_moment()
    values = {**moment.signals.values, "bass": 0.5}
    signals = Signals(0.0, values, Beat(0.0, beat), moment.signals.clocks)
    moment = replace(moment, signals=signals, playing=playing or Playing(),
                     controls=Controls(**hands))
    return resolve(0.0, 0, 0.0, moment, show)


def test_layers_from_below(tmp_path: Path) -> None:
    generated, shader, picture, text = _params(load_show(_write(tmp_path))).layers
    assert generated == Layer("generator")
    assert (shader.name, shader.opacity, shader.blend) == ("plasma", 0.15, "screen")
    assert dict(shader.inputs)["speed"] == 2.0 and "opacity" not in dict(shader.inputs)
    assert picture.name == str(tmp_path / "still.png")
    assert dict(picture.inputs) == {"x": 0.5, "y": 0.5, "scale": 0.5, "angle": 45.0}
    assert text.name == "hello" and dict(text.inputs)["size"] == 0.2
    (glow,) = text.effects
    assert glow.shader == "glow" and dict(glow.inputs)["amount"] == 0.5


def test_hands_reach_every_number_of_a_layer(tmp_path: Path) -> None:
    values = {"layers.2.opacity": 0.9, "layers.3.angle": -10.0, "layers.2.speed": 1e9,
              "layers.4.effects.glow.amount": 1.5}
    texts = {"layers.4.text": "{line}!", "line": "one more"}
    show = load_show(_write(tmp_path))
    _, shader, picture, text = _params(show, values=values, texts=texts).layers
    assert shader.opacity == 0.9 and dict(shader.inputs)["speed"] < 100.0, "within its range"
    assert dict(picture.inputs)["angle"] == -10.0
    assert text.name == "one more!" and dict(text.effects[0].inputs)["amount"] == 1.5
    hushed = _params(show, values=values, texts=texts, hush=True)
    assert hushed.preset == "hush" and hushed.layers == ()


def test_every_kind_has_its_numbers() -> None:
    assert set(LAYER_INPUTS) == set(LAYER_KINDS)
    used = {key for keys in LAYER_INPUTS.values() for key in keys}
    assert used | {"opacity", "solo", "bypass"} == LAYER_PARAMS.keys()


GLOW = "text = 'x'\n[[layers.effects]]\nshader = 'glow'\n"
MISTAKES = [
    ("opacity = 1", 3, "layers.1 says nothing to draw: a layer has one of generator, shader"),
    ("text = 'x'\nshader = 'plasma'", 3, "layers.1 has shader and text: a layer has one of"),
    ("generator = false", 4, "layers.1.generator = False can only be true"),
    ("shader = 'plsma'", 4, "did you mean 'plasma'?"),
    ("shader = 'glow'", 4, "layers.1.shader = 'glow' changes pictures"),
    ("shader = 3", 4, "layers.1.shader = 3 is not a text"),
    ("text = ' '", 4, "layers.1.text is empty"),
    ("picture = 'no.png'", 4, "layers.1.picture = 'no.png': no such file beside look.toml"),
    ("video = '..'", 4, "layers.1.video = '..': no such file"),
    ("camera = 3", 4, "layers.1.camera = 3 is not a text"),
    ("text = 'x'\nspeed = 1", 5,
     "layers.1.speed is not known; there is angle, blend, bypass, colour"),
    ("text = 'x'\nopacity = 2", 5, "layers.1.opacity = 2 is outside 0.0..1.0"),
    ("text = 'x'\nblend = 'scren'", 5, "layers.1.blend = 'scren' is not known; did you mean"),
    ("text = 'x'\neffects = 3", 5, "layers.1.effects must be a list of tables"),
    (GLOW.replace("glow", "glwo"), 6, "layers.1.effects.1.shader = 'glwo': unknown shader"),
    (f"{GLOW}amount = 99", 7, "layers.1.effects.1.amount = 99 is outside"),
    ("shader = 'plasma'\nx = 1", 5, "layers.1.x is not known"),
]


@pytest.mark.parametrize(("text", "line", "message"), MISTAKES, ids=[m[2] for m in MISTAKES])
def test_a_mistake_is_one_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = _write(tmp_path, f"[[prompts]]\ntext = 'tunnel'\n[[layers]]\n{text}\n")
    with pytest.raises(PresetError) as caught:
        load_show(path)
    said = str(caught.value)
    assert message in said and "\n" not in said and said.startswith(f"{path}:{line}: ")


LEFT = """
seed = {seed}
[[prompts]]
text = "{name}"
[[effects]]
shader = "glow"
amount = {amount}
[[layers]]
shader = "plasma"
opacity = {amount}
"""


def _two(folder: Path, transition: str) -> Show:
    for name, amount, seed in (("a", 0.25, 1), ("b", 0.75, 5)):
        _write(folder, LEFT.format(name=name, amount=amount, seed=seed), name)
    return load_show(_write(folder, f"presets = ['a', 'b']\n[transition]\n{transition}", "set"))


def _amounts(effects: tuple[Effect, ...]) -> list[float]:
    return [dict(effect.inputs)["amount"] for effect in effects]


def test_both_looks_are_drawn_whole_while_one_gives_way(tmp_path: Path) -> None:
    show = _two(tmp_path, "kind = 'crossfade'")
    playing = Playing(Change(0, 1, 8.0, 2.0, "linear"))
    for k in (0.0, 0.25, 0.75):
        params = _params(show, 8.0 + 2.0 * k, playing, values={"layers.1.opacity": 0.5})
        assert _amounts(params.effects) == [0.75] and params.preset == "b"
        left = params.leaving
        assert isinstance(left, Leaving) and (left.k, left.preset, left.shader) == (k, "a", "")
        assert _amounts(left.effects) == [0.25]
        assert left.layers[0].opacity == params.layers[0].opacity == 0.5, "the hand's, in both"
    assert _params(show, 10.0, playing).leaving is None


def test_a_morph_changes_pictures_half_way(tmp_path: Path) -> None:
    show = _two(tmp_path, "kind = 'morph'")
    playing = Playing(Change(0, 1, 8.0, 2.0, "linear", "morph"))
    early, late = (_params(show, beat, playing) for beat in (8.9, 9.1))
    assert early.leaving is None and _amounts(early.effects) == [0.25]
    assert late.leaving is None and _amounts(late.effects) == [0.75]
    assert [round(p.weight, 2) for p in early.prompts] == [0.55, 0.45]


def test_the_look_that_leaves_takes_its_noise_along(tmp_path: Path) -> None:
    show = _two(tmp_path, "kind = 'crossfade'")
    params = _params(show, 8.5, Playing(Change(0, 1, 8.0, 2.0, "linear")))
    assert params.seed == 5.0
    assert [prompt.weight for prompt in params.prompts] == [0.75, 0.25]
    assert [prompt.seed for prompt in params.prompts] == [1.0, None]
    held = _params(show, 8.5, Playing(Change(0, 1, 8.0, 2.0)), values={"seed": 7.0})
    assert held.seed == 7.0 and all(prompt.seed is None for prompt in held.prompts)


@pytest.mark.parametrize("blend", BLENDS)
def test_every_blend_may_be_said(tmp_path: Path, blend: str) -> None:
    text = f"[[prompts]]\ntext = 'x'\n[[layers]]\ngenerator = true\nblend = '{blend}'\n"
    assert _params(load_show(_write(tmp_path, text))).layers[0].blend == blend
