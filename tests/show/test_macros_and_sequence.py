"""Knobs of a look's own, and prompts that follow each other over beats."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.controls import reduce
from engine.errors import PresetError
from engine.params import SEQUENCE_ORDERS
from engine.records import Beat, Change, ControlEvent, Controls, FrameParams, Playing, Signals
from engine.resolve import resolve, silent_moment, velocity
from engine.sequences import shares
from engine.show import Sequence, Show, load_show

LOOK = """
strength = "0.2 + 0.5*energy"
[macros]
energy = {energy}
wild = {{ default = "0.5*bass", help = "how wild it is" }}
[[prompts]]
text = "{text}"
weight = "wild"
[motion]
zoom = "1 + wild"
[[effects]]
shader = "glow"
amount = "energy"
"""


@pytest.fixture
def show(tmp_path: Path) -> Show:
    for name, energy in (("a", 0.2), ("b", 0.6)):
        (tmp_path / f"{name}.toml").write_text(LOOK.format(text=name, energy=energy), "utf-8")
    (tmp_path / "set.toml").write_text("presets = ['a', 'b']", "utf-8")
    return load_show(str(tmp_path / "set.toml"))


def _params(show: Show, playing: Playing | None = None, **values: float) -> FrameParams:
    values = {name.replace("_", "."): value for name, value in values.items()}
    moment = silent_moment()
    signals = Signals(0.0, {**moment.signals.values, "bass": 0.5}, Beat(), moment.signals.clocks)
    moment = replace(moment, signals=signals, controls=Controls(values=values),
                     playing=playing or Playing())
    params = resolve(0.0, 0, 0.0, moment, show)
    assert velocity(0.0, moment, show).log_zoom > 0.0
    return params


def test_a_macro_is_a_name_of_its_look_and_hands_turn_it(show: Show) -> None:
    assert _params(show).strength == pytest.approx(0.3)
    turned = _params(show, macros_energy=1.0)
    assert turned.strength == pytest.approx(0.7)
    assert dict(turned.effects[0].inputs)["amount"] == 1.0
    assert _params(show, macros_energy=7.0).strength == pytest.approx(0.7), "0..1"


def test_looks_mix_each_with_its_own_macros(show: Show) -> None:
    half = Playing(Change(0, 1, -0.5, 1.0, "linear"))
    assert _params(show, half).strength == pytest.approx((0.3 + 0.5) / 2)
    assert _params(show, half, macros_energy=0.0).strength == pytest.approx(0.2)


def test_reset_gives_a_macro_back() -> None:
    taken = reduce(Controls(), [ControlEvent(0.0, "macros.energy", 0.9)])
    assert taken.values == {"macros.energy": 0.9}
    assert reduce(taken, [ControlEvent(1.0, "reset", 1.0)]).values == {}


MISTAKES = [
    ("[macros]\nbass = 0.5", "macros.bass cannot be used: bass has a meaning already"),
    ("[macros]\nlambda = 0.5", "macros.lambda cannot be used: lambda has a meaning already"),
    ("[macros]\nsin = 0.5", "macros.sin cannot be used"),
    ("[macros]\n'a-b' = 0.5", "macros.a-b is not a name: letters, digits and _"),
    ("[macros]\nenergy = 2", "macros.energy = 2 is outside 0.0..1.0"),
    ("[macros]\nenergy = { default = 2 }", "macros.energy.default = 2 is outside 0.0..1.0"),
    ("[macros]\nenergy = 'wild'\nwild = 1", "unknown name 'wild'"),
    ("[macros]\nenergy = { defalt = 1 }", "did you mean 'default'?"),
    ("[macros]\nenergy = { help = 1 }", "macros.energy.help = 1 is not a text"),
    ("strength = 'enrgy'\n[macros]\nenergy = 0.5", "unknown name 'enrgy'; did you mean 'energy'?"),
    ("[sequence]\nbeats = 0", "sequence.beats = 0 is outside 0.25..4096.0"),
    ("[sequence]\nbeats = '4*bass'", "sequence.beats = '4*bass' is not a number 0.25..4096.0"),
    ("[sequence]\nfade_beat = 1", "sequence.fade_beat is not known; did you mean 'fade_beats'?"),
    ("[sequence]\norder = 'rnadom'", "sequence.order = 'rnadom' is not known; did you mean"),
    ("tags = 'warm'", "tags = 'warm' is not a list of texts"),
    ("tags = ['warm', 3]", "tags = ['warm', 3] is not a list of texts"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "look.toml").write_text(f"{text}\n[[prompts]]\ntext = 'tunnel'\n", "utf-8")
    with pytest.raises(PresetError) as caught:
        load_show(str(tmp_path / "look.toml"))
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_prompts_follow_each_other_in_the_look(tmp_path: Path) -> None:
    rows = "".join(f"[[prompts]]\ntext = '{text}'\n" for text in "abc")
    (tmp_path / "look.toml").write_text(f"[sequence]\nbeats = 8\nfade_beats = 4\n{rows}", "utf-8")
    show = load_show(str(tmp_path / "look.toml"))

    def said(beat: float) -> dict[str, float]:
        moment = replace(silent_moment(), signals=Signals(0.0, {}, Beat(0.0, beat)))
        prompts = resolve(0.0, 0, 0.0, moment, show).prompts
        return {prompt.text: round(prompt.weight, 3) for prompt in prompts}

    assert said(0.0) == {"a": 1.0} and said(7.99) == {"a": 1.0}
    assert said(9.0) == {"a": 0.844, "b": 0.156} and said(10.0) == {"a": 0.5, "b": 0.5}
    assert said(12.0) == {"b": 1.0} and said(26.0) == {"c": 0.5, "a": 0.5}


def _whose(order: str, count: int, turns: int, seed: int = 0) -> list[int]:
    sequence = Sequence(4.0, 0.0, order, seed)
    return [shares(sequence, count, 4.0 * turn).index(1.0) for turn in range(turns)]


def test_orders() -> None:
    assert _whose("forward", 3, 7) == [0, 1, 2, 0, 1, 2, 0]
    assert _whose("pingpong", 4, 8) == [0, 1, 2, 3, 2, 1, 0, 1]
    random = _whose("random", 5, 500)
    assert random == _whose("random", 5, 500) != _whose("random", 5, 500, seed=1)
    assert all(a != b for a, b in zip(random, random[1:], strict=False))
    assert all(sorted(random[n : n + 5]) == [0, 1, 2, 3, 4] for n in range(0, 500, 5))
    assert _whose("random", 2, 4) == [0, 1, 0, 1] and _whose("pingpong", 1, 3) == [0, 0, 0]


@given(
    st.sampled_from(SEQUENCE_ORDERS), st.integers(1, 9), st.floats(0.0, 1e7),
    st.floats(0.25, 4096.0), st.floats(0.0, 1.0), st.integers(0, 99),
)
def test_shares_sum_to_one(
    order: str, count: int, beat: float, beats: float, fade: float, seed: int
) -> None:
    shared = shares(Sequence(beats, beats * fade, order, seed), count, beat)
    assert len(shared) == count and sum(shared) == pytest.approx(1.0)
    assert all(0.0 <= share <= 1.0 for share in shared)
