"""Shared by the tests of hearing: the demo track once, made sounds, and a private sound server."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from engine import clock
from engine.audio import demo
from engine.audio.media import decode
from engine.records import SAMPLERATE


@pytest.fixture(scope="session")
def demo_samples() -> np.ndarray:
    return decode(demo.path())


@pytest.fixture(scope="session")
def kicks():
    """The function that makes a plain beat."""
    return _kicks


def _kicks(bpm: float, seconds: float, first: float = 0.0, hats: bool = True) -> np.ndarray:
    """A plain kick on every beat from `first` on, a hat between; float32 (n, 2)."""
    rng = np.random.default_rng(5)
    out = np.zeros(round(seconds * SAMPLERATE))
    t = np.arange(round(0.2 * SAMPLERATE)) / SAMPLERATE
    hz = 50 + 150 * np.exp(-t / 0.02)
    kick = np.sin(2 * np.pi * np.cumsum(hz) / SAMPLERATE) * np.exp(-t / 0.08)
    hat = np.diff(rng.standard_normal(len(t)), prepend=0.0) * np.exp(-t / 0.02) * 0.1
    at, k = first, 0
    while at < seconds - 0.2:
        sound = kick if k % 2 == 0 else hat * hats
        start = round(at * SAMPLERATE)
        out[start : start + len(t)] += 0.7 * sound[: len(out) - start]
        at, k = at + 30.0 / bpm, k + 1
    return np.repeat(out[:, None], 2, axis=1).astype(np.float32)


class SoundServer:
    """A PulseAudio of our own with one sink `vj`, whose monitor is the default input."""

    SINK = "module-null-sink sink_name=vj norewinds=1 rate=48000 channels=2 format=float32le"

    def __init__(self, folder: Path) -> None:
        self.env = dict(os.environ, XDG_RUNTIME_DIR=str(folder), HOME=str(folder))
        self.env.pop("PULSE_SERVER", None)
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--log-target=null"]
        for module in ("module-native-protocol-unix", self.SINK):
            command += ["-L", module]
        self.process = subprocess.Popen(command, env=self.env, stderr=subprocess.DEVNULL)
        until = clock.monotonic() + 90
        while self.control("set-default-source", "vj.monitor") != 0:
            assert clock.monotonic() < until, "the sound server does not answer"
            clock.sleep(0.1)
        assert self.control("set-default-sink", "vj") == 0

    def control(self, *words: str) -> int:
        return subprocess.run(
            ["pactl", *words], env=self.env, capture_output=True, timeout=90
        ).returncode

    def play(self, path: Path) -> subprocess.Popen:
        return subprocess.Popen(["paplay", str(path)], env=self.env)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=30)
            self.process = None


@pytest.fixture
def sound_server(tmp_path, monkeypatch):
    """A running SoundServer that PortAudio sees; ended, and forgotten by PortAudio, afterwards."""
    if not (shutil.which("pulseaudio") and shutil.which("paplay")):
        pytest.skip("pulseaudio is not installed")
    from engine.audio import devices

    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    server = SoundServer(folder)
    server.start()
    for name in ("XDG_RUNTIME_DIR", "HOME"):
        monkeypatch.setenv(name, server.env[name])
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    devices.rescan()
    yield server
    server.kill()
    monkeypatch.undo()
    devices.rescan()
