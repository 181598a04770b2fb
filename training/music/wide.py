"""What makes the training music wider than the music that judges: other drums, other casts, echo.

Used for the split `train` alone, so that `valid` and `final` stay what they are. A `Cast` says
what one piece of the generator is without (a kick, a snare, every drum) and what then must play
for there to be a beat at all; the rest changes sounds, also those of the drums in MIDI.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import mido
import numpy as np

from training.music.bank import with_samples
from training.music.kits import kits, with_kit
from training.music.midi import DRUMS, fonts, render, without_channel
from training.music.sounds import RATE, Kit, draw_kit

SILENCE = np.zeros(480, np.float32)


OTHER_DRUMS = 0.4
"""Share of the MIDI pieces whose drums are played by a kit of samples or of the generator."""
ROLES = {35: "kick", 36: "kick", 37: "layer", 38: "snare", 39: "layer", 40: "snare",
         42: "closed", 44: "closed", 46: "open", 49: "crash", 51: "ride", 52: "crash", 53: "ride",
         54: "shaker", 55: "crash", 57: "crash", 59: "ride", 69: "shaker", 70: "shaker",
         82: "shaker"}  # fmt: skip
"""What plays the notes of General MIDI's drum channel; all others are the kit's extra drums."""
LEVELS = {"kick": 0.9, "snare": 0.7, "layer": 0.6, "closed": 0.25, "open": 0.25, "ride": 0.2,
          "crash": 0.3, "shaker": 0.2}  # fmt: skip


@dataclass(frozen=True)
class Cast:
    """`muted` roles of the kit that are silent, `forced` layers that always play."""

    muted: tuple[str, ...] = ()
    forced: tuple[str, ...] = ()


EVERY_DRUM = ("kick", "snare", "layer", "closed", "open", "ride", "shaker", "roll", "crash")
CASTS = (
    (Cast(), 0.66), (Cast(("kick",)), 0.07), (Cast(("snare", "layer")), 0.05),
    (Cast(("closed", "open", "ride", "shaker")), 0.05),
    (Cast(("kick", "closed", "open", "ride", "shaker"), ("snare", "bass")), 0.04),
    (Cast(EVERY_DRUM, ("bass", "stab")), 0.04), (Cast(EVERY_DRUM, ("lead", "bass")), 0.04),
    (Cast((), ("lead", "stab", "pad")), 0.05),
)  # fmt: skip


def cast(rng: np.random.Generator) -> Cast:
    """Who plays in a piece, drawn; two thirds are whole."""
    return CASTS[rng.choice(len(CASTS), p=[share for _, share in CASTS])][0]


def other_kit(kit: Kit, rng: np.random.Generator) -> Kit:
    """The kit as it is, of a soundfont, or one of Hydrogen's; then each drum tuned anew."""
    way, named, banks = rng.random(), kits(), fonts()
    if way < 0.3 and banks:
        font = banks[int(rng.integers(len(banks)))]
        kit = with_samples(kit, rng, kick=bool(rng.random() < 0.5), font=font)
    elif way < 0.7 and named:
        own = kit.kick
        kit = with_kit(kit, named[int(rng.integers(len(named)))], rng)
        kit.kick = own if rng.random() < 0.4 else kit.kick
    tuned = {name: retuned(getattr(kit, name), rng) for name in EVERY_DRUM}
    return replace(kit, **tuned, drums=[retuned(sound, rng) for sound in kit.drums])


def retuned(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sample up to a fourth higher or lower, sometimes cut short as a sampler does."""
    speed = 2.0 ** rng.uniform(-5 / 12, 5 / 12)
    size = max(2, int((len(sound) - 1) / speed))
    out = np.interp(np.arange(size) * speed, np.arange(len(sound)), sound).astype(np.float32)
    if rng.random() < 0.25:
        out = out[: max(960, round(rng.uniform(0.04, 0.25) * RATE))].copy()
        tail = min(len(out), 480)
        out[-tail:] *= np.linspace(1, 0, tail, dtype=np.float32)
    return out


def without(kit: Kit, who: Cast) -> Kit:
    """The kit with the muted roles silent; with no drum at all the extra ones rest too."""
    silent = {name: SILENCE for name in who.muted}
    drums = [SILENCE] * 3 if who.muted == EVERY_DRUM else kit.drums
    return replace(kit, **silent, drums=drums)


def echoed(sound: np.ndarray, beat: float, rng: np.random.Generator) -> np.ndarray:
    """Three or four fading repeats, an eighth to a dotted quarter apart; `beat` in seconds."""
    wait = round(beat * float(rng.choice([0.5, 0.75, 0.75, 1.0, 1.5])) * RATE)
    out, gain = sound.copy(), float(rng.uniform(0.25, 0.6))
    for k in range(1, int(rng.integers(4, 6))):
        if k * wait < len(sound):
            out[k * wait :] += np.float32(gain**k) * sound[: len(sound) - k * wait]
    return out


def wide_render(
    midi: mido.MidiFile, room: bool, font: Path, rng: np.random.Generator
) -> np.ndarray:
    """midi.render, in OTHER_DRUMS of the pieces with another kit in the place of the drums."""
    if rng.random() >= OTHER_DRUMS:
        return render(midi, room, font)
    kinds = ("round", "tight", "hard", "deep", "acoustic")
    kit = other_kit(draw_kit(rng, kinds, bool(rng.random() < 0.4)), rng)
    drums, rest = struck(midi, kit), render(without_channel(midi, DRUMS), room, font)
    out = np.zeros(max(len(drums), len(rest)), np.float32)
    out[: len(drums)] = float(rng.uniform(0.3, 1.2)) * drums
    out[: len(rest)] += rest
    return 0.9 * out / max(1e-6, float(np.abs(out).max()))


def struck(midi: mido.MidiFile, kit: Kit) -> np.ndarray:
    """The drum channel played by a kit, mono float32."""
    time, hits = 0.0, []
    for message in midi:
        time += message.time
        if message.type == "note_on" and message.velocity and message.channel == DRUMS:
            role = ROLES.get(message.note, "")
            sound = getattr(kit, role) if role else kit.drums[message.note % len(kit.drums)]
            gain = LEVELS.get(role, 0.35) * message.velocity / 127
            hits.append((round(time * RATE), gain, sound))
    out = np.zeros(max((at + len(sound) for at, _, sound in hits), default=1), np.float32)
    for at, gain, sound in hits:
        out[at : at + len(sound)] += np.float32(gain) * sound
    return out / max(1.0, float(np.abs(out).max()))
