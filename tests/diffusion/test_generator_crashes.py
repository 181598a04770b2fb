"""Whatever happens inside the model, one clear line is told and the show goes on."""

import contextlib
import os
import resource
import signal
import sys
from pathlib import Path

import pytest

from engine.clock import WallClock, monotonic, sleep
from engine.diffusion import ProcessGenerator
from engine.diffusion.process import Patience
from engine.records import FrameParams, Prompt

SIZE = (256, 256)
LOADING = 300.0
"""Seconds: on a machine that has ten others at work."""
TIGHTER = 8 << 20
"""Bytes by which the room is cut at each picture: one of 768x768 wants more than that at a time."""


def params_at(index, **changes):
    return FrameParams(index, index / 60, 1 / 60,
                       **{"prompts": (Prompt("red", 1.0),), "seed": 1, **changes})


def drive(generator, done, seconds=LOADING, **changes):
    """Submit and look at display rate until done(health, frame)."""
    end, index = monotonic() + seconds, 0
    while monotonic() < end:
        generator.submit(params_at(index, **changes))
        frame, health = generator.latest(), generator.health()
        if done(health, frame):
            return frame
        index += 1
        sleep(1 / 60)
    raise AssertionError(f"not in {seconds} s: {generator.health()}")


@pytest.fixture(scope="module")
def generator(ours):
    made = ProcessGenerator(ours, SIZE, WallClock(), device="cpu", threads=1, runtime="torch",
                            patience=Patience(loading=LOADING, running=1.5))
    yield made
    made.close()


def goes_on(generator, before, restarts):
    """Pictures after the fall, counted on from those before it."""
    return drive(generator, lambda health, frame: health.restarts == restarts + 1
                 and health.state == "running" and frame.number > before.number + 3)


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_crash_inside_the_model(generator, how):
    before = drive(generator, lambda health, frame: frame is not None)
    health = generator.health()
    os.kill(health.pid, how)
    after = goes_on(generator, before, health.restarts)
    assert after.number > before.number
    assert generator.health().fault == f"the process ended with code {-how}"


def test_an_exception_inside_the_model_is_told_with_its_text(generator):
    """A strength that is no number gets past nobody but a test."""
    before = drive(generator, lambda health, frame: frame is not None)
    restarts = generator.health().restarts
    end = monotonic() + LOADING
    while generator.health().restarts == restarts and monotonic() < end:
        generator.submit(params_at(0, strength="much"))
        sleep(0.05)
    assert generator.health().restarts > restarts
    fault = generator.health().fault
    assert fault.startswith("TypeError: ") and "\n" not in fault
    drive(generator, lambda health, frame: health.state == "running"
          and frame.number > before.number + 3)


def test_a_stuck_model_is_told_and_replaced(generator):
    before = drive(generator, lambda health, frame: health.state == "running")
    health = generator.health()
    os.kill(health.pid, signal.SIGSTOP)
    goes_on(generator, before, health.restarts)
    assert "stuck: no sign of life for" in generator.health().fault


def cut(pid, room):
    """Limit a process's address space; it may be gone by now."""
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_AS, (room, resource.RLIM_INFINITY))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process's memory")
def test_out_of_memory_steps_down_and_the_show_goes_on(ours):
    """The worker's address space is cut to what it has, and by a little more at each picture."""
    generator = ProcessGenerator(ours, (768, 768), WallClock(), device="cpu", threads=1,
                                 runtime="torch")
    try:
        drive(generator, lambda health, frame: health.generated >= 3)
        pid = generator.health().pid
        used = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
        first = generator.health().generated

        def short_of_memory(health, frame):
            if health.pid == pid:
                room = used - TIGHTER * (health.generated - first)
                cut(pid, room)
            return health.note.startswith("out of memory: ")

        drive(generator, short_of_memory, guidance=3.0, steps=2)
        if generator.health().pid == pid:
            cut(pid, used)
        count = generator.health().generated
        drive(generator, lambda health, frame: health.generated > count + 5, guidance=3.0, steps=2)
        assert generator.health().restarts <= 1  # a library may die of it instead of telling
        assert generator.latest().picture.shape == (768, 768, 3)
    finally:
        generator.close()
