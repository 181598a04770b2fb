"""Deforum settings files: schedules, prompts by frame and seeds become a look with cues.

JSON in (any version of deforum's settings, .txt or .json), a Sheet out. What is said a frame there
is said a second here, by their fps. Signs after deforum's animation.py: a 2D angle turns counter-
clockwise and pixels count downwards; in 3D the camera moves, so the picture goes the other way,
and moving on by z of 200 meets the picture (deforum_motion.py). Their strength is what is kept,
ours what is new.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from engine.errors import LiquidlightError
from engine.importing.deforum_keys import not_kept
from engine.importing.deforum_motion import Row, edges, moves
from engine.importing.maths import Formula
from engine.importing.schedules import (
    GUIDANCE,
    LEFT_OVER,
    MOST_FRAMES,
    Schedule,
    Turn,
    limits,
    scaled,
)
from engine.importing.sheet import Sheet
from engine.importing.wording import Worded, worded
from engine.keyframes import number
from engine.params import EDGES, PARAMS

_SCHEDULES = {
    "zoom": "0:(1)", "angle": "0:(0)", "translation_x": "0:(0)", "translation_y": "0:(0)",
    "translation_z": "0:(0)", "rotation_3d_x": "0:(0)", "rotation_3d_y": "0:(0)",
    "rotation_3d_z": "0:(0)", "strength_schedule": "0:(0.65)", "noise_schedule": "0:(0.05)",
    "cfg_scale_schedule": "0:(1)", "fov_schedule": "0:(70)", "perspective_flip_theta": "0:(0)",
    "perspective_flip_phi": "0:(0)", "perspective_flip_gamma": "0:(0)",
    "perspective_flip_fv": "0:(53)",
}  # fmt: skip
"""What is read as a schedule, and what holds where a file says nothing."""


def read_deforum(text: str, title: str) -> Sheet:
    """The Sheet of a settings file. Raises LiquidlightError with one line."""
    settings = settings_of(text)
    film = Film(settings)
    sheet = Sheet(title, "from Deforum settings")
    _prompts(sheet, film)
    _seed(sheet, film)
    for address, schedule, turn in (*moves(film), *_others(film)):
        say(sheet, address, schedule, turn, film.fps)
    _picture(sheet, film)
    sheet.song = {"fps": film.fps} if sheet.keyframes or sheet.cues else {}
    others = {k: v for k, v in settings.items() if k not in _SCHEDULES or k == "fov_schedule"}
    sheet.lost += [*film.lost, *not_kept(others)]
    sheet.hints += _hints(film)
    return sheet


def settings_of(text: str) -> dict[str, Any]:
    """The settings in a text. Raises LiquidlightError where it holds none."""
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise LiquidlightError(f"is not JSON: {reason}{line}") from None
    known = {"prompts", "animation_prompts", "max_frames", "strength_schedule", "animation_mode"}
    if not isinstance(settings, dict) or not known & settings.keys():
        raise LiquidlightError("holds no Deforum settings: no prompts, max_frames or schedules")
    return settings


class Film:
    """What the settings say of the whole: size, rate, length; and schedules as asked for."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings, self.lost = settings, []
        self.fps = self._number("fps", 15, 1, 240)
        self.frames = int(self._number("max_frames", 120, 1, MOST_FRAMES))
        self.size = (self._number("W", 512, 1, 65536), self._number("H", 512, 1, 65536))
        seed = self._number("seed", -1, -1, 2**64)
        self.drawn = seed < 0
        self.seed = 1234 if self.drawn else int(seed) % 2**31
        self.names = {"max_f": float(self.frames - 1), "s": float(self.seed)}

    def _number(self, key: str, usual: float, low: float, high: float) -> float:
        raw = self.settings.get(key, usual)
        value = number(str(raw))
        if value is None or isinstance(raw, bool) or not low <= value <= high:
            raise LiquidlightError(f"{key} = {str(raw)[:40]!r} is not a number {low:g}..{high:g}")
        return value

    def schedule(self, key: str) -> Schedule:
        """One of _SCHEDULES, or another with a usual value; told where it cannot be read."""
        usual = Schedule.read(_SCHEDULES.get(key, "0:(0)"), self.frames, self.names)
        raw = self.settings.get(key)
        if raw is None or raw == "":
            return usual
        try:
            schedule = Schedule.read(raw, self.frames, self.names)
            schedule.every()
        except LiquidlightError as error:
            self.lost.append(f"{key}: {error}")
            return usual
        return schedule


def _others(film: Film) -> list[Row]:
    if "noise_schedule" in film.settings:
        film.lost.append("noise_schedule is added to each picture there; here it is noise_drift")
    rows = [("strength", "strength_schedule", LEFT_OVER)]
    rows += [("noise_drift", "noise_schedule", scaled(1.0))]
    if "cfg_scale_schedule" in film.settings:
        rows.append(("guidance", "cfg_scale_schedule", GUIDANCE))
        film.lost.append("cfg_scale_schedule is divided by 7: in one step more burns out, and a "
                         "negative prompt counts only where guidance is above 1")  # fmt: skip
    return [(address, film.schedule(key), turn) for address, key, turn in rows]


def say(sheet: Sheet, address: str, schedule: Schedule, turn: Turn, fps: float) -> None:
    """Put a schedule on the sheet; where it leaves our range, that is told and it is kept in."""
    param = PARAMS[address]
    if told := limits([turn.number(value) for value in schedule.every()], param):
        sheet.lost.append(f"{address} {told}")
    said = schedule.said(turn, fps)
    if isinstance(said, list):
        said = [(f, t if number(t) is None else f"{param.clamp(float(t)):.10g}") for f, t in said]
    elif not isinstance(said, str):
        said = param.clamp(said)
        if said == param.default and address.startswith("motion."):
            return
    sheet.say(address, said)


