"""MIDI clock out: ticks on their grid, from the bar on, over a driver in memory and over JACK."""

import json
import os
import subprocess
import sys

import pytest
from servers import jack, wait_for

from controllers.drivers import OutPort
from controllers.midi_clock_out import MidiClockOut
from engine.clock import WallClock, sleep
from engine.errors import DeviceError
from engine.records import Beat


class Ports:
    """A driver in memory: one output that may be pulled out."""

    def __init__(self, clock: WallClock) -> None:
        self.clock, self.there, self.sent = clock, ["Drum Machine 20:0"], []

    def output_names(self):
        return self.there

    def open_output(self, name):
        def send(data):
            if not self.there:
                raise OSError("no such port")
            self.sent.append((self.clock.now(), tuple(data)))

        return OutPort(send, lambda: None)

    def ticks(self):
        return [time for time, data in self.sent if data == (0xF8,)]


@pytest.fixture
def ports():
    return Ports(WallClock())


def _out(ports, beat):
    return MidiClockOut("drum", lambda: beat, ports.clock, ports)


def test_it_starts_at_the_bar_and_keeps_the_grid(ports):
    beat = Beat(0.0, 3.5, 240.0)  # the bar begins in half a beat: 125 ms
    out = _out(ports, beat)
    wait_for("two beats", lambda: len(ports.ticks()) >= 49)
    out.close()
    kinds = [data for _, data in ports.sent]
    assert kinds[:3] == [(0xF2, 0, 0), (0xFA,), (0xF8,)] and kinds[-1] == (0xFC,)
    ticks = ports.ticks()
    for n, time in enumerate(ticks):
        assert time > 0.125 + n / 96.0 - 0.001, "no tick before its time"
    assert out.sent == len(ticks)


def test_a_new_tempo_is_followed_and_no_tick_comes_twice(ports):
    state = [Beat(0.0, 3.9, 240.0)]
    out = MidiClockOut("drum", lambda: state[0], ports.clock, ports)
    wait_for("ticks", lambda: len(ports.ticks()) >= 24)
    now = ports.clock.now()
    state[0] = Beat(now, state[0].at(now), 120.0)
    at = len(ports.ticks())
    wait_for("more", lambda: len(ports.ticks()) >= at + 24)
    out.close()
    count = state[0].at(ports.ticks()[-1]) * 24
    assert len(ports.ticks()) == pytest.approx(count - 96 + 1, abs=2)


def test_pulled_out_and_plugged_in_it_starts_again(ports):
    out = _out(ports, Beat(0.0, 3.9, 240.0))
    wait_for("ticks", lambda: ports.ticks())
    ports.there = []
    wait_for("the fault", lambda: "gone" in out.problem)
    ports.there = ["Drum Machine 24:0"]
    ports.sent.clear()
    wait_for("the start", lambda: len(ports.sent) > 2)
    out.close()
    assert [data for _, data in ports.sent[:3]] == [(0xF2, 0, 0), (0xFA,), (0xF8,)]
    assert out.problem == ""


def test_a_missing_port_is_one_line(ports):
    with pytest.raises(DeviceError, match="no output port 'piano'; there are: Drum Machine$"):
        MidiClockOut("piano", Beat, ports.clock, ports)


EAR = """
import rtmidi, sys, json, time
ear = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name="machine")
ear.ignore_types(timing=False)
ear.open_virtual_port("sync")
print("there", flush=True)
got = []
while len(got) < 100:
    message = ear.get_message()
    if message: got.append(message[0])
    else: time.sleep(0.002)
print(json.dumps(got), flush=True)
"""


def test_over_jack(monkeypatch):
    with jack() as environment:
        for key, value in environment.items():
            monkeypatch.setenv(key, value)
        ear = subprocess.Popen([sys.executable, "-c", EAR], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, **environment})
        try:
            assert ear.stdout.readline().strip() == "there"
            clock = WallClock()
            out = MidiClockOut("machine", lambda: Beat(0.0, 3.5, 180.0), clock)
            got = json.loads(ear.stdout.readline())
            out.close()
            sleep(0.1)
        finally:
            ear.terminate()
            ear.communicate()
    assert got[:2] == [[0xF2, 0, 0], [0xFA]]
    assert all(message == [0xF8] for message in got[2:])
