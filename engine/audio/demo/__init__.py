"""The demo track that ships with the package: 36 bars of our own music at 124 bpm.

Made by `python -m training.demo_track`. `path()` is the sound file, `beats()` the true beat times
in seconds, `sections()` the name and first second of each part.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
BPM = 124.0


def path() -> Path:
    """The sound file (Ogg Opus, 69.7 s)."""
    return FOLDER / "demo.ogg"


def _lines() -> list[str]:
    return (FOLDER / "demo.beats").read_text(encoding="utf-8").splitlines()


def beats() -> list[float]:
    """True beat times in seconds; the first of each four is the one of the bar."""
    return [float(line) for line in _lines() if not line.startswith("#")]


def sections() -> dict[str, float]:
    """Where each section starts, in seconds: intro, groove, breakdown, build, drop, outro."""
    found, lines = {}, _lines()[1:]
    for line, following in zip(lines, lines[1:], strict=False):
        if line.startswith("#"):
            found[line[1:].strip()] = float(following)
    return found
