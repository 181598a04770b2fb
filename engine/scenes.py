"""Which look is seen at a moment, which one is being left, and how far the change has come.

A Moment and show time in, the two looks and a share out. Pure and in closed form, like `resolve`.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.records import Controls, Moment
from engine.show import Preset, Show

BEATS_A_BAR = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """The look left, the look entered, and how far the change has come: `k` 0..1, eased.

    `shader` is the transition that draws the change, "" a plain mix.
    """

    before: Preset
    after: Preset
    k: float
    shader: str = ""

    @property
    def changing(self) -> bool:
        return self.k < 1.0 and self.before is not self.after


def scene_index(show: Show, beat: float, controls: Controls) -> int:
    """The preset being shown: the chosen one, or the autopilot's, which counts bars."""
    if controls.scene is not None:
        return controls.scene % len(show.presets)
    return int(beat // (show.bars * BEATS_A_BAR)) % len(show.presets)


def shown_at(time: float, moment: Moment, show: Show) -> Shown:
    """What is shown at `time` seconds, knowing everything up to `moment`."""
    controls, beat = moment.controls, moment.signals.beat
    if controls.hush:
        return Shown(show.hush, show.hush, 1.0)
    count, length, now = len(show.presets), show.bars * BEATS_A_BAR, beat.at(time)
    after = scene_index(show, now, controls)
    if controls.scene is not None:
        before = after if controls.scene_before is None else controls.scene_before % count
        since = (time - controls.scene_since) * beat.bpm / 60.0
    else:
        before = (after - 1) % count if now >= length else after
        since = now % length
    k = max(0.0, since) / show.fade_beats if since < show.fade_beats > 0.0 else 1.0
    return Shown(show.presets[before], show.presets[after], k * k * (3.0 - 2.0 * k))
