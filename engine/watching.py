"""Watches the files of a show and hands on the new one when they are saved.

A thread of its own. Folders are watched, not files, because editors save by renaming, by deleting
and by writing in place; what counts is whether a file has another date, size or number than when
it was read. A file that is wrong is told in one line and counted, the show that plays stays, and
its mending is told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from engine import isf
from engine.clock import monotonic, sleep
from engine.errors import LiquidlightError
from engine.show import Show, load_show

LOOK_MS = 250
"""Files are looked at so often even if the system tells of no change, as on network drives."""
SETTLE_SECONDS, SETTLED_WITHIN = 0.02, 0.4
"""A save is over when nothing changed for so long; an editor may need so long for it."""
UNFINISHED_SECONDS = 0.1
"""A file that is wrong, and other so much later, was still being written."""
RETRY_SECONDS = 1.0
"""How often a show that cannot be read is read again, whatever changed."""
SOURCES = (*isf.SUFFIXES, ".vs")

Stamp = tuple[int, int, int]


class Watcher:
    """Calls `changed(show)` after a good save of a preset or set, `shader(path)` of a shader."""

    def __init__(
        self,
        name: str,
        show: Show,
        changed: Callable[[Show], None],
        shader: Callable[[Path], None],
        tell: Callable[[str], None],
        load: Callable[[str], Show] = load_show,
    ) -> None:
        self._name, self._files = name, show.files
        self._changed, self._shader, self._tell = changed, shader, tell
        self._load_show = load
        self._wrong, self._again = "", 0.0
        self._lock = threading.Lock()
        self._stamps = self._look()
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

    def reload(self) -> bool:
        """Read the show now, without a word if all is well; whether it was. Any thread."""
        with self._lock:
            self._stamps = self._look()
            return self._load(quiet=True)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where the show's files lie, and the shaders that ship."""
        own = (path.resolve().parent for path in self._files)
        return tuple(folder for folder in dict.fromkeys((*own, isf.SHIPPED)) if folder.is_dir())

    def _run(self) -> None:
        from watchfiles import watch

        while not self._stop.is_set():
            folders = self.folders
            try:
                for _ in watch(
                    *folders, stop_event=self._stop, recursive=False, debounce=50, step=10,
                    rust_timeout=LOOK_MS, yield_on_timeout=True,
                ):
                    self._check()
                    self._retry()
                    if self.folders != folders:
                        break
            except OSError:  # a folder went while it was watched
                self._stop.wait(LOOK_MS / 1000.0)

    def _look(self) -> dict[Path, Stamp]:
        """A stamp for each file of the show that is there, and each shader it may use."""
        shaders = (
            path for folder in self.folders for path in folder.iterdir() if path.suffix in SOURCES
        )
        stamps = {}
        for path in (*self._files, *shaders):
            try:
                seen = path.stat()
            except OSError:
                continue
            stamps[path] = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
        return stamps

    def _check(self) -> None:
        with self._lock:
            stamps = self._look()
            if stamps == self._stamps:
                return
            before, self._stamps = self._stamps, self._settled(stamps)
            for path, stamp in self._stamps.items():
                if path.suffix in SOURCES and before.get(path) != stamp:
                    self._shader(path)
            self._load()

    def _retry(self) -> None:
        """What was missing may have come: a picture, a preset of the set."""
        with self._lock:
            if self._wrong and monotonic() >= self._again:
                self._again = monotonic() + RETRY_SECONDS
                self._load()

    def _settled(self, stamps: dict[Path, Stamp]) -> dict[Path, Stamp]:
        """The files once they stay as they are: none is gone, or empty, or still being written."""
        for _ in range(round(SETTLED_WITHIN / SETTLE_SECONDS)):
            sleep(SETTLE_SECONDS)
            before, stamps = stamps, self._look()
            whole = all(path in stamps and stamps[path][1] for path in self._files)
            if whole and stamps == before:
                break
        return stamps

    def _load(self, quiet: bool = False) -> bool:
        """A shader's inputs belong to the looks that use it: the show is read anew for any file."""
        try:
            self._changed(show := self._load_show(self._name))
        except Exception as error:  # whatever a file says, this thread goes on
            if self._unfinished():
                return self._load(quiet)
            self._refused(error)
            return False
        mended, self._wrong = self._wrong, ""
        self._follow(show.files)
        if mended or not quiet:
            self._tell(f"{'mended, ' if mended else ''}reloaded {show.name}")
        return True

    def _unfinished(self) -> bool:
        """Whether a file that cannot be read is still being written."""
        sleep(UNFINISHED_SECONDS)
        before, self._stamps = self._stamps, self._look()
        return self._stamps != before

    def _follow(self, files: tuple[Path, ...]) -> None:
        """Watch these from now on; those that are new count as read just now."""
        self._files = files
        self._stamps = {path: self._stamps.get(path, at) for path, at in self._look().items()}

    def _refused(self, error: Exception) -> None:
        """Say what is wrong, once; and watch the file that is, though no show has it yet."""
        where = getattr(error, "where", None)
        if where is not None and where.file not in self._files:
            self._follow((*self._files, where.file))
        known = isinstance(error, LiquidlightError)
        said = str(error) if known else f"{self._name}: {type(error).__name__}: {error}"
        if said != self._wrong:
            self._wrong, self._again = said, monotonic() + RETRY_SECONDS
            self.faults += 1
            self._tell(f"{said} (the last good look stays)")
