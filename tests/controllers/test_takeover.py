"""Soft takeover: nearness, crossing, letting go both ways, the hand that wins, scaling."""

import pytest

from controllers.takeover import MOVING_SECONDS, NEAR, Takeover


class Hand:
    """A fader and the value that it is to move, both 0..1."""

    def __init__(self, value: float | None, mode: str = "pickup", fine: bool = False) -> None:
        self.value, self.takeover, self.place, self.time = value, Takeover(mode, fine), None, 0.0

    def to(self, place: float, after: float = 0.01) -> float | None:
        """Move the fader; what it sent is the value from then on."""
        self.time += after
        sent = self.takeover.move(self.place, place, lambda: self.value, self.time)
        self.place = place
        if sent is not None:
            self.value = sent
        return sent


def test_far_away_it_sends_nothing_and_near_it_takes_hold():
    hand = Hand(0.5)
    assert [hand.to(n / 127) for n in (10, 30, 59)] == [None, None, None]
    assert hand.to(61 / 127) == 61 / 127
    assert hand.to(10 / 127) == 10 / 127


@pytest.mark.parametrize(("first", "then"), [(0.1, 0.9), (0.9, 0.1)])
def test_a_quick_hand_passes_the_value_and_takes_hold(first, then):
    hand = Hand(0.5)
    assert hand.to(first) is None
    assert hand.to(then) == then


def test_the_first_move_passes_nothing():
    assert Hand(0.5).to(0.9) is None


def test_14_bits_are_asked_to_be_nearer():
    assert Hand(0.5).to(0.52) == 0.52
    assert Hand(0.5, fine=True).to(0.52) is None
    assert Hand(0.5, fine=True).to(0.502) == 0.502


def test_moved_by_anything_else_it_lets_go_once_the_hand_rests():
    hand = Hand(0.5)
    hand.to(0.5)
    hand.value = 0.9
    assert hand.to(0.52) == 0.52  # the hand that is moving wins
    hand.value = 0.9
    assert hand.to(0.55, after=2 * MOVING_SECONDS) is None
    assert hand.to(0.95) == 0.95


def test_left_where_it_is_it_keeps_hold():
    hand = Hand(0.5)
    hand.to(0.5)
    assert hand.to(0.8, after=10.0) == 0.8


def test_rearmed_it_takes_hold_again_at_once_where_nothing_has_changed():
    hand = Hand(0.5)
    hand.to(0.5)
    hand.takeover.rearm(hand.time + 10.0)
    assert not hand.takeover.engaged
    assert hand.to(0.51, after=10.0) == 0.51
    hand.takeover.rearm(hand.time + 10.0)
    assert hand.to(0.9, after=10.0) == 0.9  # from where it stood, it passes the value
    hand.takeover.rearm(hand.time + 10.0)
    hand.value = 0.2
    assert hand.to(0.95, after=10.0) is None


def test_a_moving_hand_is_not_rearmed():
    hand = Hand(0.5)
    hand.to(0.5)
    hand.takeover.rearm(hand.time + 0.1)
    assert hand.takeover.engaged


def test_jump_and_nothing_to_pick_up_send_at_once():
    assert Hand(0.5, "jump").to(0.9) == 0.9
    assert Hand(None).to(0.9) == 0.9


def test_scaling_reaches_both_ends_with_the_fader():
    hand = Hand(0.5, "scale")
    assert hand.to(0.0) is None  # where it stands is not known before
    values = [hand.to(n / 10) for n in range(1, 11)]
    assert values == sorted(values) and values[0] > 0.5 and values[-1] == pytest.approx(1.0)
    down = [hand.to(n / 10) for n in range(9, -1, -1)]
    assert down[-1] == pytest.approx(0.0)


def test_scaling_never_leaps():
    hand = Hand(0.2, "scale")
    hand.to(0.8)
    before = 0.2
    for n in range(79, 0, -1):
        value = hand.to(n / 100)
        assert abs(before - value) <= 0.011 + NEAR  # the last bit, once it is near
        before = value
