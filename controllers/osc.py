"""OSC in: one UDP socket on a thread of its own; every address of the show can be set and asked.

`/vj/strength 0.6`, `/vj/motion/zoom 1.2`, `/vj/prompts/1/text "ink in water"`, `/vj/knob1 0.7` or
`/vj/knob/1`, `/vj/freeze 1`, `/vj/tap`, `/vj/preset "neon"`, `/vj/preset/3/bar`, `/vj/deck/a 2`.
Numbers may come as i, h, f, d, T, F, N or I; a switch or trigger without an argument is on.
Relative: `/vj/strength "+" 0.1`, and "-", "*"; "a" is absolute. Patterns: `/vj/effects/*/amount`.
`/vj/strength "?"` is answered, to whoever asked, with the value; `/vj/motion "?"` with all below.
`/vj/subscribe` [port] [seconds] has every change told to the sender's port (see osc_out.py).

Out-of-range numbers are clamped; what is wrong is counted, never fatal.
"""

from __future__ import annotations

import math
import socket
import threading
from typing import Any

from controllers.addresses import TOGGLE, Address, find
from controllers.osc_codec import ROOT, canonical, decode, is_pattern, matcher, path_of, unpack
from controllers.osc_out import Listeners, Receiver, message_of
from controllers.surface import Surface
from engine.clock import Clock
from engine.errors import DeviceError
from engine.exchange import EventQueue
from engine.records import ControlEvent

RECEIVE_BYTES = 1 << 22
"""Asked of the system, which may give less: room for a burst of some thousand messages."""
TEXT_LIMIT = 1000
ASK = "?"
RELATIVE = {"+": lambda old, by: old + by, "-": lambda old, by: old - by,
            "*": lambda old, by: old * by, "a": lambda _, value: value}
OWN_SECONDS = 0.2
"""So long, a relative value builds on what was set here last: the show may not have it yet."""
MATCHES = 200
"""Most addresses that one pattern may set."""

Sender = tuple[str, int]


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
    With a `surface`, questions are answered, relative values and patterns understood, and
    changes told to those who subscribe. `received` and `rejected` count messages,
    `last_rejected` is the last one not understood, `last` the last that was.
    Raises DeviceError when the port cannot be had.
    """

    def __init__(
        self, port: int, queue: EventQueue[ControlEvent], clock: Clock, host: str = "127.0.0.1",
        surface: Surface | None = None,
    ) -> None:
        self._queue, self._clock, self._surface = queue, clock, surface
        self.received = 0
        self.rejected = 0
        self.last = self.last_rejected = ""
        self._set: dict[str, tuple[float, float]] = {}  # address: when, what
        self._socket = _bound_socket(host, port)
        self.port: int = self._socket.getsockname()[1]
        self.out = Listeners(self._socket, surface)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and give the port back."""
        self._closed.set()
        self._thread.join(timeout=2.0)
        self.out.close()
        self._socket.close()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                packet, sender = self._socket.recvfrom(65536)
            except OSError:  # the time-out, or an ICMP error that Windows reports here
                continue
            self.take(packet, sender)

    def take(self, packet: bytes, sender: Sender = ("", 0)) -> None:
        """Handle one packet of `sender`. Never raises, whatever is in it."""
        try:
            for message in unpack(packet):
                self._message(*decode(message), sender)
        except Exception as error:  # the codec raises many kinds on rubbish
            self._reject(f"{packet[:24]!r}: {error}")

    def _message(self, path: str, args: list[Any], sender: Sender) -> None:
        if path in (f"{ROOT}/subscribe", f"{ROOT}/unsubscribe"):
            done = self._subscribe(path, args, sender)
        elif args and args[0] == ASK:
            done = self._answer(path, sender)
        elif is_pattern(path):
            done = self._each(path, args, sender)
        else:
            done = self._one(canonical(path), args, sender)
        if not done:
            self._reject(f"{path[:80]} {str(args)[:80]}")

    def _subscribe(self, path: str, args: list[Any], sender: Sender) -> bool:
        numbers = [arg for arg in args if isinstance(arg, (int, float)) and math.isfinite(arg)]
        port = int(numbers[0]) if numbers else sender[1]
        if not 0 < port < 65536:
            return False
        to = (sender[0], port)
        if path.endswith("unsubscribe"):
            self.out.remove(to)
        else:
            self.out.add(Receiver(to, for_seconds=numbers[1] if len(numbers) > 1 else None))
        return True

    def _answer(self, path: str, sender: Sender) -> bool:
        """The value of an address, or of all below a path or matching a pattern."""
        if self._surface is None:
            return False
        path = path.rstrip("/")
        values = self._surface.values()
        if (name := canonical(path)) in values:
            found = [name]
        elif is_pattern(path):
            found = [n for n in values if matcher(path)(path_of(n))]
        else:
            found = [n for n in values if path_of(n).startswith(f"{path}/")]
        self.out.reply(sender, [message_of(name, values[name]) for name in found])
        return bool(found)

    def _each(self, path: str, args: list[Any], sender: Sender) -> bool:
        """All addresses that a pattern means."""
        if self._surface is None:
            return False
        matches = matcher(path)
        names = [c.name for c in self._surface.controls() if matches(path_of(c.name))][:MATCHES]
        return any([self._one(name, args, sender) for name in names])

    def _one(self, name: str | None, args: list[Any], sender: Sender) -> bool:
        address = find(name) if name else None
        if address is None:
            return False
        if len(args) > 1 and args[0] in RELATIVE and address.kind == "value":
            args = self._moved(address, str(args[0]), args[1])
        value = value_for(address, args)
        if value is None:
            return False
        self.received += 1
        self.last = f"{path_of(address.name)} {value}"
        if not self.out.heard(sender, address.name, value):
            return True  # our own word, come back
        now = self._clock.now()
        if isinstance(value, float):
            self._set[address.name] = (now, value)
        self._queue.put(ControlEvent(now, address.name, value, "osc"))
        return True

    def _moved(self, address: Address, how: str, by: Any) -> list[Any]:
        """The absolute value that a relative one means; nothing where that is not known."""
        if isinstance(by, (str, bytes)) or by is None:
            return []
        when, old = self._set.get(address.name, (-1.0, 0.0))
        if self._clock.now() - when > OWN_SECONDS:
            known = self._surface.values().get(address.name) if self._surface else None
            if not isinstance(known, float) and how != "a":
                return []
            old = known if isinstance(known, float) else 0.0
        return [RELATIVE[how](old, float(by))]

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
