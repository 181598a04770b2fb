"""The table of functions, and what the closed forms give."""

import ast
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.expressions import compile_expression
from engine.functions import EASES, FUNCTIONS, SHAPES, dice, noise
from engine.params import NAMES


@given(st.floats(-1e6, 1e6))
def test_shapes_stay_in_0_to_1(x: float) -> None:
    for shape in (*SHAPES.values(), noise):
        assert 0.0 <= shape(x) <= 1.0


@pytest.mark.parametrize("kind", EASES)
def test_eases_go_from_0_to_1(kind: str) -> None:
    assert EASES[kind](0.0) == pytest.approx(0.0, abs=1e-12)
    assert EASES[kind](1.0) == pytest.approx(1.0)


def test_every_row_is_written_as_it_says() -> None:
    """Every form, its defaults left out, compiles over the names of a show."""
    for row in FUNCTIONS.values():
        needed = [*row.needed, *(["1", "1"] if row.more else [])]
        compile_expression(f"{row.name}({', '.join(['bass'] * len(needed))})", NAMES)
        assert row.call.func.id == row.name and row.help
        assert all(isinstance(v, ast.Constant | ast.Name) for v in row.defaults.values())
        assert not row.words or row.word


def test_dice_changes_on_whole_numbers_only() -> None:
    assert dice(4.0) == dice(4.99)
    assert len({round(dice(n), 6) for n in range(100)}) > 95
    assert sum(dice(n) for n in range(1000)) / 1000 == pytest.approx(0.5, abs=0.03)


def test_seeds_are_other_rows_of_dice() -> None:
    rows = [[dice(n, seed) for n in range(200)] for seed in range(3)]
    for a, b in ((0, 1), (0, 2), (1, 2)):
        mean = sum(x * y for x, y in zip(rows[a], rows[b], strict=True)) / 200
        assert mean == pytest.approx(0.25, abs=0.05)  # independent of each other


@given(st.floats(-1000, 1000))
def test_noise_is_smooth_and_meets_the_dice(x: float) -> None:
    assert abs(noise(x + 1e-4) - noise(x)) < 3e-4
    assert noise(math.floor(x), 5) == dice(x, 5)
