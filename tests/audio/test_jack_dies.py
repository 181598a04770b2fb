"""A JACK server that is ended takes its inputs away, not the show: PortAudio would abort."""

import os
import subprocess
import sys

from servers import jack, need

LISTENER = """
import sys
from engine.audio import devices
from engine.audio.inputs import LiveInput
from engine.clock import monotonic, sleep
from engine.errors import DeviceError

def hops(seconds):
    end, heard = monotonic() + seconds, 0
    while monotonic() < end:
        heard += source.read_hop() is not None
        sleep(0.003)
    return heard

source = LiveInput("system")
source.start()
while not source.flows:
    hops(0.1)
print("heard", flush=True)
sys.stdin.readline()  # the server has gone
while source.silent_for() < 3.0:
    hops(0.5)
assert hops(2.0) > 50, "silence goes on at the hop rate"
source.close()
try:
    devices.rescan()
except DeviceError as error:
    print(error, flush=True)
"""


def test_the_show_outlives_its_jack_server():
    need("jackd")
    with jack() as place:
        listener = subprocess.Popen(
            [sys.executable, "-c", LISTENER], env={**os.environ, **place}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        assert listener.stdout.readline() == "heard\n"
    told, wrong = listener.communicate("\n", timeout=60)
    assert listener.returncode == 0, wrong
    assert told.startswith("sound: the JACK server has gone")


def test_portaudio_is_ended_as_ever_where_the_server_is_there():
    need("jackd")
    script = "from engine.audio import devices\nprint(devices.list_inputs())\n" \
             "devices.rescan()\nprint(devices.list_inputs())"
    with jack() as place:
        done = subprocess.run([sys.executable, "-c", script], env={**os.environ, **place},
                              text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    before, after = done.stdout.splitlines()
    assert "system" in before and before == after
