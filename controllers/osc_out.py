"""OSC out: how the show stands, told to those who subscribed; and what the ear hears.

A thread looks some times a second at the surface and sends each receiver what is not as it was
told last, in bundles, from the socket that listens. Nobody is told what he has just said himself
while his finger still moves; what comes back to us as we sent it is no hand. Receivers who do not
ask again are forgotten after a while. Replies go to the asker alone, and only so many a second.

`/audio/...` is the tree of Synesthesia's OSC output (app.synesthesia.live/docs), so that patches
made for it work with us: levels, hits, presence and clocks of `all bass mid midhigh high`, beat,
bpm with its waves, intensity.
"""

from __future__ import annotations

import math
import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from controllers.osc_codec import encode, packets, path_of
from controllers.surface import Surface
from engine.clock import monotonic

TELL_SECONDS = 1.0 / 30.0
KEEP_SECONDS = 60.0
"""How long a subscription lasts that does not say so itself."""
MOVING_SECONDS = 0.3
ECHO_SECONDS = 0.5
RECEIVERS = 16
REPLIES = 5000
"""Most messages of replies a second."""

Sender = tuple[str, int]


@dataclass(slots=True)
class Receiver:
    """Who is told: `values` of the show, and what is heard (`audio`).

    `for_seconds` None lasts KEEP_SECONDS, infinity for ever. `told` is what was sent last, and
    when; `said` when it moved an address itself.
    """

    to: Sender
    values: bool = True
    audio: bool = False
    for_seconds: float | None = None
    until: float = math.inf
    told: dict[str, tuple[float | str, float]] = field(default_factory=dict)
    said: dict[str, float] = field(default_factory=dict)


def message_of(name: str, value: float | str) -> bytes:
    """The OSC message that says how an address stands."""
    return encode(path_of(name), value)


class Listeners:
    """All receivers, and the thread that tells them; it runs once there is one."""

    def __init__(self, out: socket.socket, surface: Surface | None) -> None:
        self._socket, self._surface = out, surface
        self._receivers: dict[Sender, Receiver] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._replied = (0.0, 0)
        self.sent = 0
        self.refused = 0

    def __len__(self) -> int:
        return len(self._receivers)

    def add(self, receiver: Receiver) -> None:
        """Tell someone from now on; one who asks again stays, and is told everything anew."""
        seconds = KEEP_SECONDS if receiver.for_seconds is None else receiver.for_seconds
        receiver.until = monotonic() + max(0.0, seconds)
        with self._lock:
            if receiver.to not in self._receivers and len(self._receivers) >= RECEIVERS:
                self.refused += 1
                return
            self._receivers[receiver.to] = receiver
            if self._thread is None and self._surface is not None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="osc out", daemon=True)
                self._thread.start()

    def remove(self, to: Sender) -> None:
        with self._lock:
            self._receivers.pop(to, None)

    def heard(self, sender: Sender, name: str, value: float | str) -> bool:
        """A message came in: whether a hand sent it, rather than our own word come back."""
        mine = [r for r in list(self._receivers.values()) if r.to[0] == sender[0]]
        now = monotonic()
        for receiver in mine:
            told = receiver.told.get(name)
            if told and now - told[1] < ECHO_SECONDS and _same(told[0], value):
                return False
        for receiver in mine:
            receiver.said[name] = now
        return True

    def reply(self, to: Sender, messages: Sequence[bytes]) -> None:
        """Answer who has asked; too many answers in a second are left out and counted."""
        second = math.floor(monotonic())
        count = self._replied[1] if self._replied[0] == second else 0
        if count + len(messages) > REPLIES:
            self.refused += len(messages)
            return
        self._replied = (second, count + len(messages))
        if len(messages) == 1:
            self._send(to, messages[0])
            return
        for packet in packets(messages):
            self._send(to, packet)

    def close(self) -> None:
        self._closed.set()
        if self._thread is not None:
            self._thread.join(timeout=2.0)

    def _run(self) -> None:
        while not self._closed.wait(TELL_SECONDS):
            now = monotonic()
            with self._lock:
                self._receivers = {to: r for to, r in self._receivers.items() if r.until > now}
                receivers = list(self._receivers.values())
            if receivers:
                self._tell(receivers, now)

    def _tell(self, receivers: Sequence[Receiver], now: float) -> None:
        surface = self._surface
        values = surface.values() if any(r.values for r in receivers) else {}
        heard = surface.heard() if any(r.audio for r in receivers) else {}
        sound = [encode(path, value) for path, value in audio_tree(heard).items()] if heard else []
        for receiver in receivers:
            news = _news(receiver, values, now) if receiver.values else []
            for packet in packets([*news, *(sound if receiver.audio else ())]):
                self._send(receiver.to, packet)

    def _send(self, to: Sender, packet: bytes) -> None:
        with suppress(OSError):  # nobody there, or no way there: that is theirs
            self._socket.sendto(packet, to)
            self.sent += 1


def _news(receiver: Receiver, values: Mapping[str, float | str], now: float) -> list[bytes]:
    """What stands otherwise than the receiver was told, and is not under its finger."""
    news = []
    for name, value in values.items():
        told = receiver.told.get(name)
        if told and _same(told[0], value):
            continue
        if now - receiver.said.get(name, -math.inf) < MOVING_SECONDS:
            continue
        receiver.told[name] = (value, now)
        news.append(message_of(name, value))
    return news


def _same(told: float | str, value: float | str) -> bool:
    if isinstance(told, str) or isinstance(value, str):
        return told == value
    return abs(told - value) <= 1e-6 * max(1.0, abs(told))  # a float32 has been in between


_BANDS = {"all": "level", "bass": "bass", "mid": "mid", "midhigh": "midhigh", "high": "high"}


def audio_tree(heard: Mapping[str, float]) -> dict[str, float]:
    """What is heard, by the paths of Synesthesia. Waves are 0..1 and begin upwards at the beat."""
    tree = {}
    for band, name in _BANDS.items():
        prefix = "" if name == "level" else f"{name}_"
        tree[f"/audio/level/{band}"] = heard[name]
        tree[f"/audio/hits/{band}"] = heard[f"{prefix}hits"]
        tree[f"/audio/presence/{band}"] = heard[f"{prefix}presence"]
        tree[f"/audio/time/{band}"] = heard[f"{name}_time"]
    beat = heard["beat"]
    phase = beat % 1.0
    tree |= {
        "/audio/beat/onbeat": heard["onbeat"], "/audio/beat/beattime": beat,
        "/audio/beat/randomonbeat": heard["random"], "/audio/beat/toggleonbeat": heard["toggle"],
        "/audio/bpm/bpm": heard["bpm"], "/audio/bpm/bpmconfidence": heard["confidence"],
        "/audio/bpm/bpmtwitcher": beat - phase + phase * phase * (3.0 - 2.0 * phase),
        "/audio/energy/intensity": heard["intensity"],
    }
    for beats in (1, 2, 4, 8):
        turn, end = beat / beats % 1.0, "" if beats == 1 else str(beats)
        tree[f"/audio/bpm/bpmsin{end}"] = 0.5 + 0.5 * math.sin(2.0 * math.pi * turn)
        tree[f"/audio/bpm/bpmtri{end}"] = 1.0 - abs(2.0 * ((turn + 0.25) % 1.0) - 1.0)
    return tree
