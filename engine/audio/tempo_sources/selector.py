"""Which tempo source is followed: the one that was chosen, or the best that is there.

`auto` takes Pro DJ Link before Link, MIDI clock, taps and the ear. A source must be there for a
second before it is followed, and the clock flies on for two when it goes before another follows:
the beat is never handed about by surprise. Chosen by name, a source is waited for. Analysis
thread only; all times are those of the room.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.audio.tempo_sources.contract import TempoSource
from engine.params import TEMPO_SOURCES
from engine.records import Reading

EAR = "audio"
ORDER = tuple(name for name in TEMPO_SOURCES if name not in ("auto", EAR, "fixed"))
"""The ranks of `auto`; the ear comes last and is always there."""
SETTLE_SECONDS, LINGER_SECONDS = 1.0, 2.0


class Selector:
    """Follows one of `sources`; `followed` is its name."""

    def __init__(self, sources: Iterable[TempoSource], choice: str = "auto") -> None:
        self.sources = {source.name: source for source in sources}
        self.choice = choice
        self.followed = EAR
        self._since: dict[str, float] = {}  # there without a break since
        self._last: dict[str, float] = {}  # last time that it was there

    def follow(self, time: float) -> str:
        """The name of the source to follow from `time` on; the ear's is "audio"."""
        self._look(time)
        if self.choice in ("auto", EAR):
            self.followed = self._best(time)
        else:
            self.followed = self.choice
        return self.followed

    def read(self, time: float) -> Reading | None:
        """What the followed source says; an unsure word where it is away; None for the ear."""
        if self.followed == EAR:
            return None
        source = self.sources.get(self.followed)
        reading = source.read(time) if source and self._there(self.followed, time) else None
        return reading or Reading(time, 120.0, 0.0, None, 0.0, self.followed)

    def says(self) -> dict[str, str]:
        """The state of each source in some words."""
        return {name: source.says() for name, source in self.sources.items()}

    def close(self) -> None:
        for source in self.sources.values():
            source.close()

    def _look(self, time: float) -> None:
        """Note who is there."""
        for name, source in self.sources.items():
            if source.there(time):
                self._since.setdefault(name, time)
                self._last[name] = time
            else:
                self._since.pop(name, None)

    def _there(self, name: str, time: float) -> bool:
        """Taps and a fixed tempo that were chosen stay, however long ago they were set."""
        chosen = name == self.choice and name in ("tap", "fixed")
        return chosen or self._last.get(name) == time

    def _best(self, time: float) -> str:
        ranks = ORDER if self.choice == "auto" else ("tap",)
        steady = (name for name in ranks if self._steady(name, time))
        best = next(steady, EAR)
        if best != self.followed and self._lingers(best, ranks, time):
            return self.followed
        return best

    def _steady(self, name: str, time: float) -> bool:
        since = self._since.get(name)
        if since is None:
            return False
        return name in ("tap", self.followed) or time - since >= SETTLE_SECONDS

    def _lingers(self, best: str, ranks: tuple[str, ...], time: float) -> bool:
        """Whether the clock flies on rather than go down to `best` at once."""
        if self.followed not in ranks or self.followed == "tap":
            return False
        down = best == EAR or ranks.index(best) > ranks.index(self.followed)
        return down and time - self._last.get(self.followed, -9.0) < LINGER_SECONDS
