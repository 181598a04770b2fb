"""One evening with all hands on real ports: an APC mini mk2 through JACK, oscsend, a Link peer.

It all runs in a network namespace of its own, so that no packet leaves the machine: EVENING is a
program in there that starts the show, plays it, pulls every plug and puts it in again. What each
hand did is read back from the frames (the page's preview), the lights of the pads and the echoes
of OSC.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import servers

ROOT = Path(__file__).parents[1]
NETWORK = "ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo && "
FLAT = """/*{"ISFVSN": "2", "INPUTS": [
  {"NAME": "hue", "TYPE": "color", "DEFAULT": [1.0, 0.0, 0.0, 1.0]}]}*/
void main() { gl_FragColor = hue; }
"""
LOOK = '[[prompts]]\ntext = "ink"\n[[layers]]\nshader = "flat"\nhue = [%s, 1.0]\n'
SET = """
presets = ["one", "two"]
[autopilot]
on = false
[transition]
kind = "cut"
[launch]
when = "now"
"""

EVENING = """
import io, json, os, subprocess, sys, threading
from contextlib import ExitStack
from pathlib import Path
import numpy as np
from PIL import Image
from servers import jack, quiet_song, wait_for
from test_apc_show import BLUE, GREEN, Apc
from test_osc_out import Client
from websockets.sync.client import connect
from engine.clock import sleep

PEER = '''
import sys, link
peer = link.Link(float(sys.argv[1])); peer.enabled = True
sys.stdin.read()
'''
said, folder = {}, sys.argv[1]

class Eye:
    def __init__(self):
        self.colour, self.now = np.zeros(3), {}
        threading.Thread(target=self._look, daemon=True).start()
    def _look(self):
        with connect("ws://127.0.0.1:8080/show") as page:
            page.send(json.dumps({"want": {"preview": True, "heard": False}}))
            for message in page:
                if isinstance(message, bytes):
                    self.colour = np.asarray(Image.open(io.BytesIO(message))).mean((0, 1))
                    page.send('{"drawn": 1}')
                else:
                    self.now = json.loads(message).get("now", self.now)
    def sees(self, what, true):
        wait_for(what, lambda: bool(true(*self.colour)))

def peer(bpm):
    return subprocess.Popen([sys.executable, "-c", PEER, str(bpm)], stdin=subprocess.PIPE)

def leave(process):
    process.communicate()

with ExitStack() as stack:
    environment = {**os.environ, **stack.enter_context(jack())}
    words = stack.enter_context(open(f"{folder}/words.txt", "w"))
    show = subprocess.Popen(
        [sys.executable, "-m", "engine", "play", f"{folder}/set.toml", "--fresh", "--audio",
         str(quiet_song(Path(folder) / "silence.wav")), "--offscreen", "--size", "320x180",
         "--osc", "7000", "--page-port", "8080", "--link", "listen", "--seconds",
         "900"], env=environment, stderr=words)
    stack.callback(show.wait, timeout=60)
    stack.callback(show.terminate)
    told = lambda: open(f"{folder}/words.txt").read()
    wait_for("the show", lambda: show.poll() is not None or "the page:" in told(), 200.0)
    assert show.poll() is None, told()

    apc, client, mate, eye = Apc(environment), Client(7000), peer(133.0), Eye()
    apc.shows(n56=GREEN, n57=BLUE)
    client.send("/vj/subscribe")
    said["preset"] = client.until("/vj/preset", 30.0)
    eye.sees("red", lambda r, g, b: r > 150 and g < 90)

    apc.press(57)
    eye.sees("green", lambda r, g, b: g > 150 and r < 90)
    apc.shows(n57=GREEN, n56=BLUE)
    said["chosen"] = client.until("/vj/preset", 30.0)

    send = lambda *words: subprocess.run(["oscsend", "localhost", "7000", *words], check=True)
    send("/vj/layers/1/opacity", "f", "0.25")
    eye.sees("less green", lambda r, g, b: g < 110)
    said["opacity"] = client.until("/vj/layers/1/opacity", 30.0)
    wait_for("Link's tempo", lambda: eye.now.get("source") == "link"
             and abs(eye.now["bpm"] - 133.0) < 0.2)
    said["source"] = eye.now["source"]

    apc.close()
    client.socket.close()
    leave(mate)
    wait_for("its going", lambda: "has gone" in told())
    wait_for("the ear", lambda: eye.now["source"] != "link")
    send("/vj/release", "s", "layers.1.opacity")
    eye.sees("green", lambda r, g, b: g > 150)

    apc, client, mate = Apc(environment), Client(7000), peer(144.0)
    apc.shows(n57=GREEN, n56=BLUE)
    apc.press(56)
    eye.sees("red", lambda r, g, b: r > 150 and g < 90)
    client.send("/vj/subscribe")
    said["again"] = client.until("/vj/preset", 30.0)
    wait_for("Link's tempo", lambda: abs(eye.now["bpm"] - 144.0) < 0.2)
    apc.close(), client.socket.close(), leave(mate)
    said["alive"] = show.poll() is None
print(json.dumps(said))
"""


def test_an_evening_with_all_hands(tmp_path):
    servers.need("unshare", "ip", "jackd", "oscsend")
    pytest.importorskip("link", reason="LinkPython-extern has no wheel for this Python")
    pytest.importorskip("rtmidi", reason="python-rtmidi has no wheel for this Python")
    if subprocess.run(["unshare", "-rn", "sh", "-c", f"{NETWORK} true"], check=False).returncode:
        pytest.skip("this user may make no network namespace")
    (tmp_path / "flat.fs").write_text(FLAT)
    (tmp_path / "one.toml").write_text(LOOK % "1.0, 0.0, 0.0")
    (tmp_path / "two.toml").write_text(LOOK % "0.0, 1.0, 0.0")
    (tmp_path / "set.toml").write_text(SET)
    paths = f"PYTHONPATH={ROOT}:{ROOT}/tests:{ROOT}/tests/controllers"
    command = ["unshare", "-rn", "sh", "-c", f'{NETWORK} exec env {paths} "$0" -c "$1" "$2"',
               sys.executable, EVENING, str(tmp_path)]
    home = {"HOME": str(tmp_path), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, env=home)
    words = tmp_path / "words.txt"
    assert ran.returncode == 0, (ran.stderr[-3000:], words.exists() and words.read_text()[-2000:])
    said = json.loads(ran.stdout.splitlines()[-1])
    assert said == {"preset": "one", "chosen": "two", "opacity": pytest.approx(0.25),
                    "source": "link", "again": "one", "alive": True}
