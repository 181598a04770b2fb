"""Real servers for tests: a screen, a sound server, JACK. Each is private and ended by its pid."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.clock import monotonic, sleep


def need(*programs: str) -> None:
    """Skip where the system packages are not installed (`make test` installs them)."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is missing: make test installs it")


def wait_for(what: str, ready, seconds: float = 20.0):
    """The first true value of `ready()`, or a failed test."""
    end = monotonic() + seconds
    while not (value := ready()):
        assert monotonic() < end, f"waited {seconds:.0f} s in vain for {what}"
        sleep(0.05)
    return value


@contextmanager
def _running(
    command: list[str], pass_fds: Sequence[int] = (), **environment: str
) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
        pass_fds=pass_fds,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def screen(size: str = "1280x720") -> Iterator[dict[str, str]]:
    """A virtual screen; gives the environment that points to it."""
    need("Xvfb")
    asked, tells = os.pipe()  # the server chooses a free number and tells it
    command = ["Xvfb", "-displayfd", str(tells), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    with _running(command, pass_fds=[tells]), os.fdopen(asked) as answer:
        os.close(tells)
        number = answer.readline().strip()
        assert number, "Xvfb did not start"
        yield {"DISPLAY": f":{number}", "XDG_SESSION_TYPE": "x11"}


@contextmanager
def sound() -> Iterator[dict[str, str]]:
    """A PulseAudio server whose default input hears what is played to its default output."""
    need("pulseaudio", "paplay")
    folder = Path(tempfile.mkdtemp(prefix="vj"))
    folder.chmod(0o700)
    environment = {"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder), "PULSE_SERVER": ""}
    socket = folder / "pulse" / "native"
    script = folder / "default.pa"
    script.write_text(
        f"load-module module-native-protocol-unix socket={socket}\n"
        "load-module module-null-sink sink_name=vj norewinds=1 rate=48000 channels=2 "
        "format=float32le\n"
        "set-default-sink vj\nset-default-source vj.monitor\n"
    )
    command = ["pulseaudio", "-n", "-F", str(script), "--daemonize=no", "--exit-idle-time=-1"]
    environment["PULSE_SERVER"] = f"unix:{socket}"
    try:
        with _running([*command, "--use-pid-file=no"], **environment):
            wait_for("PulseAudio", socket.exists)
            yield environment
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def jack() -> Iterator[dict[str, str]]:
    """A JACK server for MIDI ports. Whoever uses it must end before it does."""
    need("jackd")
    name = f"vj{os.getpid()}"
    command = ["jackd", "--no-realtime", "-n", name, "-d", "dummy", "-r", "48000", "-p", "128"]
    socket = Path(f"/dev/shm/jack_{name}_{os.getuid()}_0")
    with _running(command):
        wait_for("JACK", socket.exists)
        yield {
            "JACK_DEFAULT_SERVER": name,
            "JACK_NO_START_SERVER": "1",
            "LIQUIDLIGHT_MIDI_API": "UNIX_JACK",
        }
    for left in Path("/dev/shm").glob(f"jack_sem*_{name}_*"):
        left.unlink(missing_ok=True)  # jackd does not take its clients' semaphores away
