"""What the players play: strokes and notes of every section, added to the buses of a Score.

One part is drawn a piece (patterns, chords, bass line, figure) and repeated with small changes, as
sequenced music does; a fill leads into the next section. Positions are beats; swing delays the
notes, never the grid.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from training.music.bank import sampled_voice
from training.music.grid import Grid
from training.music.midi import SOUNDFONT, fonts
from training.music.sounds import RATE, Kit, Voice
from training.music.styles import Style

BUSES = ("drums", "bass", "tones")
SCALES = {"minor": (0, 2, 3, 5, 7, 8, 10), "major": (0, 2, 4, 5, 7, 9, 11),
          "dorian": (0, 2, 3, 5, 7, 9, 10)}  # fmt: skip

SAMPLED, WIDE_SAMPLED = 0.35, 0.5
"""Share of the pieces that use a soundfont's instruments; without `wide` as many use its drums."""


@dataclass
class Score:
    """Buses of sound over a grid; `kicks` are the beats on which a kick fell."""

    grid: Grid
    rng: np.random.Generator
    beats: int
    swing: float = 0.0
    swing8: float = 0.0
    loose: float = 0.0
    kicks: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        n = round((self.grid.at(self.beats) + 2.0) * RATE)
        self.buses = {bus: np.zeros(n, np.float32) for bus in BUSES}

    def add(self, bus: str, beat: float, sound: np.ndarray, gain: float) -> None:
        """Mix a sound in at a beat; `loose` (seconds) is the player's scatter."""
        time = self.grid.at(beat) + (self.loose * self.rng.standard_normal() if self.loose else 0.0)
        start = max(0, round(float(time) * RATE))
        out = self.buses[bus][start : start + len(sound)]
        out += np.float32(gain) * sound[: len(out)]

    def swung(self, beat: float) -> float:
        """Where a sixteenth is played."""
        whole, step = divmod(round(beat * 4), 4)
        late = (0.0, self.swing8 / 2, self.swing8, self.swing8 / 2)[step]
        return whole + step / 4 + late + (self.swing if step % 2 else 0.0)


def strokes(pattern: str, rng: np.random.Generator) -> list[tuple[int, float]]:
    """Steps and gains of a pattern, drawn anew for every bar."""
    gains = {"x": 0.8, "X": 1.0, "o": 0.3}
    out = []
    for step, mark in enumerate(pattern):
        if mark == "?" and rng.random() < 0.4:
            out.append((step, 0.7))
        elif mark in gains:
            out.append((step, gains[mark]))
    return out


def changed(pattern: str, rng: np.random.Generator, share: float, keep: str = "") -> str:
    """A pattern with a few steps put in or left out; the steps of `keep` stay."""
    fixed = {step for step, mark in enumerate(keep) if mark != "."}
    marks = list(pattern)
    for step in range(1, len(marks)):
        if step not in fixed and rng.random() < share:
            marks[step] = "." if marks[step] != "." else str(rng.choice(["o", "x", "?"]))
    return "".join(marks)


