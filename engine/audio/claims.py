"""The chain from sound to Beat, and the list of beats that it claims of a recording, causally.

`Hearing` is what the live show and the film share: features, an ear, the transport. The ear says
once a hop what it believes (`reading`); the transport follows that, or the reading of another
source where one is given. `iter_beats(samples)` runs it hop by hop; a beat is claimed when the
clock crosses it while it is sure enough: behind `liquidlight beats`. Runs on the analysis thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.audio.beats import HIGH_BPM, LOW_BPM, OnsetEar
from engine.audio.features import FeatureExtractor
from engine.audio.media import stream_hops
from engine.audio.transport import Transport
from engine.records import AudioBlock, Beat, Features, Reading

SURE = 0.3
"""Confidence from which a beat is claimed."""
EARS = {"onsets": OnsetEar}
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
        self, low_bpm: float = LOW_BPM, high_bpm: float = HIGH_BPM, ear: str = "onsets"
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
    samples: np.ndarray, low_bpm: float = LOW_BPM, high_bpm: float = HIGH_BPM
) -> Iterator[BeatClaim]:
    """The beats of (n, 2) samples at SAMPLERATE as they become known, tempo in low..high."""
    hearing, last = Hearing(low_bpm, high_bpm), Beat()
    for block in stream_hops(samples):
        _, beat = hearing.process(block)
        if int(beat.beat) > int(last.beat) and beat.confidence >= SURE:
            yield _claim(last, beat)
        last = beat


def _claim(before: Beat, after: Beat) -> BeatClaim:
    """The crossing lies on the straight line between two hops."""
    count = int(after.beat)
    skipped = round(after.beat - before.beat - (after.time - before.time) * after.bpm / 60.0)
    share = (count - skipped - before.beat) / (after.beat - skipped - before.beat)
    t = before.time + share * (after.time - before.time)
    return BeatClaim(max(0.0, t), after.time, after.bpm, count % 4 + 1)
