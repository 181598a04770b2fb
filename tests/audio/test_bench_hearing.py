"""The scores of `bench hearing` on claims whose faults are known, and a short run of the whole."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from bench import beat_scores as scores
from bench.beat_peers import aubio_beats, madmom_beats
from bench.beat_scores import Heard, Truth
from bench.hearing import Tally, _add, by_kind, hear, summary
from engine.errors import LiquidlightError

BEATS = np.arange(0.25, 60.0, 0.5)
"""A minute at 120."""
TRUTH = Truth(BEATS, np.arange(len(BEATS)) % 4 + 1)


def claims(t: np.ndarray, late: float = 0.0, bpm: float = 120.0, first: int = 1) -> Heard:
    """Claims at times, each told `late` seconds after its time, the bar counted from `first`."""
    t = np.asarray(t, float)
    bar = (np.arange(len(t)) + first - 1) % 4 + 1
    return Heard(t, t + late, np.full(len(t), bpm), bar)


def test_perfect_claims_score_one_in_everything() -> None:
    row = scores.score(TRUTH, claims(BEATS))
    for name in ("f", "cmlt", "amlt", "downbeat_f", "tempo_right", "bar_right"):
        assert row[name] == pytest.approx(1.0), name
    assert row["jumps"] == 0 and row["phase_ms"] == pytest.approx(0.0, abs=1e-9)
    assert row["first_right_s"] == pytest.approx(0.25)
    assert row["fourth_right_s"] == pytest.approx(1.75)


def test_no_claims_score_zero() -> None:
    row = scores.score(TRUTH, claims(np.zeros(0)))
    assert row["f"] == row["cmlt"] == row["tempo_right"] == row["jumps"] == 0
    assert np.isinf(row["fourth_right_s"])


def test_a_claim_told_late_is_missed_and_false() -> None:
    assert scores.score(TRUTH, claims(BEATS, late=0.049))["f"] == 1.0
    assert scores.score(TRUTH, claims(BEATS, late=0.051))["f"] == 0.0
    half = claims(BEATS)
    half.emitted[::2] += 0.06
    assert scores.score(TRUTH, half)["f"] == pytest.approx(0.5, abs=0.01)


def test_early_and_late_claims_show_as_bias() -> None:
    row = scores.score(TRUTH, claims(BEATS - 0.02))
    assert row["bias_ms"] == pytest.approx(-20.0) and row["phase_ms"] == pytest.approx(20.0)
    assert scores.score(TRUTH, claims(BEATS + 0.08))["f"] == 0.0


def test_half_beats_and_double_tempo_are_told_from_the_beat() -> None:
    row = scores.score(TRUTH, claims(BEATS + 0.25))
    assert row["f"] == row["cmlt"] == 0.0 and row["amlt"] > 0.9
    double = claims(np.sort(np.concatenate([BEATS, BEATS + 0.25])), bpm=240.0)
    row = scores.score(TRUTH, double)
    assert row["f"] == pytest.approx(2 / 3, abs=0.02) and row["tempo_right"] == 0.0


def test_the_beginning_and_unknown_spans_do_not_count() -> None:
    assert scores.score(TRUTH, claims(BEATS[BEATS > 5.0]))["f"] == 1.0
    hole = replace(TRUTH, unknown=((20.0, 30.0),))
    wrong = claims(np.where((BEATS > 20) & (BEATS < 30), BEATS + 0.2, BEATS))
    assert scores.score(hole, wrong)["f"] == 1.0
    assert scores.score(TRUTH, wrong)["f"] < 0.85


def test_the_lock_is_the_fourth_right_beat_in_a_row() -> None:
    t = BEATS.copy()
    t[:10] += 0.2  # wrong until 5 s
    t[12] += 0.2  # two right, one wrong, then right
    first, fourth = scores.locked(TRUTH, claims(t, late=0.01), 0.0)
    assert first == pytest.approx(BEATS[13]) and fourth == pytest.approx(BEATS[16] + 0.01)


def test_the_lock_after_a_change_waits_for_what_can_be_known() -> None:
    truth = replace(TRUTH, changes=(30.0,), unknown=((30.0, 34.0),))
    assert scores.locks_after_changes(truth, claims(BEATS)) == [pytest.approx(1.75)]


def test_jumps_count_once_each_and_only_while_locked() -> None:
    t = BEATS.copy()
    t[40:60] += 0.25
    t[80:] += 0.25
    assert scores.score(TRUTH, claims(t))["jumps"] == 2
    assert scores.score(TRUTH, claims(BEATS + 0.25))["jumps"] == 0  # never locked
    double = np.sort(np.concatenate([BEATS, BEATS[60:] + 0.25]))
    assert scores.score(TRUTH, claims(double))["jumps"] == 1
    halved = np.concatenate([BEATS[:60], BEATS[60::2]])
    assert scores.score(TRUTH, claims(halved))["jumps"] == 1
    missed = np.delete(BEATS, np.s_[50:80])
    assert scores.score(TRUTH, claims(missed))["jumps"] == 0  # silent, not wrong


def test_a_change_of_track_is_no_jump() -> None:
    t = BEATS.copy()
    t[60:66] += 0.25
    assert scores.score(TRUTH, claims(t))["jumps"] == 1
    assert scores.score(replace(TRUTH, changes=(30.2,)), claims(t))["jumps"] == 0


def test_the_downbeat_is_right_or_not() -> None:
    assert scores.bar_right(TRUTH, claims(BEATS, first=3)) == 0.0
    assert scores.score(TRUTH, claims(BEATS, first=3))["downbeat_f"] == 0.0
    assert np.isnan(scores.bar_right(replace(TRUTH, meter=3), claims(BEATS)))


def test_tempo_is_judged_by_the_tempo_that_sounds() -> None:
    slow = np.arange(0.0, 30.0, 0.75)
    both = Truth(np.concatenate([slow, 30.0 + BEATS]), np.ones(len(slow) + len(BEATS), int))
    bpm = np.where(both.beats < 30, 80.0, 120.0)
    assert scores.tempo_right(both, Heard(both.beats, both.beats, bpm, both.bar_pos)) == 1.0
    assert scores.tempo_right(TRUTH, claims(BEATS, bpm=124.0)) == 1.0
    assert scores.tempo_right(TRUTH, claims(BEATS, bpm=126.0)) == 0.0


def test_drops_are_found_missed_and_false() -> None:
    truth = replace(TRUTH, drops=(20.25, 40.25), entries=(10.25,), changes=(50.0,))
    heard = replace(claims(BEATS), drops=np.array([10.3, 20.6, 33.0, 49.0]))
    assert scores.drops(truth, heard) == (2, 1, 1)


class _Track:
    """What the tally needs of a Piece."""

    def __init__(self, kind: str, truth: Truth = TRUTH) -> None:
        self.kind, self.seconds, self.__dict__ = kind, 60.0, {
            **{name: getattr(truth, name) for name in truth.__dataclass_fields__},
            "kind": kind, "seconds": 60.0}


def test_the_tally_sums_pieces_and_what_is_heard_in_nothing() -> None:
    tally = Tally()
    _add(tally, "a", _Track("generator"), claims(BEATS), 0.1)
    _add(tally, "b", _Track("mma"), claims(BEATS + 0.25), 0.3)
    nothing = replace(claims(BEATS[:3]), confidence=np.array([0.1, 0.5]))
    _add(tally, "c", _Track("nothing", Truth(np.zeros(0), np.zeros(0, int), 0)), nothing, 0.2)
    figures = summary(tally)
    assert figures["f"] == 0.5 and figures["cpu_mean"] == pytest.approx(0.2)
    assert figures["nothing"]["confidence_max"] == 0.5
    assert figures["nothing"]["beats_a_minute"] == 3.0
    kinds = by_kind({"ours": tally.rows})
    assert kinds["generator"]["ours"]["f"] == 1.0 and kinds["mma"]["ours"]["f"] == 0.0
    json.dumps(figures, allow_nan=False)


def test_the_chain_and_aubio_hear_a_plain_beat(kicks) -> None:
    samples = kicks(120.0, 16.0)[:, 0]
    truth = Truth(np.arange(0.0, 15.8, 0.5), np.arange(32) % 4 + 1)
    ours = hear(samples)
    assert scores.score(truth, ours)["f"] > 0.85
    assert len(ours.confidence) == len(ours.cpu) == len(samples) // 512
    assert (ours.emitted >= ours.t - 0.02).all()
    assert len(aubio_beats(samples).t) > 10


def test_a_python_without_madmom_is_named(tmp_path) -> None:
    with pytest.raises(LiquidlightError, match="madmom does not run there"):
        madmom_beats(np.zeros(4800, np.float32), sys.executable)


def test_the_command_ends_in_one_line_of_json(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engine", "bench", "hearing", "--seconds", "20",
         "--music", str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["bench"] == "hearing" and set(figures["trackers"]) == {"ours", "aubio"}
    assert "beat F-measure" in done.stderr
