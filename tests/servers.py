"""Real servers for tests: a screen, a sound server, JACK. Each is private and ended by its pid."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from engine.clock import monotonic, sleep


def quiet_song(path: Path, seconds: int = 1200) -> Path:
    """A sound file of silence, long enough for any machine."""
    with wave.open(str(path), "wb") as song:
        song.setnchannels(1)
        song.setsampwidth(1)
        song.setframerate(8000)
        song.writeframes(bytes([128]) * 8000 * seconds)
    return path


def need(*programs: str) -> None:
    """Skip where the system packages are not installed (`make test` installs them)."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is missing: make test installs it")


def wait_for(what: str, ready, seconds: float = 90.0):
    """The first true value of `ready()`, or a failed test; long, for busy machines."""
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
            process.wait(timeout=30)
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


_TWO = """
Section "ServerFlags"
  Option "AutoAddDevices" "false"
  Option "AutoAddGPU" "false"
  Option "DontVTSwitch" "true"
EndSection
Section "Device"
  Identifier "dummy"
  Driver "dummy"
  VideoRam 65536
EndSection
Section "Monitor"
  Identifier "monitor"
  HorizSync 5-1000
  VertRefresh 5-200
EndSection
Section "Screen"
  Identifier "screen"
  Device "dummy"
  Monitor "monitor"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Modes "640x480"
    Virtual 2560 1440
  EndSubSection
EndSection
"""


@contextmanager
def two_displays(folder: Path) -> Iterator[dict[str, str]]:
    """A private X server with real plugs: DUMMY0 and, to its right, DUMMY1, both 640 by 480.

    `plug` pulls and puts DUMMY1 in. Gives the environment that points to it; needs root, as Xorg
    does where it has no terminal.
    """
    need("Xorg", "xrandr")
    driver = Path("/usr/lib/xorg/modules/drivers/dummy_drv.so")
    if not driver.exists() or os.getuid() != 0:
        pytest.skip("the dummy driver of Xorg is missing, or this is not root")
    config = folder / "two.conf"
    config.write_text(_TWO)
    asked, tells = os.pipe()
    command = ["Xorg", "-displayfd", str(tells), "-config", str(config), "-noreset", "-novtswitch",
               "-sharevts", "-nolisten", "tcp", "-logfile", str(folder / "xorg.log")]
    with _running(command, pass_fds=[tells]), os.fdopen(asked) as answer:
        os.close(tells)
        number = answer.readline().strip()
        assert number, "Xorg did not start: " + (folder / "xorg.log").read_text()[-400:]
        place = {"DISPLAY": f":{number}", "XDG_SESSION_TYPE": "x11"}
        subprocess.run(["xrandr", "--addmode", "DUMMY1", "640x480"], check=True,
                       env={**os.environ, **place})
        plug(place, True)
        yield place


def plug(place: dict[str, str], there: bool) -> None:
    """Put the second display in, or pull it out."""
    how = ["--mode", "640x480", "--right-of", "DUMMY0"] if there else ["--off"]
    for ask in (["--output", "DUMMY1", *how], ["--query"]):  # The driver looks when it is asked.
        subprocess.run(["xrandr", *ask], check=True, env={**os.environ, **place},
                       stdout=subprocess.DEVNULL)


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


JACK_NAMES = tuple(f"vj{n}" for n in range(4))


@contextmanager
def _jack_name() -> Iterator[tuple[str, int]]:
    """A server name nobody else uses now, and the lock that the server shall hold as well.

    JACK knows eight servers a machine and frees the place of one that died (jackd does, of
    SIGPIPE, when a client went in the wrong moment) only for a server of the same name.
    """
    with ExitStack() as stack:
        folder = Path(tempfile.gettempdir())
        for name in JACK_NAMES:
            lock = (folder / f"liquidlight-{name}-{os.getuid()}.lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            stack.enter_context(lock)
            yield name, lock.fileno()
            return
        pytest.fail(f"all test servers of JACK are in use: {JACK_NAMES}")


@contextmanager
def jack() -> Iterator[dict[str, str]]:
    """A JACK server for MIDI ports that loses nothing. Whoever uses it must end before it does.

    By itself jackd does not wait for its clients: one that is late, as on a busy machine, finds
    its buffer written anew, and a cycle's messages are lost or come twice. So here it is
    synchronous (-S), waits up to ten times -t milliseconds, and asks little (11 ms a cycle).
    """
    need("jackd")
    with _jack_name() as (name, lock):
        command = ["jackd", "--no-realtime", "-S", "-t", "50", "-n", name]
        command += ["-d", "dummy", "-r", "48000", "-p", "512"]
        socket = Path(f"/dev/shm/jack_{name}_{os.getuid()}_0")
        _forget(name)
        try:
            with _running(command, pass_fds=[lock]) as server:
                wait_for("JACK", lambda: socket.exists() or server.poll() is not None)
                assert server.poll() is None, "jackd ended at its start"
                yield {
                    "JACK_DEFAULT_SERVER": name,
                    "JACK_NO_START_SERVER": "1",
                    "LIQUIDLIGHT_MIDI_API": "UNIX_JACK",
                }
        finally:
            _forget(name)


def _forget(name: str) -> None:
    """Remove what a JACK server leaves: its socket, and the semaphores of its clients."""
    for pattern in (f"jack_{name}_{os.getuid()}_*", f"jack_sem*_{name}_*"):
        for left in Path("/dev/shm").glob(pattern):
            left.unlink(missing_ok=True)
