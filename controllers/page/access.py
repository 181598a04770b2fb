"""Who may open the page: this machine freely; from the network whoever has the token.

The address that is shown and drawn as a QR code carries the token; the first visit leaves it in a
cookie of the browser, and the page takes it out of the address bar. Who guesses has to wait. Pages
of other sites are refused by web_server.Guard before they come here.
"""

from __future__ import annotations

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from engine.clock import monotonic

COOKIE = "liquidlight"
GUESSES, REST_SECONDS = 10, 10.0
"""So many different wrong tokens of one address, then none of its is looked at for so long."""
ADDRESSES = 256


def new_token() -> str:
    """Enough not to be guessed, short enough to be typed."""
    return secrets.token_urlsafe(9)


class Gate:
    """An ASGI application that lets through who has the token; None lets everybody through."""

    def __init__(self, app: Any, token: str | None) -> None:
        self._app, self._token, self._guesses = app, token, Guesses()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._token is None or scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        who = (scope.get("client") or [""])[0]
        if self._guesses.too_many(who):
            return await _closed(scope, receive, send, 429)
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        if self._right(asked):
            return await self._app(scope, receive, _with_cookie(send, cookie_name(scope), asked))
        cookie = _cookie(scope)
        if self._right(cookie):
            return await self._app(scope, receive, send)
        for token in filter(None, (asked, cookie)):
            self._guesses.wrong(who, token)
        await _closed(scope, receive, send, 401)

    def _right(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), str(self._token).encode())


class Guesses:
    """Wrong tokens by address. The same one again is no guess but a page of last night."""

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[float, set[str]]] = {}

    def too_many(self, who: str) -> bool:
        since, tokens = self._wrong.get(who, (0.0, set()))
        if len(tokens) < GUESSES:
            return False
        if monotonic() - since < REST_SECONDS:
            return True
        del self._wrong[who]
        return False

    def wrong(self, who: str, token: str) -> None:
        tokens = self._wrong.pop(who, (0.0, set()))[1] | {token[:64]}
        self._wrong[who] = monotonic(), tokens
        if len(self._wrong) > ADDRESSES:
            del self._wrong[next(iter(self._wrong))]


def _cookie(scope: Any) -> str:
    cookies = SimpleCookie()
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                return ""
    name = cookie_name(scope)
    return cookies[name].value if name in cookies else ""


def cookie_name(scope: Any) -> str:
    """With the port, because browsers keep one jar for all ports of a machine."""
    return f"{COOKIE}_{(scope.get('server') or ('', 0))[1]}"


def _with_cookie(send: Any, name: str, token: str) -> Any:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            cookie = f"{name}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=86400"
            message["headers"] = [*message["headers"], (b"set-cookie", cookie.encode())]
        await send(message)

    return sending


async def _closed(scope: Any, receive: Any, send: Any, status: int) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": status,
                "headers": [(b"content-type", b"text/plain; charset=utf-8")]})
    await send({"type": "http.response.body",
                "body": b"Liquidlight: open the address that the show tells, with its token.\n"})
