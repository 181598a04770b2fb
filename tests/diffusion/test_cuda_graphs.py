"""Recorded parts give the plain pictures, whatever fails; here the processor replays."""

import numpy as np
import pytest
import torch

from engine.diffusion.cuda_graphs import FAILURES, PLAIN_FIRST, CapturedRuntime
from engine.diffusion.stream import Img2ImgStream
from engine.records import FrameParams, Pose, Prompt

SIZE = (96, 64)


class Twin:
    """As CUDA records: the work runs once, and its replays read and write the same places."""

    def __init__(self):
        self.recorded, self.replays, self.fail_next = 0, 0, 0
        self.refuse = None

    def record(self, work):
        if self.refuse is not None:
            raise self.refuse
        self.recorded += 1
        place = work().clone()

        def replay():
            if self.fail_next:
                self.fail_next -= 1
                raise RuntimeError("CUDA error: operation failed")
            self.replays += 1
            place.copy_(work())

        return place, replay


def params_at(index, **changes):
    about = {"prompts": (Prompt("red", 0.6), Prompt("sea", 0.4)), "strength": 0.5, "steps": 2,
             "pose": Pose(0.02 * index, 0.01 * index), "noise_drift": 0.1}
    return FrameParams(index, index / 10, 0.1, **about | changes)


def streams(model):
    twin = Twin()
    recorded = Img2ImgStream(model, SIZE)
    recorded.use(CapturedRuntime(model.runtime, twin))
    return Img2ImgStream(model, SIZE), recorded, twin


def test_pictures_are_those_of_the_plain_runtime(ours_model):
    """Through changes of strength, steps, seed and guidance, each of which moves the timesteps."""
    plain, recorded, twin = streams(ours_model)
    for n in range(12):
        changes = {"strength": 0.3 + 0.05 * n, "steps": 1 + n % 3, "seed": n // 4,
                   "guidance": 1.0 + n % 2}
        expected = plain.step(params_at(n, **changes))
        assert np.array_equal(recorded.step(params_at(n, **changes)), expected), n
    assert twin.recorded == 4  # encode, decode, the UNet with one row and with two
    assert twin.replays > 20 and recorded.runtime == "graphs"


def test_a_step_count_needs_no_new_recording(ours_model):
    plain, recorded, twin = streams(ours_model)
    for n in range(4):
        recorded.step(params_at(n))
    count = twin.recorded
    for steps in range(1, 9):
        recorded.step(params_at(4 + steps, steps=steps, strength=0.9))
    assert twin.recorded == count == 3


def test_sdxl_records_its_time_numbers_too(sdxl):
    from engine.diffusion.model import load_model

    plain, recorded, twin = streams(load_model(sdxl, "cpu", 1))
    for n in range(5):
        assert np.array_equal(recorded.step(params_at(n)), plain.step(params_at(n)))
    assert twin.recorded == 3


def test_a_failing_replay_costs_only_speed_and_is_recorded_again(ours_model):
    plain, recorded, twin = streams(ours_model)
    for n in range(12):
        twin.fail_next = int(n == 5)
        assert np.array_equal(recorded.step(params_at(n)), plain.step(params_at(n))), n
    assert twin.recorded == 4 and recorded._model.runtime.failed == 1


def test_what_keeps_failing_stays_plain(ours_model):
    plain, recorded, twin = streams(ours_model)
    twin.refuse = RuntimeError("operation not permitted when stream is capturing")
    for n in range(FAILURES * (PLAIN_FIRST + 1) + 3):
        assert np.array_equal(recorded.step(params_at(n)), plain.step(params_at(n)))
    assert recorded._model.runtime.failed == FAILURES * 3 and twin.recorded == 0


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory."), MemoryError()])
def test_out_of_memory_goes_up(ours_model, error):
    _, recorded, twin = streams(ours_model)
    recorded.step(params_at(0))
    twin.refuse = error
    with pytest.raises(type(error)):
        for n in range(1, 5):
            recorded.step(params_at(n))


def test_a_result_is_not_written_to_again(ours_model):
    run = CapturedRuntime(ours_model.runtime, Twin())
    with torch.inference_mode():
        first = [run.decode(torch.zeros(1, 4, 8, 12)) for _ in range(4)][-1]
        kept = first.clone()
        run.decode(torch.ones(1, 4, 8, 12))
    assert torch.equal(first, kept)
