"""Films: pictures and sound into one H.264 and AAC file, written on the calling thread.

Flows in: pictures in order and 48 kHz stereo sound; flows out: a file that takes its name only
when it is whole. The index of a picture alone decides its time. A live film has its name from the
beginning and can be played up to its last second at any time, whatever happens to its writer.
`recorder.py` is the live side, `encoders.py` chooses the encoder.
"""

from __future__ import annotations

import contextlib
import os
from fractions import Fraction
from pathlib import Path

import numpy as np

from engine.errors import MediaError
from engine.records import SAMPLERATE
from engine.render.encoders import Encoder, converted, set_up, software
from engine.render.mending import mend

__all__ = ["CONTAINERS", "FilmWriter", "check_place", "even"]

Size = tuple[int, int]
CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


def even(size: Size) -> Size:
    """The size of the film for pictures of `size`: the last odd column and row are cut off,
    because 4:2:0 colour needs even sides; never below 2."""
    return max(2, size[0] & ~1), max(2, size[1] & ~1)


class FilmWriter:
    """Writes one film; `with` closes it, and removes it when an error leaves the block.

    `size` (width, height) of the pictures; `audio` float32 (n, 2) at 48 kHz in -1..1, cut off at
    the end of the last picture. With a `live` encoder sound comes through `write_sound` instead,
    and a fault leaves what was written so far.
    """

    def __init__(
        self,
        path: str | Path,
        size: Size,
        fps: float,
        audio: np.ndarray | None = None,
        live: Encoder | None = None,
    ) -> None:
        """Raises MediaError for a container that is not known or a place that cannot be written."""
        self.path = Path(path)
        self.size = even(size)
        self.frames = self._encoded = 0
        self._last: np.ndarray | None = None
        self._source_size = (int(size[0]), int(size[1]))
        self._rate = _rate(fps)
        self._audio = audio
        self._sounded = 0
        self._live = live is not None
        hidden = self.path.with_name(f".{self.path.stem}.part{self.path.suffix}")
        self._temporary = self.path if self._live else hidden
        self._form = (live or software()).form
        self._container = _opened(self.path, self._temporary, self._live)
        self._video = self._add_video(live or software())
        if self._live:
            self._video.gop_size = max(1, round(fps))  # A fragment a second: a crash costs one.
        self._sound = self._add_sound() if audio is not None or self._live else None

    @property
    def seconds(self) -> float:
        """How long the pictures written so far last."""
        return float(self.frames / self._rate)

    def write(self, picture: np.ndarray) -> None:
        """The next picture: uint8 (height, width, 3) RGB, top row first, of the film's size."""
        width, height = self._source_size
        if picture.shape != (height, width, 3) or picture.dtype != np.uint8:
            raise MediaError(
                f"{self.path}: picture {self.frames} is {picture.dtype} {picture.shape}, "
                f"not uint8 {(height, width, 3)}"
            )
        with self._guard():
            self._last = picture[: self.size[1], : self.size[0]]
            self._encode(self._last)
            if self._audio is not None:
                self._write_until(self._audio, self._samples_until(self.frames))

    def pass_over(self) -> None:
        """The last picture is seen for one frame more, without being encoded again."""
        self.frames += 1

    def write_sound(self, samples: np.ndarray) -> None:
        """The next sound of a live film: float32 (n, 2) in -1..1."""
        with self._guard():
            self._encode_sound(samples)

    def close(self) -> None:
        """Finish the file and give it its name. Raises MediaError when that fails."""
        if self._container is None:
            return
        with self._guard():
            self._fill_end()
            if self._audio is not None:
                self._write_until(self._audio, self._samples_until(self.frames))
            for stream in (self._video, self._sound):
                if stream is not None:
                    self._container.mux(stream.encode(None))
            self._container.close()
            self._container = None
            if not self._live:
                os.replace(self._temporary, self.path)

    def abort(self) -> None:
        """Leave no file behind."""
        self._drop()
        self._temporary.unlink(missing_ok=True)

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    @contextlib.contextmanager
    def _guard(self):
        import av

        if self._container is None:
            raise MediaError(f"{self.path}: the film is closed already")
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            self._broken()
            raise MediaError(f"{self.path}: {_reason(error)}") from None

    def _broken(self) -> None:
        """The disk is full, or worse: keep what can be played of a live film, nothing of others."""
        if not self._live:
            return self.abort()
        self._drop()
        with contextlib.suppress(OSError):
            if not mend(self.path):
                self.path.unlink(missing_ok=True)

    def _drop(self) -> None:
        if self._container is not None:
            with contextlib.suppress(Exception):  # The encoder may be the reason we are here.
                self._container.close()
            self._container = None

    def _add_video(self, encoder: Encoder):
        stream = self._container.add_stream(encoder.name, rate=self._rate)
        stream.time_base = 1 / self._rate
        set_up(stream.codec_context, encoder, self.size, self._rate)
        return stream

    def _add_sound(self):
        stream = self._container.add_stream("aac", rate=SAMPLERATE)
        stream.layout = "stereo"
        stream.bit_rate = 256_000
        return stream

    def _fill_end(self) -> None:
        """A last picture that was passed over is encoded, so that the film lasts as long."""
        if self._last is not None and self._encoded < self.frames:
            self.frames -= 1
            self._encode(self._last)

    def _encode(self, picture: np.ndarray) -> None:
        import av

        source = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame = converted(source, self._form)
        frame.pts, frame.time_base = self.frames, 1 / self._rate
        self._container.mux(self._video.encode(frame))
        self.frames += 1
        self._encoded = self.frames

    def _samples_until(self, frames: int) -> int:
        return int(frames * SAMPLERATE / self._rate)

    def _write_until(self, audio: np.ndarray, end: int) -> None:
        self._encode_sound(audio[self._sounded : end])

    def _encode_sound(self, samples: np.ndarray) -> None:
        import av

        if not len(samples):
            return
        planes = np.ascontiguousarray(samples.T, np.float32)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout="stereo")
        frame.sample_rate, frame.time_base = SAMPLERATE, Fraction(1, SAMPLERATE)
        frame.pts = self._sounded
        self._sounded += len(samples)
        self._container.mux(self._sound.encode(frame))


