"""Words of prompts that switch on shader effects: one table, from words to shader and amount.

Styles at pixel scale do not survive a model's autoencoder, so "forest, film grain" is a forest
by the model and the grain by a shader over it. Weighted prompts flow in, Effects flow out, and
each amount follows the weight of the prompts that say its words: a blend from "sea, scanlines"
to "sea" fades the lines out. Pure; called at the frame rate, so readings of texts are kept.

Words are whole words in any case; hyphens and spaces are the same, the longest words win. An
effect that the look itself names is the look's own business and is left out here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.emphasis import plain
from engine.records import Effect, Prompt


@dataclass(frozen=True, slots=True)
class WordEffect:
    """A shader, its `amount` when a prompt of full weight asks for it, and the words that do."""

    name: str
    shader: str
    amount: float
    words: tuple[str, ...]
    inputs: tuple[tuple[str, float], ...] = ()


def _row(name: str, shader: str, amount: float, words: str, **inputs: float) -> WordEffect:
    said = tuple(word.strip() for word in words.split(","))
    return WordEffect(name, shader, amount, said, tuple(inputs.items()))


WORD_EFFECTS: tuple[WordEffect, ...] = (
    _row(
        "pixel art", "pixels", 1.0,
        "pixel art, pixelart, pixelated, pixelated style, pixels, 8 bit, 8bit, 8 bit graphics, "
        "8 bit game, 16 bit, low resolution",
    ),
    _row("mosaic", "pixels", 1.0, "mosaic, mosaic tiles, tile mosaic, roman mosaic",
         rows=45.0, tones=16.0, gap=0.8),
    _row("dither", "dither", 1.0, "dither, dithered, dithering, ordered dither, 1 bit, bitmap"),
    _row(
        "halftone", "halftone", 1.0,
        "halftone, half tone, halftones, halftone dots, halftone print, comic dots, "
        "comic book, comic book dots, ben day dots, benday dots, newspaper print, newsprint, "
        "risograph, risograph print, riso print, offset print",
    ),
    _row("glitch", "glitch", 0.7, "glitch, glitchy, glitched, glitch art, datamosh, datamoshing"),
    _row(
        "vhs", "vhs", 0.7,
        "vhs, vhs tape, vhs look, video tape, videotape, camcorder, analog video, "
        "analogue video, found footage",
    ),
    _row(
        "static", "static", 0.6,
        "static, tv static, television static, static noise, tv noise, television noise, "
        "tv snow, white noise, analog noise, no signal, bad reception",
    ),
    _row(
        "film grain", "grain", 0.5,
        "film grain, grainy, grainy film, grainy photo, 35mm, 35mm film, 35 mm film, 16mm, "
        "16mm film, super 8, super8, analog film, analogue film, old film, celluloid",
    ),
    _row(
        "scanlines", "scanlines", 0.7,
        "scanlines, scanline, scan lines, scan line, crt, crt monitor, crt screen, crt tv, "
        "old television, old tv, retro tv, tube tv, cathode ray tube",
    ),
)
"""In the order in which they are drawn, after the effects of the look."""

_OTHER = ("static electricity", "static charge")
"""Longer words that mean something else."""
_SPLIT = r"[\s-]+"


def _pattern() -> tuple[re.Pattern[str], Mapping[str, WordEffect]]:
    meant = {word: row for row in WORD_EFFECTS for word in row.words}
    longest = sorted((*meant, *_OTHER), key=len, reverse=True)
    words = "|".join(_SPLIT.join(map(re.escape, word.split())) for word in longest)
    return re.compile(rf"(?<!\w)({words})(?!\w)", re.IGNORECASE), meant


_WORDS, _MEANT = _pattern()
_BRACKETED = re.compile(r"\(\s*\0[\s\0,]*(?::\s*[-+.\d]+\s*)?\)|\[\s*\0[\s\0,]*\]")
_HANGING = re.compile(r"[\s,]+(?=[:)\]])")
_LEFT_OVER = re.compile(
    r"(?:\b(?:in|with|on|as)\s+)?(?:\b(?:a|an|the|some)\s+)?\0(?:\s+(?:style|effect|look)\b)?",
    re.IGNORECASE,
)


def _key(words: str) -> str:
    """How the table writes words that a prompt may space or hyphenate otherwise."""
    return " ".join(re.split(_SPLIT, words.lower()))


@lru_cache(maxsize=1024)
def found_in(text: str) -> tuple[tuple[str, WordEffect], ...]:
    """The words of a prompt that switch something, as they are written there, and their rows."""
    found = ((match[0], _MEANT.get(_key(match[0]))) for match in _WORDS.finditer(plain(text)))
    return tuple((words, row) for words, row in found if row is not None)


@lru_cache(maxsize=1024)
def without_words(text: str) -> str:
    """The text without its effect words, for a text encoder that does not know them.

    "neon city, vhs scanlines" is "neon city", "flowers in 8-bit style" is "flowers". A text of
    nothing else stays as it is: better an odd picture than one of nothing. Signs of emphasis stay,
    but for those round nothing.
    """
    marked = _WORDS.sub(lambda m: "\0" if _key(m[0]) in _MEANT else m[0], text)
    if "\0" not in marked:
        return text
    while (bare := _BRACKETED.sub("\0", marked)) != marked:
        marked = bare
    left = _HANGING.sub("", _LEFT_OVER.sub(" ", marked))
    parts = (" ".join(part.split()) for part in left.split(","))
    return ", ".join(part for part in parts if part) or text


def word_effects(
    said: Sequence[tuple[Sequence[Prompt], Collection[str]]],
    values: Mapping[str, float] | None = None,
) -> tuple[Effect, ...]:
    """The effects that weighted prompts ask for, in the order of the table.

    `said` has the prompts of each look with the shaders that the look names itself: those are left
    out, and so is what has no share. An amount is the row's times the share of the prompts that
    say it, or the hand's own (`effects.SHADER.amount` of `values`, clamped to 0..1) times that.
    """
    effects = []
    shares = _shares(said)
    for row in WORD_EFFECTS if shares else ():
        share = shares.get(row.name, 0.0)
        if share > 0.0:
            taken = (values or {}).get(f"effects.{row.shader}.amount")
            amount = row.amount if taken is None else min(1.0, max(0.0, taken))
            effects.append(Effect(row.shader, (("amount", amount * share), *row.inputs)))
    return tuple(effects)


def every_effect() -> tuple[Effect, ...]:
    """Each row's effect at nothing: what to compile before a hand may type any of the words."""
    return tuple(Effect(row.shader, (("amount", 0.0),)) for row in WORD_EFFECTS)


def _shares(said: Sequence[tuple[Sequence[Prompt], Collection[str]]]) -> dict[str, float]:
    """Each named row's share 0..1 of the weights; a prompt counts once however often it says it."""
    total = sum(prompt.weight for prompts, _ in said for prompt in prompts) or 1.0
    shares: dict[str, float] = {}
    for prompts, own in said:
        for prompt in prompts:
            for name in {row.name for _, row in found_in(prompt.text) if row.shader not in own}:
                shares[name] = shares.get(name, 0.0) + prompt.weight / total
    return shares
