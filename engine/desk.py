"""The desk: saves what is played into files, puts files back, and keeps the live state.

Asks of the hands and the newest Moment flow in, files and events flow out: once a preset is saved
and read again, the hands let go of what is now its own. A thread of its own, because disks wait;
it looks a few times a second and touches neither GL nor the model.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.autosave import LiveState, seen_look, state_of
from engine.clock import Clock, monotonic
from engine.errors import PresetError
from engine.exchange import EventQueue
from engine.folders import folder, write_whole
from engine.learning import Learner
from engine.listening import Listening
from engine.records import ControlEvent
from engine.saving import Edited, edited
from engine.undo import LEARN, RELEASE, SAVED, UNLEARN, Ask, Hands, hands_of

LOOK_SECONDS, KEEP_SECONDS = 0.05, 1.0
BACKUPS = 50
"""Texts of presets before they were saved over, oldest go first."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: its text before, None where there was none, and after."""

    path: Path
    before: str | None
    after: str


class Desk:
    """Works from `start` to `close`. `reload` reads the show anew and says whether that went well.

    `saves` counts files written; what goes wrong is told in a line, and nothing is lost by it.
    `learner`, if there is one, binds controls of MIDI; what it writes is undone as a save is.
    """

    def __init__(
        self,
        listening: Listening,
        events: EventQueue[ControlEvent],
        clock: Clock,
        reload: Callable[[], bool],
        tell: Callable[[str], None],
        live: LiveState | None = None,
    ) -> None:
        self._listening, self._events, self._clock = listening, events, clock
        self._reload, self._tell, self._live = reload, tell, live
        self._written: list[Written] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)
        self.saves = 0
        self.learner: Learner | None = None

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Do what was asked, then stop; may be called before `start`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def _run(self) -> None:
        kept = 0.0
        while not self._stop.wait(LOOK_SECONDS):
            self._work()
            if monotonic() - kept >= KEEP_SECONDS:
                kept = monotonic()
                self._keep()
        self._work()

    def _work(self) -> None:
        for ask in self._listening.graph.history.asks.drain():
            try:
                self._do(ask)
            except Exception as error:  # whatever goes wrong with a file, the desk goes on
                said = "" if ask.what in (LEARN, UNLEARN) else "not saved: "
                self._tell(f"{said}{error}")
        try:
            self._learned()
        except Exception as error:
            self._tell(f"not learned: {error}")

    def _learned(self) -> None:
        for written in self.learner.learned() if self.learner else ():
            self._note(Written(*written))

    def _note(self, written: Written) -> None:
        """What was written into the rig is undone as a save is."""
        self._written.append(written)
        self._events.put(ControlEvent(self._clock.now(), SAVED, len(self._written), SAVED))

    def _keep(self) -> None:
        """The live state; without a disk the show goes on, and it is told once."""
        if self._live is None:
            return
        try:
            self._live.write(state_of(self._listening.moment.get(), self._listening.show.get()))
        except Exception as error:
            self._live = None
            self._tell(f"the live state cannot be kept: {error}")

    def _do(self, ask: Ask) -> None:
        if ask.what == LEARN:
            if self.learner:
                self.learner.ask(ask.text)
            return
        if ask.what == UNLEARN:
            if self.learner:
                self._note(Written(*self.learner.forget(ask.text)))
            return
        if self._listening.take is not None:
            raise PresetError("a take plays, whose hands have saved before")
        if ask.what in ("undo", "redo"):
            self._put_back(self._written[ask.number - 1], ask.what)
            return
        path = seen_look(self._listening.moment.get(), self._listening.show.get()).path
        text = _read(path)
        new = edited(path, text, ask.controls)
        if ask.what == "save":
            self._save(path, text, new, hands_of(ask.controls))
        else:
            self._save_beside(path, new)

    def _save(self, path: Path, text: str, new: Edited, hands: Hands) -> None:
        if not new.kept:
            self._tell(f"nothing to save: no hand has changed {path.stem}{_rest(new)}")
            return
        _back_up(path, text)
        number = self._write(Written(path, text, new.text))
        read, now = self._reload(), self._clock.now()
        there = hands_of(self._listening.moment.get().controls)
        for address in new.kept:
            if read and there.get(address) == hands[address]:  # else the hand has moved on
                self._events.put(ControlEvent(now, RELEASE, address, SAVED))
        self._events.put(ControlEvent(now, SAVED, float(number), SAVED))
        self._tell(f"saved {path}: {', '.join(new.kept)}{_rest(new)}")

    def _save_beside(self, path: Path, new: Edited) -> None:
        """As NAME-2.toml, NAME-3.toml ...; the hands keep what they have."""
        base, n = re.sub(r"(?<=.)-\d+$", "", path.stem), 2
        while (beside := path.with_name(f"{base}-{n}.toml")).exists():
            n += 1
        number = self._write(Written(beside, None, new.text))
        self._events.put(ControlEvent(self._clock.now(), SAVED, float(number), SAVED))
        self._tell(f"saved the variation {beside}{_rest(new)}")

    def _write(self, file: Written) -> int:
        write_whole(file.path, file.after)
        self._written.append(file)
        self.saves += 1
        return len(self._written)

    def _put_back(self, file: Written, way: str) -> None:
        """Undo or redo a save, unless another hand has changed the file since."""
        there, wanted = (file.after, file.before) if way == "undo" else (file.before, file.after)
        if (_read(file.path) if file.path.exists() else None) != there:
            raise PresetError(f"{file.path} was changed elsewhere since; it stays as it is")
        if wanted is None:
            file.path.unlink()
        else:
            write_whole(file.path, wanted)
        self._reload()
        if self.learner:
            self.learner.remap(file.path)
        self._tell(f"{way}: {file.path} is {'gone' if wanted is None else 'as before'}")


def _rest(new: Edited) -> str:
    return f"; still by hand: {', '.join(new.left)}" if new.left else ""


def _read(path: Path) -> str:
    """A text as it is, its line ends too. Raises PresetError."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PresetError(f"{path}: cannot be read ({error})") from None


def _back_up(path: Path, text: str) -> None:
    backups = folder("state") / "backups"
    there = sorted(backups.glob(f"{'[0-9]' * 6}-*.toml"))
    number = int(there[-1].name.partition("-")[0]) + 1 if there else 1
    write_whole(backups / f"{number:06d}-{path.name}", text)
    for old in there[: 1 - BACKUPS]:
        old.unlink(missing_ok=True)
