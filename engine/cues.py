"""Cues: what a show does at set times. A time, the beat and names in, what they say out; pure.

A cue changes values, prompts, words or the lyric line from its time on, a keyframe curve says one
value all along. Both are closed forms of show time and of the beat, like everything at the frame
rate. `cued` tells what stands between the look and the hand: a number becomes
`keep * look + add`, so that easing starts from whatever the look says at that moment. Presets are
events: `preset_events` gives them to the graph, once each, at their own times.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.curves import CURVES
from engine.records import Beat, ControlEvent

if TYPE_CHECKING:
    from engine.show.looks import PromptLine, Value

SOURCE = "cue"
"""Who sends the events of cues."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time or a length: `seconds`, or `beats` of the music that is heard."""

    seconds: float = 0.0
    beats: float | None = None


@dataclass(frozen=True, slots=True)
class Cue:
    """What changes at `at`, over `over`, bent by `curve`; None and empty change nothing.

    A number that is None goes back to the look. `prompts` take the place of the look's.
    """

    at: Span
    over: Span = Span()
    curve: str = "ease"
    numbers: Mapping[str, Value | None] = field(default_factory=dict)
    prompts: tuple[PromptLine, ...] | None = None
    negative: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    line: str | None = None
    preset: str | None = None

    def since(self, time: float, beat: Beat) -> float:
        """Seconds since it began; negative before."""
        if self.at.beats is None:
            return time - self.at.seconds
        return (beat.at(time) - self.at.beats) * 60.0 / beat.bpm

    def come(self, time: float, beat: Beat) -> float:
        """How far it has come: 0 before its time, 1 once it is done."""
        since, over = self.since(time, beat), self.over.seconds
        if since < 0.0:
            return 0.0
        if self.over.beats is not None:
            over = self.over.beats * 60.0 / beat.bpm
        return CURVES[self.curve](since / over) if since < over else 1.0


@dataclass(frozen=True, slots=True)
class Keyframes:
    """One value all along: `times` rising, in seconds, and what is said at each.

    Numbers are joined by straight lines; an expression holds, moving, until the next. Before the
    first and after the last it is that one. This is how Deforum reads its schedules.
    """

    times: tuple[float, ...]
    values: tuple[Value, ...]

    def at(self, time: float, names: Mapping[str, float]) -> float:
        n = max(0, bisect_right(self.times, time) - 1)
        here = self.values[n]
        value = here.at(names)
        if here.expression is not None or n + 1 == len(self.times) or time <= self.times[n]:
            return value
        then, k = self.values[n + 1], (time - self.times[n]) / (self.times[n + 1] - self.times[n])
        end = then.at(names if then.expression is None else {**names, "t": self.times[n + 1]})
        return value + (end - value) * k


@dataclass(frozen=True, slots=True)
class Track:
    """The cues that touch one thing, in the order in which they take over.

    `times` are theirs in seconds, empty where the heard beat decides over any of them.
    """

    cues: tuple[Cue, ...]
    times: tuple[float, ...]

    @classmethod
    def of(cls, cues: Sequence[Cue]) -> Track:
        timed = all(cue.at.beats is None for cue in cues)
        if timed:
            cues = sorted(cues, key=lambda cue: cue.at.seconds)
        return cls(tuple(cues), tuple(cue.at.seconds for cue in cues) if timed else ())

    def begun(self, time: float, beat: Beat) -> Iterator[tuple[Cue, float]]:
        """Cues that have begun and how far each has come, the newest first, to the first done."""
        last = bisect_right(self.times, time) if self.times else len(self.cues)
        for cue in reversed(self.cues[:last]):
            k = cue.come(time, beat)
            if k > 0.0 or cue.since(time, beat) >= 0.0:
                yield cue, k
            if k >= 1.0:
                return


@dataclass(frozen=True, slots=True)
class Cues:
    """All cues of a show, sorted by what they touch; made by `Cues.of`.

    Of the addresses with numbers, `knobs` and `macros` are names in expressions and come first.
    """

    cues: tuple[Cue, ...] = ()
    keyframes: Mapping[str, Keyframes] = field(default_factory=dict)
    numbers: Mapping[str, Track] = field(default_factory=dict)
    prompts: Track = Track((), ())
    negative: Track = Track((), ())
    words: Track = Track((), ())
    lines: Track = Track((), ())
    presets: tuple[Cue, ...] = ()
    knobs: tuple[str, ...] = ()
    macros: tuple[str, ...] = ()
    then: tuple[str, ...] = ()

    @classmethod
    def of(cls, cues: Sequence[Cue], keyframes: Mapping[str, Keyframes] | None = None) -> Cues:
        keyframes = keyframes or {}
        numbers: dict[str, list[Cue]] = {address: [] for address in keyframes}
        for cue in cues:
            for address in cue.numbers:
                numbers.setdefault(address, []).append(cue)
        tracks = {address: Track.of(rows) for address, rows in numbers.items() if rows}
        return cls(
            tuple(cues), keyframes, tracks,
            Track.of([cue for cue in cues if cue.prompts is not None]),
            Track.of([cue for cue in cues if cue.negative is not None]),
            Track.of([cue for cue in cues if cue.words]),
            Track.of([cue for cue in cues if cue.line is not None]),
            tuple(cue for cue in cues if cue.preset is not None),
            tuple(address for address in numbers if address.startswith("knob")),
            tuple(address for address in numbers if address.startswith("macros.")),
            tuple(address for address in numbers if not address.startswith(("knob", "macros."))),
        )

    def __bool__(self) -> bool:
        return bool(self.cues or self.keyframes)

    @property
    def values(self) -> Iterator[Value]:
        """Every number that is said anywhere."""
        for frames in self.keyframes.values():
            yield from frames.values
        for cue in self.cues:
            yield from (value for value in cue.numbers.values() if value is not None)
            yield from (line.weight for line in cue.prompts or ())


