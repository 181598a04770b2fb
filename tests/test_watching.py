"""Saves as editors make them, real files, a real watcher: each is seen once, soon and whole."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers import wait_for

from engine.clock import monotonic, sleep
from engine.show import Show, load_show
from engine.watching import Watcher

LOOK = 'strength = {strength}\n[[prompts]]\ntext = "sea"\n'
SHADER = '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/ void main() {}'


class Seat:
    """A show in a folder, watched; what the watcher said and did."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.look = folder, folder / "look.toml"
        self.shows: list[Show] = []
        self.shaders: list[Path] = []
        self.told: list[str] = []
        self.look.write_text(LOOK.format(strength=0.1))
        self.watcher = Watcher(
            str(self.look), load_show(str(self.look)), self.shows.append, self.shaders.append,
            self.told.append,
        )
        self.watcher.start()
        sleep(0.3)  # the system's watch is up

    @property
    def strength(self) -> float:
        return self.shows[-1].presets[0].numbers["strength"].constant if self.shows else 0.1

    def wait(self, what: str, true: Callable[[], object]) -> None:
        wait_for(what, true, 10.0)


@pytest.fixture
def seat(tmp_path) -> Iterator[Seat]:
    seat = Seat(tmp_path)
    yield seat
    seat.watcher.close()


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def in_pieces(path: Path, text: str) -> None:
    with path.open("w") as file:
        for part in (text[:9], text[9:20], text[20:]):
            file.write(part)
            file.flush()
            sleep(0.03)


def renamed(path: Path, text: str) -> None:
    fresh = path.with_suffix(".tmp")
    fresh.write_text(text)
    os.replace(fresh, path)


def as_vim(path: Path, text: str) -> None:
    """The old file becomes the backup, a new one is written, the backup goes."""
    backup = path.with_name(f"{path.name}~")
    os.rename(path, backup)
    sleep(0.02)
    path.write_text(text)
    backup.unlink()


def deleted_first(path: Path, text: str) -> None:
    path.unlink()
    sleep(0.1)
    path.write_text(text)


@pytest.mark.parametrize("save", [in_place, in_pieces, renamed, as_vim, deleted_first])
def test_a_save_is_seen_whole(seat, save) -> None:
    for strength in (0.2, 0.3, 0.4):
        save(seat.look, LOOK.format(strength=strength))
        seat.wait("the new look", lambda wanted=strength: seat.strength == wanted)
    assert seat.watcher.faults == 0
    assert set(seat.told) == {"reloaded look"}


def test_a_burst_of_saves_ends_with_the_last(seat) -> None:
    for n in range(20):
        renamed(seat.look, LOOK.format(strength=n / 20))
    seat.wait("the last look", lambda: seat.strength == 0.95)
    assert len(seat.shows) < 10


def test_a_broken_save_is_told_once_and_so_is_its_mending(seat) -> None:
    in_place(seat.look, LOOK.format(strength=7))
    seat.wait("the fault", lambda: seat.watcher.faults)
    sleep(1.5)  # it is tried again, and nothing more is said
    (told,) = seat.told
    assert "strength = 7 is outside 0.0..1.0 (the last good look stays)" in told
    in_place(seat.look, LOOK.format(strength=8))
    seat.wait("the other fault", lambda: seat.watcher.faults == 2)
    assert not seat.shows
    in_place(seat.look, LOOK.format(strength=0.5))
    seat.wait("the mending", lambda: seat.strength == 0.5)
    assert seat.told[2:] == ["mended, reloaded look"]


def test_files_that_a_show_gains_are_watched(seat, tmp_path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    parent = other / "parent.toml"
    parent.write_text(LOOK.format(strength=0.6))
    in_place(seat.look, f'extends = "{parent}"\n[[effects]]\nshader = "mine"\n')
    seat.wait("the fault", lambda: seat.watcher.faults)
    (other / "mine.fs").write_text(SHADER)  # a folder that nothing was known of before
    seat.wait("the shader and the parent", lambda: seat.strength == 0.6)
    sleep(0.6)
    assert seat.told[1:] == ["mended, reloaded look"]  # and not once more for the new files
    renamed(parent, LOOK.format(strength=0.7))
    seat.wait("the parent's change", lambda: seat.strength == 0.7)
    renamed(other / "mine.fs", SHADER + "// new")
    seat.wait("the shader", lambda: other / "mine.fs" in seat.shaders)


def test_what_was_missing_may_come_later(seat) -> None:
    in_place(seat.look, LOOK.format(strength=0.2) + '[[layers]]\npicture = "logo.png"\n')
    seat.wait("the fault", lambda: seat.watcher.faults)
    (seat.folder / "logo.png").write_bytes(b"later")
    seat.wait("the look", lambda: seat.strength == 0.2)
    assert seat.told[-1] == "mended, reloaded look"


def test_other_files_are_no_concern(seat) -> None:
    (seat.folder / "notes.txt").write_text("x")
    (seat.folder / "other.toml").write_text("broken =")
    sleep(0.8)
    assert not seat.told and not seat.shows


def test_a_save_between_reading_and_watching_is_not_lost(tmp_path) -> None:
    look = tmp_path / "look.toml"
    look.write_text(LOOK.format(strength=0.1))
    shows: list[Show] = []
    watcher = Watcher(str(look), load_show(str(look)), shows.append, print, print)
    look.write_text(LOOK.format(strength=0.25))
    watcher.start()
    wait_for("the save", lambda: shows, 10.0)
    watcher.close()


def test_reload_by_the_desk_is_quiet_and_happens_once(seat) -> None:
    in_place(seat.look, LOOK.format(strength=0.9))
    assert seat.watcher.reload() and seat.strength == 0.9
    begun = monotonic()
    sleep(0.8)
    assert len(seat.shows) <= 2 and monotonic() - begun < 10.0
