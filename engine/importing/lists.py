"""Lyrics (LRC), cue sheets (CSV) and pasted keyframe strings: lists of times become cues.

Texts in, Sheets out. A line of lyrics is drawn and, in the given style, a prompt; a row of a cue
sheet is a prompt of its subject and style, and its other columns may be any number of a look.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Any

from engine.errors import LiquidlightError
from engine.importing.schedules import MOST_FRAMES, Schedule, limits, scaled
from engine.importing.sheet import Sheet, clock
from engine.keyframes import number
from engine.lyrics import LyricLine, parse_lrc
from engine.params import KNOBS, PARAMS

TEXT_LAYERS: tuple[dict[str, Any], ...] = ({"generator": True}, {"text": "{line}", "y": 0.15})
"""The picture, and the lyric line over it."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says beside the file: see `liquidlight import --help`."""

    style: str = ""
    fps: float = 30.0
    param: str = ""
    words: bool = False


def read_lrc(text: str, title: str, wishes: Wishes) -> Sheet:
    """Each line of lyrics drawn from its time on, and a prompt with the style."""
    lyrics = parse_lrc(text)
    if not lyrics.lines:
        raise LiquidlightError("holds no line that begins with a time like [01:02.50]")
    sheet = Sheet(lyrics.tells.get("ti") or title, "from LRC lyrics", list(lyrics.odd))
    artist = lyrics.tells.get("ar")
    sheet.origin += f" by {artist}" if artist else ""
    sheet.top = {"style": wishes.style} if wishes.style else {}
    first = next((line.text for line in lyrics.lines if line.text), title)
    sheet.prompts = [{"text": plain_prompt(first)}]
    sheet.layers = list(TEXT_LAYERS)
    for line in lyrics.lines:
        row: dict[str, Any] = {"at": clock(line.time), "line": line.text}
        if line.text:
            row |= {"over": 1, "prompt": plain_prompt(line.text)}
        if wishes.words and line.words:
            sheet.cues += _word_rows(line, row)
        else:
            sheet.cues.append(row)
    return sheet


def _word_rows(line: LyricLine, row: dict[str, Any]) -> list[dict[str, Any]]:
    """The line growing word by word; the prompt comes with the first."""
    said = [" ".join(word for _, word in line.words[: n + 1]) for n in range(len(line.words))]
    rows = [{"at": clock(t), "line": s} for (t, _), s in zip(line.words, said, strict=True)]
    return [{**row, **rows[0]}, *rows[1:]]


def plain_prompt(text: str) -> str:
    """Words that are meant as words: brackets are no emphasis, braces no template."""
    text = re.sub(r"[{}\\]", " ", text)
    return " ".join(re.sub(r"([()\[\]])", r"\\\1", text).split())


_TIMES = ("time", "start", "at", "timestamp", "seconds", "begin", "timecode", "start_time")
_FRAMES = ("frame", "frames", "frame_number", "start_frame", "keyframe")
_SUBJECTS = ("subject", "prompt", "text", "scene", "description", "positive", "content")
_STYLES = ("style", "look", "artist", "modifiers", "styles")
_TEXTS = {"negative": ("negative", "negative_prompt"), "line": ("line", "lyric", "lyrics"),
          "preset": ("preset",), "over": ("over", "fade", "transition")}  # fmt: skip


def read_csv(text: str, title: str, wishes: Wishes) -> Sheet:
    """Each row a cue: frame or time, subject, style, and numbers by their addresses."""
    rows = _table(text)
    sheet = Sheet(title, "from a cue sheet")
    names, rows = _columns(rows, sheet)
    for number_, row in rows:
        cue = _cue(dict(zip(names, row, strict=False)), wishes, sheet, f"row {number_}")
        if cue is not None:
            sheet.cues.append(cue)
    if not sheet.cues:
        raise LiquidlightError("holds no row with a time or frame and a subject")
    first = next((cue["prompt"] for cue in sheet.cues if "prompt" in cue), title)
    sheet.prompts = [{"text": first}]
    sheet.song = {"fps": wishes.fps}
    if any("line" in cue for cue in sheet.cues):
        sheet.layers = list(TEXT_LAYERS)
    return sheet


def _table(text: str) -> list[tuple[int, list[str]]]:
    """Numbered rows with something in them; the sign between columns is found out."""
    text = text.lstrip("\ufeff")
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), dialect))
    except csv.Error as error:
        raise LiquidlightError(f"is no CSV table: {error}") from None
    stripped = [(n, [cell.strip() for cell in row]) for n, row in enumerate(rows, 1)]
    return [(n, row) for n, row in stripped if any(row) and not row[0].startswith("#")]


