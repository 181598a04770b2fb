"""Where this machine keeps what belongs to no show, and how a file is put in place whole.

The rig lies in "config", the live state in "state", what can be made anew in "cache":
XDG_CONFIG_HOME, XDG_STATE_HOME and XDG_CACHE_HOME where they are set, else the platform's usual
places. Any thread but those of frames and sound: writing waits for the disk.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

_USUAL = {
    "darwin": {"config": "Library/Application Support", "state": "Library/Application Support",
               "cache": "Library/Caches"},
    "win32": {"config": "AppData/Roaming", "state": "AppData/Local", "cache": "AppData/Local"},
}
_XDG = {"config": ".config", "state": ".local/state", "cache": ".cache"}


def folder(kind: str) -> Path:
    """The folder of ours for "config", "state" or "cache"; it need not be there."""
    usual = Path.home() / _USUAL.get(sys.platform, _XDG)[kind]
    return Path(os.environ.get(f"XDG_{kind.upper()}_HOME") or usual) / "liquidlight"


def write_whole(path: Path, text: str) -> None:
    """Write a file so that whoever reads it finds the old text or the new one, never a part.

    Its folder is made if need be; mode and links stay. Raises OSError.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            shutil.copymode(path, draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
