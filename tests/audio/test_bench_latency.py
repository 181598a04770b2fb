"""The arithmetic of `bench latency` on a performance whose delays are known."""

from types import SimpleNamespace

import numpy as np
import pytest

from bench.latency import PERIOD_SECONDS, Hop, Seen, _beat_errors, _followed

HIT = 10.0


def performance(capture: float, analysis_hops: int, shown: float) -> SimpleNamespace:
    """A hit at HIT, heard `capture` later, told some hops on, seen first at HIT + `shown`."""
    hops = []
    for n in range(-20, 30):
        read = HIT + capture + n * 0.0107
        kick = 0.9 if n >= analysis_hops else 0.0
        hops.append(Hop(read, read + 0.001, 0.8 if n in (0, 1) else 0.0, kick))
    frames = [HIT + shown + n / 30.0 for n in range(-10, 10)]
    seen = [Seen(time, 0.9 if time >= HIT + shown - 1e-9 else 0.0, 0.0) for time in frames]
    return SimpleNamespace(hops=hops, seen=seen)


def test_the_three_parts_are_the_whole():
    capture, analysis, drawing = _followed(performance(0.012, 2, 0.055), HIT)
    assert capture == pytest.approx(0.012)
    assert analysis == pytest.approx(0.0224)
    assert capture + analysis + drawing == pytest.approx(0.055)


def test_a_hit_that_was_not_heard_told_or_seen_is_left_out():
    assert _followed(performance(0.6, 0, 0.7), HIT) is None
    assert _followed(performance(0.01, 99, 0.05), HIT) is None
    assert _followed(performance(0.01, 0, 0.9), HIT) is None


def test_a_late_beat_has_a_positive_error():
    times = HIT + np.arange(14) / 30.0
    for late in (-0.04, 0.0, 0.03):
        phases = (times - late - HIT) / PERIOD_SECONDS % 1.0
        seen = [Seen(float(t), 0.0, float(p)) for t, p in zip(times, phases, strict=True)]
        assert _beat_errors(seen, [HIT]) == pytest.approx(1000.0 * late, abs=1e-6)
