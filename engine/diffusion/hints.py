"""What a small model knows, and which of it a prompt is near: hints for those who write prompts.

A folder may carry `phrases.json`: {"subjects": {name: [phrases]}, "colours": {...}, "styles":
{...}}, written by training/export.py. A prompt flows in; out flows a Hint: the nearest subjects,
by cosine of the text encoder's states at the end token, and the colours, styles and effects that
it names. Folders without the file (the Stable Diffusion class) know far more than a list and give
no hints. Loads neither torch nor diffusers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.diffusion.model import model_folder, read_json
from engine.diffusion.text_states import TextStates
from engine.emphasis import plain
from engine.errors import ModelError
from engine.word_effects import found_in, without_words

FILE = "phrases.json"
KINDS = ("subjects", "colours", "styles")
KNOWN, CLOSE, FAR = 0.95, 0.75, 0.5
"""Cosines. Measured with the encoder of 46 subjects: ten words of nonsense came to 0.22..0.47 of
their nearest phrase, things that it never saw (car, guitar, whale) to 0.38..0.5, near things
(tornado, cathedral, river) to 0.58..0.64, "dragon" to 0.80, "coral reef" to 0.95."""
SHOWN = 3
_SMALL_WORDS = frozenset("a an the and or in on of with over into at style colors colours".split())

Named = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Phrases:
    """What a model was taught: for each name the words that it was called by."""

    subjects: Named
    colours: Named
    styles: Named


@dataclass(frozen=True, slots=True)
class Nearest:
    """A subject, its phrase that is nearest, and their cosine (1 where the prompt names it)."""

    subject: str
    phrase: str
    cosine: float

    @property
    def closeness(self) -> str:
        """`known`, `close`, `roughly` or `far`."""
        steps = ((KNOWN, "known"), (CLOSE, "close"), (FAR, "roughly"))
        return next((word for least, word in steps if self.cosine >= least), "far")


@dataclass(frozen=True, slots=True)
class Hint:
    """What a prompt says to a model: subjects nearest first, and what it names.

    `effects` are (words of the prompt, shader). `nearest` is empty where nothing but colours,
    styles and effects is said.
    """

    text: str
    nearest: tuple[Nearest, ...]
    colours: tuple[str, ...]
    styles: tuple[str, ...]
    effects: tuple[tuple[str, str], ...]

    @property
    def far(self) -> bool:
        """The prompt speaks of something, and of nothing that the model was taught."""
        return bool(self.nearest) and self.nearest[0].cosine < FAR


def read_phrases(name_or_path: str | Path) -> Phrases | None:
    """The phrases of a model folder ("small" or a path), None where it carries none.

    Raises ModelError for a file that is not what the module's text says.
    """
    folder = model_folder(name_or_path)
    if not (folder / FILE).is_file():
        return None
    data = read_json(folder, FILE)
    for kind in KINDS:
        rows = data.get(kind)
        if not isinstance(rows, dict) or not all(_is_words(words) for words in rows.values()):
            raise ModelError(f"{folder}: {FILE}: {kind} must be names with lists of words")
    return Phrases(*({name: tuple(w) for name, w in data[kind].items()} for kind in KINDS))


def _is_words(words: object) -> bool:
    return isinstance(words, list) and all(isinstance(word, str) and word for word in words)


class Hints:
    """Hints for one model folder that carries phrases."""

    def __init__(self, name_or_path: str | Path, phrases: Phrases) -> None:
        """Load the text encoder. Raises ModelError when it cannot be read."""
        self._encoder = TextStates(model_folder(name_or_path))
        self._rows = [(name, text) for name, all in phrases.subjects.items() for text in all]
        self._known = self._encoder.summary([text for _, text in self._rows])  # (n, width)
        self._meant: dict[str, list[tuple[str, str]]] = {}
        for kind in KINDS:
            for name, words in getattr(phrases, kind).items():
                for word in (name, *words):
                    self._meant.setdefault(word.lower(), []).append((kind, name))
        longest = sorted(self._meant, key=len, reverse=True)
        words = "|".join(re.escape(word) for word in longest)
        self._pattern = re.compile(rf"(?<!\w)({words})(?!\w)", re.IGNORECASE)

    def hint(self, text: str) -> Hint:
        """What the model makes of a prompt, whatever its emphasis."""
        named: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
        words = plain(text)
        for match in self._pattern.finditer(without_words(words)):
            for kind, name in self._meant[match[0].lower()]:
                named[kind].setdefault(name, match[0])
        return Hint(
            text,
            self._nearest(words, named["subjects"]),
            tuple(named["colours"]),
            tuple(named["styles"]),
            tuple((words, row.shader) for words, row in found_in(text)),
        )

    def _nearest(self, text: str, named: Mapping[str, str]) -> tuple[Nearest, ...]:
        """Subjects that the text names, then those nearest to what it says besides colours."""
        rest = self._rest(text)
        if not rest:
            return ()
        cosines = self._known @ self._encoder.summary([rest])[0]
        found = [Nearest(name, phrase, 1.0) for name, phrase in named.items()]
        for row in (-cosines).argsort():
            name, phrase = self._rows[row]
            if len(found) >= SHOWN:
                break
            if all(name != near.subject for near in found):
                found.append(Nearest(name, phrase, float(cosines[row])))
        return tuple(found)

    def _rest(self, text: str) -> str:
        """The text without effects, colours, styles and small words left alone between commas."""
        left = without_words(text)
        if found_in(text) and left == text:
            return ""
        left = self._pattern.sub(self._kept, left)
        parts = [part.split() for part in left.split(",")]
        return ", ".join(" ".join(part) for part in parts if set(part) - _SMALL_WORDS)

    def _kept(self, match: re.Match[str]) -> str:
        """Words of subjects stay; those that only colour or style the picture go."""
        kinds = {kind for kind, _ in self._meant[match[0].lower()]}
        return match[0] if "subjects" in kinds else " "


def open_hints(name_or_path: str | Path) -> Hints | None:
    """Hints for a model, or None where its folder carries no phrases."""
    phrases = read_phrases(name_or_path)
    return None if phrases is None else Hints(name_or_path, phrases)
