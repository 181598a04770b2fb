"""What a picture shows and how a caption says it.

A Look is chosen first (subject, paint, style), then drawn by pictures.py and put into words here.
Text training needs captions by the thousand without their pictures, so nothing here draws.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training import palettes
from training.palettes import Paint
from training.styles import STYLES, Style
from training.subjects import Subject

STYLED = 0.4
UNNAMED = 0.03  # captions that name no subject
PAIRED = 0.08  # groups of pictures that show two subjects
BORROWED = 0.2  # captions whose subject word comes from `extra` where there is one


@dataclass(frozen=True)
class Look:
    subject: Subject
    phrase: str
    paint: Paint
    style: Style | None
    second: Subject | None = None


def choose(
    subject: Subject,
    chance: random.Random,
    extra: Mapping[str, Sequence[str]] | None = None,
    second: Subject | None = None,
) -> Look:
    """`extra` holds further words by subject name: near neighbours found by a language model."""
    paint = palettes.choose(subject.natural, chance)
    style = chance.choice(STYLES) if chance.random() < STYLED else None
    phrase = "" if chance.random() < UNNAMED else named(subject, chance, extra)
    if second:
        link = chance.choice((" and ", " with ", ", ", " over ", " into "))
        phrase = link.join((phrase or named(subject, chance, extra), named(second, chance, extra)))
    if style and not style.takes_colour and chance.random() < 0.8:
        paint = Paint(paint.name, "")
    return Look(subject, phrase, paint, style, second)


def named(
    subject: Subject, chance: random.Random, extra: Mapping[str, Sequence[str]] | None
) -> str:
    borrowed = (extra or {}).get(subject.name, ())
    use = borrowed if borrowed and chance.random() < BORROWED else subject.phrases
    return chance.choice(use)


def caption(look: Look, chance: random.Random) -> str:
    """One of five sentence forms."""
    phrase, colour = look.phrase, look.paint.words
    words = chance.choice(look.style.words) if look.style else ""
    forms = (
        joined(", ", phrase, colour, words),
        joined(" ", words, colour, phrase),
        joined(", ", joined(" ", colour, phrase), words),
        joined(" ", words, phrase or "abstract", f"in {colour}" if colour else ""),
        joined(" ", colour, phrase, f"{words} style" if words else ""),
    )
    return chance.choice(forms)


def joined(separator: str, *parts: str) -> str:
    return separator.join(part for part in parts if part)
