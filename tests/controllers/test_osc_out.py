"""OSC questions, relative values, patterns, subscribers: with real sockets and liblo's tools."""

import math
import shutil
import socket
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.osc import OscInput
from controllers.osc_codec import decode, encode, matcher, packets, path_of, unpack
from controllers.osc_out import KEEP_SECONDS, Receiver, audio_tree
from controllers.surface import Control
from engine.clock import WallClock, monotonic, sleep
from engine.exchange import EventQueue
from engine.params import PARAMS


class Standing:
    """A surface that stands as it is told: what the queue holds is taken in by `settle`."""

    def __init__(self) -> None:
        self.state: dict[str, float | str] = {
            "strength": 0.5, "motion.zoom": 1.0, "motion.angle": 0.0, "freeze": 0.0,
            "preset": "ink", "prompts.1.text": "a moon", "effects.glow.amount": 0.1,
            "effects.grain.amount": 0.2,
        }
        self.sounds: dict[str, float] = {}

    def controls(self) -> tuple[Control, ...]:
        return tuple(Control(name, "value", "", PARAMS.get(name)) for name in self.state)

    def values(self) -> dict[str, float | str]:
        return dict(self.state)

    def heard(self) -> dict[str, float]:
        return self.sounds


class Client:
    """A socket that sends to an OscInput and reads what comes back."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.to = ("127.0.0.1", port)
        self.port = self.socket.getsockname()[1]

    def send(self, path: str, *args: float | int | str) -> None:
        self.socket.sendto(encode(path, *args), self.to)

    def read(self, seconds: float = 0.4) -> dict[str, object]:
        """All that comes within so long: paths and values, newest win."""
        got, end = {}, monotonic() + seconds
        while (left := end - monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                packet = self.socket.recv(65536)
            except TimeoutError:
                break
            got |= {path: args[0] for path, args in map(decode, unpack(packet))}
        return got

    def until(self, path: str, seconds: float = 5.0) -> object:
        """The value told for a path, however long the busy machine takes."""
        end = monotonic() + seconds
        while monotonic() < end:
            got = self.read(0.1)
            if path in got:
                return got[path]
        raise AssertionError(f"{path} was not told")


@pytest.fixture
def there():
    queue, surface = EventQueue(), Standing()
    osc = OscInput(0, queue, WallClock(), surface=surface)
    client = Client(osc.port)
    yield osc, queue, surface, client
    client.socket.close()
    osc.close()


def _events(queue, count: int) -> list[tuple[str, object]]:
    events, end = [], monotonic() + 5.0
    while len(events) < count and monotonic() < end:
        events += [(e.address, e.value) for e in queue.drain()]
        sleep(0.005)
    return events


def test_a_question_is_answered_with_the_value(there):
    _, queue, _, client = there
    client.send("/vj/strength", "?")
    assert client.until("/vj/strength") == 0.5
    client.send("/vj/prompts/1/text", "?")
    assert client.until("/vj/prompts/1/text") == "a moon"
    assert not queue.drain()


def test_a_question_to_a_branch_or_a_pattern_is_answered_with_all_below(there):
    osc, _, _, client = there
    client.send("/vj/motion", "?")
    assert client.read() == {"/vj/motion/zoom": 1.0, "/vj/motion/angle": 0.0}
    client.send("/vj/effects/*/amount", "?")
    assert set(client.read()) == {"/vj/effects/glow/amount", "/vj/effects/grain/amount"}
    client.send("/vj/nothing", "?")
    assert client.read(0.2) == {} and osc.rejected == 1


def test_relative_values_build_on_each_other_before_the_show_has_them(there):
    _, queue, _, client = there
    for args in (("+", 0.1), ("+", 0.1), ("*", 0.5), ("-", 0.05), ("a", 0.9)):
        client.send("/vj/strength", *args)
    values = [value for _, value in _events(queue, 5)]
    assert values == pytest.approx([0.6, 0.7, 0.35, 0.3, 0.9])


def test_a_pattern_sets_all_it_means(there):
    osc, queue, _, client = there
    client.send("/vj/effects/{glow,grain}/amount", 0.7)
    assert dict(_events(queue, 2)) == pytest.approx(
        {"effects.glow.amount": 0.7, "effects.grain.amount": 0.7})
    client.send("/vj/effects/[x-z]*/amount", 0.7)
    client.send("/vj/*a*a*a*a*a*a*", 0.7)  # would take for ever
    client.send("/vj/[abc", 0.7)
    end = monotonic() + 5.0
    while osc.rejected < 3 and monotonic() < end:
        sleep(0.01)
    assert osc.rejected == 3


@pytest.mark.parametrize(("sign", "path", "says"), [
    ("/a/*", "/a/bc", True), ("/a/*", "/a/b/c", False), ("/a/?", "/a/b", True),
    ("/a/?", "/a/", False), ("/a/[b-d]", "/a/c", True), ("/a/[!b-d]", "/a/c", False),
    ("/a/[!b-d]", "/a/x", True), ("/a/{b,cd}e", "/a/cde", True), ("/a/b.c", "/a/bxc", False),
    ("/*/zoom", "/vj/zoom", True),
])
def test_patterns_are_those_of_osc(sign, path, says):
    assert matcher(sign)(path) is says


@given(st.text(alphabet="ab/*?[]{}!-,^\\", max_size=20), st.text(alphabet="ab/", max_size=20))
def test_any_pattern_is_answered_or_refused(sign, path):
    try:
        matcher(sign)(path)
    except ValueError:
        pass


def test_who_subscribes_is_told_all_and_then_what_changes(there):
    _, _, surface, client = there
    client.send("/vj/subscribe")
    told = client.read(0.5)
    assert told == pytest.approx({path_of(name): v for name, v in surface.state.items()})
    surface.state["strength"] = 0.8
    surface.state["preset"] = "neon"
    news = client.read(0.5)
    assert news == {"/vj/strength": pytest.approx(0.8), "/vj/preset": "neon"}
    assert client.read(0.2) == {}
    client.send("/vj/unsubscribe")
    sleep(0.1)
    surface.state["strength"] = 0.1
    assert client.read(0.2) == {}


def test_another_port_may_be_told(there):
    osc, _, _, client = there
    other = Client(osc.port)
    client.send("/vj/subscribe", other.port)
    assert other.until("/vj/strength") == 0.5
    assert client.read(0.1) == {}
    other.socket.close()


def test_a_moving_finger_is_not_answered_but_left_with_what_stands(there):
    _, queue, surface, client = there
    client.send("/vj/subscribe")
    client.read(0.3)
    client.send("/vj/strength", 0.8)
    assert _events(queue, 1) == [("strength", pytest.approx(0.8))]
    surface.state["strength"] = 0.75  # the show has it otherwise, say by an expression
    assert "/vj/strength" not in client.read(0.15)
    assert client.until("/vj/strength") == pytest.approx(0.75)


def test_our_own_word_come_back_is_no_hand(there):
    _, queue, surface, client = there
    client.send("/vj/subscribe")
    client.read(0.3)
    surface.state["strength"] = 0.3
    value = client.until("/vj/strength")
    client.send("/vj/strength", value)  # an echo
    client.send("/vj/strength", 0.31)  # a hand
    assert _events(queue, 1) == [("strength", pytest.approx(0.31))]


def test_a_subscription_ends_by_itself(there):
    osc, _, surface, client = there
    client.send("/vj/subscribe", client.port, 0.2)
    client.read(0.4)
    assert len(osc.out) == 0
    surface.state["strength"] = 0.9
    assert client.read(0.15) == {}
    assert KEEP_SECONDS >= 30.0


def test_replies_have_a_limit(there):
    osc, _, surface, client = there
    surface.state |= {f"effects.glow.input{n}": 0.5 for n in range(900)}
    for _ in range(20):
        client.send("/vj", "?")
    end = monotonic() + 5.0
    while not osc.out.refused and monotonic() < end:
        sleep(0.01)
    assert osc.out.refused


def test_liblo_hears_us_and_we_hear_liblo(there):
    if shutil.which("oscdump") is None:
        pytest.skip("liblo-tools are not installed")
    osc, queue, surface, _ = there
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    dump = subprocess.Popen(["oscdump", "-L", str(port)], stdout=subprocess.PIPE, text=True)
    try:
        sleep(0.3)
        osc.out.add(Receiver(("127.0.0.1", port), for_seconds=math.inf))
        line = ""
        while "/vj/strength" not in line:
            line = dump.stdout.readline()
        assert line.split()[-2:] == ["f", "0.500000"]
        subprocess.run(["oscsend", "localhost", str(osc.port), "/vj/strength", "sf", "+", "0.25"],
                       check=True)
        assert _events(queue, 1) == [("strength", pytest.approx(0.75))]
    finally:
        dump.terminate()
        dump.communicate()


def test_the_audio_tree_is_that_of_synesthesia(there):
    osc, _, surface, client = there
    names = [f"{band}{kind}" for band in ("", "bass_", "mid_", "midhigh_", "high_")
             for kind in ("hits", "presence")]
    names += [name for band in ("level", "bass", "mid", "midhigh", "high")
              for name in (band, f"{band}_time")]
    surface.sounds = {name: n / 100 for n, name in enumerate(names)} | {
        "beat": 5.25, "onbeat": 0.5, "random": 0.7, "toggle": 1.0, "bpm": 124.0,
        "confidence": 0.9, "intensity": 0.6}
    tree = audio_tree(surface.sounds)
    assert tree["/audio/level/all"] == surface.sounds["level"]
    assert tree["/audio/hits/midhigh"] == surface.sounds["midhigh_hits"]
    assert tree["/audio/bpm/bpmsin"] == pytest.approx(1.0)  # a quarter of the beat has passed
    assert tree["/audio/bpm/bpmtri"] == pytest.approx(1.0)
    assert tree["/audio/bpm/bpmsin4"] == pytest.approx(0.5 + 0.5 * math.sin(math.pi * 0.625))
    assert 5.0 < tree["/audio/bpm/bpmtwitcher"] < 5.25
    osc.out.add(Receiver(client.socket.getsockname(), values=False, audio=True))
    assert client.until("/audio/bpm/bpm") == 124.0
    assert set(client.read(0.3)) == set(tree)


def test_bundles_stay_within_a_frame_and_lose_nothing():
    messages = [encode(f"/vj/effects/shader{n}/amount", n / 7) for n in range(200)]
    sent = list(packets(messages))
    assert max(map(len, sent)) <= 1400
    assert [part for packet in sent for part in unpack(packet)] == messages
