"""A real MIDI clock drives the beat clock: another program sends it through a private JACK server.

JACK ends a process whose server dies under it, so our side runs in a program of its own too.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import servers

ROOT = Path(__file__).parents[2]
BPM, SECONDS = 131.0, 5.0

DRUMMER = """
import sys, time, rtmidi
out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="drummer")
out.open_virtual_port("clock")
print("ready", flush=True)
sys.stdin.readline()
tick, begun = 60.0 / float(sys.argv[1]) / 24.0, time.perf_counter() + 0.3
out.send_message([0xFA])
print(begun, flush=True)
for n in range(round(float(sys.argv[2]) / tick)):
    time.sleep(max(0.0, begun + n * tick - time.perf_counter()))
    out.send_message([0xF8])
out.send_message([0xFC])
sys.stdin.readline()
"""

LISTENER = """
import json, sys
import numpy as np
from controllers.mapping import DEFAULT_MAPPING
from controllers.midi import MidiInput
from engine.audio.tempo_desk import TempoDesk, TempoSettings
from engine.audio.tempo_sources.midi_clock import MidiClock
from engine.clock import WallClock, monotonic, sleep
from engine.exchange import EventQueue
from engine.records import HOP, HOP_SECONDS, AudioBlock
ticks = MidiClock()
desk = TempoDesk(TempoSettings("midi"), [ticks])
clock = WallClock()
midi = MidiInput("drummer", DEFAULT_MAPPING, EventQueue(), clock, ticks.take)
begun = monotonic() - clock.now()
silence, hops, beats = np.zeros((HOP, 2), np.float32), 0, []
print("ready", flush=True)
while clock.now() < float(sys.argv[1]):
    if clock.now() < (hops + 1) * HOP_SECONDS:
        sleep(0.002)
        continue
    beat = desk.process(AudioBlock(hops * HOP, silence))[1]
    hops += 1
    beats.append((begun + beat.time, beat.beat, beat.bpm, beat.source))
figures = desk.figures()
midi.close()
print(json.dumps([beats[-200:], figures, ticks.there(clock.now())]))
"""


def _started(code: str, *arguments: str, **environment: str) -> subprocess.Popen:
    command = [sys.executable, "-c", code, *arguments]
    pipe = subprocess.PIPE
    place = {**os.environ, **environment}
    return subprocess.Popen(command, cwd=ROOT, env=place, stdin=pipe, stdout=pipe, text=True)


def test_a_real_midi_clock_drives_tempo_beat_and_bar():
    pytest.importorskip("rtmidi", reason="python-rtmidi has no wheel for this Python")
    with servers.jack() as place:
        with _started(DRUMMER, str(BPM), str(SECONDS + 20.0), **place) as drummer:
            assert drummer.stdout.readline() == "ready\n"
            with _started(LISTENER, str(SECONDS), **place) as listener:
                assert listener.stdout.readline() == "ready\n"
                drummer.stdin.write("go\n")
                drummer.stdin.flush()
                begun = float(drummer.stdout.readline())
                said = listener.stdout.read()
            drummer.terminate()
    beats, figures, there = json.loads(said)
    assert there and figures["tempo_source"] == "midi"
    assert "drummer:clock" in figures["tempo_sources"]["midi"]
    assert beats[-1][2] == pytest.approx(BPM, rel=0.02)
    late = [((time - begun) * BPM / 60.0 - beat + 2.0) % 4.0 - 2.0 for time, beat, _, _ in beats]
    middle = sorted(late)[len(late) // 2] * 60.0 / BPM
    assert -0.02 < middle < 0.08  # JACK's cycles, the port's thread, a busy machine
