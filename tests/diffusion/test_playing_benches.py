"""bench changes and bench soak run a real generator and give figures that add up."""

import json

import pytest

from bench.changes import CHANGES
from bench.changes import run as changes
from bench.soak import growth, megabytes, params_at
from bench.soak import run as soak


def test_changes_are_counted_by_kind(ours, capsys):
    found = changes(str(ours), (64, 64), changes=10, runtime="torch", threads=1)
    assert found["changes"] == 10 and found["pictures"] == 30 and found["undisturbed"] == 30
    assert set(found["kinds"]) == set(CHANGES) and found["restarts"] == 0
    assert found["steady"]["p50"] == pytest.approx(1.0, abs=0.3)
    assert found["usual_ms"][1] < found["usual_ms"][3] and found["ratio"] > 0
    assert json.loads(json.dumps(found))["runtime"] == "torch"
    shown = capsys.readouterr()
    assert shown.out == "" and "strength" in shown.err


def test_a_short_soak(ours, capsys):
    found = soak(str(ours), (64, 64), seconds=6.0, runtime="torch", threads=1)
    assert found["pictures"] > 5 and found["restarts"] == 0 and found["broken"] == 0
    assert found["begin_mb"] > 50 and found["fps_late"] > 0 and abs(found["growth_percent"]) < 30
    assert "MB" in capsys.readouterr().err


def test_growth_is_the_last_minute_over_the_first_after_a_quarter():
    rows = [(5.0 * n, 500.0 if n < 60 else 400 + n / 240 * 8, 10 * n) for n in range(241)]
    found = growth(rows)
    assert found["growth_percent"] == pytest.approx(1.4, abs=0.1)
    assert found["largest_mb"] == 500 and found["fps_late"] == 2.0


def test_the_show_of_a_soak_moves():
    scenes = [params_at(n, n * 2.0) for n in range(60)]
    assert len({scene.prompts for scene in scenes}) == 60
    assert {scene.steps for scene in scenes} == {1, 2}
    assert {scene.guidance for scene in scenes} == {1.0, 1.5}
    assert megabytes(0) == 0.0