def _rate(fps: float) -> Fraction:
    """The frame rate as a fraction; 29.97 and its like are 30000/1001."""
    if not 0.0 < fps <= 1000.0:
        raise MediaError(f"fps = {fps} is outside 0..1000")
    ntsc = Fraction(round(fps * 1.001) * 1000, 1001)
    close = ntsc and abs(float(ntsc) - fps) < 0.005 and fps != round(fps)
    return ntsc if close else Fraction(fps).limit_denominator(1000)


def check_place(path: Path) -> None:
    """Raises MediaError for a name that no film can have: container, folder."""
    if path.suffix.lower() not in CONTAINERS:
        raise MediaError(f"{path}: a film ends in {', '.join(CONTAINERS)}")
    if not path.parent.is_dir():
        raise MediaError(f"{path}: there is no folder {path.parent}")
    if path.is_dir():
        raise MediaError(f"{path}: is a folder")


def _opened(path: Path, temporary: Path, fragmented: bool):
    import av

    check_place(path)
    form = CONTAINERS[path.suffix.lower()]
    # A live film is written in fragments, so that a crash leaves what was recorded playable.
    # delay_moov: the head is written when both streams' first times are known, so they agree.
    flags = "frag_keyframe+delay_moov+default_base_moof" if fragmented else "faststart"
    options = {"movflags": flags} if form in ("mp4", "mov") else {}
    if fragmented:
        options["flush_packets"] = "1"
        if form != "matroska":  # Key frames are rare where pictures stand.
            options["frag_duration"] = "1000000"
    try:
        return av.open(str(temporary), "w", format=form, options=options)
    except (av.FFmpegError, OSError) as error:
        raise MediaError(f"{path}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
