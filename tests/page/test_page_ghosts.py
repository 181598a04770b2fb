"""Ghosts on their way to the page: where the show has what a hand holds, where knobs stand."""

import json

import pytest
from test_page_served import Browser, Show

from controllers.page.app import make_app
from controllers.page.hub import Hub, control_row
from controllers.surface import Control
from controllers.web_server import WebServer
from engine.params import PARAMS


@pytest.fixture
def told():
    """A show in memory, and two pages of it: one that draws, one that is hidden."""
    show = Show()
    web = WebServer(make_app(show, Hub(show), None, ""), 0)
    draws, hidden = Browser(web), Browser(web)
    draws.say(want={"preview": False, "heard": True})
    yield show, draws, hidden
    for page in (draws, hidden):
        page.close()
    web.close()


def test_ghosts_are_told_to_pages_that_draw(told):
    show, draws, hidden = told
    show.put("strength", 0.8)
    assert draws.until("ghosts", bool) == {"strength": 0.1235}, "four digits are enough"
    assert draws.until("ghosts") == {"strength": 0.1235}, "a page that comes back has them at once"
    show.put("release", "strength")
    assert draws.until("ghosts", lambda ghosts: not ghosts) == {}
    for _ in range(20):
        assert "ghosts" not in json.loads(hidden.socket.recv(timeout=5.0))


def test_knobs_are_told_to_all_pages_when_they_change(told):
    show, draws, hidden = told
    show.places = {"strength": (0.25, "midi:box")}
    for page in (draws, hidden):
        assert page.until("knobs") == {"strength": [0.25, "midi:box"]}
    show.places = {}
    for page in (draws, hidden):
        assert page.until("knobs") == {}, "not told again as long as it stands"


def test_a_row_says_what_moves_it():
    moved = Control("strength", "value", "", PARAMS["strength"], moved="base + bass", based=True)
    row = control_row(moved)
    assert (row["moved"], row["based"]) == ("base + bass", True)
    assert "moved" not in control_row(Control("strength", "value", "", PARAMS["strength"]))
