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


LOOK = """
extends = "deep_tunnel"
[macros]
energy = "0.2 + 0.5*bass"
[motion]
zoom = "1 + 0.3*energy + 0.2*smooth(kick, 0.02, 0.3)"
"""


@pytest.fixture(scope="module")
def show(tmp_path_factory):
    """A look with a knob of its own that moves the camera."""
    path = tmp_path_factory.mktemp("show") / "look.toml"
    path.write_text(LOOK, "utf-8")
    return load_show(str(path))


@pytest.fixture(scope="module")
def song(tmp_path_factory, show):
    """Three seconds of the demo track in a file, and what the film hears of it."""
    path = tmp_path_factory.mktemp("song") / "song.wav"
    wavfile.write(path, SAMPLERATE, decode(demo.path())[20 * SAMPLERATE : 23 * SAMPLERATE])
    samples = decode(path)
    return samples, list(offline.moments(samples, show))


@pytest.mark.parametrize("blocksize", [64, 441, 512, 1000, 2048])
def test_moments_do_not_depend_on_the_devices_block_size(song, show, blocksize):
    """Only the device is missing: its callback is called as PortAudio calls it."""
    samples, expected = song
    source, graph, moments = LiveInput("no device"), Graph(show), []
    samples = padded(samples)
    for start in range(0, len(samples), blocksize):
        block = samples[start : start + blocksize]
        source._callback(block, len(block), TIMES, STATUS)
        while (hop := source.read_hop()) is not None:
            moments.append(graph.hop(hop))
    assert moments == expected
    assert moments[-1].signals.values["level"] > 0.0
    assert moments[-1].pose.log_zoom > 0.3
