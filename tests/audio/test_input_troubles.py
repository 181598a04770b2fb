"""Sound inputs that fail as on stage: frozen, gone, renumbered, losing samples, told wrong times.

The servers are real. What a driver would say of lost samples is said to the callback by hand.
"""

import signal
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.io import wavfile

from engine import clock
from engine.audio import devices
from engine.audio.inputs import LiveInput
from engine.audio.songs import SongPlayer
from engine.errors import DeviceError
from engine.graph import Graph
from engine.records import HOP, HOP_SECONDS, SAMPLERATE
from engine.show import load_show


def read(source, seconds: float, until=lambda: False) -> list[np.ndarray]:
    hops, end = [], clock.monotonic() + seconds
    while clock.monotonic() < end and not until():
        if (hop := source.read_hop()) is None:
            clock.sleep(0.004)
        else:
            hops.append(hop)
    return hops


def test_a_frozen_server_is_noticed_and_heard_again_when_it_thaws(sound_server):
    """No flag tells of a server that stands still: only the time since the last block."""
    source, graph = LiveInput("pulse"), Graph(load_show("first_light"))
    source.start()
    try:
        read(source, 0.5)
        sound_server.process.send_signal(signal.SIGSTOP)
        before = clock.monotonic()
        beats = [graph.hop(hop).signals.beat.beat for hop in read(source, 3.0)]
        assert source.silent_for() > 1.5
        lasted = clock.monotonic() - before
        assert len(beats) * HOP_SECONDS > lasted - 1.5  # the show's time runs on
        assert all(b > a for a, b in zip(beats, beats[1:], strict=False))
        sound_server.process.send_signal(signal.SIGCONT)
        read(source, 20.0, until=lambda: source.silent_for() < 0.1)
        assert source.silent_for() < 0.5
        assert len(read(source, 0.6)) > 20
    finally:
        sound_server.process.send_signal(signal.SIGCONT)
        source.close()


def test_a_frozen_server_that_is_killed_and_started_anew_is_heard(sound_server):
    source = LiveInput("pulse")
    source.start()
    try:
        read(source, 0.3)
        sound_server.process.send_signal(signal.SIGSTOP)
        read(source, 1.6)
        sound_server.kill()
        sound_server.start()
        read(source, 30.0, until=lambda: source.silent_for() < 0.2)
        assert source.restarts >= 1
        assert len(read(source, 0.6)) > 20
    finally:
        source.close()


def test_the_input_is_found_by_name_whatever_its_number(sound_server, monkeypatch):
    """After a reboot the numbers shift; an exact name wins over one that contains it."""
    plain = devices._inputs

    def shifted():
        rows = plain()
        others = [(7, {**rows[0][1], "name": "USB pulse adapter"})]
        return [*others, *rows]

    monkeypatch.setattr(devices, "_inputs", shifted)
    index, device = devices.find_input("Pulse")
    assert device["name"] == "pulse" and index != 7
    assert devices.find_input("usb")[0] == 7


def test_a_device_that_is_not_there_again_is_asked_for_with_growing_pauses(
    sound_server, monkeypatch
):
    asked = []
    source = LiveInput("pulse")
    source.start()
    try:
        read(source, 0.3)

        def missing(name):
            asked.append(clock.monotonic())
            raise DeviceError("gone")

        with monkeypatch.context() as patch:
            patch.setattr(devices, "find_input", missing)
            sound_server.kill()
            read(source, 5.0)
        pauses = np.diff(asked)
        assert len(pauses) >= 2
        assert pauses[0] >= 0.5 and pauses[1] >= 1.0
        sound_server.start()
        read(source, 20.0, until=lambda: source.silent_for() < 0.2)
        assert source.silent_for() < 0.5
    finally:
        source.close()


def test_a_device_that_comes_back_at_another_rate_is_resampled(sound_server, monkeypatch):
    open_stream, rates = devices.open_stream, []

    def choosy(kind, **settings):
        if rates and settings["samplerate"] == SAMPLERATE:
            raise DeviceError("Invalid sample rate")
        rates.append(settings["samplerate"])
        return open_stream(kind, **settings)

    monkeypatch.setattr(devices, "open_stream", choosy)
    source = LiveInput("pulse")
    source.start()
    try:
        read(source, 0.4)
        sound_server.kill()
        read(source, 1.5)
        sound_server.start()
        read(source, 20.0, until=lambda: len(rates) > 1 and source.silent_for() < 0.1)
        assert rates[0] == SAMPLERATE and rates[1] != SAMPLERATE
        hops = read(source, 2.0)
        assert 1.5 < len(hops) * HOP_SECONDS < 2.5
        assert abs(clock.monotonic() - source.sounded - source.latency) < 0.3
    finally:
        source.close()


