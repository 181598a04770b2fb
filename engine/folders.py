"""Where this machine keeps what belongs to no show: the rig, the live state, what can be made anew.

XDG_CONFIG_HOME, XDG_STATE_HOME and XDG_CACHE_HOME where they are set, else the platform's usual
places. Nothing is created here.
"""

from __future__ import annotations

import os
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
