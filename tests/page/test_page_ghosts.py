"""Ghosts on their way to the page: where the show has what a hand holds, where knobs stand."""

import asyncio
import json

import pytest
from test_page_served import Show

from controllers.page.hub import Hub, Page, control_row
from controllers.surface import Control
from engine.clock import monotonic
from engine.params import PARAMS


class Socket:
    """A page that only listens."""

    def __init__(self) -> None:
        self.heard: list[dict] = []

    async def send_text(self, text: str) -> None:
        self.heard.append(json.loads(text))


@pytest.fixture
def told():
    """What two pages are told in half a second of a show: one that draws, one that is hidden."""

    def tell(show: Show, change) -> tuple[list[dict], list[dict]]:
        hub = Hub(show)
        draws, hidden = Page(Socket(), heard=True), Page(Socket())
        hub.pages |= {draws, hidden}

        async def play() -> None:
            running, end = asyncio.create_task(hub.run()), monotonic() + 5.0
            for act in (lambda: None, change):
                act()
                count = len(hidden.socket.heard)
                while len(hidden.socket.heard) < count + 3 and monotonic() < end:
                    await asyncio.sleep(0.01)
            running.cancel()

        asyncio.run(play())
        return draws.socket.heard, hidden.socket.heard

    return tell


def test_ghosts_are_told_to_pages_that_draw(told):
    show = Show()
    show.put("strength", 0.8)
    draws, hidden = told(show, lambda: show.put("release", "strength"))
    assert draws[0]["ghosts"] == {"strength": 0.1235}, "four digits are enough"
    assert draws[-1]["ghosts"] == {}, "who comes back to the page is told as well"
    assert not any("ghosts" in news for news in hidden)


def test_knobs_are_told_once_when_they_change(told):
    show = Show()
    show.places = {"strength": (0.25, "midi:box")}
    draws, _ = told(show, show.places.clear)
    said = [news["knobs"] for news in draws if "knobs" in news]
    assert said == [{"strength": [0.25, "midi:box"]}, {}]


def test_a_row_says_what_moves_it():
    moved = Control("strength", "value", "", PARAMS["strength"], moved="base + bass", based=True)
    row = control_row(moved)
    assert (row["moved"], row["based"]) == ("base + bass", True)
    assert "moved" not in control_row(Control("strength", "value", "", PARAMS["strength"]))
