"""Saves while a real performance plays offscreen: the new look is seen soon."""

from bench.reload import WAYS, run

PROMISED_MS = 500


def test_the_new_look_is_seen_within_half_a_second() -> None:
    """Busy machines are forgiven single saves, not every one of a kind."""
    report = run(saves=2, size=(128, 128))
    assert report["saves"] == 2 * len(WAYS) and report["faults"] == 0
    for way, spent in report["ways_ms"].items():
        assert min(spent) < PROMISED_MS, (way, spent)
