"""A tempo that somebody has set and that nothing moves: `fixed`, and the clock while it is locked.

It has a phase only because it is given one: from the running clock when it is chosen, from a tap
or "beat one" later. Analysis thread only; no state but the line itself.
"""

from __future__ import annotations

from engine.audio.tempo_sources.contract import FASTEST, SLOWEST
from engine.records import Reading


class Held:
    """The straight line `beat + (time - since) * bpm / 60`."""

    def __init__(self, bpm: float, name: str = "fixed") -> None:
        self.name = name
        self.bpm = bpm
        self._since = 0.0
        self._beat = 0.0

    def set_bpm(self, bpm: float, time: float) -> None:
        """Go on at another tempo from `time` on, without a jump."""
        self.align(time, self.beat_at(time))
        self.bpm = min(FASTEST, max(SLOWEST, bpm))

    def there(self, time: float) -> bool:
        return True

    def read(self, time: float) -> Reading:
        beat = self.beat_at(time)
        return Reading(time, self.bpm, beat % 1.0, int(beat // 1.0) % 4, 1.0, self.name)

    def align(self, time: float, beat: float) -> None:
        self._since, self._beat = time, beat

    def says(self) -> str:
        return f"{self.bpm:.2f} bpm"

    def close(self) -> None:
        pass

    def beat_at(self, time: float) -> float:
        """The count at `time`."""
        return self._beat + (time - self._since) * self.bpm / 60.0
