"""The panels of the operator's view: an Overview in, letters and boxes on a Sheet out.

Each panel is a function; its place is that in a picture of 1280x720. Runs on the GL thread, some
ten times a second.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.render.overview import (
    AMBER,
    BACK,
    BLUE,
    DIM,
    FAINT,
    HUGE,
    LABEL,
    NAME,
    PREVIEW,
    RED,
    SMALL,
    TEAL,
    TEXT,
    THUMB,
    TRACK,
    VALUE,
    VIOLET,
    Overview,
    Pen,
)


def draw_panels(pen: Pen, now: Overview) -> None:
    """All that lies beside the preview."""
    for panel in (_tempo, _signals, _spectrum, _frames, _playing, _layers, _below):
        panel(pen, now)
    x, y, w, h = PREVIEW
    edge = RED if now.recording else TRACK
    for top in (y - 3, y + h):
        pen.box(x - 3, top, w + 6, 3, edge)
    for left in (x - 3, x + w):
        pen.box(left, y, 3, h, edge)


def draw_over(pen: Pen, now: Overview, help_shown: bool) -> None:
    """What lies over the preview: recording, switches, warnings; and the help over all."""
    x, y, w, h = PREVIEW
    if now.recording:
        _, seconds, _, dropped, encoder = now.recording
        lost = f"   {dropped} lost" if dropped else ""
        text = f"REC {_clock(seconds)}{lost}"
        pen.box(x + 12, y + 12, 48 + 8.6 * len(text), 30, (0.0, 0.0, 0.0, 0.62), 15.0)
        blink = 1.0 if now.time % 1.0 < 0.6 else 0.35
        pen.box(x + 24, y + 20, 14, 14, (*RED[:3], blink), 7.0)
        pen.text(x + 46, y + 33, text, VALUE, AMBER if dropped else TEXT)
    right = x + w - 12
    for flag in reversed(now.flags):
        width = 22 + 9.5 * len(flag)
        right -= width
        pen.box(right, y + 12, width, 30, (*AMBER[:3], 0.92), 15.0)
        pen.text(right + width / 2, y + 33, flag.upper(), LABEL, BACK, 0.5)
        right -= 8
    for n, line in enumerate(now.warnings[:3]):
        top = y + h - 34 * (n + 1)
        pen.box(x, top, w, 33, (0.10, 0.06, 0.02, 0.86))
        pen.box(x, top, 5, 33, AMBER)
        pen.text(x + 16, top + 22, line, SMALL, TEXT, width=w - 28)
    if help_shown:
        _help(pen, now.keys)


def _tempo(pen: Pen, now: Overview) -> None:
    x, y, w, h = 656, 16, 608, 150
    pen.panel(x, y, w, h)
    wide = pen.text(x + 16, y + 70, f"{now.bpm:.1f}", HUGE)
    pen.text(x + 24 + wide, y + 70, "bpm", VALUE, DIM)
    sure = TEAL if now.confidence >= 0.6 else AMBER if now.confidence >= 0.3 else RED
    pen.box(x + 18, y + 90, 190, 8, TRACK, 4.0)
    pen.box(x + 18, y + 90, max(8.0, 190 * min(1.0, now.confidence)), 8, sure, 4.0)
    lock = "  locked" if now.tempo_locked else ""
    pen.text(x + 18, y + 127, f"{now.tempo_source}{lock}", VALUE)
    pen.text(x + 208, y + 127, f"{100 * now.confidence:.0f} % sure", SMALL, sure, 1.0)
    _beats(pen, x + 262, y, now.beat)


def _beats(pen: Pen, x: float, y: float, beat: float) -> None:
    """Four lights, of which the one that sounds is lit and fades; bars and phrases counted."""
    count, phase = int(beat), beat % 1.0
    for n in range(4):
        lit = (1.0 - 0.75 * phase) if count % 4 == n else 0.0
        colour = AMBER if n == 0 else TEAL
        pen.box(x + 60 * n, y + 22, 48, 48, TRACK, 24.0)
        if lit:
            pen.box(x + 60 * n, y + 22, 48, 48, (*colour[:3], lit), 24.0)
    for n in range(16):
        done = n <= count % 16
        pen.box(x + 15.2 * n, y + 90, 12, 8, VIOLET if done else TRACK, 3.0)
    pen.text(x, y + 127, "bar", SMALL, DIM)
    pen.text(x + 30, y + 127, f"{count // 4 + 1}", VALUE)
    pen.text(x + 120, y + 127, "phrase", SMALL, DIM)
    pen.text(x + 176, y + 127, f"{count // 16 + 1}", VALUE)
    pen.text(x + 330, y + 62, f"{count % 4 + 1}", HUGE, TEXT, 1.0)


def _signals(pen: Pen, now: Overview) -> None:
    """Bars for now, and the last seconds behind each name."""
    x, y, w, h = 656, 178, 608, 214
    pen.panel(x, y, w, h, "signals")
    for n, (name, history) in enumerate(now.signals[:10]):
        left, top = x + 12 + 298 * (n % 2), y + 32 + 36 * (n // 2)
        value = float(history[-1]) if len(history) else 0.0
        pen.text(left, top + 21, name, SMALL, DIM)
        pen.box(left + 100, top + 2, 118, 27, TRACK, 3.0)
        pen.bars(left + 100, top + 2, 118, 27, history, FAINT)
        pen.box(left + 226, top + 2, 58, 27, TRACK, 3.0)
        hot = AMBER if value > 0.85 else TEAL
        pen.box(left + 226, top + 2, 58 * min(1.0, max(0.0, value)), 27, hot, 3.0)


def _spectrum(pen: Pen, now: Overview) -> None:
    x, y, w, h = 656, 404, 608, 98
    pen.panel(x, y, w, h)
    pen.bars(x + 12, y + 12, 536, h - 24, now.spectrum, VIOLET, 2.0)
    pen.box(x + 564, y + 12, 32, h - 24, TRACK, 3.0)
    if now.input_db is not None:
        level = min(1.0, max(0.0, 1.0 + now.input_db / 48.0))
        colour = RED if now.input_clipped else AMBER if now.input_db > -3.0 else TEAL
        high = (h - 24) * level
        pen.box(x + 564, y + 12 + (h - 24) - high, 32, high, colour, 3.0)
    shown = "-" if now.input_db is None else f"{now.input_db:.0f}"
    pen.text(x + 580, y + h - 18, shown, LABEL, TEXT, 0.5)


def _frames(pen: Pen, now: Overview) -> None:
    """How long display frames and the model's pictures took."""
    y, h = 514, 102
    end = pen.panel(656, y, 298, h, "display")
    pen.text(942, y + 22, f"{now.display_fps:.0f} fps", VALUE, TEXT, 1.0)
    late = AMBER if now.late_frames else DIM
    pen.text(end + 12, y + 21, f"{now.late_frames} late", LABEL, late)
    _graph(pen, 668, y + 34, 274, 56, now.frame_ms, now.limit_ms)
    end = pen.panel(966, y, 298, h, "model")
    pen.text(1252, y + 22, f"{now.model_fps:.1f} fps", VALUE, TEXT, 1.0)
    running = now.model_state == "running"
    said = now.model_runtime if running else now.model_state
    said += f"  {now.model_restarts}×" if now.model_restarts else ""
    pen.text(end + 12, y + 21, said, LABEL, TEAL if running else AMBER, width=130)
    _graph(pen, 978, y + 34, 274, 56, now.model_ms, 0.0)
    if now.model_fault and not running:
        pen.text(978, y + 84, now.model_fault, LABEL, RED, width=274)


