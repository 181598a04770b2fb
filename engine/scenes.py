"""Which look is seen at a moment, which one is being left, and how far the change has come.

A Moment and show time in, the two looks and a share out. Pure and in closed form, like `resolve`;
what was chosen is remembered by the director, once a hop.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.curves import CURVES
from engine.params import TRANSITIONS
from engine.records import Change, Moment, Playing
from engine.show import Preset, Show

NO_DECKS = Playing().decks


@dataclass(frozen=True, slots=True)
class Shown:
    """The look left, the look entered, and how far the change has come: `k` 0..1, eased.

    `shader` is the transition that draws the change, "" a plain mix. A `morph` mixes numbers and
    prompts alone: layers and effects are those of `before` up to half way, then of `after`.
    """

    before: Preset
    after: Preset
    k: float
    shader: str = ""
    morph: bool = False

    @property
    def changing(self) -> bool:
        return self.k < 1.0 and self.before is not self.after


def shown_at(time: float, moment: Moment, show: Show) -> Shown:
    """What is shown at `time` seconds, knowing everything up to `moment`."""
    if moment.controls.hush:
        return Shown(show.hush, show.hush, 1.0)
    playing, beat = moment.playing, moment.signals.beat.at(time)
    change = change_at(beat, playing)
    if playing.decks == NO_DECKS:
        k = CURVES[change.curve](share(beat, change))
        return _shown(show, change.before, change.after, k, change.kind)
    plays = leading(beat, change)
    a, b = (plays if deck is None else deck for deck in playing.decks)
    return _shown(show, a, b, playing.crossfader, show.transition.kind)


def change_at(beat: float, playing: Playing) -> Change:
    """The change that began last at that count of beats: the queued one from its own beat on."""
    queued = playing.queued
    return queued if queued is not None and beat >= queued.beat else playing.change


def share(beat: float, change: Change) -> float:
    """How far a change has come, 0..1, before its curve."""
    since = max(0.0, beat - change.beat)
    return min(1.0, change.done + since / change.beats) if since < change.beats else 1.0


def leading(beat: float, change: Change) -> int:
    """The look of which more is seen."""
    return change.after if share(beat, change) >= 0.5 else change.before


def _shown(show: Show, before: int, after: int, k: float, kind: str) -> Shown:
    """Numbers of presets to looks; a show just saved may have fewer than the moment knew."""
    a, b = (show.presets[index % len(show.presets)] for index in (before, after))
    return Shown(a, b, k, "" if kind in TRANSITIONS else kind, kind == "morph")
