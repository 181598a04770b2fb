"""Firefox and WebKit (Safari's engine) driven as users would, for tests of the page.

Firefox speaks WebDriver BiDi over a websocket, WebKitGTK's MiniBrowser plain WebDriver over HTTP;
both take the same list of actions. Nothing is downloaded and no driver program of others is needed
but WebKitWebDriver. Each is headless or on a display in memory, has a profile of its own, and is
ended by its pid.
"""

import base64
import json
import re
import signal
import subprocess
import urllib.error
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path

from servers import screen, wait_for
from websockets.sync.client import connect

from engine.clock import sleep

PREFERENCES = {  # nobody is called at home
    "app.update.enabled": False, "app.normandy.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False, "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False, "extensions.update.enabled": False,
    "toolkit.telemetry.enabled": False, "services.settings.server": "http://127.0.0.1:9/",
}


class Browser:
    """What both can: `url`, `js` (an expression; promises are waited for), hands, `complaints`."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.log = folder, folder / f"{type(self).__name__}.log"
        self._start(stack)

    def js(self, expression: str):
        raise NotImplementedError

    def perform(self, *devices) -> None:
        raise NotImplementedError

    def wait(self, what: str, expression: str):
        return wait_for(what, lambda: self.js(expression), 60.0)

    def box(self, query: str) -> list[float]:
        """Left, top, width, height in the window, scrolled into sight and at rest."""
        places: list[list[float]] = [[], []]

        def rests() -> bool:
            places.append(self.js(
                f"(() => {{ const n = document.querySelector({json.dumps(query)});"
                "n.scrollIntoView({block: 'center'}); const b = n.getBoundingClientRect();"
                "return [b.left, b.top, b.width, b.height]; })()"))
            sleep(0.1)
            return places[-1] == places[-2] == places[-3]

        wait_for(f"{query} at rest", rests, 30.0)
        return places[-1]

    def pull(self, query: str, *places: tuple[float, float]) -> None:
        """Press at the first of these shares of its box, move to the others, let go."""
        left, top, wide, high = self.box(query)
        moves = [{"type": "pointerMove", "x": round(left + x * wide), "y": round(top + y * high),
                  "duration": 60} for x, y in places]
        down, up = ({"type": f"pointer{way}", "button": 0} for way in ("Down", "Up"))
        self.perform({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
                      "actions": [moves[0], down, *moves[1:], up]})

    def click(self, query: str) -> None:
        self.pull(query, (0.5, 0.5))

    def keys(self, text: str) -> None:
        strokes = [{"type": way, "value": key} for key in text for way in ("keyDown", "keyUp")]
        self.perform({"type": "key", "id": "keyboard", "actions": strokes})

    def room(self, name: str) -> None:
        self.js(f"[...document.querySelectorAll('[role=tab]')].find((tab) => tab.textContent =="
                f" {json.dumps(name)}).click()")


class Firefox(Browser):
    PROGRAM = "firefox-esr"

    def _start(self, stack: ExitStack) -> None:
        profile = self.folder / "firefox"
        profile.mkdir()
        (profile / "user.js").write_text("".join(
            f"user_pref({json.dumps(key)}, {json.dumps(value)});\n"
            for key, value in PREFERENCES.items()))
        words = stack.enter_context(self.log.open("w"))
        process = subprocess.Popen(
            [self.PROGRAM, "--headless", "--no-remote", "--profile", str(profile),
             "--remote-debugging-port", "0", "--width", "1280", "--height", "900"],
            stdout=words, stderr=words, env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)})
        stack.callback(_end, process)
        url = wait_for("Firefox", lambda: re.search(r"BiDi listening on (ws://\S+)",
                                                    self.log.read_text()))[1]
        self._wire = stack.enter_context(connect(f"{url}/session", max_size=1 << 26,
                                                 open_timeout=60))
        self._count, self.complaints = 0, []
        self._ask("session.new", capabilities={})
        self._ask("session.subscribe", events=["log.entryAdded"])
        tree = self._ask("browsingContext.getTree")
        self._tab = tree["contexts"][0]["context"]

    def _ask(self, method: str, **params):
        self._count += 1
        self._wire.send(json.dumps({"id": self._count, "method": method, "params": params}))
        while (said := json.loads(self._wire.recv(timeout=60))).get("id") != self._count:
            entry = said.get("params", {})
            if said.get("method") == "log.entryAdded" and entry["level"] in ("warn", "error"):
                self.complaints.append(entry["text"])
        assert said["type"] == "success", said
        return said["result"]

    def size(self, width: int, height: int) -> None:
        self._ask("browsingContext.setViewport", context=self._tab,
                  viewport={"width": width, "height": height})

    def open(self, url: str) -> None:
        self._ask("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def js(self, expression: str):
        text = f"Promise.resolve({expression}).then((v) => JSON.stringify(v ?? null))"
        said = self._ask("script.evaluate", expression=text, awaitPromise=True,
                         target={"context": self._tab})
        assert said["type"] == "success", said["exceptionDetails"]["text"]
        return json.loads(said["result"]["value"])

    def perform(self, *devices) -> None:
        self._ask("input.performActions", context=self._tab, actions=list(devices))

    def picture(self, path: Path) -> None:
        shot = self._ask("browsingContext.captureScreenshot", context=self._tab)
        path.write_bytes(base64.b64decode(shot["data"]))


class WebKit(Browser):
    PROGRAM = "WebKitWebDriver"

    def _start(self, stack: ExitStack) -> None:
        display = stack.enter_context(screen("1400x1000"))
        words = stack.enter_context(self.log.open("w"))
        place = {key: str(self.folder) for key in ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME",
                                                   "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
        with _port() as port:
            pass
        process = subprocess.Popen(
            [self.PROGRAM, "--host=127.0.0.1", f"--port={port.number}"], stdout=words,
            stderr=words, env={"PATH": "/usr/bin:/bin", "NO_AT_BRIDGE": "1",
                               "LIBGL_ALWAYS_SOFTWARE": "1", **place, **display})
        stack.callback(_end, process)
        self._url = f"http://127.0.0.1:{port.number}"
        wait_for("WebKit", self._is_there)
        browser = next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
        said = self._ask("POST", "/session", capabilities={"alwaysMatch": {
            "webkitgtk:browserOptions": {"binary": str(browser), "args": [
                "--automation", "--enable-write-console-messages-to-stdout=true"]}}})
        self._url += f"/session/{said['sessionId']}"
        stack.callback(self._quit)

    def _is_there(self) -> bool:
        with suppress(OSError):
            return bool(self._ask("GET", "/status"))
        return False

    def _quit(self) -> None:
        with suppress(OSError):
            self._ask("DELETE", "")

    def _ask(self, method: str, path: str, **body):
        data = json.dumps(body).encode() if method == "POST" else None
        request = urllib.request.Request(self._url + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(error.read().decode()) from None

    @property
    def complaints(self) -> list[str]:
        return [line for line in self.log.read_text().splitlines()
                if re.search(r"CONSOLE .*(ERROR|WARN)", line)]

    def size(self, width: int, height: int) -> None:
        """Of the window; the page has what its frame leaves."""
        self._ask("POST", "/window/rect", width=width, height=height, x=0, y=0)

    def open(self, url: str) -> None:
        self._ask("POST", "/url", url=url)

    def js(self, expression: str):
        script = f"const done = arguments[0]; Promise.resolve({expression}).then(" \
            "(v) => done({ok: v ?? null}), (e) => done({error: String(e)}))"
        said = self._ask("POST", "/execute/async", script=script, args=[])
        assert "error" not in said, said
        return said["ok"]

    def perform(self, *devices) -> None:
        self._ask("POST", "/actions", actions=list(devices))

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._ask("GET", "/screenshot")))


class _port:
    """A port that was free a moment ago."""

    def __enter__(self):
        import socket

        with socket.create_server(("127.0.0.1", 0)) as asked:
            self.number = asked.getsockname()[1]
        return self

    def __exit__(self, *_):
        pass


def _end(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
