"""Learning into the rig: its text, the row that loses its control, undo, and the verb over JACK."""

import os
import subprocess
import sys

import pytest
import servers
from processes import ROOT, Process

from controllers.learn import Learned
from controllers.mapping import parse_mapping
from engine.clock import WallClock, sleep
from engine.desk import Desk
from engine.exchange import EventQueue, Mailbox
from engine.learning import Bindings, Learner, with_row
from engine.records import ControlEvent, Controls
from engine.undo import UNLEARN, Ask, History

RIG = """# mine
[devices]
audio = "USB"  # the good one

[midi]
knob1 = "cc 21"  # left
knob2 = "cc 22, cc 23"
"""


def rows(address: str, text: str, rig: str = RIG, lone: bool = True) -> str:
    return with_row(rig, Learned(address, text, "nanoKONTROL2:Ctrl 1"), lone)[0]


def test_the_row_is_written_and_all_else_stays():
    new = rows("strength", "cc 7")
    assert new == RIG + 'strength = "cc 7"\n'
    assert rows("strength", "cc 7", "").endswith('[midi]\nstrength = "cc 7"\n')


def test_an_address_learnt_again_keeps_what_it_was_in_a_comment():
    assert 'knob1 = "cc 9" # left; was "cc 21"' in rows("knob1", "cc 9")


def test_other_rows_lose_the_control():
    assert 'knob2 = "cc 23"' in rows("strength", "cc 22")
    assert "knob1" not in rows("strength", "cc 21")
    assert 'knob1 = "cc 21"' in rows("strength", "cc 21 shift")  # another layer


def test_with_other_ports_open_the_row_is_for_one():
    assert 'strength = "cc 7 from nanokontrol2:ctrl 1"' in rows("strength", "cc 7", lone=False)


class _Midi:
    """The MIDI thread of a rehearsal: who asks gets an answer."""

    ports = ("pad",)

    def __init__(self) -> None:
        self.mapping, self._done = None, None

    def learn(self, address, done):
        self._address, self._done = address, done

    def move(self, text: str) -> None:
        self._done(Learned(self._address, text, "pad"))

    def set_mapping(self, mapping) -> None:
        self.mapping = mapping

    def moved_by(self, _learned) -> tuple[str, ...]:
        return ("knob6",)


class _Listening:
    """What the desk reads of it."""

    take = None

    def __init__(self) -> None:
        self.graph = self
        self.history, self.moment, self.show = History(), Mailbox(None), Mailbox(None)


def test_learnt_in_the_show_it_is_undone_as_an_edit_is(tmp_path):
    rig, said, midi, events = tmp_path / "rig.toml", [], _Midi(), EventQueue()
    rig.write_text(RIG)
    listening = _Listening()
    desk = Desk(listening, events, WallClock(), lambda: True, said.append)
    desk.learner = Learner(midi, Bindings({"knob1": "cc 21"}, str(rig)), said.append)
    controls = Controls()

    def happen(*asked: ControlEvent) -> None:
        nonlocal controls
        controls = listening.history.reduce(controls, [*asked, *events.drain()])
        desk._work()

    happen(ControlEvent(1.0, "learn", "opacity"))
    midi.move("cc 50")
    happen()
    assert 'opacity = "cc 50"' in rig.read_text()
    assert {row.address.name for row in midi.mapping.rows} == {"knob1", "knob2", "opacity"}
    assert said == ["learn: move the control for opacity",
                    'learned: "opacity" = "cc 50" (pad); it moved knob6 until now']
    happen()
    happen(ControlEvent(2.0, "undo", 1.0))
    assert rig.read_text() == RIG
    assert {row.address.name for row in midi.mapping.rows} == {"knob1", "knob2"}
    happen(ControlEvent(3.0, "redo", 1.0))
    assert 'opacity = "cc 50"' in rig.read_text()


