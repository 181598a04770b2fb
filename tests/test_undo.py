"""Edits by hand and the way back: what is one step, what none, and what the desk is asked."""

from engine.records import ControlEvent, Controls
from engine.undo import SAVED, History


class Hands:
    """Plays events into a history, as the graph does."""

    def __init__(self) -> None:
        self.history, self.controls = History(), Controls()

    def do(self, address: str, value: float | str = 1.0, time: float = 0.0, source: str = "osc"):
        event = ControlEvent(time, address, value, source)
        self.controls = self.history.reduce(self.controls, (event,))
        return {**self.controls.values, **self.controls.texts}


def test_undo_gives_a_value_back_and_redo_brings_it_again() -> None:
    hands = Hands()
    hands.do("strength", 0.3)
    hands.do("prompts.1.text", "a red heart", 2.0)
    assert hands.do("undo") == {"strength": 0.3}
    assert hands.do("undo") == {} == hands.do("undo")
    assert hands.do("redo") == {"strength": 0.3}
    both = {"strength": 0.3, "prompts.1.text": "a red heart"}
    assert hands.do("redo") == both == hands.do("redo")


def test_a_knob_in_motion_is_one_step() -> None:
    hands = Hands()
    hands.do("strength", 0.9, 0.0)
    for n in range(20):  # two seconds of turning, after a pause
        hands.do("strength", n / 20.0, 5.0 + n / 10.0)
    assert hands.do("undo", time=8.0) == {"strength": 0.9}
    assert hands.do("redo", time=8.1) == {"strength": 0.95}


def test_two_knobs_and_two_moments_are_steps_of_their_own() -> None:
    hands = Hands()
    hands.do("knob1", 0.5, 1.0)
    hands.do("knob2", 0.5, 1.1)
    hands.do("knob2", 0.7, 3.0)
    assert hands.do("undo") == {"knob1": 0.5, "knob2": 0.5}
    assert hands.do("undo") == {"knob1": 0.5}


def test_knobs_turned_by_turns_are_a_step_each() -> None:
    hands = Hands()
    for n in range(20):
        hands.do("knob1", n / 20.0, n / 10.0)
        hands.do("knob2", n / 20.0, n / 10.0)
    assert hands.do("undo") == {"knob1": 0.95}
    assert hands.do("undo") == {}


def test_a_new_edit_ends_what_could_be_redone() -> None:
    hands = Hands()
    hands.do("strength", 0.3)
    hands.do("undo")
    hands.do("strength", 0.6, 5.0)
    assert hands.do("redo") == {"strength": 0.6}


def test_reset_is_one_step_and_played_things_are_none() -> None:
    hands = Hands()
    hands.do("strength", 0.3, 0.0)
    hands.do("guidance", 2.0, 2.0)
    hands.do("freeze", 1.0, 3.0)
    assert hands.do("reset", 1.0, 4.0) == {}
    assert hands.do("undo") == {"strength": 0.3, "guidance": 2.0}
    assert hands.controls.freeze
    assert hands.do("undo") == {"strength": 0.3}


def test_release_gives_one_address_back_to_the_look() -> None:
    hands = Hands()
    hands.do("strength", 0.3, 0.0)
    hands.do("guidance", 2.0, 2.0)
    assert hands.do("release", "strength", 4.0) == {"guidance": 2.0}
    assert hands.do("release", "nothing", 5.0) == {"guidance": 2.0}
    assert hands.do("undo") == {"strength": 0.3, "guidance": 2.0}


def test_the_desk_is_asked_with_the_controls_of_that_moment() -> None:
    hands = Hands()
    hands.do("strength", 0.3)
    hands.do("save")
    hands.do("save.variation", 0.0)  # a button let go
    hands.do("strength", 0.5, 9.0)
    (ask,) = hands.history.asks.drain()
    assert (ask.what, dict(ask.controls.values)) == ("save", {"strength": 0.3})


def test_a_saved_file_is_one_step_with_the_hands_it_released() -> None:
    hands = Hands()
    hands.do("strength", 0.3, 0.0)
    hands.do("guidance", 2.0, 3.0)
    for address, value in (("release", "strength"), ("release", "guidance"), (SAVED, 1.0)):
        now = hands.do(address, value, 5.0, SAVED)
    assert now == {}
    assert hands.do("undo") == {"strength": 0.3, "guidance": 2.0}
    assert hands.do("redo") == {}
    assert [(ask.what, ask.number) for ask in hands.history.asks.drain()] == [
        ("undo", 1), ("redo", 1),
    ]
    hands.do("undo")
    assert hands.do("undo") == {"strength": 0.3}


def test_what_no_controller_should_send_is_survived() -> None:
    hands = Hands()
    for value in ("text", -1.0, 0.0):
        assert hands.do("undo", value) == {}
    hands.do("save", "now")
    assert hands.do("release", 3.0) == {} and not hands.history.asks.drain()
