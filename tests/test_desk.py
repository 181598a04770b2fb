"""Saving from the stage with real files, a real graph and watcher; the analysis thread is played.

Each hop of the test is one of the analysis thread: a moment of silence and the events so far.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from servers import wait_for

from engine.autosave import LiveState, events_of, state_of
from engine.clock import FrameClock
from engine.desk import Desk
from engine.exchange import EventQueue, Mailbox
from engine.graph import Graph
from engine.records import HOP, ControlEvent, FrameParams
from engine.resolve import resolve
from engine.show import load_show
from engine.watching import Watcher

LOOK = """# a look
strength = "0.3 + 0.1*kick"  # how wild
[[prompts]]
text = "sea"
[[effects]]
shader = "glow"
"""
SILENCE = np.zeros((HOP, 2), np.float32)


class Stage:
    """What Listening and Performance are to the desk, stepped by hand."""

    def __init__(self, folder: Path, live: LiveState | None = None, text: str = LOOK) -> None:
        self.look = folder / "look.toml"
        if not self.look.exists():
            self.look.write_text(text)
        show = load_show(str(self.look))
        self.show, self.graph = Mailbox(show), Graph(show)
        self.moment = Mailbox(self.graph.moment)
        self.events: EventQueue[ControlEvent] = EventQueue()
        self.take: object | None = None
        self.told: list[str] = []
        self.watcher = Watcher(
            str(self.look), show, self.show.put, lambda _: None, self.told.append
        )
        self.watcher.start()
        self.desk = Desk(
            self, self.events, FrameClock(), self.watcher.reload, self.told.append, live
        )
        self.desk.start()

    def hop(self, **moved: float | str) -> FrameParams:
        """One hop with these events, dots written as double lines; what is shown then."""
        for name, value in moved.items():
            time = self.graph.time
            self.events.put(ControlEvent(time, name.replace("__", "."), value, "osc"))
        self.graph.show = self.show.get()
        self.moment.put(self.graph.hop(SILENCE, self.events.drain()))
        time = self.moment.get().time
        return resolve(time, 0, 0.0, self.moment.get(), self.show.get())

    def wait(self, words: str) -> None:
        """Hops go on until the desk has said so."""
        def said() -> bool:
            self.hop()
            return any(words in line for line in self.told)

        wait_for(words, said, 10.0)
        self.hop()

    @property
    def hands(self) -> dict[str, float | str]:
        controls = self.moment.get().controls
        return {**controls.values, **controls.texts}

    def close(self) -> None:
        self.desk.close()
        self.watcher.close()


@pytest.fixture
def stage(tmp_path, monkeypatch) -> Iterator[Stage]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def picture(params: FrameParams) -> FrameParams:
    return replace(params, time=0.0, beat=0.0)


def test_save_writes_the_look_and_the_hands_let_go(stage) -> None:
    seen = stage.hop(strength=0.7, prompts__1__text="a red heart", knob1=0.5)
    stage.hop(save=1.0)
    stage.wait("saved")
    assert stage.hands == {"knob1": 0.5}
    text = stage.look.read_text()
    assert 'strength = 0.7 # how wild; was "0.3 + 0.1*kick"' in text
    assert picture(stage.hop()) == picture(seen)
    (backup,) = (stage.look.parent / "state").rglob("*-look.toml")
    assert backup.read_text() == LOOK


def test_undo_and_redo_of_a_save_and_of_what_was_before(stage) -> None:
    seen = stage.hop(strength=0.7)
    stage.hop(save=1.0)
    stage.wait("saved")
    saved = stage.look.read_text()
    stage.hop(undo=1.0)
    stage.wait("undo: ")
    assert stage.look.read_text() == LOOK and stage.hands == {"strength": 0.7}
    assert picture(stage.hop()) == picture(seen)
    stage.hop(redo=1.0)
    stage.wait("redo: ")
    assert stage.look.read_text() == saved and stage.hands == {}
    assert picture(stage.hop()) == picture(seen)


def test_a_variation_lies_beside_and_its_undo_takes_it_away(stage) -> None:
    stage.hop(strength=0.7)
    stage.hop(**{"save__variation": 1.0})
    stage.wait("look-2.toml")
    stage.hop(strength=0.2)
    stage.hop(**{"save__variation": 1.0})
    stage.wait("look-3.toml")
    assert stage.look.read_text() == LOOK and stage.hands == {"strength": 0.2}
    beside = stage.look.with_name("look-3.toml")
    assert load_show(str(beside)).presets[0].numbers["strength"].constant == 0.2
    stage.hop(undo=1.0)
    stage.wait("is gone")
    assert not beside.exists() and stage.look.with_name("look-2.toml").exists()


def test_what_an_editor_saved_meanwhile_is_kept(stage) -> None:
    stage.hop(strength=0.7)
    stage.look.write_text(LOOK.replace("sea", "sky, from the editor"))
    stage.hop(save=1.0)
    stage.wait("saved")
    text = stage.look.read_text()
    assert "sky, from the editor" in text and "strength = 0.7" in text


def test_a_file_changed_since_the_save_is_not_put_back(stage) -> None:
    stage.hop(strength=0.7)
    stage.hop(save=1.0)
    stage.wait("saved")
    mine = stage.look.read_text() + "# and a word\n"
    stage.look.write_text(mine)
    stage.hop(undo=1.0)
    stage.wait("was changed elsewhere since")
    assert stage.look.read_text() == mine


def test_a_broken_file_is_not_saved_over(stage) -> None:
    stage.hop(strength=0.7)
    stage.look.write_text("strength = [")
    stage.hop(save=1.0)
    stage.wait("not saved: ")
    assert stage.look.read_text() == "strength = [" and stage.hands == {"strength": 0.7}


def test_nothing_to_save_is_told(stage) -> None:
    stage.hop(knob1=0.4)
    stage.hop(save=1.0)
    stage.wait("nothing to save")
    stage.hop(**{"effects.oil.amount": 0.5})
    stage.hop(save=1.0)
    stage.wait("still by hand: effects.oil.amount")
    assert stage.look.read_text() == LOOK


def test_a_take_that_plays_saves_nothing_again(stage) -> None:
    stage.take = "some take"
    stage.hop(strength=0.7)
    stage.hop(save=1.0)
    stage.wait("not saved: a take plays")
    assert stage.look.read_text() == LOOK and stage.hands == {"strength": 0.7}


def test_a_folder_that_cannot_be_written_is_told(stage, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.desk.write_whole", full)
    stage.hop(strength=0.7)
    stage.hop(save=1.0)
    stage.wait("No space left")
    assert stage.look.read_text() == LOOK and stage.hands == {"strength": 0.7}


def test_the_live_state_is_kept_and_brings_the_same_look_back(tmp_path) -> None:
    moved = {"strength": 0.7, "prompts__1__text": "a red heart", "knob1": 0.5, "blackout": 1.0}
    with LiveState(tmp_path / "live.json") as live:
        first = Stage(tmp_path, live)
        seen = first.hop(**moved)
        kept = state_of(first.moment.get(), first.show.get())
        wait_for("the state", lambda: live.left(str(first.look)) == kept, 10.0)
        first.close()
    again = Stage(tmp_path)
    for event in events_of(kept):
        again.events.put(event)
    back = again.hop()
    again.hop(undo=1.0)  # nobody's edit: nothing is taken back
    again.close()
    assert picture(back) == picture(seen)
    assert again.hands == first.hands


def test_a_set_goes_on_with_its_look_decks_and_autopilot() -> None:
    show = load_show("first_light")
    graph = Graph(show)
    moved = (("autopilot.lock", 1.0), ("preset.3.now", 1.0), ("autopilot", 1.0), ("deck.b", 2.0),
             ("crossfader", 0.25), ("hush", 1.0))
    graph.hop(SILENCE, [ControlEvent(0.0, name, value, "osc") for name, value in moved])
    for _ in range(300):
        graph.hop(SILENCE)
    kept = json.loads(json.dumps(state_of(graph.moment, show)))
    assert kept["look"] == show.names[2]
    again = Graph(show)
    again.hop(SILENCE, events_of(kept))
    again.hop(SILENCE)
    assert state_of(again.moment, show) == kept


def test_a_run_that_ended_well_leaves_nothing_and_others_keep_out(tmp_path) -> None:
    path = tmp_path / "live.json"
    show = load_show("bloom")
    state = state_of(Graph(show).moment, show)
    with LiveState(path) as live:
        live.write(state)
        with LiveState(path) as second:
            assert not second.mine and second.left(None) is None
            second.write({})
        assert live.left("bloom") == state and live.left("night_drive") is None
    assert not path.exists()
    with pytest.raises(RuntimeError), LiveState(path) as live:
        live.write(state)
        raise RuntimeError("a crash")
    with LiveState(path) as live:
        assert live.left(None) == state


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"show": 3}', "\x00\xff", "null"])
def test_a_state_that_cannot_be_read_is_none(tmp_path, text) -> None:
    path = tmp_path / "live.json"
    path.write_text(text)
    with LiveState(path) as live:
        assert live.left(None) is None


def test_a_folder_that_cannot_be_used_stops_no_show(tmp_path) -> None:
    (tmp_path / "file").write_text("no folder")
    with LiveState(tmp_path / "file" / "live.json") as live:
        assert not live.mine and live.left(None) is None
        live.write({})


def test_the_lock_goes_with_a_killed_process(tmp_path) -> None:
    path = tmp_path / "live.json"
    code = ("import sys; from pathlib import Path; from engine.autosave import LiveState; "
            "live = LiveState(Path(sys.argv[1])); print(live.mine, flush=True); input()")
    held = subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert held.stdout.readline() == b"True\n"
    with LiveState(path) as live:
        assert not live.mine
    held.kill()
    held.communicate()
    with LiveState(path) as live:
        assert live.mine
