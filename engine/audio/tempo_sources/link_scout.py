"""Sees whether anybody plays with Ableton Link in this network, without taking part.

Peers of Link are equal: who joins with a session of his own that is older wins, and the DJ's tempo
would jump to ours. So nothing is joined before somebody else's messages were seen for a while;
ours is then the younger session and takes theirs over. One socket, read on the caller's thread.

Peers send "alive" messages to UDP 224.76.78.75:20808 (github.com/Ableton/link, discovery/v1:
8 bytes of protocol header, type, time to live in seconds, group of two bytes, node id of eight).
"""

from __future__ import annotations

import socket
import struct
import sys

GROUP, PORT = "224.76.78.75", 20808
HEADER = b"_asdp_v\x01"
ALIVE, RESPONSE, BYE = 1, 2, 3
SETTLE_SECONDS = 1.5
"""So long somebody must have been seen: sessions that began within 0.5 s of each other count as
equally old in Link."""
MOST_NODES = 64


def parse(data: bytes) -> tuple[int, int, bytes] | None:
    """Type, time to live in seconds and node id of a discovery message; None for others."""
    if len(data) < 20 or not data.startswith(HEADER):
        return None
    return data[8], data[9], data[12:20]


class LinkScout:
    """Who was seen: `take` messages, `settled` tells whether one may join. One thread."""

    def __init__(self) -> None:
        self._seen: dict[bytes, tuple[float, float]] = {}  # node: first seen, valid until

    def take(self, data: bytes, time: float) -> None:
        """A packet that arrived at `time` (any steady seconds)."""
        if (message := parse(data)) is None:
            return
        kind, ttl, node = message
        if kind == BYE:
            self._seen.pop(node, None)
        elif kind in (ALIVE, RESPONSE) and (node in self._seen or len(self._seen) < MOST_NODES):
            self._seen[node] = self._seen.get(node, (time, 0.0))[0], time + max(1, ttl)

    def settled(self, time: float) -> bool:
        """Whether somebody was seen for SETTLE_SECONDS and is still there."""
        self._seen = {node: seen for node, seen in self._seen.items() if seen[1] >= time}
        return any(time - first >= SETTLE_SECONDS for first, _ in self._seen.values())

    def forget(self) -> None:
        self._seen = {}


def scout_socket() -> socket.socket:
    """A socket that hears Link's discovery on every interface. Raises OSError."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.settimeout(0.2)
        listener.bind(("", PORT))
        if not sum(_joined(listener, index) for index, _ in socket.if_nameindex()):
            raise OSError("no interface takes multicast")
    except OSError:
        listener.close()
        raise
    return listener


def _joined(listener: socket.socket, interface: int) -> bool:
    """Whether the interface let the socket into the group."""
    group = socket.inet_aton(GROUP)
    if sys.platform == "win32":  # an address 0.x.x.x is taken as the interface's number
        request = group + struct.pack(">I", interface)
    else:
        request = struct.pack("4s4si", group, bytes(4), interface)
    try:
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    except OSError:
        return False
    return True
