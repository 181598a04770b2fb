"""Takes of the running show: the switch `take`, `take.play` and `take.again`, and their files.

What the newest Moment and the graph's asks say flows in; writers and takes to be laid over the show
flow to TakeHands, lines to the operator, facts to the page. A thread of its own, because disks
wait: an unwritable folder or a full disk is one line, and the show goes on.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.clock import Clock, monotonic, sleep
from engine.company import midshow_writer
from engine.errors import LiquidlightError
from engine.exchange import EventQueue
from engine.laid_take import LaidTake
from engine.listening import Listening
from engine.play_options import PlayOptions
from engine.recording import usual_path
from engine.records import HOP_SECONDS, ControlEvent
from engine.take_hands import Early
from engine.take_shelf import TakeShelf
from engine.takes import SUFFIX, TakeWriter, load_take

if TYPE_CHECKING:
    from engine.live import Performance

LOOK_SECONDS, SHELF_SECONDS = 0.05, 1.0
END_SECONDS = 0.5
"""How long the analysis thread is waited for when the show ends in the midst of a take."""


class TakeDesk:
    """Works from `start` to `close`; `shelf` has the files, `free` the bytes that the disk of
    recordings has left, None where nobody knows."""

    def __init__(
        self, options: PlayOptions, listening: Listening, events: EventQueue[ControlEvent],
        clock: Clock, tell: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._options, self._listening, self._hands = options, listening, listening.takes
        self._events, self._clock, self._tell = events, clock, tell
        self._folder = usual_path().parent
        named = (options.record_take, options.take.path if options.take else None)
        self.shelf = TakeShelf([self._folder, *(path.parent for path in named if path)])
        self.free: int | None = None
        self._writer: TakeWriter | None = None
        self._failed: TakeWriter | None = None
        self._laid: LaidTake | None = None
        self._looked = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="takes", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End what is recorded, then stop; may be called before `start`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)
        if self._writer is not None:
            self._switch_off()
            end = monotonic() + END_SECONDS
            while self._writer is not None and monotonic() < end:
                self._close_ended()
                sleep(0.01)
            if self._writer is not None:
                self._close(self._writer)
        self.shelf.close()

    def facts(self) -> dict[str, Any]:
        """For the page, any thread: `take` is recorded, `laid` plays over the show, None for none;
        `free` bytes."""
        writer, laid = self._writer, self._hands.laid
        take = writer and {"name": writer.path.stem, "seconds": _seconds(writer.hops)}
        over = laid and {"name": laid.name, "seconds": _seconds(laid.done),
                         "of": _seconds(laid.hops)}  # fmt: skip
        return {"take": take, "laid": over, "free": self.free}

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self._work()
            except Exception as error:  # whatever goes wrong with a file, the show goes on
                self._tell(f"takes: {error}")

    def _work(self) -> None:
        for early in self._hands.begun.drain():
            self._open(early)
        self._close_ended()
        if self._writer is not None and self._writer.error and self._failed is not self._writer:
            self._failed = self._writer
            self._refuse(self._writer.error)
        for hop, event in self._listening.graph.take_asks.drain():
            self._play(hop, event)
        self._tell_of_end()
        if monotonic() - self._looked >= SHELF_SECONDS:
            self._looked = monotonic()
            self._look()

    def _look(self) -> None:
        self.shelf.look()
        try:
            self.free = shutil.disk_usage(self._folder).free
        except OSError:
            self.free = None

    def _open(self, early: Early) -> None:
        if early.refused:  # too late
            return
        path = self.shelf.free_path(usual_path().with_suffix(SUFFIX))
        try:
            self._writer = midshow_writer(self._options, path)
        except LiquidlightError as error:
            early.refused = True
            self._refuse(str(error))
            return
        self.shelf.writing = path
        early.writer = self._writer
        self._tell(f"a take begins: {path.name}")

    def _refuse(self, why: str) -> None:
        """One line; the switch goes off, so that it shows what is true."""
        self._tell(f"no take: {why}")
        self._switch_off()

    def _switch_off(self) -> None:
        self._events.put(ControlEvent(self._clock.now(), "take", 0.0, "takes"))

    def _close_ended(self) -> None:
        for writer in self._hands.ended.drain():
            self._close(writer)

    def _close(self, writer: TakeWriter) -> None:
        writer.close()
        if not writer.error:
            self._tell(f"the take {writer.path} is {said(writer.hops)} long")
        if writer is self._writer:
            self._writer = self.shelf.writing = None
        self.shelf.look()

    def _play(self, hop: int, event: ControlEvent) -> None:
        """An ask of hop `hop`: a name, "" for none, or a press for the newest and back."""
        name = event.value if event.address == "take.play" else ""
        if event.address == "take.again":
            if isinstance(event.value, str) or not event.value > 0.0:
                return
            self.shelf.look()
            if self._hands.laid is None:
                name = self.shelf.rows[0]["name"] if self.shelf.rows else None
        if name is None:
            self._tell("there is no take yet to play again")
        elif name in ("", 0.0):
            self._hands.lay(None)
        else:
            self._lay(str(name), hop)

    def _lay(self, name: str, hop: int) -> None:
        try:
            laid = LaidTake(load_take(self.shelf.path(name), hands_only=True), hop)
        except LiquidlightError as error:
            self._tell(f"not played: {error}")
            return
        self._hands.lay(laid)
        self._laid = laid
        self._tell(f"the take {name} plays over the show, {said(laid.hops)}")

    def _tell_of_end(self) -> None:
        if self._laid is not None and self._hands.laid is not self._laid:
            over = "has ended" if self._laid.over else "was stopped"
            self._tell(f"the take {self._laid.name} {over}")
            self._laid = None


def open_takes(show: Performance) -> TakeDesk:
    """The takes of a performance, at work."""
    desk = TakeDesk(show.options, show.listening, show.events, show.clock, show.tell)
    desk.start()
    return desk


def _seconds(hops: int) -> float:
    return round(hops * HOP_SECONDS, 1)


def said(hops: int) -> str:
    """A length as minutes and seconds."""
    minutes, seconds = divmod(round(hops * HOP_SECONDS), 60)
    return f"{minutes}:{seconds:02d}"
