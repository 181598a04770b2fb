"""The address list, and that the reducer understands all that controllers may send."""

import pytest

from controllers.addresses import find
from engine.controls import reduce
from engine.params import KNOBS, PARAMS, SWITCHES, TEMPO, TEMPO_LOCK, TRIGGERS
from engine.records import ControlEvent, Controls


def test_every_declared_name_is_an_address():
    switches = (*SWITCHES, TEMPO_LOCK)
    kinds = {n: find(n).kind for n in (*PARAMS, *KNOBS, *TEMPO, *switches, *TRIGGERS)}
    assert {kinds[n] for n in (*PARAMS, *KNOBS, *TEMPO)} == {"value"}
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
        "next",
        "previous",
        "preset",
        "preset.2",
        "prompts.1.weight",
        "prompts.1.text",
        "effects.glow.amount",
    ],
)
def test_the_reducer_knows_every_address(name):
    """Controllers and reducer each know the list; this holds them together."""
    kind = find(name).kind
    event = ControlEvent(0.0, name, "ink" if kind == "text" else 1.0)
    assert reduce(Controls(), [event], names=("a", "b"), current=1) != Controls()
