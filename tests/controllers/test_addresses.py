"""The address list, and that the reducer understands all that controllers may send."""

import pytest

from controllers.addresses import find
from engine.controls import reduce
from engine.params import KNOBS, PARAMS, SET, SET_SWITCHES, SWITCHES, TEMPO, TEMPO_LOCK, TRIGGERS
from engine.records import ControlEvent, Controls


def test_every_declared_name_is_an_address():
    switches = (*SWITCHES, *SET_SWITCHES, TEMPO_LOCK)
    values = (*PARAMS, *KNOBS, *TEMPO, *SET)
    kinds = {n: find(n).kind for n in (*values, *switches, *TRIGGERS)}
    assert {kinds[n] for n in values} == {"value"}
    assert {kinds[n] for n in switches} == {"switch"}
    assert {kinds[n] for n in TRIGGERS} == {"trigger"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "knob0",
        "knob17",
        "prompts.0.weight",
        "prompts.1",
        "effects.glow",
        "preset.0",
        "preset.0.bar",
        "preset.bars",
        "next.3",
        "deck.c",
        "layers.0.opacity",
        "macros.a b",
        "effects..x",
        "effects.a b.c",
        "motion",
        "Strength",
        "freeze.",
        "prompts.1.text.x",
    ],
)
def test_other_names_are_none(name):
    assert find(name) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("preset", "choice"),
        ("preset.bar", "choice"),
        ("preset.3", "preset"),
        ("preset.3.phrase", "preset"),
        ("deck.a", "choice"),
        ("deck.b.12", "preset"),
        ("next.now", "trigger"),
        ("deck.a.bar", "choice"),
        ("deck.b.12.beat", "preset"),
        ("freeze.phrase", "switch"),
        ("motion.zoom.beat", "value"),
        ("effects.seen.beat", "value"),
        ("prompts.2.text.bar", "text"),
    ],
)
def test_presets_are_pressed_or_chosen(name, kind):
    assert find(name).kind == kind


def test_ranges():
    assert find("motion.zoom").reach == (0.5, 2.0)
    assert find("knob3").reach == (0.0, 1.0)
    assert find("prompts.3.weight").reach == (0.0, 10.0)
    assert find("effects.glow.amount").reach == (0.0, 1.0)


@pytest.mark.parametrize(
    "name",
    [
        *PARAMS,
        *KNOBS,
        *SWITCHES,
        "layers.2.opacity",
        "layers.1.effects.glow.amount",
        "layers.1.text",
        "macros.energy",
        "words.tom",
        "line",
        "prompts.1.weight",
        "prompts.1.text",
        "effects.glow.amount",
    ],
)
def test_the_reducer_knows_every_address(name):
    """Controllers and reducer each know the list; this holds them together."""
    kind = find(name).kind
    value = {"text": "ink", "switch": "toggle"}.get(kind, 1.0)
    event = ControlEvent(0.0, name, value)
    assert reduce(Controls(), [event]) != Controls()
