"""The stems of a song, heard each by itself: sound files in, named signals of every hop out.

Each stem that a show uses has features and signals of its own, with its own automatic gain, at the
beat of the whole. Stepped by the graph once a hop, by the place in the song, so that hops passed
over are passed over here too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from engine.audio.features import FeatureExtractor
from engine.audio.media import decode
from engine.records import HOP, AudioBlock, Beat
from engine.signals import HearingSettings, SignalMaker

Values = dict[str, float]
Clocks = dict[str, tuple[float, float]]


class Stems:
    """The stems named in `used` (names like `drums.level`) of those in `samples`, each (n, 2)."""

    def __init__(self, samples: Mapping[str, np.ndarray], used: Collection[str]) -> None:
        wanted = {name.partition(".")[0] for name in used}
        self._parts = {
            stem: (sound, FeatureExtractor(), SignalMaker())
            for stem, sound in samples.items() if stem in wanted
        }

    def step(self, index: int, beat: Beat, settings: HearingSettings) -> tuple[Values, Clocks]:
        """Values and clocks by name for the hop whose first sample is `index` of the song."""
        values: Values = {}
        clocks: Clocks = {}
        for stem, (sound, extractor, maker) in self._parts.items():
            part = sound[index : index + HOP]
            if len(part) < HOP:
                part = np.concatenate([part, np.zeros((HOP - len(part), 2), np.float32)])
            signals = maker.step(extractor.process(AudioBlock(index, part)), beat, settings)
            values.update((f"{stem}.{name}", value) for name, value in signals.values.items())
            clocks.update((f"{stem}.{name}", clock) for name, clock in signals.clocks.items())
        return values, clocks


def load_stems(files: Mapping[str, Path], used: Collection[str]) -> Stems | None:
    """Decode those that are used; None where there are none. Raises MediaError."""
    wanted = {name.partition(".")[0] for name in used}
    found = {stem: decode(path) for stem, path in files.items() if stem in wanted}
    return Stems(found, used) if found else None
