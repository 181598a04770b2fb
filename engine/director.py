"""The director: what of the set is played, one step a hop. Signals and events in, Playing out.

A preset is chosen by hand (`preset`, `next`), by a cue or by the autopilot, and queued for its
place in the music; `scenes.shown_at` reads the queue in closed form, so that it takes over
exactly at its beat, between hops too. The step remembers; it reads no clock and asks nobody, so
the same hops give the same show. Runs on the analysis thread, or in the loop of a film.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from dataclasses import replace

from engine.params import LAUNCHES, SET, Param
from engine.records import HOP_SECONDS, Beat, Change, ControlEvent, Playing, Signals
from engine.scenes import leading, share
from engine.set_list import BAR, due
from engine.show import Show

DROP_STEP = 0.5
"""Rise of the signal `drop` from hop to hop that is a drop."""
LATE_SECONDS, AHEAD_SECONDS = 1.0, 0.1
"""How old or new an event may be and still count from where the music was when the hand moved."""
_CHOICE = re.compile(
    r"(preset|next|previous|deck\.[ab])(?:\.([1-9]\d{0,2}))?(?:\.(now|beat|bar|phrase))?"
)


class Director:
    """Owns the Playing of a show. `playing` is as after the last step."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self.playing = Playing(autopilot=show.autopilot.on)
        self._random = random.Random(show.autopilot.seed)
        self._unplayed: set[int] = set()
        self._beat = Beat()
        self._began = 0.0  # show time at which the look came
        self._drop = 0.0
        self._beats: float | None = None  # length of changes, set by hand

    @property
    def length(self) -> float | None:
        """Beats that a hand has said a change lasts, None: as the set says."""
        return self._beats

    def step(self, signals: Signals, events: Sequence[ControlEvent], show: Show) -> Playing:
        """Go on to the end of a hop; `show` may be another one than before (a saved file)."""
        if show is not self._show:
            self._take_over(show)
        self._follow(signals.beat)
        self._begin()
        for event in events:
            self._take(event)
        self._autopilot(signals)
        self._begin()
        return self.playing

    def _set(self, **changes: object) -> None:
        self.playing = replace(self.playing, **changes)

    def _take_over(self, show: Show) -> None:
        """The same looks play on, by name, wherever they stand now."""
        old, self._show = self._show, show
        if show.autopilot.on != old.autopilot.on:
            self._set(autopilot=show.autopilot.on)
        if show.names == old.names:
            return
        places = {name: n for n, name in reversed(list(enumerate(show.names)))}
        last = len(show.names) - 1
        moves = [places.get(name, min(n, last)) for n, name in enumerate(old.names)]

        def moved(change: Change | None) -> Change | None:
            if change is None:
                return None
            return replace(change, before=moves[change.before], after=moves[change.after])

        playing = self.playing
        decks = (None if n is None else places.get(old.names[n]) for n in playing.decks)
        self._set(change=moved(playing.change), queued=moved(playing.queued), decks=tuple(decks))
        self._unplayed = set()

    def _follow(self, beat: Beat) -> None:
        """Take the new beat. Where the count skipped whole beats, what is under way goes along."""
        skipped = math.floor(beat.beat - self._beat.at(beat.time) + 0.1)
        change, queued = self.playing.change, self.playing.queued
        if skipped > 0 and share(self._beat.beat, change) < 1.0:
            self._set(change=replace(change, beat=change.beat + skipped))
        if skipped > 0 and queued and queued.beat < beat.beat:
            self._set(queued=replace(queued, beat=beat.beat))
        self._beat = beat

    def _begin(self) -> None:
        """What was queued is what plays, once its beat has come."""
        queued = self.playing.queued
        if queued and queued.beat <= self._beat.beat:
            self._began = self._beat.time
            self._set(change=queued, queued=None)

    def _take(self, event: ControlEvent) -> None:
        """One event; what means nothing here is left alone."""
        value = event.value
        if event.address in ("autopilot", "autopilot.lock"):
            self._switch(event.address, value)
        elif event.address == "reset" and _pressed(value):
            self._beats = None
        elif event.address in SET:
            self._turn(SET[event.address], _number(value))
        elif match := _CHOICE.fullmatch(event.address):
            verb, number, when = match.groups()
            if verb.startswith("deck"):
                self._deck("ab".index(verb[-1]), number, value)
            else:
                self._choose(self._wanted(verb, number, value), self._place(event.time, when))

    def _turn(self, row: Param, number: float | None) -> None:
        if number is None:
            return
        if row.name == "crossfader":
            self._set(crossfader=row.clamp(number))
        else:
            self._beats = row.clamp(number)

    def _switch(self, address: str, value: float | str) -> None:
        """Turn autopilot or lock. What the autopilot had queued goes with it."""
        key = "autopilot" if address == "autopilot" else "locked"
        was, number = getattr(self.playing, key), _number(value)
        if value == "toggle":
            new = not was
        else:
            new = was if number is None else number > 0.5
        if new != was:
            leads = self.playing.autopilot and not self.playing.locked
            self._set(**{key: new}, queued=None if leads else self.playing.queued)

    def _wanted(self, verb: str, number: str | None, value: float | str) -> int | None:
        """The preset that a choice means, None for none."""
        if verb == "preset":
            return self._index(number, value)
        if number is not None or not _pressed(value):
            return None
        return (self._aim + (1 if verb == "next" else -1)) % len(self._show.names)

    def _index(self, number: str | None, value: float | str) -> int | None:
        """A preset by the number of its address, or by a value: number from 1, or name."""
        names = [name.lower() for name in self._show.names]
        if number is not None:
            place = int(number) if _pressed(value) else 0
        elif isinstance(value, str):
            place = names.index(value.lower()) + 1 if value.lower() in names else 0
        else:
            place = round(_number(value) or 0)
        return place - 1 if 1 <= place <= len(names) else None

    def _deck(self, side: int, number: str | None, value: float | str) -> None:
        """Lay a preset on a deck; number 0 or no name empties it, and so does its own button."""
        index = self._index(number, value)
        if index is None and (number is not None or value not in (0, "")):
            return
        decks = list(self.playing.decks)
        decks[side] = None if number is not None and decks[side] == index else index
        self._set(decks=tuple(decks))

    @property
    def _aim(self) -> int:
        """The preset that will be shown when all is done."""
        return (self.playing.queued or self.playing.change).after

    def _place(self, time: float, when: str | None) -> float:
        """The count of beats at which a choice of that time begins."""
        step, beat = LAUNCHES[when or self._show.when], self._beat
        late = LATE_SECONDS if step else HOP_SECONDS  # what begins at once has missed nothing
        pressed = beat.at(min(beat.time + AHEAD_SECONDS, max(beat.time - late, time)))
        return math.ceil(pressed / step) * step if step else pressed

    def _choose(self, index: int | None, place: float) -> None:
        """A hand's choice: it ends the autopilot; choosing what is shown takes the queue back."""
        if index is None:
            return
        self._set(autopilot=False)
        if index == self.playing.change.after:
            self._set(queued=None)
        else:
            self._queue(index, place)

    def _queue(self, index: int, place: float) -> None:
        """Preset `index` begins at the count `place`, out of whatever is seen by then."""
        way, now = self._show.scenes[index].transition, self.playing.change
        beats = way.beats if self._beats is None else self._beats
        beats = 0.0 if way.kind == "cut" else beats
        change = Change(leading(place, now), index, place, beats, way.curve, way.kind)
        if index == now.before and (k := share(place, now)) < 1.0:  # back the way it has come
            change = replace(change, before=now.after, done=1.0 - k)
        self._set(queued=change)

    def _autopilot(self, signals: Signals) -> None:
        """Queue what comes next, a bar ahead; at a drop it comes at once."""
        playing, beat, pilot = self.playing, self._beat, self._show.autopilot
        before, self._drop = self._drop, signals.values.get("drop", 0.0)
        if not playing.autopilot or playing.locked or len(self._show.names) < 2:
            return
        stayed = beat.time - self._began
        if pilot.on_drop and self._drop - before >= DROP_STEP and stayed >= pilot.min_seconds:
            self._queue(playing.queued.after if playing.queued else self._pick(), beat.beat)
        elif playing.queued is None:
            due = self._due()
            if due - beat.beat <= BAR:
                self._queue(self._pick(), due)

    def _due(self) -> float:
        """The bar line at which the look has been there for its bars, within its seconds."""
        return due(self._beat, self.playing.change, self._began, self._show)

    def _pick(self) -> int:
        """The autopilot's next look: never the one that is shown."""
        here, order = self.playing.change.after, self._show.autopilot.order
        if order == "forward":
            return (here + 1) % len(self._show.names)
        others = set(range(len(self._show.names))) - {here}
        if order == "random":
            return self._random.choice(sorted(others))
        self._unplayed = self._unplayed - {here} or others
        return self._random.choice(sorted(self._unplayed))


def _number(value: float | str) -> float | None:
    """A finite number, or None."""
    return None if isinstance(value, str) or not math.isfinite(value) else float(value)


def _pressed(value: float | str) -> bool:
    return (_number(value) or 0.0) > 0.0
