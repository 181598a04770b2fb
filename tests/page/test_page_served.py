"""The page's server against a show in memory: in step, refused where it must be, never stopped."""

import json
import socket
import urllib.error
import urllib.request
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from controllers.page.access import COOKIE
from controllers.page.app import STATIC, make_app
from controllers.page.hub import Hub, difference
from controllers.surface import Control
from controllers.web_server import WebServer
from engine.clock import monotonic, sleep
from engine.errors import PresetError
from engine.params import PARAMS

TOKEN = "s3cret-token"


class Show:
    """A show in memory; what is put is how it stands."""

    def __init__(self) -> None:
        self.surface = self
        self.state = {"strength": 0.5, "freeze": 0.0, "prompts.1.text": "a moon"}
        self.rows = (
            Control("strength", "value", "how much", PARAMS["strength"]),
            Control("freeze", "switch", "hold"), Control("prompts.1.text", "text", "words"),
        )
        self.hands, self.pictures, self.saved, self.places = {}, 0, {}, {}

    def controls(self):
        return self.rows

    def values(self):
        return dict(self.state)

    def queued(self):
        return frozenset()

    def ghosts(self):
        return {name: 0.123456789 for name in self.hands}

    def knobs(self):
        return dict(self.places)

    def heard(self):
        return {"level": 0.5, "beat": 3.0}

    def put(self, address, value):
        if address == "release":
            self.hands.pop(value, None)
            return
        self.hands[address] = self.state[address] = value

    def held(self):
        return dict(self.hands)

    def now(self):
        return {"beat": 3.0, "bpm": 120.0, "confidence": 1.0, "source": "audio"}

    def health(self):
        return {"display_fps": 60.0, "lines": []}

    def scenes(self):
        return [{"name": "ink", "title": "Ink", "notes": "", "tags": [], "bars": 8, "seen": False}]

    def outputs(self):
        return []

    def displays(self):
        return []

    def takes(self):
        return []

    def delete_take(self, name):
        raise PresetError(f"{name!r} is no take here")

    def restore_take(self, name):
        return name

    def spectrum(self):
        return [0, 50, 100]

    def preview(self):
        self.pictures += 1
        return self.pictures, b"\xff\xd8 a picture"

    def thumbnail(self, preset):
        return b"\xff\xd8" if preset == "ink" else None

    def bound(self):
        return [{"address": "strength", "control": "cc 7", "port": "box", "own": True}]

    def unlearn(self, address):
        self.state.pop(address)

    def files(self):
        return ["ink.toml"]

    def read_file(self, name):
        if name != "ink.toml":
            raise PresetError(f"{name!r} is no file of this show")
        return "strength = 0.5\n"

    def check_file(self, name, text):
        return [] if "=" in text else [{"file": name, "line": 1, "column": 1, "message": "no ="}]

    def save_file(self, name, text, new_name=""):
        self.saved[new_name or name] = text
        return new_name or name


@pytest.fixture
def served():
    show = Show()
    hub = Hub(show)
    web = WebServer(make_app(show, hub, None, ""), 0)
    _until(lambda: _status(web, "/") == 200)
    yield web, show, hub
    web.close()


@pytest.fixture(scope="module")
def guarded():
    show = Show()
    web = WebServer(make_app(show, Hub(show), TOKEN, "http://127.0.0.1/"), 0)
    _until(lambda: _status(web, "/") == 401)
    yield web
    web.close()


def _until(true, seconds: float = 10.0):
    end = monotonic() + seconds
    while monotonic() < end:
        if got := true():
            return got
        sleep(0.02)
    raise AssertionError("it did not come")


def _answer(web, path: str, **headers: str):
    request = urllib.request.Request(f"http://127.0.0.1:{web.port}{path}", headers=headers)
    return urllib.request.urlopen(request, timeout=5.0)


def _status(web, path: str, **headers: str) -> int:
    try:
        with _answer(web, path, **headers) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


OPEN: list["Browser"] = []


@pytest.fixture(autouse=True)
def closing_time():
    """Browsers that a test has opened are closed after it."""
    yield
    while OPEN:
        OPEN.pop().close()


class Browser:
    """One open page, as the script of the page is."""

    def __init__(self, web, query: str = "", **more) -> None:
        self._stack = ExitStack()
        url = f"ws://127.0.0.1:{web.port}/show{query}"
        self.socket = self._stack.enter_context(connect(url, **more))
        self.state = json.loads(self.socket.recv(timeout=5.0))
        OPEN.append(self)

    def close(self) -> None:
        self._stack.close()

    def say(self, **message) -> None:
        self.socket.send(json.dumps(message))

    def until(self, key: str, true=lambda value: True, seconds: float = 5.0):
        """The first news of that key that is as wanted."""
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            message = self.socket.recv(timeout=left)
            news = json.loads(message) if isinstance(message, str) else {"picture": message}
            if key in news and true(news[key]):
                return news[key]
        raise AssertionError(f"no {key}")


def test_all_that_the_page_needs_is_served_and_nothing_else_is_loaded(served):
    web, *_ = served
    with _answer(web, "/") as answer:
        text, policy = answer.read().decode(), answer.headers["content-security-policy"]
    assert "static/main.js" in text and "default-src 'self'" in policy
    for path in STATIC.iterdir():
        assert _status(web, f"/static/{path.name}") == 200
        source = path.read_text("utf-8")
        assert "https://" not in source, path
        assert "http://" not in source.replace("http://www.w3.org/", ""), path
    assert _status(web, "/thumbnail/ink") == 200 and _status(web, "/thumbnail/none") == 404


