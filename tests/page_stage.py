"""A running performance on Xvfb and JACK with its page open in Chromium, for tests that play it."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import numpy as np
from PIL import Image
from servers import jack, need, quiet_song, screen, wait_for

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
PIXELS = """() => { const c = document.querySelector('#preview canvas');
  const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  const s = [0, 0, 0];
  for (let i = 0; i < d.length; i++) if (i % 4 < 3) s[i % 4] += d[i];
  return s.map(v => v * 4 / d.length); }"""


@contextmanager
def in_chromium(port: int) -> Iterator[Any]:
    """A page of a show that is served there; at the end it must not have complained of anything."""
    from playwright.sync_api import sync_playwright

    need("chromium")
    complaints: list[str] = []
    with ExitStack() as stack:
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium",
                                         args=CHROMIUM.split())
        stack.callback(browser.close)
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.set_default_timeout(60_000)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(f"http://127.0.0.1:{port}/")
        tab.wait_for_selector("#panic button")
        yield tab
    assert not complaints


class Wire:
    """The way from the browser to the show, which can be cut and mended, or lose all it carries
    while it is `quiet`."""

    def __init__(self, port: int) -> None:
        self._to, self._whole, self._ends, self.quiet = port, True, [], False
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
                if not self.quiet:
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
