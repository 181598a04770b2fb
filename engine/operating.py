"""What the operator sees: a performance in, an Overview and its window out.

Read on the main thread some ten times a second from the parts that are at work; nothing here
changes them. The window is a further one of the outputs, which call `draw` with its context
current; the audience never sees it. Lines that are told stay on it for a while.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from controllers.keyboard import help_lines
from engine import reporting
from engine.clock import monotonic
from engine.cues import Cue
from engine.folders import folder
from engine.records import SAMPLERATE, SOUND_SAMPLES, Layer, Moment
from engine.render.operator_view import OperatorView
from engine.render.outputs import SharedTextures
from engine.render.overview import DESIGN, Overview
from engine.render.software import in_software

if TYPE_CHECKING:
    from engine.live import Performance

HZ, SOFTWARE_HZ = 12.0, 4.0
"""Times a second; the second where the processor draws, which has the show to draw as well."""
HELP_KEYS = ("slash", "f1")
SHOWN = ("level", "bass", "mid", "high", "kick", "snare", "hat", "intensity", "build", "presence")
"""Signals that have a bar."""
SHIPPED = Path(__file__).parent.parent / "presets" / "thumbnails"
HISTORY, FRAMES, BANDS = 90, 120, 64
WARNING_SECONDS, LOOK_SECONDS = 15.0, 4.0
"""How long a line is seen; how long a look has played alone before its picture is kept."""
PARTS = (("capture_ms", "in"), ("analysis_ms", "ear"), ("waiting_ms", "wait"),
         ("drawing_ms", "draw"), ("presentation_ms", "show"))
_MORE_KEYS = (("tab", "full screen"), ("escape, q", "quit"), ("?", "these keys"))


class Operator:
    """The operator's window of one performance; `told` takes every line that is told."""

    def __init__(self, show: Performance) -> None:
        self._show = show
        self._view: OperatorView | None = None
        self._history = np.zeros((len(SHOWN), HISTORY), np.float32)
        self._hearing = Spectrum()
        self._lines: deque[tuple[str, float]] = deque(maxlen=8)
        self._hands: dict[str, tuple[int, float]] = {}
        self._second = -1.0
        self._slow: dict[str, Any] = {}
        self._look = ("", 0.0)
        self._keys = _keys()

    def open_if_wanted(self) -> None:
        """The window, where it was asked for, or where the show fills one of several displays.

        Raises DeviceError where it was asked for and cannot be opened.
        """
        options = self._show.options
        spare = options.screen == "fullscreen" and bool(self._show.window.free_displays())
        if spare if options.operator is None else options.operator:
            window = self._show.window
            hz = SOFTWARE_HZ if in_software(window.ctx) else HZ
            window.open_window("Liquidlight: operator", DESIGN, self.draw, hz)

    def told(self, line: str) -> None:
        """A line for the operator; any thread."""
        self._lines.appendleft((line, monotonic()))

    def key(self, name: str) -> None:
        if name in HELP_KEYS and self._view is not None:
            self._view.help_shown = not self._view.help_shown

    def draw(self, window: Any) -> None:
        """Called out of `swap`, the window's context being current."""
        if self._view is None:
            self._view = OperatorView(window.ctx)
            for name, picture in small_pictures(self._show.listening.show.get().names):
                self._view.keep(name, picture)
            self._shared = SharedTextures(self._show.window.ctx, window.ctx)
        now, (picture, light) = self.overview(), self._show.compositor.picture or (None, 1.0)
        if picture is not None:
            picture = self._shared.at(picture)
        if picture is not None and self._worth_keeping(now):
            self._view.remember(now.playing, picture)
        self._view.draw(window.screen, now, picture, light)

    def overview(self) -> Overview:
        """Everything as it stands."""
        show, time = self._show, self._show.clock.now()
        moment = show.listening.moment.get()
        if time - self._second >= 1.0:
            self._second = time
            self._slow = self._each_second(moment, time)
        beat, hands, row = moment.signals.beat, moment.controls, show.row
        return Overview(
            time=time,
            beat=beat.at(time),
            bpm=beat.bpm,
            confidence=beat.confidence,
            tempo_source=beat.source,
            tempo_locked=bool(row.get("tempo_locked")),
            signals=self._signals(moment),
            spectrum=self._hearing.of(moment.sound.samples),
            input_db=row.get("input_peak_db"),
            input_clipped=bool(row.get("input_clipped")),
            frame_ms=show.stats.recent(FRAMES),
            limit_ms=show.stats.late_ms,
            late_frames=show.stats.late_frames,
            display_fps=row.get("display_fps", 0.0),
            model_fps=row.get("generator_fps", 0.0),
            flags=tuple(name for name in ("freeze", "blackout", "hush") if getattr(hands, name)),
            layers=tuple(map(layer_line, show.drawn.layers)) if show.drawn else (),
            held=held_lines(moment),
            inputs=self._inputs(time),
            recording=_recording(show.recording.figures()),
            warnings=self._warnings(),
            keys=self._keys,
            **_set(reporting.set_figures(show)),
            **self._slow,
        )

    def _each_second(self, moment: Moment, time: float) -> dict[str, Any]:
        health, row = self._show.generator.health(), self._show.row
        return {
            "model_ms": np.array(health.recent_ms[-HISTORY:], np.float32),
            "model_state": health.state,
            "model_runtime": health.runtime,
            "model_restarts": health.restarts,
            "model_fault": health.fault,
            "latency": tuple((said, row.get(name, 0.0)) for name, said in PARTS),
            "next_cue": next_cue(self._show.listening.show.get().cues.cues, moment, time),
        }

    def _signals(self, moment: Moment) -> tuple[tuple[str, np.ndarray], ...]:
        values = moment.signals.values
        self._history[:, :-1] = self._history[:, 1:]
        self._history[:, -1] = [values.get(name, 0.0) for name in SHOWN]
        return tuple(zip(SHOWN, self._history, strict=True))

    def _inputs(self, time: float) -> tuple[tuple[str, int, float], ...]:
        show = self._show
        for name, count in {**show.hands.received, "keys": show.key_events}.items():
            if self._hands.get(name, (0, -1e3))[0] != count:
                self._hands[name] = count, time
            self._hands.setdefault(name, (count, -1e3))
        return tuple((name, count, time - at) for name, (count, at) in self._hands.items())

    def _warnings(self) -> tuple[str, ...]:
        since = monotonic() - WARNING_SECONDS
        return tuple(text for text, at in tuple(self._lines) if at >= since)

    def _worth_keeping(self, now: Overview) -> bool:
        """Whether the look has played alone long enough to be recognised; asked for each draw."""
        quiet = now.playing and not now.flags
        if not quiet or self._look[0] != now.playing:
            self._look = now.playing, now.time
            return False
        if now.time - self._look[1] < LOOK_SECONDS:
            return False
        self._look = now.playing, now.time
        return True


