"""Learning: what a control is shows in what it sends."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.learn import REST_SECONDS, Learning
from controllers.mapping import parse_mapping
from engine.errors import PresetError


def learnt(address: str, *messages: list[int]) -> str:
    """The row found, and that it can be read."""
    found = []
    learning = Learning(address, found.append)
    for n, data in enumerate(messages):
        learning.take("box", list(data), 1.0 + 0.01 * n)
    learning.over(1.0 + 0.01 * len(messages) + REST_SECONDS)
    if not found:
        return ""
    parse_mapping({found[0].address: found[0].text}, "x")
    assert (found[0].port, found[0].address) == ("box", address)
    return found[0].text


def ccs(number: int, *values: int, channel: int = 0) -> list[list[int]]:
    return [[0xB0 | channel, number, value] for value in values]


@pytest.mark.parametrize(
    ("address", "messages", "text"),
    [
        ("freeze", [[0x90, 40, 99], [0x80, 40, 0]], "note 40"),
        ("opacity", [[0x90, 40, 99]], "note 40 toggle"),
        ("tap", [[0xC0, 5]], "program 5"),
        ("strength", ccs(21, 60, 61, 62, 65, 70), "cc 21"),
        ("strength", ccs(21, 3, 2, 1, 0), "cc 21"),
        ("tap", ccs(41, 127, 0), "cc 41"),
        ("strength", ccs(41, 127), "cc 41 toggle"),
        ("strength", ccs(9, 1, 1, 2, 1, 1, 127, 127), "cc 9 relative twos"),
        ("strength", ccs(9, 127, 127, 127), "cc 9 relative twos"),
        ("strength", ccs(9, 1, 1, 1, 65, 65, 65), "cc 9 relative sign"),
        ("strength", ccs(9, 65, 65, 65, 63, 63), "cc 9 relative offset"),
        ("strength", [[0xE1, 0, 64], [0xE1, 9, 64], [0xE1, 0, 65]], "bend channel 2"),
        ("strength", [m for n in range(9) for m in (*ccs(7, 60 + n // 4), *ccs(39, 9 * n))],
         "cc 7/39"),
        ("strength", [*ccs(3, 10), *ccs(21, 60, 61, 62)], "cc 21"),
        ("strength", ccs(21, 60), ""),  # a fader that was brushed
        ("strength", [[0x80, 40, 0], [0xB0, 1], [0x90, 40, 0], [0xD0, 9]], ""),
    ],
)  # fmt: skip
def test_what_it_is(address, messages, text):
    assert learnt(address, *messages) == text


def test_a_storm_needs_no_rest():
    found = []
    learning = Learning("strength", found.append)
    for n in range(60):
        learning.take("box", [0xB0, 3, n], 1.0)
    assert learning.over(1.0) and len(found) == 1


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.integers(0, 255), max_size=5), max_size=80))
def test_any_bytes_at_all_find_a_row_that_can_be_read_or_none(storm):
    learnt("strength", *storm)


@pytest.mark.parametrize("address", ["knob99", "prompts.1.text", "strenth"])
def test_what_no_control_can_move_is_refused_in_one_line(address):
    with pytest.raises(PresetError, match=f"learn: '{address}' is nothing that a control"):
        Learning(address, print)
