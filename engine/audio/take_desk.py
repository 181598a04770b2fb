"""The tempo desk of a take that began in the midst of a show: the beat is as it was, hop by hop.

Sound flows in and is heard for its features alone; the Beat of each hop flows out of the take,
because no ear could find in an instant what another had followed for minutes. Analysis thread, or
the loop of a film.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.audio.tempo_desk import TempoDesk, TempoSettings
from engine.audio.tempo_sources.contract import TempoSource
from engine.records import HOP, AudioBlock, Beat, Features


class BeatsAgain(TempoDesk):
    """Says `beats`, by the hop of the show, after `before`; where there is none it carries on."""

    def __init__(
        self, settings: TempoSettings, sources: Iterable[TempoSource], before: Beat,
        beats: Mapping[int, Beat],
    ) -> None:  # fmt: skip
        super().__init__(settings, sources)
        self._beats, self._beat = beats, before

    def process(self, block: AudioBlock) -> tuple[Features, Beat]:
        features, _ = super().process(block)
        carried = replace(self._beat, time=block.time, beat=self._beat.at(block.time))
        self._beat = self._beats.get(block.index // HOP, carried)
        return features, self._beat
