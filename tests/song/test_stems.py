"""Stems: each file has signals of its own; without files the ear's parts stand in."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from engine.errors import PresetError
from engine.graph import Graph
from engine.offline import frames, moments
from engine.records import HOP, SAMPLERATE
from engine.resolve import resolve, silent_moment
from engine.show import load_show

LOOK = """
strength = "{names}"
[[prompts]]
text = "tunnel"
"""


def _write(path: Path, samples: np.ndarray) -> Path:
    wavfile.write(path, SAMPLERATE, samples.astype("f4"))
    return path


@pytest.fixture
def song(tmp_path: Path) -> np.ndarray:
    """Three seconds: a voice (a tone in the second half) and drums (ticks in the first)."""
    time = np.arange(3 * SAMPLERATE) / SAMPLERATE
    voice = np.where(time > 1.5, 0.2 * np.sin(2 * np.pi * 440 * time), 0.0)
    tick = np.exp(-(time % 0.5) * 40) * np.random.default_rng(1).normal(0, 0.3, len(time))
    drums = np.where(time < 1.5, tick, 0.0)
    (tmp_path / "stems").mkdir()
    parts = {"vocals": voice, "drums": drums, "02 Lead Guitar": 0.5 * voice}
    for name, part in parts.items():
        _write(tmp_path / "stems" / f"{name}.wav", np.stack([part] * 2, 1))
    whole = np.stack([voice + drums] * 2, 1).astype("f4")
    _write(tmp_path / "song.wav", whole)
    return whole


def _look(folder: Path, names: str, head: str = '[song]\nstems = "stems"\n') -> str:
    path = folder / "look.toml"
    path.write_text(LOOK.format(names=names) + head, "utf-8")
    return str(path)


def test_stems_have_signals_of_their_own(tmp_path: Path, song: np.ndarray) -> None:
    show = load_show(_look(tmp_path, "vocals.level*0 + drums.hits + lead_guitar.level_time"))
    assert show.stem_names == {"vocals.level", "drums.hits", "lead_guitar.level_time"}
    heard = {m.time: m.signals for m in moments(song, show)}
    early = [s.values for t, s in heard.items() if 0.5 < t < 1.4]
    late = [s.values for t, s in heard.items() if t > 2.0]
    assert max(v["vocals.level"] for v in early) < 0.01 < 0.5 < min(v["vocals.level"] for v in late)
    assert max(v["drums.hits"] for v in early) > 0.9 > 0.1 > max(v["drums.hits"] for v in late)
    clocks = [s.clocks["lead_guitar.level_time"][0] for s in heard.values()]
    assert clocks[0] < 0.01 < 0.5 < clocks[-1]


def test_without_files_parts_of_the_whole_stand_in(tmp_path: Path, song: np.ndarray) -> None:
    show = load_show(_look(tmp_path, "drums.level + vocals.kick + bass.level_time", ""))
    for moment in list(moments(song, show))[50:]:
        values, clocks = moment.signals.values, moment.signals.clocks
        assert values["drums.level"] == values["percussive"]
        assert values["vocals.kick"] == values["kick"]
        assert clocks["bass.level_time"] == clocks["bass_time"]


def test_live_and_film_are_one_with_stems(tmp_path: Path, song: np.ndarray) -> None:
    from engine.audio.stems import load_stems

    show = load_show(_look(tmp_path, "0.5*vocals.level + 0.5*drums.hits"))
    film = list(frames(song, show, 30))
    graph = Graph(show, stems=load_stems(show.song.stems, show.stem_names))
    moment, live = silent_moment(), []
    for start in range(0, len(song), HOP):
        coming = graph.hop(np.resize(song[start : start + HOP], (HOP, 2)))
        while len(live) < len(film) and len(live) / 30 < coming.time:
            live.append(resolve(len(live) / 30, len(live), 1 / 30, moment, show))
        moment = coming
    assert live == film[: len(live)] and len({frame.strength for frame in film}) > 20


def test_names_of_stems_that_are_not_there(tmp_path: Path, song: np.ndarray) -> None:
    with pytest.raises(PresetError, match=r"look.toml:2: .*'guitar.level'"):
        load_show(_look(tmp_path, "guitar.level"))
    with pytest.raises(PresetError, match="did you mean 'drums.level'"):
        load_show(_look(tmp_path, "durms.level"))
    assert load_show(_look(tmp_path, "guitar.level"), ("guitar",)).stem_names == {"guitar.level"}
    with pytest.raises(PresetError, match=r"song.stems.*no folder with sound files"):
        load_show(_look(tmp_path, "1", '[song]\nstems = "nowhere"\n'))
    with pytest.raises(PresetError, match=r"stems.a-b is not a name"):
        load_show(_look(tmp_path, "1", '[song]\nstems = { "a-b" = "song.wav" }\n'))
