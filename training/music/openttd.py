"""The MIDI files of Debian's openttd-openmsx: their tempo maps give the beats.

Each file was looked at (where kicks and snares fall within the bar): `meter` 4 only where the
written bars fit what the drums play, else 0 and only beats are labelled. Left out are files whose
notes do not keep to their grid (tttheme2, careless_perc), whose written quarter is not the beat
(busy_schedule, the_fast_route) or who are felt at half the tempo (flying_scotsman).
"""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np

from training.music.midi import (
    DRUMS,
    beat_times,
    fonts,
    render,
    span,
    straight,
    with_band,
    without_channel,
)
from training.music.piece import Piece, cut
from training.music.players import loosened, thinned
from training.music.sounds import RATE
from training.music.wide import wide_render

FOLDER = Path("/usr/share/games/openttd/baseset/openmsx")
LONGEST = 110.0
FILES = {
    "train": {
        "be_sharp_bw_redfarn": 4, "boogi_marabi_redfarn": 0, "chuggachugga": 4,
        "city_blues_redfarn": 4, "coconut_run2": 4, "linns_basket": 4, "mighty_giant_run": 0,
        "modern_motion": 4, "mosey_along_redfarn": 0, "no_work_song_redfarn": 4,
        "run_for_your_life": 4, "train_filled_with_cash": 0, "ttsong_iv_imuh3": 4,
        "chemistry_lab": 0, "the_hobo_redfarn": 0,
    },
    "valid": {"harp_harmony": 4, "slow_neasy_redfarn": 0, "ultimate_run": 4, "5432gone_redfarn": 0},
    "final": {
        "keep_on_rolling": 4, "midnight_snow_run": 4, "moo_redfarn": 4, "relax_song": 4,
        "say_what_redfarn": 4, "ttsong_iii_imuh3": 4, "wood_whistles": 4,
    },
}  # fmt: skip


def song(split: str, rng: np.random.Generator) -> Piece:
    """A file of the split as it is, or with other instruments or resting drums."""
    name = str(rng.choice(list(FILES[split])))
    return named(name, FILES[split][name], rng, wide=split == "train")


def named(
    name: str, meter: int, rng: np.random.Generator, varied: bool = True, wide: bool = False
) -> Piece:
    """One file, at most LONGEST seconds of it; `wide`: of any soundfont, by looser players."""
    midi = mido.MidiFile(FOLDER / f"{name}.mid", clip=True)
    first, last = span(midi)
    if varied and rng.random() < 0.6:
        midi = with_band(midi, rng, change=0.4)
    if varied and rng.random() < 0.1:
        midi = without_channel(midi, DRUMS)
    room = bool(rng.random() < 0.3)
    if wide:
        font = fonts()[int(rng.integers(len(fonts())))]
        samples = wide_render(loosened(thinned(straight(midi), rng), rng), room, font, rng)
    else:
        samples = render(straight(midi), room)
    counts = np.arange(int(np.ceil(first - 1e-6)), int(last + 1e-6))
    times = beat_times(midi, counts)
    pos = counts % meter + 1 if meter else np.zeros(len(counts), int)
    end = float(times[-1]) + 0.5
    unknown = ((0.0, float(beat_times(midi, np.array([first]))[0])), (end, len(samples) / RATE))
    piece = Piece(
        samples, times, pos, meter, float(60 / np.median(np.diff(times))), "openttd", name, name,
        (("song", 0.0, end),), unknown=tuple(u for u in unknown if u[1] > u[0]))
    start = rng.uniform(0, max(0.0, piece.seconds - LONGEST)) if varied else 0.0
    return cut(piece, start, min(piece.seconds, start + LONGEST))
