"""One open page: what it is told, in its own time, and how much it may say.

A page that takes no message while the last one is still on its way is told later, all that it
missed at once; it holds nobody else up. What it says is taken at a pace that hands never reach;
the rest waits in the network, because nothing more is read. Runs on the web server's loop.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from engine.clock import monotonic

MESSAGES_A_SECOND, MESSAGES_AT_ONCE = 400.0, 400.0
"""Of one page. Two fingers on two pads at 120 pictures a second are half of this."""
ASKS = 4
"""Open questions of one page."""

Message = dict[str, Any]
Work = Callable[..., Awaitable[Message]]
Send = Callable[[Any], Awaitable[None]]


class Page:
    """`drawn` is whether it has drawn the last picture; `preview` and `heard` what it wants."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self.preview = self.heard = False
        self.drawn, self.waited = True, 0
        self._sending: asyncio.Task[None] | None = None
        self._missed: Message = {}
        self._asks: set[asyncio.Task[None]] = set()
        self._credit, self._since = MESSAGES_AT_ONCE, monotonic()

    @property
    def free(self) -> bool:
        """Whether the last message has gone out."""
        return self._sending is None or self._sending.done()

    def tell(self, news: Message, text: str = "") -> None:
        """What is new, now or with what comes next; `text` is `news` as JSON, made for all."""
        if not self.free:
            self._missed = joined(self._missed, news)
            return
        if self._missed or not text:
            text, self._missed = json.dumps(joined(self._missed, news)), {}
        self._send(self._socket.send_text, text)

    def show(self, picture: bytes) -> bool:
        """Send a picture; whether that could be."""
        if self.free:
            self._send(self._socket.send_bytes, picture)
            return True
        return False

    def ask(self, number: int, work: Work, *args: str) -> None:
        """Answer with what `work` comes to; too many at once are refused."""
        answering = self._answer(number, work if len(self._asks) < ASKS else _refused, args)
        self._asks.add(task := asyncio.create_task(answering))
        task.add_done_callback(self._asks.discard)

    async def pace(self) -> None:
        """Wait where more was said than hands can say."""
        now = monotonic()
        earned = (now - self._since) * MESSAGES_A_SECOND
        self._credit, self._since = min(MESSAGES_AT_ONCE, self._credit + earned) - 1.0, now
        if self._credit < 0.0:
            await asyncio.sleep(-self._credit / MESSAGES_A_SECOND)

    def close(self) -> None:
        for task in (self._sending, *self._asks):
            if task is not None:
                task.cancel()

    async def _answer(self, number: int, work: Work, args: tuple[str, ...]) -> None:
        await _sent(self._socket.send_text, json.dumps({"answer": [number, await work(*args)]}))

    def _send(self, send: Send, data: Any) -> None:
        self._sending = asyncio.create_task(_sent(send, data))


def joined(old: Mapping[str, Any], new: Mapping[str, Any]) -> Message:
    """Two messages as one: differences add up, of the rest the newer counts."""
    both = {key: {**old.get(key, {}), **new.get(key, {})} for key in ("values", "held")
            if key in old and key in new}
    return {**old, **new, **both}


async def _sent(send: Send, data: Any) -> None:
    with suppress(Exception):  # it has gone: its socket says so where it is read
        await send(data)


async def _refused(*_: str) -> Message:
    return {"error": "too many questions at once"}