def _graph(
    pen: Pen, x: float, y: float, w: float, h: float, values: np.ndarray, limit: float
) -> None:
    """Durations as bars, late ones in red; the line is the limit."""
    pen.box(x, y, w, h, TRACK, 3.0)
    if not len(values):
        return
    top = max(1.7 * limit or 1.7 * float(np.median(values)), 1.0)
    pen.bars(x, y, w, h, values / top, BLUE)
    if limit:
        pen.bars(x, y, w, h, np.where(values > limit, values / top, 0.0), RED)
        pen.box(x, y + h * (1.0 - limit / top), w, 1.0, (1.0, 1.0, 1.0, 0.25))
    pen.text(x + 6, y + 17, f"{float(np.median(values)):.1f} ms", LABEL, TEXT)


def _playing(pen: Pen, now: Overview) -> None:
    x, y, w, h = 16, 379, 624, 136
    pen.panel(x, y, w, h, "now")
    pen.text(x + 12, y + 57, now.playing, NAME, TEXT, width=425)
    mode, colour = ("autopilot", TEAL) if now.autopilot else ("by hand", AMBER)
    pen.text(x + 52, y + 21, mode, LABEL, colour)
    pen.text(x + 454, y + 21, "NEXT", LABEL, DIM)
    pen.box(*THUMB, TRACK, 3.0)
    if now.queued:
        pen.text(x + 12, y + 92, f"next  {now.queued}", VALUE, AMBER, width=290)
        if now.queued_beats is not None:
            beats = max(0.0, now.queued_beats)
            pen.text(x + 437, y + 92, f"in {beats:.0f} beats", VALUE, AMBER, 1.0)
            pen.box(x + 12, y + 101, 425, 5, TRACK, 2.5)
            pen.box(x + 12, y + 101, 425 * max(0.0, 1.0 - beats / 16.0), 5, AMBER, 2.5)
    cue = now.next_cue or "no cue ahead"
    pen.text(x + 12, y + 125, cue, SMALL, DIM if not now.next_cue else VIOLET, width=425)


