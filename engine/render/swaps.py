"""When a window's pictures were shown, and how fast they may follow each other.

Moments before and after a swap flow in; how long pictures stand, when they are light and the
pace flow out. Main thread, which waits here where the display itself does not make it wait.
"""

from __future__ import annotations

import math

from engine import clock
from engine.render.offscreen import Pacer

PACE_SHARE = 1.1
"""A window's own pace, in refreshes: a little above what the display allows, so that it only
counts where swapping does not wait (software OpenGL, virtual displays, a driver's setting)."""


class Swaps:
    """Of one window; `swapped` is the moment of the last on the steady clock, `frame_seconds` the
    time since the one before."""

    def __init__(self, hz: float) -> None:
        """`hz`: refreshes a second of the display."""
        self._hz, self._limit = hz, math.inf
        self._pacer = Pacer(PACE_SHARE * hz)
        self.swapped = clock.monotonic()
        self.frame_seconds = self._inside = 0.0

    def tune(self, hz: float) -> None:
        """It is on a display of that many refreshes a second now."""
        self._hz = hz
        self._pacer.hz = min(self._limit, PACE_SHARE * hz)

    def limit(self, hz: float) -> None:
        """Show at most `hz` pictures a second, whatever the display."""
        self._limit = min(self._limit, hz)
        self._pacer.hz = min(self._pacer.hz, hz)

    def done(self, begun: float) -> None:
        """A swap that began at `begun` is over."""
        now = clock.monotonic()
        self._inside += 0.05 * (now - begun - self._inside)
        self.frame_seconds, self.swapped = now - self.swapped, now

    def wait(self) -> None:
        """Until the next picture is due."""
        self._pacer.wait()

    @property
    def pace_hz(self) -> float:
        """Pictures a second that are meant to be shown."""
        return min(self._hz, self._pacer.hz)

    @property
    def presentation(self) -> float:
        """Seconds from a swap to the light, as far as glfw can tell.

        Where swapping waits for the refresh, a picture is seen at the next one; where it does not
        (virtual displays, software OpenGL) it is there at once. What a projector adds is not
        known to anyone here: the operator's offset is for that.
        """
        waits = self._inside > 0.25 / self._hz
        return 1.0 / self._hz if waits else 0.0
