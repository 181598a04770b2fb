"""What was heard of a song is kept: the same numbers without listening, whatever lies there."""

from pathlib import Path

import numpy as np
import pytest

from engine.audio import demo, heard
from engine.audio.heard import Reading, Writing, listener
from engine.audio.media import decode, stream_hops
from engine.audio.tempo_desk import TempoDesk
from engine.offline import frames
from engine.records import SAMPLERATE, ControlEvent
from engine.show import load_show


@pytest.fixture(scope="module")
def song() -> np.ndarray:
    """Half a second, which is no whole number of hops."""
    return decode(demo.path())[20 * SAMPLERATE : round(20.5 * SAMPLERATE)]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "liquidlight" / "heard"


def _listened(song: np.ndarray) -> tuple[type, list]:
    desk = listener(song)
    return type(desk), [desk.process(block) for block in stream_hops(song)]


def test_the_second_run_reads_the_same_numbers(song: np.ndarray, place: Path) -> None:
    first, heard_first = _listened(song)
    second, heard_again = _listened(song)
    assert (first, second) == (Writing, Reading) and heard_first == heard_again
    assert [type(v) for v in (heard_again[0][0].rms, heard_again[0][1].bpm)] == [float, float]
    assert _listened(song * 0.5)[0] is Writing
    assert len(list(place.iterdir())) == 2


def test_frames_are_the_same_and_leave_the_song_kept(song: np.ndarray, place: Path) -> None:
    show = load_show("deep_tunnel")
    first = list(frames(song, show, 30))
    assert type(listener(song)) is Reading
    assert list(frames(song, show, 30)) == first
    assert list(frames(song, show, 10, end=0.3)) == list(frames(song, show, 10))[:3]


@pytest.mark.parametrize("damage", [b"", b"no archive", None])
def test_a_damaged_file_is_made_anew(song: np.ndarray, place: Path, damage: bytes | None) -> None:
    _, expected = _listened(song)
    (path,) = place.iterdir()
    path.write_bytes(path.read_bytes()[:-900] if damage is None else damage)
    assert _listened(song) == (Writing, expected)
    assert _listened(song) == (Reading, expected)


def test_a_file_of_another_shape_is_not_believed(song: np.ndarray, place: Path) -> None:
    _listened(song)
    (path,) = place.iterdir()
    np.savez(path, features=np.zeros((3, 34)), beats=np.zeros((3, 5)), sources=["audio"])
    assert _listened(song)[0] is Writing


def test_half_a_song_is_not_kept(song: np.ndarray, place: Path) -> None:
    desk = listener(song)
    desk.process(next(stream_hops(song)))
    assert not place.exists()


def test_hands_on_the_tempo_are_listened_to(song: np.ndarray, place: Path) -> None:
    _listened(song)
    for address, kind in {"tap": TempoDesk, "tempo.double": TempoDesk, "knob1": Reading}.items():
        assert type(listener(song, [ControlEvent(0.0, address, 1.0)])) is kind


def test_the_oldest_go(song: np.ndarray, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _listened(song)
    (path,) = place.iterdir()
    monkeypatch.setattr(heard, "LARGEST", round(2.5 * path.stat().st_size))
    for gain in (0.9, 0.8, 0.7):
        _listened(song * gain)
    assert len(list(place.iterdir())) == 2 and not path.exists()


def test_a_full_disk_is_no_fault(song: np.ndarray, place: Path) -> None:
    place.parent.mkdir()
    place.write_text("no folder")
    assert _listened(song)[0] is Writing