@dataclass
class Band:
    """Everything drawn once a piece. `wide`: of all soundfonts; `forced` layers always play."""

    style: Style
    kit: Kit
    rng: np.random.Generator
    sampled: bool = True
    wide: bool = False
    forced: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        rng, style = self.rng, self.style
        self.kick = [changed(str(rng.choice(style.kick)), rng, style.mutate, "x...")
                     for _ in range(2)]
        if rng.random() < 0.5 or "x...x...x...x" in self.kick[0]:
            self.kick[1] = self.kick[0]
        keep = "....x...x...x..."
        self.snare = [changed(str(rng.choice(style.snare)), rng, style.mutate * 0.7, keep)]
        self.snare.append(changed(self.snare[0], rng, style.mutate, keep))
        self.hat = str(rng.choice(style.hat))
        self.second = changed(str(rng.choice(style.hat)), rng, 0.15)
        self.perc = "".join(rng.choice(["x", "o", "."], 16, p=[0.15, 0.1, 0.75]))
        self.root = int(rng.integers(28, 41))
        self.scale = SCALES[str(rng.choice(list(SCALES), p=[0.6, 0.25, 0.15]))]
        self.chord_bars = float(rng.choice(style.chord_bars))
        self.degrees = [0, *(int(d) for d in rng.integers(0, 7, 3))]
        self.line = str(rng.choice(style.bass))
        steps = np.flatnonzero(rng.random(16) < rng.uniform(0.25, 0.6))
        self.riff = [(int(s), int(rng.integers(0, 7)), float(rng.choice([0.2, 0.4, 0.9])))
                     for s in steps] or [(0, 0, 0.9)]
        self.figure = [int(rng.integers(0, 8)) if rng.random() < 0.6 else -1 for _ in range(16)]
        self.lead_rate = float(rng.choice([0.25, 0.25, 0.5]))
        self._voices()

    def _voices(self) -> None:
        rng = self.rng

        def voice(**fixed) -> Voice:
            drawn = dict(wave=str(rng.choice(["saw", "square", "soft", "organ"])),
                         dull=rng.uniform(1.5, 6), bright=rng.uniform(6, 40),
                         open=rng.uniform(0.05, 0.3), detune=rng.uniform(0.03, 0.2))
            return Voice(rng, **{**drawn, **fixed})

        low = {"bright": rng.uniform(3, 16), "attack": rng.uniform(0.002, 0.01)}
        self.bass = voice(**low, wave=str(rng.choice(["saw", "square", "sine", "soft"])),
                          unison=2 if self.line == "reese" else 1, sustain=0.6)
        self.pad = voice(attack=rng.uniform(0.02, 0.5), sustain=1.0, unison=2)
        self.stab = voice(attack=0.002, decay=rng.uniform(0.06, 0.2), sustain=rng.uniform(0, 0.3))
        self.lead = voice(attack=0.003, decay=rng.uniform(0.1, 0.5), sustain=rng.uniform(0, 0.6))

        share = WIDE_SAMPLED if self.wide else SAMPLED
        if self.sampled and rng.random() < share:  # instruments of the soundfont instead
            here = fonts() if self.wide else []
            font = here[int(rng.integers(len(here)))] if here else SOUNDFONT
            for name in ("bass", "pad", "stab", "lead"):
                chosen = sampled_voice(rng, name == "bass", font) if rng.random() < 0.6 else None
                setattr(self, name, chosen or getattr(self, name))

    def pitch(self, degree: int) -> int:
        """Semitones over the root of a degree of the scale."""
        octave, step = divmod(degree, 7)
        return 12 * octave + self.scale[step]

    def degree(self, beat: float) -> int:
        """The chord that sounds at a beat."""
        return self.degrees[int(beat / (4 * self.chord_bars) + 1e-6) % 4]


def play_drums(score: Score, band: Band, bar: int, on: set[str], last: bool) -> None:
    """One bar of drums; `on` names what plays, `last` asks for a fill."""
    rng, kit, beat0 = band.rng, band.kit, 4 * bar
    side = bar % 2
    cut = 16 if not last else int(rng.choice([8, 12, 14, 16]))
    if "kick" in on:
        for step, gain in strokes(band.kick[side], rng):
            if step < cut or rng.random() < 0.3:
                score.kicks.append(beat := score.swung(beat0 + step / 4))
                score.add("drums", beat, kit.kick, 0.55 + 0.35 * gain)
    if "snare" in on:
        for step, gain in strokes(band.snare[side], rng):
            score.add("drums", score.swung(beat0 + step / 4), kit.snare, 0.55 * gain)
    if "hats" in on:
        _hats(score, band, beat0)
    if "perc" in on:
        for step, gain in strokes(band.perc, rng):
            score.add("drums", score.swung(beat0 + step / 4), kit.drums[step % 3], 0.3 * gain)
    if last and ("snare" in on or "kick" in on) and rng.random() < 0.8:
        hit = [kit.snare, *kit.drums]
        for step in range(cut, 16):
            if rng.random() < 0.65:
                score.add("drums", score.swung(beat0 + step / 4), hit[rng.integers(4)],
                          rng.uniform(0.2, 0.6))


