"""The graph, hop by hop: hands, freeze, and a camera path without jumps."""

from pathlib import Path

import numpy as np
import pytest

from engine.graph import Graph
from engine.records import HOP, HOP_SECONDS, ControlEvent
from engine.resolve import resolve
from engine.show import load_show

SILENCE = np.zeros((HOP, 2), np.float32)


@pytest.fixture
def graph() -> Graph:
    return Graph(load_show("first_light"))


def _event(graph: Graph, address: str, value: float | str = 1.0) -> ControlEvent:
    return ControlEvent(graph.time, address, value, "test")


def test_time_and_the_beat_never_stop(graph: Graph) -> None:
    moments = [graph.hop(SILENCE) for _ in range(200)]
    beats = [moment.signals.beat.beat for moment in moments]
    assert moments[-1].time == pytest.approx(200 * HOP_SECONDS)
    assert all(b > a for a, b in zip(beats, beats[1:], strict=False))


def test_a_hand_moves_the_camera_without_a_jump(graph: Graph) -> None:
    graph.hop(SILENCE, [_event(graph, "motion.zoom", 2.0), _event(graph, "motion.x", 1.0)])
    before = graph.moment
    after = graph.hop(SILENCE)
    step = after.pose.since(before.pose)
    assert step.log_zoom == pytest.approx(np.log(2.0) * HOP_SECONDS)
    assert step.x == pytest.approx(HOP_SECONDS)
    between = resolve(after.time, 0, 0.0, before, graph.show).pose
    assert between.log_zoom == pytest.approx(after.pose.log_zoom)


def test_freeze_holds_the_picture_and_lets_go_where_it_was(graph: Graph) -> None:
    for _ in range(50):
        graph.hop(SILENCE)
    frozen = graph.hop(SILENCE, [_event(graph, "freeze", "toggle")])
    held = resolve(graph.time, 0, 0.0, frozen, graph.show)
    for _ in range(94):
        graph.hop(SILENCE)
    assert resolve(graph.time, 0, 0.0, graph.moment, graph.show) == held
    dark = graph.hop(SILENCE, [_event(graph, "blackout")])
    assert resolve(graph.time, 0, 0.0, dark, graph.show).blackout
    free = graph.hop(SILENCE, [_event(graph, "freeze", "toggle")])
    assert free.time == pytest.approx(graph.time)
    assert abs(free.pose.since(held.pose).log_zoom) < 0.05


def test_while_frozen_the_look_stays_and_what_waits_is_told(graph: Graph) -> None:
    graph.hop(SILENCE, [_event(graph, "freeze", 1.0)])
    graph.hop(SILENCE, [_event(graph, "preset.2"), _event(graph, "deck.b", 3.0)])
    held = graph.hop(SILENCE, [_event(graph, "next.phrase")])
    assert (held.playing.change.after, held.playing.decks) == (0, (None, None))
    assert (held.playing.queued.after, held.playing.autopilot) == (2, False)
    assert resolve(graph.time, 0, 0.0, held, graph.show).preset == graph.show.names[0]
    free = graph.hop(SILENCE, [_event(graph, "freeze", 0.0)])
    assert (free.playing.change.after, free.playing.decks) == (1, (None, 2))


def test_a_cue_chooses_its_preset_between_two_hops(tmp_path: Path) -> None:
    (tmp_path / "cued.toml").write_text(
        "presets = ['bloom', 'oil_lamp']\ntransition = 'cut'\n"
        "[[cues]]\nat = 0.505\npreset = 'oil_lamp'\n"
    )
    graph = Graph(load_show(str(tmp_path / "cued.toml")))
    while graph.time + HOP_SECONDS <= 0.505:
        graph.hop(SILENCE)
    seen = [resolve(t, 0, 0.0, graph.moment, graph.show).preset for t in (0.504, 0.506)]
    assert seen == ["bloom", "oil_lamp"]


def test_next_leaves_the_autopilot_and_taps_set_the_tempo(graph: Graph) -> None:
    graph.hop(SILENCE, [_event(graph, "next")])
    playing = graph.moment.playing
    assert (playing.change.after, playing.autopilot) == (1, False)
    for hop in range(470):
        tapped = [_event(graph, "tap")] if hop % 47 == 0 else []
        graph.hop(SILENCE, tapped)
    assert graph.moment.signals.beat.bpm == pytest.approx(60.0 / (47 * HOP_SECONDS), rel=0.02)


def test_time_that_nobody_listened_to_is_travelled(graph: Graph) -> None:
    """The camera and the beat are where they would have been."""
    graph.hop(SILENCE, [_event(graph, "motion.x", 1.0)])
    before = graph.hop(SILENCE)
    graph.skip(93)
    after = graph.hop(SILENCE)
    assert after.time - before.time == pytest.approx(94 * HOP_SECONDS)
    assert after.pose.since(before.pose).x == pytest.approx(94 * HOP_SECONDS)
    gone = after.signals.beat.beat - before.signals.beat.beat
    assert gone == pytest.approx(94 * HOP_SECONDS * 2.0, rel=0.01)
