"""Recording during the show: the switch `record` flows in, films and one note each flow out.

Called once a picture on the main thread, which hands over sound and pictures and waits for
nothing: the Recorder's thread opens, encodes, splits and closes. A recording that fails, as on a
full disk, ends with one note, the show goes on, and while the switch is on it begins again in a
new file as soon as there is room.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.clock import timestamp
from engine.errors import LiquidlightError
from engine.exchange import EventQueue
from engine.listening import Listening
from engine.play_options import PlayOptions
from engine.render.film import check_place
from engine.render.recorder import SPARE_BYTES, Recorder

AGAIN_SECONDS = 10.0
"""After a fault the next recording begins no sooner, and only where there is room for some."""
ROOM_BYTES = 4 * SPARE_BYTES


class Recording:
    """`step` once a picture; `close` writes what waits."""

    def __init__(
        self,
        options: PlayOptions,
        size: tuple[int, int],
        listening: Listening,
        tell: Callable[[str], None],
    ) -> None:
        """Without a path in `options` films are dated, and lie among the user's. Raises MediaError
        for a bad path."""
        if options.record is not None:
            check_place(options.record)
        self._path, self._size, self._fps = options.record, size, float(options.record_fps)
        self._split_seconds = 60.0 * options.record_split
        self._listening, self._tell = listening, tell
        self._recorder: Recorder | None = None
        self._ending: list[Recorder] = []
        self._due = self._asked = self._again = self._begun = 0.0
        self._time = 0.0

    @property
    def on(self) -> bool:
        """Whether the red light is lit."""
        return self._recorder is not None

    def step(
        self, wanted: bool, time: float, read_late: Callable[[], np.ndarray | None]
    ) -> None:
        """A picture was drawn that is seen at show `time`; `read_late` gives the one asked for
        before."""
        self._time = time
        if wanted and self._recorder is None and time >= self._again:
            self._begin(time)
        elif self._recorder is not None and (not wanted or self._recorder.over):
            self._end(time)
        if self._recorder is not None:
            self._offer(time, read_late)
        for recorder in [done for done in self._ending if done.over]:
            self._ending.remove(recorder)
            self._tell(_note(recorder))

    def close(self) -> None:
        """End the recording and wait until its file is whole."""
        if self._recorder is not None:
            self._end(self._time)
        for recorder in self._ending:
            recorder.wait()
            self._tell(_note(recorder))
        self._ending.clear()

    def figures(self) -> dict[str, Any]:
        """What runs, for a row of --stats and the operator."""
        recorder = self._recorder
        if recorder is None:
            return {"recording": None}
        path = recorder.paths[-1] if recorder.paths else self._path
        return {
            "recording": str(path),
            "recording_s": round(self._time - self._begun, 1),
            "recording_encoder": recorder.encoder,
            "recording_frames": recorder.frames,
            "recording_dropped": recorder.dropped,
        }

    def facts(self) -> dict[str, Any] | None:
        """What is recorded now, for the page; None for nothing. Any thread."""
        recorder = self._recorder
        if recorder is None:
            return None
        path = recorder.paths[-1] if recorder.paths else self._path
        name = path.name if path else ""
        return {"name": name, "seconds": round(self._time - self._begun, 1),
                "pictures": recorder.frames, "lost": recorder.dropped}  # fmt: skip

    def _begin(self, time: float) -> None:
        path = self._path or usual_path()
        self._again = time + AGAIN_SECONDS
        try:
            if _room(path) < ROOM_BYTES:
                return
            self._recorder = Recorder(path, self._size, self._fps, self._split_seconds)
        except LiquidlightError as error:
            self._tell(f"not recording: {error}")
            return
        self._begun, self._due = time, 0.0
        self._listening.hops = EventQueue()

    def _end(self, time: float) -> None:
        recorder, self._recorder = self._recorder, None
        self._listening.hops = None
        self._again = time + AGAIN_SECONDS if recorder.over else 0.0
        recorder.end()
        self._ending.append(recorder)

    def _offer(self, time: float, read_late: Callable[[], np.ndarray | None]) -> None:
        """The picture is the one asked for before: the GPU has copied it meanwhile."""
        for samples, begun in self._listening.hops.drain():
            self._recorder.offer_sound(samples, begun)
        if time < self._due:
            return
        picture, asked = read_late(), self._asked
        if picture is not None and asked >= self._begun:
            self._recorder.offer(picture, asked)
        self._asked = time
        self._due = max(self._due + 1.0 / self._fps, time - 0.1)


def usual_path() -> Path:
    """A dated film among the user's: XDG_VIDEOS_DIR, ~/Videos or ~/Movies, else at home."""
    named = os.environ.get("XDG_VIDEOS_DIR")
    places = [Path(named)] if named else []
    places += [Path.home() / name for name in ("Videos", "Movies")]
    place = next((place for place in places if place.is_dir()), Path.home())
    return place / f"liquidlight-{timestamp()}.mp4"


def _room(path: Path) -> int:
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return 0


def _note(recorder: Recorder) -> str:
    """What became of a recording, in one line."""
    names = ", ".join(str(path) for path in recorder.paths) or "nothing"
    lost = f", {recorder.dropped} pictures lost" if recorder.dropped else ""
    if recorder.error:
        return f"the recording has ended: {recorder.error}; written {names}{lost}"
    return f"recorded {names}: {recorder.frames} pictures by {recorder.encoder or 'none'}{lost}"
