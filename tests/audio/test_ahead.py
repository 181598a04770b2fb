"""A song is decoded while it plays: all of it, in order, never more than some seconds of it."""

import numpy as np
import pytest
from scipy.io import wavfile
from servers import wait_for

from engine.audio import ahead
from engine.audio.ahead import DecodedAhead
from engine.errors import MediaError
from engine.exchange import SampleRing
from engine.records import HOP, SAMPLERATE


def _noise(path, seconds: float) -> np.ndarray:
    shape = int(SAMPLERATE * seconds), 2
    sound = np.random.default_rng(3).uniform(-0.5, 0.5, shape).astype(np.float32)
    wavfile.write(path, SAMPLERATE, sound)
    return sound


def test_a_long_file_comes_whole_through_a_small_ring(tmp_path, monkeypatch):
    monkeypatch.setattr(ahead, "CAPACITY", 3 * ahead.PIECE)
    monkeypatch.setattr(ahead, "SAMPLERATE", ahead.PIECE)  # so much at the start
    sound = _noise(tmp_path / "set.wav", 4.0)
    decoded, hops = DecodedAhead(tmp_path / "set.wav"), []
    decoded.start()

    def taken() -> bool:
        hop = np.zeros((HOP, 2), np.float32)
        while decoded.read_into(hop):
            hops.append(hop.copy())
            assert decoded._ring.available <= 3 * ahead.PIECE
        return decoded.finished

    wait_for("the end", taken, 20.0)
    decoded.close()
    whole = np.concatenate(hops)
    np.testing.assert_array_equal(whole[: len(sound)], sound)
    assert len(whole) - len(sound) < HOP and not whole[len(sound) :].any()
    assert decoded.fault == ""


def test_who_stops_early_leaves_no_thread(tmp_path, monkeypatch):
    monkeypatch.setattr(ahead, "CAPACITY", 3 * ahead.PIECE)
    monkeypatch.setattr(ahead, "SAMPLERATE", ahead.PIECE)
    _noise(tmp_path / "set.wav", 4.0)
    decoded = DecodedAhead(tmp_path / "set.wav")
    decoded.start()
    decoded.close()
    decoded.close()
    assert not decoded._thread.is_alive() and not decoded.finished


def test_a_file_that_breaks_off_says_so_and_ends(tmp_path, monkeypatch):
    def parts(path):
        yield np.zeros((2 * SAMPLERATE, 2), np.float32)
        raise MediaError(f"{path}: cannot be read as sound (Input/output error)")

    monkeypatch.setattr(ahead, "decode_parts", parts)
    decoded = DecodedAhead(tmp_path / "usb.mp3")
    decoded.start()
    hop = np.zeros((HOP, 2), np.float32)
    wait_for("the end", lambda: not decoded.read_into(hop) and decoded.finished, 20.0)
    decoded.close()
    assert decoded.fault.endswith("usb.mp3: cannot be read as sound (Input/output error); "
                                  "it ends here")


def test_what_holds_no_sound_is_refused_at_the_start(tmp_path):
    wavfile.write(tmp_path / "none.wav", SAMPLERATE, np.zeros((0, 2), np.float32))
    with pytest.raises(MediaError, match="no sound|cannot be read"):
        DecodedAhead(tmp_path / "none.wav").start()
    with pytest.raises(MediaError, match="no such file"):
        DecodedAhead(tmp_path / "gone.wav").start()


def test_a_ring_is_read_in_blocks_of_any_size():
    ring, rng = SampleRing(1000), np.random.default_rng(1)
    sound, out = rng.normal(size=(5000, 2)).astype(np.float32), []
    written = 0
    while sum(map(len, out)) < len(sound):
        more = sound[written : written + min(int(rng.integers(1, 300)), 1000 - ring.available)]
        ring.write(more)
        written += len(more)
        block = np.zeros((min(int(rng.integers(1, 400)), len(sound) - ring.consumed), 2), "f4")
        before = ring.available
        if ring.read_into(block):
            out.append(block)
        else:
            assert ring.available == before < len(block)
    np.testing.assert_array_equal(np.concatenate(out), sound)
