"""The generators of a film: one model at a time, the one that the look names.

FrameParams flow in one after the other, Frames flow out, on the caller's thread. Another model is
loaded when the first picture of its look is drawn, which a film waits for; the one before is let
go. Each begins anew from noise, so that a film does not depend on what was played before a cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from engine.diffusion.canvas import canvas_size
from engine.diffusion.local import LocalGenerator
from engine.records import Frame, FrameParams


def loader(
    output: tuple[int, int], runtime: str, canvas: tuple[int, int] | None = None
) -> Callable[[str], LocalGenerator]:
    """Loads a model by its name, at the size that suits it and the film, or at `canvas`."""
    return lambda model: LocalGenerator(
        model, canvas_size(model, output, canvas), runtime=runtime)


class FilmTroupe:
    """As LocalGenerator, over all models of a show. `make` loads a model by its name; `usual` is
    that of looks that name none."""

    def __init__(self, make: Callable[[str], LocalGenerator], usual: str) -> None:
        self._make, self._usual = make, usual
        self._model, self._playing = usual, make(usual)
        self._before = self._number = 0

    def choose(self, params: FrameParams) -> tuple[int, int]:
        """Have the model of these params; the (width, height) of its pictures."""
        self._have(params.model or self._usual)
        return self._playing.size

    def generate(self, params: FrameParams, picture: np.ndarray | None = None) -> Frame:
        """The next picture; see LocalGenerator."""
        self._have(params.model or self._usual)
        frame = self._playing.generate(params, picture)
        self._number = frame.number + self._before
        return frame if self._before == 0 else replace(frame, number=self._number)

    def checkpoint(self) -> dict[str, np.ndarray]:
        """All that later pictures depend on, as named arrays."""
        kept = self._playing.checkpoint()
        return {**kept, "model": np.array(self._model), "before": np.array(self._before)}

    def restore(self, kept: Mapping[str, np.ndarray]) -> None:
        """Go on exactly where `checkpoint` was taken."""
        arrays = dict(kept)
        self._have(str(arrays.pop("model")))
        self._before = int(arrays.pop("before"))
        self._playing.restore(arrays)
        self._number = self._before + int(kept["number"])

    def close(self) -> None:
        """Let it go; may be called twice."""
        self._playing.close()

    def _have(self, model: str) -> None:
        if model == self._model:
            return
        self._playing.close()
        self._playing, self._model, self._before = self._make(model), model, self._number
