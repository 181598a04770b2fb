"""Another sound input in the running show: it begins where the one before was left, or not at all.

Sources in memory where time is what counts; real inputs of a private PulseAudio for the rest.
"""

import math
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.io import wavfile
from servers import wait_for

from engine import clock
from engine.audio import devices
from engine.audio.sources import LiveInput, MemorySource, SongPlayer
from engine.clock import AudioClock, monotonic, sleep
from engine.exchange import EventQueue
from engine.input_hands import INPUT, LOOK, InputHands, RoomEvents, name_of, sound_now
from engine.listening import Listening
from engine.play_options import PlayOptions
from engine.records import HOP, HOP_SECONDS, SAMPLERATE, ControlEvent
from engine.show import load_show
from engine.stats import InputMeter
from engine.takes import TakeWriter


class Late(MemorySource):
    """Gives a hop of `level` when its time has come and `latency` seconds more have gone."""

    def __init__(self, level: float, begun: float, latency: float, seconds: float = 30.0) -> None:
        super().__init__(np.full((round(seconds * SAMPLERATE), 2), level, np.float32))
        self.begun, self.latency, self.closed = begun, latency, False

    @property
    def sounded(self) -> float:
        return self.begun + self._read / SAMPLERATE

    def read_hop(self):
        due = self.sounded + HOP_SECONDS + self.latency
        return super().read_hop() if monotonic() >= due else None

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("before, after", [(0.0, 0.15), (0.15, 0.0), (0.02, 0.02)])
def test_the_count_goes_on_where_the_other_source_was_left(before, after):
    """Whatever the latencies: no sound is heard twice, none is missed, the clock runs on."""
    begun = monotonic()
    old = Late(0.25, begun, before)
    listening = Listening(old, load_show("first_light"), AudioClock(), EventQueue())
    listening.hops = EventQueue()
    listening.start()
    try:
        sleep(0.5)
        new = Late(-0.5, begun, after)
        listening.take_over(new)
        wait_for("the other source", lambda: listening.source is new, 5.0)
        stands, since = listening._clock.now(), monotonic()
        sleep(0.5)
        passed = monotonic() - since  # a busy machine sleeps longer
        assert listening._clock.now() - stands == pytest.approx(passed, abs=0.1)
    finally:
        listening.close()
    assert new.closed and not old.closed  # that is for whoever has put it there
    rows = listening.hops.drain()
    heard = np.concatenate([samples[:, 0] for samples, _ in rows])
    turn = int(np.argmax(heard < 0.0))
    assert (heard[:turn] == 0.25).all() and (heard[turn:] == -0.5).all()
    assert listening.graph.time == pytest.approx(new._read / SAMPLERATE, abs=1.5 * HOP_SECONDS)
    assert np.diff([time for _, time in rows]) == pytest.approx(HOP_SECONDS)


def test_a_gap_between_two_sources_is_passed_over_as_silence():
    old = Late(0.25, monotonic() - 1.0, 0.0, seconds=0.5)
    listening = Listening(old, load_show("first_light"), AudioClock(), EventQueue())
    listening.hops = EventQueue()
    while (hop := listening._read()) is not None:
        listening._hop(hop)
    listening.take_over(new := Late(-0.5, old.begun, 0.0))
    new._read = 75 * HOP  # it has begun 0.3 s after the other ended
    listening._hop(listening._read())
    heard = np.array([samples[0, 0] for samples, _ in listening.hops.drain()])
    assert list(np.unique(heard[:47])) == [0.25]
    assert not heard[47:75].any() and heard[75] == -0.5
    assert listening.graph.time == pytest.approx(76 * HOP_SECONDS)
    assert listening.skipped == 0  # nobody was too slow


def test_the_meter_tells_each_channel():
    meter = InputMeter()
    assert meter.levels()["peak_db"] == [None, None]
    t = np.arange(HOP) / SAMPLERATE
    sine = np.sin(2.0 * np.pi * 375.0 * t)  # four whole turns in a hop
    for _ in range(40):
        meter.take(np.stack([0.5 * sine, 0.0 * sine], axis=1).astype(np.float32))
    levels = meter.levels()
    assert levels["peak_db"][0] == pytest.approx(-6.0, abs=0.1)
    assert levels["rms_db"][0] == pytest.approx(-9.0, abs=0.1)
    assert levels["peak_db"][1] is None and levels["rms_db"][1] is None
    assert meter.levels() == levels  # asking changes nothing
    for _ in range(40):
        meter.take(np.full((HOP, 2), 1.0, np.float32))
    assert meter.levels()["clipped"] == 40 * HOP * 2


