"""OSC packets: bundles opened, messages read and written, and how an address is a path.

`/vj/` and the address with `/` for `.`. Only the message codec of python-osc is used: its
dispatcher sleeps on bundles dated in the future, and its bundle parser never returns from a
negative element size; bundles are unpacked here, their time tags ignored. No state, any thread.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

ROOT = "/vj"
PREFIX = f"{ROOT}/"
PACKET_BYTES = 1400
"""Largest bundle that is sent: one Ethernet frame, so that no part of it can be lost alone."""

STARS = 3
_BUNDLE = b"#bundle\0"
_NOW = struct.pack(">Q", 1)
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


def path_of(name: str) -> str:
    """The OSC path of an address."""
    return PREFIX + name.replace(".", "/")


def is_pattern(path: str) -> bool:
    """Whether a path has signs of OSC 1.0's address patterns."""
    return any(sign in path for sign in "*?[{")


@lru_cache(maxsize=256)
def matcher(path: str) -> Callable[[str], bool]:
    """What an address pattern matches (OSC 1.0): `*` and `?` within a part, `[a-c]`, `[!a]`,
    `{zoom,angle}`. Raises ValueError for one that is not closed or has too many stars."""
    parts = [_part(part) for part in path.split("/")]

    def matches(other: str) -> bool:
        names = other.split("/")
        return len(names) == len(parts) and all(
            part.fullmatch(name) for part, name in zip(parts, names, strict=True)
        )

    return matches


def _part(text: str) -> re.Pattern[str]:
    """One part between slashes. Few stars only: more of them may take for ever."""
    if text.count("*") > STARS:
        raise ValueError(f"more than {STARS} stars in {text!r}")
    out, at = "", 0
    while at < len(text):
        sign = text[at]
        if sign in "[{":
            end = text.index("]" if sign == "[" else "}", at)
            inner = text[at + 1 : end]
            out += _class(inner) if sign == "[" else _choice(inner)
            at = end
        else:
            out += {"*": ".*", "?": "."}.get(sign) or re.escape(sign)
        at += 1
    return re.compile(out, re.DOTALL)


def _class(inner: str) -> str:
    """`a-c`, or `!a-c` for all others; nothing in it is special otherwise."""
    others, signs = inner.startswith("!"), inner.removeprefix("!")
    if not signs or any(a > b for a, b in re.findall("(.)-(.)", signs)):
        raise ValueError(f"[{inner}] is no class of signs")
    body = "".join(sign if sign == "-" else re.escape(sign) for sign in signs)
    return f"[{'^' if others else ''}{body}]"


def _choice(inner: str) -> str:
    return f"(?:{'|'.join(re.escape(word) for word in inner.split(','))})"


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


def encode(path: str, *args: float | int | str) -> bytes:
    """One message: whole numbers as `i`, others as `f`, texts as `s`."""
    from pythonosc.osc_message_builder import OscMessageBuilder

    builder = OscMessageBuilder(path)
    for arg in args:
        builder.add_arg(arg, {int: "i", str: "s"}.get(type(arg), "f"))
    return builder.build().dgram


def packets(messages: Iterable[bytes]) -> Iterator[bytes]:
    """The messages in as few packets as fit: bundles to be acted on at once."""
    head = _BUNDLE + _NOW
    held = head
    for message in messages:
        part = struct.pack(">i", len(message)) + message
        if len(held) + len(part) > PACKET_BYTES and len(held) > len(head):
            yield held
            held = head
        held += part
    if len(held) > len(head):
        yield held
