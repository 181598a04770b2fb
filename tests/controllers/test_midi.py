"""MIDI in through real ports: a private JACK server and a peer process to plug and unplug.

JACK ends a process whose server dies under it, so the input under test runs in a process of its
own and the server is stopped last.
"""

import os

import pytest
import servers
from processes import Process

from controllers import drivers, midi
from controllers.mapping import DEFAULT_MAPPING
from engine.clock import WallClock
from engine.errors import DeviceError
from engine.exchange import EventQueue

INPUT = """
import json, sys
from controllers.mapping import DEFAULT_MAPPING, parse_mapping
from controllers.drivers import list_ports
from controllers.midi import MidiInput
from engine.clock import WallClock, sleep
from engine.errors import DeviceError
from engine.exchange import EventQueue
import threading
queue = EventQueue()
def say(**row): print(json.dumps(row), flush=True)
say(listed=list_ports())
try:
    midi = MidiInput(sys.argv[1], DEFAULT_MAPPING, queue, WallClock())
except DeviceError as error:
    say(error=str(error))
    raise SystemExit
def remap():
    for line in sys.stdin:
        if line.strip() == "end": break
        midi.set_mapping(parse_mapping(json.loads(line), "x"))
        say(mapped=True)
    stop.set()
stop = threading.Event()
threading.Thread(target=remap, daemon=True).start()
ports = None
while not stop.wait(0.01):
    if ports != midi.ports:
        ports = midi.ports
        say(ports=ports, reopened=midi.reopened)
    for e in queue.drain(): say(address=e.address, value=e.value, source=e.source)
midi.close()
say(received=midi.received)
"""

PEER = """
import json, sys
import rtmidi
out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name=sys.argv[1])
out.open_virtual_port("keys")
print("ready", flush=True)
for line in sys.stdin: out.send_message(json.loads(line))
"""


@pytest.fixture(scope="module")
def jack():
    """The environment of a private JACK server."""
    pytest.importorskip("rtmidi", reason="python-rtmidi has no wheel for this Python")
    with servers.jack() as place:
        yield {**os.environ, **place}


@pytest.fixture
def start(jack):
    running: list[Process] = []

    def begin(code: str, argument: str) -> Process:
        running.append(Process(code, argument, jack))
        return running[-1]

    yield begin
    for process in reversed(running):
        process.close()


def plugged(start, name: str = "nanoKONTROL2") -> Process:
    peer = start(PEER, name)
    assert peer.line() == "ready"
    return peer


def linked(peer: Process, listener: Process) -> int:
    """Turn knob 16 until it is heard, and how often that was; nothing is left under way.

    A port that is said to be open is not yet a wire: JACK switches it on with a later cycle.
    """
    sent, heard = 0, []
    while not heard:
        sent += 1
        assert sent <= 127, "knob 16 was never heard"
        peer.say([0xB0, 7, sent])
        if listener.waits(0.5):
            heard.append(listener.row())
    while round(heard[-1]["value"] * 127) != sent:
        heard.append(listener.row())
    return len(heard)


def test_control_changes_and_notes_become_events(start):
    peer = plugged(start)
    listener = start(INPUT, "NANOkontrol")
    assert listener.row() == {"listed": ["nanoKONTROL2:keys"]}
    assert listener.row()["ports"] == ["nanoKONTROL2:keys"]
    before = linked(peer, listener)
    for data in ([0xB0, 16, 127], [0xF8], [0x90, 36, 100], [0x80, 36, 0], [0xB0, 99, 1]):
        peer.say(data)
    source = "midi:nanoKONTROL2:keys"
    assert listener.row() == {"address": "knob1", "value": 1.0, "source": source}
    assert listener.row() == {"address": "freeze", "value": "toggle", "source": source}
    listener.say({"strength": "cc 16"})
    assert listener.row() == {"mapped": True}
    peer.say([0xB0, 16, 127])
    assert listener.row()["address"] == "strength"
    listener.say("end")
    assert listener.row() == {"received": before + 3}


def test_a_burst_comes_whole_and_in_order(start):
    """With the driver's own callback, messages were doubled and lost here."""
    peer = plugged(start)
    listener = start(INPUT, "nano")
    listener.row(), listener.row()
    linked(peer, listener)
    for n in range(200):
        peer.say([0xB0, 16 + n % 8, n % 128])
    rows = [listener.row() for _ in range(200)]
    sent = [(f"knob{n % 8 + 1}", n % 128) for n in range(200)]
    assert [(row["address"], round(row["value"] * 127)) for row in rows] == sent


