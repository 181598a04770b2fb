"""What prompts say and what can be said: the text of `liquidlight words`, hint lines of `check`.

Prompts, a model's name and shows flow in, lines for the operator and rows for JSON flow out.
Loads the text encoder at most, never torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from engine.diffusion.embeddings import embeddings_of
from engine.diffusion.hints import FAR, Hint, Hints, Phrases, open_hints, read_phrases
from engine.diffusion.model import check_folder
from engine.errors import LiquidlightError
from engine.show import Preset, Show
from engine.word_effects import WORD_EFFECTS, found_in

WIDTH = 80


def vocabulary(model: str) -> dict[str, dict[str, list[str]]]:
    """Every subject, colour and style that a model lists (none: it knows far more), the words of
    embeddings, and effects."""
    phrases = _phrases(model)
    known = {} if phrases is None else asdict(phrases)
    rows = {kind: {name: list(words) for name, words in row.items()} for kind, row in known.items()}
    own = {vectors.words[0]: list(vectors.words) for vectors in embeddings_of(model)[0]}
    rows |= {"embeddings": own} if own else {}
    return {**rows, "effects": {row.name: list(row.words) for row in WORD_EFFECTS}}


def list_words(model: str) -> list[str]:
    """The vocabulary in columns: names of what the model draws, and every word of an effect."""
    lines = []
    for kind, rows in vocabulary(model).items():
        lines += [f"{kind}:", *_columns(sorted(rows))] if kind != "effects" else []
    if _phrases(model) is None:
        lines.insert(0, f"{model}: a model of many words, with no list of them")
    lines.append("effects, drawn over the picture:")
    for row in WORD_EFFECTS:
        lines += _wrapped(f"  {row.name:11}", row.words)
    return lines


def say_prompts(model: str, prompts: Sequence[str]) -> list[str]:
    """For each prompt what the model makes of it."""
    hints = _hints(model)
    lines = []
    for prompt in prompts:
        rows = _rows(prompt, None if hints is None else hints.hint(prompt))
        lines += [prompt, *(f"  {kind:9} {says}" for kind, says in rows)]
    return lines


def prompt_rows(model: str, prompts: Sequence[str]) -> list[dict[str, Any]]:
    """The same as data; `nearest` and what follows is missing for a model without a list."""
    hints = _hints(model)
    rows: list[dict[str, Any]] = []
    for prompt in prompts:
        if hints is None:
            effects = [(words, row.shader) for words, row in found_in(prompt)]
            rows.append({"text": prompt, "effects": effects})
            continue
        hint = hints.hint(prompt)
        near = [{**asdict(n), "cosine": round(n.cosine, 3), "closeness": n.closeness}
                for n in hint.nearest]
        rows.append({**asdict(hint), "nearest": near, "far": hint.far})
    return rows


def switched(show: Show) -> str:
    """Which words of a show's prompts switch on which effect: `vhs -> vhs, crt -> scanlines`."""
    found = {}
    for look in show.presets:
        own = {line.shader for line in look.effects}
        for text in _texts(look):
            for words, row in found_in(text):
                by = ", by the look itself" if row.shader in own else ""
                found[f'"{words.lower()}" -> {row.shader}{by}'] = None
    return ", ".join(found)


def far_prompts(show: Show, model: str = "small") -> list[str]:
    """A line for each prompt that is far from all a model was taught; none where it has no list."""
    try:
        hints = _hints(model)
    except LiquidlightError:  # the check of the model itself tells what is wrong with it
        return []
    if hints is None:
        return []
    asked = dict.fromkeys(text for look in show.presets for text in _texts(look))
    told = [hints.hint(text) for text in asked]
    return [
        f'"{hint.text}": the {model} model knows nothing near; nearest is {_nearest(hint)}'
        for hint in told if hint.far
    ]


def _texts(look: Preset) -> list[str]:
    return [line.said for line in look.prompts]


@cache
def _phrases(model: str) -> Phrases | None:
    check_folder(model)
    return read_phrases(model)


@cache
def _hints(model: str) -> Hints | None:
    return None if _phrases(model) is None else open_hints(model)


def _rows(prompt: str, hint: Hint | None) -> list[tuple[str, str]]:
    effects = ", ".join(f'"{words}" -> {row.shader}' for words, row in found_in(prompt))
    if hint is None:
        return [("effects", effects or "none"), ("subject", "this model has no list to compare")]
    rows = [("subject", _subject(hint))]
    rows += [("colours", ", ".join(hint.colours)), ("styles", ", ".join(hint.styles))]
    return [(kind, says) for kind, says in (*rows, ("effects", effects)) if says]


def _subject(hint: Hint) -> str:
    if not hint.nearest:
        return "none said: the model chooses"
    if hint.far:
        return f"nothing near; nearest is {_nearest(hint)}"
    near = [f'{n.subject} ({n.closeness}: "{n.phrase}")' for n in hint.nearest if n.cosine >= FAR]
    return ", ".join(near)


def _nearest(hint: Hint) -> str:
    return f'{hint.nearest[0].subject} ("{hint.nearest[0].phrase}")'


def _columns(names: Sequence[str]) -> list[str]:
    """Names read downwards in as many columns as fit."""
    wide = max(map(len, names)) + 2
    across = max(1, (WIDTH - 2) // wide)
    down = -(-len(names) // across)
    rows = (names[n::down] for n in range(down))
    return [("  " + "".join(name.ljust(wide) for name in row)).rstrip() for row in rows]


def _wrapped(label: str, words: Sequence[str]) -> list[str]:
    import textwrap

    indent = " " * len(label)
    return textwrap.wrap(", ".join(words), WIDTH, initial_indent=label, subsequent_indent=indent)
