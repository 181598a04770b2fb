"""Those beside whom the generator's benchmark runs: diffusers' pipeline, and streamdiffusion.

diffusers draws in this process. The streamdiffusion package wants versions of ten libraries that
ours are too new for, so it gets an environment of its own in the cache folder, made by pip on
first use, and a process in which it draws when told to (streamdiffusion_peer.py).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine import folders
from engine.errors import ModelError

WORDS = "red and black spiral"
PACKAGES = ("diffusers==0.24.0", "transformers==4.36.2", "huggingface_hub==0.20.3", "peft==0.7.1",
            "accelerate==0.25.0", "numpy<2", "fire", "omegaconf", "pillow", "safetensors")
STREAMDIFFUSION = "streamdiffusion==0.1.1"


def diffusers_pipeline(loaded: Any, size: tuple[int, int]) -> Callable[[int], Any]:
    """draw(steps): a picture by AutoPipelineForImage2Image; 2n steps at strength 0.5 run n."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from diffusers import AutoPipelineForImage2Image
        from diffusers.utils import logging
        from PIL import Image
        from transformers.utils import logging as more

        for each in (logging, more):
            each.set_verbosity_error()
            each.disable_progress_bar()
        without = {} if loaded.text_encoder_2 is not None else {"safety_checker": None}
        pipe = AutoPipelineForImage2Image.from_pretrained(
            loaded.folder, torch_dtype=loaded.dtype, local_files_only=True,
            low_cpu_mem_usage=False, **without,
        ).to(loaded.device)
    pipe.set_progress_bar_config(disable=True)
    random = np.random.default_rng(1)
    image = Image.fromarray(random.integers(0, 255, (size[1], size[0], 3), np.uint8))

    def draw(steps: int) -> Any:
        generator = torch.Generator("cpu").manual_seed(1)
        return pipe(WORDS, image=image, strength=0.5, num_inference_steps=2 * steps,
                    guidance_scale=1.0, generator=generator).images[0]

    draw(1)
    return draw


class StreamDiffusionPeer:
    """The other process; `times(steps, count)` has it draw. Raises ModelError when it cannot."""

    def __init__(self, python: str, folder: Path, size: tuple[int, int], device: str) -> None:
        import torch

        script = Path(__file__).with_name("streamdiffusion_peer.py")
        self._process = subprocess.Popen(
            [python, str(script), str(folder), f"{size[0]}x{size[1]}", device],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": str(torch.get_num_threads())})
        if self._line() != "ready":
            raise ModelError(f"streamdiffusion does not run here: {self._last_words()}")

    def times(self, steps: int, count: int) -> list[float]:
        """Milliseconds of `count` pictures of `steps` UNet rows each."""
        self._process.stdin.write(f"{steps} {count}\n")
        self._process.stdin.flush()
        answer = self._line()
        if not answer:
            raise ModelError(f"streamdiffusion gave up: {self._last_words()}")
        return json.loads(answer)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _line(self) -> str:
        return self._process.stdout.readline().strip()

    def _last_words(self) -> str:
        self._process.kill()
        said = self._process.communicate()[1].strip().splitlines()
        return said[-1][:200] if said else "no word"


def streamdiffusion_python(asked: str, on_cuda: bool) -> str:
    """A Python that has the package: one named, or that of an environment made for it here.

    `asked` "" makes one only where there is CUDA, "build" anywhere. ModelError when none is had.
    """
    if asked not in ("", "build"):
        return asked
    folder = folders.folder("cache") / "bench" / "streamdiffusion-env"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if python.exists():
        return str(python)
    if not (asked or on_cuda):
        raise ModelError("not asked for; --streamdiffusion build makes an environment for it")
    _build(folder, python)
    return str(python)


def _build(folder: Path, python: Path) -> None:
    import torch

    sys.stderr.write("streamdiffusion: making an environment of its own (minutes)\n")
    own = f"torch=={torch.__version__.split('+')[0]}"
    draft = [[sys.executable, "-m", "venv", str(folder)],
             [str(python), "-m", "pip", "install", "-q", own, *PACKAGES],
             [str(python), "-m", "pip", "install", "-q", "--no-deps", STREAMDIFFUSION]]
    for command in draft:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            said = done.stderr.strip().splitlines() or ["no word"]
            raise ModelError(f"its environment cannot be made: {said[-1][:200]}")
