"""All open pages, kept in step: what hands do flows in, how the show stands flows out.

A page that comes gets everything; then all get the same differences, some times a second, made
once for all. Pictures go only to a page that has drawn the last one: a slow phone gets fewer and
holds nobody up. Runs on the web server's thread; what waits for disks runs beside it.

Messages are JSON. To the page: `controls` (rows), `scenes`, `values` and `held` (what changed;
null: gone), `knobs` (all that wait to be picked up), `ghosts` (all that there are), `now` and
`heard` (by the names in `names`), `spectrum`, `health`, `outputs`,
`displays`, and answers to `ask`. From the page: `{"set": [address, value]}`, `{"drawn": n}` after
each picture, `{"want": {"preview": true, "heard": true}}`, `{"ask": [number, what, ...]}`. Binary
to the page: a picture, JPEG.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from controllers.addresses import find
from controllers.osc import value_for
from controllers.page.contract import PageShow
from controllers.page.pages import Message, Page
from controllers.surface import Control
from engine.errors import LiquidlightError
from engine.tapers import PLAIN, TRAITS

TELL_SECONDS = 1.0 / 20.0
PICTURE_TICKS, HEALTH_TICKS, LATE_TICKS = 2, 10, 60
"""Ticks between pictures, between figures, and until a lost answer to a picture is given up."""
FAULTS = logging.getLogger("uvicorn.error")
READERS = 2
"""Questions of all pages that are worked on at once."""


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
        self._displays: list[Message] = []
        self._takes: list[Message] = []
        self._knobs: Mapping[str, Any] = {}
        self._names: tuple[str, ...] = ()
        self._picture = 0
        self._ticks = 0
        self._readers = asyncio.Semaphore(READERS)

    async def talk(self, socket: Any) -> None:
        """Serve one page until it goes."""
        await socket.accept()
        page = Page(socket)
        try:
            if not self.pages:
                self._look()
            page.tell(self._everything())
            self.pages.add(page)
            while (message := await socket.receive())["type"] == "websocket.receive":
                if text := message.get("text"):
                    self._take(page, text)
                await page.pace()
        finally:
            self.pages.discard(page)
            page.close()

    async def run(self) -> None:
        """Tell all pages what is new; nobody there costs nothing."""
        while True:
            await asyncio.sleep(TELL_SECONDS)
            if self.pages:
                try:
                    await self._tick()
                except LiquidlightError:
                    pass
                except Exception:  # told once; pages miss a turn, not the evening
                    FAULTS.exception("the page: what it tells went wrong")

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
        lean, full = {"now": now, **news}, {"now": now, **news, **heard}
        texts = json.dumps(lean), json.dumps(full) if heard else ""
        for page in self.pages:
            page.tell(full if page.heard else lean, texts[page.heard])
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
                         ("outputs", show.outputs()),
                         ("displays", show.displays()), ("takes", show.takes())):
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
            "outputs": self._outputs, "displays": self._displays, "takes": self._takes,
            "names": list(self._names), "now": self._show.now(),
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
            ready = page.preview and (page.drawn or page.waited > LATE_TICKS)
            if ready and page.show(picture[1]):
                page.drawn, page.waited = False, 0

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
                    page.ask(int(value[0]), self._answer, *map(str, value[1:]))
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError,
                RecursionError):
            return

    def _set(self, name: str, value: Any) -> None:
        address = find(str(name))
        meant = value_for(address, [value]) if address else None
        if meant is not None:
            if isinstance(meant, str):
                meant.encode()  # half of a pair of surrogates is no text: files refuse it
            self.received += 1
            self._show.put(address.name, meant)

    async def _answer(self, what: str = "", *rest: str) -> Message:
        """Files are read, checked and written beside the loop, because disks wait."""
        asks: dict[str, Callable[..., Any]] = {
            "read": self._show.read_file, "check": self._show.check_file,
            "save": self._show.save_file, "files": self._show.files,
            "bound": self._show.bound, "unlearn": self._show.unlearn,
            "delete_take": self._show.delete_take, "restore_take": self._show.restore_take,
        }
        try:
            async with self._readers:
                return {"ok": await asyncio.to_thread(asks[what], *rest)}
        except (LiquidlightError, KeyError, TypeError, ValueError, RecursionError) as error:
            return {"error": str(error)}


def _short(values: Mapping[str, float | str], digits: int = 6) -> dict[str, float | str]:
    """Six digits are more than a fader shows, and trembling ones would be sent for ever."""
    return {name: value if isinstance(value, str) else float(f"{value:.{digits}g}")
            for name, value in values.items()}
