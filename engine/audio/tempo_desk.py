"""The operator's tempo controls: the tracker proposes, the hand disposes. Between ear and clock.

Events of the hands and a hop of sound flow in, Features and Beat flow out. The desk chooses whose
word the transport follows, and doubles, halves, nudges or holds it before. Settings stay until the
evening ends. Sources and hands speak of the room, whose time runs ahead of the sound that is
analysed; both are the show's time. Analysis thread only, but for `figures`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from engine.audio.claims import Hearing
from engine.audio.tempo_sources.contract import TempoSource
from engine.audio.tempo_sources.held import Held
from engine.audio.tempo_sources.lesson import Lesson
from engine.audio.tempo_sources.scaling import Scaling
from engine.audio.tempo_sources.selector import EAR, Selector
from engine.audio.tempo_sources.taps import Taps
from engine.params import TEMPO, TEMPO_LOCK, TEMPO_SOURCES
from engine.records import AudioBlock, Beat, ControlEvent, Features, Reading

NUDGE_MS, OFFSET_MS = 10.0, 5.0
"""One press of a key."""
RANGES = ((60.0, 120.0), (85.0, 170.0), (100.0, 200.0), (140.0, 280.0))
"""Tempi that `tempo.range` goes through after the range of the start: slow, house, fast, faster."""


@dataclass(frozen=True, slots=True)
class TempoSettings:
    """How an evening begins. `source` is one of TEMPO_SOURCES; `bpm` the tempo of the fixed one."""

    source: str = "auto"
    bpm: float = 120.0
    low_bpm: float = 70.0
    high_bpm: float = 180.0
    offset_ms: float = 0.0


class TempoDesk:
    """Owns the hearing, the sources and what the operator has set."""

    def __init__(
        self, settings: TempoSettings | None = None, sources: Iterable[TempoSource] = ()
    ) -> None:
        settings = settings or TempoSettings()
        self.range = (settings.low_bpm, settings.high_bpm)
        self.hearing = Hearing(*self.range)
        self.offset_ms = settings.offset_ms
        """By how much earlier the beats are drawn, beyond what is measured."""
        self.nudge_ms = 0.0
        """By how much later the followed beat is taken."""
        self.taps, self._fixed = Taps(), Held(settings.bpm)
        self.selector = Selector((*sources, self.taps, self._fixed), settings.source)
        self._scaling, self._lesson = Scaling(), Lesson()
        self._lock: Held | None = None
        self._ranges = (self.range, *(r for r in RANGES if r != self.range))
        self._actions = self._action_table()

    @property
    def locked(self) -> bool:
        return self._lock is not None

    @property
    def scale(self) -> float:
        """By how much the followed tempo is multiplied."""
        return self._scaling.factor

    def process(self, block: AudioBlock) -> tuple[Features, Beat]:
        """Features and Beat at the end of the block; one call a hop, in order."""
        before = self.selector.followed
        beat = self.hearing.transport.beat
        if self.selector.follow(block.time) != before:
            self._go_over(before, block.time, beat)
        features, beat = self.hearing.process(block, self._reading(block.time, beat))
        if (link := self.selector.sources.get("link")) is not None and hasattr(link, "publish"):
            link.publish(beat)
        return features, beat

    def take(self, event: ControlEvent) -> None:
        """What a hand did; addresses that are not the desk's are ignored."""
        if event.address.startswith("tempo.source."):
            if _number(event.value) > 0.0:
                self._choose(event.address.rpartition(".")[2])
        elif action := self._actions.get(event.address):
            action(event)

    def figures(self) -> dict[str, Any]:
        """For --stats; any thread."""
        return {
            "tempo_source": self.hearing.transport.beat.source,
            "tempo_choice": self.selector.choice,
            "tempo_sources": {EAR: self._heard(), **self.selector.says()},
            "tempo_locked": self.locked,
            "tempo_scale": self.scale,
            "tempo_taught": self._lesson.says(),
            "tempo_range": list(self.range),
            "nudge_ms": round(self.nudge_ms, 1),
            "offset_ms": round(self.offset_ms, 1),
        }

    def close(self) -> None:
        self.selector.close()

    def _heard(self) -> str:
        """What the ear says, whoever is followed."""
        reading = self.hearing.reading
        return f"{reading.bpm:.1f}" if reading.confidence >= 0.3 else "unsure"

    def _reading(self, time: float, beat: Beat) -> Reading | None:
        """Whose word the transport gets; None: the ear's as it is."""
        ear = self.hearing.reading
        taught = self._lesson.apply(ear, beat) if self._lesson.learnt else ear
        if self._lock is not None:
            return self._lock.read(time)
        reading = self.selector.read(time)
        if reading is not None and reading.source == "tap":  # the hand means what it says
            return reading
        scaled = self._scaling.apply(reading or taught, beat)
        if reading is None and scaled is ear and self.nudge_ms == 0.0:
            return None
        return replace(scaled, time=scaled.time + self.nudge_ms / 1000.0)

    def _go_over(self, before: str, time: float, beat: Beat) -> None:
        """Another source is followed from `time` on."""
        self._scaling.restart()
        self._align(time, beat.at(time))
        taps = self.taps.read(time)
        if before == "tap" and self.selector.followed == EAR and taps and self.taps.count > 2:
            self._lesson.learn(taps, self.hearing.reading, beat)

    def _align(self, time: float, beat: float) -> None:
        """Give the count to a source without a phase."""
        if source := self.selector.sources.get(self.selector.followed):
            source.align(time, beat)

    def _action_table(self) -> dict[str, Callable[[ControlEvent], None]]:
        """What each address does; triggers act on being pressed only."""

        def pressed(action: Callable[[float], None]) -> Callable[[ControlEvent], None]:
            return lambda event: action(event.time) if _number(event.value) > 0.0 else None

        def value(action: Callable[[float], None]) -> Callable[[ControlEvent], None]:
            return lambda event: action(TEMPO[event.address].clamp(_number(event.value)))

        return {
            "tap": pressed(self._tap),
            "beat_one": pressed(self._beat_one),
            "tempo.double": pressed(lambda _: self._times(2.0)),
            "tempo.halve": pressed(lambda _: self._times(0.5)),
            "tempo.earlier": pressed(lambda _: self._nudge(self.nudge_ms - NUDGE_MS)),
            "tempo.later": pressed(lambda _: self._nudge(self.nudge_ms + NUDGE_MS)),
            "tempo.offset_less": pressed(lambda _: self._offset(self.offset_ms - OFFSET_MS)),
            "tempo.offset_more": pressed(lambda _: self._offset(self.offset_ms + OFFSET_MS)),
            "tempo.relearn": pressed(self._relearn),
            "tempo.range": pressed(self._next_range),
            "tempo.next_source": pressed(self._next_source),
            TEMPO_LOCK: self._switch_lock,
            "tempo.source": self._choose_event,
            "tempo.bpm": value(self._fix),
            "tempo.nudge": value(self._nudge),
            "tempo.offset": value(self._offset),
            "tempo.low": value(lambda bpm: self._set_range(bpm, self.range[1])),
            "tempo.high": value(lambda bpm: self._set_range(min(self.range[0], bpm / 2), bpm)),
        }

    def _tap(self, time: float) -> None:
        beat = self.hearing.transport.beat
        self.taps.tap(time, beat.bpm)
        count = float(round(beat.at(time)))
        if self._lock is not None:
            if self.taps.count > 2 and (reading := self.taps.read(time)):
                self._lock.bpm = reading.bpm
            self._lock.align(time, count)
        elif self.selector.followed != "tap":
            self._align(time, count)

    def _beat_one(self, time: float) -> None:
        self.hearing.beat_one(time)
        bpm = self.hearing.transport.beat.bpm / self.scale
        self._scaling.one(time - self.nudge_ms / 1000.0, bpm)
        self._align(time, 0.0)
        if self._lock is not None:
            self._lock.align(time, 0.0)

    def _times(self, factor: float) -> None:
        before = self.scale
        self._scaling.times(factor)
        if self._lock is not None and self.scale != before:
            beat = self.hearing.transport.beat
            self._lock.align(beat.time, beat.beat * factor)
            self._lock.bpm *= factor

    def _nudge(self, milliseconds: float) -> None:
        milliseconds = TEMPO["tempo.nudge"].clamp(milliseconds)
        if self._lock is not None:
            now = self.hearing.transport.beat
            moved = (milliseconds - self.nudge_ms) / 1000.0
            self._lock.align(now.time + moved, self._lock.beat_at(now.time))
        self.nudge_ms = milliseconds

    def _offset(self, milliseconds: float) -> None:
        self.offset_ms = TEMPO["tempo.offset"].clamp(milliseconds)

    def _relearn(self, _: float) -> None:
        """Everything that corrected what was heard goes with it; range and offset stay."""
        self.taps.forget()
        self._scaling = Scaling()
        self._lesson.forget()
        self._lock, self.nudge_ms = None, 0.0
        self.hearing.relearn()

    def _set_range(self, low: float, high: float) -> None:
        """At least an octave, so that every tempo has a place in it."""
        self.range = (low, max(high, 2.0 * low))
        self.hearing.set_range(*self.range)

    def _next_range(self, _: float) -> None:
        at = self._ranges.index(self.range) if self.range in self._ranges else -1
        self._set_range(*self._ranges[(at + 1) % len(self._ranges)])

    def _switch_lock(self, event: ControlEvent) -> None:
        on = not self.locked if event.value == "toggle" else _number(event.value) > 0.5
        if on and not self.locked:
            beat = self.hearing.transport.beat
            self._lock = Held(beat.bpm, "lock")
            self._lock.align(beat.time, beat.beat)
        elif not on:
            self._lock = None
            self._scaling.restart()

    def _fix(self, bpm: float) -> None:
        """A typed tempo: from now on that, wherever the beat is."""
        beat = self.hearing.transport.beat
        self._fixed.set_bpm(bpm, beat.time)
        self._scaling = Scaling()
        self._choose("fixed")

    def _choose_event(self, event: ControlEvent) -> None:
        if isinstance(event.value, str):
            self._choose(event.value.strip().lower())

    def _choose(self, choice: str) -> None:
        """Follow another source; the lock ends, since it says otherwise."""
        if choice in TEMPO_SOURCES:
            self.selector.choice = choice
            self._lock = None

    def _next_source(self, _: float) -> None:
        there = [c for c in TEMPO_SOURCES if c in ("auto", EAR) or c in self.selector.sources]
        at = there.index(self.selector.choice) if self.selector.choice in there else -1
        self._choose(there[(at + 1) % len(there)])


def heeds(address: str) -> bool:
    """Whether events of that address move the tempo."""
    return address.startswith("tempo.") or address in ("tap", "beat_one")


def _number(value: float | str) -> float:
    """The number in an event; 0 for text, "toggle" among it."""
    return 0.0 if isinstance(value, str) else float(value)
