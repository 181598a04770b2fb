"""The end of an evening: the picture fades to black before the windows close.

Asked for by a key on the main thread; `dim` takes light from what is drawn, so that a recording
fades as well. Asked for again, it is over at once.
"""

from __future__ import annotations

from dataclasses import replace

from engine.clock import monotonic
from engine.records import FrameParams

SECONDS = 1.0


class Farewell:
    """Nothing happens until `ask`."""

    def __init__(self) -> None:
        self._begun: float | None = None
        self._hurried = False

    def ask(self) -> None:
        """Fade now; the second time, end at once."""
        if self._begun is None:
            self._begun = monotonic()
        else:
            self._hurried = True

    @property
    def over(self) -> bool:
        """Whether the last light is gone."""
        return self._hurried or self._share() >= 1.0

    def dim(self, params: FrameParams) -> FrameParams:
        """What is drawn while it fades."""
        share = self._share()
        return replace(params, opacity=params.opacity * (1.0 - share)) if share else params

    def _share(self) -> float:
        if self._begun is None:
            return 0.0
        return min(1.0, (monotonic() - self._begun) / SECONDS)
