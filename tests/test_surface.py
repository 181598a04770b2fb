"""What hands can touch, and how it stands: every row is an address, every value stands."""

import numpy as np
import pytest

from controllers.addresses import find
from engine.clock import AudioClock
from engine.exchange import EventQueue
from engine.graph import Graph
from engine.listening import Listening
from engine.records import HOP, ControlEvent
from engine.resolve import resolve
from engine.show import load_show
from engine.surface import LiveSurface

SILENCE = np.zeros((HOP, 2), np.float32)


@pytest.fixture
def playing(tmp_path):
    (tmp_path / "one.toml").write_text(
        'strength = 0.3\n[[prompts]]\ntext = "a {tree}"\n[[prompts]]\n'
        'text = "a moon"\n[words]\ntree = "birch"\n'
        '[macros]\nheat = 0.2\n[[effects]]\nshader = "glow"\namount = "0.5*heat"\n'
        '[[layers]]\nshader = "plasma"\n[[layers]]\ntext = "hello"\nopacity = 0.5\n'
    )
    listening = Listening(_Quiet(), load_show(str(tmp_path / "one.toml")), AudioClock(),
                          EventQueue())
    return listening, LiveSurface(listening)


class _Quiet:
    """A source that nobody starts."""

    def close(self) -> None:
        pass


def _hop(listening: Listening, **values: float | str) -> None:
    graph: Graph = listening.graph
    events = [ControlEvent(graph.time, name.replace("__", "."), v) for name, v in values.items()]
    listening.moment.put(graph.hop(SILENCE, events))


def test_every_row_is_an_address_of_its_kind(playing):
    listening, surface = playing
    for control in surface.controls():
        address = find(control.name)
        assert address is not None, control
        assert address.kind == control.kind, control
        assert (control.param is not None) == (control.kind == "value")


def test_rows_and_values_name_the_same_things(playing):
    listening, surface = playing
    _hop(listening)
    told = {c.name for c in surface.controls()
            if c.kind not in ("trigger", "preset") and c.name not in ("release", "line")}
    assert told - set(surface.values()) == {"transition.beats"}
    assert set(surface.values()) <= told


def test_values_are_the_look_s_until_a_hand_moves_them(playing):
    listening, surface = playing
    _hop(listening)
    before = surface.values()
    assert before["strength"] == 0.3 and before["prompts.2.weight"] == 1.0
    assert before["effects.glow.amount"] == pytest.approx(0.1)
    assert (before["prompts.1.text"], before["words.tree"]) == ("a {tree}", "birch")
    assert (before["layers.2.text"], before["layers.2.opacity"]) == ("hello", 0.5)
    _hop(listening, strength=0.9, macros__heat=1.0, freeze=1.0, words__tree="oak")
    after = surface.values()
    assert (after["strength"], after["freeze"], after["words.tree"]) == (0.9, 1.0, "oak")
    assert after["effects.glow.amount"] == pytest.approx(0.5)
    _hop(listening, reset=1.0, freeze=0.0)
    assert surface.values()["strength"] == 0.3


def test_rows_stay_the_same_object_until_the_look_changes(playing):
    listening, surface = playing
    _hop(listening)
    first = surface.controls()
    _hop(listening, strength=0.1)
    assert surface.controls() is first
    listening.show.put(load_show("club_night"))
    listening.graph.show = listening.show.get()
    _hop(listening)
    assert surface.controls() is not first
    assert any(c.name == "preset.2" for c in surface.controls())


def test_what_is_heard_has_signals_and_time(playing):
    listening, surface = playing
    _hop(listening)
    assert {"bass", "beat", "bpm", "knob1"} <= set(surface.heard())


def test_a_prompt_may_be_added_by_hand_and_taken_away(playing):
    listening, surface = playing
    _hop(listening, prompts__3__text="a comet", prompts__3__weight=2.0)
    assert {"prompts.3.text", "prompts.3.weight"} <= {c.name for c in surface.controls()}
    assert surface.values()["prompts.3.weight"] == 2.0
    moment, show = listening.moment.get(), listening.show.get()
    said = {p.text: p.weight for p in resolve(moment.time, 1, 0.1, moment, show).prompts}
    assert said == pytest.approx({"a birch": 0.25, "a moon": 0.25, "a comet": 0.5})
    _hop(listening, release="prompts.3.text")
    assert "prompts.3.text" not in {c.name for c in surface.controls()}
    moment = listening.moment.get()
    assert len(resolve(moment.time, 1, 0.1, moment, show).prompts) == 2


