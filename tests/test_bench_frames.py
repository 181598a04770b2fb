"""The bench of frames measures what it says."""

import pytest

from bench.frames import EXPRESSIONS, _show, run
from engine.registers import registers_of


def test_the_look_has_its_expressions() -> None:
    look = _show().presets[0]
    weights = [line.weight for line in look.prompts]
    inputs = [value for line in look.effects for _, value in line.inputs]
    values = [*look.numbers.values(), *weights, *inputs]
    assert sum(getattr(value, "expression", None) is not None for value in values) == EXPRESSIONS
    assert len(registers_of(look)) == 2


def test_it_gives_its_figures(capsys: pytest.CaptureFixture) -> None:
    report = run(0.2, 0.02)
    assert report["frames_per_second_again"] > report["frames_per_second_first"] > 0.0
    assert 0.0 < report["expression_us"] < report["resolve_us"]
    assert "resolve_us" in capsys.readouterr().err
