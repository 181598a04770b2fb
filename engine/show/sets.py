"""What a set is made of, as read: scenes, their transitions, autopilot, launching. No files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.cues import Cues
from engine.params import LAUNCHES, TRANSITIONS
from engine.show.looks import Preset
from engine.show.song_file import Song


@dataclass(frozen=True, slots=True)
class Transition:
    """How one look becomes the next: `kind` is one of params.TRANSITIONS or a transition
    shader's name, `beats` its length, `curve` one of curves.CURVES."""

    kind: str = "crossfade"
    beats: float = 2.0
    curve: str = "ease"

    @property
    def shader(self) -> str:
        """The ISF shader that draws it, "" for none."""
        return "" if self.kind in TRANSITIONS else self.kind


@dataclass(frozen=True, slots=True)
class Scene:
    """A preset's place in the set: how it comes, how many bars it stays, and a note for hands."""

    transition: Transition = Transition()
    bars: int = 8
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Autopilot:
    """When presets change by themselves: after the scene's bars, `on_drop` at a drop as well,
    never before `min_seconds`, at the latest before `max_seconds`; in which `order`."""

    on: bool = True
    on_drop: bool = False
    order: str = "forward"
    seed: int = 0
    min_seconds: float = 0.0
    max_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Show:
    """What is played: presets with a scene each, and the safe look for hush.

    `when` is params.LAUNCHES: at which place of the music a chosen preset begins. `grid` has the
    rows of a launch grid: numbers of presets from 0, None for an empty place. `song` and `cues`
    are what happens at set times; `stem_names` the signals of stems that its files name.
    """

    name: str
    presets: tuple[Preset, ...]
    hush: Preset
    midi: Mapping[str, str]
    files: tuple[Path, ...]
    scenes: tuple[Scene, ...]
    transition: Transition = Transition()
    autopilot: Autopilot = Autopilot()
    when: str = next(iter(LAUNCHES))
    grid: tuple[tuple[int | None, ...], ...] = ()
    song: Song = Song()
    cues: Cues = Cues()
    stem_names: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(preset.name for preset in self.presets)
