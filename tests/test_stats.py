"""Figures of a performance against hand-made durations, and the lines of its file."""

import json
import mmap
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine import stats as module
from engine.clock import monotonic, sleep
from engine.errors import MediaError
from engine.records import Beat
from engine.stats import RING, Stats, StatsWriter, rss_mb

KEYS = [
    *("time", "display_fps", "display_ms_p50", "display_ms_p99", "display_ms_max"),
    *("late_frames", "generator_fps", "generator_ms_p50", "generator_ms_p99"),
    *("generator_restarts", "generator_pid", "latency_ms", "bpm", "confidence"),
    *("audio_overruns", "rss_mb", "events"),
]


@dataclass
class Health:
    pid: int = 4242
    restarts: int = 1
    generated: int = 0
    p50_ms: float = 120.0
    p99_ms: float = 180.0


@pytest.fixture
def steady(monkeypatch):
    """A clock that is moved by hand."""
    now = [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def taken(stats: Stats, health: Health | None = None, **changes) -> dict:
    rest = {"time": 12.34567, "latency_ms": 42.0, "audio_overruns": 3, "events": 9}
    beat = Beat(bpm=128.0, confidence=0.75)
    return stats.snapshot(generator=health or Health(), beat=beat, **{**rest, **changes})


def test_the_keys_are_those_promised(steady):
    row = taken(Stats())
    assert list(row) == KEYS
    assert (row["time"], row["bpm"], row["confidence"]) == (12.346, 128.0, 0.75)
    assert (row["generator_pid"], row["generator_restarts"], row["events"]) == (4242, 1, 9)
    assert (row["latency_ms"], row["audio_overruns"]) == (42.0, 3)
    assert row["rss_mb"] > 1.0


def test_durations_are_those_since_the_last_snapshot(steady):
    stats = Stats()
    for _ in range(5):
        stats.display(900.0)
    taken(stats)
    durations = np.arange(1.0, 101.0)
    for duration in durations:
        stats.display(duration)
    steady[0] += 2.0
    row = taken(stats)
    assert row["display_fps"] == 50.0
    assert row["display_ms_p50"] == np.percentile(durations, 50)
    assert row["display_ms_p99"] == round(np.percentile(durations, 99), 3)
    assert row["display_ms_max"] == 100.0


def test_late_frames_count_from_the_start(steady):
    stats = Stats(refresh_hz=50.0)
    for duration in (10.0, 29.9, 30.1, 80.0):
        stats.display(duration)
    assert taken(stats)["late_frames"] == 2
    stats.display(1.0, late=True)
    stats.display(500.0, late=False)
    assert taken(stats)["late_frames"] == 3


def test_a_second_longer_than_the_ring_keeps_the_newest(steady):
    stats = Stats()
    for n in range(RING + 10):
        stats.display(1000.0 if n < 10 else 5.0)
    steady[0] += 1.0
    row = taken(stats)
    assert (row["display_ms_max"], row["display_fps"]) == (5.0, RING + 10)


def test_generator_rate_comes_from_its_count(steady):
    stats = Stats()
    taken(stats, Health(generated=10))
    steady[0] += 2.0
    assert taken(stats, Health(generated=26))["generator_fps"] == 8.0


def test_without_frames_the_figures_are_zero_and_what_is_no_number_is_null(steady):
    row = taken(Stats(), latency_ms=float("nan"))
    assert (row["display_fps"], row["display_ms_p99"], row["display_ms_max"]) == (0, 0, 0)
    assert row["latency_ms"] is None


def test_memory_follows_what_is_held():
    if not Path("/proc/self/statm").exists():
        pytest.skip("only /proc tells the present size")
    before = rss_mb()
    with mmap.mmap(-1, 64 * 2**20) as held:  # new pages: an array may lie in memory freed before
        np.frombuffer(held, np.uint8)[:] = 1
        assert 55.0 < rss_mb() - before < 80.0


def test_memory_without_proc(monkeypatch):
    if sys.platform == "win32":
        pytest.skip("Windows tells neither")
    monkeypatch.setattr(module.Path, "read_text", lambda *_: (_ for _ in ()).throw(OSError()))
    assert rss_mb() > 1.0


def test_one_line_for_each_snapshot_while_it_runs(tmp_path, steady):
    path = tmp_path / "stats.jsonl"
    writer = StatsWriter(path)
    rows = [taken(Stats(), events=n) for n in range(3)]
    writer.write(rows[0])
    end = monotonic() + 5.0
    while not path.read_text() and monotonic() < end:
        sleep(0.005)
    assert json.loads(path.read_text()) == rows[0]
    writer.write(rows[1])
    writer.write(rows[2])
    writer.close()
    assert [json.loads(line) for line in path.read_text().splitlines()] == rows


def test_a_path_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(MediaError, match=r"stats\.jsonl: cannot be written \(No such file"):
        StatsWriter(tmp_path / "missing" / "stats.jsonl")


def test_a_full_disk_does_not_stop_the_show():
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    writer = StatsWriter(Path("/dev/full"))
    writer.write({"time": 1})
    end = monotonic() + 5.0
    while not writer.fault and monotonic() < end:
        sleep(0.005)
    assert "No space left" in writer.fault
    writer.write({"time": 2})
    writer.close()
