"""What the operator's view shows, and the pen that it is drawn with.

An Overview is a plain value, made some ten times a second on the main thread; the Pen writes on a
Sheet in units of a picture of 1280x720, whatever size is drawn. GL thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.render.glyphs import Colour, Sheet

DESIGN = (1280, 720)
BACK: Colour = (0.028, 0.033, 0.042, 1.0)
PANEL: Colour = (0.067, 0.078, 0.098, 1.0)
TRACK: Colour = (0.125, 0.145, 0.18, 1.0)
TEXT: Colour = (0.93, 0.95, 0.97, 1.0)
DIM: Colour = (0.56, 0.61, 0.69, 1.0)
TEAL: Colour = (0.24, 0.84, 0.76, 1.0)
FAINT: Colour = (0.24, 0.84, 0.76, 0.35)
AMBER: Colour = (1.0, 0.72, 0.28, 1.0)
RED: Colour = (1.0, 0.32, 0.32, 1.0)
VIOLET: Colour = (0.64, 0.55, 1.0, 1.0)
BLUE: Colour = (0.37, 0.66, 1.0, 1.0)
PREVIEW = (16.0, 16.0, 624.0, 351.0)
THUMB = (470.0, 416.0, 154.0, 86.6)
LABEL, SMALL, VALUE, NAME, HUGE = 14, 15, 18, 27, 62
SIZES = (LABEL, SMALL, VALUE, NAME, HUGE)
_EMPTY = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Overview:
    """What the operator sees at show `time`; a plain value, made some ten times a second.

    `signals` are names and their last values 0..1, newest last; `spectrum` 0..1 from low to high;
    `frame_ms` and `model_ms` durations, newest last; `limit_ms` is that of a late frame. `latency`
    are parts of the way from sound to light in ms. `inputs` are names, counts of events and
    seconds since the last; `flags` switches that are on; `warnings` newest first.
    """

    time: float = 0.0
    beat: float = 0.0
    bpm: float = 120.0
    confidence: float = 0.0
    tempo_source: str = ""
    tempo_locked: bool = False
    signals: tuple[tuple[str, np.ndarray], ...] = ()
    spectrum: np.ndarray = field(default_factory=lambda: _EMPTY)
    input_db: float | None = None
    input_clipped: bool = False
    frame_ms: np.ndarray = field(default_factory=lambda: _EMPTY)
    limit_ms: float = 25.0
    late_frames: int = 0
    display_fps: float = 0.0
    model_ms: np.ndarray = field(default_factory=lambda: _EMPTY)
    model_fps: float = 0.0
    model_state: str = "loading"
    model_runtime: str = ""
    model_restarts: int = 0
    model_fault: str = ""
    playing: str = ""
    queued: str = ""
    queued_beats: float | None = None
    autopilot: bool = False
    next_cue: str = ""
    layers: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    latency: tuple[tuple[str, float], ...] = ()
    inputs: tuple[tuple[str, int, float], ...] = ()
    recording: tuple[str, float, int, int, str] | None = None
    warnings: tuple[str, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()


class Pen:
    """Writes on a sheet in units of the design, magnified to the size that is drawn."""

    def __init__(self, sheet: Sheet, size: tuple[int, int]) -> None:
        self.sheet = sheet
        self.scale = min(size[0] / DESIGN[0], size[1] / DESIGN[1])
        self.left = 0.5 * (size[0] - self.scale * DESIGN[0])
        self.top = 0.5 * (size[1] - self.scale * DESIGN[1])

    def place(self, x: float, y: float, width: float, height: float) -> tuple[float, ...]:
        """A rectangle of the design in pixels of the picture."""
        s = self.scale
        return self.left + s * x, self.top + s * y, s * width, s * height

    def box(self, x: float, y: float, w: float, h: float, colour: Colour, r: float = 0.0) -> None:
        self.sheet.box(*self.place(x, y, w, h), colour, self.scale * r)

    def bars(
        self, x: float, y: float, w: float, h: float, values: np.ndarray, colour: Colour,
        gap: float = 0.0,
    ) -> None:
        self.sheet.bars(*self.place(x, y, w, h), values, colour, self.scale * gap)

    def text(
        self, x: float, y: float, text: str, size: int = SMALL, colour: Colour = TEXT,
        align: float = 0.0, width: float = 0.0,
    ) -> float:
        """Returns the width; longer than `width` (if given), it is cut off."""
        px, py, limit, _ = self.place(x, y, width, 0.0)
        size = max(8, round(size * self.scale))
        if limit and self.sheet.glyphs.layout(text, size)[1] > limit:
            while text and self.sheet.glyphs.layout(f"{text}…", size)[1] > limit:
                text = text[: -max(1, len(text) // 12)]
            text = f"{text.rstrip()}…"
        return self.sheet.text(px, py, text, size, colour, align) / self.scale

    def panel(self, x: float, y: float, w: float, h: float, title: str = "") -> float:
        """Returns where its title ends."""
        self.box(x, y, w, h, PANEL, 7.0)
        return x + 12 + (self.text(x + 12, y + 21, title.upper(), LABEL, DIM) if title else 0.0)
