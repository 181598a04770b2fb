"""The page in Firefox and in WebKit, Safari's engine, beside a running show without a window.

Chromium plays a whole set in test_page_played.py; here is the common ground: every room, hands,
words, the picture, and a network that breaks, in each of the two other engines.
"""

import json
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest
from page_browsers import Firefox, WebKit
from page_stage import FLAT, LOOK, PIXELS, Wire
from servers import need, quiet_song, wait_for
from websockets.sync.client import connect

ROOMS = "[...document.querySelectorAll('[role=tab]')].map((tab) => tab.textContent)"
NOWHERE = """[...document.querySelectorAll('#room [role=slider], #room button')].filter((one) =>
  one.checkVisibility() && !one.closest('details:not([open])') &&
  !one.getBoundingClientRect().width).map((one) => one.ariaLabel ?? one.textContent)"""
SLIDER = '[role=slider][aria-label="heat"]'


class Evening:
    """A running performance and what a page is told of it."""

    def __init__(self, folder, stack: ExitStack) -> None:
        (folder / "flat.fs").write_text(FLAT)
        (folder / "one.toml").write_text(LOOK.format(red="1 - heat", blue=0.0))
        (folder / "two.toml").write_text(LOOK.format(red="0.0*heat", blue=1.0))
        (folder / "set.toml").write_text('presets = ["one", "two"]\n[autopilot]\non = false\n')
        with socket.create_server(("127.0.0.1", 0)) as asked:
            self.port = asked.getsockname()[1]
        self._log = folder / "words.txt"
        words = stack.enter_context(self._log.open("w"))
        self.show = subprocess.Popen(
            [sys.executable, "-m", "engine", "play", str(folder / "set.toml"), "--audio",
             str(quiet_song(folder / "silence.wav")), "--offscreen", "--size", "320x180", "--osc",
             "0", "--midi", "none", "--page-port", str(self.port), "--tempo", "120", "--seconds",
             "900"], stderr=words, env={"PATH": "/usr/bin:/bin", "HOME": str(folder)})
        stack.callback(self.show.wait, timeout=90)
        stack.callback(self.show.terminate)
        wait_for("the page", lambda: "the page:" in self.said(), 120.0)

    def said(self) -> str:
        assert self.show.poll() is None, self._log.read_text()
        return self._log.read_text()

    def state(self) -> dict:
        """How the show stands now, as a page that comes is told."""
        with connect(f"ws://127.0.0.1:{self.port}/show", max_size=1 << 24, close_timeout=0.2,
                     open_timeout=60.0) as page:
            return json.loads(page.recv(timeout=60.0))


@pytest.fixture(scope="module")
def evening(tmp_path_factory):
    with ExitStack() as stack:
        yield Evening(tmp_path_factory.mktemp("evening"), stack)


@pytest.fixture(scope="module", params=[Firefox, WebKit], ids=["firefox", "webkit"])
def stage(request, evening, tmp_path_factory):
    """A browser with the page open, the wire between, and the show."""
    need(request.param.PROGRAM)
    with ExitStack() as stack:
        wire = Wire(evening.port)
        stack.callback(wire.close)
        browser = request.param(tmp_path_factory.mktemp("browser"), stack)
        browser.size(1280, 900)
        browser.open(f"http://127.0.0.1:{wire.port}/?token=of-no-use")
        browser.wait("the page", "!!document.querySelector('#panic button')")
        yield browser, wire, evening


def _seen(browser, what: str, true):
    wait_for(what, lambda: true(*browser.js(f"({PIXELS})()")), 60.0)


def test_the_picture_is_drawn_and_the_address_keeps_no_token(stage):
    browser, *_ = stage
    _seen(browser, "red", lambda r, g, b: r > 200 and b < 60)
    assert browser.js("location.search") == ""


def test_every_room_is_entered(stage):
    browser, *_ = stage
    for name in browser.js(ROOMS):
        browser.room(name)
        browser.wait(name, "document.querySelector('#room').childElementCount > 0")
        wide, room = browser.js("[document.documentElement.scrollWidth - innerWidth, (() => {"
                                "const r = document.querySelector('#room');"
                                "return r.scrollWidth - r.clientWidth; })()]")
        assert wide <= 0 and room <= 1, f"{name} is wider than the window"
        assert browser.js(NOWHERE) == [], f"{name}: the browser does not know where these are"
    assert browser.complaints == []


def test_a_fader_is_pulled_and_let_go_with_a_key(stage):
    browser, _, evening = stage
    browser.room("Prompts")
    browser.wait("the macro", f"!!document.querySelector('{SLIDER}')")
    browser.pull(SLIDER, (0.05, 0.5), (0.4, 0.5), (0.7, 0.5))
    _seen(browser, "less red", lambda r, g, b: 40 < r < 110)
    assert evening.state()["held"]["macros.heat"] == pytest.approx(0.7, abs=0.03)
    browser.js(f"document.querySelector('{SLIDER}').focus()")
    browser.keys("\ue017")  # Delete, as WebDriver names it
    _seen(browser, "red", lambda r, g, b: r > 200)


def test_words_are_typed(stage):
    browser, _, evening = stage
    browser.room("Prompts")
    browser.wait("the words", "!!document.querySelector('textarea[aria-label=\"prompt 1\"]')")
    browser.click('textarea[aria-label="prompt 1"]')
    browser.js("document.activeElement.select()")
    browser.keys("a (burning:1.3) wood\ue007")
    wait_for("the words", lambda: evening.state()["values"]["prompts.1.text"]
             == "a (burning:1.3) wood", 30.0)


def test_a_preset_is_pressed(stage):
    browser, *_ = stage
    browser.room("Play")
    for name, true in (("two", lambda r, g, b: b > 200), ("one", lambda r, g, b: r > 200)):
        browser.wait(name, f"!!document.querySelector('[data-name={name}]')")
        browser.js("[...document.querySelectorAll('[role=radio]')].find((one) =>"
                   " one.textContent == 'now').click()")
        browser.click(f"[data-name={name}]")
        _seen(browser, name, true)


def test_a_lost_connection_comes_back(stage):
    browser, wire, evening = stage
    wire.cut()
    browser.wait("the loss", "document.body.matches('.lost')")
    wire.mend()
    browser.wait("the show", "!document.body.matches('.lost')")
    browser.room("Prompts")
    browser.wait("the macro", f"!!document.querySelector('{SLIDER}')")
    browser.js(f"document.querySelector('{SLIDER}').focus()")
    browser.keys("\ue010")  # End
    _seen(browser, "no red", lambda r, g, b: r < 30)
    browser.keys("\ue017")
    _seen(browser, "red", lambda r, g, b: r > 200)
    assert evening.said()


def test_silence_is_taken_for_a_loss(stage):
    browser, wire, _ = stage
    wire.quiet = True
    browser.wait("the loss", "document.body.matches('.lost')")
    wire.quiet = False
    browser.wait("the show", "!document.body.matches('.lost')")
    assert not [line for line in browser.complaints if "/show" not in line and "ws:" not in line]
