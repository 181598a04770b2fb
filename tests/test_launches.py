"""What waits for its beat: places, the newest that counts, the lead, the graph that plays it."""

import numpy as np
import pytest

from engine.graph import Graph
from engine.launches import Launches, split_launch
from engine.records import HOP, HOP_SECONDS, Beat, ControlEvent
from engine.show import load_show

BEAT = Beat(0.0, 0.0, 120.0)  # two beats a second


def played(launches: Launches, *events: ControlEvent, until: float = 10.0) -> list[tuple]:
    """Time and address of all that happens, hop by hop."""
    found, n = [], 0
    while n * HOP_SECONDS < until:
        time = n * HOP_SECONDS
        new = [e for e in events if time - HOP_SECONDS < e.time <= time]
        found += [(e.time, e.address, e.value) for e in launches.step(new, BEAT, time)]
        n += 1
    return found


@pytest.mark.parametrize(
    ("when", "time"), [("now", 0.3), ("beat", 0.5), ("bar", 2.0), ("phrase", 8.0)]
)
def test_it_happens_at_its_place(when, time):
    ((at, address, value),) = played(Launches(), ControlEvent(0.3, f"freeze.{when}", "toggle"))
    assert (address, value) == ("freeze", "toggle")
    assert time <= at < time + 1.5 * HOP_SECONDS


def test_on_a_beat_it_happens_at_once():
    ((at, *_),) = played(Launches(), ControlEvent(0.5, "tap.beat", 1.0))
    assert at < 0.5 + 1.5 * HOP_SECONDS


def test_ahead_by_what_it_takes_to_be_seen():
    launches = Launches()
    launches.lead = 0.1
    ((at, *_),) = played(launches, ControlEvent(0.2, "opacity.beat", 0.0))
    assert 0.4 <= at < 0.4 + 1.5 * HOP_SECONDS


def test_the_newest_of_an_address_counts():
    events = [ControlEvent(0.1, "opacity.bar", 0.2), ControlEvent(0.3, "opacity.bar", 0.7)]
    assert [row[1:] for row in played(Launches(), *events)] == [("opacity", 0.7)]
    events[1] = ControlEvent(0.3, "opacity", 0.7)  # at once, and nothing waits any more
    assert [row[1:] for row in played(Launches(), *events)] == [("opacity", 0.7)]


def test_what_waits_is_told():
    launches = Launches()
    launches.step([ControlEvent(0.1, "prompts.1.weight.bar", 1.0)], BEAT, 0.1)
    assert launches.waiting == {"prompts.1.weight"}
    launches.step([], BEAT, 2.0)
    assert launches.waiting == frozenset()


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("freeze.bar", "freeze"), ("effects.glow.amount.beat", "effects.glow.amount"),
        ("effects.seen.beat", ""), ("layers.1.beat", ""), ("layers.1.effects.x.beat", ""),
        ("layers.1.effects.x.y.beat", "layers.1.effects.x.y"), ("macros.bar", ""),
        ("words.tom.bar", "words.tom"), ("preset.bar", ""), ("preset.3.bar", ""), ("next.now", ""),
        ("deck.a.3.bar", "deck.a.3"), ("beat", ""), (".beat", ""), ("opacity", ""),
    ],
)
def test_presets_and_inputs_of_that_name_are_left_alone(address, base):
    assert split_launch(address)[0] == (base or address)
    assert bool(split_launch(address)[1]) == bool(base)


def test_the_graph_plays_them(tmp_path):
    (tmp_path / "one.toml").write_text('[[prompts]]\ntext = "a"\n')
    graph = Graph(load_show(str(tmp_path / "one.toml")))
    silence = np.zeros((HOP, 2), np.float32)
    graph.hop(silence, [ControlEvent(0.0, "tempo.bpm", 120.0)])
    for _ in range(30):
        graph.hop(silence)
    graph.hop(silence, [ControlEvent(graph.time, "strength.beat", 0.9)])
    asked = graph.moment.signals.beat.beat
    while "strength" not in graph.moment.controls.values:
        beat = graph.moment.signals.beat.beat
        assert beat < asked + 1.1
        graph.hop(silence)
    assert graph.moment.controls.values["strength"] == 0.9
    assert round(beat) - beat < 0.06  # the hop in which the beat falls