@pytest.mark.parametrize("path", [
    "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/../../pyproject.toml",
    "/static//etc/passwd", "/static/%00", "/thumbnail/..%2f..%2fetc%2fpasswd", "/nothing",
])
def test_paths_outside_the_folder_are_refused(served, path):
    web, *_ = served
    with socket.create_connection(("127.0.0.1", web.port), timeout=5.0) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while part := raw.recv(65536):
            answer += part
    assert int(answer.split()[1]) in (400, 404), answer[:80]
    assert b"def make_app" not in answer and b"root:" not in answer


def test_other_sites_are_refused(served):
    web, *_ = served
    assert _status(web, "/", Origin="https://evil.example") == 403
    assert _status(web, "/", Host="evil.example") == 403
    with pytest.raises(InvalidStatus):
        Browser(web, origin="https://evil.example")
    Browser(web, origin=f"http://127.0.0.1:{web.port}").close()


def test_from_the_network_only_with_the_token(guarded):
    assert _status(guarded, "/") == 401
    assert _status(guarded, "/?token=wrong") == 401
    assert _status(guarded, "/static/main.js") == 401
    with _answer(guarded, f"/?token={TOKEN}") as answer:
        cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert _status(guarded, "/static/main.js", Cookie=cookie.split(";")[0]) == 200
    assert _status(guarded, "/", Cookie=f"{COOKIE}_{guarded.port}=wrong") == 401
    with pytest.raises(InvalidStatus):
        Browser(guarded)
    Browser(guarded, f"?token={TOKEN}").close()


def test_a_code_to_join_is_drawn(guarded):
    with _answer(guarded, f"/join.svg?token={TOKEN}") as answer:
        assert answer.headers["content-type"] == "image/svg+xml" and b"<svg" in answer.read()


def test_a_page_that_comes_gets_everything(served):
    web, *_ = served
    state = Browser(web).state
    strength = next(row for row in state["controls"] if row["name"] == "strength")
    assert (strength["low"], strength["high"], strength["curve"]) == (0.0, 1.0, "linear")
    assert state["values"]["prompts.1.text"] == "a moon" and state["files"] == ["ink.toml"]
    assert state["names"] == ["level", "beat"] and state["scenes"][0]["title"] == "Ink"


def test_two_pages_are_in_step_and_only_what_changed_is_told(served):
    web, show, _ = served
    one, two = Browser(web), Browser(web)
    one.say(set=["strength", 0.75])
    assert two.until("held") == {"strength": 0.75}
    assert show.state["strength"] == 0.75
    one.say(set=["release", "strength"])
    assert two.until("held", lambda held: "strength" in held) == {"strength": None}
    show.rows = show.rows[:2]
    assert len(two.until("controls")) == 2


def test_values_are_clamped_and_nonsense_is_passed_over(served):
    web, show, hub = served
    page = Browser(web)
    for message in ({"set": ["strength", 9]}, {"set": ["nothing", 1]}, {"set": ["strength"]},
                    {"set": 3}, {"want": None}, {"ask": []}, [1], 3, None):
        page.socket.send(json.dumps(message))
    page.socket.send("{")
    page.socket.send(b"\x00")
    page.say(set=["freeze", "toggle"])
    _until(lambda: show.state["freeze"] == "toggle")
    assert show.state["strength"] == 1.0 and hub.received == 2


def test_pictures_wait_until_the_last_one_was_drawn(served):
    web, *_ = served
    page = Browser(web)
    page.say(want={"preview": True, "heard": False})
    assert page.until("picture").startswith(b"\xff\xd8")
    with pytest.raises((AssertionError, TimeoutError)):
        page.until("picture", seconds=0.5)
    page.say(drawn=1)
    page.until("picture")


def test_signals_only_for_who_looks(served):
    web, *_ = served
    page = Browser(web)
    assert "heard" not in json.loads(page.socket.recv(timeout=5.0))
    page.say(want={"preview": False, "heard": True})
    assert page.until("heard") == [0.5, 3.0]
    assert page.until("spectrum") == [0, 50, 100]


def test_files_are_read_checked_and_saved_and_mistakes_told(served):
    web, show, _ = served
    page = Browser(web)
    page.say(ask=[1, "read", "ink.toml"])
    assert page.until("answer") == [1, {"ok": "strength = 0.5\n"}]
    page.say(ask=[2, "read", "../../etc/passwd"])
    assert page.until("answer") == [2, {"error": "'../../etc/passwd' is no file of this show"}]
    page.say(ask=[3, "check", "ink.toml", "x"])
    assert page.until("answer")[1]["ok"][0]["message"] == "no ="
    page.say(ask=[4, "save", "ink.toml", "a = 1", "new"])
    assert page.until("answer") == [4, {"ok": "new"}] and show.saved == {"new": "a = 1"}
    page.say(ask=[5, "eval", "1"])
    assert "error" in page.until("answer")[1]


def test_an_oversized_message_ends_its_page_only(served):
    web, *_ = served
    page, other = Browser(web), Browser(web)
    page.socket.send("x" * 100_000)
    with pytest.raises(ConnectionClosed):
        for _ in range(1000):
            page.socket.recv(timeout=5.0)
    other.until("now")


@settings(max_examples=80, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(st.one_of(
    st.text(max_size=60), st.binary(max_size=60),
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=8),
                 lambda inner: st.lists(inner, max_size=3)
                 | st.dictionaries(st.sampled_from(["set", "ask", "want", "drawn", "x"]), inner,
                                   max_size=2), max_leaves=6).map(json.dumps)), max_size=6))
def test_rubbish_stops_no_page(guarded, messages):
    page = Browser(guarded, f"?token={TOKEN}")
    for message in messages:
        page.socket.send(message)
    page.until("now")
    page.close()


def test_differences():
    assert difference({"a": 1, "b": 2}, {"a": 1, "c": 3}) == {"b": None, "c": 3}