@dataclass(frozen=True, slots=True)
class Cued:
    """What cues say at one moment: numbers as (keep, add), prompts with their shares.

    `keep` is the share left to the look's own prompts. `texts` are as those of hands: `words.NAME`
    and `line`, the lyric line.
    """

    numbers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    prompts: tuple[tuple[tuple[PromptLine, ...], float], ...] = ()
    keep: float = 1.0
    negative: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)

    def number(self, address: str, look: float) -> float:
        """The look's value after the cues; not clamped."""
        said = self.numbers.get(address)
        return look if said is None else said[0] * look + said[1]


NOTHING = Cued()
NO_CUES = Cues()


def move_knobs(
    cues: Cues, time: float, beat: Beat, names: dict[str, float], hands: Collection[str]
) -> None:
    """Turn the knobs in `names` that cues turn; `hands` are the addresses that a hand holds."""
    _move(cues, cues.knobs, time, beat, names, hands)


def cued(
    cues: Cues, time: float, beat: Beat, names: dict[str, float], hands: Collection[str] = ()
) -> Cued:
    """What the cues say at `time` seconds with that Beat.

    `names` are those of the look's expressions; the macros that cues move are changed in it.
    """
    if not cues:
        return NOTHING
    _move(cues, cues.macros, time, beat, names, hands)
    numbers: dict[str, tuple[float, float]] = {}
    for address in cues.then:
        numbers[address] = _number(cues, address, time, beat, names)
    prompts, keep = [], 1.0
    for cue, k in cues.prompts.begun(time, beat):
        prompts.append((cue.prompts or (), keep * k))
        keep *= 1.0 - k
    negative = _newest(cues.negative, time, beat)
    return Cued(
        numbers, tuple(reversed(prompts)), keep, negative.negative if negative else None,
        _texts(cues, time, beat),
    )


def _move(
    cues: Cues, addresses: Collection[str], time: float, beat: Beat, names: dict[str, float],
    hands: Collection[str],
) -> None:
    for address in addresses:
        name = address.removeprefix("macros.")
        if address not in hands and name in names:
            keep, add = _number(cues, address, time, beat, names)
            names[name] = min(1.0, max(0.0, keep * names[name] + add))


def _number(
    cues: Cues, address: str, time: float, beat: Beat, names: Mapping[str, float]
) -> tuple[float, float]:
    """(keep, add) of one address: its keyframes, and each cue mixed in as far as it has come."""
    frames, track = cues.keyframes.get(address), cues.numbers.get(address)
    base = (1.0, 0.0) if frames is None else (0.0, frames.at(time, names))
    keep, add = base
    for cue, k in reversed([*track.begun(time, beat)]) if track else ():
        value = cue.numbers[address]
        to = base if value is None else (0.0, value.at(names))
        keep, add = keep + (to[0] - keep) * k, add + (to[1] - add) * k
    return keep, add


def _newest(track: Track, time: float, beat: Beat) -> Cue | None:
    """The cue that began last; what has no numbers changes at once."""
    return next((cue for cue, _ in track.begun(time, beat)), None)


def _texts(cues: Cues, time: float, beat: Beat) -> dict[str, str]:
    """Each word's newest meaning, and the line."""
    texts = {}
    for cue in cues.words.cues:
        if cue.since(time, beat) >= 0.0:
            texts.update((f"words.{name}", text) for name, text in cue.words.items())
    line = _newest(cues.lines, time, beat)
    return {**texts, "line": line.line or ""} if line else texts


def preset_events(cues: Cues, before: Beat, now: Beat) -> list[ControlEvent]:
    """The presets chosen after the one Beat and not after the other, at their own times."""
    events = []
    for cue in cues.presets:
        if cue.at.beats is None:
            time, due = cue.at.seconds, before.time < cue.at.seconds <= now.time
        else:
            due = before.beat < cue.at.beats <= now.beat
            time = now.time - (now.beat - cue.at.beats) * 60.0 / now.bpm
        if due:
            events.append(ControlEvent(time, "preset.now", cue.preset or "", SOURCE))
    return sorted(events, key=lambda event: event.time)
