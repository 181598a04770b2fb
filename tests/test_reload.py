"""Saves while a real performance plays offscreen: the new look is seen soon."""

from bench.reload import GIVEN_UP, WAYS, run

PROMISED_MS = 500


def test_the_new_look_is_seen_within_half_a_second() -> None:
    """A busy machine is forgiven single saves, not all."""
    report = run(saves=2, size=(128, 128))
    assert report["saves"] == 2 * len(WAYS) and report["faults"] == 0
    every = [ms for spent in report["ways_ms"].values() for ms in spent]
    assert min(every) < PROMISED_MS and max(every) < 1000.0 * GIVEN_UP, report
