"""All open pages, kept in step: what hands do flows in, how the show stands flows out.

A page that comes gets everything; then all get the same differences, some times a second, made
once for all. Pictures go only to a page that has drawn the last one: a slow phone gets fewer and
holds nobody up. Runs on the web server's thread; what waits for disks runs beside it.

Messages are JSON. To the page: `controls` (rows), `scenes`, `values` and `held` (what changed;
null: gone), `knobs` (all that wait to be picked up), `ghosts` (all that there are), `now` and
`heard` (by the names in `names`), `spectrum`, `health`, `outputs`, and
answers to `ask`. From the page: `{"set": [address, value]}`, `{"drawn": n}` after each picture,
`{"want": {"preview": true, "heard": true}}`, `{"ask": [number, what, ...]}`. Binary to the page:
a picture, JPEG.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from controllers.addresses import find
from controllers.osc import value_for
from controllers.page.contract import PageShow
from controllers.surface import Control
from engine.errors import LiquidlightError
from engine.tapers import PLAIN, TRAITS

TELL_SECONDS = 1.0 / 20.0
PICTURE_TICKS, HEALTH_TICKS, LATE_TICKS = 2, 10, 60
"""Ticks between pictures, between figures, and until a lost answer to a picture is given up."""
SEND_SECONDS = 2.0
"""A page that does not take a message for so long is let go; it comes back by itself."""

Message = dict[str, Any]


@dataclass(slots=True, eq=False)
class Page:
    """One open page. `drawn` is whether it has drawn the last picture it was sent."""

    socket: Any
    preview: bool = False
    heard: bool = False
    drawn: bool = True
    waited: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


def control_row(control: Control) -> Message:
    """What a page needs to make a control of a row."""
    row: Message = {"name": control.name, "kind": control.kind, "help": control.help}
    if (param := control.param) is not None and math.isfinite(param.low + param.high):
        row |= {"low": param.low, "high": param.high, "default": param.default,
                "unit": param.unit, "whole": param.integer,
                "curve": TRAITS.get(control.name, PLAIN).curve}
    if control.moved:
        row |= {"moved": control.moved, "based": control.based}
    if control.choices:
        row["choices"] = list(control.choices)
    return row


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Message:
    """What has changed; what is gone is None."""
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    return changed | {key: None for key in before.keys() - after.keys()}


class Hub:
    """`talk` for each websocket; `run` for ever, once."""

    def __init__(self, show: PageShow, joins: bool = False) -> None:
        """`joins` says whether others may come from the network."""
        self._show, self._joins = show, joins
        self.pages: set[Page] = set()
        self.received = 0
        self._values: dict[str, Any] = {}
        self._held: dict[str, Any] = {}
        self._controls: tuple[Control, ...] = ()
        self._scenes: list[Message] = []
        self._outputs: list[Message] = []
        self._knobs: Mapping[str, Any] = {}
        self._names: tuple[str, ...] = ()
        self._picture = 0
        self._ticks = 0

    async def talk(self, socket: Any) -> None:
        """Serve one page until it goes."""
        await socket.accept()
        page = Page(socket)
        try:
            if not self.pages:
                self._look()
            await self._send(page, self._everything())
            self.pages.add(page)
            while (message := await socket.receive())["type"] == "websocket.receive":
                if text := message.get("text"):
                    self._take(page, text)
        finally:
            self.pages.discard(page)
            for task in page.tasks:
                task.cancel()

    async def run(self) -> None:
        """Tell all pages what is new; nobody there costs nothing."""
        while True:
            await asyncio.sleep(TELL_SECONDS)
            if self.pages:
                with suppress(LiquidlightError):
                    await self._tick()

    async def _tick(self) -> None:
        self._ticks += 1
        news = self._look()
        if self._ticks % HEALTH_TICKS == 0:
            news["health"] = self._show.health()
        now = self._show.now()
        heard: Message = {}
        if any(page.heard for page in self.pages):
            values = self._show.surface.heard()
            heard = {"heard": [round(values.get(name, 0.0), 3) for name in self._names],
                     "spectrum": self._show.spectrum(),
                     "ghosts": _short(self._show.surface.ghosts(), 4)}
        lean, full = (json.dumps({"now": now, **more}) for more in (news, {**news, **heard}))
        for page in list(self.pages):
            await self._send_text(page, full if page.heard else lean)
        if self._ticks % PICTURE_TICKS == 0 and any(page.preview for page in self.pages):
            await self._tell_picture()

    def _look(self) -> Message:
        """How the show stands, and what of it is new."""
        show, news = self._show, {}
        controls = show.surface.controls()
        if controls is not self._controls:
            self._controls = controls
            news["controls"] = [control_row(control) for control in controls]
        values, held = _short(show.surface.values()), _short(show.held())
        for key, old, new in (("values", self._values, values), ("held", self._held, held)):
            if changed := difference(old, new):
                news[key] = changed
        self._values, self._held = values, held
        for key, new in (("scenes", show.scenes()), ("knobs", show.knobs()),
                         ("outputs", show.outputs())):
            if new != getattr(self, f"_{key}"):
                setattr(self, f"_{key}", new)
                news[key] = new
        return news

    def _everything(self) -> Message:
        """The full state, for a page that comes or comes back."""
        self._names = tuple(self._show.surface.heard())
        return {
            "knobs": self._knobs,
            "fresh": True, "controls": [control_row(control) for control in self._controls],
            "values": self._values, "held": self._held, "scenes": self._scenes,
            "outputs": self._outputs, "names": list(self._names), "now": self._show.now(),
            "health": self._show.health(), "files": self._show.files(),
            "joins": self._joins,
        }

    async def _tell_picture(self) -> None:
        picture = await asyncio.to_thread(self._show.preview)
        if picture is None or picture[0] == self._picture:
            return
        self._picture = picture[0]
        for page in list(self.pages):
            page.waited = 0 if page.drawn else page.waited + 1
            if page.preview and (page.drawn or page.waited > LATE_TICKS):
                page.drawn, page.waited = False, 0
                await self._sent(page, page.socket.send_bytes(picture[1]))

    def _take(self, page: Page, text: str) -> None:
        """One message of a page; what means nothing is passed over."""
        try:
            said = json.loads(text)
            for key, value in said.items():
                if key == "set":
                    self._set(*value)
                elif key == "drawn":
                    page.drawn = True
                elif key == "want":
                    page.preview, page.heard = bool(value["preview"]), bool(value["heard"])
                elif key == "ask":
                    task = asyncio.create_task(self._answer(page, *value))
                    page.tasks.add(task)
                    task.add_done_callback(page.tasks.discard)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return

    def _set(self, name: str, value: Any) -> None:
        address = find(str(name))
        meant = value_for(address, [value]) if address else None
        if meant is not None:
            self.received += 1
            self._show.put(address.name, meant)

    async def _answer(self, page: Page, number: Any, what: Any, *rest: Any) -> None:
        """Files are read, checked and written beside the loop, because disks wait."""
        asks: dict[str, Callable[..., Any]] = {
            "read": self._show.read_file, "check": self._show.check_file,
            "save": self._show.save_file, "files": self._show.files,
        }
        try:
            answer = {"ok": await asyncio.to_thread(asks[str(what)], *map(str, rest))}
        except (LiquidlightError, KeyError, TypeError) as error:
            answer = {"error": str(error)}
        await self._send(page, {"answer": [number, answer]})

    async def _send(self, page: Page, message: Message) -> None:
        await self._send_text(page, json.dumps(message))

    async def _send_text(self, page: Page, text: str) -> None:
        await self._sent(page, page.socket.send_text(text))

    async def _sent(self, page: Page, sending: Any) -> None:
        try:
            await asyncio.wait_for(sending, SEND_SECONDS)
        except Exception:  # it is gone or asleep: it will come back and get everything
            self.pages.discard(page)


def _short(values: Mapping[str, float | str], digits: int = 6) -> dict[str, float | str]:
    """Six digits are more than a fader shows, and trembling ones would be sent for ever."""
    return {name: value if isinstance(value, str) else float(f"{value:.{digits}g}")
            for name, value in values.items()}
