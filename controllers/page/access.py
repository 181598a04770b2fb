"""Who may open the page: this machine freely; from the network whoever has the token.

The address that is shown and drawn as a QR code carries the token; the first visit leaves it in a
cookie of the browser, so that the address bar need not keep it. Pages of other sites are refused
by web_server.Guard before they come here.
"""

from __future__ import annotations

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

COOKIE = "liquidlight"


def new_token() -> str:
    """Enough not to be guessed, short enough to be typed."""
    return secrets.token_urlsafe(9)


class Gate:
    """An ASGI application that lets through who has the token; None lets everybody through."""

    def __init__(self, app: Any, token: str | None) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._token is None or scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        if self._right(asked):
            return await self._app(scope, receive, _with_cookie(send, asked))
        if self._right(_cookie(scope)):
            return await self._app(scope, receive, send)
        await _closed(scope, receive, send)

    def _right(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), str(self._token).encode())


def _cookie(scope: Any) -> str:
    cookies = SimpleCookie()
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _with_cookie(send: Any, token: str) -> Any:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            cookie = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=86400"
            message["headers"] = [*message["headers"], (b"set-cookie", cookie.encode())]
        await send(message)

    return sending


async def _closed(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 401,
                "headers": [(b"content-type", b"text/plain; charset=utf-8")]})
    await send({"type": "http.response.body",
                "body": b"Liquidlight: open the address that the show tells, with its token.\n"})
