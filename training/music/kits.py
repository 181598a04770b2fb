"""Drum kits of Hydrogen (Debian: hydrogen-data, hydrogen-drumkits) as sounds for the generator.

A kit is a folder of samples with an XML that names its instruments; what a name says decides the
role. Kits that the demo songs of `valid` and `final` play are left out: training hears none of
those. Without the packages there are no kits, and the generator goes on with its own sounds.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.audio.media import decode
from training.music.sounds import RATE, Kit

FOLDER = Path("/usr/share/hydrogen/data/drumkits")
LEFT_OUT = ("GMRockKit", "TR808EmulationKit")
"""Played by songs of the other splits."""
ROLES = (
    ("kick", r"kick|bass ?drum|thump|djembe.*bass|dununba.*hit"),
    ("snare", r"snare|clap|slap|snap|stick|rim|click"),
    ("open", r"(hat|hh|hi-hat).*(open|op\b)|open (hh|hat)|side ohh"),
    ("closed", r"hat|hh|hi-hat|maraca|bell mute"),
    ("ride", r"ride|(?<!cow)bell|cymbal"),
    ("crash", r"crash|splash"),
    ("shaker", r"shak|tambourine"),
    ("drums", r"tom|conga|bongo|drum|cowbell|clave|block|glass|tone|zap|hit|whistle"),
)
LONGEST = 1.5
"""Seconds of a sample that are kept."""
HEARD = 0.03
"""A sample begins where it first reaches this share of its peak: strokes fall on the beat."""


@lru_cache
def kits() -> tuple[str, ...]:
    """Names of the kits here that have at least a kick and a snare."""
    found = sorted(p.parent.name for p in FOLDER.glob("*/drumkit.xml"))
    named = [name for name in found if name not in LEFT_OUT]
    return tuple(name for name in named if {"kick", "snare"} <= _files(name).keys())


def role_of(name: str) -> str:
    """What an instrument of that name plays: one of ROLES, or nothing."""
    return next((role for role, words in ROLES if re.search(words, name.lower())), "")


@lru_cache
def _files(kit: str) -> dict[str, list[Path]]:
    """Files of a kit by role: the last (loudest) layer of each instrument."""
    root = ElementTree.parse(FOLDER / kit / "drumkit.xml").getroot()
    for element in root.iter():
        element.tag = element.tag.split("}")[-1]
    out: dict[str, list[Path]] = {}
    for instrument in root.iter("instrument"):
        role = role_of(instrument.findtext("name") or "")
        names = [e.text for e in instrument.iter("filename") if e.text]
        path = FOLDER / kit / "".join(names[-1:])
        if role and path.is_file():
            out.setdefault(role, []).append(path)
    return out


@lru_cache(maxsize=256)
def _sample(path: Path) -> np.ndarray:
    """Mono, peak 1, from where it is first heard, its end faded."""
    sound = decode(path).mean(axis=1).astype(np.float32)
    sound /= max(1e-6, float(np.abs(sound).max(initial=0.0)))
    first = int(np.argmax(np.abs(sound) >= HEARD)) if len(sound) else 0
    sound = sound[max(0, first - 24) :][: round(LONGEST * RATE)].copy()
    tail = min(len(sound), 960)
    sound[len(sound) - tail :] *= np.linspace(1, 0, tail, dtype=np.float32)
    return sound


def with_kit(kit: Kit, name: str, rng: np.random.Generator) -> Kit:
    """The kit with the sounds of one of `kits()` in the roles that it has."""
    files = _files(name)

    def draw(role: str) -> np.ndarray:
        return _sample(files[role][int(rng.integers(len(files[role])))])

    kit.kick, kit.snare, kit.layer, kit.roll = draw("kick"), *(draw("snare") for _ in range(3))
    for role in ("closed", "open", "ride", "crash", "shaker"):
        if role in files:
            setattr(kit, role, draw(role))
    if "drums" in files:
        kit.drums = [draw("drums") for _ in range(3)]
    return kit
