"""Ring, mailbox, queue and clocks."""

import numpy as np
import pytest

from engine.clock import AudioClock, FrameClock, WallClock
from engine.exchange import EventQueue, Mailbox, SampleRing
from engine.records import HOP


@pytest.mark.parametrize("block", [1, 64, 441, 512, 1000, 4096])
def test_hops_do_not_depend_on_the_block_size(block: int) -> None:
    samples = np.random.default_rng(1).standard_normal((HOP * 40, 2)).astype(np.float32)
    ring, hops = SampleRing(capacity=8192), []
    for start in range(0, len(samples), block):
        ring.write(samples[start : start + block])
        while (hop := ring.read_hop()) is not None:
            hops.append(hop)
    assert np.array_equal(np.concatenate(hops), samples)
    assert ring.overruns == 0


def test_a_slow_reader_loses_the_oldest_and_it_is_counted() -> None:
    ring = SampleRing(capacity=4 * HOP)
    numbers = np.arange(10 * HOP, dtype=np.float32)
    for start in range(0, len(numbers), HOP):
        ring.write(np.repeat(numbers[start : start + HOP, None], 2, axis=1))
    hop = ring.read_hop()
    assert hop is not None and ring.overruns == 1
    assert hop[0, 0] >= 6 * HOP and hop[0, 0] % HOP == 0
    assert np.array_equal(hop[:, 0], numbers[int(hop[0, 0]) : int(hop[0, 0]) + HOP])


def test_the_mailbox_keeps_the_newest_and_the_queue_keeps_all() -> None:
    box, queue = Mailbox(0), EventQueue()
    for n in range(5):
        box.put(n)
        queue.put(n)
    assert box.get() == box.get() == 4
    assert queue.drain() == [0, 1, 2, 3, 4]
    assert queue.drain() == []


def test_clocks_never_run_backwards() -> None:
    clock = AudioClock()
    times = []
    for n in range(2000):
        clock.heard(n * 0.0001 * (-1) ** n)
        times.append(clock.now())
    assert times == sorted(times)
    wall = WallClock()
    assert 0.0 <= wall.now() <= wall.now()


def test_the_frame_clock_stands_until_it_is_set() -> None:
    clock = FrameClock()
    assert clock.now() == clock.now() == 0.0
    clock.set(1.5)
    assert clock.now() == 1.5
