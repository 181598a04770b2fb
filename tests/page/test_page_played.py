"""A set played on the page in Chromium: window on Xvfb, JACK MIDI, a network that breaks.

One performance serves all steps, in order, because starting one costs seconds. What each step
did is read back from the frames: the page's own preview, the window, the film.
"""

import json
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress

import av
import numpy as np
import pytest
from PIL import Image
from servers import jack, need, quiet_song, screen, wait_for

from engine.clock import sleep

FLAT = """/*{"ISFVSN": "2", "INPUTS": [
  {"NAME": "red", "TYPE": "float", "DEFAULT": 1.0, "MIN": 0.0, "MAX": 1.0},
  {"NAME": "blue", "TYPE": "float", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0}]}*/
void main() { gl_FragColor = vec4(red, 0.0, blue, 1.0); }
"""
LOOK = """
[[prompts]]
text = "ink"
[macros]
heat = 0.0
[[layers]]
shader = "flat"
red = "{red}"
blue = {blue}
[[layers]]
text = "."
size = 0.5
"""
PIANO = """
import json, sys, rtmidi
out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="piano")
out.open_virtual_port("keys")
for line in sys.stdin:
    out.send_message(json.loads(line))
"""
CHROMIUM = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
WATCH = """() => { window.queued = []; new MutationObserver(() => {
  for (const card of document.querySelectorAll('.preset.queued')) queued.push(card.dataset.name);
}).observe(document.querySelector('#room'), { subtree: true, attributeFilter: ['class'] }); }"""
PIXELS = """() => { const c = document.querySelector('#preview canvas');
  const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  const s = [0, 0, 0];
  for (let i = 0; i < d.length; i++) if (i % 4 < 3) s[i % 4] += d[i];
  return s.map(v => v * 4 / d.length); }"""


class Wire:
    """The way from the browser to the show, which can be cut and mended."""

    def __init__(self, port: int) -> None:
        self._to, self._whole, self._ends = port, True, []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._door.accept()
                if not self._whole:
                    here.close()
                    continue
                self._ends.append(here)
                there = socket.create_connection(("127.0.0.1", self._to))
                self._ends.append(there)
                for a, b in ((here, there), (there, here)):
                    threading.Thread(target=self._carry, args=(a, b), daemon=True).start()

    def _carry(self, a: socket.socket, b: socket.socket) -> None:
        with suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
        for end in (a, b):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        self._whole = False
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        for end in (self._door, *self._ends):
            end.close()


class Stage:
    """A running performance, its page, and a second browser that looks on."""

    def __init__(self, folder, stack: ExitStack) -> None:
        from playwright.sync_api import sync_playwright

        self.folder, self.film = folder, folder / "show.mkv"
        (folder / "flat.fs").write_text(FLAT)
        (folder / "one.toml").write_text(LOOK.format(red="1 - heat", blue=0.0))
        (folder / "two.toml").write_text(LOOK.format(red="0.0*heat", blue=1.0))
        (folder / "set.toml").write_text('presets = ["one", "two"]\n[autopilot]\non = false\n')
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
        for give in (screen("640x360"), jack()):
            self.environment |= stack.enter_context(give)
        self.piano = self._start(stack, [sys.executable, "-c", PIANO], stdin=subprocess.PIPE)
        with socket.create_server(("127.0.0.1", 0)) as asked:
            port = asked.getsockname()[1]
        words = stack.enter_context((folder / "words.txt").open("w"))
        self.show = self._start(
            stack, [sys.executable, "-m", "engine", "play", str(folder / "set.toml"), "--audio",
                    str(quiet_song(folder / "silence.wav")), "--windowed", "--size", "320x180",
                    "--osc", "0", "--midi", "piano", "--record", str(self.film), "--page-port",
                    str(port), "--tempo", "120", "--seconds", "600"], stderr=words)
        self.wire = Wire(port)
        stack.callback(self.wire.close)
        wait_for("the page", self._is_there, 120.0)
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium",
                                         args=CHROMIUM.split())
        stack.callback(browser.close)
        self.page, self.other = self._open(browser), self._open(browser)

    def _start(self, stack: ExitStack, command, **streams) -> subprocess.Popen:
        process = subprocess.Popen(command, env=self.environment, **streams)
        stack.callback(process.wait, timeout=90)
        stack.callback(process.terminate)
        if process.stdin:
            stack.callback(process.stdin.close)
        return process

    def _is_there(self) -> bool:
        assert self.show.poll() is None, self.said()
        return "the page:" in self.said()

    def _open(self, browser):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(60_000)
        page.goto(f"http://127.0.0.1:{self.wire.port}/")
        page.wait_for_selector("#panic button")
        return page

    def said(self) -> str:
        return (self.folder / "words.txt").read_text()

    def room(self, name: str) -> None:
        self.page.get_by_role("tab", name=name, exact=True).click()

    def seen(self, what: str, true) -> np.ndarray:
        """The mean colour of the preview, once it is as wanted."""

        def ready():
            assert self.show.poll() is None, self.said()
            colour = np.array(self.page.evaluate(PIXELS))
            return (colour,) if true(*colour) else None

        return wait_for(what, ready)[0]

    def midi(self, *message: int) -> None:
        self.piano.stdin.write(json.dumps(message).encode() + b"\n")
        self.piano.stdin.flush()

    def window(self) -> np.ndarray:
        """What the audience sees."""
        path = self.folder / "window.png"
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=True)
        return np.asarray(Image.open(path).convert("RGB"), float)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    need("chromium", "import")
    with ExitStack() as stack:
        yield Stage(tmp_path_factory.mktemp("page"), stack)


