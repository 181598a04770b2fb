"""Clients of the page that misbehave: each is bounded, and the others notice nothing."""

import json
import os
import socket
import struct
import threading
from contextlib import ExitStack, suppress

import pytest
from servers import wait_for
from test_page_served import Show
from websockets.exceptions import InvalidHandshake
from websockets.sync.client import connect

from bench import page_rubbish
from controllers import web_limits
from controllers.page.app import make_app
from controllers.page.hub import Hub
from controllers.page.pages import ASKS, MESSAGES_A_SECOND, MESSAGES_AT_ONCE, joined
from controllers.web_server import WebServer
from engine.clock import monotonic, sleep


@pytest.fixture
def served():
    show = Show()
    hub = Hub(show)
    web = WebServer(make_app(show, hub, None, ""), 0)
    with ExitStack() as stack:
        stack.callback(web.close)
        yield web, show, hub, stack


def _raw(web, stack, text: bytes = b"", **options) -> socket.socket:
    made = stack.enter_context(socket.socket())
    for key, value in options.items():
        made.setsockopt(socket.SOL_SOCKET, getattr(socket, key), value)
    made.settimeout(10.0)
    made.connect(("127.0.0.1", web.port))
    made.sendall(text)
    return made


def _status(web, stack) -> int:
    made = _raw(web, stack, b"GET /static/icon.svg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return int(made.recv(4096).split()[1])


def _page(web, stack):
    page = stack.enter_context(connect(f"ws://127.0.0.1:{web.port}/show", close_timeout=0.2))
    assert json.loads(page.recv(timeout=10.0))["fresh"]
    return page


def _hears(page, seconds: float) -> int:
    """How many messages come in that time."""
    end, count = monotonic() + seconds, 0
    while (left := end - monotonic()) > 0:
        try:
            page.recv(timeout=left)
        except TimeoutError:
            break
        count += 1
    return count


def _frame(code: int, data: bytes = b"", final: bool = True) -> bytes:
    """A short websocket frame as clients send it, masked with nothing."""
    return bytes([code | 0x80 * final, 0x80 | len(data)]) + bytes(4) + data


def _upgraded(web, stack, **options) -> socket.socket:
    key = b"GET /show HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n" \
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" \
        b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    made = _raw(web, stack, key, **options)
    assert b" 101 " in made.recv(64)
    return made


def _ends(made: socket.socket) -> bool:
    try:
        while made.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


def test_doors_that_are_only_held_open_make_room(served):
    web, _, _, stack = served
    page = _page(web, stack)
    held = [_raw(web, stack, b"GET / HT") for _ in range(400)]
    assert _status(web, stack) == 200
    assert _ends(held[0])
    assert _hears(page, 0.5) > 2


def test_a_request_that_never_ends_is_cut(served, monkeypatch):
    web, _, _, stack = served
    monkeypatch.setattr(web_limits, "HTTP_SECONDS", 0.3)
    assert _ends(_raw(web, stack, b"GET / HT"))
    assert _ends(_raw(web, stack, b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                  b"Content-Length: 9999999\r\n\r\n"))


def test_who_reads_nothing_is_let_go_and_holds_nobody_up(served, monkeypatch):
    web, show, hub, stack = served
    monkeypatch.setattr(web_limits, "STALL_SECONDS", 1.0)
    show.state["prompts.1.text"] = "x" * 4_000_000
    deaf = [_upgraded(web, stack, SO_RCVBUF=4096) for _ in range(4)]
    page = stack.enter_context(connect(f"ws://127.0.0.1:{web.port}/show", max_size=1 << 23,
                                     close_timeout=0.2))
    page.recv(timeout=10.0)
    assert _hears(page, 0.6) > 3
    wait_for("one page", lambda: len(hub.pages) == 1, 20.0)
    assert len(deaf) == 4


@pytest.mark.parametrize("storm", [
    _frame(0x01, b"{", False) + _frame(0x00, b"", False) * 2000, _frame(0x09) * 2000,
    _frame(0x0F), _frame(0x08, b"\x00"), b"\x81\xff" + struct.pack("!Q", 1 << 62) + bytes(4),
    _frame(0x01, b"\xff\xfe"), os.urandom(4096),
], ids=["fragments", "pings", "opcode", "close", "huge", "no text", "noise"])
def test_frames_that_no_browser_sends_end_their_page_only(served, storm):
    web, _, hub, stack = served
    page = _page(web, stack)
    made = _upgraded(web, stack)
    wait_for("two pages", lambda: len(hub.pages) == 2, 10.0)
    with suppress(OSError):  # it may be closed in the midst of the storm
        made.sendall(storm)
        made.shutdown(socket.SHUT_WR)
    assert _ends(made)
    assert _hears(page, 0.5) > 2


def test_a_flood_of_hands_is_slowed_and_others_get_through(served):
    web, show, hub, stack = served
    flood, page = _page(web, stack), _page(web, stack)
    begun = monotonic()
    for n in range(1000):
        flood.send(json.dumps({"set": ["strength", n / 1000]}))
    page.send(json.dumps({"set": ["freeze", "toggle"]}))
    wait_for("a hand among the flood", lambda: show.state["freeze"] == "toggle", 10.0)
    wait_for("all of the flood", lambda: hub.received == 1001, 20.0)
    assert monotonic() - begun > 0.8 * (1000 - MESSAGES_AT_ONCE) / MESSAGES_A_SECOND
    assert show.state["strength"] == 0.999


def test_too_many_questions_at_once_are_refused_and_the_rest_is_answered(served):
    web, show, _, stack = served
    page = _page(web, stack)
    show.read_file = lambda name: sleep(0.3) or "text"
    for n in range(3 * ASKS):
        page.send(json.dumps({"ask": [n, "read", "ink.toml"]}))
    answers = {}
    while len(answers) < 3 * ASKS:
        if answer := json.loads(page.recv(timeout=10.0)).get("answer"):
            answers[answer[0]] = answer[1]
    assert sum("ok" in answer for answer in answers.values()) == ASKS
    assert answers[3 * ASKS - 1] == {"error": "too many questions at once"}


@pytest.mark.parametrize("said", [
    '{"set": ["strength", 1' + "0" * 400 + "]}", '{"set": ["strength", NaN]}',
    '{"set": ["strength", 1e999]}', '{"set": ["prompts.1.text", "\\ud800"]}',
    '{"ask": [' + "[" * 5000 + "]" * 5000 + ', "read"]}', "[" * 60_000, '{"ask": [NaN, "read"]}',
    '{"ask": [1e999, "read"]}', '{"set": ["prompts.1.text.bar", "\\udfff"]}', '{"ask": [1, null]}',
    '{"want": {"preview": [], "heard": 1, "x": {}}}', '{"drawn": {"a": [1]}}', '"\\u0000"',
])
def test_what_json_can_hold_and_hands_cannot(served, said):
    web, show, _, stack = served
    page = _page(web, stack)
    page.send(said)
    page.send(json.dumps({"set": ["freeze", 1]}))
    wait_for("the next hand", lambda: show.state["freeze"] == 1.0, 10.0)
    assert show.state["strength"] == 0.5 and show.state["prompts.1.text"] == "a moon"


def test_too_many_pages_are_refused_and_those_there_stay(served, monkeypatch):
    web, _, hub, stack = served
    monkeypatch.setattr(web_limits, "WEBSOCKETS", 3)
    pages = [_page(web, stack) for _ in range(3)]
    with pytest.raises((InvalidHandshake, OSError)):
        _page(web, stack)
    assert _hears(pages[0], 0.5) > 2 and len(hub.pages) == 3
    pages[1].close()
    wait_for("room again", lambda: len(hub.pages) == 2, 10.0)
    _page(web, stack)


def test_what_a_page_missed_is_told_at_once():
    old = {"values": {"a": 1, "b": 2}, "now": 1, "controls": [1]}
    assert joined(old, {"values": {"b": None}, "now": 2, "held": {"a": 1}}) == {
        "values": {"a": 1, "b": None}, "now": 2, "held": {"a": 1}, "controls": [1]}


def test_a_fault_of_ours_is_told_once_and_pages_go_on(served, caplog):
    web, show, _, stack = served

    def broken():
        raise ZeroDivisionError("a fault for the test")

    page = _page(web, stack)
    show.health = broken
    assert _hears(page, 1.6) > 10
    assert len([row for row in caplog.records if row.exc_info]) == 1


def test_all_of_it_at_once_for_some_seconds(served, caplog):
    web, show, hub, stack = served
    page = _page(web, stack)
    over = threading.Event()
    threads = page_rubbish.pester(web.port, 7, over)
    assert _hears(page, 4.0) > 8
    page.send(json.dumps({"set": ["freeze", 1]}))
    wait_for("a hand amid the rubbish", lambda: show.state["freeze"] == 1.0, 20.0)
    over.set()
    wait_for("an end", lambda: not any(thread.is_alive() for thread in threads), 60.0)
    wait_for("the one page", lambda: len(hub.pages) == 1, 20.0)
    assert _status(web, stack) == 200 and _hears(page, 0.5) > 2
    assert not caplog.records
