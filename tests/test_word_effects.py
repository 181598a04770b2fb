"""Words in prompts switch effects on, by weight; looks and hands have the last word."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.isf import find_shader, load_header
from engine.records import Beat, Change, Controls, Moment, Playing, Prompt, Signals
from engine.resolve import resolve, silent_moment
from engine.show import Show, load_show
from engine.word_effects import WORD_EFFECTS, every_effect, found_in, without_words, word_effects

LOOK = """
[[prompts]]
text = "sea, scanlines"
weight = "1 - knob1"
[[prompts]]
text = "sea"
weight = "knob1"
"""


def named(text: str) -> list[str]:
    return [row.name for _, row in found_in(text)]


def amounts(effects) -> dict[str, float]:
    return {effect.shader: round(dict(effect.inputs)["amount"], 6) for effect in effects}


def show_of(tmp_path: Path, text: str, name: str = "look") -> Show:
    (tmp_path / f"{name}.toml").write_text(text, "utf-8")
    return load_show(str(tmp_path / f"{name}.toml"))


def moment(**values: float) -> Moment:
    return replace(silent_moment(10.0), controls=Controls(values=values))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("neon city, vhs scanlines", ["vhs", "scanlines"]),
        ("forest, FILM  GRAIN", ["film grain"]),
        ("halftone flowers", ["halftone"]),
        ("a 35-mm film of the sea", ["film grain"]),
        ("8bit castle", ["pixel art"]),
        ("8-bit castle", ["pixel art"]),
        ("roman mosaic", ["mosaic"]),
        ("tv static", ["static"]),
        ("static electricity", []),
        ("an ecstatic crowd, scrtch, grain field, film", []),
        ("old television, old television", ["scanlines", "scanlines"]),
        ("sea, (film grain:1.3), ((vhs))", ["film grain", "vhs"]),
        ("film (grain)", ["film grain"]),
        ("", []),
    ],
)
def test_whole_words_in_any_case_and_the_longest_win(text: str, names: list[str]) -> None:
    assert named(text) == names


def test_every_row_is_a_shader_with_an_amount_that_can_be_nothing() -> None:
    for row in WORD_EFFECTS:
        header = load_header(find_shader(row.shader))
        assert header.kind == "filter" and header.input("amount").identity == 0.0
        assert (header.input("amount").low, header.input("amount").high) == (0.0, 1.0)
        assert 0.0 < row.amount <= 1.0
        for name, value in row.inputs:
            assert header.input(name).allows(value), (row.name, name)
        for word in row.words:
            assert named(f"x, {word}") == [row.name], word
    words = [word for row in WORD_EFFECTS for word in row.words]
    assert len(words) == len(set(words))
    assert {effect.shader for effect in every_effect()} == {row.shader for row in WORD_EFFECTS}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("neon city, vhs scanlines", "neon city"),
        ("halftone flowers, pink", "flowers, pink"),
        ("flowers in 8-bit style, pink", "flowers, pink"),
        ("sea with film grain", "sea"),
        ("dancers on an old television", "dancers"),
        ("mandala, glitch effect", "mandala"),
        ("static electricity", "static electricity"),
        ("tv static", "tv static"),
        ("plain,  as it was ", "plain,  as it was "),
        ("(stormy sea:1.3), (film grain:1.2)", "(stormy sea:1.3)"),
        ("((vhs)), [crt], sea", "sea"),
        ("(neon, vhs:1.2) city", "(neon:1.2) city"),
    ],
)
def test_words_can_be_taken_out(text: str, left: str) -> None:
    assert without_words(text) == left


def test_amounts_are_shares_of_the_weights_in_the_order_of_the_table() -> None:
    said = [((Prompt("sea, crt, film grain", 3.0), Prompt("sea, scanlines", 1.0)), ())]
    assert amounts(word_effects(said)) == {"grain": 0.375, "scanlines": 0.7}
    assert list(amounts(word_effects(said))) == ["grain", "scanlines"]
    assert word_effects([((Prompt("sea", 1.0), Prompt("sea, vhs", 0.0)), ())]) == ()
    assert word_effects([]) == word_effects([((), ())]) == ()


def test_each_look_keeps_what_it_names_itself_out_of_its_own_share_only() -> None:
    """The look being left draws its vhs itself; the one that comes says it, at its share."""
    said = [((Prompt("sea, vhs", 0.75),), {"vhs"}), ((Prompt("fire, vhs", 0.25),), ())]
    assert amounts(word_effects(said)) == {"vhs": 0.175}


def test_a_blend_fades_the_effect_without_a_jump(tmp_path: Path) -> None:
    show = show_of(tmp_path, LOOK)
    seen = []
    for step in range(101):
        params = resolve(10.0, 0, 0.0, moment(knob1=step / 100), show)
        seen.append(amounts(params.over).get("scanlines", 0.0))
    assert seen[0] == pytest.approx(0.7) and seen[50] == pytest.approx(0.35) and seen[-1] == 0.0
    assert max(abs(a - b) for a, b in zip(seen, seen[1:], strict=False)) < 0.008


def test_a_change_of_look_fades_the_effect_too(tmp_path: Path) -> None:
    for name, text in (("a", "sea, film grain"), ("b", "sea")):
        (tmp_path / f"{name}.toml").write_text(f"[[prompts]]\ntext = '{text}'\n", "utf-8")
    show = show_of(tmp_path, "presets = ['a', 'b']\nbars = 2\nfade_beats = 2\n", "set")
    seen = []
    for beat in (7.9, 8.0, 9.0, 9.9, 10.0):
        playing = Playing(Change(0, 1, 8.0, 2.0) if beat >= 8.0 else Change())
        signals = Signals(10.0, {}, Beat(10.0, beat, 120.0))
        now = replace(silent_moment(10.0), signals=signals, playing=playing)
        seen.append(amounts(resolve(10.0, 0, 0.0, now, show).over).get("grain", 0.0))
    assert seen == pytest.approx([0.5, 0.5, 0.25, 0.5 * 0.00725, 0.0], abs=1e-4)


def test_style_words_count_as_well(tmp_path: Path) -> None:
    show = show_of(tmp_path, "style = 'Film Grain'\n" + LOOK)
    params = resolve(10.0, 0, 0.0, moment(knob1=0.5), show)
    assert amounts(params.over) == {"grain": 0.5, "scanlines": 0.35}


def test_what_the_look_names_itself_wins(tmp_path: Path) -> None:
    own = LOOK + "[[effects]]\nshader = 'scanlines'\namount = 0\n[[effects]]\nshader = 'glow'\n"
    params = resolve(10.0, 0, 0.0, moment(), show_of(tmp_path, own))
    assert [effect.shader for effect in params.effects] == ["scanlines", "glow"]
    assert dict(params.effects[0].inputs)["amount"] == 0.0 and params.over == ()


def test_typed_words_and_the_hand_on_the_amount(tmp_path: Path) -> None:
    show = show_of(tmp_path, "[[prompts]]\ntext = 'sea'\n")
    typed = replace(moment(), controls=Controls(texts={"prompts.1.text": "sea, glitch"}))
    assert amounts(resolve(10.0, 0, 0.0, typed, show).over) == {"glitch": 0.7}
    look = show_of(tmp_path, LOOK)
    key = "effects.scanlines.amount"
    held = resolve(10.0, 0, 0.0, moment(knob1=0.5, **{key: 9.0}), look)
    assert amounts(held.over) == {"scanlines": 0.5}, "the hand's value, times the share"
    assert resolve(10.0, 0, 0.0, moment(knob1=1.0, **{key: 1.0}), look).over == ()
