"""Shared by all rooms: no network, few threads, private folders of cache, rig and state."""

import atexit
import os
import shutil
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
_private = tempfile.mkdtemp(prefix="liquidlight-tests-")
for kind in ("CACHE", "CONFIG", "STATE"):
    os.environ[f"XDG_{kind}_HOME"] = _private
atexit.register(shutil.rmtree, _private, ignore_errors=True)
