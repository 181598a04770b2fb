"""What pages of a performance are told, and what they may do; see controllers/page/contract.py.

The thread that serves pages reads here what is newest; only `step` runs on the main thread, once a
turn, for the small picture.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controllers.mapping import parse_mapping
from engine import reporting
from engine.checking import mistakes
from engine.clock import monotonic
from engine.errors import PresetError
from engine.folders import folder, write_whole
from engine.input_hands import sound_now
from engine.operating import SHIPPED, Spectrum
from engine.records import ControlEvent
from engine.render.preview_feed import PreviewFeed
from engine.set_list import progress
from engine.show import load_show
from engine.show.preset_file import read_midi
from engine.surface import LiveSurface
from engine.toml_file import TomlFile, drafting
from engine.undo import UNLEARN, Ask, hands_of

if TYPE_CHECKING:
    from engine.live import Performance

LINES = 40
LOOK_SECONDS = 4.0
"""How long a look plays alone before its picture is kept."""
TEXT_LIMIT = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][\w -]{0,40}", re.ASCII)


class LivePage:
    """Answers pages of one performance; the contract is controllers/page/contract.py."""

    def __init__(self, show: Performance, surface: LiveSurface) -> None:
        self._show, self.surface = show, surface
        self._feed = PreviewFeed(show.window.ctx, show.size)
        self._hearing = Spectrum()
        self._jpeg: tuple[int, bytes] | None = None
        self._lines: list[tuple[float, str]] = []
        self._look = ("", 0.0)
        self._seen: frozenset[str] = frozenset()
        self._thumbnails = folder("cache") / "thumbnails"

    def step(self) -> None:
        """Main thread, once a turn."""
        self._feed.step(self._show.compositor.picture)

    def release(self) -> None:
        self._feed.release()

    def told(self, line: str) -> None:
        """A line for the operator; any thread."""
        self._lines = [*self._lines[1 - LINES :], (round(self._show.clock.now(), 1), line)]

    def put(self, address: str, value: float | str) -> None:
        show = self._show
        show.events.put(ControlEvent(show.clock.now(), address, value, "page"))

    def held(self) -> Mapping[str, float | str]:
        room = self._show.output_hands.surface.held()
        return {**hands_of(self._show.listening.moment.get().controls), **room}

    def knobs(self) -> Mapping[str, tuple[float, str]]:
        midi = self._show.hands.midi
        return {name: (g.value, g.source) for name, g in (midi.ghosts if midi else {}).items()}

    def now(self) -> dict[str, Any]:
        show = self._show
        moment, figures = show.listening.moment.get(), reporting.set_figures(show)
        beat = moment.signals.beat
        return {
            "beat": round(beat.at(show.clock.now()), 3), "bpm": round(beat.bpm, 2),
            "confidence": round(beat.confidence, 2), "source": beat.source, **figures,
            **progress(show.clock.now(), beat, moment.playing, show.listening.show.get()),
            "waiting": sorted(self.surface.queued()), "recording": show.recording.on,
            "film": show.recording.facts(), **show.takes.facts(),
            "sound": sound_now(show.listening),
        }

    def health(self) -> dict[str, Any]:
        self._seen = frozenset(self._pictures())
        health = self._show.generator.health()
        return {
            **self._show.row, "generator_state": health.state, "generator_fault": health.fault,
            "frame_ms": [round(float(ms), 1) for ms in self._show.stats.recent(120)],
            "model_ms": [round(ms, 1) for ms in health.recent_ms[-60:]],
            "late_ms": round(self._show.stats.late_ms, 1), "lines": self._lines,
        }

    def scenes(self) -> list[dict[str, Any]]:
        played = self._show.listening.show.get()
        rows = zip(played.names, played.presets, played.scenes, strict=True)
        return [
            {"name": name, "title": look.title, "notes": scene.notes or look.notes,
             "tags": list(look.tags), "bars": scene.bars, "seen": name in self._seen}
            for name, look, scene in rows
        ]

    def outputs(self) -> list[dict[str, Any]]:
        return self._show.output_hands.surface.rows()

    def displays(self) -> list[dict[str, Any]]:
        return self._show.output_hands.surface.displays()

    def takes(self) -> list[dict[str, Any]]:
        return self._show.takes.shelf.rows

    def delete_take(self, name: str) -> str:
        return self._show.takes.shelf.delete(name)

    def restore_take(self, name: str) -> str:
        return self._show.takes.shelf.restore(name)

    def spectrum(self) -> list[int]:
        samples = self._show.listening.moment.get().sound.samples
        return [round(100 * float(level)) for level in self._hearing.of(samples)]

    def preview(self) -> tuple[int, bytes] | None:
        newest = self._feed.newest()
        if newest is not None and (self._jpeg is None or self._jpeg[0] != newest[0]):
            from PIL import Image

            out = io.BytesIO()
            Image.fromarray(newest[1]).save(out, "JPEG", quality=70)
            self._jpeg = newest[0], out.getvalue()
            self._keep_thumbnail(newest[1])
        return self._jpeg

    def thumbnail(self, preset: str) -> bytes | None:
        path = self._pictures().get(preset)
        return path.read_bytes() if path else None

    def _pictures(self) -> dict[str, Path]:
        """Thumbnails that are there, our own before those that ship."""
        names = self._show.listening.show.get().names
        return {name: path for folder in (SHIPPED, self._thumbnails) for name in names
                if (path := folder / f"{name}.jpg").is_file()}

    def bound(self) -> list[dict[str, Any]]:
        learner = self._show.desk.learner
        return learner.bound() if learner else []

    def unlearn(self, address: str) -> None:
        """The desk does it and tells it; undo takes it back."""
        hands = self._show.listening.moment.get().controls
        self._show.listening.graph.history.asks.put(Ask(UNLEARN, hands, text=address))

    def files(self) -> list[str]:
        return list(self._paths())

    def read_file(self, name: str) -> str:
        path = self._path(name)
        try:
            return path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise PresetError(f"{name}: cannot be read ({error})") from None

    def check_file(self, name: str, text: str) -> list[dict[str, Any]]:
        path = self._path(name)

        def read() -> None:
            for file in map(TomlFile, load_show(str(path)).files):
                parse_mapping(read_midi(file), str(file.path))

        with drafting({path.resolve(): text[:TEXT_LIMIT]}):
            rows = mistakes(path, read)
        return [{**asdict(row), "file": Path(row.file).name} for row in rows]

    def save_file(self, name: str, text: str, new_name: str = "") -> str:
        path = self._path(name)
        if wrong := self.check_file(name, text):
            raise PresetError(f"line {wrong[0]['line']}: {wrong[0]['message']}; not saved")
        if new_name:
            if not _NAME.fullmatch(new_name):
                raise PresetError(f"{new_name!r} is no name: letters, digits, - and _ only")
            path = path.with_name(f"{new_name}.toml")
            if path.exists():
                raise PresetError(f"{path.name} is there already; choose another name")
        try:
            write_whole(path, text[:TEXT_LIMIT])
        except OSError as error:
            raise PresetError(f"{path.name}: cannot be written ({error.strerror})") from None
        return path.name

    def _paths(self) -> dict[str, Path]:
        """The show's files by the shortest names that tell them apart."""
        files = self._show.listening.show.get().files
        names = [path.name for path in files]
        return {path.name if names.count(path.name) == 1 else f"{path.parent.name}/{path.name}":
                path for path in files}

    def _path(self, name: str) -> Path:
        path = self._paths().get(name)
        if path is None:
            raise PresetError(f"{name!r} is no file of this show")
        return path

    def _keep_thumbnail(self, picture: Any) -> None:
        """A small picture of a look that has played alone for a while, once a visit of it."""
        now, moment = self.now(), self._show.listening.moment.get()
        hands, name, time = moment.controls, str(now["playing"]), monotonic()
        if self._look[0] != name or hands.blackout or hands.hush or hands.freeze:
            self._look = name, time
        if not 0.0 < time - self._look[1] - LOOK_SECONDS:
            return
        from PIL import Image

        self._look = name, float("inf")
        try:
            self._thumbnails.mkdir(parents=True, exist_ok=True)
            small = Image.fromarray(picture).resize((256, 144))
            small.save(self._thumbnails / f"{name}.jpg", quality=80)
        except OSError:
            return
