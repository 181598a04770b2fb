"""[motion] edges: a choice of four, mirror where a look says nothing."""

from dataclasses import replace

import pytest

from engine.errors import LiquidlightError
from engine.params import EDGES, PARAMS
from engine.resolve import resolve, silent_moment
from engine.show import load_show

LOOK = '[[prompts]]\ntext = "sea"\n[motion]\nzoom = 1.1\n'


def show_of(folder, more=""):
    path = folder / "look.toml"
    path.write_text(LOOK + more, "utf-8")
    return load_show(str(path))


@pytest.mark.parametrize("edges", [None, *EDGES])
def test_a_look_says_what_comes_in_over_its_edges(tmp_path, edges):
    show = show_of(tmp_path, f'edges = "{edges}"\n' if edges else "")
    assert resolve(0.0, 0, 0.0, silent_moment(), show).edges == (edges or "mirror")


def test_another_word_is_told_with_its_place(tmp_path):
    with pytest.raises(LiquidlightError, match=r"look.toml:5: motion.edges.*mirror, repeat"):
        show_of(tmp_path, 'edges = "black"\n')


def test_flow_and_cadence_come_with_the_frame(tmp_path):
    show = show_of(tmp_path)
    frame = resolve(0.0, 0, 0.0, silent_moment(), show)
    assert frame.flow == PARAMS["flow"].default and frame.cadence == 0.0
    taken = replace(silent_moment(), controls=replace(
        silent_moment().controls, values={"flow": 0.25, "cadence": 0.5}))
    frame = resolve(0.0, 0, 0.0, taken, show)
    assert (frame.flow, frame.cadence) == (0.25, 0.5)
