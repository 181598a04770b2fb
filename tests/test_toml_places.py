"""Every key of a TOML text has its line and column, wherever it is written."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.toml_places import places

TEXT = '''# first
title = "a [table] in # quotes"
motion = { zoom = 1.2, "angle" = [1,
  2, 3] }
presets = [
  "one",   # not "two"
  "three",
]
notes = """
[not.a.table]
key = 1
"""
[words]
tom.text = 'an [old] = man'
[[layers]]
shader = "plasma"
[[layers.effects]]
shader = "glow"
[[layers.effects]]
  amount = 1
[[layers]]
[[layers.effects]]
shader = "vhs"
[midi]
"motion.zoom" = "cc 7"
'''


def test_places() -> None:
    found = places(TEXT)
    wanted = {
        ("title",): (2, 1),
        ("motion", "zoom"): (3, 12),
        ("motion", "angle"): (3, 24),
        ("motion", "angle", 2): (4, 6),
        ("presets", 0): (6, 3),
        ("presets", 1): (7, 3),
        ("words", "tom", "text"): (14, 1),
        ("layers",): (15, 1),
        ("layers", 0, "shader"): (16, 1),
        ("layers", 0, "effects", 1, "amount"): (20, 3),
        ("layers", 1): (21, 1),
        ("layers", 1, "effects", 0, "shader"): (23, 1),
        ("midi", "motion.zoom"): (25, 1),
    }
    assert {path: found.get(path) for path in wanted} == wanted
    assert ("key",) not in found and ("not", "a") not in found


def test_windows_lines_and_a_text_that_ends_in_the_middle() -> None:
    assert places('a = 1\r\n\r\n[b]\r\nc = [1, "x')[("b", "c", 1)] == (4, 9)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='ab.=[]{},"\'# \n\\0', max_size=60))
def test_it_never_raises_and_always_ends(text: str) -> None:
    lines = text.split("\n")
    for line, column in places(text).values():
        assert 1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1
