"""OSCQuery as a client sees it: JSON over HTTP, changes over a websocket, strangers refused."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from controllers.osc import OscInput
from controllers.osc_codec import decode, encode
from controllers.osc_query import OscQuery
from controllers.surface import Control
from controllers.web_server import WebServer
from engine.clock import WallClock, monotonic, sleep
from engine.errors import DeviceError
from engine.exchange import EventQueue
from engine.params import PARAMS


class Standing:
    """A surface that stands as it is told."""

    def __init__(self) -> None:
        self.rows = (
            Control("strength", "value", PARAMS["strength"].help, PARAMS["strength"]),
            Control("motion.angle", "value", "turn", PARAMS["motion.angle"]),
            Control("steps", "value", "calls", PARAMS["steps"]),
            Control("freeze", "switch", "hold"),
            Control("tap", "trigger", ""),
            Control("preset", "choice", "what plays", choices=("ink", "neon")),
            Control("preset.2", "preset", "play neon"),
            Control("prompts.1.text", "text", "words"),
        )
        self.state = {"strength": 0.5, "motion.angle": -3.0, "steps": 2.0, "freeze": 1.0,
                      "preset": "ink", "prompts.1.text": "a moon"}

    def controls(self):
        return self.rows

    def values(self):
        return dict(self.state)

    def heard(self):
        bands = ("level", "bass", "mid", "midhigh", "high")
        names = [*bands, *(f"{b}_time" for b in bands), "hits", "presence", "onbeat", "random",
                 "toggle", "bpm", "confidence", "intensity", "beat"]
        names += [f"{b}_{kind}" for b in bands[1:] for kind in ("hits", "presence")]
        return dict.fromkeys(names, 0.25)


@pytest.fixture(scope="module")
def server():
    queue, surface = EventQueue(), Standing()
    osc = OscInput(0, queue, WallClock(), surface=surface)
    web = WebServer(OscQuery(surface, osc.port, osc.take).app, 0, what="OSCQuery")
    end = monotonic() + 10.0
    while monotonic() < end:
        try:
            _get(web.port, "/")
            break
        except OSError:
            sleep(0.05)
    yield web, surface, queue, osc
    web.close()
    osc.close()


def _get(port: int, path: str, **headers: str):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=5.0) as answer:
        body = answer.read()
        return json.loads(body) if body else None


def _status(port: int, path: str, **headers: str) -> int:
    try:
        _get(port, path, **headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    return 200


def _event(queue):
    end = monotonic() + 5.0
    while monotonic() < end:
        if events := queue.drain():
            return events[0].address, events[0].value
        sleep(0.005)
    raise AssertionError("no event")


def test_a_node_says_all_that_a_fader_needs(server):
    web, *_ = server
    node = _get(web.port, "/vj/strength")
    assert node["VALUE"] == [0.5] and node["RANGE"] == [{"MIN": 0.0, "MAX": 1.0}]
    assert (node["TYPE"], node["ACCESS"], node["CLIPMODE"]) == ("f", 3, ["both"])
    assert node["FULL_PATH"] == "/vj/strength" and "new" in node["DESCRIPTION"]
    assert _get(web.port, "/vj/motion/angle")["UNIT"] == ["deg/s"]
    assert _get(web.port, "/vj/steps")["TYPE"] == "i"
    assert _get(web.port, "/vj/steps")["VALUE"] == [2]
    assert _get(web.port, "/vj/freeze")["VALUE"] == [True]
    assert _get(web.port, "/vj/tap")["ACCESS"] == 2
    assert _get(web.port, "/vj/preset")["RANGE"] == [{"VALS": ["ink", "neon"]}]
    assert _get(web.port, "/audio/bpm/bpm")["ACCESS"] == 1


def test_branches_contain_their_nodes_and_may_be_nodes_themselves(server):
    web, surface, *_ = server
    root = _get(web.port, "/")
    assert set(root["CONTENTS"]) == {"vj", "audio"}
    assert root["CONTENTS"]["vj"]["CONTENTS"]["motion"]["CONTENTS"]["angle"]["VALUE"] == [-3.0]
    preset = _get(web.port, "/vj/preset")
    assert preset["TYPE"] == "s" and set(preset["CONTENTS"]) == {"2"}
    paths, todo = set(), [root]
    while todo:
        node = todo.pop()
        todo += node.get("CONTENTS", {}).values()
        if "TYPE" in node:
            paths.add(node["FULL_PATH"])
    assert len([p for p in paths if p.startswith("/vj")]) == len(surface.rows)


def test_single_attributes_and_their_absence(server):
    web, *_ = server
    assert _get(web.port, "/vj/strength?VALUE") == {"VALUE": [0.5]}
    assert _status(web.port, "/vj/nothing") == 404
    assert _status(web.port, "/vj/strength?SHOESIZE") == 400
    assert _get(web.port, "/vj/strength?UNIT") is None  # 204: known, but not here


def test_host_info(server):
    web, _, _, osc = server
    info = _get(web.port, "/?HOST_INFO")
    assert (info["OSC_PORT"], info["OSC_TRANSPORT"]) == (osc.port, "UDP")
    assert info["EXTENSIONS"]["LISTEN"] is True


def test_who_listens_is_told_what_changes_and_nothing_else(server):
    web, surface, *_ = server
    with connect(f"ws://127.0.0.1:{web.port}/") as client:
        client.send(json.dumps({"COMMAND": "LISTEN", "DATA": "/vj/strength"}))
        assert decode(client.recv(timeout=5.0)) == ("/vj/strength", [0.5])
        surface.state["freeze"] = 0.0
        surface.state["strength"] = 0.25
        assert decode(client.recv(timeout=5.0)) == ("/vj/strength", [0.25])
        client.send(json.dumps({"COMMAND": "IGNORE", "DATA": "/vj/strength"}))
        sleep(0.2)
        surface.state["strength"] = 0.75
        with pytest.raises(TimeoutError):
            client.recv(timeout=0.3)
    surface.state |= {"strength": 0.5, "freeze": 1.0}


def test_another_look_is_told(server):
    web, surface, *_ = server
    with connect(f"ws://127.0.0.1:{web.port}/") as client:
        sleep(0.2)
        before = surface.rows
        surface.rows = (*before[:-1], Control("macros.heat", "value", "", PARAMS["strength"]))
        rows = [json.loads(client.recv(timeout=5.0)) for _ in range(3)]
        surface.rows = before
    assert [(row["COMMAND"], row["DATA"]) for row in rows] == [
        ("PATH_REMOVED", "/vj/prompts/1/text"), ("PATH_ADDED", "/vj/macros/heat"),
        ("PATH_CHANGED", "/vj")]


def test_osc_over_the_websocket_is_a_hand(server):
    web, _, queue, _ = server
    queue.drain()
    with connect(f"ws://127.0.0.1:{web.port}/") as client:
        client.send(encode("/vj/strength", 0.75))
        assert _event(queue) == ("strength", 0.75)


def test_other_sites_and_bent_names_are_refused(server):
    web, *_ = server
    assert _status(web.port, "/vj/strength", Origin="https://evil.example") == 403
    assert _status(web.port, "/vj/strength", Origin="null") == 403
    assert _status(web.port, "/vj/strength", Host="evil.example") == 403
    assert _status(web.port, "/vj/strength", Origin=f"http://127.0.0.1:{web.port}") == 200
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{web.port}/", origin="https://evil.example")
    assert refused.value.response.status_code == 403


def test_a_message_that_is_too_large_ends_its_connection_only(server):
    web, *_ = server
    with connect(f"ws://127.0.0.1:{web.port}/") as client:
        client.send(b"x" * 100_000)
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=5.0)
    assert _status(web.port, "/vj/strength") == 200


@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.binary(max_size=200), st.text(max_size=100),
                          st.sampled_from(['{"COMMAND":"LISTEN"}', "[" * 900, '{"COMMAND":1}'])),
                max_size=5), st.text(alphabet="/vj?*%#&=[]\\.abc", max_size=30))
def test_rubbish_ends_nothing(server, messages, path):
    web, *_ = server
    with connect(f"ws://127.0.0.1:{web.port}/") as client:
        for message in messages:
            client.send(message)
    quoted = urllib.request.quote(path, safe="/?&=*[]")
    assert _status(web.port, f"/{quoted}") in (200, 204, 400, 404)
    assert _status(web.port, "/vj/strength?VALUE") == 200


def test_a_taken_port_is_one_line(server):
    web, *_ = server
    with pytest.raises(DeviceError, match=rf"OSCQuery cannot listen on 127.0.0.1:{web.port} .*"):
        WebServer(lambda *_: None, web.port, what="OSCQuery")


def test_it_is_found_by_mdns_where_it_is_announced():
    from zeroconf import ServiceBrowser, Zeroconf

    from controllers.announce import OSC_QUERY, Announced

    seen, ours = [], "Liquidlight test"
    with Zeroconf(["127.0.0.1"]) as finder:
        announced = Announced([(OSC_QUERY, 7123)], ours, ["127.0.0.1"])
        try:
            ServiceBrowser(finder, OSC_QUERY, [
                lambda zeroconf, service_type, name, state_change: seen.append(name)])
            end = monotonic() + 10.0
            while not any(ours in name for name in seen) and monotonic() < end:
                sleep(0.05)
            info = finder.get_service_info(OSC_QUERY, f"{ours}.{OSC_QUERY}")
            assert info.port == 7123 and info.parsed_addresses() == ["127.0.0.1"]
        finally:
            announced.close()


def test_curl_reads_it(server):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    web, *_ = server
    out = subprocess.run(["curl", "-s", f"http://127.0.0.1:{web.port}/vj/motion"],
                         capture_output=True, text=True, check=True)
    assert json.loads(out.stdout)["CONTENTS"]["angle"]["VALUE"] == [-3.0]
