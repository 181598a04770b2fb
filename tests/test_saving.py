"""What hands have set, written into a preset: it reads back to the same pictures."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import PresetError
from engine.params import PARAMS
from engine.records import Beat, Controls, Moment, Signals
from engine.resolve import resolve, silent_moment
from engine.saving import edited
from engine.show import PRESETS, Preset, Value, load_show

FIRE = '''# Fire and eclipse.
title = "Black sun"   # a name
strength = "0.48 + 0.18*kick"  # how wild
motion = { zoom = "1 + kick", angle = 3 }  # moves

[[prompts]]
text = "flames, {grain}"   # first
[[prompts]]
text = "planet"
weight = "0.6*wave(phrase) + knob1"

[words]
grain = { text = "film grain", seed = 12 }
tom = "a sailor"

[macros]
energy = { default = "0.3*bass", help = "how wild it is" }
calm = 0.5

# below the model
[[layers]]
shader = "plasma"
opacity = "0.3*energy"
[[layers]]
generator = true
[[layers.effects]]
shader = "vhs"
[[layers]]
text = "{line} {tom}"
size = 0.2

# the chain
[[effects]]
shader = "glow"
amount = "0.3 + 0.5*kick"
[[effects]]
shader = "glow"
# last words
'''
CHILD = '''extends = "fire"   # all of it
[change.effects.glow]
amount = "0.1*bass"  # less
[motion]
x = 0.1
'''
HEARD = ("level", "bass", "kick", "mid")


def looking(path: Path, hands: Controls) -> list:
    """FrameParams of the look at some moments, its names and times aside."""
    frames = []
    for time in (0.5, 3.25, 9.0):
        silent = silent_moment(time)
        heard = {name: 0.5 / time for name in HEARD}
        signals = Signals(time, {**silent.signals.values, **heard}, Beat(time, 2 * time),
                          silent.signals.clocks)
        moment = Moment(time, signals, hands)
        frames.append(replace(resolve(time + 0.01, 0, 0.02, moment, load_show(str(path))),
                              preset=""))
    return frames


def every_address(look: Preset) -> dict[str, tuple[float, float]]:
    """All numbers of a look that hands can reach, with their ranges."""
    found = {name: value.param for name, value in look.numbers.items()}
    found |= {f"prompts.{n}.weight": line.weight.param for n, line in enumerate(look.prompts, 1)}
    found |= {f"macros.{name}": value.param for name, value in look.macros.items()}
    chains = {"effects": look.effects}
    for n, layer in enumerate(look.layers, 1):
        chains[f"layers.{n}.effects"] = layer.effects
        numbers = {**dict(layer.inputs), "opacity": layer.opacity}
        found |= {f"layers.{n}.{name}": value.param for name, value in numbers.items()
                  if isinstance(value, Value)}
    for place, chain in chains.items():
        found |= {f"{place}.{line.shader}.{name}": value.param for line in chain
                  for name, value in line.inputs if isinstance(value, Value)}
    return {address: (param.low, param.high) for address, param in found.items()}


def hands_on(look: Preset, seed: int, share: float = 1.0) -> Controls:
    """Hands somewhere in the range of (a share of) everything."""
    choose = random.Random(seed)
    values = {address: choose.uniform(low, high) for address, (low, high) in
              every_address(look).items() if choose.random() < share}
    values = {key: PARAMS[key].clamp(v) if key in PARAMS else v for key, v in values.items()}
    return Controls(values={**values, "knob1": 0.3}, texts={"prompts.1.text": 'ink "in" water'})


def released(hands: Controls, kept: tuple[str, ...]) -> Controls:
    return replace(
        hands,
        values={key: value for key, value in hands.values.items() if key not in kept},
        texts={key: value for key, value in hands.texts.items() if key not in kept},
    )


def saved_as(path: Path, source: Path, hands: Controls) -> Controls:
    """Save beside, and the hands that are still needed."""
    new = edited(source, source.read_text("utf-8"), hands)
    path.write_text(new.text, "utf-8")
    return released(hands, new.kept)


@pytest.fixture
def fire(tmp_path) -> Path:
    path = tmp_path / "fire.toml"
    path.write_text(FIRE, "utf-8")
    return path


LOOKS = [path for path in sorted(PRESETS.glob("*.toml")) if len(load_show(path.stem).names) == 1]


@pytest.mark.parametrize("source", LOOKS, ids=lambda path: path.stem)
def test_every_shipped_look_reads_back_to_the_same_pictures(source, tmp_path) -> None:
    look = load_show(source.stem).presets[0]
    for seed, share in enumerate((1.0, 0.2)):
        hands = hands_on(look, seed, share)
        left = saved_as(tmp_path / "new.toml", source, hands)
        assert looking(tmp_path / "new.toml", left) == looking(source, hands)
        assert set(left.values) == {"knob1"} and not left.texts


def test_words_macros_layers_and_inline_tables(fire, tmp_path) -> None:
    hands = hands_on(load_show(str(fire)).presets[0], 3)
    texts = {"words.grain": "dust", "words.tom": "a man", "layers.3.text": "hello {tom}"}
    hands = replace(hands, texts=texts)
    before = looking(fire, hands)
    left = saved_as(tmp_path / "new.toml", fire, hands)
    assert looking(tmp_path / "new.toml", left) == before
    assert set(left.values) == {"knob1"} and not left.texts


def test_a_look_that_extends_keeps_what_is_not_its_own(fire, tmp_path) -> None:
    child = tmp_path / "child.toml"
    child.write_text(CHILD, "utf-8")
    hands = hands_on(load_show(str(child)).presets[0], 4)
    before = looking(child, hands)
    left = saved_as(child, child, hands)
    assert looking(child, left) == before
    assert fire.read_text("utf-8") == FIRE
    text = child.read_text("utf-8")
    assert text.startswith('extends = "fire"   # all of it\n') and "[[" not in text
    # a list within an inherited list stays with the hands
    assert set(left.values) - {"knob1"} == {
        address for address in hands.values if address.startswith("layers.2.effects.")
    }


def test_comments_and_order_stay_and_expressions_are_kept(fire) -> None:
    hands = Controls(
        values={"strength": 0.31, "motion.zoom": 1.2, "effects.glow.amount": 0.25, "seed": 5.0},
        texts={"prompts.1.text": "ash"},
    )
    new = edited(fire, FIRE, hands).text
    for line in (
        "# Fire and eclipse.",
        'strength = 0.31 # how wild; was "0.48 + 0.18*kick"',
        '# moves; zoom was "1 + kick"',
        'text = "ash" # first; was "flames, {grain}"',
        'amount = 0.25 # was "0.3 + 0.5*kick"',
        "seed = 5\n",
        "# below the model",
        "# last words",
    ):
        assert line in new
    places = [new.index(mark) for mark in ("title", "[[prompts]]", "[words]", "# the chain")]
    assert places == sorted(places)


def test_saving_twice_keeps_the_expression_once(fire) -> None:
    text = FIRE
    for strength in (0.2, 0.3, 0.4):
        text = edited(fire, text, Controls(values={"strength": strength})).text
    assert 'strength = 0.4 # how wild; was "0.48 + 0.18*kick"\n' in text
    text = text.replace("strength = 0.4", 'strength = "0.1*bass"')
    text = edited(fire, text, Controls(values={"strength": 0.5})).text
    assert 'strength = 0.5 # how wild; was "0.1*bass"\n' in text


def test_nothing_by_hand_changes_nothing(fire) -> None:
    new = edited(fire, FIRE, Controls(values={"knob1": 0.4}))
    assert (new.text, new.kept, new.left) == (FIRE, (), ())


def test_what_no_line_has_is_left_with_the_hands(fire) -> None:
    hands = Controls(
        values={"effects.oil.amount": 0.5, "prompts.7.weight": 1.0, "macros.other": 0.1,
                "layers.9.opacity": 0.5, "effects.glow.nothing": 1.0},
        texts={"line": "la la", "prompts.1.text": "", "words.nobody": "x"},
    )
    new = edited(fire, FIRE, hands)
    assert new.text == FIRE and new.kept == ()
    assert set(new.left) == set(hands.values) | set(hands.texts)


def test_what_would_not_read_back_is_refused(fire) -> None:
    with pytest.raises(PresetError, match="prompts.2.text"):
        edited(fire, FIRE, Controls(texts={"prompts.2.text": "{nobody} at sea"}))
    with pytest.raises(PresetError, match="fire.toml"):
        edited(fire, "strength = ", Controls(values={"strength": 0.3}))
