"""`base`: expressions that go on under a hand, for every kind of number; all others give way."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from engine.errors import PresetError
from engine.records import Controls
from engine.resolve import resolve, silent_moment
from engine.saving import edited
from engine.show import load_show
from engine.surface import values_at

LOOK = """strength = "base + 0.25"
guidance = "2 + 1"
[[prompts]]
text = "a"
[[prompts]]
text = "b"
weight = "0.5*base"
[macros]
heat = "min(1, base + 0.5)"
[motion]
zoom = "base*1.1"
[[effects]]
shader = "glow"
amount = "base + 0.1*heat"
[[layers]]
shader = "plasma"
opacity = "base*0.5"
"""


@pytest.fixture
def show(tmp_path):
    (tmp_path / "look.toml").write_text(LOOK)
    return load_show(str(tmp_path / "look.toml"))


def held(**values: float):
    names = {name.replace("__", "."): value for name, value in values.items()}
    return replace(silent_moment(), controls=Controls(MappingProxyType(names)))


def drawn(show, moment):
    return resolve(0.0, 0, 0.0, moment, show)


def test_without_a_hand_it_is_the_default(show):
    params = drawn(show, silent_moment())
    assert params.strength == pytest.approx(0.75)
    assert [p.weight for p in params.prompts] == pytest.approx([2 / 3, 1 / 3])
    assert params.layers[0].opacity == pytest.approx(0.5)


def test_a_hand_is_what_the_expression_goes_on_from(show):
    moment = held(strength=0.1, guidance=7.0, prompts__2__weight=1.0, layers__1__opacity=0.4,
                  effects__glow__amount=0.3, macros__heat=0.2)
    params = drawn(show, moment)
    assert params.strength == pytest.approx(0.35)
    assert params.guidance == 7.0  # uses no base: the hand takes its place
    assert params.layers[0].opacity == pytest.approx(0.2)
    assert dict(params.effects[0].inputs)["amount"] == pytest.approx(0.3 + 0.1 * 0.7)
    assert [p.weight for p in params.prompts] == pytest.approx([2 / 3, 1 / 3])


def test_the_result_stays_in_its_range(show):
    assert drawn(show, held(strength=0.9)).strength == 1.0


def test_what_hands_are_told_is_the_base(show):
    assert values_at(held(strength=0.1), show)["strength"] == 0.1
    assert values_at(silent_moment(), show)["guidance"] == 3.0


def test_a_save_leaves_such_an_expression_as_it_is(show):
    new = edited(show.presets[0].path, LOOK, held(strength=0.1, guidance=7.0).controls)
    assert new.left == ("strength",) and new.kept == ("guidance",)
    assert 'strength = "base + 0.25"' in new.text


def test_what_remembers_knows_no_base(tmp_path):
    (tmp_path / "x.toml").write_text('strength = "smooth(base, 1)"\n[[prompts]]\ntext = "a"\n')
    with pytest.raises(PresetError, match="x.toml:1: strength .*base cannot stand within"):
        load_show(str(tmp_path / "x.toml"))
