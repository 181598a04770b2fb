"""Parseq manifests: every frame's prompt and numbers, already computed, become keyframes and cues.

JSON in, a Sheet out. Deltas are what happens a frame, so they are preferred, as Deforum prefers
them; a fractional seed means the same here as there. A manifest that was not rendered has only its
keyframes: those are joined by lines, and interpolations other than that are listed. Fields after
deforum's parseq_adapter.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import LiquidlightError
from engine.importing.deforum import prompt_cue, say
from engine.importing.schedules import (
    GUIDANCE,
    LEFT_OVER,
    MOST_FRAMES,
    Schedule,
    Turn,
    a_second,
    scaled,
)
from engine.importing.sheet import Sheet
from engine.importing.wording import Worded, worded

SIDE = 512.0
"""Pixels of a picture's side: a manifest does not tell, this is Deforum's own."""
_TELLS = ("frame", "deforum_prompt", "subseed", "subseed_strength", "info", "positive", "negative")


def read_parseq(text: str, title: str) -> Sheet:
    """The Sheet of a manifest. Raises LiquidlightError with one line."""
    manifest = _manifest(text)
    sheet = Sheet(title, "from a Parseq manifest")
    rows = _rendered(manifest) or _keyed(manifest, sheet)
    options = manifest.get("options")
    fps = options.get("output_fps", 20) if isinstance(options, dict) else 20
    fps = float(fps) if isinstance(fps, (int, float)) and 1 <= fps <= 240 else 20.0
    _numbers(sheet, rows, fps)
    _prompts(sheet, rows, fps)
    sheet.song = {"fps": fps}
    sheet.lost += _left(rows)
    sheet.hints.append(f"Its own length: render SONG --fps {fps:g} --to {len(rows) / fps:g}")
    return sheet


def _manifest(text: str) -> dict[str, Any]:
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError):
        raise LiquidlightError("is not JSON") from None
    if not isinstance(manifest, dict) or not manifest.keys() & {"rendered_frames", "keyframes"}:
        raise LiquidlightError("is no Parseq manifest: no rendered_frames or keyframes")
    return manifest


def _rows(manifest: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The rows of a list by rising frame; the last of equal frames counts."""
    rows = manifest.get(key) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise LiquidlightError(f"{key} is no list of frames")
    found = {}
    for row in rows:
        frame = row.get("frame")
        if not isinstance(frame, int) or not 0 <= frame <= MOST_FRAMES:
            raise LiquidlightError(f"{key} has a frame that is no number 0..{MOST_FRAMES}")
        found[frame] = row
    return [found[frame] for frame in sorted(found)]


