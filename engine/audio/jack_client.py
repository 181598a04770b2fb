"""PortAudio's client of a JACK server, and whether the server still knows it.

Where the server was ended or begun anew, PortAudio's JACK part aborts the whole process as soon as
PortAudio is ended (an assertion in pa_jack.c: Terminate). So it is asked first. Linux only:
elsewhere PortAudio comes without JACK. May take a moment; never on the frame path.
"""

from __future__ import annotations

import ctypes
from typing import Any

HOST = "JACK Audio Connection Kit"
NO_START_SERVER = 1
"""JackNoStartServer of jack/types.h."""


def client_name(sd: Any) -> str:
    """The name of the client that PortAudio has just made, "" where it made none."""
    if all(host["name"] != HOST for host in sd.query_hostapis()):
        return ""
    name = ctypes.c_char_p()
    try:
        error = ctypes.CDLL(sd._libname).PaJack_GetClientName(ctypes.byref(name))
    except (OSError, AttributeError):
        return ""
    return (name.value or b"").decode() if error == 0 else ""


def is_known(name: str) -> bool:
    """Whether a JACK server is there that has a client of that name; "" is no client: True."""
    if not name:
        return True
    try:
        jack = ctypes.CDLL("libjack.so.0")
        jack.jack_client_open.restype = ctypes.c_void_p
        jack.jack_get_uuid_for_client_name.restype = ctypes.c_void_p
    except (OSError, AttributeError):
        return False
    status = ctypes.c_int()
    asker = jack.jack_client_open(b"liquidlight asks", NO_START_SERVER, ctypes.byref(status))
    if not asker:
        return False
    asker = ctypes.c_void_p(asker)
    uuid = jack.jack_get_uuid_for_client_name(asker, name.encode())
    if uuid:
        jack.jack_free(ctypes.c_void_p(uuid))
    jack.jack_client_close(asker)
    return bool(uuid)
