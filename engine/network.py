"""OSC and OSCQuery of a performance: opened before the first picture, closed with it.

PlayOptions and a surface in, open ports out. OSCQuery has the number of OSC's port, over TCP.
Both are for this machine alone unless `osc_lan` opens them to the network; there they are
announced by mDNS. Main thread; the ports have threads of their own.
"""

from __future__ import annotations

import math

from controllers.announce import OSC, OSC_QUERY, Announced
from controllers.osc import OscInput
from controllers.osc_out import Receiver
from controllers.osc_query import OscQuery
from controllers.surface import Surface
from controllers.web_server import WebServer
from engine.clock import Clock
from engine.errors import DeviceError
from engine.exchange import EventQueue
from engine.play_options import PlayOptions
from engine.records import ControlEvent

OSC_PORT = 7000
HERE, EVERYWHERE = "127.0.0.1", "0.0.0.0"


class Network:
    """The open ports. `received` counts OSC messages that were understood."""

    def __init__(
        self, osc: OscInput, query: OscQuery, web: WebServer | None, announced: Announced | None
    ) -> None:
        self.osc, self._query, self._web, self._announced = osc, query, web, announced

    @property
    def received(self) -> int:
        return self.osc.received

    def figures(self) -> dict[str, int | str]:
        """For --stats; any thread."""
        return {
            "osc_rejected": self.osc.rejected, "osc_last": self.osc.last,
            "osc_receivers": len(self.osc.out), "osc_query_clients": self._query.clients,
        }

    def close(self) -> None:
        for thing in (self._announced, self._web, self.osc):
            if thing is not None:
                thing.close()


def open_network(
    options: PlayOptions, events: EventQueue[ControlEvent], clock: Clock, notes: list[str],
    surface: Surface,
) -> Network | None:
    """The port asked for, or the usual one unless another program has it.

    Raises DeviceError where a port that was asked for cannot be had.
    """
    port = OSC_PORT if options.osc is None else options.osc
    if port == 0:
        return None
    host = EVERYWHERE if options.osc_lan else HERE
    try:
        osc = OscInput(port, events, clock, host, surface)
    except DeviceError as error:
        if options.osc is not None:
            raise
        notes.append(f"{error}; going on without OSC")
        return None
    for to in options.osc_out:
        osc.out.add(Receiver(to, audio=True, for_seconds=math.inf))
    query = OscQuery(surface, port, osc.take)
    web = _served(query, port, host, notes)
    return Network(osc, query, web, _announced(port, web, notes) if options.osc_lan else None)


def _served(query: OscQuery, port: int, host: str, notes: list[str]) -> WebServer | None:
    """Nobody asks for OSCQuery by itself: without it OSC goes on."""
    try:
        return WebServer(query.app, port, host, "OSCQuery")
    except DeviceError as error:
        notes.append(f"{error}; going on without OSCQuery")
        return None


def _announced(port: int, web: WebServer | None, notes: list[str]) -> Announced | None:
    try:
        return Announced([(OSC, port), *([(OSC_QUERY, port)] if web else ())])
    except DeviceError as error:
        notes.append(str(error))
        return None
