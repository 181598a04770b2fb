"""The control reducer: events in, the next Controls out, and the same object for nothing."""

import math

import pytest

from engine.controls import reduce
from engine.records import ControlEvent, Controls

UNTOUCHED = Controls()


def after(*events: tuple, controls: Controls = UNTOUCHED) -> Controls:
    rows = [ControlEvent(float(n), address, value) for n, (address, value) in enumerate(events)]
    return reduce(controls, rows)


@pytest.mark.parametrize(
    ("address", "value", "held"),
    [
        ("knob1", 0.25, 0.25),
        ("knob16", 3.0, 1.0),
        ("knob1", -1, 0.0),
        ("strength", 0.7, 0.7),
        ("motion.zoom", 9.0, 2.0),
        ("seed", 12.4, 12.4),
        ("prompts.2.weight", 11.0, 10.0),
        ("effects.glow.amount", 3.5, 3.5),
    ],
)
def test_values_are_clamped_to_the_declared_range(address, value, held):
    assert after((address, value)).values == {address: held}


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("knob0", 1.0),
        ("knob17", 1.0),
        ("nonsense", 1.0),
        ("", 1.0),
        ("prompts.0.weight", 1.0),
        ("prompts.1.colour", 1.0),
        ("strength", math.nan),
        ("strength", math.inf),
        ("strength", "0.5"),
        ("prompts.1.text", 1.0),
        ("freeze", "on"),
        ("freeze", math.nan),
        ("freeze", 0.0),
        ("tap", 1.0),
        ("reset", 1.0),
        ("reset", 0.0),
        ("next", 1.0),
        ("autopilot", 1.0),
        ("preset", 2.0),
        ("crossfader", 0.5),
    ],
)
def test_what_changes_nothing_gives_the_same_object(address, value):
    controls = Controls()
    assert after((address, value), controls=controls) is controls


def test_the_same_value_again_gives_the_same_object():
    controls = after(("knob1", 0.5), ("prompts.1.text", "ink"), ("freeze", 1.0))
    again = after(("knob1", 0.5), ("prompts.1.text", "ink"), ("freeze", 1.0), controls=controls)
    assert again is controls


def test_the_old_controls_stay_as_they_were():
    old = after(("knob1", 0.5))
    new = after(("knob1", 0.6), controls=old)
    assert (old.values["knob1"], new.values["knob1"]) == (0.5, 0.6)
    with pytest.raises(TypeError):
        new.values["knob1"] = 0.0  # type: ignore[index]


@pytest.mark.parametrize("name", ["freeze", "blackout", "hush"])
def test_switches_set_and_toggle(name):
    on = after((name, 1.0))
    assert getattr(on, name)
    assert not getattr(after((name, "toggle"), controls=on), name)
    assert getattr(after((name, "toggle"), (name, "toggle"), (name, "toggle")), name)
    assert not getattr(after((name, 0.5), controls=on), name)


def test_reset_gives_parameters_back_and_keeps_knobs_and_switches():
    controls = after(
        ("knob1", 0.5),
        ("strength", 0.9),
        ("effects.glow.amount", 1.0),
        ("prompts.1.weight", 2.0),
        ("prompts.1.text", "ink"),
        ("blackout", 1.0),
        ("reset", 1.0),
    )
    assert controls.values == {"knob1": 0.5}
    assert not controls.texts
    assert controls.blackout
