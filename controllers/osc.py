"""OSC in: one UDP socket on a thread of its own; every address of the show can be set.

`/vj/` and the address with `/` for `.`: `/vj/strength 0.6`, `/vj/motion/zoom 1.2`,
`/vj/prompts/1/weight 0.4`, `/vj/prompts/1/text "ink in water"`, `/vj/effects/glow/amount 0.5`,
`/vj/knob1 0.7` or `/vj/knob/1`, `/vj/freeze 1`, `/vj/tap`, `/vj/preset 3`, `/vj/preset "neon"`,
`/vj/preset/3/bar`, `/vj/deck/a 2`, `/vj/crossfader 0.5`. Numbers may come as i, h, f, d, T, F, N
or I; a switch or trigger without an argument is on. Out-of-range numbers are clamped; what is
wrong is counted, never fatal.

Only the message codec of python-osc is used. Its dispatcher sleeps on bundles dated in the
future, and its bundle parser never returns from a negative element size; bundles are unpacked
here, their time tags ignored.
"""

from __future__ import annotations

import math
import re
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

from controllers.addresses import TOGGLE, Address, find
from engine.clock import Clock
from engine.errors import DeviceError
from engine.exchange import EventQueue
from engine.records import ControlEvent

PREFIX = "/vj/"
RECEIVE_BYTES = 1 << 22
"""Asked of the system, which may give less: room for a burst of some thousand messages."""
TEXT_LIMIT = 1000

_BUNDLE = b"#bundle\0"
_NESTING = 8
_TAGS = frozenset(b",ifdhsbrmtTFN[]")
_KNOB = re.compile(r"knob/(\d{1,2})")


def canonical(path: str) -> str | None:
    """The address meant by an OSC path: `/vj/motion/zoom` is `motion.zoom`; None if not ours."""
    if not path.startswith(PREFIX):
        return None
    name = path[len(PREFIX) :].rstrip("/")
    if knob := _KNOB.fullmatch(name):
        return f"knob{int(knob[1])}"
    return None if "." in name else name.replace("/", ".")


def unpack(packet: bytes, depth: int = 0) -> Iterator[bytes]:
    """The messages of a packet, bundles opened. Raises ValueError when it is no OSC."""
    if not packet.startswith(_BUNDLE):
        if not packet.startswith(b"/"):
            raise ValueError("neither a message nor a bundle")
        yield packet
        return
    if depth > _NESTING:
        raise ValueError("bundles nested too deep")
    at = 16
    while at < len(packet):
        (size,) = struct.unpack_from(">i", packet, at)
        if size <= 0 or at + 4 + size > len(packet):
            raise ValueError("element size outside the bundle")
        yield from unpack(packet[at + 4 : at + 4 + size], depth + 1)
        at += 4 + size


def decode(message: bytes) -> tuple[str, list[Any]]:
    """Path and arguments of one message. The impulse `I` counts as true. Raises on rubbish."""
    from pythonosc.osc_message import OscMessage

    start = (message.index(b"\0") // 4 + 1) * 4
    end = message.find(b"\0", start)
    tags = message[start : max(start, end)]
    if tags:
        tags = tags.replace(b"I", b"T")
        if not _TAGS.issuperset(tags):
            raise ValueError(f"type tags {tags!r}")  # python-osc would log each one
        message = message[:start] + tags + message[end:]
    parsed = OscMessage(message)
    return parsed.address, parsed.params


def value_for(address: Address, args: list[Any]) -> float | str | None:
    """What the arguments mean for the address; None where they mean nothing."""
    first = args[0] if args else True
    if isinstance(first, str):
        return _text_value(address, first)
    if address.kind == "text" or (not args and address.kind == "value"):
        return None
    number = 0.0 if first is None else first
    if not isinstance(number, (int, float)) or not math.isfinite(number):
        return None
    if address.kind == "value" and address.param is not None:
        return address.param.clamp(float(number))
    if not args and address.kind == "choice":
        return None
    return float(number)


def _text_value(address: Address, text: str) -> str | None:
    if address.kind in ("text", "choice"):
        return text[:TEXT_LIMIT]
    return TOGGLE if address.kind == "switch" and text == TOGGLE else None


class OscInput:
    """Listens on `host`:`port` from construction until `close`; port 0 takes any free one.

    Every understood message becomes one ControlEvent in `queue`, timed by `clock` on arrival.
    `received` and `rejected` count messages, `last_rejected` is the last one not understood.
    Raises DeviceError when the port cannot be had.
    """

    def __init__(
        self, port: int, queue: EventQueue[ControlEvent], clock: Clock, host: str = "127.0.0.1"
    ) -> None:
        self._queue, self._clock = queue, clock
        self.received = 0
        self.rejected = 0
        self.last_rejected = ""
        self._socket = _bound_socket(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and give the port back."""
        self._closed.set()
        self._thread.join(timeout=2.0)
        self._socket.close()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                packet = self._socket.recv(65536)
            except OSError:  # the time-out, or an ICMP error that Windows reports here
                continue
            self.take(packet)

    def take(self, packet: bytes) -> None:
        """Handle one packet. Never raises, whatever is in it."""
        try:
            for message in unpack(packet):
                self._message(*decode(message))
        except Exception as error:  # the codec raises many kinds on rubbish
            self._reject(f"{packet[:24]!r}: {error}")

    def _message(self, path: str, args: list[Any]) -> None:
        name = canonical(path)
        address = find(name) if name else None
        value = value_for(address, args) if address else None
        if address is None or value is None:
            self._reject(f"{path[:80]} {str(args)[:80]}")
            return
        self.received += 1
        self._queue.put(ControlEvent(self._clock.now(), address.name, value, "osc"))

    def _reject(self, what: str) -> None:
        self.rejected += 1
        self.last_rejected = what


def _bound_socket(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise DeviceError(f"OSC port {port} is outside 0..65535")
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        listener.settimeout(0.2)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise DeviceError(
            f"OSC cannot listen on {host}:{port} ({error.strerror or error}); choose another port"
        ) from None
    return listener
