"""Set files: scenes, transitions, launching, autopilot, grid; and one line for every mistake."""

from pathlib import Path

import pytest

from engine.errors import PresetError
from engine.show import Autopilot, Scene, Transition, load_show

LOOK = "[[prompts]]\ntext = 'sea'\n"
WIPE = """/*{"ISFVSN": "2", "INPUTS": [
 {"NAME": "startImage", "TYPE": "image"}, {"NAME": "endImage", "TYPE": "image"},
 {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0}]}*/
void main() { gl_FragColor = IMG_THIS_PIXEL(endImage); }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in "abcd":
        (tmp_path / f"{name}.toml").write_text(LOOK)
    (tmp_path / "sweep.fs").write_text(WIPE)
    return tmp_path


def _load(folder: Path, text: str):
    (folder / "night.toml").write_text(text)
    return load_show(str(folder / "night.toml"))


def test_an_old_set_is_what_it_was(folder: Path) -> None:
    show = _load(folder, "presets = ['a', 'b']\nbars = 6\nfade_beats = 3\n")
    scene = Scene(Transition("crossfade", 3.0, "ease"), 6)
    assert (show.names, show.scenes) == (("a", "b"), (scene, scene))
    assert (show.when, show.autopilot, show.grid) == ("now", Autopilot(), ())


def test_scenes_say_how_they_come_how_long_they_stay_and_why(folder: Path) -> None:
    show = _load(folder, """
[transition]
kind = "morph"
beats = 8
curve = "sine"
[launch]
when = "bar"
[autopilot]
bars = 4
on_drop = true
order = "shuffle"
seed = 3
min_seconds = 10
max_seconds = 120
on = false
[[scenes]]
preset = "a"
[[scenes]]
preset = "b"
bars = 16
notes = "starts with the pads"
transition = { kind = "sweep", beats = 4 }
[[scenes]]
preset = "a"
transition = "cut"
""")
    usual = Transition("morph", 8.0, "sine")
    assert show.names == ("a", "b", "a") and show.presets[0] is show.presets[2]
    assert show.scenes == (
        Scene(usual, 4),
        Scene(Transition("sweep", 4.0, "sine"), 16, "starts with the pads"),
        Scene(Transition("cut", 8.0, "sine"), 4),
    )
    assert [scene.transition.shader for scene in show.scenes] == ["", "sweep", ""]
    assert show.autopilot == Autopilot(False, True, "shuffle", 3, 10.0, 120.0)
    assert (show.when, show.transition) == ("bar", usual)


def test_a_grid_alone_is_a_set_or_lays_out_its_presets(folder: Path) -> None:
    alone = _load(folder, "grid = [['c', 'a'], ['', 'c', 'b']]")
    assert alone.names == ("c", "a", "b")
    assert alone.grid == ((0, 1), (None, 0, 2))
    laid = _load(folder, "presets = ['a', 'b', 'c']\ngrid = [['c'], ['a']]")
    assert (laid.names, laid.grid) == (("a", "b", "c"), ((2,), (0,)))


AB = "presets = ['a', 'b']\n"
MISTAKES = [
    ("presets = ['a', 'bb']", 1, "presets.2: bb: no such preset or set"),
    ("presets = ['a', 'night']", 1, "presets.2: night is a set; a set holds presets"),
    (AB + "[[scenes]]\npreset = 'a'", 1, "presets and [[scenes]]: a set has one of them"),
    ("[[scenes]]\npreset = 'a'\n[[scenes]]\nperset = 'b'", 4, "did you mean 'preset'?"),
    ("[[scenes]]\npreset = 'a'\n[[scenes]]\nbars = 2", 3, "scenes.2.preset says no preset"),
    ("[[scenes]]\npreset = 'bb'", 2, "scenes.1.preset: bb: no such preset"),
    ("[[scenes]]\npreset = 'a'\nbars = 0", 3, "scenes.1.bars = 0 is outside 1..512"),
    (AB + "bars = '4 + bass'", 2, "bars = '4 + bass' is not a number 1..512"),
    (AB + "[transition]\nkind = 'crosfade'", 3, "'crosfade' is no transition; did you mean 'cross"),
    (AB + "[transition]\nkind = 'glow'", 3, "'glow' is no transition: it has no endImage"),
    (AB + "[transition]\nkind = 'seep'", 3, "did you mean 'sweep'?"),
    (AB + "[transition]\ncurve = 'eas'", 3, "did you mean 'ease'?"),
    (AB + "[transition]\nbeats = 65", 3, "transition.beats = 65 is outside 0.0..64.0"),
    (AB + "transition = 3", 2, "transition = 3 is not a table or the name of a transition"),
    (AB + "[launch]\nwhen = 'bars'", 3, "did you mean 'bar'?"),
    (AB + "[launch]\nat = 'bar'", 3, "launch.at is not known"),
    (AB + "[autopilot]\non = 1", 3, "autopilot.on = 1 is not true or false"),
    (AB + "[autopilot]\norder = 'shufle'", 3, "did you mean 'shuffle'?"),
    (AB + "[autopilot]\nbar = 4", 3, "did you mean 'bars'?"),
    (AB + "[autopilot]\nmin_seconds = 30\nmax_seconds = 20", 3, "= 30 is above max_seconds = 20"),
    (AB + "grid = [['a', 'z']]", 2, "grid has 'z', which the set has not"),
    (AB + "grid = ['a', 'b']", 2, "grid must be rows of preset names"),
    ("grid = [['']]", 1, "must be a list of one or more preset names"),
]


@pytest.mark.parametrize(("text", "line", "message"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_one_line(folder: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(PresetError) as caught:
        _load(folder, text)
    said = str(caught.value)
    assert message in said and "\n" not in said
    assert said.startswith(f"{folder / 'night.toml'}:{line}: ")
