"""Pictures of a source cross to the generator and are redrawn: camera, video, shader, file."""

import os
import signal
from dataclasses import replace

import numpy as np

from engine.clock import WallClock, monotonic, sleep
from engine.diffusion import LocalGenerator, ProcessGenerator, TwinGenerator
from engine.diffusion.sharedmem import Board
from engine.records import FrameParams, Layer, Prompt

SIZE = (96, 64)
CAMERA = Layer("camera", "any")
KEPT = FrameParams(1, 0.1, 0.1, prompts=(Prompt("red", 1.0),), strength=0.0,
                   source_layer=CAMERA, source_amount=1.0)


def picture_of(seed):
    """Smooth and colourful: uint8 (64, 96, 3)."""
    small = np.random.default_rng(seed).integers(60, 200, (8, 12, 3), np.uint8)
    return np.ascontiguousarray(small.repeat(8, 0).repeat(8, 1))


def close(a, b):
    return np.abs(a.astype(int) - b.astype(int)).mean() < 12  # the regulator may move it a little


def test_the_board_hands_over_the_newest_source_picture():
    board = Board.create(SIZE)
    other = Board.attach(board.name, SIZE)
    try:
        assert other.source_posted == 0 and other.read_source() is None
        for seed in range(5):
            assert board.post_source(picture_of(seed))
        number, found = other.read_source()
        assert number == other.source_posted == 5 and np.array_equal(found, picture_of(4))
        assert not board.post_source(np.zeros((8, 8, 3), np.uint8))
        assert other.source_posted == 5
    finally:
        other.close()
        board.close(unlink=True)


def test_a_source_is_mixed_in_by_its_amount_and_feedback_goes_on_without(ours):
    generator = LocalGenerator(ours, SIZE, device="cpu")
    start = generator.generate(replace(KEPT, index=0, time=0.0, strength=0.5)).picture
    without = generator.generate(replace(KEPT, time=0.0)).picture  # no picture has come yet
    assert close(without, start)
    seen = generator.generate(replace(KEPT, time=0.0), picture_of(1)).picture
    assert close(seen, picture_of(1)) and not close(seen, start)
    half = generator.generate(replace(KEPT, time=0.0, source_amount=0.5), picture_of(2)).picture
    assert close(half, (picture_of(2) / 2 + seen / 2).astype(int))
    still = generator.generate(replace(KEPT, time=0.0, source_layer=None)).picture
    assert close(still, half)


def test_the_process_redraws_the_source_and_so_does_the_next_one(ours):
    generator = ProcessGenerator(ours, SIZE, WallClock(), device="cpu", threads=1,
                                 runtime="torch")
    twin, picture = TwinGenerator(SIZE), picture_of(3)
    try:
        generator.submit(KEPT, picture)
        twin.submit(KEPT, picture)
        assert np.array_equal(twin.latest().picture, picture)
        end = monotonic() + 120.0

        def arrives(restarts):
            while monotonic() < end:
                frame, health = generator.latest(), generator.health()
                if frame and health.restarts >= restarts and close(frame.picture, picture):
                    return True
                generator.submit(KEPT)
                sleep(0.02)
            return False

        assert arrives(0)
        os.kill(generator.health().pid, signal.SIGKILL)
        assert arrives(1)
        generator.submit(KEPT, picture[:8])
        assert "96x8 does not fit" in generator.health().fault
    finally:
        generator.close()


def test_its_colours_may_be_those_of_the_picture(ours):
    generator = LocalGenerator(ours, SIZE, device="cpu")
    start = generator.generate(replace(KEPT, index=0, time=0.0, source_layer=None)).picture
    grey = generator.generate(
        replace(KEPT, time=0.0, source_colours=0.0), picture_of(1)).picture.astype(int)
    own = generator.generate(replace(KEPT, time=0.0), picture_of(1)).picture.astype(int)
    hue = [each.mean((0, 1)) - each.mean() for each in (start.astype(int), grey, own)]
    like = [hue[0] @ each / np.linalg.norm(hue[0]) / np.linalg.norm(each) for each in hue]
    assert like[1] > 0.9 > like[2]
    shape = [(each @ (0.2126, 0.7152, 0.0722)).reshape(-1) for each in (grey, picture_of(1))]
    assert np.corrcoef(shape)[0, 1] > 0.9


def test_none_is_text_to_image_each_picture_from_noise_alone(ours):
    """What was before makes no difference; a share of it does, and less the larger the amount."""
    text = replace(KEPT, strength=0.6, source_layer=None, source="none", noise_drift=0.0)

    def after(seed, amount):
        generator = LocalGenerator(ours, SIZE, device="cpu")
        generator.generate(replace(KEPT, index=0, time=0.0))  # the first is always from noise
        generator.generate(replace(KEPT, time=0.0), picture_of(seed))
        return generator.generate(replace(text, source_amount=amount)).picture.astype(int)

    differences = [np.abs(after(1, amount) - after(2, amount)).mean() for amount in (0, 0.7, 1)]
    assert differences[2] == 0 and differences[0] > differences[1] > 0
    first = LocalGenerator(ours, SIZE, device="cpu").generate(replace(text, source=""))
    assert np.abs(first.picture - after(1, 1.0)).mean() < 6  # but for what the regulator steered
