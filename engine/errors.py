"""The error tree. Each message is one line: place, name, value, what is allowed.

    LiquidlightError            exit status 2: wrong usage or bad input
    ├── PresetError             a preset or set file: file, line, key, value, allowed
    │   └── ExpressionError     the text of one expression
    ├── DeviceError             sound, MIDI, OSC, display
    ├── ShaderError             an ISF file: file, line, the compiler's words
    ├── ModelError              a model folder or the generator
    └── MediaError              a sound or film file
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Where:
    """The place of a mistake: the file, line and column from 1, and its path of keys."""

    file: Path
    line: int
    column: int
    place: tuple[str | int, ...]


class LiquidlightError(Exception):
    """Base of all errors that a user can mend; the text is one readable line."""


class PresetError(LiquidlightError):
    """A preset or set file says something that is not allowed; `where`, if that is known."""

    where: Where | None = None


class ExpressionError(PresetError):
    """An expression has a wrong name, call or shape."""


class DeviceError(LiquidlightError):
    """A sound, MIDI, network or display device is missing or refuses."""


class ShaderError(LiquidlightError):
    """A shader file has a bad header or does not compile."""


class ModelError(LiquidlightError):
    """A model folder lacks a part, or the generator cannot run."""


class MediaError(LiquidlightError):
    """A sound or film file cannot be read or written."""
