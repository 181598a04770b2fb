"""Lyrics in LRC files: text in, timed lines out.

A line has one or more `[mm:ss.xx]` tags and then its words, which may have `<mm:ss.xx>` tags of
their own. `[offset:500]` brings everything forward by so many milliseconds; other `[key:value]`
lines tell of the song. What cannot be read is listed in `odd`, never dropped in silence. Facts:
https://en.wikipedia.org/wiki/LRC_(file_format)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import PresetError

_STAMP = r"\s*(\d{1,4})\s*:\s*(\d{1,2})(?:\s*[.:,]\s*(\d{1,3}))?\s*"
_LINE_TAG = re.compile(rf"\[{_STAMP}\]")
_WORD_TAG = re.compile(rf"<{_STAMP}>")
_TELLS = re.compile(r"\[\s*([A-Za-z#][\w#-]*)\s*:(.*)\]")


@dataclass(frozen=True, slots=True)
class LyricLine:
    """A line from `time` seconds on, "" for a pause; `words` with their own times, if told."""

    time: float
    text: str
    words: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Lyrics:
    """Lines in order of time, what the file tells of the song, and lines that made no sense."""

    lines: tuple[LyricLine, ...]
    tells: Mapping[str, str]
    odd: tuple[str, ...] = ()


def load_lrc(path: Path) -> Lyrics:
    """Read a file; UTF-8, or Latin-1 as older programs wrote. Raises PresetError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise PresetError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    lyrics = parse_lrc(text)
    if not lyrics.lines:
        raise PresetError(f"{path}: no line begins with a time like [01:02.50]")
    return lyrics


def parse_lrc(text: str) -> Lyrics:
    """The lyrics of a text; lines without any sense are in `odd`."""
    lines, tells, odd = [], {}, []
    for number, row in enumerate(text.splitlines(), 1):
        row = row.strip("\ufeff \t")
        times, rest = _tags(row)
        if times:
            lines += _lines(times, rest)
        elif tag := _TELLS.fullmatch(row):
            tells[tag[1].lower()] = tag[2].strip()
        elif row:
            odd.append(f"line {number}: {row[:60]!r} has no time")
    shift, wrong = _offset(tells.get("offset", "0"))
    moved = sorted((_moved(line, shift) for line in lines), key=lambda line: line.time)
    return Lyrics(tuple(moved), tells, (*odd, *wrong))


def _tags(row: str) -> tuple[list[float], str]:
    """The times that a row begins with, and what follows them."""
    times = []
    while tag := _LINE_TAG.match(row):
        times.append(_seconds(tag))
        row = row[tag.end() :].lstrip()
    return times, row.strip()


def _lines(times: list[float], rest: str) -> list[LyricLine]:
    """A row that is sung several times; its words' times are those of the first tag."""
    text, words = " ".join(_WORD_TAG.sub(" ", rest).split()), _words(times[0], rest)
    return [
        LyricLine(time, text, tuple((at + time - times[0], word) for at, word in words))
        for time in times
    ]


def _words(begins: float, rest: str) -> list[tuple[float, str]]:
    """Words (or groups of them) with the times that stand before each."""
    tags = list(_WORD_TAG.finditer(rest))
    if not tags:
        return []
    ends = [tag.start() for tag in tags[1:]] + [len(rest)]
    timed = [(begins, rest[: tags[0].start()])]
    timed += [(_seconds(t), rest[t.end() : e]) for t, e in zip(tags, ends, strict=True)]
    return [(time, " ".join(word.split())) for time, word in timed if word.strip()]


def _seconds(tag: re.Match[str]) -> float:
    part = tag[3] or "0"
    return int(tag[1]) * 60.0 + int(tag[2]) + int(part) / 10.0 ** len(part)


def _offset(text: str) -> tuple[float, list[str]]:
    """Seconds by which everything comes later, and what is wrong with the tag."""
    try:
        return -float(text.replace(" ", "")) / 1000.0, []
    except ValueError:
        return 0.0, [f"[offset:{text[:20]}] is no number of milliseconds"]


def _moved(line: LyricLine, seconds: float) -> LyricLine:
    words = tuple((_thousandths(time + seconds), word) for time, word in line.words)
    return replace(line, time=_thousandths(line.time + seconds), words=words)


def _thousandths(time: float) -> float:
    return max(0.0, round(time, 3))
