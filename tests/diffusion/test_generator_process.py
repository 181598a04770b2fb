"""The supervised process: pictures arrive, a killed or stuck worker is replaced, nothing stays."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from engine.clock import WallClock, monotonic, sleep
from engine.diffusion import ProcessGenerator
from engine.diffusion.child import next_due
from engine.diffusion.process import Patience
from engine.diffusion.sharedmem import Board
from engine.errors import ModelError
from engine.records import FrameParams, Prompt

SIZE = (64, 64)
LOADING = 120.0
"""Seconds: the libraries are imported by a process of low priority on a busy machine."""


def params_at(index):
    return FrameParams(index, index / 60, 1 / 60, prompts=(Prompt("red", 1.0),), seed=1)


def drive(generator, done, seconds=LOADING):
    """Submit and look at display rate until done(newest frame); the longest call in seconds."""
    end, index, longest = monotonic() + seconds, 0, 0.0
    while monotonic() < end:
        start = monotonic()
        generator.submit(params_at(index))
        frame = generator.latest()
        longest = max(longest, monotonic() - start)
        if done(frame):
            return frame, longest
        index += 1
        sleep(1 / 60)
    raise AssertionError(f"not in {seconds} s: {generator.health()}")


def alive(pid):
    return Path(f"/proc/{pid}").exists()


@pytest.fixture(scope="module")
def generator(ours):
    made = ProcessGenerator(ours, SIZE, WallClock(), device="cpu", threads=1, runtime="torch",
                            patience=Patience(loading=LOADING, running=1.5))
    yield made
    made.close()


def test_pictures_arrive_with_their_parameters(generator):
    assert generator.health().state == "loading"
    assert generator.latest() is None
    frame, _ = drive(generator, lambda f: f is not None and f.number >= 5)
    assert frame.picture.shape == (64, 64, 3) and frame.picture.dtype == np.uint8
    assert frame.params.prompts == (Prompt("red", 1.0),)
    assert frame.ready > 0 and frame.seconds > 0
    health = generator.health()
    assert health.state == "running" and health.restarts == 0 and health.generated >= 5
    assert 0 < health.p50_ms <= health.p99_ms and alive(health.pid)


def test_a_killed_worker_is_replaced_and_the_numbers_count_on(generator):
    before, _ = drive(generator, lambda f: f is not None)
    killed = generator.health()
    os.kill(killed.pid, signal.SIGKILL)
    after, longest = drive(
        generator, lambda f: generator.health().restarts > killed.restarts
        and f.number > before.number + 10)
    health = generator.health()
    assert health.pid != killed.pid and health.restarts == killed.restarts + 1
    assert health.state == "running" and "-9" in health.fault
    assert after.number <= health.generated
    assert longest < 2.0  # nobody waited for the dead; a busy machine may hold us back


def test_the_picture_goes_on_from_the_last_one(generator):
    """At strength 0 the model adds nothing: the new worker must show what the old one left."""
    drive(generator, lambda f: f is not None)
    hold = FrameParams(0, 0.0, 0.0, strength=0.0)
    generator.submit(hold)
    end = monotonic() + LOADING
    while generator.latest().params != hold and monotonic() < end:
        sleep(0.02)
    left = generator.latest()
    os.kill(generator.health().pid, signal.SIGKILL)
    while generator.latest().number == left.number and monotonic() < end:
        generator.submit(hold)
        sleep(0.02)
    found = generator.latest()
    assert found.number > left.number
    assert np.abs(found.picture.astype(int) - left.picture.astype(int)).mean() < 3


def test_a_stuck_worker_is_replaced(generator):
    before, _ = drive(generator, lambda f: generator.health().state == "running")
    stuck = generator.health()
    os.kill(stuck.pid, signal.SIGSTOP)
    drive(generator, lambda f: generator.health().restarts > stuck.restarts
          and f.number > before.number + 5)
    health = generator.health()
    assert "stuck" in health.fault and health.pid != stuck.pid
    assert not alive(stuck.pid)


def test_close_leaves_nothing(generator):
    pid, name = generator.health().pid, generator._board.name
    generator.close()
    generator.close()
    assert not alive(pid)
    assert not Path("/dev/shm", name).exists()
    last = generator.latest()
    generator.submit(params_at(1))
    assert generator.latest() is last and generator.health().generated >= last.number


def test_faults_are_said_at_once(ours, tmp_path):
    with pytest.raises(ModelError, match="no such model folder"):
        ProcessGenerator(tmp_path / "nowhere", SIZE)
    with pytest.raises(ModelError, match="multiples of 8"):
        ProcessGenerator(ours, (65, 64))


def test_the_process_ends_with_its_parent_and_leaves_no_warning(ours, tmp_path):
    """A stage that is killed leaves no process; one that forgets to close leaves no warning."""
    script = tmp_path / "stage.py"
    script.write_text(textwrap.dedent(f"""
        import sys
        from engine.clock import sleep
        from engine.diffusion import ProcessGenerator
        if __name__ == "__main__":
            generator = ProcessGenerator({str(ours)!r}, (64, 64), device="cpu", runtime="torch")
            while not generator.health().pid:
                sleep(0.02)
            print(generator.health().pid, flush=True)
            sys.stdin.read()
    """))
    root = str(Path(__file__).parents[2])
    for kill in (True, False):
        stage = subprocess.Popen([sys.executable, "-W", "error", str(script)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True,
                                 env={**os.environ, "PYTHONPATH": root})
        pid = int(stage.stdout.readline())
        if kill:
            stage.kill()
        _, errors = stage.communicate(timeout=60)
        end = monotonic() + 60
        while alive(pid) and monotonic() < end:
            sleep(0.1)
        assert not alive(pid)
        assert kill or errors == ""


def test_a_half_written_picture_is_never_read():
    board = Board.create((8, 8))
    try:
        picture = np.full((8, 8, 3), 7, np.uint8)
        for _ in range(6):
            board.publish(picture, params_at(1), 0.01, 0.5)
        head = board._frames._heads[board.newest % 4]
        head[0] = 0  # as a writer leaves it while it writes, or when it is killed there
        assert board.read_picture() is None
        head[0] = board.newest
        got = board.read_picture()
        assert got.number == 6 and got.noise_phase == 0.5 and np.array_equal(got.picture, picture)
        assert not board.post(FrameParams(0, 0, 0, prompts=(Prompt("x" * 200_000, 1),)))
        del head
    finally:
        board.close(unlink=True)


def test_pacing_is_by_absolute_deadlines():
    due, now = 0.0, 0.0
    for _ in range(100):
        now = max(now, due) + 0.013  # each picture takes 13 ms and begins when it is due
        due = next_due(due, now, 25.0)
    assert due == pytest.approx(100 / 25.0, abs=0.05)
    assert next_due(0.0, 10.0, 25.0) == 10.0  # after a long picture no hurry to catch up