def _rendered(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each frame from 0; one that is missing is as the one before."""
    rows = _rows(manifest, "rendered_frames")
    whole: list[dict[str, Any]] = []
    for row in rows:
        whole += [whole[-1] if whole else row] * (row["frame"] - len(whole))
        whole.append(row)
    return whole


def _keyed(manifest: Mapping[str, Any], sheet: Sheet) -> list[dict[str, Any]]:
    """Keyframes joined by lines, where nothing was rendered."""
    rows = _rows(manifest, "keyframes")
    if not rows:
        raise LiquidlightError("has neither rendered frames nor keyframes")
    sheet.lost.append("not rendered in Parseq: keyframes are joined by lines, prompts are missing")
    whole: list[dict[str, Any]] = [{"frame": n} for n in range(rows[-1]["frame"] + 1)]
    for key in sorted({key for row in rows for key in row if key != "frame"}):
        if key.endswith("_i"):
            ways = {str(row[key]) for row in rows if row.get(key) not in (None, "", "L", "S")}
            sheet.lost += [f"{key} = {way[:60]}: read as a line" for way in sorted(ways)]
            continue
        points = {row["frame"]: float(row[key]) for row in rows if _is_number(row.get(key))}
        if points:
            schedule = Schedule(tuple(points), tuple(points.values()), len(whole))
            for row, value in zip(whole, schedule.every(), strict=True):
                row[key] = value
    return whole


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e12


def _turns(fps: float) -> dict[str, tuple[str, Turn]]:
    """Where each field goes; those of 3D before a flat picture, as in deforum.py."""
    side = fps / SIDE
    return {
        "zoom": ("motion.zoom", a_second(fps)),
        "angle": ("motion.angle", scaled(fps)),
        "rotation_3d_z": ("motion.angle", scaled(fps)),
        "translation_x": ("motion.x", scaled(side)),
        "translation_y": ("motion.y", scaled(-side)),
        "strength": ("strength", LEFT_OVER),
        "noise": ("noise_drift", scaled(1.0)),
        "scale": ("guidance", GUIDANCE),
        "seed": ("seed", scaled(1.0)),
    }


def _numbers(sheet: Sheet, rows: Sequence[Mapping[str, Any]], fps: float) -> None:
    taken: set[str] = set()
    for field, (address, turn) in _turns(fps).items():
        delta = f"{field}_delta" in rows[0] and address.startswith("motion.")
        key = f"{field}_delta" if delta else field
        values = [row.get(key) for row in rows]
        if not all(_is_number(value) for value in values) or address in taken:
            continue
        if len(set(values)) == 1 and address.startswith("motion.") and not values[0]:
            continue
        taken.add(address)
        schedule = Schedule.dense([turn.number(float(value)) for value in values])
        say(sheet, address, schedule, scaled(1.0), fps)


def _prompts(sheet: Sheet, rows: Sequence[Mapping[str, Any]], fps: float) -> None:
    """A cue where the texts change; shares that move between are keyframes of their weights."""
    runs = _runs([worded(str(row.get("deforum_prompt", "")), fps, {}) for row in rows])
    before = runs[0][1][0]
    sheet.prompts = [{"text": row["text"]} for row in before.rows]
    if before.negative:
        sheet.top["negative"] = before.negative
    weights: dict[str, list[float]] = {}
    for start, run in runs:
        rows_of = [dict(row, weight=1.0) for row in run[0].rows]
        if start:
            plain = Worded(tuple({"text": row["text"]} for row in rows_of), run[0].negative)
            sheet.cues.append(prompt_cue(f"frame {start}", before, plain))
        for n in range(1, max(len(each.rows) for each in run) + 1):
            track = weights.setdefault(f"prompts.{n}.weight", [1.0] * start)
            track += [float(each.rows[n - 1].get("weight", 1.0)) for each in run]
        for track in weights.values():
            track += [1.0] * (start + len(run) - len(track))
        before = run[0]
    for address, track in weights.items():
        if set(track) != {1.0}:
            sheet.say(address, Schedule.dense(track).said(scaled(1.0), fps))


def _runs(prompts: list[Worded]) -> list[tuple[int, list[Worded]]]:
    """Frames that follow each other with the same texts: the first one's number, and all."""
    runs: list[tuple[int, list[Worded]]] = []
    for n, each in enumerate(prompts):
        same = runs and _texts(runs[-1][1][-1]) == _texts(each)
        if same:
            runs[-1][1].append(each)
        else:
            runs.append((n, [each]))
    return runs


def _texts(each: Worded) -> tuple:
    return (tuple(row["text"] for row in each.rows), each.negative)


def _left(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Fields that move the film there and have no counterpart."""
    known = {*_TELLS, *_turns(1.0)}
    fields = sorted({key for row in rows for key in row})
    own = [key for key in fields if not key.endswith(("_delta", "_pc")) and key not in known]
    moving = [key for key in own if len({str(row.get(key)) for row in rows}) > 1]
    still = [key for key in own if key not in moving and rows[0].get(key) not in (0, None, "")]
    lines = [f"{', '.join(moving)}: no counterpart"] if moving else []
    return lines + ([f"{', '.join(still)}: no counterpart (one value all along)"] if still else [])
