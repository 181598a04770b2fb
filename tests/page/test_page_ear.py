"""The ear's room in Chromium: the meter and what it says, the input, whose beat, taps, what moves.

The show is in memory, so that every state can be had at once; its input is real in
tests/audio/test_input_choice.py.
"""

from contextlib import closing

import pytest
from page_stage import in_chromium
from servers import wait_for

from controllers.page.app import make_app
from controllers.page.contract import PageShow
from controllers.page.hub import Hub
from controllers.surface import Control
from controllers.web_server import WebServer
from engine.input_hands import INPUT, LOOK
from engine.params import PARAMS, TEMPO, TEMPO_SOURCES

QUIET = {"peak_db": [None, None], "rms_db": [None, None], "clipped": 0, "silent_s": 12.3,
         "gain_db": 0.0, "gone_s": 0.0, "channels": "1 and 2 of 8", "song": False}
GOOD = {**QUIET, "peak_db": [-9.0, -10.0], "rms_db": [-16.0, -17.0], "silent_s": 0.0,
        "gain_db": 6.04}


class EarShow(PageShow):
    """A show that sounds as a test says; hands are kept in `done`."""

    def __init__(self) -> None:
        self.surface = self
        self.sound, self.signals = QUIET, {"beat": 3.0, "level": 0.5, "drop": 0.0}
        self.state = {INPUT: "deck one", "tempo.source": "auto", "tempo.lock": 0.0,
                      "hearing.auto_gain": 1.0, "hearing.gain": 1.0, "strength": 0.5}
        self.followed, self.done = "audio", []
        self.rows = (
            Control(INPUT, "text", "", choices=("deck one", "deck two")),
            Control("tempo.source", "text", "", choices=TEMPO_SOURCES),
            Control("tempo.bpm", "value", "", TEMPO["tempo.bpm"]),
            *(Control(name, "value", row.help, row) for name, row in PARAMS.items()
              if name.startswith("hearing.")),
            Control("strength", "value", "", PARAMS["strength"], moved="0.3 + 0.2*level^2"),
        )

    def put(self, address, value):
        self.done.append((address, value))

    def controls(self):
        return self.rows

    def values(self):
        return self.state

    def heard(self):
        return self.signals

    def queued(self):
        return frozenset()

    def now(self):
        return {"beat": self.signals["beat"], "bpm": 124.0, "confidence": 0.9, "sound": self.sound,
                "source": self.followed, "playing": "ink", "queued": None, "queued_beats": None,
                "autopilot": False, "waiting": [], "recording": False}

    def health(self):
        return {"lines": [], "tempo_sources": {"audio": "124.0", "link": "2 peers 126.0"}}

    def held(self):
        return {}

    ghosts = knobs = held

    def scenes(self):
        return [{"name": "ink", "title": "", "notes": "", "tags": [], "bars": 8, "seen": False}]

    def outputs(self):
        return []

    displays = files = spectrum = takes = outputs

    def preview(self):
        return None


@pytest.fixture(scope="module")
def page():
    """The show, and a browser in its room; at the end nothing has been complained of."""
    show = EarShow()
    web = WebServer(make_app(show, Hub(show), None, ""), 0)
    with closing(web), in_chromium(web.port) as tab:
        tab.get_by_role("tab", name="Ear", exact=True).click()
        yield show, tab


def _done(show: EarShow, address: str) -> list:
    return [value for name, value in show.done if name == address]


def test_silence_levels_and_a_dead_input_are_told_in_words(page):
    show, tab = page
    show.sound = QUIET
    tab.locator(".level.bad", has_text="no sound for 12 s").wait_for()
    tab.locator("#input", has_text="no sound for 12 s").wait_for()  # at the stage's side too
    show.sound = {**QUIET, "gone_s": 3.2}
    tab.locator(".level.bad", has_text="the input has been away for 3 s").wait_for()
    show.sound = {**GOOD, "peak_db": [-9.0, None]}
    tab.locator(".level.warn", has_text="only the left channel sounds").wait_for()
    show.sound = GOOD
    tab.locator(".level.good", has_text="a good level").wait_for()
    said = tab.locator(".meter canvas").get_attribute("aria-valuetext")
    assert said == "left −9 dB, right −10 dB, a good level"
    tab.locator(".gained", has_text="+6.0 dB").wait_for()
    assert "1 and 2 of 8" in tab.locator(".input").inner_text()
    width = tab.locator(".meter canvas").evaluate(
        "c => c.getContext('2d').getImageData(0, 8, c.width, 1).data.filter((v, n) =>"
        " n % 4 === 1 && v > 90).length / c.width")
    assert 0.6 < width < 0.9  # the RMS stands at -16 of 60 dB, the peak beyond it is dimmer


