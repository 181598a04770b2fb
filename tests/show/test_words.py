"""Named words in prompts: what `{tom}` says, its noise, and hands that say another word."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import PresetError
from engine.records import Controls, FrameParams
from engine.resolve import resolve, silent_moment
from engine.show import Show, load_show

LOOK = """
style = "oil paint, {grain}"
seed = 4
negative = "{grain}"
[words]
tom = "an old sailor"
eve = { text = "a dancer", seed = 12.5 }
grain = { text = "(film grain:1.3)", seed = 9 }
[[prompts]]
text = "{tom} at sea"
[[prompts]]
text = "{ eve } and {tom}"
weight = "knob1"
[[layers]]
text = "{tom}: {line}"
"""


@pytest.fixture
def show(tmp_path: Path) -> Show:
    (tmp_path / "look.toml").write_text(LOOK, "utf-8")
    return load_show(str(tmp_path / "look.toml"))


def _params(show: Show, values: dict | None = None, **texts: str) -> FrameParams:
    texts = {name.replace("_", "."): text for name, text in texts.items()}
    controls = Controls(values=values or {}, texts=texts)
    return resolve(0.0, 0, 0.0, replace(silent_moment(), controls=controls), show)


def test_words_are_filled_in_and_emphasis_is_kept(show: Show) -> None:
    params = _params(show, {"knob1": 1.0})
    assert [prompt.text for prompt in params.prompts] == [
        "an old sailor at sea, oil paint, (film grain:1.3)",
        "a dancer and an old sailor, oil paint, (film grain:1.3)",
    ]
    assert params.negative == "(film grain:1.3)"
    assert params.over[0].shader == "grain"


def test_a_words_seed_is_that_of_its_prompts(show: Show) -> None:
    """The first word with a seed decides; the rest of the frame is drawn from the look's."""
    params = _params(show, {"knob1": 1.0})
    assert params.seed == 4.0 and [prompt.seed for prompt in params.prompts] == [9.0, 12.5]
    typed = _params(show, prompts_1_text="a sea of {nobody} and {eve}")
    assert typed.prompts[0].text.startswith("a sea of {nobody} and a dancer, oil")
    assert typed.prompts[0].seed == 12.5


def test_hands_and_cues_say_other_words(show: Show) -> None:
    params = _params(show, words_tom="a whale", line="sailing home")
    assert params.prompts[0].text.startswith("a whale at sea, ")
    assert [layer.name for layer in params.layers] == ["a whale: sailing home"]
    assert _params(show).layers[0].name == "an old sailor:"


def test_a_prompt_of_the_line_alone_is_nothing_in_silence(tmp_path: Path) -> None:
    (tmp_path / "look.toml").write_text(
        "[[prompts]]\ntext = '{line}, {line}'\n[[prompts]]\ntext = 'sea, {line}, blue'\n", "utf-8")
    show = load_show(str(tmp_path / "look.toml"))
    assert [prompt.text for prompt in _params(show).prompts] == ["sea, blue"]
    assert [p.text for p in _params(show, line="home").prompts] == ["home, home", "sea, home, blue"]


MISTAKES = [
    ("[words]\ntom = 'x'\n[[prompts]]\ntext = 'a {tmo}'",
     "look.toml:4: prompts.1.text = \"a {tmo}\": unknown word 'tmo'; did you mean 'tom'?"),
    ("style = '{grain}'", "look.toml:1: style = \"{grain}\": unknown word 'grain'; there is line"),
    ("negative = '{}'", "negative = \"{}\": unknown word ''"),
    ("[[layers]]\ntext = '{lime}'", "layers.1.text = \"{lime}\": unknown word 'lime'; did you"),
    ("[words]\nline = 'x'", "words.line cannot be used: line has a meaning already"),
    ("[words]\n'a b' = 'x'", "is not a name: letters, digits and _"),
    ("[words]\ntom = 3", "look.toml:2: words.tom = 3 is not a text in quotes"),
    ("[words]\ntom = { txt = 'x' }", "words.tom.txt is not known; did you mean 'text'?"),
    ("[words]\ntom = { seed = 3 }", "words.tom has no text"),
    ("[words]\ntom = { text = 'x', seed = 'bass' }", "words.tom.seed = 'bass' is not a number"),
    ("[words]\ntom = { text = 'x', seed = -1 }", "words.tom.seed = -1 is outside"),
    ("words = 3", "words must be a table"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    if "[[prompts]]" not in text:
        text += "\n[[prompts]]\ntext = 'tunnel'\n"
    (tmp_path / "look.toml").write_text(text, "utf-8")
    with pytest.raises(PresetError) as caught:
        load_show(str(tmp_path / "look.toml"))
    assert message in str(caught.value) and "\n" not in str(caught.value)
