"""Cameras as textures: the newest picture of each, read on a thread of its own.

Flows in: names as the system writes them, a part of one, or `FORMAT:ADDRESS` of an FFmpeg
device (`x11grab::0`); flows out: textures, the first row the top. A camera that is missing or
goes away shows nothing, is counted, and is tried again with growing pauses. GL thread but for the
reading.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import DeviceError
from engine.render.buffers import Size
from engine.render.decoder import pixels_of
from engine.render.faults import Faults
from engine.render.upload import Uploader

if TYPE_CHECKING:
    import moderngl

FORMATS = ("v4l2", "avfoundation", "dshow", "gdigrab", "x11grab", "lavfi")
"""FFmpeg's devices with pictures; which are there depends on the system."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds until a missing camera is tried again; the last from then on."""
_V4L = Path("/sys/class/video4linux")


class Camera:
    """Reads one camera from now on, until it is closed; `complaints` says what went wrong."""

    def __init__(self, name: str, largest: Size, pauses: tuple[float, ...] = PAUSES) -> None:
        self._name, self._largest, self._pauses = name, largest, pauses
        self.complaints: deque[str] = deque(maxlen=16)
        self.newest: np.ndarray | None = None
        """uint8 (h, w, 3), top row first; another array with every picture, None without one."""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """It ends with its next picture, which is hardly waited for: a camera may be stuck."""
        self._end.set()
        self._thread.join(0.5)

    def _run(self) -> None:
        tries = 0
        while not self._end.is_set():
            try:
                self._read()
            except Exception as error:  # Drivers fail in many ways; each means: try again.
                reason = getattr(error, "strerror", None) or error
                self.complaints.append(f"camera {self._name!r}: {reason}")
            tries = 0 if self.newest is not None else tries + 1
            self.newest = None
            self._end.wait(self._pauses[min(tries, len(self._pauses) - 1)])

    def _read(self) -> None:
        import av

        form, address = camera_address(self._name)
        with av.open(address, format=form) as container:
            for frame in container.decode(video=0):
                if self._end.is_set():
                    return
                self.newest = pixels_of(frame, self._largest)[..., :3]
        raise DeviceError("gave no more pictures")


class Cameras:
    """Every camera of the show, opened when it is prepared or first asked for."""

    def __init__(self, ctx: moderngl.Context, largest: Size, faults: Faults) -> None:
        self._ctx, self._largest, self._faults = ctx, largest, faults
        self._cameras: dict[str, Camera] = {}
        self._uploader = Uploader(ctx)
        self._textures: dict[str, tuple[moderngl.Texture, np.ndarray]] = {}

    def prepare(self, name: str) -> None:
        """Begin to read it; nothing is waited for."""
        if name not in self._cameras:
            self._cameras[name] = Camera(name, self._largest)

    def at(self, name: str) -> moderngl.Texture | None:
        """The camera's newest picture, or None while there is none."""
        self.prepare(name)
        camera = self._cameras[name]
        while camera.complaints:
            self._faults.add(name, camera.complaints.popleft())
        picture = camera.newest
        if picture is None:
            return None
        texture, uploaded = self._textures.get(name, (None, None))
        if picture is not uploaded:
            texture = self._upload(texture, picture)
            self._textures[name] = texture, picture
        return texture

    def release(self) -> None:
        """Close all and free everything on the GPU."""
        for camera in self._cameras.values():
            camera.close()
        for texture, _ in self._textures.values():
            texture.release()
        self._uploader.release()

    def _upload(self, texture: moderngl.Texture | None, picture: np.ndarray) -> moderngl.Texture:
        size = picture.shape[1], picture.shape[0]
        if texture is None or texture.size != size:
            if texture is not None:
                texture.release()
            texture = self._ctx.texture(size, 3)
            texture.repeat_x = texture.repeat_y = False
        self._uploader.write(texture, picture)
        return texture


def camera_address(name: str) -> tuple[str, str]:
    """What FFmpeg calls a camera: (format, address); "" is the first. Raises DeviceError."""
    form, _, address = name.partition(":")
    if form in FORMATS and address:
        return form, address
    if sys.platform == "darwin":
        return "avfoundation", f"{name or 'default'}:none"
    if sys.platform == "win32":
        return "dshow", f"video={name}"
    found = {path.name: (path / "name").read_text().strip() for path in sorted(_V4L.glob("video*"))}
    for device, title in found.items():
        if name.lower() in title.lower() or name in (device, f"/dev/{device}"):
            return "v4l2", f"/dev/{device}"
    raise DeviceError(f"is not there; there is {', '.join(found.values()) or 'none'}")
