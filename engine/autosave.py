"""The live state, kept on disk while a performance runs, for the case that it ends badly.

What is shown and what hands have set flow in about once a second; after a crash the ControlEvents
that bring the same look back flow out. A run that ended well leaves nothing behind. One run at a
time keeps its state: a lock that the system takes back from the dead says whose turn it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from engine.errors import LiquidlightError
from engine.folders import folder, write_whole
from engine.params import SWITCHES
from engine.records import ControlEvent, Moment
from engine.scenes import shown_at
from engine.show import Preset, Show, find_preset
from engine.undo import RESUMED

State = dict[str, Any]


def seen_look(moment: Moment, show: Show) -> Preset:
    """The look of which more is seen, whatever the hush hides."""
    lit = replace(moment, controls=replace(moment.controls, hush=False))
    shown = shown_at(moment.time, lit, show)
    return shown.after if shown.k >= 0.5 else shown.before


def state_of(moment: Moment, show: Show) -> State:
    """All that a new run needs to show the same look, as plain values."""
    controls, playing = moment.controls, moment.playing
    decks = [None if n is None else show.names[n % len(show.names)] for n in playing.decks]
    return {
        "show": str(show.files[0].resolve()),
        "look": seen_look(moment, show).name,
        "values": dict(controls.values),
        "texts": dict(controls.texts),
        "decks": decks,
        "crossfader": playing.crossfader,
        "autopilot": playing.autopilot,
        "autopilot.lock": playing.locked,
        **{name: getattr(controls, name) for name in SWITCHES},
    }


def events_of(state: Mapping[str, Any]) -> list[ControlEvent]:
    """The events that bring a new performance there, at once and without a fade."""
    deck_a, deck_b = state["decks"]
    rows = [  # lock and autopilot take back what is queued, so they go around the choice
        ("autopilot.lock", float(state["autopilot.lock"])),
        ("transition.beats", 0.0), ("preset.now", state["look"]), ("reset", 1.0),
        ("deck.a", deck_a), ("deck.b", deck_b), ("crossfader", state["crossfader"]),
        *((name, float(state[name])) for name in ("autopilot", *SWITCHES) if name in state),
        *state["values"].items(), *state["texts"].items(),
    ]
    return [ControlEvent(0.0, name, value, RESUMED) for name, value in rows if value is not None]


class LiveState:
    """The file of the running performance. Unless it is `mine`, nothing is read or written:
    another performance has it, or its folder cannot be used."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or folder("state") / "live.json"
        self._lock: IO[str] | None = None
        self._written: State | None = None
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = self.path.with_suffix(".lock").open("a")
        self.mine = self._lock is not None and _locked(self._lock)

    def left(self, show: str | None) -> State | None:
        """What a run that ended badly has left, if `show` (None: any) is what it played."""
        try:
            state = json.loads(self.path.read_text("utf-8")) if self.mine else None
            events_of(state)
            played = Path(state["show"])
            same = show is None or find_preset(show).resolve() == played
            return state if same and played.is_file() else None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, LiquidlightError):
            return None

    def write(self, state: State) -> None:
        """Keep it, if it is another one than before. Raises OSError."""
        if self.mine and state != self._written:
            write_whole(self.path, json.dumps(state, indent=1, ensure_ascii=False))
            self._written = state

    def __enter__(self) -> LiveState:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """The performance is over; one that a hand ended need not be taken up again."""
        if self.mine and kind in (None, KeyboardInterrupt):
            self.path.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()


def _locked(file: IO[str]) -> bool:
    """Take the lock, if nobody has it. It goes with the process, however that ends."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
