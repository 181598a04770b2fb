"""Accompaniment by MMA (Musical MIDI Accompaniment): its grooves over chords of our own.

A chart is written from a seed (a groove file, its variations and fills, chords, tempo, a melody),
mma turns it into MIDI, midi.py into sound. Grooves in four, a few in three. A groove file belongs
to one split only, by a checksum of its name. Debian: mma.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import zlib
from functools import lru_cache
from pathlib import Path

import mido
import numpy as np

from training.music.grid import Grid, drifting, steady
from training.music.midi import (
    DRUMS,
    SOUNDFONT,
    fonts,
    render,
    with_band,
    with_grid,
    without_channel,
)
from training.music.piece import Piece
from training.music.players import loosened, swung, thinned
from training.music.sounds import RATE
from training.music.wide import wide_render

LIBRARY = Path("/usr/share/mma/lib")
LEFT_OUT = ("metronome", "count", "ending", "intro", "none", "68", "12-8", "128", "-54", "2beat")
"""Parts of names of files that are no music, or in meters that are not wanted here."""
TEMPI = (
    ("ballad|slow|serenade|hymn|lullaby|spiritual", (70, 96)),
    ("dnb", (164, 178)), ("hip|trip|ambient|reggae|rb|r.b|soul", (72, 106)),
    ("techno|rave|trance|house|dance|disco", (116, 146)), ("bebop|quickstep|fast|punk", (140, 180)),
    ("swing|jazz|dixie|combo|ska|polka", (100, 176)), ("salsa|samba|mambo|merengue|cha", (88, 128)),
)  # fmt: skip
OTHERS = (80, 152)
CHORDS = ("C", "Am", "F", "G", "Dm", "Em", "G7", "C7", "Am7", "Dm7", "Fmaj7", "E7", "A7", "Fm")
SCALE = (0, 2, 4, 5, 7, 9, 11)


@lru_cache
def files(split: str) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    """(file, meter, groove names) of the files of a split."""
    found = []
    for path in sorted(LIBRARY.glob("*/*.mma")):
        name = f"{path.parent.name}/{path.name}"
        text = path.read_text("utf-8", "replace")
        times = set(re.findall(r"(?mi)^\s*time\s+(\d+)", text))
        grooves = tuple(re.findall(r"(?mi)^\s*defgroove\s+(\S+)", text))
        if len(times) != 1 or not grooves or any(word in path.stem for word in LEFT_OUT):
            continue
        if (meter := int(times.pop())) in (3, 4) and _split_of(name) == split:
            found.append((name, meter, grooves))
    return tuple(found)


def _split_of(name: str) -> str:
    part = zlib.crc32(name.encode()) % 20
    return "train" if part < 14 else "valid" if part < 16 else "final"


def groove(split: str, rng: np.random.Generator) -> Piece:
    """Half a minute to a minute and a half of a groove of the split."""
    chosen = files(split)
    name, meter, grooves = chosen[rng.integers(len(chosen))]
    if meter == 3 and rng.random() < 0.5:  # fewer waltzes than there are files
        name, meter, grooves = chosen[rng.integers(len(chosen))]
    return played(name, meter, grooves, rng, wide=split == "train")


def played(
    name: str, meter: int, grooves: tuple[str, ...], rng: np.random.Generator, wide: bool = False
) -> Piece:
    """One groove file over a chart of our own; `wide`: more soundfonts, tempi and players."""
    low, high = next((t for words, t in TEMPI if re.search(words, name)), OTHERS)
    if wide:
        low, high = 0.87 * low, 1.1 * high
    bpm = float(rng.uniform(low, high))
    bars = int(np.clip(rng.uniform(45, 95) * bpm / 60 / meter, 12, 64))
    midi = _compiled(_chart(name, grooves, bars, rng))
    beats = bars * meter
    grid = steady(bpm, beats + 1)
    if rng.random() < 0.5:
        grid = drifting(bpm, beats + 1, rng, rng.uniform(0.002, 0.02))
    return _piece(midi, grid, beats, meter, name, rng, wide)


def _piece(midi: mido.MidiFile, grid: Grid, beats: int, meter: int, name: str,
           rng: np.random.Generator, wide: bool) -> Piece:
    if rng.random() < 0.7:
        midi = with_band(midi, rng, change=0.35)
    if rng.random() < 0.7:
        midi.tracks.append(_melody(midi.ticks_per_beat, beats, meter, rng))
    if rng.random() < 0.08 and not name.startswith("zoom"):
        midi = without_channel(midi, DRUMS)
    room, font = bool(rng.random() < 0.3), SOUNDFONT
    if wide:
        midi, font = thinned(midi, rng), fonts()[int(rng.integers(len(fonts())))]
    swing = swung(float(rng.uniform(0.03, 0.17))) if wide and rng.random() < 0.12 else None
    midi = with_grid(midi, grid, swing)
    samples = wide_render(loosened(midi, rng), room, font, rng) if wide else render(midi, room)
    times, end = grid.times[:beats], float(grid.times[beats])
    count = int(np.searchsorted(times, len(samples) / RATE))
    rest = ((end, len(samples) / RATE),) if len(samples) / RATE > end else ()
    return Piece(
        samples, times[:count], np.arange(count) % meter + 1, meter, grid.bpm, "mma",
        Path(name).stem, name, (("song", 0.0, min(end, len(samples) / RATE)),), unknown=rest)


def _chart(name: str, grooves: tuple[str, ...], bars: int, rng: np.random.Generator) -> str:
    """The text that mma reads: a groove every four or eight bars, one or two chords a bar."""
    fills = [g for g in grooves if re.search("Fill|Intro|End", g)]
    mains = [g for g in grooves if g not in fills] or list(grooves)
    mains = [str(g) for g in rng.choice(mains, min(3, len(mains)), replace=False)]
    lines = [f"RndSeed {int(rng.integers(1, 10**6))}", "Tempo 120",
             f"Transpose {int(rng.integers(-5, 6))}"]
    loop = [str(c) for c in rng.choice(CHORDS, int(rng.choice([4, 4, 8])))]
    for bar in range(bars):
        if bar % 8 == 0 or (bar % 4 == 0 and rng.random() < 0.3):
            lines.append(f"Groove {name}:{mains[int(rng.integers(len(mains)))]}")
        elif bar % 8 == 7 and fills and rng.random() < 0.3:
            lines.append(f"Groove {name}:{fills[int(rng.integers(len(fills)))]}")
        chord = loop[bar % len(loop)]
        if rng.random() < 0.2:
            chord += f" / {rng.choice(CHORDS)}"
        lines.append(f"{bar + 1} {chord}")
    return "\n".join(lines) + "\n"


def _compiled(chart: str) -> mido.MidiFile:
    with tempfile.TemporaryDirectory(prefix="music-") as folder:
        source, target = Path(folder, "a.mma"), Path(folder, "a.mid")
        source.write_text(chart)
        done = subprocess.run(["mma", "-f", str(target), str(source)], capture_output=True,
                              text=True, timeout=120)
        if not target.exists():
            raise RuntimeError(f"mma: {done.stdout[-300:]}")
        return mido.MidiFile(target, clip=True)


def _melody(per_beat: int, beats: int, meter: int, rng: np.random.Generator) -> mido.MidiTrack:
    """A tune of two bars, repeated with changes, on channel 15."""
    track = mido.MidiTrack([mido.Message("program_change", channel=15,
                                         program=int(rng.integers(0, 96)))])
    each = float(rng.choice([0.5, 0.5, 1.0, 0.25]))
    figure = rng.integers(0, 12, round(2 * meter / each))
    rests = rng.random(len(figure)) < rng.uniform(0.2, 0.6)
    waited = 0
    for step in range(int(beats / each)):
        place = step % len(figure)
        length = round(each * per_beat)
        if rests[place] or rng.random() < 0.08:
            waited += length
            continue
        degree = int(figure[place] + (rng.integers(-1, 2) if rng.random() < 0.15 else 0))
        note = 60 + 12 * (degree // 7) + SCALE[degree % 7]
        on = mido.Message("note_on", channel=15, note=note, velocity=int(rng.integers(60, 100)))
        track.append(on.copy(time=waited))
        track.append(mido.Message("note_off", channel=15, note=note, time=round(0.9 * length)))
        waited = length - round(0.9 * length)
    return track
