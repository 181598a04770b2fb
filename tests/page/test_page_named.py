"""The page by ear and by keyboard, in Chromium: names, the way from control to control, focus.

The show is in memory, with all controls of the demo set's first look; names are those that
Chromium tells a screen reader.
"""

from contextlib import ExitStack

import pytest
from page_stage import in_chromium
from servers import wait_for
from test_page_served import Show

from controllers.page.app import make_app
from controllers.page.hub import Hub
from controllers.web_server import WebServer
from engine.show import load_show
from engine.surface import controls_of

HANDS = {"button", "slider", "textbox", "searchbox", "combobox", "checkbox", "radio", "tab",
         "spinbutton", "switch", "menuitem", "link", "option"}
CHOSEN = '#rooms [aria-selected="true"]'


class Demo(Show):
    """The demo set, standing still."""

    def __init__(self) -> None:
        super().__init__()
        show = load_show("first_light")
        self.rows = tuple(controls_of(show, show.presets[0]))
        self.state = {row.name: row.param.default if row.param else 0.0 for row in self.rows
                      if row.kind != "text"} | {"prompts.1.text": "a (burning:1.3) moon"}

    def now(self):
        return super().now() | {"playing": "ink", "queued": None, "queued_beats": None,
                                "autopilot": False, "waiting": [], "recording": False}


@pytest.fixture(scope="module")
def page():
    """The show and a page of it; at the end nothing has been complained of."""
    show = Demo()
    show.web = WebServer(make_app(show, Hub(show), None, ""), 0)
    with ExitStack() as stack:
        stack.callback(lambda: show.web.close())  # a test begins another one
        yield stack.enter_context(in_chromium(show.web.port)), show


def _rooms(tab) -> list[str]:
    return tab.evaluate("[...document.querySelectorAll('#rooms [role=tab]')]"
                        ".map((tab) => tab.textContent)")


def _enter(tab, name: str) -> None:
    tab.get_by_role("tab", name=name, exact=True).click()


def _spoken(tab) -> list[tuple[str, str]]:
    """Role and name of all that hands can reach."""
    tree = tab.context.new_cdp_session(tab).send("Accessibility.getFullAXTree")["nodes"]
    return [(node["role"]["value"], node.get("name", {}).get("value", "").strip())
            for node in tree if not node.get("ignored") and node["role"]["value"] in HANDS]


def test_every_control_of_every_room_has_a_name_of_its_own(page):
    tab, _ = page
    for name in _rooms(tab):
        _enter(tab, name)
        spoken = _spoken(tab)
        assert len(spoken) > 12
        assert not [role for role, called in spoken if not called], f"{name}: without a name"


def test_tabs_are_walked_with_arrows_and_say_where_one_is(page):
    tab, _ = page
    rooms = _rooms(tab)
    _enter(tab, rooms[0])
    tab.locator(CHOSEN).focus()
    for name in (*rooms[1:], rooms[0]):
        tab.keyboard.press("ArrowRight")
        assert tab.evaluate("document.activeElement.textContent") == name
        assert tab.get_by_role("tabpanel", name=name, exact=True).count() == 1
    tab.keyboard.press("End")
    assert tab.locator(CHOSEN).inner_text() == rooms[-1]
    tab.keyboard.press("Home")
    assert tab.locator(CHOSEN).inner_text() == rooms[0]


def test_a_room_is_entered_and_left_with_keys_and_what_has_them_is_seen(page):
    tab, show = page
    _enter(tab, "Motion")
    tab.locator(CHOSEN).focus()
    seen = []
    for _ in range(8):
        tab.keyboard.press("Tab")
        seen.append(tab.evaluate("[document.activeElement.getAttribute('aria-label'),"
                                 "getComputedStyle(document.activeElement).outlineStyle,"
                                 "document.querySelector('#room').contains(document.activeElement)]"))
    inside = [row for row in seen if row[2]]
    assert len({label for label, *_ in inside}) == len(inside) > 4
    assert all(outline != "none" for _, outline, _ in seen)
    tab.get_by_role("slider", name="zoom", exact=True).focus()
    tab.keyboard.press("End")
    wait_for("the zoom", lambda: "motion.zoom" in show.hands, 10.0)
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.textContent") == "Motion"


def test_another_look_leaves_the_keyboard_where_it_was(page):
    tab, show = page
    _enter(tab, "Motion")
    tab.get_by_role("slider", name="zoom", exact=True).focus()
    show.rows = tuple(row for row in show.rows if row.name != "motion.swirl")
    tab.get_by_role("slider", name="swirl", exact=True).wait_for(state="detached")
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "zoom"


def test_the_help_is_opened_and_closed_with_keys(page):
    tab, _ = page
    tab.locator(CHOSEN).focus()
    tab.keyboard.press("?")
    tab.wait_for_selector("#help[open]")
    tab.keyboard.press("Escape")
    tab.wait_for_selector("#help:not([open])", state="attached")
    assert tab.evaluate("document.activeElement.getAttribute('role')") == "tab"


def test_words_that_were_not_sent_are_kept_until_they_are_taken_back(page):
    tab, show = page
    _enter(tab, "Prompts")
    field = tab.get_by_label("prompt 1")
    field.fill("a half typed w")
    tab.get_by_label("prompt 2").focus()
    _enter(tab, "Play")
    _enter(tab, "Prompts")
    wait_for("the draft", lambda: field.input_value() == "a half typed w")
    assert tab.locator(".words.unsent").count() == 1 and "prompts.1.text" not in show.hands
    field.press("Escape")
    assert field.input_value() == "a (burning:1.3) moon"
    assert tab.locator(".words.unsent").count() == 0


def test_a_show_that_begins_again_has_its_page_back_and_drafts_are_kept(page):
    tab, show = page
    _enter(tab, "Edit")
    field = tab.get_by_label("text of the file")
    wait_for("the text", lambda: "strength" in field.input_value())
    field.fill("strength = 0.7  # not saved yet")
    show.web.close()
    tab.wait_for_selector("body.lost")
    show.state["strength"] = 0.25
    show.web = WebServer(make_app(show, Hub(show), None, ""), show.web.port)
    tab.wait_for_selector("body:not(.lost)")
    assert field.input_value() == "strength = 0.7  # not saved yet"
    assert tab.evaluate("import('/static/show.js').then((page) => page.show.values.strength)") \
        == 0.25
    _enter(tab, "Play")
    _enter(tab, "Edit")
    wait_for("the draft", lambda: "not saved yet" in field.input_value())
