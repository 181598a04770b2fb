"""resolve is pure: same moment and time, same params; hands win; looks fade into each other."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.records import HOP_SECONDS, Beat, Change, Controls, Moment, Playing, Pose, Signals
from engine.resolve import resolve, silent_moment, velocity
from engine.show import Show, load_show

LOOK = """
style = "neon"
strength = "0.2 + 0.5*kick"
seed = {seed}
[[prompts]]
text = "{text}"
weight = "1 - knob1"
[[prompts]]
text = "spiral"
weight = "knob1"
[motion]
zoom = {zoom}
angle = "90*bass"
[[effects]]
shader = "glow"
amount = "0.5*phase"
"""


@pytest.fixture
def show(tmp_path: Path) -> Show:
    for name, text, zoom, seed in (("a", "tunnel", 1.0, 1), ("b", "sea", 2.0, 2)):
        path = tmp_path / f"{name}.toml"
        path.write_text(LOOK.format(text=text, zoom=zoom, seed=seed), "utf-8")
    (tmp_path / "set.toml").write_text("presets = ['a', 'b']\nbars = 2\nfade_beats = 2\n")
    return load_show(str(tmp_path / "set.toml"))


def _moment(beat: float = 0.0, **values: float) -> Moment:
    silent = silent_moment(10.0)
    merged = {**silent.signals.values, **values}
    return replace(silent, signals=Signals(10.0, merged, Beat(10.0, beat, 120.0)))


def test_equal_inputs_give_equal_params(show: Show) -> None:
    moment = _moment(3.3, kick=0.7, bass=0.2)
    assert resolve(10.02, 5, 1 / 60, moment, show) == resolve(10.02, 5, 1 / 60, moment, show)


def test_numbers_prompts_and_effects_follow_signals_and_time(show: Show) -> None:
    params = resolve(10.25, 0, 0.0, _moment(1.0, kick=1.0), show)
    assert params.strength == pytest.approx(0.7)
    assert params.beat == pytest.approx(1.5)
    assert [(p.text, p.weight) for p in params.prompts] == [("tunnel, neon", 1.0)]
    glow = dict(params.effects[0].inputs)
    assert glow["amount"] == pytest.approx(0.25)


def test_hands_win_over_the_preset(show: Show) -> None:
    controls = Controls(
        values={
            "seed": 77.0,
            "strength": 0.9,
            "knob1": 0.25,
            "effects.glow.amount": 99.0,
            "motion.zoom": 1.5,
        },
        texts={"prompts.1.text": "whale"},
        blackout=True,
    )
    moment = replace(_moment(kick=1.0), controls=controls)
    params = resolve(10.0, 0, 0.0, moment, show)
    assert params.strength == 0.9 and params.seed == 77 and params.blackout
    assert params.prompts[0].text == "whale, neon"
    assert [round(p.weight, 6) for p in params.prompts] == [0.75, 0.25]
    assert dict(params.effects[0].inputs)["amount"] <= 4.0
    assert velocity(10.0, moment, show).log_zoom == pytest.approx(0.405, abs=1e-3)
    hushed = resolve(10.0, 0, 0.0, replace(moment, controls=replace(controls, hush=True)), show)
    assert hushed.preset == "hush" and hushed.strength != 0.9


def _changing(moment: Moment, beat: float, beats: float = 2.0) -> Moment:
    """From look a to look b, begun at that count of beats."""
    return replace(moment, playing=Playing(Change(0, 1, beat, beats)))


def test_looks_fade_into_each_other(show: Show) -> None:
    half = resolve(10.0, 0, 0.0, _changing(_moment(9.0), 8.0), show)
    assert [(p.text, p.weight) for p in half.prompts] == [("tunnel, neon", 0.5), ("sea, neon", 0.5)]
    zoom = velocity(10.0, _changing(_moment(9.0), 8.0), show).log_zoom
    assert zoom == pytest.approx(0.405, abs=1e-3)
    whole = resolve(10.0, 0, 0.0, _changing(_moment(10.5), 8.0), show)
    assert [p.text for p in whole.prompts] == ["sea, neon"]


def test_a_change_goes_on_between_hops(show: Show) -> None:
    moment = _changing(_moment(0.0), 0.0)
    weights = [sum(p.weight for p in resolve(t, 0, 0.0, moment, show).prompts if "sea" in p.text)
               for t in (10.0, 10.5, 11.0, 60.0)]
    assert weights == pytest.approx([0.0, 0.5, 1.0, 1.0])


def test_a_cut_needs_no_time(show: Show) -> None:
    params = resolve(10.0, 0, 0.0, _changing(_moment(4.0), 4.0, 0.0), show)
    assert [p.text for p in params.prompts] == ["sea, neon"]


def test_freeze_stops_the_picture(show: Show) -> None:
    moment = replace(_moment(1.0), controls=Controls(freeze=True), velocity=Pose(1, 1, 1, 1))
    assert resolve(10.0, 0, 0.0, moment, show) == resolve(99.0, 0, 0.0, moment, show)
    assert velocity(10.0, moment, show) == Pose()


def test_the_pose_is_carried_on_at_the_velocity(show: Show) -> None:
    moment = replace(_moment(), pose=Pose(1.0, 5.0, 0.0, 0.0), velocity=Pose(0.5, 90.0, 0.1, 0.0))
    pose = resolve(10.0 + HOP_SECONDS, 0, 0.0, moment, show).pose
    assert pose.log_zoom == pytest.approx(1.0 + 0.5 * HOP_SECONDS)
    assert pose.since(moment.pose).angle == pytest.approx(90.0 * HOP_SECONDS)


def test_all_weights_zero_still_gives_a_prompt(show: Show, tmp_path: Path) -> None:
    moment = replace(_moment(), controls=Controls(values={"prompts.1.weight": 0.0}))
    assert resolve(10.0, 0, 0.0, moment, show).prompts[0].text == "tunnel, neon"
