"""Deforum's prompts: a text with `--neg` and weights by formula, or parts joined by AND, to ours.

A weight like (cherry:`where(cos(t)>0, 1, 0)`) moves from frame to frame. Ours stand in a text as
they are, so each such part makes a prompt of its own, whose weight is the formula: the blend
follows it as the emphasis would.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import LiquidlightError
from engine.importing.maths import Formula
from engine.keyframes import number

_MOVING = re.compile(r"\(([^()`]*):\s*`([^`]*)`\s*\)")
_TICKS = re.compile(r"`([^`]*)`")
_SHARE = re.compile(r"^(.*?)\s*:\s*([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)\s*$", re.DOTALL)
_TAG = re.compile(r"<(?:lora|lyco|hypernet)[^<>]*>", re.IGNORECASE)
_BRACES = re.compile(r"[{}]")
_NEGATIVE = "--neg"


@dataclass(frozen=True, slots=True)
class Worded:
    """Rows for [[prompts]], the negative prompt, and what could not be kept."""

    rows: tuple[dict[str, Any], ...]
    negative: str
    lost: tuple[str, ...] = ()


def worded(text: str, fps: float, names: Mapping[str, float]) -> Worded:
    """The prompts of one of Deforum's; `names` as max_f and s."""
    positive, _, negative = text.partition(_NEGATIVE)
    lost: list[str] = []
    if " AND " in positive:
        rows = [_share(part) for part in positive.split(" AND ")]
        refused = (_share(part)["text"] for part in negative.split(" AND "))
        negative = ", ".join(part for part in refused if part)
    else:
        rows = _moving(positive, fps, names, lost)
    rows = [row for row in rows if row["text"] and row.get("weight", 1.0) != 0.0]
    return Worded(
        tuple(rows) or ({"text": "abstract"},), _still(negative, "negative", lost), tuple(lost)
    )


def _share(part: str) -> dict[str, Any]:
    """`a red house :0.7` as text and weight."""
    found = _SHARE.match(part)
    text, weight = (found[1], float(found[2])) if found else (part, 1.0)
    row: dict[str, Any] = {"text": _tidy(text)}
    if weight != 1.0:
        row["weight"] = min(10.0, max(0.0, weight))
    return row


def _moving(
    text: str, fps: float, names: Mapping[str, float], lost: list[str]
) -> list[dict[str, Any]]:
    """One row for each part with a formula, and one without any of them for what is left."""
    parts = list(_MOVING.finditer(text))
    weights = [_weight(part, fps, names, lost) for part in parts]
    if not any(weight is not None for weight in weights):
        return [{"text": _still(text, "prompt", lost)}]
    rows = []
    for chosen, weight in zip(parts, weights, strict=True):
        if weight is not None:
            said = _MOVING.sub(lambda p, c=chosen: p[1] if p.start() == c.start() else "", text)
            rows.append({"text": _still(said, "prompt", lost), "weight": weight})
    rest = " - ".join(f"({row['weight']})" for row in rows)
    bare = _still(_MOVING.sub("", text), "prompt", lost)
    if bare:
        rows.append({"text": bare, "weight": f"clamp(1 - {rest})"})
    return rows


def _weight(
    part: re.Match[str], fps: float, names: Mapping[str, float], lost: list[str]
) -> str | None:
    try:
        said = Formula(part[2], names).said(fps)
    except LiquidlightError as error:
        lost.append(f"weight of '{part[1].strip()}': {error}")
        return None
    if said is None or len(said) > 200:
        lost.append(f"weight of '{part[1].strip()}': `{part[2]}` has no words here")
        return None
    return f"max(0, {said})"


def _still(text: str, what: str, lost: list[str]) -> str:
    """A text whose weights stand still; formulas that are left become 1."""
    for ticks in _TICKS.finditer(text):
        if number(ticks[1]) is None:
            lost.append(f"{what}: the weight `{ticks[1][:80]}` stands still at 1")
    for tag in _TAG.findall(text):
        lost.append(f"{what}: {tag} names a file of another model")
    text = _BRACES.sub(" ", _TAG.sub(" ", text))
    return _tidy(_TICKS.sub(lambda t: t[1] if number(t[1]) is not None else "1", text))


def _tidy(text: str) -> str:
    """Without parts that are empty."""
    parts = (" ".join(part.split()) for part in text.split(","))
    return ", ".join(part for part in parts if part and part not in ("()", "(:1)"))
