"""What a client of web_server may take: time, connections and fragments, all bounded.

HTTP connections end when nothing came of them for some seconds, and where there are too many, the
one that waits longest goes first: a browser asks at once, who only holds the door open does not.
Websockets end when their client reads nothing, sends fragments without end, or pings in storms.
All runs on the web server's loop. Imported with the first server, because of uvicorn.
"""

from __future__ import annotations

import logging
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HTTP_SECONDS = 10.0
"""From a connection's beginning, or its last answer, to its end."""
HTTP_CONNECTIONS, CROWD, WEBSOCKETS = 48, 256, 32
"""More than the first are let in for GRACE_SECONDS, because a browser's question may be among
theirs; never more than a crowd."""
GRACE_SECONDS = 0.25
BITE = 4096
"""Bytes that are taken from one client before the others have their turn."""
STALL_SECONDS = 3.0
"""So long a websocket's client may leave unread what fills its buffers."""
FRAGMENTS, PINGS = 256, 64
"""Of one message; between two messages."""
PROTOCOLS = {"h11", "websockets"}
"""Libraries whose errors say what a client did."""
FAULTS = 20
"""So many different ones are told in an evening."""


class BoundedHttp(H11Protocol):
    """uvicorn's HTTP with an end to waiting."""

    def connection_made(self, transport: Any) -> None:
        transport.max_size = BITE
        super().connection_made(transport)
        self._all: dict[BoundedHttp, None] = _kept(self.server_state, "waiting")
        self._timer: Any = None
        self._wait()
        if len(self._all) == HTTP_CONNECTIONS + 1:
            self.loop.call_later(GRACE_SECONDS, _thin, self._all, HTTP_CONNECTIONS)
        _thin(self._all, CROWD)

    def cut(self) -> None:
        """End it now, whatever is on its way."""
        self._leave()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self._wait()
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._leave()
        if len(_kept(self.server_state, "talking")) >= WEBSOCKETS:
            return self.cut()
        super().handle_websocket_upgrade(event)

    def _wait(self) -> None:
        self._leave()
        self._all[self] = None
        self._timer = self.loop.call_later(HTTP_SECONDS, self.cut)

    def _leave(self) -> None:
        self._all.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's websocket with an end to patience."""

    def __init__(self, config: Any, server_state: Any, app_state: Any, _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._all: dict[BoundedWebSocket, None] = _kept(server_state, "talking")
        self._timer: Any = None
        self._pings = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._all[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.pop(self, None)
        self._rest()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._rest()
        self._timer = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._rest()
        super().resume_writing()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()

    async def send(self, message: Any) -> None:
        if self.transport.is_closing():  # it has gone; what it said last is still being read
            raise ClientDisconnected
        await super().send(message)

    def handle_ping(self) -> None:
        self._pings += 1
        if self._pings > PINGS:
            return self.transport.abort()
        if not self.transport.is_closing():
            super().handle_ping()

    def handle_cont(self, event: Any) -> None:
        if len(self.frames) >= FRAGMENTS:
            return self.transport.abort()
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        self._pings = 0
        super().send_receive_event_to_app()

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class Once(logging.Filter):
    """Lets a fault of ours through, once; what clients bring upon themselves is no fault."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        theirs = type(error).__module__.partition(".")[0] in PROTOCOLS
        if record.levelno < logging.ERROR or theirs or isinstance(error, UnicodeError):
            return False
        what = f"{record.msg} {error!r}"
        new = what not in self._seen and len(self._seen) < FAULTS
        self._seen.add(what)
        return new


def _thin(waiting: dict[BoundedHttp, None], most: int) -> None:
    while len(waiting) > most:
        next(iter(waiting)).cut()


def _kept(state: Any, name: str) -> dict[Any, None]:
    """The connections of one server, oldest first."""
    return vars(state).setdefault(name, {})
