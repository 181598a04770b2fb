"""The generator in this process: one picture for one FrameParams, in order (films, tests).

Nothing runs beside the caller, prompts are encoded at once and time is only what the parameters
say, so the same list of parameters gives the same pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engine.clock import monotonic
from engine.diffusion.manner import softness
from engine.diffusion.model import check_folder, check_size, model_folder
from engine.diffusion.runtimes import all_threads, check_runtime
from engine.records import Frame, FrameParams


class LocalGenerator:
    """Loads the model when made (seconds); raises ModelError for a bad folder, size or device.

    `size` (width, height) in pixels; `seed` is added to each params.seed. `runtime` is settled
    before the first picture and stays: "auto" is torch, whatever this machine has converted
    before, so that a film is the same again; a faster one is asked for by name.
    """

    def __init__(
        self, model_name: str | Path = "small", size: tuple[int, int] = (256, 256), seed: int = 0,
        *, device: str = "auto", threads: int | None = None, runtime: str = "auto",
    ) -> None:
        check_folder(model_name)
        check_size(model_name, size)
        check_runtime(runtime)
        from engine.diffusion.acceleration import load_accelerated
        from engine.diffusion.model import load_model
        from engine.diffusion.stream import Img2ImgStream

        self.size, self._soft = size, softness(model_folder(model_name))
        if runtime not in ("auto", "torch"):
            model = load_accelerated(runtime, model_name, size, threads or all_threads(), device)
        else:
            model = load_model(model_name, device, threads)
        self._stream = Img2ImgStream(model, size, seed)
        self._stream.overlaps = False
        self._number = 0

    def generate(self, params: FrameParams, picture: np.ndarray | None = None) -> Frame:
        """The picture of these parameters, following on from the one before.

        `picture` uint8 (h, w, 3) is what `params.source_layer` shows, None as before. `ready` is
        params.time: a film's clock stands still while a picture is made.
        """
        start = monotonic()
        if picture is not None:
            self._stream.look_at(picture)
        drawn = self._stream.step(params)
        self._number += 1
        return Frame(self._number, drawn, params, params.time, monotonic() - start,
                     self._soft)

    def resume(self, frame: Frame) -> None:
        """Go on from a Frame of the same size when there is no checkpoint: nearly the same."""
        self._stream.resume(frame.picture, frame.params)
        self._number = frame.number

    def checkpoint(self) -> dict[str, np.ndarray]:
        """All that later pictures depend on, as named arrays: for `np.savez`, never a pickle."""
        return {"number": np.array(self._number), **self._stream.checkpoint()}

    def restore(self, kept: Mapping[str, np.ndarray]) -> None:
        """Go on exactly where `checkpoint` was taken: the later pictures are the same."""
        arrays = dict(kept)
        self._number = int(arrays.pop("number"))
        self._stream.restore(arrays)

    @property
    def runtime(self) -> str:
        """What draws: a key of runtimes.PACKAGES."""
        return self._stream.runtime

    @property
    def broken(self) -> int:
        """Pictures that were not numbers and were replaced by the last good one."""
        return self._stream.broken

    def close(self) -> None:
        """End it; may be called twice."""
        self._stream.close()