def _based(tmp_path, **more: str):
    """A look that goes on under hands in one number, gives way in another, and rests in a third."""
    lines = "\n".join(f'{name} = "{text}"' for name, text in more.items())
    (tmp_path / "moved.toml").write_text(
        f'strength = "base + 0.25*knob1"\nguidance = "1 + knob1"\nnoise_drift = 0.1\n{lines}\n'
        '[macros]\nheat = "0.5*knob1"\n[[prompts]]\ntext = "ink"\nweight = "base*(1 - knob1)"\n'
        '[[effects]]\nshader = "glow"\namount = "base + 0.2*heat"\n'
        '[[layers]]\nshader = "plasma"\nopacity = "knob1"\n'
    )
    listening = Listening(_Quiet(), load_show(str(tmp_path / "moved.toml")), AudioClock(),
                          EventQueue())
    return listening, LiveSurface(listening)


def test_a_ghost_is_where_the_look_goes_on_under_a_hand(tmp_path):
    listening, surface = _based(tmp_path)
    _hop(listening)
    assert surface.ghosts() == {}
    _hop(listening, strength=0.5, prompts__1__weight=0.8, effects__glow__amount=0.3, knob1=1.0)
    ghosts = surface.ghosts()
    assert surface.values()["strength"] == 0.5 and ghosts["strength"] == pytest.approx(0.75)
    assert ghosts["prompts.1.weight"] == pytest.approx(0.0)
    assert ghosts["effects.glow.amount"] == pytest.approx(0.3 + 0.2 * 0.5)
    moment, show = listening.moment.get(), listening.show.get()
    assert resolve(moment.time, 1, 0.1, moment, show).strength == ghosts["strength"]
    _hop(listening, knob1=0.0)
    assert surface.ghosts()["strength"] == 0.5, "it goes on, though it adds nothing now"


def test_a_ghost_is_where_letting_go_would_put_a_number(tmp_path):
    listening, surface = _based(tmp_path)
    _hop(listening, knob1=1.0, guidance=1.0, noise_drift=0.9, macros__heat=0.9,
         layers__1__opacity=0.2, blackout__seconds=5.0)
    before = surface.ghosts()
    assert before["guidance"] == pytest.approx(2.0) and before["noise_drift"] == 0.1
    assert before["macros.heat"] == pytest.approx(0.5) and before["knob1"] == 0.0
    assert before["layers.1.opacity"] == pytest.approx(1.0)
    for name in ("guidance", "noise_drift", "macros.heat", "layers.1.opacity"):
        _hop(listening, release=name)
        assert surface.values()[name] == pytest.approx(before[name]), name
        assert name not in surface.ghosts()


def test_under_hush_the_ghosts_are_those_of_the_safe_look(tmp_path):
    listening, surface = _based(tmp_path)
    _hop(listening, strength=1.0, hush=1.0)
    moment, show = listening.moment.get(), listening.show.get()
    drawn = resolve(moment.time, 1, 0.1, moment, show).strength
    assert surface.values()["strength"] == 1.0 and surface.ghosts()["strength"] == drawn != 1.0


def test_rows_say_what_moves_a_number(tmp_path):
    listening, surface = _based(tmp_path)
    _hop(listening)
    rows = {c.name: (c.moved, c.based) for c in surface.controls()}
    assert rows["strength"] == ("base + 0.25*knob1", True)
    assert rows["guidance"] == ("1 + knob1", False)
    assert rows["macros.heat"] == ("0.5*knob1", False)
    assert rows["prompts.1.weight"] == ("base*(1 - knob1)", True)
    assert rows["layers.1.opacity"] == ("knob1", False)
    assert rows["noise_drift"] == rows["crossfade"] == ("", False)