def _picture(sheet: Sheet, film: Film) -> None:
    """What comes over the edges, and what is drawn between generated pictures."""
    if edges(film) != EDGES[0]:
        sheet.say("motion.edges", edges(film))
    cadence = number(str(film.settings.get("diffusion_cadence", 1))) or 1.0
    if cadence > 1.0:
        for address in ("cadence", "crossfade"):
            sheet.say(address, PARAMS[address].clamp(cadence / film.fps))


def _seed(sheet: Sheet, film: Film) -> None:
    """What comes after each picture, in closed form (deforum's seed.py)."""
    behaviour = str(film.settings.get("seed_behavior", "iter"))
    frame, seed = f"floor({film.fps:g}*t + 0.001)", film.seed
    if film.drawn:
        sheet.lost.append(f"seed = -1 is drawn anew there at each start; here it is {seed}")
    if behaviour == "schedule":
        return _seed_schedule(sheet, film)
    every = film.settings.get("seed_iter_N", 1)
    every = every if isinstance(every, int) and 1 <= every <= 10_000 else 1
    said = {
        "fixed": float(seed),
        "iter": f"{seed} + {frame}" if every == 1 else f"{seed} + ceil({frame}/{every})",
        "ladder": f"{seed} + floor({frame}/2) + 2*({frame} % 2)",
        "alternate": f"{seed} + {frame} % 2",
        "random": f"floor(2147483647*dice({frame}))",
    }
    if behaviour not in said:
        sheet.lost.append(f"seed_behavior = {behaviour!r}: read as iter")
    sheet.say("seed", said.get(behaviour, said["iter"]))


def _seed_schedule(sheet: Sheet, film: Film) -> None:
    schedule = film.schedule("seed_schedule")
    values = [math.floor(value) % 2**31 if value >= 0 else -1 for value in schedule.every()]
    if -1 in values:
        sheet.lost.append("seed_schedule: -1 is drawn anew there for each picture; here by dice")
    drawn = f"floor(2147483647*dice(floor({film.fps:g}*t + 0.001)))"
    rows = [
        (n, drawn if value < 0 else str(value))
        for n, value in enumerate(values) if n == 0 or value != values[n - 1]
    ]
    plain = [(n, text if text == drawn else f"{text} + 0*t") for n, text in rows]  # no slopes
    sheet.say("seed", plain if len(plain) > 1 else plain[0][1])


def _prompts(sheet: Sheet, film: Film) -> None:
    """The first prompt is the look's, each later one a cue at its frame."""
    texts = _texts(film)
    found = [(frame, worded(texts[frame], film.fps, film.names)) for frame in sorted(texts)]
    first = found[0][1]
    sheet.prompts = [dict(row) for row in first.rows]
    if first.negative:
        sheet.top["negative"] = first.negative
    for (_, before), (frame, after) in zip(found, found[1:], strict=False):
        sheet.cues.append(prompt_cue(f"frame {frame}", before, after))
    for frame, each in found:
        sheet.lost += [f"prompt at frame {frame}: {line}" for line in each.lost]


def prompt_cue(at: str, before: Worded, after: Worded) -> dict[str, Any]:
    """The row of [[cues]] that goes from the one to the other."""
    row: dict[str, Any] = {"at": at}
    if len(after.rows) == 1 and "weight" not in after.rows[0]:
        row["prompt"] = after.rows[0]["text"]
    else:
        row["prompts"] = list(after.rows)
    if after.negative != before.negative:
        row["negative"] = after.negative
    return row


def _texts(film: Film) -> dict[int, str]:
    """Prompts by frame, with what is said for all of them."""
    settings = film.settings
    rows = settings.get("prompts") or settings.get("animation_prompts") or {"0": "abstract"}
    if isinstance(rows, str):
        try:
            rows = json.loads(rows)
        except ValueError:
            raise LiquidlightError("prompts are not JSON") from None
    if isinstance(rows, list):
        rows = dict(enumerate(rows))
    if not isinstance(rows, dict) or not all(isinstance(text, str) for text in rows.values()):
        raise LiquidlightError("prompts are no table of frames and texts")
    positive, negative = (
        str(settings.get(f"{kind}_prompts") or settings.get(f"animation_prompts_{kind}") or "")
        for kind in ("positive", "negative")
    )
    texts: dict[int, str] = {}
    for key, text in rows.items():
        own, sign, refused = text.partition("--neg")
        whole = ", ".join(part for part in (positive, own) if part.strip())
        against = ", ".join(part.strip() for part in (refused, negative) if part.strip())
        texts[_frame(str(key), film)] = f"{whole} --neg {against}" if against else whole
    return texts or {0: "abstract"}


def _frame(key: str, film: Film) -> int:
    plain = number(key)
    frame = Formula(key.strip("\"' "), film.names).at(0.0) if plain is None else plain
    if not 0 <= frame <= MOST_FRAMES:
        raise LiquidlightError(f"prompt at frame {key[:20]}: outside 0..{MOST_FRAMES}")
    return int(frame)


def _hints(film: Film) -> list[str]:
    """How to render it at its own size and length."""
    (width, height), fps = film.size, film.fps
    rates = f"--fps {fps:g} --model-fps {round(fps)}"
    size = f"--size {int(width) // 2 * 2}x{int(height) // 2 * 2} {rates}"
    return [f"Its own size and length: render SONG {size} --to {film.frames / fps:g}"]
