"""An ASGI application served on a thread of its own: HTTP and websockets beside the show.

The socket is bound at once, so that a taken port is told before the show; uvicorn serves it. What
comes from a web page of another site is refused: browsers name the page's host in `Origin`, and a
name that was bent to this machine (DNS rebinding) in `Host`.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from engine.errors import DeviceError

MESSAGE_BYTES = 1 << 16
"""Largest websocket message; more ends the connection."""
BACKLOG = 64
PING_SECONDS = 5.0
"""Between signs of life that a websocket is asked for, and until it is taken for dead."""

App = Callable[[Any, Any, Any], Awaitable[None]]


class WebServer:
    """Serves `app` on `host`:`port` (0: any free one) until `close`.

    `what` names it in messages. Raises DeviceError when the port cannot be had.
    """

    def __init__(self, app: App, port: int, host: str = "127.0.0.1", what: str = "page") -> None:
        import uvicorn

        from controllers.web_limits import BoundedHttp, BoundedWebSocket, Once

        self._socket = _bound(host, port, what)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            Guard(app), log_config=None, access_log=False, http=BoundedHttp, ws=BoundedWebSocket,
            lifespan="on", ws_max_size=MESSAGE_BYTES, ws_per_message_deflate=False,
            ws_ping_interval=PING_SECONDS, ws_ping_timeout=PING_SECONDS,
            timeout_graceful_shutdown=1, server_header=False, proxy_headers=False,
        )
        errors = logging.getLogger("uvicorn.error")
        if not errors.filters:
            errors.addFilter(Once())
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name=what, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End all connections and give the port back."""
        self._server.should_exit = True
        self._thread.join(timeout=3.0)
        self._socket.close()


class Guard:
    """Lets through what this machine, or whoever opened the port knowingly, asks for."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket") and not allowed(scope["headers"]):
            return await _refuse(scope, receive, send)
        await self._app(scope, receive, send)


def allowed(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether `Host` is an address or localhost, and `Origin`, if there is one, that host and port:
    what else this machine serves is another site."""
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    named = found.get("host", "").lower()
    if not _is_address(_host(f"//{named}")):
        return False
    origin = found.get("origin")
    return origin is None or origin.lower().partition("://")[2] == named


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    """Numbers cannot be bent to another machine, as names can."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


async def _refuse(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 403,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"asked from another site\n"})


def _bound(host: str, port: int, what: str) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = error.strerror or error
        raise DeviceError(
            f"{what} cannot listen on {host}:{port} ({reason}); choose another port"
        ) from None
    return listener