def test_the_first_look_is_seen_on_both_pages(stage):
    stage.seen("red", lambda r, g, b: r > 200 and b < 60)
    assert stage.other.evaluate("document.querySelector('#playing b').textContent")


def test_a_prompt_is_typed_and_the_other_page_has_it(stage):
    stage.room("Prompts")
    field = stage.page.get_by_label("prompt 1")
    field.fill("a (burning:1.3) forest")
    field.press("Enter")
    stage.other.get_by_role("tab", name="Prompts", exact=True).click()
    wait_for("the words", lambda: stage.other.get_by_label("prompt 1").input_value()
             == "a (burning:1.3) forest")
    assert "burning" in stage.page.locator(".emphasis").first.inner_text()


def test_words_are_written_on_the_picture(stage):
    stage.room("Layers")
    before = stage.seen("red", lambda r, g, b: r > 200)
    field = stage.page.locator('textarea[aria-label="text"]').first
    field.fill("HELLO")
    field.press("Enter")
    stage.seen("white letters", lambda r, g, b: g > before[1] + 10)
    field.fill(".")
    field.press("Enter")
    stage.seen("no letters", lambda r, g, b: g < before[1] + 3)


def test_a_fader_is_pulled_and_let_go(stage):
    stage.room("Play")
    fader = stage.page.get_by_role("slider", name="heat")
    box = fader.bounding_box()
    stage.page.mouse.move(box["x"] + 4, box["y"] + box["height"] / 2)
    stage.page.mouse.down()
    stage.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2, steps=8)
    stage.page.mouse.up()
    stage.seen("less red", lambda r, g, b: 40 < r < 110)
    assert "held" in fader.get_attribute("class")
    fader.press("Delete")
    stage.seen("red again", lambda r, g, b: r > 200)


def test_a_preset_waits_for_its_bar_and_comes(stage):
    stage.room("Play")
    stage.page.get_by_role("radio", name="bar", exact=True).click()
    stage.page.evaluate(WATCH)  # a bar may be over before a busy browser looks
    in_bar = "import('/static/show.js').then((page) => page.beatNow() % 4)"
    wait_for("the beginning of a bar", lambda: 0.2 < stage.page.evaluate(in_bar) < 1.5)
    stage.page.locator('.preset[data-name="two"]').click()
    wait_for("the queue", lambda: stage.page.evaluate("window.queued.includes('two')"))
    stage.seen("blue", lambda r, g, b: b > 200 and r < 60)
    stage.page.wait_for_selector('.preset.plays[data-name="two"]')
    stage.page.locator('.preset[data-name="one"]').press("Enter")
    stage.seen("red", lambda r, g, b: r > 200 and b < 60)


