"""OSCQuery: what there is to touch and how it stands, as JSON over HTTP and a websocket.

As proposed at github.com/Vidvox/OSCQueryProposal: `GET /vj/strength` is a node with TYPE, ACCESS,
VALUE, RANGE and the rest, `GET /vj` all below it, `?VALUE` one attribute, `?HOST_INFO` who we
are. Over the websocket a client says LISTEN or IGNORE with a path and gets binary OSC when that
changes; binary OSC that it sends is a hand. When another look plays, PATH_ADDED, PATH_REMOVED and
PATH_CHANGED tell. `/audio/...` is there to be read. Runs on the web server's thread.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from controllers.osc_codec import encode, path_of
from controllers.osc_out import audio_tree
from controllers.surface import Control, Surface

TELL_SECONDS = 0.05
NAME = "Liquidlight"
TYPES = {"value": "f", "switch": "T", "trigger": "I", "preset": "I", "text": "s", "choice": "s"}
SENT = ("trigger", "preset")
"""What can be sent and has no value."""
ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT",
              "CLIPMODE", "TAGS")
EXTENSIONS = ("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE", "TAGS", "LISTEN",
              "PATH_CHANGED", "PATH_ADDED", "PATH_REMOVED")

Node = dict[str, Any]


def leaf(control: Control, value: float | str | None) -> Node:
    """The node of one address. A text without words yet is ""."""
    node: Node = {"FULL_PATH": path_of(control.name), "DESCRIPTION": control.help,
                  "ACCESS": 2 if control.kind in SENT else 3, "TAGS": [control.kind]}
    param, kind = control.param, TYPES[control.kind]
    if param is not None:
        kind = "i" if param.integer else "f"
        if math.isfinite(param.low) and math.isfinite(param.high):
            cast = int if param.integer else float
            node |= {"RANGE": [{"MIN": cast(param.low), "MAX": cast(param.high)}],
                     "CLIPMODE": ["both"]}
        if param.unit:
            node["UNIT"] = [param.unit]
    elif control.choices:
        node["RANGE"] = [{"VALS": list(control.choices)}]
    if control.kind == "switch":
        kind = "T" if value else "F"
    node["TYPE"] = kind
    if control.kind not in SENT:
        node["VALUE"] = [_plain(kind, value)]
    return node


def _plain(kind: str, value: float | str | None) -> Any:
    """A value as JSON has it for its type tag."""
    if kind in "TF":
        return bool(value)
    if kind == "s":
        return "" if value is None else str(value)
    number = 0.0 if value is None else float(value)
    return round(number) if kind == "i" else number


def sounds(heard: Mapping[str, float]) -> list[Node]:
    """What is heard, to be read."""
    return [{"FULL_PATH": path, "TYPE": "f", "ACCESS": 1, "VALUE": [value],
             "DESCRIPTION": "what is heard", "TAGS": ["audio"]}
            for path, value in audio_tree(heard).items()]


def tree(leaves: list[Node]) -> Node:
    """All nodes from the root, by the parts of their paths."""
    root: Node = {"FULL_PATH": "/", "DESCRIPTION": NAME, "ACCESS": 0, "CONTENTS": {}}
    for node in leaves:
        at, path = root, ""
        for part in node["FULL_PATH"][1:].split("/"):
            path += f"/{part}"
            at = at.setdefault("CONTENTS", {}).setdefault(part, {"FULL_PATH": path, "ACCESS": 0})
        at |= node
    return root


def found(root: Node, path: str) -> Node | None:
    """The node at a path, None if there is none."""
    at: Node | None = root
    for part in filter(None, path.split("/")):
        at = (at or {}).get("CONTENTS", {}).get(part)
    return at


class OscQuery:
    """The ASGI application. `take` is handed the OSC packets that clients send, `port` is that of
    OSC over UDP. `clients` counts open websockets."""

    def __init__(self, surface: Surface, port: int, take: Callable[[bytes], None]) -> None:
        from starlette.applications import Starlette
        from starlette.routing import Route, WebSocketRoute

        self._surface, self._port, self._take = surface, port, take
        self._clients: dict[Any, set[str]] = {}
        self._told: dict[str, float | str] = {}
        self.app = Starlette(
            routes=[WebSocketRoute("/{path:path}", self._talk), Route("/{path:path}", self._get)],
            lifespan=self._life,
        )

    @property
    def clients(self) -> int:
        return len(self._clients)

    @asynccontextmanager
    async def _life(self, _app: Any) -> Any:
        task = asyncio.create_task(self._run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _get(self, request: Any) -> Any:
        from starlette.responses import JSONResponse, Response

        asked = request.url.query
        if asked == "HOST_INFO":
            return JSONResponse(self._host_info(request.url.hostname))
        node = found(self._tree(), request.url.path)
        if node is None:
            return Response(status_code=404)
        if not asked:
            return JSONResponse(node)
        if asked not in ATTRIBUTES:
            return Response(status_code=400)
        return JSONResponse({asked: node[asked]}) if asked in node else Response(status_code=204)

    def _host_info(self, host: str) -> Node:
        return {"NAME": NAME, "EXTENSIONS": dict.fromkeys(EXTENSIONS, True), "OSC_IP": host,
                "OSC_PORT": self._port, "OSC_TRANSPORT": "UDP"}

    def _tree(self) -> Node:
        values = self._surface.values()
        leaves = [leaf(c, values.get(c.name)) for c in self._surface.controls()]
        return tree([*leaves, *sounds(self._surface.heard())])

    async def _talk(self, socket: Any) -> None:
        await socket.accept()
        self._clients[socket] = set()
        try:
            while (message := await socket.receive())["type"] == "websocket.receive":
                if message.get("bytes"):
                    self._take(message["bytes"])
                elif message.get("text"):
                    self._command(socket, message["text"])
        finally:
            del self._clients[socket]

    def _command(self, socket: Any, text: str) -> None:
        """LISTEN or IGNORE; anything else is passed over."""
        try:
            said = json.loads(text)
            command, path = said["COMMAND"], str(said["DATA"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return
        listening = self._clients[socket]
        if command == "LISTEN" and len(listening) < 10_000:
            listening.add(path)
        elif command == "IGNORE":
            listening.discard(path)

    async def _run(self) -> None:
        """Tell what changes, some times a second; nobody there costs nothing."""
        there = ()
        while True:
            await asyncio.sleep(TELL_SECONDS)
            if not self._clients:
                there, self._told = (), {}
                continue
            controls = self._surface.controls()
            if there and controls is not there:
                await self._tell_paths(there, controls)
            there = controls
            await self._tell_values()

    async def _tell_paths(self, before: tuple[Control, ...], after: tuple[Control, ...]) -> None:
        old, new = ({path_of(c.name) for c in rows} for rows in (before, after))
        rows = [("PATH_REMOVED", path) for path in sorted(old - new)]
        rows += [("PATH_ADDED", path) for path in sorted(new - old)]
        for command, path in (*rows, ("PATH_CHANGED", "/vj")):
            text = json.dumps({"COMMAND": command, "DATA": path})
            await self._send_all(lambda socket, text=text: socket.send_text(text))

    async def _tell_values(self) -> None:
        wanted = set().union(*self._clients.values())
        now = {path_of(name): value for name, value in self._surface.values().items()}
        if any(path.startswith("/audio") for path in wanted):
            now |= audio_tree(self._surface.heard())
        for path in wanted & now.keys():
            if self._told.get(path) == now[path]:
                continue
            self._told[path] = now[path]
            packet = encode(path, now[path])
            await self._send_all(lambda socket, packet=packet: socket.send_bytes(packet),
                                 [s for s, paths in self._clients.items() if path in paths])
        self._told = {path: value for path, value in self._told.items() if path in wanted}

    async def _send_all(self, send: Callable[[Any], Any], sockets: list[Any] | None = None) -> None:
        for socket in list(self._clients) if sockets is None else sockets:
            with suppress(Exception):  # it went; its own reader tidies up
                await asyncio.wait_for(send(socket), 1.0)