def _columns(
    rows: list[tuple[int, list[str]]], sheet: Sheet
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """What each column means, and the rows below the head; without a head by their order."""
    if not rows:
        raise LiquidlightError("is empty")
    head = [_meaning(name) for name in rows[0][1]]
    if not any(head) or _moment(rows[0][1][0]) is not None:
        kind = "frame" if all(row[0].isdigit() for _, row in rows) else "time"
        sheet.hints.append(f"No head: the columns are read as {kind}, subject, style")
        return [kind, "subject", "style"], rows
    unknown = [name for name, means in zip(rows[0][1], head, strict=True) if name and not means]
    if unknown:
        sheet.lost.append(f"columns {', '.join(unknown)}: not known")
    return head, rows[1:]


def _meaning(name: str) -> str:
    """What a head says, "" for nothing known."""
    key = name.strip().lower().replace(" ", "_")
    kinds = {"time": _TIMES, "frame": _FRAMES, "subject": _SUBJECTS, "style": _STYLES, **_TEXTS}
    for kind, words in kinds.items():
        if key in words:
            return kind
    return key if key in PARAMS or key in KNOBS else ""


def _moment(text: str) -> float | None:
    """Seconds of `62.5`, `1:02.5` or `0:01:02,5`; None for no time."""
    parts = text.replace(",", ".").split(":")
    values = [number(part) for part in parts]
    if None in values or not 1 <= len(parts) <= 3 or any(v < 0 for v in values if v is not None):
        return None
    seconds = 0.0
    for value in values:
        seconds = 60.0 * seconds + (value or 0.0)
    return seconds if seconds < 1e6 else None


def _cue(
    row: dict[str, str], wishes: Wishes, sheet: Sheet, where: str
) -> dict[str, Any] | None:
    at = _moment(row.get("time", "")) if row.get("time") else None
    frame = number(row["frame"]) if row.get("frame") else None
    if at is None and (frame is None or not 0 <= frame <= MOST_FRAMES):
        sheet.lost.append(f"{where}: {row.get('time') or row.get('frame')!r} is no time or frame")
        return None
    cue: dict[str, Any] = {"at": f"frame {frame:g}" if at is None else clock(at)}
    style = row.get("style") or wishes.style
    if subject := row.get("subject"):
        cue["prompt"] = f"{subject}, {style}" if style else subject
        cue["prompt"] = re.sub(r"[{}]", " ", cue["prompt"])
    for key in ("negative", "line"):
        if row.get(key):
            cue[key] = row[key]
    if row.get("preset"):
        sheet.lost.append(f"{where}: preset {row['preset']!r}: name it in a set")
    if (over := number(row.get("over", ""))) is not None and over >= 0:
        cue["over"] = over
    for key, raw in row.items():
        if key in PARAMS or key in KNOBS:
            _put_number(cue, key, raw, sheet, where)
    return cue


def _put_number(cue: dict[str, Any], key: str, raw: str, sheet: Sheet, where: str) -> None:
    value = number(raw) if raw else None
    if value is not None and (key in KNOBS or PARAMS[key].allows(value)):
        cue[key] = value
    elif raw:
        sheet.lost.append(f"{where}: {key} = {raw[:40]!r} is not a number in range")


def read_keyframes(text: str, title: str, wishes: Wishes) -> Sheet:
    """A pasted string like `0:(1.0), 1:(1.02)` as the curve of one parameter."""
    if wishes.param not in PARAMS and wishes.param not in KNOBS:
        said = f"--param {wishes.param} is not known" if wishes.param else "says not of what"
        raise LiquidlightError(f"{said}: a keyframe string needs --param motion.zoom or the like")
    schedule = Schedule.read(text.strip().strip("\"'"), MOST_FRAMES, {})
    schedule = Schedule(schedule.frames, schedule.values, schedule.frames[-1] + 1)
    sheet = Sheet(title, "from a keyframe string")
    if wishes.param in PARAMS and (told := limits(schedule.every(), PARAMS[wishes.param])):
        raise LiquidlightError(f"{wishes.param} {told.split(', kept')[0]}, outside its range")
    said = schedule.said(scaled(1.0), wishes.fps)
    sheet.say(wishes.param, said if isinstance(said, list) else [(0, str(said))])
    sheet.prompts = [{"text": "abstract shapes"}]
    sheet.song = {"fps": wishes.fps}
    return sheet
