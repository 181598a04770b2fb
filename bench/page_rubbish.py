"""What no browser does to the page, all at once, from a process of its own: `python -m
bench.page_rubbish PORT SEED` until its standard input ends; then a JSON line of how often.

HTTP: methods, headers and chunks that are none, doors held open by the hundred, paths out of the
folder. Websockets: noise, frames that are huge or never end, JSON that is deep or means nothing,
hands at 2,000 a second, questions in storms, clients that never read. Each kind has a thread that
rests between its turns, so that what is measured is the show's trouble and not this process's.
"""

from __future__ import annotations

import json
import os
import random
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

from engine.clock import monotonic, sleep

HELD, CROWD = 40, 300
"""Doors held open at a time, and at once."""
FLOOD_HZ = 2000.0
METHODS = (b"GET", b"POST", b"PUT", b"DELETE", b"TRACE", b"CONNECT", b"OPTIONS", b"GE\x00T",
           b"\xff", b"PRI")
PATHS = (b"/", b"/../../etc/passwd", b"/static/%2e%2e/app.py", b"/static/..%2f..%2fhub.py",
         b"/thumbnail/%00", b"/" + b"a" * 9000, b"*", b"http://evil.example/", b"/\xff\xfe",
         b"/static/main.js", b"/join.svg", b"/show", b"//", b"/?token=" + b"x" * 4000)
HEADERS = (b"Host: 127.0.0.1", b"Host: evil.example", b"Host: 127.0.0.1\r\nHost: 127.0.0.1",
           b"Host: 127.0.0.1\r\n" + b"X: " + b"y" * 70_000,
           b"Host: 127.0.0.1\r\n" + b"A: b\r\n" * 900,
           b"Host: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nzz",
           b"Host: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
           b"Host: 127.0.0.1\r\nContent-Length: -5", b"Host: 127.0.0.1\r\nContent-Length: 99999999",
           b"Host: 127.0.0.1\r\nRange: bytes=9-1,0-0,5-", b"Host 127.0.0.1", b": x",
           b"Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade", b"\x00\x01\x02")
SAID = ('{"set": ["strength", "x"]}', '{"set": ["nothing.at.all", 1]}', '{"set": {"a": 1}}',
        '{"set": ["prompts.1.text", "\\ud800"]}', '{"set": ["preset.99999999999999999999", 1]}',
        '{"set": ["strength", 1e999]}', '{"set": ["strength", 1' + "0" * 400 + "]}",
        '{"ask": [1]}', '{"ask": "read"}', '{"ask": [1, "save", "x", "y", "../../z"]}',
        '{"ask": [2, "check", "first_light.toml", "' + "[" * 20_000 + '"]}', '{"want": 3}',
        '{"want": {"preview": 1}}', "[" * 60_000, '{"a":' * 9000, "null", '{"drawn": null}', "\x00",
        '{"set": ["learn", "nothing"]}', '{"set": ["output.1.corner.9.x", 1]}')
UPGRADE = (b"GET /show HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n")

Kind = Callable[[int, random.Random], None]
done: Counter[str] = Counter()


def _door(port: int, text: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=2.0)
    made.sendall(text)
    return made


def http(port: int, dice: random.Random) -> None:
    """One request that is wrong somewhere, and a look at what comes."""
    with _door(port) as made:
        made.sendall(b" ".join((dice.choice(METHODS), dice.choice(PATHS), b"HTTP/1.1")) + b"\r\n"
                     + dice.choice(HEADERS) + b"\r\n\r\n")
        made.settimeout(0.2)
        made.recv(1024)
    sleep(0.02)


def noise(port: int, dice: random.Random) -> None:
    with _door(port, dice.choice((b"", UPGRADE)) + dice.randbytes(3000)) as made:
        made.settimeout(0.2)
        made.recv(1024)
    sleep(0.05)


def held_doors(port: int, dice: random.Random) -> None:
    """Half a request, then a byte now and then."""
    with ExitStack() as stack:
        half = b"GET / HTTP/1.1\r\nHost: 127"
        doors = [stack.enter_context(_door(port, half)) for _ in range(HELD)]
        for _ in range(10):
            sleep(0.3)
            for door in doors:
                with suppress(OSError):
                    door.send(b"x")


def crowd(port: int, dice: random.Random) -> None:
    with ExitStack() as stack:
        for _ in range(CROWD):
            stack.enter_context(_door(port))
        sleep(1.0)
    sleep(3.0)


def frames(port: int, dice: random.Random) -> None:
    """Websocket frames that are too long, never end, or are no text."""
    mask = bytes(4)
    storms = (b"\x81\xff" + b"\x7f" * 8 + mask,
              b"\x01\x81" + mask + b"{" + (b"\x00\x80" + mask) * 5000,
              (b"\x89\x80" + mask) * 3000, b"\x81\x82" + mask + b"\xff\xfe",
              b"\xc1\x80" + mask, dice.randbytes(2000))
    with _door(port, UPGRADE) as made:
        made.recv(256)
        made.sendall(dice.choice(storms))
        sleep(0.3)


def sayings(port: int, dice: random.Random) -> None:
    with _page(port) as page:
        for _ in range(20):
            page.send(dice.choice(SAID))
            sleep(0.02)


def flood(port: int, dice: random.Random) -> None:
    """Numbers that mean something, at FLOOD_HZ."""
    with _page(port) as page:
        begun = monotonic()
        for n in range(2 * round(FLOOD_HZ)):
            page.send(json.dumps({"set": ["knob16", dice.random()]}))
            if n % 20 == 0:
                sleep(max(0.0, begun + n / FLOOD_HZ - monotonic()))


def questions(port: int, dice: random.Random) -> None:
    with _page(port) as page:
        for n in range(100):
            page.send(json.dumps({"ask": [n, "check", "first_light.toml", "a = [1,\n" * 2000]}))
            sleep(0.01)
    sleep(0.5)


def deaf(port: int, dice: random.Random) -> None:
    """Asks for everything and reads nothing."""
    want = json.dumps({"want": {"preview": True, "heard": True}}).encode()
    with _door(port, UPGRADE) as made:
        made.recv(256)
        made.sendall(bytes([0x81, 0x80 | len(want)]) + bytes(4) + want)
        sleep(6.0)


def _page(port: int) -> Any:
    from websockets.sync.client import connect

    return connect(f"ws://127.0.0.1:{port}/show", max_size=1 << 24, close_timeout=0.1,
                   max_queue=None, open_timeout=5.0)


KINDS: tuple[Kind, ...] = (http, noise, held_doors, crowd, frames, sayings, flood, questions, deaf,
                           deaf, deaf)


def pester(port: int, seed: int, over: threading.Event) -> list[threading.Thread]:
    """Start all kinds; each goes on until `over`."""
    def again(kind: Kind, dice: random.Random) -> None:
        while not over.is_set():
            try:
                kind(port, dice)
                done[kind.__name__] += 1
            except Exception:  # refused, cut, timed out: as it should be
                done[f"{kind.__name__} ended"] += 1
                sleep(0.05)

    threads = [threading.Thread(target=again, args=(kind, random.Random(seed + n)), daemon=True)
               for n, kind in enumerate(KINDS)]
    for thread in threads:
        thread.start()
    return threads


def main() -> None:
    over = threading.Event()
    pester(int(sys.argv[1]), int(sys.argv[2]), over)
    sys.stdin.read()
    print(json.dumps(done), flush=True)
    os._exit(0)  # threads may be amid a rest


if __name__ == "__main__":
    main()