def small_pictures(names: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Those that ship or that the page has kept, of looks by these names: uint8 (h, w, 3)."""
    from PIL import Image

    for name in dict.fromkeys(names):
        for place in (folder("cache") / "thumbnails", SHIPPED):
            with suppress(OSError, ValueError), Image.open(place / f"{name}.jpg") as picture:
                yield name, np.asarray(picture.convert("RGB"))
                break


class Spectrum:
    """Bands of the newest sound, 0..1 over 60 dB from 40 Hz to 16 kHz; they fall slowly."""

    def __init__(self, bands: int = BANDS) -> None:
        self._window = np.hanning(SOUND_SAMPLES).astype(np.float32)
        edges = np.geomspace(40.0, 16_000.0, bands + 1) * SOUND_SAMPLES / SAMPLERATE
        # Below some hundred hertz bands are narrower than the transform's: they share its lines.
        self._first = np.minimum(np.round(edges[:-1]).astype(int), SOUND_SAMPLES // 2 - 1)
        self._tilt = np.linspace(0.0, 18.0, bands)  # Music falls by some dB an octave.
        self._seen = np.zeros(bands, np.float32)

    def of(self, samples: np.ndarray) -> np.ndarray:
        """`samples` float32 (SOUND_SAMPLES, 2)."""
        lines = np.abs(np.fft.rfft(samples.sum(axis=1) * self._window)) / (0.5 * SOUND_SAMPLES)
        peaks = np.maximum.reduceat(lines, self._first)
        level = (20.0 * np.log10(peaks + 1e-9) + self._tilt + 60.0) / 60.0
        self._seen = np.maximum(np.clip(level, 0.0, 1.0), self._seen - 0.08)
        return self._seen


def layer_line(layer: Layer) -> str:
    """A layer in some words."""
    name = PurePath(layer.name).name if layer.kind in ("picture", "video") else layer.name
    parts = [layer.kind, name, layer.blend if layer.blend != "normal" else ""]
    parts += [f"{100.0 * layer.opacity:.0f} %"] if layer.opacity < 0.995 else []
    parts += [f"+ {', '.join(effect.shader for effect in layer.effects)}"] if layer.effects else []
    return "  ".join(part for part in parts if part)


def held_lines(moment: Moment) -> tuple[str, ...]:
    """What hands have taken over from the look, newest last in the order of their first touch."""
    hands = moment.controls
    numbers = (f"{name}  {value:.3g}" for name, value in hands.values.items())
    return (*numbers, *(f"{name}  {text}" for name, text in hands.texts.items()))


def next_cue(cues: tuple[Cue, ...], moment: Moment, time: float) -> str:
    """The cue that comes next, in some words; "" for none."""
    beat = moment.signals.beat
    ahead = [(-since, cue) for cue in cues if (since := cue.since(time, beat)) < 0.0]
    if not ahead:
        return ""
    wait, cue = min(ahead, key=lambda pair: pair[0])
    said = [f"preset {cue.preset}"] if cue.preset else []
    said += [", ".join(list(cue.numbers)[:3])] if cue.numbers else []
    said += [cue.prompts[0].text] if cue.prompts else []
    said += [cue.line] if cue.line else []
    return f"cue in {wait:.0f} s  {'  '.join(said)}".rstrip()


def _set(figures: dict[str, Any]) -> dict[str, Any]:
    names = ("playing", "queued", "queued_beats", "autopilot")
    picked = {name: figures[name] for name in names}
    return {**picked, "queued": picked["queued"] or ""}


def _recording(figures: dict[str, Any]) -> tuple[str, float, int, int, str] | None:
    if figures["recording"] is None:
        return None
    names = ("recording_s", "recording_frames", "recording_dropped", "recording_encoder")
    return (PurePath(figures["recording"]).name, *(figures[name] for name in names))


def _keys() -> tuple[tuple[str, str], ...]:
    rows = ((line[:13].strip(), line[13:].strip()) for line in help_lines())
    return (*rows, *_MORE_KEYS)
