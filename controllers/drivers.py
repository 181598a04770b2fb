"""MIDI libraries behind four methods: list and open inputs, list and open outputs.

python-rtmidi where it has wheels (Python up to 3.12), rtmidi2 elsewhere; both are reached through
`Driver`. Linux without the ALSA sequencer (containers) uses JACK when a server runs;
LIQUIDLIGHT_MIDI_API names an API outright, e.g. UNIX_JACK. A driver belongs to one thread.

The drivers' own callbacks are not used: under JACK they run inside the sound server's cycle,
where waiting for Python's lock makes messages double and vanish. Inputs are polled.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from engine.errors import DeviceError

API_VARIABLE = "LIQUIDLIGHT_MIDI_API"
CLIENT = "liquidlight"
_OURS = re.compile(rf"{CLIENT}(-\d+)?:")


@dataclass(frozen=True, slots=True)
class Port:
    """An open input port: `read` gives the bytes of the next message, or None."""

    read: Callable[[], list[int] | None]
    close: Callable[[], None]


@dataclass(frozen=True, slots=True)
class OutPort:
    """An open output port: `send` takes the bytes of one message, system exclusive too."""

    send: Callable[[Sequence[int]], None]
    close: Callable[[], None]


class Driver(Protocol):
    """What is needed of a MIDI library. Opening raises whatever the library raises."""

    def names(self) -> list[str]:
        """Input ports there now."""
        ...

    def open(self, name: str) -> Port:
        """The input port of that name."""
        ...

    def output_names(self) -> list[str]:
        """Output ports there now."""
        ...

    def open_output(self, name: str) -> OutPort:
        """The output port of that name."""
        ...

    def close(self) -> None:
        """Leave the sound server; ports that are open stay so."""
        ...


def _others(names: Sequence[str]) -> list[str]:
    """Without ports of ours: under JACK and ALSA what we send from looks like an input."""
    return [name for name in names if not _OURS.match(name)]


class RtMidi:
    """python-rtmidi. One client is kept for listing: making one each time disturbs JACK."""

    def __init__(self, api: str) -> None:
        import rtmidi

        self._library, self._api = rtmidi, getattr(rtmidi, f"API_{api}")
        self._lister, self._out_lister = self._client(), None

    def _client(self) -> Any:
        return self._library.MidiIn(rtapi=self._api, name=CLIENT)

    def _out_client(self) -> Any:
        return self._library.MidiOut(rtapi=self._api, name=CLIENT)

    def names(self) -> list[str]:
        return _others(self._lister.get_ports())

    def open(self, name: str) -> Port:
        client = self._client()
        client.ignore_types(sysex=True, timing=False, active_sense=True)
        client.open_port(client.get_ports().index(name), name="in")

        def read() -> list[int] | None:
            got = client.get_message()
            return got[0] if got else None

        def close() -> None:
            client.close_port()
            client.delete()

        return Port(read, close)

    def output_names(self) -> list[str]:
        if self._out_lister is None:
            self._out_lister = self._out_client()
        return _others(self._out_lister.get_ports())

    def open_output(self, name: str) -> OutPort:
        client = self._out_client()
        client.open_port(client.get_ports().index(name), name="out")

        def close() -> None:
            client.close_port()
            client.delete()

        return OutPort(client.send_message, close)

    def close(self) -> None:
        for client in (self._lister, self._out_lister):
            if client is not None:
                client.delete()


class RtMidi2:
    """rtmidi2, for Pythons without a wheel of python-rtmidi."""

    def __init__(self, api: str) -> None:
        import rtmidi2

        self._library, self._api = rtmidi2, getattr(rtmidi2, f"API_{api}")
        self._lister, self._out_lister = self._client(), None

    def _client(self) -> Any:
        return self._library.MidiIn(clientname=CLIENT, api=self._api)

    def _out_client(self) -> Any:
        return self._library.MidiOut(clientname=CLIENT, api=self._api)

    def names(self) -> list[str]:
        return _others(self._lister.ports)

    def open(self, name: str) -> Port:
        client = self._client()
        client.ignore_types(midi_sysex=True, midi_time=False, midi_sense=True)
        client.open_port(list(client.ports).index(name))
        return Port(client.get_message, client.close_port)

    def output_names(self) -> list[str]:
        if self._out_lister is None:
            self._out_lister = self._out_client()
        return _others(self._out_lister.ports)

    def open_output(self, name: str) -> OutPort:
        client = self._out_client()
        client.open_port(list(client.ports).index(name))
        return OutPort(lambda data: client.send_raw(*data), client.close_port)

    def close(self) -> None:
        self._lister = self._out_lister = None  # the library leaves when they are collected


def _api() -> str:
    """The API to use; raises DeviceError when this machine has none."""
    if named := os.environ.get(API_VARIABLE):
        return named
    if not sys.platform.startswith("linux") or Path("/dev/snd/seq").exists():
        return "UNSPECIFIED"
    if _jack_runs():
        return "UNIX_JACK"
    raise DeviceError("MIDI: no driver on this machine (no ALSA sequencer, no JACK server)")


def _jack_runs(folder: Path = Path("/dev/shm"), open_sockets: str = "/proc/net/unix") -> bool:
    """Whether a socket of JACK is held by a process: those who die leave theirs behind."""
    left = [str(path) for path in folder.glob(f"jack_*_{os.getuid()}_*")]
    try:
        held = {line.split(" ")[-1] for line in Path(open_sockets).read_text().splitlines()}
    except OSError:
        return bool(left)
    return any(path in held for path in left)


def open_driver() -> Driver:
    """The MIDI driver of this machine. Raises DeviceError, one line, when there is none."""
    api = _api()
    library = RtMidi if find_spec("rtmidi") else RtMidi2
    try:
        return library(api)
    except ImportError:
        raise DeviceError("MIDI: neither python-rtmidi nor rtmidi2 is installed") from None
    except AttributeError:
        raise DeviceError(f"MIDI: {API_VARIABLE} = {api!r} is not an API of RtMidi") from None
    except Exception as error:  # RtMidi raises its own SystemError, rtmidi2 RuntimeError
        raise DeviceError(f"MIDI: no driver on this machine ({line_of(error)})") from None


def line_of(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def list_ports() -> list[str]:
    """Names of the input ports; empty where there are none or no driver. Never raises."""
    try:
        return open_driver().names()
    except Exception:
        return []


def list_outputs() -> list[str]:
    """Names of the output ports; empty where there are none or no driver. Never raises."""
    try:
        return open_driver().output_names()
    except Exception:
        return []


def stable_name(port: str) -> str:
    """The part of a port's name that stays when it is plugged in again (ALSA adds `20:0`)."""
    return re.sub(r"\s+\d+:\d+$", "", port)
