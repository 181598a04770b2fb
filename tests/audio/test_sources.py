"""Sources without a device: memory, a song paced by the clock, and specs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import wavfile

from engine import clock
from engine.audio import devices, inputs, songs
from engine.audio.features import FeatureExtractor
from engine.audio.inputs import RateChanger
from engine.audio.media import stream_hops
from engine.audio.sources import LiveInput, MemorySource, SongPlayer, open_source
from engine.errors import DeviceError, MediaError
from engine.exchange import SampleRing
from engine.records import HOP, SAMPLERATE, AudioBlock


def drain(ring: SampleRing) -> list[np.ndarray]:
    hops = []
    while (hop := ring.read_hop()) is not None:
        hops.append(hop)
    return hops


@pytest.mark.parametrize("blocksize", [64, 441, 512, 1000])
def test_features_do_not_depend_on_the_devices_block_size(demo_samples, blocksize):
    samples = demo_samples[10 * SAMPLERATE : 12 * SAMPLERATE]
    samples = samples[: len(samples) // HOP * HOP]
    wanted = FeatureExtractor()
    expected = [wanted.process(block) for block in stream_hops(samples)]
    source = LiveInput("any")  # its callback is what PortAudio calls; no device is opened
    extractor, found = FeatureExtractor(), []

    class Status:
        input_overflow = False

    class Times:
        """A driver that tells no times."""

        currentTime = inputBufferAdcTime = 0.0

    for start in range(0, len(samples), blocksize):
        source._callback(samples[start : start + blocksize], blocksize, Times(), Status())
        while (hop := source.read_hop()) is not None:
            found.append(extractor.process(AudioBlock(len(found) * HOP, hop)))
    assert found == expected


def test_memory_gives_every_hop_then_finishes():
    samples = np.random.default_rng(0).random((2 * HOP + 5, 2), np.float32)
    source = MemorySource(samples)
    source.start()
    hops = []
    while not source.finished:
        hops.append(source.read_hop())
    assert source.read_hop() is None and len(hops) == 3
    np.testing.assert_array_equal(np.concatenate(hops)[: len(samples)], samples)


@pytest.mark.parametrize("rate", [44100, 96000])
def test_a_changed_rate_keeps_pitch_and_repeats_exactly(rate):
    tone = np.sin(2 * np.pi * 1000 * np.arange(2 * rate) / rate).astype(np.float32)
    raw = songs.padded(np.repeat(tone[:, None], 2, axis=1))
    runs = []
    for _ in range(2):
        changer, hops = RateChanger(rate), []
        for start in range(0, len(raw), HOP):
            changer.push(raw[start : start + HOP])
            while (hop := changer.pop()) is not None:
                hops.append(hop)
        runs.append(np.concatenate(hops))
    np.testing.assert_array_equal(*runs)
    assert abs(len(runs[0]) - 2 * SAMPLERATE) < 2 * HOP
    spectrum = np.abs(np.fft.rfft(runs[0][:SAMPLERATE, 0] * np.hanning(SAMPLERATE)))
    assert abs(int(spectrum.argmax()) - 1000) <= 1


def test_a_song_without_an_output_keeps_the_clocks_pace(tmp_path):
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (SAMPLERATE, 2)).astype(np.float32)
    wavfile.write(tmp_path / "song.wav", SAMPLERATE, sound)
    player = SongPlayer(tmp_path / "song.wav", audible=False)
    player.start()
    begun, hops = clock.monotonic(), []
    while not player.finished and clock.monotonic() < begun + 10:
        hop = player.read_hop()
        if hop is None:
            clock.sleep(0.003)
        else:
            hops.append(hop)
    took = clock.monotonic() - begun
    player.close()
    assert player.finished
    np.testing.assert_array_equal(np.concatenate(hops)[: len(sound)], sound)
    assert 0.9 < took < 1.6


def test_an_output_that_stops_calling_leaves_the_song_to_the_clock(tmp_path, monkeypatch):
    wavfile.write(tmp_path / "song.wav", SAMPLERATE, np.zeros((SAMPLERATE // 2, 2), np.float32))
    closed = []
    monkeypatch.setattr(songs, "STALL_SECONDS", 0.2)
    monkeypatch.setattr(devices, "has_output", lambda: True)
    monkeypatch.setattr(devices, "open_stream", lambda kind, **settings: "dead stream")
    monkeypatch.setattr(devices, "close_stream", closed.append)
    player = SongPlayer(tmp_path / "song.wav")
    player.start()
    end = clock.monotonic() + 10
    while not player.finished and clock.monotonic() < end:
        player.read_hop()
        clock.sleep(0.002)
    player.close()
    assert player.finished and closed == ["dead stream"]


def test_a_lost_input_goes_on_as_silence_at_the_hop_rate(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(inputs.clock, "monotonic", lambda: now[0])
    source = LiveInput("any")
    assert source.read_hop() is None
    now[0] += 3.0
    hops = []
    while (hop := source.read_hop()) is not None:
        hops.append(hop)
    assert len(hops) == int(3.0 * SAMPLERATE / HOP)
    assert not np.concatenate(hops).any()
    assert source.silent_for() == 3.0


def test_a_spec_says_which_source_it_is(tmp_path):
    wavfile.write(tmp_path / "song.wav", SAMPLERATE, np.zeros((HOP, 2), np.float32))
    assert open_source("demo").name == "demo"
    assert open_source(str(tmp_path / "song.wav")).name == "song.wav"
    assert isinstance(open_source("Scarlett 2i2"), LiveInput)
    with pytest.raises(MediaError, match="gone.mp3: no such file"):
        open_source("gone.mp3")


def test_without_any_input_the_message_says_so(monkeypatch):
    monkeypatch.setattr(devices, "_inputs", lambda: [])
    with pytest.raises(DeviceError, match="has no sound input"):
        LiveInput("default").start()
