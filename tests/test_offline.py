"""The offline half: the same lines every time, and a film that is the same twice."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.audio import demo
from engine.audio.media import decode
from engine.graph import Graph
from engine.offline import FilmOptions, frames, pictures, render, reseeded
from engine.records import HOP, SAMPLERATE, FrameParams, Prompt
from engine.resolve import resolve, silent_moment
from engine.show import Show, load_show

PARENT = """
style = "{grain}, teal"
seed = "4 + 0.3*beat"
[words]
tom = { text = "an old sailor", seed = 12 }
grain = "(film grain:1.2)"
[macros]
energy = "0.2 + 0.5*bass"
[[prompts]]
text = "{tom}"
[[prompts]]
text = "(stormy:1.3) sea"
weight = "energy"
[[prompts]]
text = "boats"
[sequence]
beats = 1
fade_beats = 0.5
order = "random"
[motion]
zoom = "1 + 0.5*energy"
[[effects]]
shader = "glow"
amount = "energy"
"""
CHILD = """
extends = "one"
strength = "0.3 + 0.4*energy"
[change.effects.glow]
amount = "0.3*kick + smooth(bass, 0.1, 0.4)"
[[layers]]
generator = true
[[layers]]
shader = "plasma"
opacity = "0.5*energy*pulse(beat)"
blend = "screen"
[[layers]]
text = "{tom}"
[[layers.effects]]
shader = "rgb_split"
amount = "energy"
"""
SET = """
[[scenes]]
preset = "one"
bars = 1
[[scenes]]
preset = "two"
bars = 1
transition = { kind = "crossfade", beats = 3 }
"""


@pytest.fixture(scope="module")
def song() -> np.ndarray:
    return decode(demo.path())[: 12 * SAMPLERATE]


@pytest.fixture(scope="module", params=["first_light", "all that looks can say"])
def show(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Show:
    if request.param == "first_light":
        return load_show("first_light")
    folder = tmp_path_factory.mktemp("show")
    for name, text in (("one", PARENT), ("two", CHILD), ("set", SET)):
        (folder / f"{name}.toml").write_text(text, "utf-8")
    return load_show(str(folder / "set.toml"))


@pytest.mark.parametrize("fps", [24, 30, 60])
def test_live_stepped_and_offline_are_one_graph(song: np.ndarray, show: Show, fps: int) -> None:
    """The graph stepped hop by hop, asked in between as the live loop does, gives the film."""
    film = list(frames(song[: 4 * SAMPLERATE], show, fps))
    graph, moment, index, live = Graph(show), silent_moment(), 0, []
    for start in range(0, 4 * SAMPLERATE, HOP):
        coming = graph.hop(np.resize(song[start : start + HOP], (HOP, 2)))
        while index < len(film) and index / fps < coming.time:
            live.append(resolve(index / fps, index, 1.0 / fps, moment, show))
            index += 1
        moment = coming
    assert live == film[: len(live)] and len(live) >= len(film) - 1


def test_equal_times_give_equal_params_at_any_frame_rate(song: np.ndarray, show: Show) -> None:
    rates = {fps: list(frames(song[: 6 * SAMPLERATE], show, fps)) for fps in (24, 30, 60)}
    for fps, other, step in ((30, 60, 1), (24, 60, 2), (24, 30, 4)):
        for a, b in zip(rates[fps][::step], rates[other][:: step * other // fps], strict=True):
            assert a == replace(b, index=a.index, dt=a.dt)
    if show.name == "set":
        assert any(params.leaving for params in rates[24]) and rates[24][-1].layers
        assert len({params.seed for params in rates[24]}) > 100, "it travels"


def test_another_seed_takes_the_place_of_all() -> None:
    params = FrameParams(0, 0.0, 0.0, seed=4.5, prompts=(Prompt("a", 0.5, 12.0), Prompt("b", 0.5)))
    assert reseeded(params, 3) == replace(
        params, seed=3, prompts=(Prompt("a", 0.5), Prompt("b", 0.5)))


def test_the_picture_moves_with_the_music(song: np.ndarray) -> None:
    params = list(frames(song, load_show("deep_tunnel"), 30))
    punches = [dict(p.effects[-1].inputs)["amount"] for p in params[150:]]
    assert max(punches) > 3 * (np.median(punches) + 0.01)
    assert params[-1].pose.log_zoom > 1.0


def test_frames_prints_identical_lines() -> None:
    command = [sys.executable, "-m", "engine", "frames", "demo", "--fps", "24"]
    runs = [subprocess.run(command, capture_output=True, check=True).stdout for _ in range(2)]
    assert runs[0] == runs[1]
    lines = [json.loads(line) for line in runs[0].splitlines()]
    assert len(lines) > 69 * 24 and len({line["preset"] for line in lines}) == 6


def _pictures(path: Path) -> list[np.ndarray]:
    import av

    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def test_the_same_song_and_seed_give_the_same_film(tmp_path: Path) -> None:
    show, films = load_show("night_drive"), []
    for name in ("one.mp4", "two.mp4"):
        options = FilmOptions(tmp_path / name, (320, 192), 15, 5.0, seed=3, start=20.0, end=22.0)
        counts: list[int] = []
        assert render(str(demo.path()), show, options, lambda n, _, c=counts: c.append(n)) == 30
        assert counts == list(range(1, 31))
        films.append(_pictures(tmp_path / name))
    assert len(films[0]) == 30
    assert all(np.array_equal(a, b) for a, b in zip(*films, strict=True))
    means = [picture.mean() for picture in films[0][5:]]
    assert min(means) > 4.0 and np.ptp(means) > 1.0


def test_the_film_moves_on_the_beat() -> None:
    """Folded over the true beats, the picture changes most in the first eighth after each."""
    options = FilmOptions(Path("unused"), (320, 192), 30, 5.0, start=42.0, end=47.0)
    drawn = pictures(decode(demo.path()), load_show("deep_tunnel"), options)
    grey = np.stack([picture.mean(axis=2) for picture in drawn])
    changes = np.abs(np.diff(grey, axis=0)).mean(axis=(1, 2))
    times = 42.0 + np.arange(1, len(grey)) / 30
    beats = np.array(demo.beats())
    since = times - beats[np.searchsorted(beats, times, side="right") - 1]
    on_beat = since < 60.0 / demo.BPM / 8 + 1 / 60
    assert changes[on_beat].mean() > 1.5 * changes[~on_beat].mean()
