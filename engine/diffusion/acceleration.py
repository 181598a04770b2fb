"""Chooses what draws, and brings a faster runtime in beside the pictures.

A name of runtimes.CHOICES flows in; a Model to begin with flows out, and later, where something
had to be made ready first, the runtimes that take over between two pictures. A conversion is a
process of its own (convert.py) that a thread here waits for; compiling is a thread's work. On a
CUDA device the model begins plain, records itself as CUDA graphs while it plays, and gives way to
TensorRT where that is installed. Whatever goes wrong becomes one line for the operator, and what
drew before goes on drawing.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.diffusion.devices import device_of, kind_of
from engine.diffusion.embeddings import embeddings_of
from engine.diffusion.model import Model, load_model, model_folder
from engine.diffusion.model_files import weights
from engine.diffusion.planned import load_planned, load_runtime
from engine.diffusion.plans import cache_folder, plan_folder
from engine.diffusion.runtimes import (
    ACCELERATED,
    ON_CUDA,
    TITLES,
    Runtime,
    best,
    best_on_cuda,
)
from engine.errors import ModelError

AUTO_LARGEST = 512 << 20
"""Bytes of UNet weights up to which "auto" converts by itself on a processor; converting takes
five times as much memory, and beyond this it is asked for by name."""
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}

Tell = Callable[[str], None]


def aim(runtime: str, model_name: str | Path, device: str) -> str:
    """What is to draw in the end: a key of runtimes.PACKAGES. A named runtime is not doubted."""
    if runtime != "auto":
        return runtime
    kind = kind_of(device)
    if kind == "cuda":
        return best_on_cuda()
    files = weights(model_folder(model_name), "unet")
    small = sum(file.stat().st_size for file in files if file.exists()) <= AUTO_LARGEST
    if not small or kind != "cpu" or embeddings_of(model_name)[0]:
        return "torch"  # graphs know only the words that the model itself was taught
    return best("auto")


def planned_folder(
    runtime: str, model_name: str | Path, size: tuple[int, int], device: str
) -> Path | None:
    """The plan to begin with, if there is one; it may still turn out to be broken."""
    wanted = aim(runtime, model_name, device)
    folder = plan_folder(wanted, model_name, size) if wanted in ACCELERATED else None
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
        self._device = device
        self._ready: Runtime | None = None
        self._refused: set[str] = set()
        self._converter: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        on_processor = self._wanted in ACCELERATED
        self.model = self._begin() if on_processor else self._begin_in_torch(device)

    def take(self) -> Runtime | None:
        """The faster runtime, once, as soon as it is ready. Never waits."""
        ready, self._ready = self._ready, None
        return None if ready is not None and ready.name in self._refused else ready

    def refused(self, runtime: str) -> None:
        """A runtime has failed while it drew: it is not handed over again."""
        self._refused.add(runtime)

    def close(self) -> None:
        """End a conversion that still runs."""
        self._closed = True
        if self._converter is not None:
            end(self._converter)
        if self._thread is not None:
            self._thread.join(timeout=5.0)

    def _begin(self) -> Model:
        title, why = TITLES[self._wanted], "is made ready in the background; torch draws meanwhile"
        try:
            self._set_threads()
            return load_planned(self._wanted, self._name, self._plan(), self._threads)
        except FileNotFoundError:
            self._tell(f"{title} {why}")
        except ModelError as error:
            self._tell(f"{error}; {title} {why}")
        model = load_model(self._name, "cpu", self._threads)
        self._start(self._bring)
        return model

    def _begin_in_torch(self, device: str) -> Model:
        """torch first; graphs are recorded as it draws, all else is made in the background."""
        model, title = load_model(self._name, device, self._threads), TITLES[self._wanted]
        if self._wanted in ON_CUDA and model.device.type != "cuda":
            self._tell(f"{title} needs a CUDA device: torch draws")
            return model
        if self._wanted in ON_CUDA:
            self._ready = captured(model)
        if self._wanted == "tensorrt":
            self._start(self._bring)
        elif self._wanted == "compiled":
            self._tell(f"{title} works in the background; torch draws meanwhile")
            self._start(lambda: self._compile(model))
        return model

    def _start(self, work: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=work, name="acceleration", daemon=True)
        self._thread.start()

    def _set_threads(self) -> None:
        """Beside a runtime's own threads torch has only small work: warp, colours, noise."""
        import torch

        torch.set_num_threads(max(1, self._threads))

    def _plan(self) -> Path:
        return plan_folder(self._wanted, self._name, self._size)

    def _bring(self) -> None:
        """The thread: open the plan, or wait for the conversion and open its result."""
        try:
            if self._wanted in ON_CUDA:
                device_of(self._device)
            self._ready = self._kept() or self._converted()
        except Exception as error:  # ModelError, OSError, and what the libraries make of a bad day
            self._say_unusable(error)
        else:
            self._tell(f"{TITLES[self._wanted]} draws now")

    def _kept(self) -> Runtime | None:
        with contextlib.suppress(FileNotFoundError, ModelError):
            return load_runtime(self._wanted, self._plan(), self._threads)
        return None

    def _converted(self) -> Runtime:
        self._converter = start_conversion(self._wanted, self._name, self._size, self._device)
        if self._closed:
            end(self._converter)
        finish_conversion(self._converter)
        return load_runtime(self._wanted, self._plan(), self._threads)

    def _compile(self, model: Model) -> None:
        """The thread: compile for one and two rows, then hand over."""
        from engine.diffusion.compiled import CompiledRuntime

        try:
            self._ready = CompiledRuntime(model, self._size)
        except Exception as error:  # a compiler is missing, or one of a dozen kinds
            self._say_unusable(error)
        else:
            self._tell(f"{TITLES[self._wanted]} draws now")

    def _say_unusable(self, error: Exception) -> None:
        if not self._closed:
            text = " ".join(str(error).split())[:200]
            self._tell(f"{TITLES[self._wanted]} cannot be used, torch goes on drawing: {text}")


