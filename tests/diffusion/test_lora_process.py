"""A checkpoint of one file with a LoRA in the generator process: live weights, and bad files."""

import numpy as np
import pytest
from checkpoints import save_pair
from lora_files import factors_of, write_kohya

from engine.clock import WallClock, monotonic, sleep
from engine.diffusion import ProcessGenerator
from engine.diffusion.model import load_model
from engine.records import FrameParams, Lora, Prompt

LOADING = 120.0
"""Seconds: the libraries are imported by a process of low priority on a busy machine."""


def drive(generator, loras, done):
    """Submit at display rate until done(newest frame)."""
    end, index = monotonic() + LOADING, 0
    while monotonic() < end:
        index += 1
        generator.submit(FrameParams(index, index / 60, 1 / 60, prompts=(Prompt("red", 1.0),),
                                     loras=tuple(loras), seed=1, strength=1.0, steps=1))
        frame = generator.latest()
        if frame is not None and frame.params.loras == tuple(loras) and done(frame):
            return frame
        sleep(1 / 60)
    raise AssertionError(f"not in {LOADING} s: {generator.health()}")


def test_live_weights_and_a_file_that_goes_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    plain, one = save_pair("sd1", tmp_path / "models")
    file = str(write_kohya(tmp_path / "a.safetensors", factors_of(load_model(plain, "cpu"))))
    generator = ProcessGenerator(one, (64, 64), WallClock(), device="cpu", threads=1,
                                 runtime="torch")
    try:
        first = drive(generator, [Lora(file, 0.0)], lambda f: f.number >= 3)
        strong = drive(generator, [Lora(file, 1.5)], lambda f: True)
        last = drive(generator, [Lora(file, 1.5)], lambda f: f.number > strong.number + 5)
        assert np.abs(first.picture.astype(int) - last.picture).mean() > 1.0
        gone = [Lora(file, 1.5), Lora(str(tmp_path / "gone.safetensors"), 1.0)]
        drive(generator, gone, lambda f: "gone.safetensors" in generator.health().note)
        told = generator.health()
        drive(generator, gone, lambda f: f.number > told.generated + 5)
        assert "the show goes on without it" in told.note
        assert generator.health().restarts == 0 and generator.health().state == "running"
    finally:
        generator.close()


def test_a_cut_checkpoint_is_refused_at_once(tmp_path):
    from engine.errors import ModelError

    path = tmp_path / "cut.safetensors"
    path.write_bytes(b"\x80")
    with pytest.raises(ModelError, match="cut short"):
        ProcessGenerator(path, (64, 64), WallClock(), device="cpu")
