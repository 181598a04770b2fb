"""The same song gives the same moments live, in blocks of any size, and from its file."""

from types import SimpleNamespace

import pytest
from scipy.io import wavfile

from engine import offline
from engine.audio import demo
from engine.audio.inputs import LiveInput
from engine.audio.media import decode
from engine.audio.songs import padded
from engine.graph import Graph
from engine.records import SAMPLERATE
from engine.show import load_show

TIMES = SimpleNamespace(currentTime=0.0, inputBufferAdcTime=0.0)
STATUS = SimpleNamespace(input_overflow=False)


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    """Three seconds of the demo track in a file, and what the film hears of it."""
    path = tmp_path_factory.mktemp("song") / "song.wav"
    wavfile.write(path, SAMPLERATE, decode(demo.path())[20 * SAMPLERATE : 23 * SAMPLERATE])
    samples = decode(path)
    return samples, list(offline.moments(samples, load_show("first_light")))


@pytest.mark.parametrize("blocksize", [64, 441, 512, 1000, 2048])
def test_moments_do_not_depend_on_the_devices_block_size(song, blocksize):
    """Only the device is missing: its callback is called as PortAudio calls it."""
    samples, expected = song
    source, graph, moments = LiveInput("no device"), Graph(load_show("first_light")), []
    samples = padded(samples)
    for start in range(0, len(samples), blocksize):
        block = samples[start : start + blocksize]
        source._callback(block, len(block), TIMES, STATUS)
        while (hop := source.read_hop()) is not None:
            moments.append(graph.hop(hop))
    assert moments == expected
    assert moments[-1].signals.values["level"] > 0.0