def test_unplugged_and_plugged_in_again(start):
    peer = plugged(start)
    listener = start(INPUT, "nano")
    listener.row()
    assert listener.row() == {"ports": ["nanoKONTROL2:keys"], "reopened": 0}
    peer.close()
    assert listener.row()["ports"] == []
    peer = plugged(start)
    assert listener.row() == {"ports": ["nanoKONTROL2:keys"], "reopened": 1}
    linked(peer, listener)
    peer.say([0xB0, 17, 0])
    assert listener.row()["address"] == "knob2"


def test_all_takes_ports_as_they_come(start):
    listener = start(INPUT, "all")
    assert listener.row() == {"listed": []}
    assert listener.row() == {"ports": [], "reopened": 0}
    plugged(start, "one")
    assert listener.row()["ports"] == ["one:keys"]
    peer = plugged(start, "two")
    assert listener.row()["ports"] == ["one:keys", "two:keys"]
    linked(peer, listener)
    peer.say([0xB0, 0, 127])
    assert listener.row() == {"address": "knob9", "value": 1.0, "source": "midi:two:keys"}


def test_an_unknown_port_is_one_line_that_lists_the_ports(start):
    plugged(start)
    listener = start(INPUT, "launchpad")
    listener.row()
    error = listener.row()["error"]
    assert error == "MIDI port 'launchpad' is not there; ports: nanoKONTROL2:keys"


@pytest.fixture
def driverless(monkeypatch):
    """As in a container: what RtMidi says when there is nothing to talk to."""
    monkeypatch.delenv(drivers.API_VARIABLE, raising=False)
    monkeypatch.setattr(drivers, "_api", lambda: "LINUX_ALSA")

    def refuse(_: str):
        raise RuntimeError("MidiInAlsa::initialize: error creating\nALSA sequencer client.")

    monkeypatch.setattr(drivers, "RtMidi", refuse)
    monkeypatch.setattr(drivers, "RtMidi2", refuse)


def test_no_driver_refuses_a_named_port_in_one_line(driverless):
    with pytest.raises(DeviceError, match=r"^MIDI: no driver .*sequencer client\.\)$"):
        midi.MidiInput("nano", DEFAULT_MAPPING, EventQueue(), WallClock())


def test_no_driver_is_fine_when_nothing_was_named(driverless):
    for name in (None, "all"):
        listener = midi.MidiInput(name, DEFAULT_MAPPING, EventQueue(), WallClock())
        assert listener.ports == ()
        assert "no driver" in listener.problem
        listener.close()
    assert drivers.list_ports() == []


def test_the_socket_of_a_dead_jack_is_no_server(tmp_path):
    """Under Linux /proc/net/unix names the sockets that somebody holds."""
    mine = tmp_path / f"jack_default_{os.getuid()}_0"
    sockets = tmp_path / "unix"
    sockets.write_text("Num RefCount Protocol\n0000: 00000002 0 10000 0001 01 5 /run/other\n")
    assert not drivers._jack_runs(tmp_path, str(sockets))
    mine.touch()
    assert not drivers._jack_runs(tmp_path, str(sockets))
    sockets.write_text(f"Num\n0000: 00000002 00000000 00010000 0001 01 5 {mine}\n")
    assert drivers._jack_runs(tmp_path, str(sockets))
    assert drivers._jack_runs(tmp_path, str(tmp_path / "nothing"))


def test_this_very_machine_lists_its_ports_without_an_exception(monkeypatch):
    monkeypatch.delenv(drivers.API_VARIABLE, raising=False)
    assert isinstance(drivers.list_ports(), list)


def test_a_wrong_api_is_one_line(monkeypatch):
    monkeypatch.setenv(drivers.API_VARIABLE, "TELEPATHY")
    with pytest.raises(DeviceError, match="'TELEPATHY' is not an API"):
        drivers.open_driver()


@pytest.mark.parametrize(
    ("port", "stable"),
    [
        ("nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0", "nanoKONTROL2:nanoKONTROL2 MIDI 1"),
        ("one:keys", "one:keys"),
        ("Midi Through Port-0", "Midi Through Port-0"),
    ],
)
def test_stable_name(port, stable):
    assert drivers.stable_name(port) == stable
