"""Chooses what draws, and brings a faster runtime in beside the pictures.

A name of runtimes.CHOICES flows in; a Model to begin with flows out, and later, where a
conversion was needed first, the runtime that takes over between two pictures. The conversion is
a process of its own (convert.py); the thread here waits for it and opens its result. Whatever
goes wrong becomes one line for the operator, and torch goes on drawing.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from engine.diffusion.model import Model, has_cuda, load_model, model_folder
from engine.diffusion.planned import load_planned
from engine.diffusion.plans import cache_folder, plan_folder
from engine.diffusion.runtimes import Runtime, best
from engine.errors import ModelError

TITLES = {"torch": "torch", "openvino": "OpenVINO", "onnx": "ONNX Runtime"}
AUTO_LARGEST = 512 << 20
"""Bytes of UNet weights up to which "auto" converts by itself; converting takes five times as
much memory, and beyond this it is asked for by name."""
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}

Tell = Callable[[str], None]


def aim(runtime: str, model_name: str | Path, device: str) -> str:
    """What is to draw in the end: a key of runtimes.PACKAGES. A named runtime is not doubted."""
    if runtime != "auto":
        return runtime
    weights = (model_folder(model_name) / "unet").glob("*.safetensors")
    small = sum(file.stat().st_size for file in weights) <= AUTO_LARGEST
    fits = small and (device == "cpu" or device == "auto" and not has_cuda())
    return best("auto") if fits else "torch"


def planned_folder(
    runtime: str, model_name: str | Path, size: tuple[int, int], device: str
) -> Path | None:
    """The plan to begin with, if there is one; it may still turn out to be broken."""
    wanted = aim(runtime, model_name, device)
    folder = None if wanted == "torch" else plan_folder(wanted, model_name, size)
    return folder if folder is not None and folder.exists() else None


class Acceleration:
    """Makes the model for a live stream, and hands a faster runtime over when it is ready.

    `tell` gets one line for the operator, from any thread. Raises ModelError where the model
    itself cannot be used; a runtime that cannot be had is only told.
    """

    def __init__(
        self, runtime: str, model_name: str | Path, size: tuple[int, int], device: str,
        threads: int, tell: Tell,
    ) -> None:
        self._wanted = aim(runtime, model_name, device)
        self._name, self._size, self._threads, self._tell = model_name, size, threads, tell
        self._ready: Runtime | None = None
        self._converter: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self.model = self._begin(device)

    def take(self) -> Runtime | None:
        """The faster runtime, once, as soon as it is ready. Never waits."""
        ready, self._ready = self._ready, None
        return ready

    def close(self) -> None:
        """End a conversion that still runs."""
        self._closed = True
        if self._converter is not None:
            end(self._converter)
        if self._thread is not None:
            self._thread.join(timeout=5.0)

    def _begin(self, device: str) -> Model:
        if self._wanted == "torch":
            return load_model(self._name, device, self._threads)
        title, why = TITLES[self._wanted], "is made ready in the background; torch draws meanwhile"
        try:
            self._set_threads()
            return self._planned()
        except FileNotFoundError:
            self._tell(f"{title} {why}")
        except ModelError as error:
            self._tell(f"{error}; {title} {why}")
        model = load_model(self._name, "cpu", self._threads)
        self._thread = threading.Thread(target=self._bring, name="acceleration", daemon=True)
        self._thread.start()
        return model

    def _set_threads(self) -> None:
        """Beside a runtime's own threads torch has only small work: warp, colours, noise."""
        import torch

        torch.set_num_threads(max(1, self._threads))

    def _planned(self) -> Model:
        folder = plan_folder(self._wanted, self._name, self._size)
        return load_planned(self._wanted, self._name, folder, self._threads)

    def _bring(self) -> None:
        """The thread: wait for the conversion, open its result."""
        title = TITLES[self._wanted]
        try:
            self._converter = start_conversion(self._wanted, self._name, self._size)
            if self._closed:
                end(self._converter)
            finish_conversion(self._converter)
            self._ready = self._planned().runtime
        except (ModelError, OSError) as error:
            if not self._closed:
                self._tell(f"{title} cannot be used, torch goes on drawing: {error}")
        else:
            self._tell(f"{title} draws now")


def load_accelerated(
    runtime: str, model_name: str | Path, size: tuple[int, int], threads: int
) -> Model:
    """The model drawn by a named accelerated runtime, converted first if need be (minutes).

    For films: nothing changes while they run. Raises ModelError when it cannot be had.
    """
    folder = plan_folder(runtime, model_name, size)
    with contextlib.suppress(FileNotFoundError, ModelError):
        return load_planned(runtime, model_name, folder, threads)
    try:
        finish_conversion(start_conversion(runtime, model_name, size))
        return load_planned(runtime, model_name, folder, threads)
    except (ModelError, OSError) as error:
        raise ModelError(f"{TITLES[runtime]} cannot be used: {error}") from error


def start_conversion(
    runtime: str, model_name: str | Path, size: tuple[int, int]
) -> subprocess.Popen[str]:
    """Begin a conversion in a process of low priority that ends with this one.

    Raises ModelError at once where there is no place to keep it.
    """
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{cache_folder()} cannot be made: {error.strerror or error}") from error
    return subprocess.Popen(
        [sys.executable, "-m", "engine.diffusion.convert", runtime, str(model_name),
         f"{size[0]}x{size[1]}"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def finish_conversion(converter: subprocess.Popen[str]) -> None:
    """Wait for a conversion. Raises ModelError, one line, when it did not succeed."""
    said = (converter.stdout.read() or "").strip().splitlines()
    code = converter.wait()
    converter.stdin.close()
    converter.stdout.close()
    if code < 0:
        raise ModelError(f"the conversion was ended by signal {-code}")
    if code or not said or said[-1] != "ok":
        raise ModelError(said[-1] if said else f"the conversion ended with code {code}")


def end(converter: subprocess.Popen[str]) -> None:
    """End a conversion at once; its draft is swept away by a later one."""
    with contextlib.suppress(OSError):
        converter.kill()