def test_the_clip_light_stays_until_it_is_touched(page):
    show, tab = page
    show.sound = GOOD
    tab.locator(".level.good").wait_for()
    show.sound = {**GOOD, "clipped": 7}
    tab.locator(".clip.on", has_text="clip 7").wait_for()
    tab.locator(".level.bad", has_text="too loud").wait_for()
    tab.locator(".clip").click()
    tab.locator(".clip:not(.on)").wait_for()
    assert tab.locator(".clip").inner_text() == "clip"
    assert tab.locator(".clip").get_attribute("aria-label") == "clip: nothing has clipped"


def test_another_input_is_asked_for_and_comes(page):
    show, tab = page
    choose = tab.get_by_label("sound input")
    assert choose.input_value() == "deck one"
    choose.select_option("deck two")
    tab.locator(".input", has_text="opening deck two").wait_for()
    wait_for("the ask", lambda: _done(show, INPUT) == ["deck two"])
    show.state = {**show.state, INPUT: "deck two"}
    tab.locator(".input:not(.waits)").wait_for()
    assert choose.input_value() == "deck two"
    tab.get_by_role("button", name="look again").click()
    wait_for("the look", lambda: _done(show, LOOK) == [1.0])
    show.rows = (Control(INPUT, "text", "", choices=("deck two",)), *show.rows[1:])  # one is gone
    wait_for("the list", lambda: choose.locator("option").all_inner_texts() == ["deck two"])


def test_whose_beat_is_seen_and_chosen(page):
    show, tab = page
    link = tab.get_by_role("radio", name="Ableton Link")
    assert "2 peers 126.0" in link.inner_text()
    tab.locator(".who .followed", has_text="the ear").wait_for()
    link.click()
    wait_for("the ask", lambda: _done(show, "tempo.source") == ["link"])
    show.state, show.followed = {**show.state, "tempo.source": "link"}, "link"
    tab.locator(".who .followed", has_text="Ableton Link").wait_for()
    assert link.get_attribute("aria-checked") == "true"
    assert "Ableton Link · bar 1 of 4" in tab.locator(".tempo small").inner_text()


def test_a_tap_counts_when_the_finger_comes_down(page):
    show, tab = page
    before = len(_done(show, "tap"))
    button = tab.locator(".tap")
    box = button.bounding_box()
    assert min(box["width"], box["height"]) > 100  # for a thumb
    tab.mouse.move(box["x"] + 40, box["y"] + 40)
    tab.mouse.down()
    wait_for("the tap", lambda: len(_done(show, "tap")) == before + 1)
    tab.mouse.up()
    button.press("Enter")
    wait_for("the key", lambda: len(_done(show, "tap")) == before + 2)


def test_the_gain_is_at_hand_and_the_rest_is_folded(page):
    show, tab = page
    tab.get_by_role("slider", name="gain", exact=True).press("End")
    wait_for("the gain", lambda: _done(show, "hearing.gain") == [32.0])
    tab.get_by_role("button", name="automatic gain").click()
    wait_for("by hand", lambda: _done(show, "hearing.auto_gain") == [0.0])
    floor = tab.get_by_role("slider", name="gain floor")
    assert not floor.is_visible()
    tab.locator("summary", has_text="how the look listens").click()
    floor.wait_for()


def test_a_scope_says_what_its_signal_moves(page):
    _, tab = page
    tab.locator(".scopes figure.moves", has_text="moves strength").wait_for()
    assert "0.3 + 0.2*level^2" in tab.locator(".scopes .moves p").get_attribute("title")
    assert tab.locator(".scopes figure.moves").count() == 1


def test_a_drop_is_marked_on_the_strip(page):
    show, tab = page
    show.signals = {**show.signals, "drop": 1.0}
    tab.locator(".strip output", has_text="last drop now").wait_for()
    show.signals = {**show.signals, "drop": 0.0, "beat": 16.0}
    tab.locator(".strip output", has_text="last drop 3 bars ago").wait_for()
