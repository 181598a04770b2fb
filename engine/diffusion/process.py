"""The generator in a supervised process of its own.

FrameParams go onto a board in shared memory, Frames come off it; neither call waits, whatever
state the process is in. A supervisor thread in the stage's process starts the generator process,
and starts it again, after growing pauses, when it ends or stands still. The board outlives the
process: the new one goes on from the last picture, and the numbers count on.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from engine.clock import Clock, WallClock, monotonic, sleep
from engine.diffusion import child
from engine.diffusion.contract import GeneratorHealth
from engine.diffusion.manner import softness
from engine.diffusion.model import check_folder, check_size, model_folder
from engine.diffusion.runtimes import TITLES, all_threads, check_runtime
from engine.diffusion.sharedmem import Board
from engine.records import Frame, FrameParams

PAUSE_FIRST, PAUSE_LONGEST = 0.2, 5.0
"""Seconds before the first and the later restarts; each pause doubles."""
SOUND_AFTER = 30.0
"""Seconds of running after which the pauses begin again at the first."""
POLL = 0.05
STOP_WITHIN = 2.0
"""Seconds a well worker gets to finish its picture and end by itself."""
FEW, FALLS = 50, 2
"""So many lives in a row that end within so few pictures of a faster runtime: torch from then."""
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds without a heartbeat before the process counts as stuck.

    Loading, and its first picture, may take `loading`; afterwards the limit is the larger of
    `running` and ten times the slowest of the recent pictures.
    """

    loading: float = 300.0
    running: float = 4.0


