"""The board between the stage and the generator process: one block of shared memory.

The stage owns it and posts FrameParams and pictures of sources; the generator publishes pictures
and its counters. All are rings of numbered slots: a slot's number is taken away before it is
written and put back after, and the ring's newest number is set last, so a reader that finds the
number it looked for before and after copying has a whole slot, and a writer killed half-way leaves
the last whole one. Nobody ever waits. The pickles are our own records between our own processes.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker, shared_memory

import numpy as np

from engine.diffusion.runtimes import PACKAGES
from engine.records import FrameParams

CELL = 1 << 17
"""Bytes for one pickled FrameParams; a rich one is 3 kB."""
MAILS, FRAMES, SOURCES, DURATIONS, FAULT = 4, 4, 3, 256, 2048
_HEAD = 8  # int64 words before the payload of a slot: number, then the lengths of its blobs

FIELDS = ("pid", "loaded", "heartbeat", "broken", "stop", "fault_length", "made_by_child",
          "life_wanted", "life_ended", "exit_code", "runtime", "torch_only", "note_length",
          "lowered")
"""Counters, one int64 each. A life is one run of a worker, numbered from 1 by the stage;
`runtime` is 1 and up for the runtimes in order, 0 for none; `lowered` as in ladder.py."""
_WORDS = 16


@dataclass(frozen=True, slots=True)
class Published:
    """A picture as it lies on the board: a private copy."""

    number: int
    picture: np.ndarray
    params: FrameParams
    seconds: float
    noise_phase: float


class SlotRing:
    """Numbered slots in a block of bytes: one writer at a time, any number of readers."""

    def __init__(self, block: np.ndarray, slots: int) -> None:
        self._newest = block[:8].view(np.int64)
        rows = block[8:].reshape(slots, -1)
        self._heads = [row[: _HEAD * 8].view(np.int64) for row in rows]
        self._bodies = [row[_HEAD * 8 :] for row in rows]

    @staticmethod
    def bytes_for(slots: int, payload: int) -> int:
        return 8 + slots * (_HEAD * 8 + -(-payload // 8) * 8)

    @property
    def newest(self) -> int:
        """Number of the newest whole slot, 0 before the first."""
        return int(self._newest[0])

    def write(self, number: int, blobs: Sequence[np.ndarray]) -> bool:
        """Publish uint8 arrays under a number (newest + 1); False when they do not fit."""
        slot = number % len(self._heads)
        head, body = self._heads[slot], self._bodies[slot]
        if sum(map(len, blobs)) > len(body):
            return False
        head[0] = 0
        at = 0
        for place, blob in enumerate(blobs, 1):
            body[at : at + len(blob)] = blob
            head[place] = len(blob)
            at += len(blob)
        head[len(blobs) + 1] = 0
        head[0] = number
        self._newest[0] = number
        return True

    def read(self, tries: int = 5) -> tuple[int, list[np.ndarray]] | None:
        """Copies of the newest slot's arrays; None when there is none or it is being written."""
        for _ in range(tries):
            number = self.newest
            if number == 0:
                return None
            slot = number % len(self._heads)
            head, body = self._heads[slot], self._bodies[slot]
            lengths = head.copy()
            if lengths[0] == number:
                blobs, at = [], 0
                for length in lengths[1 : 1 + int(np.argmin(lengths[1:] > 0))].tolist():
                    blobs.append(body[at : at + length].copy())
                    at += length
                if head[0] == number:
                    return number, blobs
        return None