@pytest.fixture
def two_decks(sound_server, tmp_path):
    """Two inputs of PortAudio, `deck one` and `deck two`: monitors of two sinks of their own."""
    text = ""
    for name in ("one", "two"):
        sink = sound_server.SINK.replace("sink_name=vj", f"sink_name={name}").split()
        assert sound_server.control("load-module", *sink) == 0
        text += f'pcm."deck {name}" {{ type pulse device {name}.monitor }}\n'
    sound_server.folder = tmp_path / "run"
    (sound_server.folder / ".asoundrc").write_text(text)
    devices.rescan()
    yield sound_server
    (sound_server.folder / ".asoundrc").unlink()


@pytest.fixture
def room(two_decks, tmp_path):
    """A Listening that hears `deck one`, with hands on its input, and what they tell."""
    events, told = RoomEvents(), []
    listening = Listening(LiveInput("deck one"), load_show("first_light"), AudioClock(), events)
    listening.start()
    hands = InputHands(PlayOptions("first_light", "deck one"), listening, events, told.append)
    try:
        yield two_decks, listening, events, told
    finally:
        hands.close()
        listening.close()


def _choose(events, name: str) -> None:
    events.put(ControlEvent(0.0, INPUT, name, "test"))


def _tone(server, path, sink: str) -> subprocess.Popen:
    """A tone of a quarter of full scale, left only, played to one of the sinks for a minute."""
    t = np.arange(60 * SAMPLERATE) / SAMPLERATE
    left = 0.25 * np.sin(2.0 * np.pi * 440.0 * t)
    wavfile.write(path, SAMPLERATE, np.stack([left, 0.0 * left], axis=1).astype(np.float32))
    return subprocess.Popen(["paplay", f"--device={sink}", str(path)], env=server.env)


def test_another_input_is_taken_over_and_the_meter_follows(room, tmp_path):
    server, listening, events, told = room
    wait_for("a list", lambda: {"deck one", "deck two"} <= set(listening.inputs))
    player = _tone(server, tmp_path / "tone.wav", "two")
    try:
        wait_for("sound", lambda: listening.graph.time > 1.0)
        assert sound_now(listening)["peak_db"] == [None, None]
        old, beat = listening.source, listening.moment.get().signals.beat
        _choose(events, "DECK TWO")
        wait_for("the line", lambda: told)
        assert told == ["sound: deck two is heard now; for the next show: --audio 'deck two'"]
        assert name_of(listening.source) == "deck two" and old._stream is None
        wait_for("the tone", lambda: (sound_now(listening)["rms_db"][0] or -99) > -20)
        levels = sound_now(listening)
        assert levels["peak_db"][0] == pytest.approx(-12.0, abs=0.5)
        assert levels["peak_db"][1] is None and levels["silent_s"] < 1.0
        assert not levels["song"] and "1 and 2 of" in levels["channels"]
        now = listening.moment.get().signals.beat
        assert now.beat > beat.beat and now.source == beat.source
    finally:
        player.kill()
        player.wait(30)
    before = listening.graph.time
    server.kill()  # what was chosen goes: silence, at the right pace
    wait_for("silence", lambda: sound_now(listening)["gone_s"] > 1.0)
    begun, from_time = clock.monotonic(), listening.graph.time
    wait_for("time", lambda: listening.graph.time > from_time + 1.0)
    assert from_time > before
    assert clock.monotonic() - begun > 0.6  # a busy machine catches up, at most
    assert listening.faults == 0


