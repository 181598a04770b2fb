"""The generators of a performance: the one that plays, and one that warms up for a look to come.

A look may name a model of its own. FrameParams flow in, Frames of whichever model plays flow out;
this is a Generator itself. Which models the looks that come will want is told by `expect`; the
second generator starts beside the first and draws one picture. When a look of its model is shown it
draws on, and takes over with the first picture made for that look; until then, and if it fails, the
first plays on. There are never more than two. The calls belong to the main thread and never wait:
generators are started and ended on a thread of the troupe's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from engine.diffusion.contract import Generator, GeneratorHealth
from engine.diffusion.model import check_folder
from engine.errors import LiquidlightError, ModelError
from engine.records import Frame, FrameParams, Moment
from engine.scenes import NO_DECKS, change_at
from engine.show import Show

Make = Callable[[str], Generator]
"""A model's name to a generator that begins to load; may take a second. Raises LiquidlightError."""


@dataclass(slots=True)
class Second:
    """The generator beside the one that plays, for `model`, once it has been made.

    `asked` is the number of its newest picture when it was first asked to take over, or None.
    """

    model: str
    coming: Future[Generator]
    asked: int | None = None

    @property
    def player(self) -> Generator | None:
        """It, when it has been made."""
        done = self.coming.done() and self.coming.exception() is None
        return self.coming.result() if done else None


class Troupe:
    """Keeps the Generator contract over one or two generators; `usual` is the model of looks that
    name none. Raises what `make` raises for it."""

    def __init__(self, make: Make, usual: str) -> None:
        self._make, self._usual = make, usual
        self._model, self._playing = usual, make(usual)
        self._wanted = usual
        self._second: Second | None = None
        self._expected: tuple[str, ...] = ()
        self._failed: dict[str, str] = {}
        self._worker = ThreadPoolExecutor(1, "generators")
        self._seen: Frame | None = None
        self._frame: Frame | None = None
        self._before = 0  # pictures that others have made
        self._ended: GeneratorHealth | None = None

    @property
    def model(self) -> str:
        """The model that plays."""
        return self._model

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the pictures of the one that plays."""
        return self._playing.size

    def expect(self, models: Sequence[str]) -> None:
        """The models ("" the usual one) of the looks that are shown or may come, soonest first."""
        self._expected = tuple(dict.fromkeys(model or self._usual for model in models))
        self._keep_second()

    def submit(self, params: FrameParams, picture: np.ndarray | None = None) -> None:
        wanted = self._wanted = params.model or self._usual
        self._look_after_second()
        if wanted != self._model:
            self._keep_second()
            if self._takes_over(wanted, params):
                picture = None  # of the other's size
        elif self._second is not None:
            self._warm(self._second, params)
        self._playing.submit(params, picture)

    def latest(self) -> Frame | None:
        frame = self._playing.latest()
        if frame is not None and frame is not self._seen:
            self._seen = frame
            number = frame.number + self._before
            self._frame = frame if self._before == 0 else replace(frame, number=number)
        return self._frame

    def health(self) -> GeneratorHealth:
        health = self._playing.health()
        note = next(reversed(self._failed.values()), "") or health.note
        return replace(health, generated=health.generated + self._before, note=note)

    def close(self) -> None:
        """End all of them. May be called twice."""
        if self._ended is not None:
            return
        self._ended = self.health()
        self._end_second()
        self._worker.shutdown()
        self._playing.close()

    def forgive(self) -> None:
        """Models that failed may be tried again: the show has been saved anew."""
        self._failed.clear()

    def _warm(self, second: Second, params: FrameParams) -> None:
        """Its first picture, so that all is loaded and warm; then it rests."""
        second.asked, player = None, second.player
        if player is not None and player.latest() is None:
            player.submit(params)

    def _takes_over(self, wanted: str, params: FrameParams) -> bool:
        """Let the second draw this look, and play from its first picture of it on."""
        second = self._second
        if second is None or second.model != wanted or (player := second.player) is None:
            return False
        first = player.latest()
        if second.asked is None:
            second.asked = first.number if first else 0
        player.submit(params)
        made_for = first and (first.params.model or self._usual)
        if made_for != wanted or first.number <= second.asked:
            return False
        shown = self._frame.number if self._frame else 0
        other = Future()
        other.set_result(self._playing)
        self._second = Second(self._model, other)
        self._model, self._playing = wanted, player
        self._before = shown + 1 - first.number
        self._keep_second()
        return True

    def _keep_second(self) -> None:
        """Have the first of the models in sight that does not play; end another."""
        models = (self._wanted, *self._expected)
        others = [name for name in models if name != self._model and name not in self._failed]
        wanted = others[0] if others else None
        if self._second is not None and self._second.model == wanted:
            return
        self._end_second()
        if wanted is not None and self._ended is None:
            self._second = Second(wanted, self._worker.submit(self._make, wanted))

    def _look_after_second(self) -> None:
        """One that cannot be made or has failed is told once, ended, and not tried again."""
        second = self._second
        if second is None or not second.coming.done():
            return
        error = second.coming.exception()
        health = second.player.health() if error is None else None
        if error is not None or health.state == "failed":
            fault = health.fault if health else str(error)
            self._failed[second.model] = f"{second.model}: {fault} ({self._model} plays on)"
            self._end_second()

    def _end_second(self) -> None:
        second, self._second = self._second, None
        if second is not None:
            self._worker.submit(_end, second.coming)


def _end(coming: Future[Generator]) -> None:
    """On the worker, after it has been made."""
    if coming.exception() is None:
        coming.result().close()


def models_of(show: Show) -> tuple[str, ...]:
    """The models that looks of the show name, in order."""
    looks = (*show.presets, show.hush)
    return tuple(dict.fromkeys(look.model for look in looks if look.model))


def check_models(show: Show) -> None:
    """Before the show: raises ModelError for a look whose model is none."""
    for look in (*show.presets, show.hush):
        try:
            if look.model:
                check_folder(look.model)
        except LiquidlightError as error:
            raise ModelError(f"{look.path}: model = {look.model!r}: {error}") from None


def coming_models(moment: Moment, show: Show) -> tuple[str, ...]:
    """What `expect` wants: the models of the looks that are shown, chosen, laid on a deck, and of
    the next one where looks change by themselves; nothing when no look names one."""
    if not any(look.model for look in show.presets):
        return ()
    playing, count = moment.playing, len(show.presets)
    change = change_at(moment.signals.beat.beat, playing)
    places = [change.after]
    if playing.queued is not None:
        places.append(playing.queued.after)
    if playing.decks != NO_DECKS:
        places += [deck for deck in playing.decks if deck is not None]
    elif playing.autopilot and not playing.locked and show.autopilot.order == "forward":
        places.append(change.after + 1)
    return tuple(show.presets[place % count].model for place in places)
