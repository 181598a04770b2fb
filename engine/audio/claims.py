"""Lists the beats of a recording causally: what the live show would have claimed, and when.

`iter_beats(samples)` runs the live chain (features, tracker, flywheel) hop by hop; a beat is
claimed when the clock crosses it while it is sure enough. Behind `liquidlight beats`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.audio.beats import HIGH_BPM, LOW_BPM, BeatTracker
from engine.audio.features import FeatureExtractor
from engine.audio.media import stream_hops
from engine.audio.transport import Transport
from engine.records import AudioBlock, Beat

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

    def process(self, block: AudioBlock):
        """Features and Beat at the end of the block, one call a hop, in order."""
        features = self.extractor.process(block)
        heard = self.tracker.process(block, features)
        return features, self.transport.advance(block.time, heard)


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
    share = (count - before.beat) / (after.beat - before.beat)
    t = before.time + share * (after.time - before.time)
    return BeatClaim(max(0.0, t), after.time, after.bpm, count % 4 + 1)
