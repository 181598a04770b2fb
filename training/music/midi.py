"""MIDI with a known tempo map to sound: fluidsynth plays it, the map says where the beats are.

Needs fluidsynth and the General MIDI soundfont FluidR3 (Debian: fluidsynth, fluid-soundfont-gm);
other soundfonts are used for training where they are installed (FONTS). A note starts
within 2 ms of its time in the map: tests/training/test_music.py measures it.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np

from training.music.grid import Grid
from training.music.sounds import RATE

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
FONTS = {
    "fluid-soundfont-gm": SOUNDFONT,
    "timgm6mb-soundfont": Path("/usr/share/sounds/sf2/TimGM6mb.sf2"),
    "musescore-general-soundfont-small": Path("/usr/share/sounds/sf3/MuseScore_General_Lite.sf3"),
    "opl3-soundfont": Path("/usr/share/sounds/sf2/OPL-3_FM_128M.sf2"),
}
"""General MIDI soundfonts by Debian's packages."""
LATE = {"OPL-3_FM_128M": 0.006}
"""Seconds of silence with which every sample of a soundfont begins, measured."""
BLOCK = 64
"""Samples by which fluidsynth is late: a note begins with its next block."""
FINE = 10_000
"""Ticks a quarter note where notes are placed by seconds: two quarters a second, 50 us a tick."""
DRUMS = 9
DRUM_KITS = (0, 8, 16, 24, 25, 32, 40)
"""Standard, room, power, electronic, TR-808, jazz, brush: programs of the drum channel."""


def installed() -> bool:
    """Whether MIDI can be rendered here."""
    return bool(shutil.which("fluidsynth")) and SOUNDFONT.is_file()


def fonts() -> list[Path]:
    """The soundfonts that are installed here, always in the same order."""
    return [path for path in FONTS.values() if path.is_file()]


def render(midi: mido.MidiFile, room: bool = False, font: Path = SOUNDFONT) -> np.ndarray:
    """Mono float32 sound at 48 kHz, peak 0.9; `room` adds fluidsynth's reverb and chorus."""
    with tempfile.TemporaryDirectory(prefix="music-") as folder:
        source, target = Path(folder, "a.mid"), Path(folder, "a.raw")
        midi.save(source)
        effects = str(int(room))
        subprocess.run(
            ["fluidsynth", "-ni", "-q", "-R", effects, "-C", effects, "-g", "0.5", "-r", str(RATE),
             "-o", "synth.polyphony=128", "-o", "synth.dynamic-sample-loading=1",
             "-T", "raw", "-O", "s16", "-F", str(target), str(font), str(source)],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
        sound = np.fromfile(target, "<i2").reshape(-1, 2).astype(np.float32).mean(1)[BLOCK:]
    sound = sound[round(LATE.get(font.stem, 0.0) * RATE) :]
    loud = np.flatnonzero(np.abs(sound) > 2.0)
    sound = sound[: (loud[-1] if len(loud) else 0) + RATE // 10]
    return (0.9 * sound / max(1.0, float(np.abs(sound).max()))).astype(np.float32)


def tempo_map(midi: mido.MidiFile) -> list[tuple[int, int]]:
    """(tick, microseconds a quarter) in order, one from tick 0 on."""
    found = {0: 500_000}
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo":
                found[tick] = message.tempo
    return sorted(found.items())


def beat_times(midi: mido.MidiFile, quarters: np.ndarray) -> np.ndarray:
    """Seconds of positions counted in quarter notes from the start."""
    marks = tempo_map(midi)
    ticks = np.array([tick for tick, _ in marks], float) / midi.ticks_per_beat
    each = np.array([tempo for _, tempo in marks]) / 1e6
    starts = np.concatenate([[0.0], np.cumsum(np.diff(ticks) * each[:-1])])
    at = np.searchsorted(ticks, quarters, side="right") - 1
    return starts[at] + (quarters - ticks[at]) * each[at]


def span(midi: mido.MidiFile) -> tuple[float, float]:
    """Quarter notes at which the first note begins and the last one ends."""
    first, last = np.inf, 0
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                first = min(first, tick)
            if message.type in ("note_on", "note_off"):
                last = max(last, tick)
    return first / midi.ticks_per_beat, last / midi.ticks_per_beat


def with_grid(
    midi: mido.MidiFile, grid: Grid, swing: Callable[[np.ndarray], np.ndarray] | None = None
) -> mido.MidiFile:
    """The same notes in the tempo of a grid; `swing` moves them between the beats first."""
    counts, last = np.arange(len(grid.times)), float(grid.times[-1] - grid.times[-2])

    def seconds(quarters: np.ndarray) -> np.ndarray:
        quarters = quarters if swing is None else swing(quarters)
        beyond = np.maximum(0.0, quarters - counts[-1]) * last
        return np.interp(quarters, counts, grid.times) + beyond

    return _placed(midi, seconds)


def straight(midi: mido.MidiFile) -> mido.MidiFile:
    """The same notes at the same seconds, without the tempo marks of the file."""
    return _placed(midi, lambda quarters: beat_times(midi, quarters))


def _placed(midi: mido.MidiFile, seconds: Callable[[np.ndarray], np.ndarray]) -> mido.MidiFile:
    """Notes at `seconds(quarters)`, by one constant tempo and very fine ticks.

    Not by tempo marks: fluidsynth rounds each down to a whole millisecond, and the sound then
    runs away from the map by up to a millisecond a beat.
    """
    out = mido.MidiFile(ticks_per_beat=FINE)
    out.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)]))
    for track in midi.tracks:
        quarters = np.cumsum([m.time for m in track]) / midi.ticks_per_beat
        ticks = np.round(seconds(quarters) * 2 * FINE).astype(int)
        waits = np.diff(ticks, prepend=0)
        moved = [m.copy(time=int(w)) for m, w in zip(track, waits, strict=True)]
        out.tracks.append(_without(mido.MidiTrack(moved), lambda m: m.type == "set_tempo"))
    return out


def _without(track: mido.MidiTrack, drop) -> mido.MidiTrack:
    """A track without some messages, the others in their place."""
    kept, waited = mido.MidiTrack(), 0
    for message in track:
        if drop(message):
            waited += message.time
        else:
            kept.append(message.copy(time=message.time + waited))
            waited = 0
    return kept


def with_band(midi: mido.MidiFile, rng: np.random.Generator, change: float = 0.5) -> mido.MidiFile:
    """Other instruments and another drum kit; each channel changes with chance `change`."""
    kit = int(rng.choice(DRUM_KITS))
    chosen = {c: int(rng.integers(0, 96)) for c in range(16) if rng.random() < change}
    chosen[DRUMS] = kit

    def ours(message) -> bool:
        return message.type == "program_change" and message.channel in chosen

    out = mido.MidiFile(ticks_per_beat=midi.ticks_per_beat)
    out.tracks.append(mido.MidiTrack(
        mido.Message("program_change", channel=c, program=p) for c, p in chosen.items()))
    out.tracks.extend(_without(track, ours) for track in midi.tracks)
    return out


def without_channel(midi: mido.MidiFile, channel: int) -> mido.MidiFile:
    """The piece while one player rests."""
    out = mido.MidiFile(ticks_per_beat=midi.ticks_per_beat)
    out.tracks.extend(
        _without(track, lambda m: m.type == "note_on" and m.channel == channel)
        for track in midi.tracks)
    return out
