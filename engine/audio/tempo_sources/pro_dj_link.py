"""Pro DJ Link: the beat packets that CDJs and DJM mixers broadcast to UDP port 50001.

Only listened to, never answered. A packet says that a beat begins now, the track's tempo, the
pitch fader and the beat of the bar. Which player the room hears is not in it; the mixer passes on
the tempo of the master, so the player with that tempo is followed, else the one that has played
longest, until it stops. One thread takes packets in; `read` is for the analysis thread.

Layout of the packets: "DJ Link Packet Analysis" by Deep Symmetry (github.com/Deep-Symmetry/
dysentery, doc/modules/ROOT/pages/beats.adoc). Broadcasts reach a socket that is bound to 0.0.0.0
or to the network's broadcast address; it is bound to this machine only unless told.
"""

from __future__ import annotations

import socket
import struct
import threading
from dataclasses import dataclass

from engine.audio.tempo_sources.contract import FASTEST, SLOWEST
from engine.clock import Clock
from engine.errors import DeviceError
from engine.records import Reading

PORT = 50001
MAGIC = b"Qspt1WmJOL"
BEAT, BEAT_BYTES = 0x28, 0x60
NORMAL_PITCH = 0x100000
MIXER = 0x21
"""Device numbers from here on are mixers, whose beats count no bars."""
GONE_BEATS = 2.5
GAIN, SAME_SECONDS = 0.3, 0.05
"""Share of the error by which a beat moves the line; a larger error than this starts it anew."""
SAME_BPM = 0.06
PATIENCE = 4
"""Beats of the mixer that must name another player before that is followed."""


@dataclass(frozen=True, slots=True)
class BeatPacket:
    """A beat that begins: of player `device`, at `bpm` as it sounds, `bar_beat` 0..3."""

    device: int
    bpm: float
    bar_beat: int


@dataclass(frozen=True, slots=True)
class Deck:
    """A player: its newest beat on the show clock, and since when it has played."""

    packet: BeatPacket
    time: float
    since: float

    def alive(self, time: float) -> bool:
        return time - self.time < GONE_BEATS * 60.0 / self.packet.bpm


def parse(data: bytes) -> BeatPacket | None:
    """The beat in a packet; None for any other packet, and for a track without a tempo."""
    if len(data) < BEAT_BYTES or not data.startswith(MAGIC) or data[0x0A] != BEAT:
        return None
    (pitch,) = struct.unpack_from(">I", data, 0x54)
    (hundredths,) = struct.unpack_from(">H", data, 0x5A)
    bpm = hundredths / 100.0 * pitch / NORMAL_PITCH
    if hundredths == 0xFFFF or not SLOWEST <= bpm <= FASTEST:
        return None
    return BeatPacket(data[0x21], bpm, (data[0x5C] - 1) % 4)


class ProDjLink:
    """Listens on `address` until `close`; follows `player` (1..6), or the master as it can tell.

    Raises DeviceError when the port cannot be had.
    """

    name = "prolink"

    def __init__(
        self, clock: Clock, address: str = "127.0.0.1", player: int | None = None, port: int = PORT
    ) -> None:
        self._clock, self._player = clock, player
        self._decks: dict[int, Deck] = {}  # replaced whole: read on another thread
        self._followed: int | None = None
        self._named: tuple[int | None, int] = (None, 0)
        self._socket = _bound(address, port)
        self.port: int = self._socket.getsockname()[1]
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pro dj link", daemon=True)
        self._thread.start()

    def take(self, data: bytes, time: float) -> None:
        """A packet that arrived at show time `time`; what is no beat is ignored."""
        packet = parse(data)
        if packet is None:
            return
        before = self._decks.get(packet.device)
        deck = Deck(packet, time, time)
        if before is not None and before.alive(time):
            deck = Deck(packet, _smoothed(before, packet, time), before.since)
        self._decks = {**self._decks, packet.device: deck}
        self._choose(packet.device, time)

    def there(self, time: float) -> bool:
        deck = self._deck()
        return deck is not None and deck.alive(time)

    def read(self, time: float) -> Reading | None:
        deck = self._deck()
        if deck is None:
            return None
        beats = (time - deck.time) * deck.packet.bpm / 60.0
        bar = int(deck.packet.bar_beat + beats // 1.0) % 4
        known = deck.packet.device < MIXER
        return Reading(time, deck.packet.bpm, beats % 1.0, bar if known else None, 0.95, self.name)

    def align(self, time: float, beat: float) -> None:
        pass

    def says(self) -> str:
        deck = self._deck()
        if deck is None:
            return "no player"
        kind = "mixer" if deck.packet.device >= MIXER else f"player {deck.packet.device}"
        return f"{kind} {deck.packet.bpm:.2f}"

    def close(self) -> None:
        self._closed.set()
        self._thread.join(timeout=2.0)
        self._socket.close()

    def _deck(self) -> Deck | None:
        return None if self._followed is None else self._decks.get(self._followed)

    def _choose(self, device: int, time: float) -> None:
        """Whom to follow from now on; called for each beat of any device."""
        if self._player is not None:
            self._followed = self._player if self._player in self._decks else None
            return
        alive = {number: deck for number, deck in self._decks.items() if deck.alive(time)}
        if self._followed not in alive or (self._followed or 0) >= MIXER:
            players = {n: deck for n, deck in alive.items() if n < MIXER} or alive
            self._followed = min(players, key=lambda number: (players[number].since, number))
        if device >= MIXER:
            self._hear_mixer(alive)

    def _hear_mixer(self, alive: dict[int, Deck]) -> None:
        """Go over to the player whose tempo the mixer passes on, when it has done so for a bar."""
        master = next(deck.packet.bpm for n, deck in alive.items() if n >= MIXER)
        fitting = [n for n, d in alive.items() if n < MIXER and _same(d.packet.bpm, master)]
        named = fitting[0] if fitting and self._followed not in fitting else None
        count = self._named[1] + 1 if named == self._named[0] else 1
        self._named = (named, count)
        if named is not None and count >= PATIENCE:
            self._followed, self._named = named, (None, 0)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                data = self._socket.recv(2048)
            except OSError:  # the time-out, or an ICMP error that Windows reports here
                continue
            self.take(data, self._clock.now())


def _same(bpm: float, other: float) -> bool:
    return abs(bpm - other) <= SAME_BPM


def _smoothed(before: Deck, packet: BeatPacket, time: float) -> float:
    """When the beat began: the network's trembling is worn down while the tempo stays."""
    period = 60.0 / before.packet.bpm
    expected = before.time + period * max(1, round((time - before.time) / period))
    error = time - expected
    steady = abs(packet.bpm / before.packet.bpm - 1.0) < 0.01
    return expected + GAIN * error if steady and abs(error) < SAME_SECONDS else time


def _bound(address: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.settimeout(0.2)
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise DeviceError(
            f"Pro DJ Link cannot listen on {address}:{port} ({error.strerror or error})"
        ) from None
    return listener
