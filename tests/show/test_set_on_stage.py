"""A set on stage: no change of look compiles anything, and what plays and waits is told."""

from types import SimpleNamespace

from bench.transitions import run, transition_kinds
from engine.params import TRANSITIONS
from engine.records import Beat, Change, Controls, Moment, Playing, Signals
from engine.reporting import scene_note, set_figures
from engine.show import Scene, Show


def test_no_transition_compiles_on_the_frame_path(capsys):
    figures = run(size=(48, 27), fps=6.0)
    assert (figures["compiled_on_the_frame_path"], figures["faults"]) == (0, 0)
    between, *drawn = [row["kind"] for row in figures["rows"]]
    assert between == "between" and tuple(drawn) == transition_kinds()
    assert drawn[:3] == list(TRANSITIONS)
    assert {"wipe", "dissolve"} <= set(drawn)
    assert "longest" in capsys.readouterr().err


def _performance(playing: Playing, beat: float) -> SimpleNamespace:
    """The parts of a performance that are asked, at show time 10."""
    looks = tuple(SimpleNamespace(name=name) for name in "abc")
    scenes = (Scene(), Scene(notes="starts with the pads"), Scene())
    show = Show("set", looks, looks[0], {}, (), scenes)
    moment = Moment(10.0, Signals(10.0, {}, Beat(10.0, beat, 120.0)), Controls(), playing=playing)
    boxes = {name: SimpleNamespace(get=lambda held=held: held)
             for name, held in (("show", show), ("moment", moment))}
    clock = SimpleNamespace(now=lambda: 10.5)
    return SimpleNamespace(listening=SimpleNamespace(**boxes), clock=clock)


def test_what_plays_and_what_waits_is_told():
    playing = Playing(Change(0, 1, 4.0, 2.0), Change(1, 2, 16.0, 2.0), locked=True)
    waiting = _performance(playing, 10.0)
    assert set_figures(waiting) == {
        "playing": "b", "queued": "c", "queued_beats": 5.0, "autopilot": False,
    }
    assert scene_note(waiting) == "2 b: starts with the pads"
    come = set_figures(_performance(playing, 15.5))
    assert (come["playing"], come["queued"], come["queued_beats"]) == ("c", None, None)
    assert scene_note(_performance(Playing(), 0.0)) == ""
