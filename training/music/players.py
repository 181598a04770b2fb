"""MIDI as other players would play it: not quite together, swung, or with some of them resting.

Used for the split `train` alone. Each function takes a MIDI file and a random generator and
returns another one; the grid of beats stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable

import mido
import numpy as np

from training.music.midi import DRUMS, FINE

KICKS = (35, 36)
SNARES = (37, 38, 39, 40)
TOGETHER_MS, SCATTER_MS = 6.0, 7.0
"""Deviation of a player's lag behind the grid, and of the notes of a player, milliseconds."""


def loosened(midi: mido.MidiFile, rng: np.random.Generator) -> mido.MidiFile:
    """Notes placed by seconds (midi.with_grid, midi.straight) moved a little, player by player.

    What a player strikes at once stays together, and a note is as long as it was: one that ended
    before it began would never end, and fluidsynth with it.
    """
    tight = float(rng.choice([0.0, 0.4, 1.0]))
    lags = rng.normal(0, tight * TOGETHER_MS, 16)
    lags[DRUMS] *= 0.4
    scatter = tight * SCATTER_MS * rng.uniform(0.2, 1.0, 16)
    drawn: dict[tuple[int, int], int] = {}

    def shift(channel: int, tick: int) -> int:
        if (channel, tick) not in drawn:
            ms = lags[channel] + scatter[channel] * np.clip(rng.standard_normal(), -2, 2)
            drawn[channel, tick] = round(ms * 2e-3 * FINE)
        return drawn[channel, tick]

    return _moved(midi, shift) if tight else midi


def _moved(midi: mido.MidiFile, shift: Callable[[int, int], int]) -> mido.MidiFile:
    """Every note message `shift(channel, tick)` ticks later; other messages stay."""
    out = mido.MidiFile(ticks_per_beat=midi.ticks_per_beat)
    for track in midi.tracks:
        tick, placed, held = 0, [], {}
        for message in track:
            tick += message.time
            late = 0
            if message.type == "note_on" and message.velocity:
                held[message.channel, message.note] = late = shift(message.channel, tick)
            elif message.type in ("note_on", "note_off"):
                late = held.get((message.channel, message.note), 0)
            placed.append((max(0, tick + late), message))
        placed.sort(key=lambda p: p[0])  # stable: what was in order at one tick stays so
        waits = np.diff([at for at, _ in placed], prepend=0)
        out.tracks.append(mido.MidiTrack(
            m.copy(time=int(w)) for (_, m), w in zip(placed, waits, strict=True)))
    return out


def swung(share: float) -> Callable[[np.ndarray], np.ndarray]:
    """Quarter notes to quarter notes: the off-beat eighth `share` of a quarter late."""

    def to(quarters: np.ndarray) -> np.ndarray:
        whole = np.floor(quarters)
        return whole + np.interp(quarters - whole, (0.0, 0.5, 1.0), (0.0, 0.5 + share, 1.0))

    return to


def thinned(midi: mido.MidiFile, rng: np.random.Generator) -> mido.MidiFile:
    """Mostly all of it; else no kick, no snare, no cymbals, drums alone, or some who rest."""
    way = rng.random()
    if way < 0.1:
        return _kept(midi, lambda m: m.channel != DRUMS or m.note not in KICKS)
    if way < 0.15:
        return _kept(midi, lambda m: m.channel != DRUMS or m.note not in SNARES)
    if way < 0.22:
        return _kept(midi, lambda m: m.channel != DRUMS or m.note <= 41)
    if way < 0.28 and _plays(midi, DRUMS):
        return _kept(midi, lambda m: m.channel == DRUMS)
    if way < 0.45:
        rest = set(np.flatnonzero(rng.random(16) < 0.4)) - {DRUMS}
        return _kept(midi, lambda m: m.channel not in rest) if _plays(midi, DRUMS) else midi
    return midi


def _plays(midi: mido.MidiFile, channel: int) -> bool:
    """Whether a channel has notes enough to carry a beat."""
    notes = (m for track in midi.tracks for m in track if m.type == "note_on")
    return sum(m.channel == channel and m.velocity > 0 for m in notes) > 60


def _kept(midi: mido.MidiFile, keep: Callable[[mido.Message], bool]) -> mido.MidiFile:
    """Without the note_on messages that are not kept; all others stay in their place."""
    out = mido.MidiFile(ticks_per_beat=midi.ticks_per_beat)
    for track in midi.tracks:
        kept, waited = mido.MidiTrack(), 0
        for message in track:
            if message.type == "note_on" and message.velocity and not keep(message):
                waited += message.time
            else:
                kept.append(message.copy(time=message.time + waited))
                waited = 0
        out.tracks.append(kept)
    return out