def _layers(pen: Pen, now: Overview) -> None:
    _list(pen, 16, "layers", now.layers or ("the generated picture",))
    _list(pen, 334, "held by hand", now.held or ("nothing",))


def _list(pen: Pen, x: float, title: str, lines: Sequence[str]) -> None:
    y, h, most = 527, 177, 6
    pen.panel(x, y, 306, h, title)
    for n, line in enumerate(lines[:most]):
        more = n == most - 1 and len(lines) > most
        text = f"and {len(lines) - most + 1} more" if more else line
        pen.text(x + 12, y + 46 + 23 * n, text, SMALL, DIM if more else TEXT, width=282)


def _below(pen: Pen, now: Overview) -> None:
    """Latency in its parts, what hands send, and where it is recorded."""
    y, h = 628, 76
    pen.panel(656, y, 298, h, "sound to light")
    total = sum(ms for _, ms in now.latency)
    pen.text(942, y + 22, f"{total:.0f} ms", VALUE, TEXT, 1.0)
    left = 668.0
    for (_, ms), colour in zip(now.latency, (BLUE, VIOLET, TRACK, TEAL, AMBER), strict=False):
        width = 274 * ms / max(60.0, total)
        pen.box(left, y + 34, max(0.0, width - 1.5), 12, colour, 2.0)
        left += width
    parts = "  ".join(f"{name} {ms:.0f}" for name, ms in now.latency)
    pen.text(668, y + 65, parts, LABEL, DIM, width=274)
    pen.panel(966, y, 298, h)
    left = 978.0
    for name, count, ago in now.inputs[:3]:
        lit = max(0.12, 1.0 - ago / 0.6)
        pen.box(left, y + 12, 12, 12, (*TEAL[:3], lit), 6.0)
        left += 20 + pen.text(left + 18, y + 23, f"{name} {count}", SMALL, TEXT) + 14
    pen.text(1252, y + 65, "? for keys", LABEL, DIM, 1.0)
    said = f"{now.recording[0]}  {now.recording[4]}" if now.recording else "not recording"
    pen.text(978, y + 46, said, LABEL, RED if now.recording else DIM, width=274)
    pen.text(978, y + 65, _clock(now.time), VALUE, TEXT)


def _help(pen: Pen, keys: Sequence[tuple[str, str]]) -> None:
    pen.box(-4000, -4000, 9000, 9000, (0.01, 0.015, 0.02, 0.95))
    pen.text(60, 64, "Keys", NAME)
    rows = max(16, -(-len(keys) // 2))
    step = min(34.0, 590.0 / rows)
    for n, (name, said) in enumerate(keys):
        x, y = 60 + 600 * (n // rows), 108 + step * (n % rows)
        pen.text(x + 120, y, name, SMALL, AMBER, 1.0)
        pen.text(x + 138, y, said, SMALL, TEXT, width=440)


def _clock(seconds: float) -> str:
    whole = int(max(0.0, seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
