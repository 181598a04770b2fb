"""Who may open the page: guesses wait, bent names and other ports are refused, ports give way."""

import socket
import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest
from servers import wait_for
from test_page_served import TOKEN, Show
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from controllers.page import access
from controllers.page.access import ADDRESSES, COOKIE, GUESSES, Guesses
from controllers.page.app import make_app
from controllers.page.hub import Hub
from controllers.web_server import WebServer, allowed
from engine import paging
from engine.errors import DeviceError


@pytest.fixture
def guarded():
    """As with --page-lan: every address of this machine, and a token."""
    show = Show()
    web = WebServer(make_app(show, Hub(show, True), TOKEN, "http://127.0.0.1/"), 0, "0.0.0.0")
    yield web
    web.close()


def _status(web, path: str = "/", **headers: str) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{web.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10.0) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_who_guesses_has_to_wait(guarded, monkeypatch):
    for n in range(GUESSES):
        assert _status(guarded, f"/?token=guess{n}") == 401
    assert _status(guarded, f"/?token={TOKEN}") == 429
    assert _status(guarded, "/", Cookie=f"{COOKIE}_{guarded.port}={TOKEN}") == 429
    with pytest.raises(InvalidStatus):
        connect(f"ws://127.0.0.1:{guarded.port}/show?token={TOKEN}")
    monkeypatch.setattr(access, "REST_SECONDS", 0.0)
    assert _status(guarded, f"/?token={TOKEN}") == 200


def test_a_page_of_last_night_is_no_guesser(guarded):
    for _ in range(3 * GUESSES):
        assert _status(guarded, "/", Cookie=f"{COOKIE}_{guarded.port}=of-last-night") == 401
    assert _status(guarded, f"/?token={TOKEN}") == 200


def test_each_show_of_a_machine_has_a_cookie_of_its_own_and_forwarded_names_count_nothing(guarded):
    named = f"{COOKIE}_{guarded.port}"
    assert _status(guarded, "/", Cookie=f"{COOKIE}_1={TOKEN}") == 401
    assert _status(guarded, "/", Cookie=f"{COOKIE}_1=another; {named}={TOKEN}") == 200
    for n in range(GUESSES):
        forwarded = {"X-Forwarded-For": f"10.1.1.{n}"}
        assert _status(guarded, f"/?token=guess{n}", **forwarded) == 401
    assert _status(guarded, f"/?token={TOKEN}") == 429


def test_guesses_of_one_address_are_not_those_of_another():
    guesses = Guesses()
    for n in range(GUESSES):
        guesses.wrong("10.0.0.7", str(n))
    assert guesses.too_many("10.0.0.7") and not guesses.too_many("10.0.0.8")
    for n in range(3 * ADDRESSES):
        guesses.wrong(f"10.0.{n // 256}.{n % 256}", "x")
    assert len(guesses._wrong) == ADDRESSES


@pytest.mark.parametrize(("host", "origin", "may"), [
    ("192.168.1.20:8080", None, True),
    ("192.168.1.20:8080", "http://192.168.1.20:8080", True),
    ("[::1]:8080", "http://[::1]:8080", True),
    ("LOCALHOST:8080", "http://localhost:8080", True),
    ("liquidlight.example:8080", None, False),
    ("192.168.1.20.evil.example:8080", None, False),
    ("192.168.1.20:8080", "http://192.168.1.20:3000", False),
    ("192.168.1.20:8080", "http://192.168.1.20", False),
    ("localhost:8080", "http://127.0.0.1:8080", False),
    ("192.168.1.20:8080", "null", False),
    ("192.168.1.20:8080", "", False),
    ("192.168.1.20@evil.example", None, False),
    ("", None, False),
])
def test_only_numbers_are_hosts_and_only_the_page_itself_is_an_origin(host, origin, may):
    rows = {"host": host, "origin": origin}
    headers = [(key.encode(), value.encode()) for key, value in rows.items() if value is not None]
    assert allowed(headers) is may


def test_bent_names_are_refused_in_the_network_even_with_the_token(guarded):
    assert _status(guarded, f"/?token={TOKEN}", Host="evil.example") == 403
    held = {"Cookie": f"{COOKIE}_{guarded.port}={TOKEN}"}
    assert _status(guarded, "/", **held) == 200
    assert _status(guarded, "/", **held, Origin="http://127.0.0.1:1") == 403
    assert _status(guarded, f"/?token={TOKEN}") == 200


def test_a_second_show_takes_the_next_port(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        monkeypatch.setattr(paging, "PAGE_PORT", port)
        page = paging.Page.__new__(paging.Page)
        page.live, page._token, page.hub = Show(), None, Hub(Show())
        with pytest.raises(DeviceError, match="another port"):
            page._serve(port, False)
        page._serve(None, False)
        try:
            assert page._web.port > port and f":{page._web.port}/" in page.url
            web = SimpleNamespace(port=page._web.port)
            wait_for("the page", lambda: _status(web) == 200, 10.0)
        finally:
            page._web.close()
