"""Ableton Link with real peers, which are programs of their own made of Ableton's library.

Everything runs in a network namespace of its own, so that no packet leaves the machine: `STAGE`
is a program in there that starts our side and the peers.
"""

import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from engine.audio.tempo_sources.link_scout import HEADER, LinkScout, parse

ROOT = Path(__file__).parents[2]
NETWORK = "ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo && "

PEER = """
import json, sys, link
from engine.clock import sleep
session = link.Link(float(sys.argv[1])); session.enabled = True
for line in sys.stdin:
    state = session.captureAppSessionState()
    now = session.clock().micros()
    if line.startswith("set"):
        state.setTempo(float(line.split()[1]), now); session.commitAppSessionState(state)
    row = [session.numPeers(), state.tempo(), state.phaseAtTime(now, 4.0), now]
    print(json.dumps(row), flush=True)
"""

STAGE = """
import json, subprocess, sys
import numpy as np
from engine.audio.tempo_desk import TempoDesk, TempoSettings
from engine.audio.tempo_sources.ableton_link import AbletonLink
from engine.clock import WallClock, monotonic, sleep
from engine.records import HOP, HOP_SECONDS, AudioBlock, Beat

class Peer:
    def __init__(self, bpm):
        self.child = subprocess.Popen([sys.executable, "-c", PEER, str(bpm)], text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    def ask(self, line="?"):
        self.child.stdin.write(line + "\\n"); self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())
    def close(self):
        self.child.stdin.close(); self.child.wait(timeout=30)

def wait(ready, seconds=40.0):
    end = monotonic() + seconds
    while not ready() and monotonic() < end: sleep(0.05)
    return ready()

clock = WallClock()
ours = AbletonLink(clock, lead=LEAD)
"""

LISTEN = """
alone = (ours.there(0.0), ours.says())
sleep(1.0)
peer = Peer(133.0)
met = wait(lambda: ours.there(0.0))
sleep(0.5)
offsets = []
for _ in range(5):
    reading, row = ours.read(0.0), peer.ask()
    micros = ours._session.clock().micros()
    ours_then = reading.bar_beat + reading.phase - (clock.now() - reading.time) * 133.0 / 60.0
    theirs_then = row[2] - (micros - row[3]) / 1e6 * 133.0 / 60.0
    offsets.append((ours_then - theirs_then + 2.0) % 4.0 - 2.0)
desk, silence, beat = TempoDesk(TempoSettings("link"), [ours]), np.zeros((HOP, 2), np.float32), None
hops = begun = round(clock.now() / HOP_SECONDS)
while hops < begun + 200:
    if clock.now() < (hops + 1) * HOP_SECONDS:
        sleep(0.002)
        continue
    beat = desk.process(AudioBlock(hops * HOP, silence))[1]
    hops += 1
row, now, micros = peer.ask(), clock.now(), ours._session.clock().micros()
drawn = beat.at(now) - (micros - row[3]) / 1e6 * 133.0 / 60.0
clock_off = (drawn - row[2] + 2.0) % 4.0 - 2.0
bpm, theirs = beat.bpm, peer.ask()[1]
peer.ask("set 97.5")
followed = wait(lambda: abs(ours.read(0.0).bpm - 97.5) < 0.1)
peer.close()
left = wait(lambda: ours.says() == "nobody there")
peer = Peer(144.0)
again = wait(lambda: ours.there(0.0) and abs(ours.read(0.0).bpm - 144.0) < 0.1)
unharmed = peer.ask()[1]
peer.close(); ours.close()
print(json.dumps(dict(alone=alone, clock_off=clock_off, source=beat.source, met=met, bpm=bpm,
      theirs=theirs, offsets=offsets, followed=followed, left=left, again=again,
      unharmed=unharmed)))
"""

LEADING = """
peer = Peer(90.0)
begun, offsets = clock.now(), []
def play():
    now = clock.now()
    ours.publish(Beat(now, (now - begun) * 2.1, 126.0, 0.9, "audio"))
    return False
met = wait(lambda: play() or peer.ask()[0] == 1)
wait(play, 4.0)
row, micros = peer.ask(), ours._session.clock().micros()
count = (clock.now() - begun) * 2.1 - (micros - row[3]) / 1e6 * 2.1
off = (count - row[2] + 2.0) % 4.0 - 2.0
there = ours.there(0.0)
peer.close(); ours.close()
print(json.dumps(dict(met=met, bpm=row[1], off=off, there=there)))
"""


def staged(code: str, lead: bool) -> dict:
    """The JSON that the program says at its end, run where no network is."""
    if not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("unshare or ip is missing (util-linux, iproute2)")
    pytest.importorskip("link", reason="LinkPython-extern has no wheel for this Python")
    program = f"PEER = {PEER!r}\nLEAD = {lead}\n{STAGE}{code}"
    command = ["unshare", "-rn", "sh", "-c", NETWORK + 'exec "$0" -c "$1"', sys.executable, program]
    if subprocess.run(["unshare", "-rn", "sh", "-c", f"{NETWORK} true"], check=False).returncode:
        pytest.skip("this user may make no network namespace")
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_a_real_peer_is_joined_followed_and_never_moved():
    said = staged(LISTEN, lead=False)
    assert said["alone"] == [False, "nobody there"]
    assert said["met"] and said["followed"] and said["left"] and said["again"]
    assert said["bpm"] == pytest.approx(133.0, abs=0.05)
    assert said["theirs"] == pytest.approx(133.0, abs=0.05)
    assert said["unharmed"] == pytest.approx(144.0, abs=0.05)
    assert sorted(map(abs, said["offsets"]))[2] < 0.05  # beats; 22 ms
    assert said["source"] == "link"
    assert abs(said["clock_off"]) < 0.15  # the running beat clock, bar and all


def test_asked_to_lead_the_session_takes_our_tempo_and_comes_to_our_beat():
    said = staged(LEADING, lead=True)
    assert said["met"] and not said["there"]  # we do not follow what we lead
    assert said["bpm"] == pytest.approx(126.0, rel=0.051)
    assert abs(said["off"]) < 0.3


def message(kind: int, node: int, ttl: int = 5) -> bytes:
    return HEADER + struct.pack(">BBH", kind, ttl, 0) + node.to_bytes(8, "big") + b"tmln"


def test_the_scout_waits_until_somebody_stays():
    scout = LinkScout()
    scout.take(message(1, 7), 10.0)
    assert not scout.settled(10.5)
    scout.take(message(1, 7), 11.0)
    assert scout.settled(11.6)
    assert not scout.settled(16.1)  # nothing more was heard of it


def test_who_says_goodbye_is_gone_and_rubbish_is_nobody():
    scout = LinkScout()
    scout.take(message(1, 7), 10.0)
    scout.take(message(3, 7), 11.0)
    assert not scout.settled(12.0)
    for data in (b"", b"_asdp_v\x02" + bytes(20), HEADER, b"x" * 40):
        assert parse(data) is None
        scout.take(data, 12.0)
    assert not scout.settled(14.0)
