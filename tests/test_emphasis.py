"""Signs of emphasis: the meaning that AUTOMATIC1111's web UI gave them, and no text that breaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.emphasis import LIMIT, emphasised, plain


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("a stormy sea", [("a stormy sea", 1.0)]),
        ("(sea)", [("sea", 1.1)]),
        ("((sea))", [("sea", 1.21)]),
        ("[sea]", [("sea", 1 / 1.1)]),
        ("a (teal:1.3) sea", [("a ", 1.0), ("teal", 1.3), (" sea", 1.0)]),
        ("(a (b:2) c:1.5)", [("a ", 1.5), ("b", 3.0), (" c", 1.5)]),
        ("([a])", [("a", 1.0)]),
        ("(a:0)", [("a", 0.0)]),
        ("(a:-.5)", [("a", -0.5)]),
        (r"a \(b\) \[c\]", [("a (b) [c]", 1.0)]),
        (r"back\slash", [(r"back\slash", 1.0)]),
        ("(never closed", [("never closed", 1.1)]),
        ("a (b [c", [("a ", 1.0), ("b ", 1.1), ("c", 1.0)]),
        ("closed) twice]", [("closed) twice]", 1.0)]),
        ("ratio 4:3, (a: b)", [("ratio 4:3, ", 1.0), ("a: b", 1.1)]),
        ("a:1.3)", [("a:1.3)", 1.0)]),
        ("(a:1.2.3)", [("a:1.2.3", 1.1)]),
        ("()", []),
        ("", []),
    ],
)
def test_runs(text: str, runs: list[tuple[str, float]]) -> None:
    got = emphasised(text)
    assert [said for said, _ in got] == [said for said, _ in runs]
    assert [weight for _, weight in got] == pytest.approx([weight for _, weight in runs])


def test_the_words_alone() -> None:
    assert plain("a ((stormy)) sea, (teal:1.3), [boats]") == "a stormy sea, teal, boats"


@given(st.text(alphabet="ab (:)[]\\1.3,é\n-", max_size=60) | st.text(max_size=60))
def test_any_text_has_runs_within_the_limit(text: str) -> None:
    runs = emphasised(text)
    assert all(said and abs(weight) <= LIMIT for said, weight in runs)
    if not set(text) & set("()[]\\"):
        assert runs == (((text, 1.0),) if text else ())


@given(st.integers(1, 3000))
def test_deep_brackets_are_bounded(depth: int) -> None:
    ((said, weight),) = emphasised("(" * depth + "a")
    assert said == "a" and weight == pytest.approx(min(LIMIT, 1.1 ** min(depth, 100)))
