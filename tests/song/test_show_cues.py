"""Cues in a show: between the look and the hand, over all looks of a set, live as in a film."""

from pathlib import Path

import numpy as np
import pytest

from engine.graph import Graph
from engine.offline import frames
from engine.records import HOP, SAMPLERATE, ControlEvent, FrameParams, Moment
from engine.resolve import resolve, silent_moment
from engine.show import Show, load_show

SHOW = """
presets = ["bud", "shaft"]
[autopilot]
on = false
[song]
fps = 25
bpm = 120
start = 0.25
lyrics = "song.lrc"
[keyframes]
noise_drift = "0:(0.1), 50:(0.3)"
[[cues]]
at = "beat 1"
over = "1 beats"
strength = 0.9
"effects.glow.amount" = "0.1*t"
negative = "grey"
[[cues]]
at = 1.0
preset = "shaft"
[[cues]]
at = "frame 40"
over = "10 frames"
prompt = "a red heart, {line}"
"motion.zoom" = 1.5
[[cues]]
at = 1.75
strength = "look"
"""


BUD = """
style = "vivid"
strength = "0.3 + 0.2*level"
[[prompts]]
text = "flower"
[[prompts]]
text = "jellyfish"
weight = "phase"
[[effects]]
shader = "glow"
"""


@pytest.fixture
def show(tmp_path: Path) -> Show:
    (tmp_path / "song.lrc").write_text("[00:01.50]hello world\n", "utf-8")
    (tmp_path / "bud.toml").write_text(BUD, "utf-8")
    (tmp_path / "shaft.toml").write_text("[[prompts]]\ntext = 'tunnel'\n", "utf-8")
    path = tmp_path / "show.toml"
    path.write_text(SHOW, "utf-8")
    return load_show(str(path))


def _noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 0.1, (int(seconds * SAMPLERATE), 2)).astype("f4")


def _at(show: Show, time: float, moment: Moment | None = None) -> FrameParams:
    return resolve(time, 0, 0.04, moment or silent_moment(), show)


def test_a_value_stands_between_look_and_hand(show: Show) -> None:
    look = _at(show, 0.1).strength
    assert _at(show, 1.0).strength == pytest.approx((look + 0.9) / 2)
    assert _at(show, 1.3).strength == pytest.approx(0.9)
    assert _at(show, 1.8).strength == _at(show, 0.1).strength
    assert dict(_at(show, 1.5).effects[0].inputs)["amount"] == pytest.approx(0.15)
    graph = Graph(show)
    moment = graph.hop(np.zeros((HOP, 2), "f4"), [ControlEvent(0.0, "strength", 0.1)])
    assert _at(show, 1.3, moment).strength == pytest.approx(0.1)
    hushed = graph.hop(np.zeros((HOP, 2), "f4"), [ControlEvent(0.0, "hush", 1)])
    assert _at(show, 1.3, hushed).negative == show.hush.negative
    assert (_at(show, 0.2).negative, _at(show, 1.3).negative) == ("", "grey")


def test_a_prompt_takes_over_with_the_looks_style(show: Show) -> None:
    half, whole = _at(show, 1.8), _at(show, 2.5)
    assert half.prompts[-1].weight == pytest.approx(0.5) and len(half.prompts) > 1
    assert [p.text for p in whole.prompts] == ["a red heart, hello world, vivid"]
    assert sum(p.weight for p in half.prompts) == pytest.approx(1.0)


def test_knobs_that_cues_turn_move_the_look(tmp_path: Path) -> None:
    path = tmp_path / "look.toml"
    path.write_text(
        "strength = 'knob1 + energy'\n[macros]\nenergy = 'knob2'\n[[prompts]]\ntext = 'tunnel'\n"
        "[[cues]]\nat = 1\nover = 2\nease = 'linear'\nknob1 = 0.4\n"
        "[[cues]]\nat = 2\nmacros.energy = 'knob2 + 0.1'\n[[cues]]\nat = 5\nknob2 = 0.3\n"
    )
    show = load_show(str(path))
    strengths = [_at(show, t).strength for t in (0.5, 2.0, 2.5, 4.0, 6.0)]
    assert strengths == pytest.approx([0.0, 0.3, 0.4, 0.5, 0.8])


@pytest.mark.parametrize("fps", [24, 30, 60])
def test_live_stepped_and_film_are_one(show: Show, fps: int) -> None:
    sound = _noise(3.0)
    film = list(frames(sound, show, fps))
    graph, moment, live = Graph(show), silent_moment(), []
    for start in range(0, len(sound), HOP):
        coming = graph.hop(np.resize(sound[start : start + HOP], (HOP, 2)))
        while len(live) < len(film) and len(live) / fps < coming.time:
            live.append(resolve(len(live) / fps, len(live), 1.0 / fps, moment, show))
        moment = coming
    assert live == film[: len(live)] and len(live) >= len(film) - 1
    assert {frame.preset for frame in film} == {"bud", "shaft"}
    first = next(frame for frame in film if frame.preset == "shaft")
    assert 1.0 <= first.time <= 1.0 + 2 * HOP / SAMPLERATE + 1.0 / fps
