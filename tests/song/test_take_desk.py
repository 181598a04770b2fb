"""The desk of takes: the switch opens and ends files, names play them, a full disk is one line."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.audio.sources import MemorySource
from engine.clock import AudioClock, monotonic, sleep
from engine.errors import MediaError
from engine.exchange import EventQueue
from engine.listening import Listening
from engine.play_options import PlayOptions
from engine.records import HOP, SAMPLERATE, ControlEvent
from engine.show import load_show
from engine.take_desk import TakeDesk, said
from engine.take_shelf import TakeShelf
from engine.takes import TakeWriter, load_take


class Evening:
    """A show that listens to silence in memory, hop by hop, with a desk of takes at work."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.events: EventQueue[ControlEvent] = EventQueue()
        self.source = MemorySource(np.zeros((60 * SAMPLERATE, 2), np.float32))
        self.listening = Listening(
            self.source, load_show("first_light"), AudioClock(), self.events
        )  # fmt: skip
        options = PlayOptions(show="first_light", audio="none")
        self.desk = TakeDesk(options, self.listening, self.events, AudioClock(), self.said.append)
        self.desk.start()

    def hand(self, address: str, value) -> None:
        self.events.put(ControlEvent(self.listening.graph.time, address, value, "test"))
        self.go()

    def go(self, hops: int = 3) -> None:
        for _ in range(hops):
            self.listening._hop(self.source.read_hop())
        assert not self.listening.faults, self.listening.fault

    def until(self, what: str, true, seconds: float = 10.0):
        end = monotonic() + seconds
        while monotonic() < end:
            if got := true():
                return got
            self.go(1)
            sleep(0.01)
        raise AssertionError(f"{what}: it said {self.said}")

    def tells(self, part: str) -> None:
        self.until(part, lambda: any(part in line for line in self.said))


@pytest.fixture
def videos(tmp_path: Path, monkeypatch) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    monkeypatch.setenv("XDG_VIDEOS_DIR", str(folder))
    return folder


@pytest.fixture
def evening(videos: Path):
    evening = Evening(videos)
    yield evening
    evening.desk.close()
    evening.listening.close()


def _record(evening: Evening) -> str:
    evening.hand("take", 1.0)
    evening.until("a take", lambda: evening.desk.facts()["take"])
    evening.hand("strength", 0.9)
    evening.go(20)
    evening.hand("take", 0.0)
    evening.tells(" long")
    return evening.desk.shelf.rows[0]["name"]


def test_a_take_is_recorded_listed_and_played_again(evening, videos):
    name = _record(evening)
    (row,) = evening.desk.shelf.rows
    assert row["show"] == "first_light" and 0.2 < row["seconds"] < 5.0 and row["bytes"] > HOP
    take = load_take(videos / f"{name}.take")
    assert take.first > 0 and [e.value for e in take.all_events if e.source == "test"] == [0.9]
    evening.hand("strength", 0.2)
    evening.hand("take.play", name)
    evening.tells(f"the take {name} plays over the show")
    held = evening.listening.moment
    evening.until("the hand of the take", lambda: held.get().controls.values.get("strength") == 0.9)
    assert evening.desk.facts()["laid"]["name"] == name
    evening.tells(f"the take {name} has ended")
    assert evening.desk.facts()["laid"] is None


def test_the_newest_is_played_with_a_press_and_stopped_with_the_next(evening):
    evening.hand("take.again", 1.0)
    evening.tells("there is no take yet")
    name = _record(evening)
    evening.hand("take.again", 1.0)
    evening.tells(f"the take {name} plays over the show, {said(10)[:2]}")
    evening.hand("take.again", 1.0)
    evening.until("its end", lambda: evening.listening.takes.laid is None)
    evening.tells(f"the take {name} ")


def test_a_hand_that_moves_meanwhile_wins(evening):
    name = _record(evening)
    evening.hand("take.play", name)
    evening.until("it plays", lambda: evening.listening.takes.laid)
    evening.hand("strength", 0.4)
    evening.tells("has ended")
    assert evening.listening.moment.get().controls.values["strength"] == 0.4