def test_an_input_that_is_not_there_is_told_and_the_old_one_goes_on(room):
    _, listening, events, told = room
    old = listening.source
    _choose(events, "turntable")
    line = wait_for("the line", lambda: told)[0]
    assert line.startswith("sound input 'turntable': no such device; there are: ")
    assert line.endswith("; deck one is heard on")
    _choose(events, "deck one")  # it is that already
    _choose(events, "/etc/hostname")  # files are no inputs
    wait_for("the line", lambda: len(told) == 2)
    assert "no such device" in told[1] and listening.source is old
    assert old.silent_for() < 1.0


def test_an_input_that_is_plugged_in_is_found(room):
    server, listening, events, told = room
    wait_for("sound", lambda: listening.graph.time > 0.5)
    rc = server.folder / ".asoundrc"
    rc.write_text(rc.read_text() + 'pcm."deck three" { type pulse device two.monitor }\n')
    source = listening.source
    assert "deck three" not in listening.inputs
    events.put(ControlEvent(0.0, LOOK, 1.0, "test"))
    wait_for("the new one", lambda: "deck three" in listening.inputs)
    wait_for("sound", lambda: source.flows)
    assert listening.source is source and devices._open_streams == 1 and not told
    _choose(events, "deck three")
    wait_for("the line", lambda: told)
    assert told[0].startswith("sound: deck three is heard now")


@pytest.mark.parametrize("silence", [0.0, 0.25])
def test_the_blink_of_a_look_is_filled_with_silence(silence):
    """Up to the new stream's first sample, less what the reader was given meanwhile."""
    source, now = LiveInput("deck one"), monotonic()
    source._anchor, source._filled_until = (0, now - 0.4), now - 0.4 + silence
    source._paused, source._stream = True, SimpleNamespace(latency=0.0)
    times = SimpleNamespace(currentTime=10.0, inputBufferAdcTime=10.0 - HOP_SECONDS)
    calm = SimpleNamespace(input_overflow=False)
    ones = np.ones((HOP, 2), np.float32)
    source._callback(ones, HOP, times, calm)
    source._callback(ones, HOP, times, calm)
    passed = monotonic() - now + 0.4 - silence - HOP_SECONDS
    assert source._ring.written - 2 * HOP == pytest.approx(passed * SAMPLERATE, abs=1500)


def test_an_input_that_stays_mute_is_given_up(room, monkeypatch):
    _, listening, events, told = room
    old = listening.source
    monkeypatch.setattr("engine.input_hands.MUTE_SECONDS", 0.5)
    monkeypatch.setattr(LiveInput, "flows", False)
    _choose(events, "deck two")
    wait_for("the line", lambda: told)
    assert told[0] == "sound input 'deck two': opened, but it gives no sound; deck one is heard on"
    assert listening.source is old and devices._open_streams == 1


def test_a_song_is_left_and_taken_again_but_not_while_a_take_of_it_is_made(room, tmp_path):
    server, _, _, _ = room
    song = tmp_path / "song.wav"
    wavfile.write(song, SAMPLERATE, np.full((30 * SAMPLERATE, 2), 0.1, np.float32))
    events, told = RoomEvents(), []
    listening = Listening(SongPlayer(song), load_show("first_light"), AudioClock(), events)
    listening.start()
    hands = InputHands(PlayOptions("first_light", str(song)), listening, events, told.append)
    try:
        wait_for("a list", lambda: "song.wav" in listening.inputs)
        wait_for("the song", lambda: sound_now(listening)["rms_db"][0])
        listening.take_writer = TakeWriter(tmp_path / "one.take", "first_light", str(song), {})
        _choose(events, "deck two")
        wait_for("the line", lambda: told)
        assert told[0] == ("sound input: a take of this song is being recorded; "
                           "song.wav is heard on")
        writer, listening.take_writer = listening.take_writer, None
        writer.close()
        _choose(events, "deck two")
        wait_for("the line", lambda: len(told) == 2)
        assert not sound_now(listening)["song"]
        wait_for("silence", lambda: sound_now(listening)["rms_db"][0] is None)
        _choose(events, "song.wav")
        wait_for("the line", lambda: len(told) == 3)
        assert told[2] == "sound: song.wav is heard now"
        wait_for("the song", lambda: sound_now(listening)["rms_db"][0])
        assert math.isfinite(listening.source.sounded) and not listening.source.finished
    finally:
        hands.close()
        listening.close()
