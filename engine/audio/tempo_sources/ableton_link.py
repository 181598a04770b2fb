"""Ableton Link: the session that the DJ's and everybody else's programs keep together.

By itself it listens: it joins only a session that is there (link_scout.py says when), never sets
a tempo or a phase, and leaves when it is alone. Asked to lead, it opens a session and publishes
the show's own tempo; the phase is moved only by a slightly different tempo, so nobody else's
beat jumps. Bars are Link's quantum of four beats.

The library is LinkPython-extern, which wraps Ableton's own; loaded when a session is wanted. One
thread joins and leaves; `read` and `publish` belong to the analysis thread and take 1 us.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from engine.audio.tempo_sources.link_scout import LinkScout, scout_socket
from engine.clock import Clock, monotonic
from engine.errors import DeviceError
from engine.records import Beat, Reading

QUANTUM = 4.0
ALONE_SECONDS = 3.0
"""So long without peers, and the session is left."""
SCOUT_SECONDS = 5.0
"""So often the network's interfaces are looked at anew."""
PUBLISH_SECONDS = 0.5
PULL, MOST_PULL = 0.2, 0.05
"""Change of the published tempo for each beat of phase error, and at most."""


class AbletonLink:
    """Takes part in Link until `close`. Raises DeviceError where the library is missing."""

    name = "link"

    def __init__(self, clock: Clock, lead: bool = False) -> None:
        if find_spec("link") is None:
            raise DeviceError("Ableton Link needs a package: pip install LinkPython-extern")
        self._clock, self._lead = clock, lead
        self._session: Any = None
        self._problem = ""
        self._published = -1.0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        if lead:
            self._join()
        else:
            self._thread.start()

    @property
    def peers(self) -> int:
        """Others in the session."""
        session = self._session
        return session.numPeers() if session is not None else 0

    def there(self, time: float) -> bool:
        return not self._lead and self.peers > 0

    def read(self, time: float) -> Reading | None:
        session = self._session
        if session is None:
            return None
        state, now = session.captureAppSessionState(), self._clock.now()
        beat = state.phaseAtTime(session.clock().micros(), QUANTUM)
        sure = 0.95 if session.numPeers() else 0.0
        return Reading(now, state.tempo(), beat % 1.0, int(beat) % 4, sure, self.name)

    def publish(self, beat: Beat) -> None:
        """Let the session follow the show's own beat; nothing unless asked to lead."""
        session = self._session
        if not self._lead or session is None or beat.time - self._published < PUBLISH_SECONDS:
            return
        self._published = beat.time
        state, micros = session.captureAppSessionState(), session.clock().micros()
        count = beat.at(self._clock.now())
        if session.numPeers() == 0:
            state.setTempo(beat.bpm, micros)
            state.requestBeatAtTime(count, micros, QUANTUM)
        else:
            ahead = (count - state.phaseAtTime(micros, QUANTUM) + 2.0) % QUANTUM - 2.0
            pull = min(MOST_PULL, max(-MOST_PULL, PULL * ahead))
            state.setTempo(beat.bpm * (1.0 + (pull if abs(ahead) > 0.02 else 0.0)), micros)
        session.commitAppSessionState(state)

    def align(self, time: float, beat: float) -> None:
        pass

    def says(self) -> str:
        if self._problem:
            return self._problem
        if (session := self._session) is None:
            return "nobody there"
        peers = session.numPeers()
        said = f"{peers} peer{'' if peers == 1 else 's'}"
        if peers:
            said += f" {session.captureAppSessionState().tempo():.1f}"
        return f"{said}{', leading' if self._lead else ''}"

    def close(self) -> None:
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)
        self._leave()

    def _join(self) -> None:
        """A new session each time: it must be younger than the one that is there."""
        import link

        session = link.Link(120.0)
        session.enabled = True
        self._session = session

    def _leave(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.enabled = False

    def _run(self) -> None:
        """Scout anew every some seconds: networks come and go."""
        scout = LinkScout()
        while not self._closed.is_set():
            try:
                with scout_socket() as listener:
                    self._problem = ""
                    if self._met(scout, listener):
                        self._stay()
                        scout.forget()
            except OSError as error:
                self._problem = f"no network for Link ({error.strerror or error})"
                self._closed.wait(SCOUT_SECONDS)

    def _met(self, scout: LinkScout, listener: socket.socket) -> bool:
        """Whether somebody turned up in the next SCOUT_SECONDS."""
        end = monotonic() + SCOUT_SECONDS
        while monotonic() < end and not self._closed.is_set():
            with suppress(TimeoutError):
                scout.take(listener.recv(2048), monotonic())
            if scout.settled(monotonic()):
                return True
        return False

    def _stay(self) -> None:
        """Join, and leave when alone."""
        self._join()
        company = monotonic()
        while monotonic() - company < ALONE_SECONDS and not self._closed.wait(0.1):
            if self.peers:
                company = monotonic()
        self._leave()
