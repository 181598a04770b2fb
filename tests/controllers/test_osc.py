"""OSC in over real sockets: the address rule, forgiveness, bursts and rubbish."""

import random
import shutil
import socket
import struct
import subprocess

import pytest
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from controllers.osc import OscInput
from controllers.osc_codec import unpack
from engine.clock import WallClock, monotonic, sleep
from engine.errors import DeviceError
from engine.exchange import EventQueue
from engine.params import KNOBS, PARAMS


@pytest.fixture
def queue():
    return EventQueue()


@pytest.fixture
def osc(queue):
    listener = OscInput(0, queue, WallClock())
    yield listener
    listener.close()


def message(path: str, *args: tuple[str, object]) -> bytes:
    builder = OscMessageBuilder(path)
    for kind, value in args:
        builder.add_arg(value, kind)
    return builder.build().dgram


def send(osc: OscInput, *packets: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for packet in packets:
            client.sendto(packet, ("127.0.0.1", osc.port))


def wait(ready, seconds: float = 5.0) -> bool:
    end = monotonic() + seconds
    while not ready() and monotonic() < end:
        sleep(0.005)
    return bool(ready())


@pytest.mark.parametrize(
    ("path", "args", "address", "value"),
    [
        ("/vj/strength", [("f", 0.25)], "strength", 0.25),
        ("/vj/strength", [("i", 7)], "strength", 1.0),
        ("/vj/strength", [("d", 0.125)], "strength", 0.125),
        ("/vj/strength", [("T", True)], "strength", 1.0),
        ("/vj/strength", [("F", False)], "strength", 0.0),
        ("/vj/strength", [("N", None)], "strength", 0.0),
        ("/vj/motion/zoom", [("f", 99.0)], "motion.zoom", 2.0),
        ("/vj/prompts/1/weight", [("f", 0.5)], "prompts.1.weight", 0.5),
        ("/vj/prompts/1/text", [("s", "ink in water")], "prompts.1.text", "ink in water"),
        ("/vj/effects/glow/amount", [("f", 0.5)], "effects.glow.amount", 0.5),
        ("/vj/knob1", [("f", 0.5)], "knob1", 0.5),
        ("/vj/knob/16", [("f", 0.5)], "knob16", 0.5),
        ("/vj/freeze", [], "freeze", 1.0),
        ("/vj/freeze", [("F", False)], "freeze", 0.0),
        ("/vj/freeze", [("s", "toggle")], "freeze", "toggle"),
        ("/vj/tap", [], "tap", 1.0),
        ("/vj/next", [("i", 1)], "next", 1.0),
        ("/vj/tempo/bpm", [("f", 128.5)], "tempo.bpm", 128.5),
        ("/vj/tempo/offset", [("f", -900.0)], "tempo.offset", -500.0),
        ("/vj/tempo/lock", [], "tempo.lock", 1.0),
        ("/vj/tempo/double", [("i", 1)], "tempo.double", 1.0),
        ("/vj/tempo/source", [("s", "link")], "tempo.source", "link"),
        ("/vj/tempo/source/midi", [], "tempo.source.midi", 1.0),
        ("/vj/preset", [("i", 2)], "preset", 2.0),
        ("/vj/preset", [("s", "neon")], "preset", "neon"),
        ("/vj/preset/3", [], "preset.3", 1.0),
        ("/vj/preset/3/bar", [], "preset.3.bar", 1.0),
        ("/vj/preset/phrase", [("s", "neon")], "preset.phrase", "neon"),
        ("/vj/deck/a", [("i", 0)], "deck.a", 0.0),
        ("/vj/deck/b", [("s", "neon")], "deck.b", "neon"),
        ("/vj/crossfader", [("f", 1.5)], "crossfader", 1.0),
        ("/vj/autopilot/lock", [("s", "toggle")], "autopilot.lock", "toggle"),
        ("/vj/next/now", [], "next.now", 1.0),
    ],
)
def test_address_and_type_rules(osc, queue, path, args, address, value):
    osc.take(message(path, *args))
    assert [(e.address, e.value, e.source) for e in queue.drain()] == [(address, value, "osc")]
    assert (osc.received, osc.rejected) == (1, 0)


def test_the_impulse_counts_as_true(osc, queue):
    osc.take(b"/vj/tap\0,I\0\0")
    assert [e.value for e in queue.drain()] == [1.0]


@pytest.mark.parametrize(
    ("path", "args"),
    [
        ("/vj/nonsense", [("f", 1.0)]),
        ("/other/strength", [("f", 1.0)]),
        ("/vj/motion.zoom", [("f", 1.0)]),
        ("/vj/knob/17", [("f", 1.0)]),
        ("/vj/strength", []),
        ("/vj/strength", [("s", "0.5")]),
        ("/vj/strength", [("f", float("nan"))]),
        ("/vj/strength", [("f", float("inf"))]),
        ("/vj/strength", [("b", b"1234")]),
        ("/vj/prompts/1/text", [("f", 1.0)]),
        ("/vj/freeze", [("s", "perhaps")]),
        ("/vj/preset", []),
        ("/vj/deck/a", []),
        ("/vj/deck/c", [("i", 1)]),
    ],
)
def test_what_is_wrong_is_counted_and_kept(osc, queue, path, args):
    osc.take(message(path, *args))
    assert queue.drain() == []
    assert (osc.received, osc.rejected) == (0, 1)
    assert path in osc.last_rejected


def test_every_parameter_can_be_set_over_the_wire(osc, queue):
    rows = {**{name: p.high for name, p in PARAMS.items()}, **dict.fromkeys(KNOBS, 0.5)}
    send(osc, *(message("/vj/" + n.replace(".", "/"), ("d", v)) for n, v in rows.items()))
    assert wait(lambda: osc.received == len(rows))
    assert {e.address: e.value for e in queue.drain()} == rows


def test_a_bundle_of_the_far_future_acts_at_once(osc, queue):
    bundle = OscBundleBuilder(2_050_000_000)
    for path in ("/vj/knob1", "/vj/knob2"):
        builder = OscMessageBuilder(path)
        builder.add_arg(0.5, "f")
        bundle.add_content(builder.build())
    send(osc, bundle.build().dgram)
    assert wait(lambda: osc.received == 2, 2.0)
    assert [e.address for e in queue.drain()] == ["knob1", "knob2"]


def test_oscsend(osc, queue):
    """The client of liblo, another implementation of the protocol."""
    if not shutil.which("oscsend"):
        pytest.skip("oscsend is missing: apt-get install liblo-tools")
    for args in (
        ["motion/zoom", "f", "1.25"],
        ["freeze", "T"],
        ["prompts/1/text", "s", "gold"],
        ["tap", "I"],
    ):
        command = ["oscsend", "127.0.0.1", str(osc.port), f"/vj/{args[0]}", *args[1:]]
        subprocess.run(command, check=True, timeout=10)
    assert wait(lambda: osc.received == 4), osc.last_rejected
    assert [(e.address, e.value) for e in queue.drain()] == [
        ("motion.zoom", 1.25),
        ("freeze", 1.0),
        ("prompts.1.text", "gold"),
        ("tap", 1.0),
    ]


def test_a_burst_arrives_in_order_and_ends_with_the_newest(osc, queue):
    packets = [message("/vj/knob1", ("f", n / 1000)) for n in range(1001)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for n, packet in enumerate(packets):
            client.sendto(packet, ("127.0.0.1", osc.port))
            if n % 50 == 0:
                sleep(0.002)  # far above any controller, within what a small buffer holds
    assert wait(lambda: osc.received == len(packets)), osc.received
    values = [e.value for e in queue.drain()]
    assert values == sorted(values)
    assert values[-1] == 1.0


def test_rubbish_never_ends_the_thread(osc, queue):
    rng = random.Random(7)
    good = message("/vj/prompts/1/text", ("s", "ink"), ("f", 1.0), ("b", b"123"))
    bundle = b"#bundle\0" + bytes(8) + struct.pack(">i", len(good)) + good
    for _ in range(3000):
        data = bytearray(rng.choice((good, bundle, rng.randbytes(rng.randrange(60)))))
        for _ in range(rng.randrange(1, 5)):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
        osc.take(bytes(data[: rng.randrange(len(data) + 1)]))
    send(osc, b"", b"/", b"#bundle\0", b"\xff" * 2000, rng.randbytes(1400))
    send(osc, message("/vj/knob16", ("f", 0.5)))
    events = []
    assert wait(lambda: events.extend(queue.drain()) or "knob16" in {e.address for e in events})
    assert osc.rejected > 1000


@pytest.mark.parametrize("size", [-4, 0, 8, 2**31 - 1])
def test_a_lying_element_size_is_refused(size):
    """A negative one keeps python-osc's own bundle parser busy for ever."""
    with pytest.raises(ValueError, match="element size"):
        list(unpack(b"#bundle\0" + bytes(8) + struct.pack(">i", size)))


def test_deep_nesting_is_refused():
    packet = message("/vj/tap")
    for _ in range(50):
        packet = b"#bundle\0" + bytes(8) + struct.pack(">i", len(packet)) + packet
    with pytest.raises(ValueError, match="nested"):
        list(unpack(packet))


def test_a_taken_port_is_one_readable_line(osc):
    with pytest.raises(DeviceError, match=rf"127\.0\.0\.1:{osc.port} .*in use"):
        OscInput(osc.port, EventQueue(), WallClock())
    with pytest.raises(DeviceError, match=r"outside 0\.\.65535"):
        OscInput(70000, EventQueue(), WallClock())


def test_the_port_is_free_again_after_close(queue):
    first = OscInput(0, queue, WallClock())
    first.close()
    OscInput(first.port, queue, WallClock()).close()
