"""Blackouts: at once, or fading in show time, live and in films alike; and the last fade."""

import numpy as np
import pytest

from controllers.addresses import find
from engine import farewell
from engine.dimmer import Dimmer, darkness
from engine.graph import Graph
from engine.records import HOP, HOP_SECONDS, ControlEvent, FrameParams
from engine.resolve import resolve
from engine.show import DEMO_SET, load_show

SILENT = np.zeros((HOP, 2), np.float32)


@pytest.fixture(scope="module")
def show():
    return load_show(DEMO_SET)


def light(graph, time):
    """What of the master fader is seen."""
    params = resolve(time, 0, 0.0, graph.moment, graph.show)
    return 0.0 if params.blackout else params.opacity


def press(address, value):
    return [ControlEvent(0.0, address, value, "test")]


def test_by_itself_a_blackout_is_at_once(show):
    graph = Graph(show)
    graph.hop(SILENT, press("blackout", 1.0))
    assert light(graph, graph.time) == 0.0
    graph.hop(SILENT, press("blackout", 0.0))
    assert light(graph, graph.time) == 1.0


def test_it_fades_over_the_seconds_a_hand_says_and_back_from_where_it_is(show):
    graph = Graph(show)
    graph.hop(SILENT, press("blackout.seconds", 2.0))
    graph.hop(SILENT, press("blackout", 1.0))
    for _ in range(round(1.0 / HOP_SECONDS) - 1):
        graph.hop(SILENT)
    assert light(graph, graph.time) == pytest.approx(0.5, abs=0.01)
    later = light(graph, graph.time + 0.2)
    assert later == pytest.approx(0.4, abs=0.01), "between hops it goes on"
    graph.hop(SILENT, press("blackout", 0.0))
    assert light(graph, graph.time) == pytest.approx(0.5, abs=0.02), "back from where it was"
    for _ in range(round(1.2 / HOP_SECONDS)):
        graph.hop(SILENT)
    assert light(graph, graph.time) == 1.0


def test_it_fades_while_the_picture_is_frozen_and_reset_leaves_it(show):
    graph = Graph(show)
    events = press("blackout.seconds", 1.0) + press("freeze", 1.0) + press("reset", 1.0)
    graph.hop(SILENT, events)
    graph.hop(SILENT, press("blackout", 1.0))
    for _ in range(round(0.5 / HOP_SECONDS) - 1):
        graph.hop(SILENT)
    assert light(graph, graph.time) == pytest.approx(0.5, abs=0.02)
    for _ in range(round(0.6 / HOP_SECONDS)):
        graph.hop(SILENT)
    assert resolve(graph.time, 0, 0.0, graph.moment, show).blackout


def test_a_hop_and_two_halves_are_as_dark():
    one, two = Dimmer(), Dimmer()
    events = press("blackout.seconds", 3.0)
    whole = one.step(1.0, True, events)
    two.step(0.5, True, events)
    assert two.step(0.5, True, ()) == whole
    assert darkness(whole, True, 10.0) == 1.0 and darkness(None, True, 0.0) == 1.0
    assert find("blackout.seconds").reach == (0.0, 10.0)
    text = Dimmer().step(1.0, True, press("blackout.seconds", "soon"))
    assert text is None, "what is no number means nothing"


def test_leaving_fades_for_a_second_and_the_second_press_ends_at_once(monkeypatch):
    now = [10.0]
    monkeypatch.setattr(farewell, "monotonic", lambda: now[0])
    params = FrameParams(0, 0.0, 0.0, opacity=0.8)
    going = farewell.Farewell()
    assert going.dim(params) is params and not going.over
    going.ask()
    now[0] += 0.5
    assert going.dim(params).opacity == pytest.approx(0.4) and not going.over
    now[0] += 0.6
    assert going.over and going.dim(params).opacity == 0.0
    hurried = farewell.Farewell()
    hurried.ask()
    hurried.ask()
    assert hurried.over