def test_sound_is_placed_where_it_sounded(sound_server):
    """PulseAudio's account of when a click leaves is one witness, our input's of it the other."""
    left, played = [], 0

    def click(out, count, times, _status):
        nonlocal played
        out[:] = 0.0
        begin = -played % (SAMPLERATE // 4)
        if begin < count:
            out[begin : begin + 48] = 0.8
            ahead = times.outputBufferDacTime - times.currentTime
            left.append(clock.monotonic() + ahead + begin / SAMPLERATE)
        played += count

    source = LiveInput("pulse")
    source.start()
    settings = {"samplerate": SAMPLERATE, "channels": 2, "dtype": "float32", "blocksize": HOP}
    output = devices.open_stream("OutputStream", device="pulse", callback=click, **settings)
    heard, end = [], clock.monotonic() + 3.0
    try:
        while clock.monotonic() < end:
            if (hop := source.read_hop()) is None:
                clock.sleep(0.002)
            elif hop[:, 0].max() > 0.5:
                begin = int(np.argmax(hop[:, 0] > 0.5))
                heard.append(source.sounded - (HOP - begin) / SAMPLERATE)
    finally:
        devices.close_stream(output)
        source.close()
    heard = [time for n, time in enumerate(heard) if n == 0 or time - heard[n - 1] > 0.1]
    errors = [min((time - known for known in left), key=abs) for time in heard[2:]]
    assert len(errors) > 4
    assert abs(np.median(errors)) < 0.002


def test_a_song_knows_when_its_sound_is_in_the_room(sound_server, tmp_path):
    """It is read before it sounds; what the input hears of it says when that was."""
    song = np.zeros((3 * SAMPLERATE, 2), np.float32)
    for n in range(8, 28):
        song[n * SAMPLERATE // 10 : n * SAMPLERATE // 10 + 48] = 0.8
    wavfile.write(tmp_path / "clicks.wav", SAMPLERATE, song)
    room, player = LiveInput("pulse"), SongPlayer(tmp_path / "clicks.wav")
    times: dict[str, list[float]] = {"room": [], "song": []}
    room.start()
    player.start()
    ahead = []
    try:
        end = clock.monotonic() + 6.0
        while clock.monotonic() < end and not player.finished:
            clock.sleep(0.002)
            for name, source in (("room", room), ("song", player)):
                if (hop := source.read_hop()) is not None and hop[:, 0].max() > 0.5:
                    begin = int(np.argmax(hop[:, 0] > 0.5))
                    times[name].append(source.sounded - (HOP - begin) / SAMPLERATE)
            ahead.append(-player.latency)
    finally:
        player.close()
        room.close()
    errors = [min((time - t for t in times["song"]), key=abs) for time in times["room"][2:]]
    assert len(errors) > 5
    assert abs(np.median(errors)) < 0.002
    assert 0.0 < np.median(ahead) < 0.3


def _times(age: float) -> SimpleNamespace:
    return SimpleNamespace(currentTime=100.0, inputBufferAdcTime=100.0 - age)


def test_what_the_driver_lost_is_silence_and_the_beat_stays_in_place(monkeypatch):
    now = [50.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    source, hops = LiveInput("no device"), 0
    assert source.sounded == 50.0
    block = np.ones((HOP, 2), np.float32)
    fine, lossy = SimpleNamespace(input_overflow=False), SimpleNamespace(input_overflow=True)
    for n in range(10):
        now[0] += HOP_SECONDS * (4 if n == 5 else 1)  # three blocks never came
        source._callback(block, HOP, _times(0.02), lossy if n == 5 else fine)
    heard = []
    while (hop := source.read_hop()) is not None:
        heard.append(hop[0, 0])
        hops += 1
    assert heard == [1.0] * 5 + [0.0] * 3 + [1.0] * 5
    assert source.overruns == 1
    assert source.sounded == pytest.approx(now[0] - 0.02 + HOP_SECONDS)


def test_times_that_make_no_sense_are_replaced_by_the_named_latency(monkeypatch):
    source = LiveInput("no device")
    source._named_latency = 0.05
    monkeypatch.setattr(clock, "monotonic", lambda: 10.0)
    block, status = np.zeros((HOP, 2), np.float32), SimpleNamespace(input_overflow=False)
    for times in (
        SimpleNamespace(currentTime=0.0, inputBufferAdcTime=0.0),
        SimpleNamespace(currentTime=9.0, inputBufferAdcTime=900.0),
    ):
        source._callback(block, HOP, times, status)
        assert source.read_hop() is not None
        assert source.sounded == pytest.approx(10.0 - 0.05 + HOP_SECONDS)
