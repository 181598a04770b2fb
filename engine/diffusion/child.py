"""What runs inside the generator process: newest parameters, one step, publish, again.

FrameParams come from the board, pictures go onto it. On Linux without a GPU the spawned process
is a nursery: it imports the heavy libraries once and forks a worker for each life the stage asks
for, so that a killed worker is replaced in about a second. Elsewhere it is the worker itself. Both
lower their priority, leave the interrupt key to the stage and end by themselves when their parent
is gone, however it went.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from typing import TYPE_CHECKING

from engine.clock import monotonic, sleep
from engine.diffusion.runtimes import ACCELERATED, TITLES
from engine.diffusion.sharedmem import Board
from engine.errors import ModelError

if TYPE_CHECKING:
    from engine.diffusion.ladder import Ladder

IDLE = 0.002
"""Seconds of sleep when there is nothing new to draw."""
BAD_MODEL, CRASHED = 3, 4
"""Exit codes: the model cannot be used; anything else went wrong."""
NICENESS = 5


@dataclass(frozen=True, slots=True)
class Setup:
    """How the process is to run; `threads` torch's CPU threads, `max_fps` 0 for as fast as can."""

    model_name: str
    size: tuple[int, int]
    seed: int
    device: str
    threads: int
    max_fps: float
    runtime: str = "auto"


def main(board_name: str, setup: Setup) -> None:
    """Entry point of the spawned process."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    board = Board.attach(board_name, setup.size)
    if _may_fork(setup):
        _nurse(board, setup)
        os._exit(0)
    life = board.get("life_wanted")
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()
    code = _live(board, setup)
    board.set("exit_code", code)
    board.set("life_ended", life)
    os._exit(code)  # worker threads inside libraries must not hold the end back


def _may_fork(setup: Setup) -> bool:
    """Whether workers may be forked: a process that has touched CUDA cannot hand it on."""
    if sys.platform != "linux":
        return False
    import engine.diffusion.stream  # noqa: F401  seconds of imports, once
    from engine.diffusion.acceleration import planned_folder
    from engine.diffusion.devices import kind_of

    if planned_folder(setup.runtime, setup.model_name, setup.size, setup.device) is None:
        from engine.diffusion import preload  # noqa: F401  more seconds
    return kind_of(setup.device) == "cpu"


def _nurse(board: Board, setup: Setup) -> None:
    """Fork a worker for each life asked for; ends with the stage, or when told to stop.

    No thread may run here: only the forking thread lives on in a forked process.
    """
    parent = parent_process()
    worker, life = 0, 0
    while not (board.get("stop") and not worker):
        gone = connection.wait([parent.sentinel], timeout=0.02)
        if gone:
            return  # the worker sees it too
        if worker:
            pid, status = os.waitpid(worker, os.WNOHANG)
            if pid:
                board.set("exit_code", os.waitstatus_to_exitcode(status))
                board.set("life_ended", life)
                worker = 0
        elif board.get("life_wanted") > life:
            life = board.get("life_wanted")
            nursery = os.getpid()
            worker = os.fork()
            if worker == 0:
                threading.Thread(target=_end_with_nursery, args=(nursery,), daemon=True).start()
                os._exit(_live(board, setup))
            board.set("pid", worker)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(0)


def _end_with_nursery(nursery: int) -> None:
    parent = parent_process()
    while os.getppid() == nursery and not connection.wait([parent.sentinel], timeout=0.5):
        pass
    os._exit(0)


def _live(board: Board, setup: Setup) -> int:
    """One life of a worker; returns its exit code, the fault lies on the board."""
    try:
        _serve(board, setup)
    except ModelError as error:
        board.fault = str(error)
        return BAD_MODEL
    except Exception as error:  # out of memory, a lost device: the stage asks for a new life
        board.fault = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return CRASHED
    return 0


def _serve(board: Board, setup: Setup) -> None:
    from engine.diffusion.acceleration import Acceleration
    from engine.diffusion.ladder import Ladder

    def tell(line: str) -> None:
        board.note = line

    runtime = "torch" if board.get("torch_only") else setup.runtime
    acceleration = Acceleration(runtime, setup.model_name, setup.size, setup.device,
                                setup.threads, tell)
    ladder = Ladder(acceleration, setup.size, setup.seed, tell, board.get("lowered"))
    board.runtime = ladder.runtime
    last = board.read_picture()
    if last is not None:
        ladder.resume(last.picture, last.params, last.noise_phase)
    board.set("loaded", 1)
    try:
        _play(board, setup, ladder)
    except Exception as error:
        _remember(board, ladder, error)
        raise
    ladder.close()
    acceleration.close()


def _play(board: Board, setup: Setup, ladder: Ladder) -> None:
    """Draw what is asked for until told to stop."""
    done, due, broken = 0, monotonic(), board.get("broken")
    seen = 0
    while not board.get("stop"):
        board.set("heartbeat", board.get("heartbeat") + 1)
        if board.posted == done or monotonic() < due:
            sleep(IDLE)
            continue
        got = board.read_params()
        if got is None:
            continue
        done, params = got
        start = monotonic()
        source = board.read_source() if board.source_posted != seen else None
        if source is not None:
            seen = source[0]
            ladder.look_at(source[1])
        picture = ladder.draw(params)
        board.publish(picture, ladder.made, monotonic() - start, ladder.noise_phase)
        board.runtime = ladder.runtime
        board.set("lowered", ladder.lowered)
        board.set("broken", broken + ladder.broken)
        board.set("made_by_child", board.get("made_by_child") + 1)
        due = next_due(due, monotonic(), setup.max_fps)


def _remember(board: Board, ladder: Ladder, error: Exception) -> None:
    """What the next life begins with: a rung lower than where this one could not go on."""
    from engine.diffusion.shortage import is_out_of_memory

    if ladder.runtime in ACCELERATED:  # from a plan, without torch's modules to step down to
        board.set("torch_only", 1)
        board.note = f"{TITLES[ladder.runtime]} failed: torch draws from now on"
    elif is_out_of_memory(error):
        board.set("lowered", ladder.lowered + 1)


def next_due(due: float, now: float, max_fps: float) -> float:
    """When the next picture may begin: absolute deadlines, so that pacing does not drift."""
    if max_fps <= 0:
        return now
    period = 1.0 / max_fps
    return due + period if due + 2 * period > now else now