def test_a_knob_is_learnt_over_midi(stage):
    stage.room("Hands")
    stage.page.get_by_role("button", name="learn: touch").click()
    stage.room("Play")
    stage.page.get_by_role("slider", name="heat").click()
    for level in (20, 60, 110):
        stage.midi(0xB0, 77, level)
        sleep(0.1)
    wait_for("the row", lambda: "learned:" in stage.said())
    stage.room("Hands")
    stage.page.get_by_role("button", name="learn: touch").click()
    stage.room("Play")
    for level in (0, 30, 64, 100, 127):  # through the place where the show stands
        stage.midi(0xB0, 77, level)
        sleep(0.1)
    stage.seen("no red", lambda r, g, b: r < 30)
    stage.page.get_by_role("slider", name="heat").press("Delete")
    stage.seen("red", lambda r, g, b: r > 200)


def test_corners_are_pulled_in_the_window(stage):
    stage.room("Outputs")
    wait_for("a full window", lambda: stage.window()[20, 20, 0] > 150)
    corner = stage.page.get_by_role("button", name="corner top left")
    box = corner.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    stage.page.mouse.move(x, y)
    stage.page.mouse.down()
    stage.page.mouse.move(x + 120, y + 80, steps=6)
    stage.page.mouse.up()
    wait_for("a corner of black", lambda: stage.window()[4, 4].sum() < 30)
    stage.page.get_by_role("button", name="straight again").click()
    wait_for("a full window", lambda: stage.window()[4, 4, 0] > 150)


def test_a_test_card_is_shown_and_taken_away(stage):
    stage.room("Outputs")
    card = stage.page.get_by_role("button", name="test card", exact=True)
    card.click()
    wait_for("lines", lambda: stage.window()[:180, :320].std() > 40)
    card.click()
    wait_for("the look", lambda: stage.window()[90, 160, 0] > 150)


def test_blackout_and_back(stage):
    button = stage.page.locator("#panic").get_by_role("button", name="blackout")
    button.click()
    stage.seen("black", lambda r, g, b: r + g + b < 6)
    wait_for("a black window", lambda: stage.window()[:180, :320].max() < 10)
    assert button.get_attribute("aria-pressed") == "true"
    stage.page.keyboard.press("b")
    stage.seen("light", lambda r, g, b: r > 200)


def test_a_mistake_in_a_file_is_told_and_a_right_one_is_seen(stage):
    stage.room("Edit")
    stage.page.get_by_label("file", exact=True).select_option("one.toml")
    field = stage.page.get_by_label("text of the file")
    wait_for("the text", lambda: "flat" in field.input_value())
    text = field.input_value()
    field.fill(text.replace("blue = 0.0", "blue = 7.0"))
    stage.page.locator(".mistakes .wrong", has_text="outside").wait_for()
    field.press("Control+s")
    stage.page.locator(".mistakes .wrong", has_text="not saved").wait_for()
    field.fill(text.replace("blue = 0.0", "blue = 1.0"))
    stage.page.locator(".mistakes .right", has_text="as it should be").wait_for()
    field.press("Control+s")
    stage.seen("red and blue", lambda r, g, b: r > 200 and b > 200)
    field.fill(text)
    field.press("Control+s")
    stage.seen("red", lambda r, g, b: r > 200 and b < 60)


def test_a_lost_connection_is_told_and_found_again(stage):
    stage.wire.cut()
    stage.page.wait_for_selector("body.lost")
    stage.wire.mend()
    stage.page.wait_for_selector("body:not(.lost)")
    stage.room("Play")
    stage.page.get_by_role("slider", name="heat").press("End")
    stage.seen("no red", lambda r, g, b: r < 30)
    stage.page.keyboard.press("Control+z")
    stage.seen("red", lambda r, g, b: r > 200)


def test_it_was_recorded(stage):
    button = stage.page.locator("#master").get_by_role("button", name="record")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    wait_for("the end of the film", lambda: button.get_attribute("aria-pressed") == "false")

    def colours():
        with suppress(av.error.FFmpegError, OSError), av.open(str(stage.film)) as film:
            frames = [f.to_ndarray(format="rgb24").mean((0, 1)) for f in film.decode(video=0)]
            return (np.array(frames[::10]),) if frames else None
        return None

    sleep(2.0)
    seen, = wait_for("the film", colours)
    assert (seen[:, 0] > 150).any() and (seen[:, 2] > 150).any() and (seen.sum(1) < 10).any()
