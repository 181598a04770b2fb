"""Named parts of prompts: `{tom}` in a text stands for the words of `tom` under [words].

A look's texts and what hands or cues say instead flow in, what is said flows out. Pure; `say` may
be called at the frame rate. `{line}` is always there: the lyric line that is being sung.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.expressions import near
from engine.params import PARAMS
from engine.show.inherit import LookFile
from engine.show.looks import Word
from engine.show.values import read_constant

LINE = "line"
_NAME = re.compile(r"[A-Za-z_]\w{0,63}", re.ASCII)
_PART = re.compile(r"\{\s*([^{}]*?)\s*\}")


def read_words(file: LookFile) -> dict[str, Word]:
    """The rows of [words]: a text, or a table of text and seed."""
    rows = file.table_at(file.data, "words")
    return {name: _word(file, name, row) for name, row in rows.items()}


def _word(file: LookFile, name: str, row: object) -> Word:
    place = ("words", name)
    check_name(file, place, (LINE,))
    if not isinstance(row, dict):
        return Word(file.text_at({name: row}, place))
    file.check_keys(row, place, ("text", "seed"))
    if "text" not in row:
        raise file.error(place, "has no text")
    text = file.text_at(row, (*place, "text"))
    if "seed" not in row:
        return Word(text)
    return Word(text, read_constant(file, row["seed"], (*place, "seed"), PARAMS["seed"]))


def check_name(file: LookFile, place: tuple[str, str], taken: tuple[str, ...] = ()) -> None:
    """Raises PresetError where the last key of `place` is no name, or means something already."""
    name = place[-1]
    if not _NAME.fullmatch(name):
        raise file.error(place, "is not a name: letters, digits and _")
    if name in taken:
        raise file.error(place, f"cannot be used: {name} has a meaning already")


def check_parts(file: LookFile, place: tuple, text: str, words: Mapping[str, Word]) -> None:
    """Raises PresetError where a text names a part that is not under [words]."""
    for name in _PART.findall(text):
        if name not in words and name != LINE:
            known = (*words, LINE)
            raise file.error(place, f'= "{text}": unknown word \'{name}\'{near(name, known)}')


def styled(text: str, style: str) -> str:
    """A prompt with the look's style behind it."""
    return f"{text}, {style}" if style else text


def say(
    text: str, words: Mapping[str, Word], texts: Mapping[str, str]
) -> tuple[str, float | None]:
    """A text with its parts filled in, and the seed of the first of its words that has one.

    `texts` are hands' and cues' own: `words.NAME` instead of a word's, `line` the lyric line.
    Names that nobody knows stay as written. Commas left with nothing between them go.
    """
    if "{" not in text:
        return text, None
    names = _PART.findall(text)
    seeds = (words[name].seed for name in names if name in words)
    spoken = {name: texts.get(f"words.{name}", word.text) for name, word in words.items()}
    spoken[LINE] = texts.get(LINE, "")
    said = _PART.sub(lambda part: spoken.get(part[1], part[0]), text)
    if LINE in names:
        said = ", ".join(filter(None, map(str.strip, said.split(","))))
    return said, next((seed for seed in seeds if seed is not None), None)
