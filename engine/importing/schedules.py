"""Deforum's schedules: `0:(1.0), 30:(1.02*sin(t/20))` read as Deforum reads them, written as ours.

Numbers are joined by straight lines, a formula holds, frame by frame, until the next keyframe; the
last one holds to the end (FrameInterpolater of deforum's animation_key_frames.py). What is said a
frame there is said a second here: a Turn says how, and whether lines stay lines through it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.errors import LiquidlightError
from engine.expressions import MAX_LENGTH
from engine.importing.maths import Formula
from engine.keyframes import number, split_keyframes
from engine.params import Param

SAME = 1e-9
MOST_FRAMES = 200_000


@dataclass(frozen=True, slots=True)
class Turn:
    """From a value of theirs to one of ours: for numbers, and for the text of an expression."""

    number: Callable[[float], float]
    text: Callable[[str], str]
    straight: bool = True


def scaled(factor: float) -> Turn:
    """Times a factor; a motion a frame is `fps` of them a second."""
    if factor == 1.0:
        return Turn(lambda v: v, lambda e: e)
    return Turn(lambda v: factor * v, lambda e: f"{factor:.10g}*({e})")


def a_second(fps: float) -> Turn:
    """A magnification a frame to one a second."""
    return Turn(lambda v: max(v, 0.0) ** fps, lambda e: f"max(0, {e})^{fps:g}", straight=False)


GUIDANCE = Turn(lambda v: v / 7.0, lambda e: f"({e})/7")
"""Seven is usual with many steps; with one, all above 1 burns the colours out."""
LEFT_OVER = Turn(lambda v: 1.0 - v, lambda e: f"1 - ({e})")
"""What is kept, to what is new."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule over `length` frames: rising frames, and a number or Formula at each."""

    frames: tuple[int, ...]
    values: tuple[float | Formula, ...]
    length: int

    @classmethod
    def read(cls, text: object, length: int, names: Mapping[str, float]) -> Schedule:
        """Raises LiquidlightError for what is no schedule; `names` as max_f and s."""
        if isinstance(text, (int, float)) and not isinstance(text, bool):
            text = f"0:({text})"
        if not isinstance(text, str):
            raise LiquidlightError(f"{str(text)[:40]!r} is no schedule like 0:(1.0)")
        found: dict[int, float | Formula] = {}
        for frame, value in split_keyframes(text):
            at = number(frame)
            at = Formula(frame, names).at(0.0) if at is None else at
            plain = number(value)
            found[int(at)] = Formula(value, names) if plain is None else plain
        if not found:
            raise LiquidlightError("is empty")
        if not 0 <= min(found) or max(found) > MOST_FRAMES:
            raise LiquidlightError(f"has a frame outside 0..{MOST_FRAMES}")
        rising = dict(sorted(found.items()))
        return cls(tuple(rising), tuple(rising.values()), length)

    @classmethod
    def dense(cls, values: list[float]) -> Schedule:
        """One number a frame; those on a line between their neighbours are left out."""
        last = len(values) - 1
        kept = [
            n for n, value in enumerate(values)
            if n in (0, last) or abs(values[n - 1] - 2.0 * value + values[n + 1]) > SAME
        ]
        if len(kept) == 2 and abs(values[0] - values[last]) < SAME:
            kept = kept[:1]
        return cls(tuple(kept), tuple(values[n] for n in kept), len(values))

    @property
    def constant(self) -> float | None:
        """Its only number, if it has no more."""
        numbers = {v for v in self.values if not isinstance(v, Formula)}
        whole = len(numbers) == 1 and not any(isinstance(v, Formula) for v in self.values)
        return numbers.pop() if whole else None

    def at(self, frame: int) -> float:
        """What Deforum uses for that frame."""
        n = max(0, bisect_right(self.frames, frame) - 1)
        here = self.values[n]
        if isinstance(here, Formula):
            return here.at(frame)
        if n + 1 == len(self.frames) or frame <= self.frames[n]:
            return here
        then = self.values[n + 1]
        end = then.at(self.frames[n + 1]) if isinstance(then, Formula) else then
        k = (frame - self.frames[n]) / (self.frames[n + 1] - self.frames[n])
        return here + (end - here) * k

    def every(self) -> list[float]:
        """The value of each frame."""
        return [self.at(frame) for frame in range(self.length)]

    def said(self, turn: Turn, fps: float) -> float | str | list[tuple[int, str]]:
        """In our words: a number, an expression, or (frame, text) for a row of [keyframes]."""
        if self.constant is not None:
            return turn.number(self.constant)
        texts = [self._words(n, turn, fps) for n in range(len(self.frames))]
        if any(text is None or len(text) > MAX_LENGTH for text in texts):
            return Schedule.dense([turn.number(v) for v in self.every()]).said(scaled(1.0), fps)
        if len(texts) == 1:
            return texts[0] or ""
        return list(zip(self.frames, (text or "" for text in texts), strict=True))

    def _words(self, n: int, turn: Turn, fps: float) -> str | None:
        here = self.values[n]
        if isinstance(here, Formula):
            said = here.said(fps)
            return None if said is None else turn.text(said)
        last = n + 1 == len(self.frames)
        if last or turn.straight or self.frames[n + 1] - self.frames[n] == 1:
            return f"{turn.number(here):.10g}"
        slope = (self.at(self.frames[n + 1]) - here) / (self.frames[n + 1] - self.frames[n])
        if not slope:
            return f"{turn.number(here):.10g}"
        since = f"({fps:g}*t - {self.frames[n]})" if self.frames[n] else f"{fps:g}*t"
        return turn.text(f"{here:.10g} {'-' if slope < 0 else '+'} {abs(slope):.10g}*{since}")


def limits(values: list[float], param: Param) -> str:
    """How far values leave the range of ours; "" when they do not."""
    low, high = min(values), max(values)
    if param.low <= low and high <= param.high:
        return ""
    return f"goes from {low:.4g} to {high:.4g}, kept within {param.range}"
