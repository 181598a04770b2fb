"""A real sound server: what is played is heard, by name, and an input that dies comes back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import wavfile

from engine import clock
from engine.audio import devices
from engine.audio.sources import LiveInput, SongPlayer, list_inputs, open_source
from engine.errors import DeviceError
from engine.records import HOP, SAMPLERATE


def listen(source, seconds: float, until=lambda: False) -> np.ndarray:
    """Read hops for some seconds."""
    hops, end = [np.zeros((0, 2), np.float32)], clock.monotonic() + seconds
    while clock.monotonic() < end and not until():
        hop = source.read_hop()
        if hop is None:
            clock.sleep(0.005)
        else:
            assert hop.shape == (HOP, 2) and hop.dtype == np.float32
            hops.append(hop)
    return np.concatenate(hops)


def test_hears_what_is_played_by_name(sound_server, tmp_path):
    rng = np.random.default_rng(1)
    sound = (0.2 * rng.standard_normal((SAMPLERATE, 2))).astype(np.float32)
    wavfile.write(tmp_path / "noise.wav", SAMPLERATE, sound)
    assert "pulse" in list_inputs()
    source = open_source("PULSE")
    source.start()
    try:
        listen(source, 0.5)
        player = sound_server.play(tmp_path / "noise.wav")
        heard = listen(source, 2.5)
        assert player.wait(timeout=10) == 0
        assert source.silent_for() < 0.5
        assert source.overruns == 0
    finally:
        source.close()
    first = int(np.argmax(np.abs(heard).max(axis=1) > 0))
    assert len(heard) - first >= len(sound)
    np.testing.assert_allclose(heard[first : first + len(sound)], sound, atol=1e-6)


def test_an_input_whose_server_dies_comes_back(sound_server):
    source = LiveInput("pulse")
    source.start()
    try:
        before = listen(source, 0.5)
        assert len(before) > 0.2 * SAMPLERATE
        sound_server.kill()
        gone = listen(source, 1.7)
        assert source.silent_for() > 1.2
        assert len(gone) > 1.2 * SAMPLERATE  # silence keeps the show's time running
        sound_server.start()
        listen(source, 15, until=lambda: source.silent_for() < 0.2)
        assert source.silent_for() < 0.5
        assert source.restarts >= 1
        assert len(listen(source, 0.6)) > 0.3 * SAMPLERATE
    finally:
        source.close()


def test_an_unknown_input_is_named_with_those_there_are(sound_server):
    with pytest.raises(DeviceError, match="'turntable': no such device; there are: .*pulse"):
        LiveInput("turntable").start()


def test_a_device_that_refuses_the_rate_is_opened_at_its_own(sound_server, monkeypatch):
    """The refusal is played; the device, its 44100 Hz stream and the resampling are real."""
    open_stream = devices.open_stream

    def refuse(kind, **settings):
        if settings["samplerate"] == SAMPLERATE:
            raise DeviceError("Invalid sample rate")
        return open_stream(kind, **settings)

    monkeypatch.setattr(devices, "open_stream", refuse)
    source = LiveInput("pulse")
    source.start()
    try:
        heard = listen(source, 2.0)
    finally:
        source.close()
    assert 1.6 * SAMPLERATE < len(heard) < 2.3 * SAMPLERATE


def test_a_song_is_played_to_the_room_and_heard(sound_server, tmp_path):
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(SAMPLERATE) / SAMPLERATE)
    wavfile.write(tmp_path / "tone.wav", SAMPLERATE, tone.astype(np.float32))
    room, player = LiveInput("pulse"), SongPlayer(tmp_path / "tone.wav")
    room.start()
    player.start()
    try:
        copied = listen(player, 4.0, until=lambda: player.finished)
        assert player.finished
        assert np.abs(listen(room, 0.5)).max() > 0.25
    finally:
        player.close()
        room.close()
    np.testing.assert_allclose(copied[: len(tone), 0], tone, atol=1e-6)
