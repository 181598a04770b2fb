"""Tells the network that we are there: mDNS (zeroconf), so that controllers find us by name.

Only where the ports were opened to the network. zeroconf answers on a thread of its own.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

from engine.errors import DeviceError

OSC_QUERY, OSC = "_oscjson._tcp.local.", "_osc._udp.local."


class Announced:
    """Services by their type and port, announced as `name` until `close`.

    `addresses` are those to be found at, all of this machine by default. Raises DeviceError where
    there is no network.
    """

    def __init__(
        self, services: Sequence[tuple[str, int]], name: str = "Liquidlight",
        addresses: Sequence[str] = (),
    ) -> None:
        from zeroconf import InterfaceChoice, ServiceInfo, Zeroconf

        try:
            self._zeroconf = Zeroconf(list(addresses) or InterfaceChoice.All)
            host = socket.gethostname().split(".")[0] or "liquidlight"
            for kind, port in services:
                info = ServiceInfo(
                    kind, f"{name}.{kind}", port, server=f"{host}.local.",
                    parsed_addresses=list(addresses) or own_addresses(),
                )
                self._zeroconf.register_service(info, allow_name_change=True)
        except Exception as error:  # zeroconf's own, OSError where there is no network
            raise DeviceError(f"mDNS: not announced ({error or type(error).__name__})") from None

    def close(self) -> None:
        """Take it back, so that nobody looks for us in vain."""
        self._zeroconf.close()


def own_addresses() -> list[str]:
    """Where others on the network reach this machine; the one that leads out comes first."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: it only chooses the way out
            found.append(probe.getsockname()[0])
        except OSError:
            pass
    try:
        rows = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    except OSError:
        rows = []
    found += [str(row[4][0]) for row in rows]
    return list(dict.fromkeys(found)) or ["127.0.0.1"]