def test_what_plays_is_listed_and_what_was_learnt_is_forgotten_and_had_back(tmp_path):
    rig, said, midi, events = tmp_path / "rig.toml", [], _Midi(), EventQueue()
    rig.write_text('[midi]\n# the big one\nopacity = "cc 50 channel 2"\nknob2 = "note 36 shift"\n')
    bindings, listening = Bindings({}, str(rig)), _Listening()
    midi.mappings = {"pad": bindings.again().over(parse_mapping({"knob5": "bend"}, "profile"))}
    desk = Desk(listening, events, WallClock(), lambda: True, said.append)
    desk.learner = Learner(midi, bindings, said.append)
    assert desk.learner.bound() == [
        {"address": "opacity", "control": "cc 50 channel 2", "port": "pad", "own": True},
        {"address": "knob2", "control": "note 36 shift", "port": "pad", "own": True},
        {"address": "knob5", "control": "bend", "port": "pad", "own": False}]
    before = rig.read_text()
    for address in ("knob5", "opacity"):
        listening.history.asks.put(Ask(UNLEARN, Controls(), text=address))
        desk._work()
    assert said == ["unlearn: rig.toml binds nothing to 'knob5'",
                    'unlearned: "opacity" is bound to nothing by rig.toml']
    assert "cc 50" not in rig.read_text() and "note 36 shift" in rig.read_text()
    assert {row.address.name for row in midi.mapping.rows} == {"knob2"}
    listening.history.reduce(Controls(), [*events.drain(), ControlEvent(2.0, "undo", 1.0)])
    desk._work()
    assert rig.read_text() == before and len(midi.mapping.rows) == 2


def test_what_was_touched_last_may_be_learnt():
    history, controls = History(), Controls()
    history.reduce(controls, [
        ControlEvent(1.0, "strength", 0.7, "osc"), ControlEvent(2.0, "opacity", 0.7, "midi:box"),
        ControlEvent(3.0, "learn", "last", "key"),
    ])  # fmt: skip
    assert [ask.text for ask in history.asks.drain()] == ["strength"]


def test_undone_where_there_was_no_rig_there_is_none_again(tmp_path):
    rig, midi, events, listening = tmp_path / "rig.toml", _Midi(), EventQueue(), _Listening()
    desk = Desk(listening, events, WallClock(), lambda: True, lambda _: None)
    desk.learner = Learner(midi, Bindings({}, str(rig)), lambda _: None)
    desk.learner.ask("opacity")
    midi.move("cc 50")
    desk._work()
    assert rig.exists() and midi.mapping.rows
    listening.history.reduce(Controls(), [*events.drain(), ControlEvent(2.0, "undo", 1.0)])
    desk._work()
    assert not rig.exists() and not midi.mapping.rows


PEER = """
import json, sys
import rtmidi
out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="strange box")
out.open_virtual_port("ctrl")
print("ready", flush=True)
for line in sys.stdin: out.send_message(json.loads(line))
"""


def test_the_verb_binds_an_unknown_controller(tmp_path):
    pytest.importorskip("rtmidi", reason="python-rtmidi has no wheel for this Python")
    rig = tmp_path / "rig.toml"
    with servers.jack() as place:
        environment = {**os.environ, **place}
        box = Process(PEER, "", environment)
        assert box.line() == "ready"
        command = [sys.executable, "-m", "engine", "learn", "prompts.1.weight", "freeze",
                   "--rig", str(rig), "--seconds", "60"]
        verb = subprocess.Popen(command, cwd=ROOT, env=environment, text=True,
                                stderr=subprocess.PIPE)
        try:
            assert "move the control for prompts.1.weight" in verb.stderr.readline()
            for n in range(400):  # a port that is open is not yet a wire
                box.say([0xB0, 30, n % 100])
                sleep(0.02)
                if rig.exists():
                    break
            assert '"prompts.1.weight" = "cc 30"' in verb.stderr.readline()
            assert "move the control for freeze" in verb.stderr.readline()
            box.say([0x90, 12, 80])
            assert '"freeze" = "note 12"' in verb.stderr.readline()
            assert verb.wait(timeout=60) == 0
        finally:
            verb.kill()
            verb.wait()
            verb.stderr.close()
            box.close()
    assert rig.read_text().endswith('[midi]\n"prompts.1.weight" = "cc 30"\nfreeze = "note 12"\n')


def test_a_wrong_address_is_one_line():
    told = subprocess.run([sys.executable, "-m", "engine", "learn", "strenth"], cwd=ROOT,
                          capture_output=True, text=True)
    assert told.returncode == 2
    assert told.stderr.startswith("liquidlight: learn: midi.strenth")
    assert told.stderr.count("\n") == 1 and "strength" in told.stderr