def _hats(score: Score, band: Band, beat0: int) -> None:
    rng, kit = band.rng, band.kit
    open_ = "..x...x" in band.hat
    for step, gain in strokes(band.hat, rng):
        sound = kit.open if open_ else kit.closed
        score.add("drums", score.swung(beat0 + step / 4), sound, rng.uniform(0.16, 0.24) * gain)
    for step, gain in strokes(band.second, rng):
        sound = kit.shaker if open_ else kit.ride
        score.add("drums", score.swung(beat0 + step / 4), sound, rng.uniform(0.06, 0.12) * gain)
    if rng.random() < 0.08 and not band.style.acoustic:  # a roll of hats: triplets or 32nds
        at, each = rng.integers(0, 4), float(rng.choice([1 / 8, 1 / 6, 1 / 12]))
        for k in range(int(1 / each)):
            score.add("drums", beat0 + at + k * each, kit.closed, 0.14)


def play_bass(score: Score, band: Band, bar: int) -> None:
    """One bar of the bass line."""
    rng, b = band.rng, 4 * bar
    root = band.root + band.pitch(band.degree(b)) % 12

    def put(step: float, note: int, beats: float, gain: float = 0.5) -> None:
        length = score.grid.seconds(b + step / 4, beats)
        score.add("bass", score.swung(b + step / 4), band.bass.note(note, length), gain)

    line = band.line
    if line == "off":
        for step in (2, 6, 10, 14):
            put(step, root, 0.4)
    elif line in ("roll", "triple", "rumble"):
        for step in (s for s in range(16) if s % 4):
            put(step, root, 0.22, 0.25 if line == "rumble" else 0.45)
    elif line == "octaves":
        for step in range(0, 16, 2):
            put(step, root + 12 * (step // 2 % 2), 0.4)
    elif line == "eighths":
        for step in range(0, 16, 2):
            put(step, root, 0.45)
    elif line in ("root", "reese"):
        put(0, root, 3.8 if rng.random() < 0.7 else 2.4)
        if rng.random() < 0.5:
            put(int(rng.choice([10, 12, 14])), root + int(rng.choice([0, 7, 12])), 0.6)
    elif line == "wobble":
        each = float(rng.choice([1 / 2, 1 / 3, 1 / 4, 2 / 3]))
        for k in range(int(4 / each)):
            score.add("bass", b + k * each,
                      band.bass.note(root, score.grid.seconds(b, 0.9 * each)), 0.5)
    elif line in ("riff", "melodic"):
        for step, degree, length in band.riff:
            up = band.pitch(degree) if line == "melodic" else (0, 0, 0, 12, 7, 0, 3)[degree]
            put(step, root + up, length)


def play_tones(score: Score, band: Band, bar: int, on: set[str]) -> None:
    """Pads on the chord changes, stabs, and the figure."""
    b, rng = 4 * bar, band.rng
    span = 4 * min(1.0, band.chord_bars)
    for k in range(round(4 / span)):
        at = b + k * span
        degree = band.degree(at)
        notes = [band.root + 24 + band.pitch(degree + d) for d in (0, 2, 4, 6)[: 3 + bar % 2]]
        if "pad" in on:
            for note in notes:
                length = score.grid.seconds(at, span)
                score.add("tones", at, band.pad.note(note, length), 0.12)
    notes = [band.root + 24 + band.pitch(band.degree(b) + d) for d in (0, 2, 4)]
    if "stab" in on or (band.style.skank and "pad" in on):
        perc = [step for step, mark in enumerate(band.perc) if mark != "."]
        steps = (2, 6, 10, 14) if band.style.skank else perc
        for step in steps:
            for note in notes:
                sound = band.stab.note(note, score.grid.seconds(b, 0.4))
                score.add("tones", score.swung(b + step / 4), sound, 0.2)
    if "lead" in on:
        for step in range(int(4 / band.lead_rate)):
            degree = band.figure[step % 16]
            if degree >= 0 and rng.random() > 0.04:
                note = band.root + 36 + band.pitch(degree + band.degree(b) % 2)
                sound = band.lead.note(note, score.grid.seconds(b, band.lead_rate * 1.8))
                score.add("tones", score.swung(b + step * band.lead_rate), sound, 0.2)
