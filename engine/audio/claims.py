"""Lists the beats of a recording causally: what the live show would have claimed, and when.

`iter_beats(samples)` runs the live chain (features, tracker, flywheel) hop by hop; a beat is
claimed when the clock crosses it while it is sure enough. Behind `liquidlight beats`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.audio.bars import BarFinder
from engine.audio.beats import HIGH_BPM, LOW_BPM, BeatTracker
from engine.audio.features import FeatureExtractor
from engine.audio.media import stream_hops
from engine.audio.transport import Transport
from engine.records import AudioBlock, Beat, Features

SURE = 0.2
"""Confidence from which a beat is claimed."""


@dataclass(frozen=True, slots=True)
class BeatClaim:
    """A beat at `t` seconds, known once `emitted` seconds of the stream were heard."""

    t: float
    emitted: float
    bpm: float
    bar_pos: int


class Hearing:
    """The chain from sound to Beat: what live and offline share."""

    def __init__(self, low_bpm: float = LOW_BPM, high_bpm: float = HIGH_BPM) -> None:
        self.extractor = FeatureExtractor()
        self.tracker = BeatTracker(low_bpm, high_bpm)
        self.transport = Transport()
        self.bars: BarFinder | None = BarFinder()

    def process(self, block: AudioBlock) -> tuple[Features, Beat]:
        """Features and Beat at the end of the block, one call a hop, in order."""
        features = self.extractor.process(block)
        heard = self.tracker.process(block, features)
        beat = self.transport.advance(block.time, heard)
        if self.bars is not None and (skip := self.bars.process(block, features, beat)):
            self.transport.skip(skip)
            beat = self.transport.beat
        return features, beat

    def beat_one(self, time: float) -> None:
        """The hand says where the bar begins, and is believed from then on."""
        self.transport.beat_one(time)
        self.bars = None


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
