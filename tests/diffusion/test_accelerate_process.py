"""The supervised generator begins in torch, goes over to OpenVINO, and starts warm next time."""

import os
import signal

import numpy as np
import pytest

from engine.clock import WallClock, monotonic, sleep
from engine.diffusion import ProcessGenerator
from engine.diffusion.sharedmem import Board
from engine.errors import ModelError
from engine.records import FrameParams, Prompt

SIZE = (64, 64)
WITHIN = 600.0
"""Seconds: a conversion is 10 s of processor time at low priority, on a busy machine."""


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def drive(generator, done):
    """Submit at display rate until done(health); the pictures that came meanwhile."""
    end, pictures, index = monotonic() + WITHIN, {}, 0
    while monotonic() < end:
        generator.submit(FrameParams(index, index / 60, 1 / 60, prompts=(Prompt("red", 1.0),),
                                     seed=1))
        frame = generator.latest()
        if frame is not None:
            pictures[frame.number] = frame.picture
        if done(generator.health()):
            return pictures
        index += 1
        sleep(1 / 60)
    raise AssertionError(f"not in {WITHIN} s: {generator.health()}")


def made(steered, **about):
    """Five pictures a second, so that the conversion gets its share of the processor."""
    return ProcessGenerator(steered, SIZE, WallClock(), device="cpu", threads=1, max_fps=5.0,
                            **about)


def test_torch_begins_openvino_takes_over_and_the_next_start_is_warm(steered):
    generator = made(steered, runtime="openvino")
    try:
        drive(generator, lambda health: health.generated >= 3)
        health = generator.health()
        assert health.runtime == "torch" and health.restarts == 0
        assert health.note.startswith("OpenVINO is made ready in the background")
        pictures = drive(generator, lambda health: health.runtime == "openvino")
        assert generator.health().note == "OpenVINO draws now"
        count = generator.health().generated
        drive(generator, lambda health: health.generated >= count + 5)
        assert generator.health().restarts == 0 and all(p.std() > 0 for p in pictures.values())
    finally:
        generator.close()
    again = made(steered)  # "auto" finds what was converted
    try:
        drive(again, lambda health: health.generated >= 3)
        assert again.health().runtime == "openvino" and again.health().note == ""
        os.kill(again.health().pid, signal.SIGKILL)
        drive(again, lambda health: health.restarts == 1 and health.state == "running"
              and health.runtime == "openvino")
    finally:
        again.close()


def test_what_is_missing_is_told_before_anything_starts(steered, monkeypatch):
    from engine.diffusion import runtimes

    monkeypatch.setattr(runtimes, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="'onnx', not installed: onnxruntime, onnx; pip"):
        made(steered, runtime="onnx")


def test_a_runtime_that_keeps_failing_is_given_up(steered, monkeypatch):
    """Two lives in a row that end at once under a faster runtime: torch from then on."""
    generator = made(steered, runtime="torch")
    try:
        board = generator._board
        assert not generator._fell()
        for faster in ("openvino", "graphs", "tensorrt", "compiled"):
            board.runtime = faster
            assert generator._fell()
        board.set("made_by_child", 1000)
        assert not generator._fell()
    finally:
        generator.close()


def test_the_board_carries_runtime_and_note():
    board = Board.create(SIZE)
    try:
        assert board.runtime == "" and board.note == "" and board.fault == ""
        board.runtime, board.note, board.fault = "onnx", "é" * 3000, "no"
        assert board.runtime == "onnx" and board.fault == "no"
        assert set(board.note) <= {"é", "\ufffd"} and len(board.note) > 1000
        assert np.all(board._fault[2:] == 0)
    finally:
        board.close(unlink=True)
