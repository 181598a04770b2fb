"""The MIDI thread with devices that are lists: who is opened, lit, dropped, taught and told."""

import pytest
import servers

from controllers.mapping import parse_mapping
from controllers.memory_midi import MemoryDriver
from controllers.midi import MidiInput
from controllers.surface import Control
from engine.clock import WallClock
from engine.errors import PresetError
from engine.exchange import EventQueue

APC, NOTES = "APC mini mk2 Control", "APC mini mk2 Notes"
GREEN, DARK = (0x96, 56, 21), (0x90, 56, 0)


class Show:
    """A surface that stands as it is told."""

    def __init__(self) -> None:
        self.stands = {"preset": "one", "strength": 0.5, "hush": 0.0}

    def controls(self):
        return (Control("preset", "choice", "", choices=("one", "two")),)

    def values(self):
        return self.stands

    def heard(self):
        return {"phase": 0.0}

    def queued(self):
        return frozenset()


class Stage:
    """A driver, a show and the MIDI thread between them."""

    def __init__(self, *ports: str, rows: dict[str, str] | None = None, name: str = "all") -> None:
        self.driver, self.show, self.events = MemoryDriver(*ports), Show(), EventQueue()
        self.midi = MidiInput(name, parse_mapping(rows or {}, "rig"), self.events, WallClock(),
                              surface=self.show, driver=self.driver)

    def heard(self, port: str, *messages: list[int], seconds: float = 5.0) -> list[tuple]:
        """The events of some messages."""
        self.driver.play(port, *messages)
        got: list[tuple] = []

        def all_there():
            got.extend((e.address, e.value) for e in self.events.drain())
            return got

        servers.wait_for("events", all_there, seconds)
        return got

    def lit(self, message: tuple[int, ...], port: str = APC) -> None:
        servers.wait_for(f"{message}", lambda: message in self.driver.sent[port])

    def told(self, words: str) -> None:
        notes: list[str] = []

        def there():
            notes.extend(self.midi.notes.drain())
            return any(words in note for note in notes)

        servers.wait_for(words, there)


@pytest.fixture
def stage():
    stages = []

    def make(*ports: str, **rest) -> Stage:
        stages.append(Stage(*ports, **rest))
        return stages[-1]

    yield make
    for made in stages:
        made.midi.close()


def test_a_known_device_plays_and_is_lit_and_its_other_port_is_left_alone(stage):
    it = stage(APC, NOTES)
    it.lit(GREEN)
    assert it.midi.outputs == (APC,) and it.driver.sent[NOTES] == []
    assert it.midi.profiles == {APC: "Akai APC mini mk2"}
    it.driver.play(NOTES, [0x90, 36, 100])
    assert it.heard(APC, [0x90, 57, 100]) == [("preset.2", 1.0)]
    it.midi.close()
    assert it.driver.sent[APC][-1] != GREEN and DARK in it.driver.sent[APC]


def test_lights_follow_the_show_and_are_all_sent_again_after_a_panic(stage):
    it = stage(APC)
    it.lit(GREEN)
    it.show.stands = {**it.show.stands, "preset": "two"}
    it.lit((0x96, 57, 21))
    count = len(it.driver.sent[APC])
    it.show.stands = {**it.show.stands, "hush": 1.0}
    servers.wait_for("all lights", lambda: len(it.driver.sent[APC]) >= count + 80)


def test_a_knob_waits_for_the_value_of_the_show_and_lets_go_with_the_look(stage):
    it = stage("box", rows={"strength": "cc 1", "tap": "note 1"})
    it.driver.play("box", [0xB0, 1, 10])
    servers.wait_for("a ghost", lambda: "strength" in it.midi.ghosts)
    assert it.heard("box", [0xB0, 1, 64]) == [("strength", pytest.approx(64 / 127))]
    assert it.midi.ghosts == {}


def test_one_that_returns_everything_loses_its_lights_and_presses_nothing(stage):
    it = stage()
    it.driver.returns.add(APC)
    it.driver.plug(APC)
    it.told("returns what it is sent")
    assert it.midi.outputs == () and it.events.drain() == []
    assert it.heard(APC, [0x90, 57, 100]) == [("preset.2", 1.0)]


def test_one_that_another_program_holds_is_tried_again(stage):
    it = stage()
    it.driver.held.add(APC)
    it.driver.plug(APC)
    servers.wait_for("the problem", lambda: "cannot be opened" in it.midi.problem)
    it.driver.held.clear()
    it.lit(GREEN)


def test_pulled_out_while_it_is_lit_it_is_told_and_taken_up_again(stage):
    it = stage(APC)
    it.lit(GREEN)
    it.driver.pull(APC)
    it.told("has gone")
    it.driver.sent.clear()
    it.driver.plug(APC)
    it.lit(GREEN)
    assert it.midi.reopened == 1


def test_rows_for_one_port_and_another_mapping(stage):
    it = stage("left", "right", rows={"knob1": "cc 99 from left", "takeover": "jump"})
    it.driver.play("right", [0xB0, 99, 99])
    assert it.heard("left", [0xB0, 99, 127]) == [("knob1", 1.0)]
    it.midi.set_mapping(parse_mapping({"knob2": "cc 99"}, "rig"))
    servers.wait_for("the mapping", lambda: not it.midi._changed)
    assert it.heard("right", [0xB0, 99, 127]) == [("knob2", 1.0)]


def test_what_is_learnt_moves_nothing_meanwhile(stage):
    it, found = stage("box"), []
    it.midi.learn("strength", found.append)
    it.driver.play("box", *([0xB0, 16, n] for n in range(60, 70)))
    servers.wait_for("what was learnt", lambda: found)
    assert (found[0].text, found[0].port) == ("cc 16", "box")
    assert it.events.drain() == [] and it.midi.moved_by(found[0]) == ("knob1",)
    it.midi.learn("opacity", found.append)
    it.midi.learn("", found.append)  # given up
    assert it.heard("box", [0xB0, 17, 127]) == [("knob2", 1.0)]
    with pytest.raises(PresetError):
        it.midi.learn("opaque", found.append)


def test_a_profile_that_is_wrong_is_told_and_the_device_plays_without(stage, monkeypatch, tmp_path):
    from controllers import profile

    (tmp_path / "box.toml").write_text('ports = ["box"]\n[midi]\nknob99 = "cc 1"\n')
    monkeypatch.setattr(profile, "_places", lambda: (tmp_path, profile.SHIPPED))
    it = stage("box")
    it.told("box.toml:3: midi.knob99")
    assert it.heard("box", [0xB0, 16, 127]) == [("knob1", 1.0)]
