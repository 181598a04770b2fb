"""Takes: what hands did in a performance, hop by hop, so that it can be played again exactly.

A take is a text file of JSON lines. The first tells of the show, the sound and how the tempo desk
began; each other is an event with the hop that took it in, hops that were passed over because the
processor was busy, or what a tempo source from outside said. A take that begins in the midst of a
show says at which of its hops, what was remembered there, and hop by hop where the beat was; its
first events bring the show there. A last line cut short by a crash is left out. `TakeWriter` writes
on a thread of its own; everything else is read here and is pure.
"""

from __future__ import annotations

import json
import math
import queue
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import DeviceError, MediaError
from engine.records import HOP, HOP_SECONDS, SAMPLERATE, Beat, ControlEvent, Reading
from engine.wav_file import WavWriter

VERSION = 1
SUFFIX = ".take"


@dataclass(frozen=True, slots=True)
class Take:
    """A performance as read: `events` by the hop that took them in, `skips` hops passed over.

    `show` and `sound` are as the header names them; `tempo` how the desk began; `readings` what
    outside sources said, by name and hop; `hops` how long it was, None where a crash ended it.
    `first` is the hop of the show that is hop 0 of the take: above 0 the take began in its midst,
    `before` is the beat then, `beats` the beat at each hop's end and `memory` what
    engine/remembering.py kept of the show.
    """

    path: Path
    show: str
    sound: str
    tempo: Mapping[str, Any] = field(default_factory=dict)
    events: Mapping[int, Sequence[ControlEvent]] = field(default_factory=dict)
    skips: Mapping[int, int] = field(default_factory=dict)
    readings: Mapping[str, Mapping[int, Reading]] = field(default_factory=dict)
    hops: int | None = None
    first: int = 0
    before: Beat = Beat()
    beats: Mapping[int, Beat] = field(default_factory=dict)
    memory: Mapping[str, Any] = field(default_factory=dict)

    @property
    def begun(self) -> float:
        """Show time, seconds, at which it begins."""
        return self.first * HOP_SECONDS

    @property
    def all_events(self) -> list[ControlEvent]:
        return [event for hop in sorted(self.events) for event in self.events[hop]]

    @property
    def sound_path(self) -> str:
        """The sound's file: `demo`, beside the take, or where it was."""
        beside = self.path.parent / self.sound
        return str(beside) if self.sound != "demo" and beside.is_file() else self.sound


def is_take(path: str | Path) -> bool:
    return Path(path).suffix == SUFFIX


def load_take(path: Path, hands_only: bool = False) -> Take:
    """Read a take; with `hands_only` without its beats and readings, which is far quicker.

    Raises MediaError with file and line.
    """
    rows = _rows(path, ('"beat":[', '"says":{') if hands_only else ())
    head = rows[0][1] if rows else {}
    if head.get("liquidlight_take") != VERSION:
        raise MediaError(f"{path}:1: is no take of version {VERSION}")
    events: dict[int, list[ControlEvent]] = {}
    skips: dict[int, int] = {}
    readings: dict[str, dict[int, Reading]] = {}
    beats: dict[int, Beat] = {}
    hops, first, before, memory = None, 0, Beat(), {}
    for number, row in rows[1:]:
        try:
            hop = _hop(row)
            if "address" in row:
                events.setdefault(hop, []).append(_event(row))
            elif "skipped" in row:
                skips[hop] = skips.get(hop, 0) + int(row["skipped"])
            elif "beat" in row:
                beats[hop] = _beat(first + hop, row["beat"])
            elif "end" in row:
                hops = hop
            elif "begun" in row:
                first, memory = int(row["begun"]), dict(row["memory"])
                before = _beat(first - 1, row["before"])
            elif "says" in row:
                readings.setdefault(str(row["name"]), {})[hop] = Reading(**row["says"])
        except (KeyError, TypeError, ValueError) as error:
            raise MediaError(f"{path}:{number}: is no line of a take ({error})") from None
    show, sound, tempo = head.get("show"), head.get("sound"), head.get("tempo")
    if not isinstance(show, str) or not isinstance(sound, str):
        raise MediaError(f"{path}:1: names no show or sound")
    tempo = tempo if isinstance(tempo, dict) else {}
    rest = {"first": first, "before": before, "beats": beats, "memory": memory}
    return Take(path, show, sound, tempo, events, skips, readings, hops, **rest)


