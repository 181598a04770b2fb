"""Lyrics in a show: an LRC file becomes cues, and a layer that draws the lines where none does.

Files in, cues or a show out. In a prompt made of a line its brackets are the singer's, no
emphasis.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.cues import Cue, Cues, Span
from engine.lyrics import LyricLine, load_lrc
from engine.params import BLENDS, LAYER_INPUTS, LAYER_PARAMS, WEIGHT
from engine.show.looks import LayerLine, Preset, PromptLine, Value
from engine.show.sets import Show

LINE = "{line}"
FADE = Span(1.0)
"""How long the prompt of a line takes to come."""
LOW = 0.15
"""Where lines are drawn, from below."""


def lyric_cues(path: Path, by_word: bool = False, prompt: str = "") -> list[Cue]:
    """One cue a line (or a word) of an LRC file; with `prompt` its lines are prompts as well,
    `{line}` in it the words. Raises PresetError."""
    lines = load_lrc(path).lines
    rows = [row for line in lines for row in _by_word(line)] if by_word else lines
    cues = [Cue(Span(row.time), line=row.text) for row in rows]
    if prompt:
        sung = [line for line in lines if line.text]
        cues += [Cue(Span(row.time), FADE, prompts=(_prompt(prompt, row.text),)) for row in sung]
    return cues


def with_lyrics(show: Show, path: Path, prompt: str = "") -> Show:
    """The show with the lyrics of a file; looks that show no line get a layer for it."""
    cues = Cues.of((*show.cues.cues, *lyric_cues(path, prompt=prompt)), show.cues.keyframes)
    looks = tuple(look if _shows_lines(look) else _with_layer(look) for look in show.presets)
    return replace(show, cues=cues, presets=looks, files=(*show.files, path))


def _shows_lines(look: Preset) -> bool:
    return any(layer.kind == "text" and LINE in layer.name for layer in look.layers)


def _with_layer(look: Preset) -> Preset:
    def value(key: str, number: float | None = None) -> Value:
        param = LAYER_PARAMS[key]
        return Value(param, param.default if number is None else number)

    def layer(kind: str, name: str) -> LayerLine:
        inputs = tuple((k, value(k, LOW if k == "y" else None)) for k in LAYER_INPUTS[kind])
        return LayerLine(kind, name, value("opacity"), BLENDS[0], inputs, ())

    below = look.layers or (layer("generator", ""),)
    return replace(look, layers=(*below, layer("text", LINE)))


def _by_word(line: LyricLine) -> list[LyricLine]:
    """The line growing word by word, where the file tells when."""
    said = [" ".join(word for _, word in line.words[: n + 1]) for n in range(len(line.words))]
    grown = [LyricLine(time, text) for (time, _), text in zip(line.words, said, strict=True)]
    return grown or [line]


def _prompt(template: str, line: str) -> PromptLine:
    for sign in "\\()[]{}":
        line = line.replace(sign, f"\\{sign}" if sign in "()[]" else " ")
    text = template.replace(LINE, line) if LINE in template else f"{line}, {template}"
    return PromptLine(text, Value(WEIGHT, 1.0), "")