class Board:
    """The shared block, its counters and its rings, for pictures of one (width, height)."""

    def __init__(self, memory: shared_memory.SharedMemory, size: tuple[int, int]) -> None:
        self._memory = memory
        self._shape = (size[1], size[0], 3)
        block = np.ndarray((_bytes(size),), np.uint8, memory.buf)
        parts = np.split(block, np.cumsum(_layout(size))[:-1])
        self._words = parts[0].view(np.int64)
        self._durations = parts[1].view(np.float64)
        self._fault = parts[2]
        self._note = parts[3]
        self._mail = SlotRing(parts[4], MAILS)
        self._frames = SlotRing(parts[5], FRAMES)
        self._sources = SlotRing(parts[6], SOURCES)
        self.name = memory.name

    @classmethod
    def create(cls, size: tuple[int, int]) -> Board:
        return cls(shared_memory.SharedMemory(create=True, size=_bytes(size)), size)

    @classmethod
    def attach(cls, name: str, size: tuple[int, int]) -> Board:
        """Open the stage's board in another process, which does not own it."""
        return cls(_open_untracked(name), size)

    def close(self, unlink: bool = False) -> None:
        """Let go of the block; the owner also unlinks it. The board is of no use afterwards."""
        self._words = self._durations = self._fault = self._note = np.zeros(0)
        del self._mail, self._frames, self._sources
        self._memory.close()
        if unlink:
            self._memory.unlink()

    def get(self, field: str) -> int:
        return int(self._words[FIELDS.index(field)])

    def set(self, field: str, value: int) -> None:
        self._words[FIELDS.index(field)] = value

    @property
    def fault(self) -> str:
        """The last trouble in one line."""
        return self._text(self._fault, "fault_length")

    @fault.setter
    def fault(self, text: str) -> None:
        self._set_text(self._fault, "fault_length", text)

    @property
    def note(self) -> str:
        """The last line for the operator about what draws."""
        return self._text(self._note, "note_length")

    @note.setter
    def note(self, text: str) -> None:
        self._set_text(self._note, "note_length", text)

    @property
    def runtime(self) -> str:
        """What draws: a key of runtimes.PACKAGES, "" when nothing does yet."""
        return ("", *PACKAGES)[self.get("runtime")]

    @runtime.setter
    def runtime(self, name: str) -> None:
        self.set("runtime", ("", *PACKAGES).index(name))

    def _text(self, place: np.ndarray, length: str) -> str:
        return place[: self.get(length)].tobytes().decode("utf-8", "replace")

    def _set_text(self, place: np.ndarray, length: str, text: str) -> None:
        data = text.encode()[:FAULT]
        place[: len(data)] = np.frombuffer(data, np.uint8)
        self.set(length, len(data))

    def post(self, params: FrameParams) -> bool:
        """Leave the newest parameters; False when they are too large to post."""
        return self._mail.write(self._mail.newest + 1, [_bytes_of(params)])

    @property
    def posted(self) -> int:
        """Number of the newest parameters, 0 before the first."""
        return self._mail.newest

    def read_params(self) -> tuple[int, FrameParams] | None:
        got = self._mail.read()
        return None if got is None else (got[0], pickle.loads(got[1][0].tobytes()))

    def post_source(self, picture: np.ndarray) -> bool:
        """Leave what is to be redrawn, uint8 (h, w, 3); False for one of another size."""
        if picture.shape != self._shape:
            return False
        return self._sources.write(self._sources.newest + 1, [picture.reshape(-1)])

    @property
    def source_posted(self) -> int:
        """Number of the newest picture of a source, 0 before the first."""
        return self._sources.newest

    def read_source(self) -> tuple[int, np.ndarray] | None:
        """The newest picture of a source with its number, copied; None before the first."""
        got = self._sources.read()
        return None if got is None else (got[0], got[1][0].reshape(self._shape))

    @property
    def newest(self) -> int:
        """Number of the newest picture, 0 before the first."""
        return self._frames.newest

    def publish(
        self, picture: np.ndarray, params: FrameParams, seconds: float, noise_phase: float
    ) -> int:
        """Put a picture uint8 (h, w, 3) on the board; returns its number."""
        number = self.newest + 1
        about = _bytes_of((params, seconds, noise_phase))
        self._durations[number % DURATIONS] = seconds * 1e3
        if not self._frames.write(number, [about, picture.reshape(-1)]):
            raise ValueError("a picture does not fit on the board")
        return number

    def read_picture(self) -> Published | None:
        """The newest whole picture, copied; None before the first."""
        got = self._frames.read()
        if got is None:
            return None
        params, seconds, phase = pickle.loads(got[1][0].tobytes())
        return Published(got[0], got[1][1].reshape(self._shape), params, seconds, phase)

    def recent_ms(self) -> tuple[float, ...]:
        """Durations of the last pictures in milliseconds, in no order; at most DURATIONS."""
        count = min(self.newest, DURATIONS)
        values = self._durations if count == DURATIONS else self._durations[1 : count + 1]
        return tuple(values.tolist())


def _layout(size: tuple[int, int]) -> list[int]:
    picture = size[0] * size[1] * 3
    return [_WORDS * 8, DURATIONS * 8, FAULT, FAULT, SlotRing.bytes_for(MAILS, CELL),
            SlotRing.bytes_for(FRAMES, CELL + picture), SlotRing.bytes_for(SOURCES, picture)]


def _bytes(size: tuple[int, int]) -> int:
    return sum(_layout(size))


def _bytes_of(record: object) -> np.ndarray:
    return np.frombuffer(pickle.dumps(record, pickle.HIGHEST_PROTOCOL), np.uint8)


def _open_untracked(name: str) -> shared_memory.SharedMemory:
    """Attach without telling the resource tracker: the owner alone unlinks (cpython #82300)."""
    if sys.version_info >= (3, 13):
        return shared_memory.SharedMemory(name, track=False)
    register = resource_tracker.register
    resource_tracker.register = lambda *_: None
    try:
        return shared_memory.SharedMemory(name)
    finally:
        resource_tracker.register = register
