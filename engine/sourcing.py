"""Hands what is to be redrawn to the generator: a look's source layer, drawn by the stage.

FrameParams flow through to the generator, with pictures of the source beside them. Live it is
drawn at twice the model's pace and read back a turn later, on the main thread, without waiting;
for a film each picture gets its own source exactly. While a source shows nothing (a camera that
is not there, a file not yet read) the feedback goes on without.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.diffusion.contract import Generator
from engine.records import FrameParams
from engine.render.compositor import Compositor
from engine.render.source_canvas import SourceCanvas

PACE = 0.5
"""Part of the model's time for a picture after which its source is drawn anew."""
LONGEST = 1.0
"""Seconds; a source is drawn at least so often."""


class Sourcing:
    """The source of one performance or film. Make it before the show is prepared."""

    def __init__(self, compositor: Compositor, size: tuple[int, int]) -> None:
        """`size` (width, height) is the generator's."""
        self._compositor = compositor
        self._canvas: SourceCanvas = compositor.source(size)
        self._showing: tuple[str, str] | None = None  # what the generator has a picture of
        self._asked: tuple[str, str] | None = None
        self._last = 0.0

    def resize(self, size: tuple[int, int]) -> None:
        """The generator has another size from now on."""
        if tuple(size) != self._canvas.size:
            self._canvas = self._compositor.source(size)
            self._showing = self._asked = None

    def submit(self, generator: Generator, params: FrameParams, seconds: float = 0.0) -> None:
        """Hand the params over, and a picture of their source; `seconds` is how long the
        generator takes for one. Never waits."""
        layer = params.source_layer
        self.resize(generator.size)
        if layer is None or params.source_amount <= 0.0:
            self._showing = self._asked = None
            generator.submit(params)
            return
        key, picture = (layer.kind, layer.name), None
        if self._asked is not None:
            picture, asked, self._asked = self._canvas.take(), self._asked, None
            self._showing = asked if picture is not None else None
        since = abs(params.time - self._last)
        if self._showing != key or since >= PACE * min(seconds, LONGEST):
            self._last = params.time
            self._asked = key if self._canvas.ask(params) else None
            if self._asked is None:
                self._showing = None
        if self._showing != key:
            params, picture = replace(params, source_amount=0.0), None
        generator.submit(params, picture)

    def exact(self, params: FrameParams) -> tuple[FrameParams, np.ndarray | None]:
        """For a film: the params and their source, an array of their own. Waits."""
        if params.source_layer is None or params.source_amount <= 0.0:
            return params, None
        picture = self._canvas.read(params)
        return (replace(params, source_amount=0.0) if picture is None else params), picture
