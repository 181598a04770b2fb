"""Pro DJ Link: packets built byte by byte from the published layout, sent to a real socket.

Layout: "DJ Link Packet Analysis", Deep Symmetry, chapter "Tracking BPM and Beats".
"""

import socket
import struct

import pytest

from engine.audio.tempo_sources.pro_dj_link import MIXER, ProDjLink, parse
from engine.clock import WallClock, monotonic, sleep
from engine.errors import DeviceError


def beat_packet(device: int, bpm: float, beat: int, pitch: float = 0.0) -> bytes:
    """96 bytes: header, name, device, times of coming beats, pitch, tempo, beat of the bar."""
    packet = bytearray(b"Qspt1WmJOL\x28")
    packet += b"CDJ-2000nexus".ljust(20, b"\0") + b"\x01\x00"
    packet += bytes([device]) + struct.pack(">H", 0x3C)
    period = round(60000.0 / bpm)
    packet += struct.pack(">6I", *(period * n for n in (1, 2, 5 - beat, 4, 9 - beat, 8)))
    packet += b"\xff" * 24
    packet += struct.pack(">I", round(0x100000 * (1.0 + pitch)))
    packet += b"\0\0" + struct.pack(">H", round(100 * bpm))
    packet += bytes([beat, 0, 0, device])
    assert len(packet) == 0x60
    return bytes(packet)


@pytest.fixture
def network():
    link = ProDjLink(WallClock(), port=0)
    yield link
    link.close()


def play(link: ProDjLink, device: int, bpm: float, start: float, end: float, pitch=0.0) -> None:
    """Beats of a player whose first one is at `start`."""
    period = 60.0 / (bpm * (1.0 + pitch))
    for n in range(int((end - start) / period)):
        link.take(beat_packet(device, bpm, n % 4 + 1, pitch), start + n * period)


def test_a_packet_is_read_with_its_pitch():
    packet = parse(beat_packet(3, 128.0, 2, pitch=-0.05))
    assert (packet.device, packet.bar_beat) == (3, 1)
    assert packet.bpm == pytest.approx(121.6, abs=0.001)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        beat_packet(1, 120.0, 1)[:0x5F],
        b"x" + beat_packet(1, 120.0, 1)[1:],
        beat_packet(1, 120.0, 1).replace(b"\x28CDJ", b"\x0bCDJ"),  # another kind
        beat_packet(1, 655.35, 1),  # no tempo known
        beat_packet(1, 120.0, 1, pitch=-1.0),  # stopped
    ],
)
def test_what_is_no_beat_is_left_alone(data, network):
    assert parse(data) is None
    network.take(data, 1.0)
    assert network.read(1.0) is None


def test_real_packets_over_the_network_give_tempo_and_bar(network):
    begun = network._clock.now()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deck:
        for n in range(5):
            deck.sendto(b"Qspt1WmJOL\x03 on air", ("127.0.0.1", network.port))
            deck.sendto(beat_packet(2, 240.0, n % 4 + 1), ("127.0.0.1", network.port))
            sleep(max(0.0, begun + (n + 1) * 0.25 - network._clock.now()))
    end = monotonic() + 5.0
    while network.read(0.0) is None and monotonic() < end:
        sleep(0.01)
    now = network._clock.now()
    reading = network.read(now)
    assert network.there(now)
    assert reading.bpm == pytest.approx(240.0)
    beats = (now - begun) * 4.0
    off = (reading.bar_beat + reading.phase - beats + 2.0) % 4.0 - 2.0
    assert abs(off) < 0.4  # 100 ms: a busy machine
    assert not network.there(now + 2.0)


def test_the_line_carries_on_between_beats_and_over_the_bar(network):
    play(network, 1, 120.0, 10.0, 14.0)
    reading = network.read(13.75)
    assert (reading.bar_beat, reading.phase) == (3, pytest.approx(0.5))
    reading = network.read(14.25)
    assert (reading.bar_beat, reading.phase) == (0, pytest.approx(0.5))


def test_trembling_arrivals_are_worn_down(network):
    for n in range(16):
        late = 0.012 if n % 2 else 0.0
        network.take(beat_packet(1, 120.0, n % 4 + 1), n * 0.5 + late)
    assert network.read(7.5).phase == pytest.approx(0.986, abs=0.01)


def test_the_player_that_stays_is_followed_until_it_stops(network):
    play(network, 2, 125.0, 0.0, 20.0)
    play(network, 1, 126.0, 10.0, 20.0)
    assert network.says() == "player 2 125.00"
    play(network, 1, 126.0, 20.0, 30.0)
    assert network.says() == "player 1 126.00"


def test_the_mixer_tells_the_master(network):
    """Two players run, the mixer passes on the tempo of the second for more than a bar."""
    for n in range(8):
        network.take(beat_packet(1, 120.0, n % 4 + 1), n * 0.5)
        network.take(beat_packet(2, 121.0, n % 4 + 1), n * 0.4959)
        network.take(beat_packet(MIXER, 121.0, 1), n * 0.4959)
    assert network.says() == "player 2 121.00"


def test_a_mixer_alone_gives_beats_without_bars(network):
    play(network, MIXER, 120.0, 0.0, 4.0)
    assert network.read(3.6).bar_beat is None
    play(network, 1, 124.0, 4.0, 8.0)
    assert network.read(7.9).bar_beat is not None


def test_a_chosen_player_is_waited_for():
    link = ProDjLink(WallClock(), player=4, port=0)
    try:
        play(link, 1, 120.0, 0.0, 4.0)
        assert not link.there(4.0)
        play(link, 4, 99.0, 4.0, 8.0)
        assert link.says() == "player 4 99.00"
    finally:
        link.close()


def test_an_address_that_is_not_ours_is_one_line():
    with pytest.raises(DeviceError, match=r"cannot listen on 192\.0\.2\.1:50001 \(.+\)$"):
        ProDjLink(WallClock(), "192.0.2.1")
