"""At hand in every room, in Chromium against a show in memory: health, news, keys, the set."""

from contextlib import closing

import pytest
from page_stage import in_chromium
from servers import wait_for
from test_page_served import Show

from controllers.page.app import make_app
from controllers.page.hub import Hub
from controllers.surface import Control
from controllers.web_server import WebServer
from engine.params import WEIGHT

WELL = {"display_fps": 60.0, "generator_fps": 8.0, "latency_ms": 40.0, "time": 5.0, "lines": [],
        "generator_state": "running", "frame_ms": [16.0] * 100, "late_ms": 25.0,
        "faults": 0}
NOTES = "wait for the voice"


class Evening(Show):
    """Three looks, of which the second plays."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = (*self.rows, Control("prompts.1.weight", "value", "how loud", WEIGHT))
        self.state["prompts.1.weight"] = 1.0
        self.figures = dict(WELL)
        self.moment = {"playing": "tree", "queued": None, "queued_beats": None, "autopilot": True,
                       "bars_gone": 2.5, "bars_due": 8.0, "follows": "moon"}

    def now(self):
        return {**super().now(), **self.moment}

    def health(self):
        return self.figures

    def scenes(self):
        return [{"name": name, "title": name.title(), "notes": NOTES if name == "tree" else "",
                 "tags": ["calm"], "bars": 8, "seen": False} for name in ("ink", "tree", "moon")]


@pytest.fixture(scope="module")
def opened():
    show = Evening()
    web = WebServer(make_app(show, Hub(show), None, ""), 0)
    with closing(web), in_chromium(web.port) as page:
        yield show, page


@pytest.mark.parametrize(("figures", "level", "words"), [
    ({}, None, ""),
    ({"frame_ms": [16.0] * 90 + [40.0] * 10}, 1, "10 of the last 100 pictures were late"),
    ({"frame_ms": [40.0] * 100}, 2, "100 of the last 100 pictures were late"),
    ({"generator_state": "loading"}, 1, "the model is loading"),
    ({"generator_state": "failed", "generator_fault": "no memory"}, 2, "no memory"),
    ({"audio_gone_s": 4.2}, 2, "no sound has come for 4 s"),
    ({"input_silent_s": 20.0}, 1, "silent for 20 s"),
    ({"latency_ms": 220.0}, 1, "220 ms from sound to light"),
])
def test_what_is_not_as_it_should_be_is_named(opened, figures, level, words):
    _, page = opened
    found = page.evaluate("async (row) => (await import('/static/bar.js')).troubles(row)",
                          {**WELL, **figures})
    assert [row[0] for row in found] == ([] if level is None else [level])
    assert not found or words in found[0][1]


def test_the_dot_warns_and_says_why_at_a_touch(opened):
    show, page = opened
    page.wait_for_selector("#well[data-level=well]")
    show.figures = {**WELL, "time": 6.0, "audio_gone_s": 3.0}
    page.wait_for_selector("#well[data-level=wrong]")
    page.locator("#well").click()
    page.locator("#state .wrong", has_text="no sound has come").wait_for()
    show.figures = {**WELL, "time": 7.0}
    page.locator("#state").get_by_text("all is well").wait_for()
    show.figures = {**WELL, "time": 8.0, "faults": 1}
    page.locator("#state .wrong", has_text="faults: 1 within half a minute").wait_for()
    page.keyboard.press("Escape")
    page.locator("#state").wait_for(state="hidden")


def test_news_come_up_in_any_room_and_old_ones_do_not(opened):
    show, page = opened
    page.get_by_role("tab", name="Prompts", exact=True).click()
    show.figures = {**WELL, "lines": [[1.0, "MIDI: box is gone"]]}
    page.locator(".toast", has_text="box is gone").wait_for()
    assert page.locator(".toast").count() == 1
    page.get_by_role("tab", name="Play", exact=True).click()
    told = [[1.0, "MIDI: box is gone"], [2.0, f"2 tree: {NOTES}"], [3.0, "MIDI: box is back"]]
    show.figures = {**WELL, "lines": told}
    page.locator(".toast", has_text="box is back").wait_for()
    assert page.locator(".toast", has_text=NOTES).count() == 0, "it stands in the room already"
    assert NOTES in page.locator(".plays-now .notes").inner_text()


def test_keys_do_what_the_help_says(opened):
    show, page = opened
    page.locator("#bar").click(position={"x": 5, "y": 5})
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="keys")
    help_.get_by_text("give all that hands hold back").wait_for()
    page.keyboard.press("b")
    page.keyboard.press("Escape")
    help_.wait_for(state="hidden")
    page.keyboard.press("3")
    wait_for("the preset", lambda: show.state.get("preset.3"))
    assert "blackout" not in show.state, "nothing is played behind the help"
    page.keyboard.press("b")
    wait_for("blackout", lambda: show.state.get("blackout"))
    page.keyboard.press("Control+z")
    wait_for("undo", lambda: show.state.get("undo"))


@pytest.mark.parametrize("hand", [None, 0.6])
def test_a_muted_prompt_comes_back_as_loud_as_it_was(opened, hand):
    show, page = opened
    page.get_by_role("tab", name="Prompts", exact=True).click()
    mute = page.get_by_role("button", name="mute")
    if hand is not None:
        show.put("prompts.1.weight", hand)
        page.locator(".fader.held[aria-label=weight]").wait_for()
    mute.click()
    wait_for("silence", lambda: show.hands.get("prompts.1.weight") == 0.0)
    page.locator(".prompt.muted").wait_for()
    mute.click()
    wait_for("the words again", lambda: show.hands.get("prompts.1.weight") == hand)
    page.locator(".prompt:not(.muted)").wait_for()
    page.get_by_role("tab", name="Play", exact=True).click()


def test_the_set_list_is_in_order_and_stays_a_list(opened):
    show, page = opened
    page.get_by_role("radio", name="list", exact=True).click()
    page.reload()
    cards = page.locator(".presets.list .preset")
    cards.first.wait_for()
    assert cards.evaluate_all("(all) => all.map((card) => card.dataset.name)") == \
        ["ink", "tree", "moon"]
    plays, follows = cards.nth(1), cards.nth(2)
    wait_for("progress", lambda: plays.locator(".when").inner_text() == "3 / 8")
    assert follows.locator(".when").inner_text() == "next"
    assert plays.get_attribute("aria-current") == "true"
    assert plays.locator(".note").inner_text() == NOTES
    show.moment |= {"queued": "ink", "queued_beats": 2.4, "bars_due": 3.0}
    cards.nth(0).locator(".when", has_text="in 3").wait_for()
    page.get_by_role("radio", name="bar", exact=True).click()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("radio", name="phrase", exact=True).is_checked()
    cards.nth(0).click()
    wait_for("the launch", lambda: show.state.get("preset.1.phrase"))
