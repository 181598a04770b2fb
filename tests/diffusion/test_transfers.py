"""Pictures go to the device and back whole; what CUDA is asked for is one copy's event, no more."""

from types import SimpleNamespace

import numpy as np
import torch

from engine.diffusion import transfers
from engine.diffusion.transfers import to_device, to_host


def test_there_and_back():
    picture = np.random.default_rng(1).integers(0, 256, (8, 12, 3), np.uint8)
    tensor = to_device(picture, torch.device("cpu"))
    kept = picture.copy()
    picture[:] = 0
    assert np.array_equal(to_host(tensor), kept)  # the array was free at once


def test_a_download_from_cuda_waits_for_its_own_event(monkeypatch):
    done = []

    class Event:
        def __init__(self, blocking):
            done.append(("event", blocking))

        def record(self):
            done.append("record")

        def synchronize(self):
            done.append("synchronize")

    host = SimpleNamespace(copy_=lambda tensor, non_blocking: done.append(("copy", non_blocking)),
                           numpy=lambda: "picture")
    def empty(shape, dtype, pin_memory):
        done.append(("pinned", pin_memory))
        return host

    monkeypatch.setattr(transfers.torch, "empty", empty)
    monkeypatch.setattr(transfers.torch.cuda, "Event", Event)
    on_gpu = SimpleNamespace(device=SimpleNamespace(type="cuda"), shape=(2, 2, 3),
                             dtype=torch.uint8)
    assert to_host(on_gpu) == "picture"
    assert done == [("pinned", True), ("copy", True), ("event", True), "record", "synchronize"]
