"""Sounds of General MIDI soundfonts for the generator: sampled drums and instruments.

Every sound is rendered once by fluidsynth and kept beside the data set (about 110 MB of int16 a
soundfont). Without fluidsynth the generator goes on with its own.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import mido
import numpy as np

from training.music.midi import DRUM_KITS, DRUMS, SOUNDFONT, installed, render
from training.music.sounds import RATE, Kit

FOLDER = Path(__file__).resolve().parent.parent / "out" / "music" / "bank"
KEYS = range(35, 82)
SECONDS = 1.0
PROGRAMS = (0, 4, 5, 7, 11, 16, 18, 24, 25, 26, 27, 28, 30, 32, 33, 34, 36, 38, 39, 45, 48, 50, 54,
            55, 56, 61, 62, 63, 65, 80, 81, 84, 87, 88, 89, 90, 93, 95)  # fmt: skip
BASSES = (32, 33, 34, 36, 38, 39, 87)
LOWEST, STEP, NOTES = 28, 5, 13
HELD = 2.5


@lru_cache(maxsize=16)
def _sounds(channel: int, program: int, font: Path = SOUNDFONT) -> np.ndarray | None:
    """(keys, samples) int16: a row a key; None without fluidsynth."""
    folder = FOLDER if font == SOUNDFONT else FOLDER / font.stem
    path = folder / f"{'drums' if channel == DRUMS else 'tone'}-{program:03d}.npy"
    if not path.exists():
        if not installed():
            return None
        notes = KEYS if channel == DRUMS else [LOWEST + STEP * k for k in range(NOTES)]
        seconds = SECONDS if channel == DRUMS else HELD
        rows = _rendered(channel, program, list(notes), seconds, font)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, rows)
    return np.load(path, mmap_mode="r")


def _rendered(
    channel: int, program: int, notes: list[int], seconds: float, font: Path
) -> np.ndarray:
    """Each note on its own, one after the other, every `seconds` and a quarter of silence."""
    track = mido.MidiTrack([mido.Message("program_change", channel=channel, program=program)])
    for note in notes:  # 480 ticks are half a second at the tempo that holds without a mark
        held = round(960 * seconds)
        track.append(mido.Message("note_on", channel=channel, note=note, velocity=112))
        track.append(mido.Message("note_off", channel=channel, note=note, time=held))
        track.append(mido.Message("note_on", channel=channel, note=note, velocity=0, time=240))
    midi = mido.MidiFile()
    midi.tracks.append(track)
    sound = render(midi, font=font)
    every, size = round((seconds + 0.25) * RATE), round(seconds * RATE)
    sound = np.pad(sound, (0, max(0, every * len(notes) - len(sound))))
    rows = sound[: every * len(notes)].reshape(len(notes), every)[:, :size]
    rows = rows / np.maximum(1e-3, np.abs(rows).max(1, keepdims=True))
    return np.round(32767 * rows).astype(np.int16)


def _faded(row: np.ndarray, seconds: float) -> np.ndarray:
    size = min(len(row), max(480, round(seconds * RATE)))
    sound = np.asarray(row[:size], np.float32) / 32767.0
    tail = min(size, 960)
    sound[-tail:] *= np.linspace(1, 0, tail, dtype=np.float32)
    return sound


def with_samples(
    kit: Kit, rng: np.random.Generator, kick: bool, font: Path = SOUNDFONT
) -> Kit:
    """The kit with most of its drums from one sampled kit; `kick` also the kick."""
    rows = _sounds(DRUMS, int(rng.choice(DRUM_KITS)), font)
    if rows is None:
        return kit

    def key(*keys: int, seconds: float = SECONDS) -> np.ndarray:
        return _faded(rows[int(rng.choice(keys)) - KEYS.start], seconds)

    if kick:
        kit.kick = key(35, 36, seconds=0.6)
    kit.snare, kit.layer, kit.roll = key(38, 40, 39), key(37, 39, 40), key(38, 40)
    kit.closed, kit.open = key(42, 44, seconds=0.3), key(46)
    kit.ride, kit.crash, kit.shaker = key(51, 53, 59), key(49, 57), key(70, 69, 82 - 1, seconds=0.2)
    kit.drums = [key(*range(41, 49)), key(*range(60, 67)), key(54, 56, 67, 68, 75, 76, 77)]
    return kit


class SampledVoice:
    """An instrument of the soundfont, with the one method of sounds.Voice."""

    def __init__(self, program: int, font: Path = SOUNDFONT) -> None:
        self._program, self._font = program, font
        self._kept: dict[tuple[float, int], np.ndarray] = {}

    def note(self, note: float, seconds: float) -> np.ndarray:
        """The nearest sampled note brought to this one, at most HELD seconds."""
        key = (note, round(seconds * 200))
        if key not in self._kept:
            rows = _sounds(0, self._program, self._font)
            place = int(np.clip(round((note - LOWEST) / STEP), 0, NOTES - 1))
            row = rows[place]
            speed = 2.0 ** ((note - LOWEST - STEP * place) / 12)
            size = min(round(seconds * RATE), int(len(row) / speed) - 2)
            sound = np.interp(np.arange(size) * speed, np.arange(len(row)), row)
            self._kept[key] = _faded(sound, seconds)
        return self._kept[key]


def sampled_voice(
    rng: np.random.Generator, bass: bool, font: Path = SOUNDFONT
) -> SampledVoice | None:
    """A drawn instrument; None where nothing can be rendered."""
    program = int(rng.choice(BASSES if bass else [p for p in PROGRAMS if p not in BASSES]))
    return SampledVoice(program, font) if _sounds(0, program, font) is not None else None