def captured(model: Model) -> Runtime:
    """The model's own runtime, recorded as CUDA graphs while it draws."""
    from engine.diffusion.cuda_graphs import CapturedRuntime, CudaCapture

    return CapturedRuntime(model.runtime, CudaCapture(model.device))


def load_accelerated(
    runtime: str, model_name: str | Path, size: tuple[int, int], threads: int,
    device: str = "auto",
) -> Model:
    """The model drawn by a named runtime, converted or compiled first if need be (minutes).

    For films: nothing changes while they run. Raises ModelError when it cannot be had.
    """
    if runtime not in ACCELERATED:
        return _accelerated_in_torch(runtime, model_name, size, threads, device)
    folder = plan_folder(runtime, model_name, size)
    with contextlib.suppress(FileNotFoundError, ModelError):
        return load_planned(runtime, model_name, folder, threads)
    try:
        finish_conversion(start_conversion(runtime, model_name, size))
        return load_planned(runtime, model_name, folder, threads)
    except (ModelError, OSError) as error:
        raise ModelError(f"{TITLES[runtime]} cannot be used: {error}") from error


def _accelerated_in_torch(
    runtime: str, model_name: str | Path, size: tuple[int, int], threads: int, device: str
) -> Model:
    model = load_model(model_name, device, threads)
    if runtime in ON_CUDA and model.device.type != "cuda":
        raise ModelError(f"{TITLES[runtime]} cannot be used: it needs a CUDA device; "
                         "allowed here: torch, compiled, openvino, onnx")
    try:
        return replace(model, runtime=_runtime_of(runtime, model, size, threads))
    except (ModelError, OSError, RuntimeError) as error:
        text = " ".join(str(error).split())[:200]
        raise ModelError(f"{TITLES[runtime]} cannot be used: {text}") from error


def _runtime_of(runtime: str, model: Model, size: tuple[int, int], threads: int) -> Runtime:
    if runtime == "graphs":
        return captured(model)
    if runtime == "compiled":
        from engine.diffusion.compiled import CompiledRuntime

        return CompiledRuntime(model, size)
    folder = plan_folder(runtime, model.name, size)
    with contextlib.suppress(FileNotFoundError, ModelError):
        return load_runtime(runtime, folder, threads)
    finish_conversion(start_conversion(runtime, model.name, size, str(model.device)))
    return load_runtime(runtime, folder, threads)


def start_conversion(
    runtime: str, model_name: str | Path, size: tuple[int, int], device: str = "auto"
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
         f"{size[0]}x{size[1]}", device],
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