class ProcessGenerator:
    """Keeps the Generator contract over a child process.

    `size` is (width, height) in pixels; `clock` is show time: Frame.ready is its reading when
    `latest` first sees a picture, so it is at most one drawn frame late. `threads` defaults to
    all cores but one; `max_fps` 0 is as fast as the model can. `runtime` is one of
    runtimes.CHOICES: torch begins and the faster one takes over when it is ready. Raises
    ModelError at once for a bad folder, size or runtime; later trouble is in `health().fault`.
    Close it when done.
    """

    def __init__(
        self, model_name: str | Path = "small", size: tuple[int, int] = (256, 256),
        clock: Clock | None = None, *, seed: int = 0, device: str = "auto",
        threads: int | None = None, max_fps: float = 0.0, patience: Patience | None = None,
        runtime: str = "auto",
    ) -> None:
        check_folder(model_name)
        check_size(model_name, size)
        check_runtime(runtime)
        threads = threads if threads is not None else default_threads()
        self._setup = child.Setup(str(model_name), size, seed, device, threads, max_fps, runtime)
        self._soft = softness(model_folder(model_name))
        self._clock = clock or WallClock()
        self._patience = patience or Patience()
        self._board = Board.create(size)
        self._frame: Frame | None = None
        self._state, self._fault, self._restarts = "loading", "", 0
        self._last_health: GeneratorHealth | None = None
        self._process: BaseProcess | None = None
        self._closing = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="generator supervisor",
                                            daemon=True)
        self._supervisor.start()
        atexit.register(self.close)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of its pictures."""
        return self._setup.size

    def submit(self, params: FrameParams, picture: np.ndarray | None = None) -> None:
        """Hand in the newest parameters, and what the source shows. Never waits."""
        if self._last_health is not None:
            return
        if picture is not None and not self._board.post_source(picture):
            self._fault = f"a source of {picture.shape[1]}x{picture.shape[0]} does not fit"
        if not self._board.post(params):
            self._fault = "the parameters of a picture are too large to hand over; prompts?"

    def latest(self) -> Frame | None:
        """The newest finished picture; the same Frame until there is a newer one. Never waits."""
        seen = self._frame.number if self._frame else 0
        if self._last_health is not None or self._board.newest == seen:
            return self._frame
        got = self._board.read_picture()
        if got is not None and got.number > seen:
            self._frame = Frame(got.number, got.picture, got.params, self._clock.now(),
                                got.seconds, self._soft)
        return self._frame

    def health(self) -> GeneratorHealth:
        """State, counters and durations; after `close` the last ones."""
        if self._last_health is not None:
            return self._last_health
        board = self._board
        return GeneratorHealth(
            pid=board.get("pid"), state=self._state, restarts=self._restarts,
            generated=board.newest, broken=board.get("broken"),
            recent_ms=board.recent_ms(), fault=self._fault,
            runtime=board.runtime, note=board.note,
        )

    def close(self) -> None:
        """End the process and free the shared memory. May be called twice."""
        if self._closing.is_set():
            return
        self._board.set("stop", 1)
        self._closing.set()
        self._supervisor.join()
        self._last_health = self.health()
        self._board.close(unlink=True)
        atexit.unregister(self.close)

    def _supervise(self) -> None:
        """The supervisor thread: one turn is the life of one worker."""
        pause, falls = PAUSE_FIRST, 0
        while not self._closing.is_set():
            born = monotonic()
            fault, code = self._one_life()
            if self._closing.is_set():
                break
            self._fault = fault
            falls = falls + 1 if self._fell() else 0
            if falls >= FALLS:
                title = TITLES[self._board.runtime]
                self._board.note = f"{title} fails here: torch draws from now on"
                self._board.set("torch_only", 1)
            if code == child.BAD_MODEL and self._board.newest == 0:
                self._state = "failed"  # it never worked: starting again mends nothing
                break
            self._state = "restarting"
            pause = PAUSE_FIRST if monotonic() - born > SOUND_AFTER else pause
            self._closing.wait(pause)
            pause = min(PAUSE_LONGEST, pause * 2)
            self._restarts += 1
        self._end_process()

    def _fell(self) -> bool:
        """Whether a faster runtime may be to blame for the end of a life."""
        plain = ("", "torch")
        return self._board.runtime not in plain and self._board.get("made_by_child") < FEW

    def _one_life(self) -> tuple[str, int]:
        """Ask for a worker and watch it to its end; why it ended, and its exit code."""
        board = self._board
        for field in ("loaded", "made_by_child", "fault_length", "exit_code"):
            board.set(field, 0)
        life = board.get("life_wanted") + 1
        board.set("life_wanted", life)
        if self._process is None:
            self._process = self._start()
        fault = self._watch(self._process, life)
        ended = board.get("life_ended") == life
        code = board.get("exit_code") if ended else self._process.exitcode or 0
        if not self._process.is_alive():
            self._end_process()
        return fault or board.fault or f"the process ended with code {code}", code

    def _start(self) -> BaseProcess:
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=child.main, args=(self._board.name, self._setup),
                                  name="liquidlight generator", daemon=True)
        process.start()
        self._board.set("pid", process.pid or 0)
        return process

    def _watch(self, process: BaseProcess, life: int) -> str:
        """Returns when the life has ended (""), was ended for being stuck (why) or on close."""
        board, heartbeat, since = self._board, -1, monotonic()
        while process.is_alive() and board.get("life_ended") != life:
            if self._closing.wait(POLL):
                return ""
            now = board.get("heartbeat")
            if now != heartbeat:
                heartbeat, since = now, monotonic()
            if board.get("loaded"):
                self._state = "running"
            if monotonic() - since > self._limit():
                self._kill_worker()
                self._wait_for(lambda: board.get("life_ended") == life, 1.0)
                return f"stuck: no sign of life for {monotonic() - since:.1f} s, replaced"
        return ""

    def _kill_worker(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self._board.get("pid"), KILL)

    def _wait_for(self, done: Callable[[], bool], seconds: float) -> None:
        end = monotonic() + seconds
        while not done() and monotonic() < end and self._process.is_alive():
            sleep(0.005)

    def _end_process(self) -> None:
        """Let the worker stop of its own accord if it is well, then see both processes off."""
        process, self._process = self._process, None
        if process is None:
            return
        process.join(STOP_WITHIN if self._board.get("loaded") else 0.0)
        if process.is_alive():
            self._kill_worker()
            process.kill()
        process.join()
        process.close()

    def _limit(self) -> float:
        if not self._board.get("made_by_child"):
            return self._patience.loading
        slowest = max(self._board.recent_ms(), default=0.0) / 1e3
        return max(self._patience.running, 10 * slowest)


def default_threads() -> int:
    """All cores this process may use but one, which is left to the stage."""
    return max(1, all_threads() - 1)
