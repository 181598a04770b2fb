"""Curves of controls: ends, middle, there and back; the traits fit the parameters."""

import pytest

from engine.params import PARAMS, WEIGHT
from engine.tapers import CURVES, ROLES, TRAITS

PLACES = [n / 16 for n in range(17)]


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("ends", [(0.5, 2.0), (2.0, 0.5), (0.1, 9.0)])
def test_there_and_back(name, ends):
    there, back = CURVES[name]
    assert there(*ends, 0.0) == pytest.approx(ends[0])
    assert there(*ends, 1.0) == pytest.approx(ends[1])
    for place in PLACES:
        assert back(*ends, there(*ends, place)) == pytest.approx(place)


@pytest.mark.parametrize("name", CURVES)
def test_values_outside_are_at_the_ends(name):
    _, back = CURVES[name]
    assert back(1.0, 2.0, 0.1) == 0.0
    assert back(1.0, 2.0, 7.0) == 1.0


def test_the_middle_of_a_zoom_stands_still():
    assert PARAMS["motion.zoom"].at(0.5) == pytest.approx(1.0)
    assert PARAMS["motion.angle"].at(0.5) == 0.0
    assert PARAMS["motion.angle"].at(0.55) < 4.0  # a tenth of the way right is not 36 degrees


def test_traits_belong_to_numbers_and_lie_inside_their_ranges():
    known = {**PARAMS, "weight": WEIGHT}
    for name, trait in TRAITS.items():
        param = known[name]
        assert trait.role in (*ROLES, "") and trait.curve in CURVES
        low, high = param.safe
        assert param.low <= low < high <= param.high
        assert (param.role, param.curve) == (trait.role, trait.curve)


def test_each_role_but_those_of_shaders_is_played():
    assert {param.role for param in PARAMS.values()} >= set(ROLES)
