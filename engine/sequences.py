"""Prompts that follow each other over beats: which of them has the word at a beat. Pure."""

from __future__ import annotations

import random
from functools import lru_cache

from engine.show import Sequence


def shares(sequence: Sequence, count: int, beat: float) -> tuple[float, ...]:
    """The share 0..1 of each of `count` prompts at a count of beats; they sum to one.

    Each comes in over `fade_beats` at its turn, eased, while the one before goes.
    """
    turn, since = divmod(beat, sequence.beats)
    k = since / sequence.fade_beats if since < sequence.fade_beats else 1.0
    k = 1.0 if turn < 1.0 else k * k * (3.0 - 2.0 * k)
    shared = [0.0] * count
    shared[_whose(sequence, count, int(turn))] += k
    if k < 1.0:
        shared[_whose(sequence, count, int(turn) - 1)] += 1.0 - k
    return tuple(shared)


def _whose(sequence: Sequence, count: int, turn: int) -> int:
    """The prompt (from 0) whose turn it is; `turn` counts from 0."""
    if sequence.order == "pingpong" and count > 1:
        place = turn % (2 * count - 2)
        return min(place, 2 * count - 2 - place)
    if sequence.order == "random" and count > 2:
        return _shuffled(sequence.seed, count, turn // count)[turn % count]
    return turn % count


@lru_cache(maxsize=64)
def _shuffled(seed: int, count: int, around: int) -> tuple[int, ...]:
    """All prompts once, in an order that is new each time around; none comes twice running."""
    order = _order(seed, count, around)
    if around and order[0] == _order(seed, count, around - 1)[-1]:
        order[0], order[1] = order[1], order[0]
    return tuple(order)


def _order(seed: int, count: int, around: int) -> list[int]:
    return random.Random(f"{seed} {around}").sample(range(count), count)
