"""A song taken apart into stems, by demucs if it is installed. A sound file in, a folder out.

demucs runs as a program of its own (`pip install 'liquidlight[stems]'`), because it brings models
and libraries that nothing else here needs. Its options: github.com/adefossez/demucs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from engine.errors import LiquidlightError, MediaError


def split_song(song: Path, folder: Path, model: str = "htdemucs") -> list[str]:
    """Write the stems of `song` into `folder` and return their names. Raises LiquidlightError."""
    if not song.is_file():
        raise MediaError(f"{song}: no such file")
    command = _demucs()
    with tempfile.TemporaryDirectory(prefix="liquidlight-split-") as place:
        named = ["--filename", "{stem}.{ext}", "-n", model, "-o", place, str(song)]
        done = subprocess.run([*command, *named], stderr=subprocess.PIPE, text=True, check=False)
        stems = sorted(Path(place).rglob("*.wav"))
        if done.returncode or not stems:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise LiquidlightError(f"demucs could not split {song} ({last.strip()[:200]})")
        folder.mkdir(parents=True, exist_ok=True)
        for stem in stems:
            shutil.move(stem, folder / stem.name)
    return [stem.stem for stem in stems]


def _demucs() -> list[str]:
    """How demucs is started."""
    if program := shutil.which("demucs"):
        return [program]
    if find_spec("demucs"):
        return [sys.executable, "-m", "demucs"]
    raise LiquidlightError("demucs is not installed: pip install 'liquidlight[stems]', or put any "
                           "stems into a folder and say --stems")  # fmt: skip
