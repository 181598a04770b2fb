"""The page's ASGI application: static files, thumbnails, a QR code, and the websocket of the hub.

Nothing outside `static/` is served, and nothing that is served may load anything from elsewhere.
"""

from __future__ import annotations

import asyncio
import io
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from controllers.page.access import Gate
from controllers.page.contract import PageShow
from controllers.page.hub import Hub

STATIC = Path(__file__).parent / "static"
HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def make_app(show: PageShow, hub: Hub, token: str | None, address: str) -> Any:
    """The application; `address` is where phones find it, "" for nowhere."""
    from starlette.applications import Starlette
    from starlette.responses import FileResponse, Response
    from starlette.routing import Mount, Route, WebSocketRoute
    from starlette.staticfiles import StaticFiles

    async def index(_request: Any) -> Any:
        return FileResponse(STATIC / "index.html")

    async def thumbnail(request: Any) -> Any:
        data = await asyncio.to_thread(show.thumbnail, request.path_params["preset"])
        return Response(data or b"", 200 if data else 404, media_type="image/jpeg")

    async def join(_request: Any) -> Any:
        return Response(qr_code(address), media_type="image/svg+xml") if address \
            else Response(status_code=404)

    @asynccontextmanager
    async def life(_app: Any) -> Any:
        task = asyncio.create_task(hub.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    app = Starlette(lifespan=life, routes=[
        Route("/", index), Route("/thumbnail/{preset}", thumbnail), Route("/join.svg", join),
        WebSocketRoute("/show", hub.talk), Mount("/static", StaticFiles(directory=STATIC)),
    ])
    return Gate(_Headed(app), token)


class _Headed:
    """Adds HEADERS to every answer."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._rows = [(key.encode(), value.encode()) for key, value in HEADERS.items()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._rows]
            await send(message)

        await self._app(scope, receive, sending)


def qr_code(text: str) -> bytes:
    """An SVG of a QR code, dark on light as all cameras read it."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=6, border=3, light="#fff", dark="#000")
    return out.getvalue()
