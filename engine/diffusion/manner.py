"""How a model wants to be played beyond what diffusers' files say: its noise.json, if it has one.

A model folder flows in, numbers flow out. Needs no torch: the process that shows asks too.
"""

from __future__ import annotations

import json
from pathlib import Path

from engine.errors import ModelError


def position_amplitude(folder: Path) -> float:
    """How strongly a model folder wants to be told where it is: noise.json, 0 where there is none.

    Raises ModelError when the file is there and holds no such number, 0..4.
    """
    return _told(folder, "position_amplitude", 4.0)


def softness(folder: Path) -> float:
    """How softly a model paints, 0..1, as its noise.json says; 0, crisp, where it does not."""
    return _told(folder, "softness", 1.0, 0.0)


def _told(folder: Path, key: str, most: float, default: float | None = None) -> float:
    path = folder / "noise.json"
    if not path.exists():
        return 0.0
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        value = float(row[key] if default is None else row.get(key, default))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: no {key}, allowed: a number 0..{most:g}") from error
    if not 0 <= value <= most:
        raise ModelError(f"{path}: {key} = {value}, allowed: 0..{most:g}")
    return value
