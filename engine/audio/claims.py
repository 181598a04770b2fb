"""The chain from sound to Beat, and the list of beats that it claims of a recording, causally.

`Hearing` is what the live show and the film share: features, an ear, the transport. The ear says
once a hop what it believes (`reading`); the transport follows that, or the reading of another
source where one is given. `iter_beats(samples)` runs it hop by hop; a beat is claimed when the
clock crosses it while it is sure enough: behind `liquidlight beats`. Runs on the analysis thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.audio.beats import HIGH_BPM, LOW_BPM, OnsetEar
from engine.audio.ear import NetworkEar
from engine.audio.features import FeatureExtractor
from engine.audio.media import stream_hops
from engine.audio.transport import Transport
from engine.records import AudioBlock, Beat, Features, Reading

SURE = 0.3
"""Confidence from which a beat is claimed."""
EARS = {"network": NetworkEar, "onsets": OnsetEar}
"""The ears by name."""


@dataclass(frozen=True, slots=True)
class BeatClaim:
    """A beat at `t` seconds, known once `emitted` seconds of the stream were heard."""

    t: float
    emitted: float
    bpm: float
    bar_pos: int


class Hearing:
    """Features, ear and transport, stepped once a hop. `ear` names one of EARS."""

    def __init__(
        self, low_bpm: float = LOW_BPM, high_bpm: float = HIGH_BPM, ear: str = "network"
    ) -> None:
        self.extractor = FeatureExtractor()
        self.ear = EARS[ear](low_bpm, high_bpm)
        self.transport = Transport()
        self.reading = Reading(0.0, 120.0, 0.0, confidence=0.0)
        """What the ear said last, whether or not it is followed."""

    def process(self, block: AudioBlock, reading: Reading | None = None) -> tuple[Features, Beat]:
        """Features and Beat at the end of the block, one call a hop, in order.

        The transport follows `reading`, the word of another source, where one is given.
        """
        features = self.extractor.process(block)
        self.reading = self.ear.process(block, features)
        return features, self.transport.advance(block.time, reading or self.reading)

    def beat_one(self, time: float) -> None:
        """The hand says where the bar begins, and is believed until `relearn`."""
        self.transport.beat_one(time)

    def set_range(self, low_bpm: float, high_bpm: float) -> None:
        """The ear looks for tempi in low..high only."""
        self.ear.set_range(low_bpm, high_bpm)

    def relearn(self) -> None:
        """Forget what was heard so far; the count runs on."""
        self.ear.relearn()
        self.transport.relearn()


def iter_beats(
    samples: np.ndarray,
    low_bpm: float = LOW_BPM,
    high_bpm: float = HIGH_BPM,
    ear: str = "network",
) -> Iterator[BeatClaim]:
    """The beats of (n, 2) samples at SAMPLERATE as they become known, tempo in low..high."""
    hearing = Hearing(low_bpm, high_bpm, ear)
    return claimed(hearing.process(block)[1] for block in stream_hops(samples))


def claimed(beats: Iterable[Beat]) -> Iterator[BeatClaim]:
    """What is claimed by a clock that is read hop by hop."""
    last = Beat()
    for beat in beats:
        plain = beat.beat - _skipped(last, beat)
        if int(plain) > int(last.beat) and beat.confidence >= SURE:
            share = (int(plain) - last.beat) / (plain - last.beat)
            t = max(0.0, last.time + share * (beat.time - last.time))
            yield BeatClaim(t, beat.time, beat.bpm, int(beat.beat) % 4 + 1)
        last = beat


def _skipped(before: Beat, after: Beat) -> int:
    """Whole beats by which the count was moved on between two hops, to fit the bar."""
    return round(after.beat - before.beat - (after.time - before.time) * after.bpm / 60.0)
