"""What the model is asked to draw, and what a judge should then see.

Nothing flows in but the tables of subjects, colours and styles; lists of questions flow out, the
same for every model: captions balanced over all three, every other name of each subject, and
prompts that are in no caption. Colours are asked only in styles that leave them to be told.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, cycle

from training import captions
from training.captions import Look
from training.palettes import COLOURS, THEMES, Paint
from training.probes import is_grey
from training.styles import STYLES, Style
from training.subjects import BY_NAME, SUBJECTS, Subject
from training.unseen import still_unseen

KINDS = ("colour", "style", "colour", "style", "plain", "pair")
HUE_STYLES = {"bright", "dreamy", "vivid", "dark"}
"""Styles in whose pictures the judge is asked for colours."""


@dataclass(frozen=True)
class Question:
    """A prompt, the subjects that would be right, and the colours and the style if they are asked.

    `look` is what the generator draws for the same caption; None where no caption says it.
    """

    text: str
    subjects: tuple[str, ...]
    colours: tuple[str, ...] = ()
    style: str = ""
    look: Look | None = None


def balanced(each: int, seed: int = 7) -> list[Question]:
    """`each` questions for every subject by its first phrase; colours and styles take turns."""
    chance = random.Random(seed)
    palettes, styles = _endless((*COLOURS, *THEMES), chance), _endless(STYLES, chance)
    found = []
    for n in range(each):
        for subject in SUBJECTS:
            look = _look(subject, KINDS[n % len(KINDS)], palettes, styles, chance)
            found.append(_question(look, chance))
    return found


def _endless(items: Sequence, chance: random.Random):
    return cycle(list(chain.from_iterable(chance.sample(items, len(items)) for _ in range(8))))


def _look(subject: Subject, kind: str, palettes, styles, chance: random.Random) -> Look:
    style: Style | None = next(styles) if kind == "style" else None
    if kind == "plain" or (style and not style.takes_colour):
        paint = Paint(subject.natural[0], "")
    elif kind == "pair":
        first, second = chance.sample(list(COLOURS), 2)
        paint = Paint(f"{first}+{second}", f"{first} and {second}")
    else:
        name = next(palettes)
        while style and is_grey(name):
            name = next(palettes)
        paint = Paint(name, name)
    return Look(subject, subject.phrases[0], paint, style)


def _question(look: Look, chance: random.Random) -> Question:
    asked = look.paint.words and (look.style is None or look.style.name in HUE_STYLES)
    colours = tuple(look.paint.name.split("+")) if asked else ()
    style = look.style.name if look.style else ""
    return Question(captions.caption(look, chance), (look.subject.name,), colours, style, look)


def synonyms() -> list[Question]:
    """Every phrase of every subject but its first, alone."""
    return [
        Question(phrase, (subject.name,))
        for subject in SUBJECTS
        for phrase in subject.phrases[1:]
    ]


def unseen(extra: Mapping[str, Sequence[str]]) -> list[Question]:
    """Prompts that are in no caption; `extra` holds the borrowed words of minilm.py."""
    return [Question(text, names) for text, names in still_unseen(extra)]


def foreign(question: Question, chance: random.Random) -> Look:
    """A plain picture of another subject in other colours, for the loop to start from."""
    subject = chance.choice([s for s in BY_NAME.values() if s.name not in question.subjects])
    name = chance.choice([n for n in COLOURS if n not in question.colours])
    return Look(subject, subject.phrases[0], Paint(name, name), None)