def _rows(path: Path, without: Sequence[str] = ()) -> list[tuple[int, dict[str, Any]]]:
    """Numbered lines but those that have one of some texts in them; the last may be cut short."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror})") from None
    rows = []
    for number, line in enumerate(lines, 1):
        if any(text in line for text in without):
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            rows.append((number, row))
        elif number < len(lines) or number == 1:
            raise MediaError(f"{path}:{number}: is no line of a take")
    return rows


def _hop(row: Mapping[str, Any]) -> int:
    hop = row["hop"]
    if not isinstance(hop, int) or isinstance(hop, bool) or hop < 0:
        raise ValueError(f"hop {hop!r}")
    return hop


def _beat(hop: int, numbers: Sequence[Any]) -> Beat:
    """The beat at the end of a hop of the show, from count, tempo, confidence and source."""
    count, bpm, confidence, source = numbers
    if not all(math.isfinite(number) and number >= 0.0 for number in (count, bpm, confidence)):
        raise ValueError(f"beat {numbers!r}")
    return Beat((hop + 1) * HOP / SAMPLERATE, count, bpm, confidence, str(source))


def _event(row: Mapping[str, Any]) -> ControlEvent:
    value, address = row["value"], row["address"]
    time = float(row["time"])
    if not isinstance(address, str) or not math.isfinite(time):
        raise ValueError(f"address {address!r}")
    value = value if isinstance(value, str) else float(value)
    return ControlEvent(time, address, value, str(row.get("source", "")))


def _numbers(beat: Beat) -> list[float | str]:
    return [float(beat.beat), float(beat.bpm), float(beat.confidence), beat.source]


def _plain(value: np.ndarray | np.generic) -> Any:
    return value.tolist()


_LINES = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=_plain)


class TakeWriter:
    """Records one performance. `hop`, `skip` and `reading` queue and return at once.

    `sound` is the song that plays, or "" to record what is heard into a WAV beside the take.
    `error` says why a recording has stopped, or is "". Raises DeviceError for a bad place.
    """

    def __init__(self, path: Path, show: str, sound: str, tempo: Mapping[str, Any]) -> None:
        if path.suffix != SUFFIX:
            raise DeviceError(f"{path}: a take ends in {SUFFIX}")
        self.path, self.error = path, ""
        self._heard = path.with_suffix(".wav") if not sound else None
        head = {"liquidlight_take": VERSION, "show": show, "sound": sound or self._heard.name,
                "samplerate": SAMPLERATE, "hop": HOP, "tempo": dict(tempo)}  # fmt: skip
        try:
            self._file = path.open("w", encoding="utf-8")
            self._wav = WavWriter(self._heard) if self._heard else None
        except OSError as error:
            raise DeviceError(f"{path}: cannot be written ({error.strerror})") from None
        self._hops = 0
        self._queue: queue.SimpleQueue[Mapping | np.ndarray | None] = queue.SimpleQueue()
        self._put(head)
        self._thread = threading.Thread(target=self._run, name="take", daemon=True)
        self._thread.start()

    @property
    def keeps_sound(self) -> bool:
        """Whether what is heard is recorded too, so that another input may be chosen meanwhile."""
        return self._wav is not None

    @property
    def hops(self) -> int:
        """How many hops it has taken in."""
        return self._hops

    def begin(self, hop: int, before: Beat, memory: Mapping[str, Any]) -> None:
        """Hop 0 of the take is that of a show under way; arrays in `memory` are ours from now."""
        self._put({"hop": 0, "begun": hop, "before": _numbers(before), "memory": memory})

    def beat(self, hop: int, beat: Beat) -> None:
        """Where the beat is at the end of that hop."""
        self._put({"hop": hop, "beat": _numbers(beat)})

    def hop(self, hop: int, events: Sequence[ControlEvent]) -> None:
        """The events that hop number `hop` (from 0) takes in; called for every hop."""
        self._hops = hop + 1
        for event in events:
            self.event(hop, event)

    def event(self, hop: int, event: ControlEvent) -> None:
        """One more event of a hop."""
        self._put({"hop": hop, **asdict(event)})

    def skip(self, hop: int) -> None:
        """Hop number `hop` is passed over."""
        self._put({"hop": hop, "skipped": 1})

    def reading(self, hop: int, name: str, reading: Reading) -> None:
        """What the source `name` says to that hop."""
        self._put({"hop": hop, "name": name, "says": asdict(reading)})

    def sound(self, samples: np.ndarray) -> None:
        """The samples (HOP, 2) of the next hop, heard or passed over."""
        if self._wav is not None:
            self._queue.put(samples)

    def close(self) -> None:
        """Write what waits; may be called twice."""
        if self._thread.is_alive():
            self._put({"hop": self._hops, "end": True})
        self._queue.put(None)
        self._thread.join(timeout=5.0)

    def _put(self, row: Mapping[str, Any]) -> None:
        self._queue.put(row)

    def _run(self) -> None:
        """On its own thread: write what comes; a crash costs no line, and a blink of sound."""
        try:
            while (part := self._queue.get()) is not None:
                if isinstance(part, Mapping):
                    self._file.write(f"{_LINES.encode(part)}\n")
                    self._file.flush()
                elif self._wav is not None:
                    self._wav.write(part)
        except OSError as error:  # the show goes on without
            self.error = f"{self.path}: {error.strerror or error}"
        finally:
            for file in (self._file, self._wav):
                with suppress(OSError):  # what a full disk did not take is lost
                    if file is not None:
                        file.close()
