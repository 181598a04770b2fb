"""A Python program under test in a process of its own, that talks in lines."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Process:
    """A Python program that talks in lines of JSON."""

    def __init__(self, code: str, argument: str, environment: dict[str, str]) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-c", code, argument],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=environment,
        )

    def say(self, value: object) -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        self._child.stdin.write(f"{text}\n".encode())
        self._child.stdin.flush()

    def line(self, seconds: float = 60.0) -> str:
        assert self.waits(seconds), "nothing was said in time"
        text = b""
        while not text.endswith(b"\n"):
            byte = os.read(self._child.stdout.fileno(), 1)
            assert byte, "the process ended"
            text += byte
        return text.decode().strip()

    def waits(self, seconds: float) -> bool:
        """Whether something is said within that time; it stays to be read."""
        return bool(select.select([self._child.stdout], [], [], seconds)[0])

    def row(self) -> dict:
        return json.loads(self.line())

    def close(self) -> None:
        self._child.stdin.close()
        try:
            self._child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child.stdout.close()
