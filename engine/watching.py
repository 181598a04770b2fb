"""Watches the files of a show and hands on the new one when they are saved.

A thread of its own. A file that is wrong is told in one line and counted; the show that plays
stays. Folders are watched, not files, because editors save by renaming.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from engine.errors import LiquidlightError
from engine.show import Show, load_show


class Watcher:
    """Calls `changed(show)` after a good save of a preset or set, `shader(path)` of a shader."""

    def __init__(
        self,
        name: str,
        show: Show,
        changed: Callable[[Show], None],
        shader: Callable[[Path], None],
        tell: Callable[[str], None],
    ) -> None:
        self._name, self._show = name, show
        self._changed, self._shader, self._tell = changed, shader, tell
        self._stop = threading.Event()
        self.faults = 0
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop watching; may be called before `start`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def _run(self) -> None:
        from watchfiles import watch

        folders = {path.resolve().parent for path in self._show.files}
        folders |= {Path(__file__).parent.parent / "shaders"}
        for changes in watch(
            *folders, stop_event=self._stop, debounce=100, step=30, rust_timeout=200
        ):
            self._sort(sorted({Path(name) for _, name in changes}))

    def _sort(self, paths: list[Path]) -> None:
        """A shader's inputs belong to the looks that use it, so they are read anew as well."""
        shaders = [path for path in paths if path.suffix in (".fs", ".vs") and path.is_file()]
        for path in shaders:
            self._shader(path)
        if shaders or any(path.suffix == ".toml" for path in paths):
            self._reload()

    def _reload(self) -> None:
        try:
            show = load_show(self._name)
            self._changed(show)
        except LiquidlightError as error:
            self.faults += 1
            self._tell(f"{error} (the last good look stays)")
            return
        self._tell(f"reloaded {show.name}")
