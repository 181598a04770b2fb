"""Expressions: what they may say, what they give, and that nothing else gets through."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import monotonic
from engine.errors import ExpressionError
from engine.expressions import compile_expression
from engine.functions import FUNCTIONS

NAMES = {"bass": 0.5, "kick": 1.0, "beat": 2.25, "t": 3.0, "drums.level": 0.75}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 0.3*bass^2", 1.075),
        ("2**3", 8.0),
        ("-bass", -0.5),
        ("1 if kick > 0.5 else 0", 1.0),
        ("0.2 < bass < 0.8", 1.0),
        ("not kick", 0.0),
        ("mix(2, 4, bass)", 3.0),
        ("clamp(9)", 1.0),
        ("clamp(bass, 2, 3)", 2.0),
        ("smoothstep(0, 1, bass)", 0.5),
        ("step(0.5, bass)", 1.0),
        ("pulse(2)", 1.0),
        ("pulse(beat, 0.25)", math.exp(-1)),
        ("wave(0.5)", 1.0),
        ("tri(0.25)", 0.5),
        ("saw(beat)", 0.25),
        ("square(0.75)", 0.0),
        ("max(bass, kick, 0)", 1.0),
        ("sin(pi/2)", 1.0),
        ("7 % 4", 3.0),
        ("0.5*drums.level", 0.375),
        ("clamp(9, high=2)", 2.0),
        ("mix(k=bass, a=2, b=4)", 3.0),
        ("(-2)^3", -8.0),
        ("4^0.5", 2.0),
        ("2^bass", math.sqrt(2.0)),
        ("ease(0.5, in)", 0.25),
        ("ease(0.5, kind=out)", 0.75),
        ("ease(7, back)", 1.0),
        ("curve(bass, 0,1, 0.4,2, 0.6,4)", 3.0),
        ("curve(-1, 0,1, 1,2) + curve(5, 0,1, 1,2)", 3.0),
        ("lfo(9)", 0.5 - 0.5 * math.cos(math.tau / 4)),
        ("lfo(4, saw)", 0.5625),
        ("lfo(4, square, 0.5)", 1.0),
        ("lfo_s(12, phase=0.25, shape=triangle)", 1.0),
        ("shape(0.25, saw)", 0.25),
        ("every(2)", math.exp(-1.0)),
        ("every(1, 0.125)", math.exp(-2.0)),
        ("dice(4) - dice(beat/4)", 0.0),
        ("noise(4, 7) - noise(beat/4, 7)", 0.0),
    ],
)
def test_values(text: str, value: float) -> None:
    assert compile_expression(text, NAMES)(NAMES) == pytest.approx(value)


NO_NUMBERS = ["1/0", "log(-1)", "(-8)^0.5", "exp(9999)", "9^9^9^9^9", "1e308*10"]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_zero_or_finite(text: str) -> None:
    assert math.isfinite(compile_expression(text, NAMES)(NAMES))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "bas",
        "open('x')",
        "__import__('os')",
        "().__class__",
        "kick.real",
        "drums.lev",
        "drums.level.real",
        "(1).real",
        "sin(1).real",
        "a" + ".a" * 240,
        "ease(bass, quick)",
        "ease(bass, bass + 1)",
        "lfo(4, kick)",
        "lfo(4, square, shape=saw)",
        "curve(bass, 0,1, 2)",
        "curve(bass)",
        "clamp(1, lo=2)",
        "clamp(**kick)",
        "smooth()",
        "since()",
        "9" * 400,
        "[1]",
        "{1:2}",
        "lambda: 1",
        "'text'",
        "kick[0]",
        "sin()",
        "sin(1, 2)",
        "sin(x=1)",
        "a := 1",
        "f'{kick}'",
        "(x for x in 1)",
        "1j",
        "kick @ bass",
        "max(*bass, 1)",
        "1 is 1",
        "(" * 400,
        "-" * 90 + "1",
        "1+" * 400 + "1",
        "sin",
        "None",
        "bass\n+1;2",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(text, NAMES)


def test_a_misspelt_name_is_answered_with_a_near_one() -> None:
    with pytest.raises(ExpressionError, match="unknown name 'basss'; did you mean 'bass'"):
        compile_expression("basss + 1", NAMES)
    with pytest.raises(ExpressionError, match="unknown function 'clmap'; did you mean 'clamp'"):
        compile_expression("clmap(1)", NAMES)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789.+-*/%^() ,<>=abcehkinpst_'[]{}", max_size=60))
def test_any_text_is_a_number_or_one_error(text: str) -> None:
    try:
        value = compile_expression(text, NAMES)(NAMES)
    except ExpressionError as error:
        assert "\n" not in str(error)
    else:
        assert math.isfinite(value)


def _trees() -> st.SearchStrategy[str]:
    """Texts that are right in shape and mostly in meaning."""
    leaves = st.sampled_from(["0", "-1", "1e300", "0.5", "99", "bass", "t", "beat", "drums.level"])
    pairs = st.sampled_from(["+", "-", "*", "/", "%", "^", "**", "<", " and ", " or "])

    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        calls = [
            st.lists(inner, min_size=len(row.needed), max_size=len(row.needed) + 3).map(
                lambda args, name=row.name: f"{name}({', '.join(args)})"
            )
            for row in FUNCTIONS.values()
        ]
        between = st.tuples(inner, pairs, inner).map(lambda t: f"({''.join(t)})")
        return st.one_of(between, *calls)

    return st.recursive(leaves, grow, max_leaves=12)


@settings(max_examples=300, deadline=2000)
@given(_trees())
def test_any_tree_is_a_number_or_one_error(text: str) -> None:
    """Its registers too, stepped with whatever their arguments give."""
    try:
        expression = compile_expression(text, NAMES)
    except ExpressionError as error:
        assert "\n" not in str(error)
        return
    names: dict[str, float] = dict(NAMES)
    assert math.isfinite(expression(names))
    for register in expression.registers:
        memory = FUNCTIONS[register.function].of()
        for hop in range(3):
            arguments = [argument(names) for argument in register.arguments]
            names[register.key] = memory.step(0.01 * hop, 0.01, *arguments)
    assert math.isfinite(expression(names))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 80 + "1" + ")" * 80,
        "smooth(" * 25 + "t" + ")" * 25,
        "decay(" * 7 + "kick" + ")" * 7,
        "^".join("9" * 30),
        "max(" + ",".join(["smooth(t)"] * 20) + ")",
    ],
)
def test_the_longest_texts_take_no_time(text: str) -> None:
    begun = monotonic()
    try:
        assert math.isfinite(compile_expression(text, NAMES)(NAMES))
    except ExpressionError:
        pass
    assert monotonic() - begun < 1.0


def test_only_names_that_were_given_are_read() -> None:
    """What is compiled asks the mapping for numbers and nothing else."""

    class Watched(dict):
        asked: set[str] = set()

        def __getitem__(self, name: str) -> float:
            self.asked.add(name)
            return super().__getitem__(name)

    compile_expression("smooth(bass) + lfo(4) if kick else t", NAMES)(watched := Watched(NAMES))
    assert watched.asked == {"bass", "beat", "kick"}


def test_a_name_that_went_away_gives_nothing() -> None:
    """Between the save of a show and its next moment, a stem may be new."""
    assert compile_expression("1 + drums.level", NAMES)({}) == 0.0


def test_calls_that_remember_become_registers() -> None:
    text = "smooth( hold(bass,kick) , release = 1 ) + hold(bass, kick)"
    expression = compile_expression(text, NAMES)
    keys = [register.key for register in expression.registers]
    assert keys == ["hold(bass, kick)", "smooth(hold(bass, kick), 0.05, 1)"]
    assert expression(NAMES) == 1.0
    assert expression({**NAMES, keys[1]: 0.25, keys[0]: 2.0}) == 2.25
    with pytest.raises(ExpressionError, match="smooth remembers"):
        compile_expression("smooth(bass)", NAMES, memory=False)


def test_messages_say_how_a_function_is_written() -> None:
    for text, message in {
        "clamp()": r"wrong number of arguments: clamp\(x, low=0, high=1\)",
        "clamp(1, hi=2)": r"clamp takes no hi: clamp\(x, low=0, high=1\)",
        "lfo(4, sin)": "lfo: unknown shape 'sin'; did you mean 'sine'?",
        "curve(t, 0,1, 2)": "a point has two numbers",
    }.items():
        with pytest.raises(ExpressionError, match=message):
            compile_expression(text, NAMES)