def test_an_unwritable_folder_is_one_line_and_the_switch_goes_off(evening, monkeypatch):
    monkeypatch.setenv("XDG_VIDEOS_DIR", "/proc")
    evening.hand("take", 1.0)
    evening.tells("no take: /proc/")
    evening.until("the switch", lambda: not evening.listening.moment.get().controls.take)
    evening.go(30)
    assert len(evening.said) == 1


def test_a_full_disk_is_one_line_and_the_show_goes_on(evening, videos, monkeypatch):
    full = videos / "full.take"
    full.symlink_to("/dev/full")
    monkeypatch.setattr(evening.desk.shelf, "free_path", lambda path: full)
    evening.hand("take", 1.0)
    evening.tells("no take: ")
    evening.until("the switch", lambda: not evening.listening.moment.get().controls.take)
    evening.go(30)
    assert "No space left" in evening.said[-1] and len(evening.said) == 2


def test_the_show_ends_in_the_midst_of_a_take(evening, videos):
    evening.hand("take", 1.0)
    evening.until("a take", lambda: evening.desk.facts()["take"])
    evening.until("some of it", lambda: evening.desk.facts()["take"]["seconds"] > 0.1)
    evening.desk.close()
    assert load_take(next(videos.glob("*.take"))).hops


def test_names_that_are_none_are_told(evening):
    for name in ("../../etc/passwd", "gone"):
        evening.hand("take.play", name)
        evening.tells(f"not played: {name!r} is no take here")


def _take(path: Path, sound: str) -> None:
    writer = TakeWriter(path, "first_light", sound, {})
    for hop in range(100):
        writer.hop(hop, [])
    writer.close()


def test_the_shelf_deletes_and_gives_back(tmp_path):
    _take(tmp_path / "one.take", "")
    _take(tmp_path / "two.take", "song.wav")
    (tmp_path / "song.wav").write_bytes(b"music")
    (tmp_path / "two.wav").write_bytes(b"not of this take")
    (tmp_path / "no.take").write_text("hello")
    shelf = TakeShelf([tmp_path])
    shelf.look()
    rows = {row["name"]: row for row in shelf.rows}
    assert rows.keys() == {"one", "two"} and rows["one"]["seconds"] == pytest.approx(1.07, abs=0.01)
    before = shelf.rows
    shelf.look()
    assert shelf.rows is before
    shelf.delete("one")
    shelf.delete("two")
    assert not shelf.rows and not (tmp_path / "one.wav").exists()
    assert (tmp_path / "two.wav").exists()
    shelf.restore("one")
    assert load_take(tmp_path / "one.take").hops == 100 and (tmp_path / "one.wav").exists()
    for wrong in (shelf.delete, shelf.restore):
        with pytest.raises(MediaError):
            wrong("../one")
    _take(tmp_path / "two.take", "song.wav")
    with pytest.raises(MediaError, match="another one has its name"):
        shelf.restore("two")
    shelf.close()
    assert not list(tmp_path.glob("*.deleted")) and (tmp_path / "one.take").exists()


def test_a_take_that_a_crash_has_cut_is_as_long_as_its_last_line(tmp_path):
    path = tmp_path / "cut.take"
    head = {"liquidlight_take": 1, "show": "first_light", "sound": "demo"}
    row = {"hop": 187, "address": "knob1", "value": 1.0, "time": 2.0}
    path.write_text(f'{json.dumps(head)}\n{json.dumps(row)}\n{{"hop": 9')
    shelf = TakeShelf([tmp_path])
    shelf.look()
    assert shelf.rows[0]["seconds"] == pytest.approx(2.01, abs=0.01)


def test_a_press_and_a_second_one_in_the_same_breath_make_a_take(evening):
    """Shorter than it takes to look: no part of it is lost, and no switch is left on."""
    for value in (1.0, 0.0, 1.0, 0.0):
        evening.hand("take", value)
    evening.until("two takes", lambda: sum(" long" in line for line in evening.said) == 2)
    assert len(evening.desk.shelf.rows) == 2
    assert all(load_take(Path(row["path"])).first for row in evening.desk.shelf.rows)
