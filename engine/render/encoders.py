"""Which encoder writes the pictures of a film, and how it is set.

Flows in: size and frame rate; flows out: an Encoder, plain values. Films that are rendered always
take libx264 with settings that give the same film twice. What is recorded live takes the first
hardware encoder that really encodes a picture of that size, else libx264 with the finest preset
that leaves the processor to the show. Finding out takes some tenths of a second: on the
recorder's thread, once for a size. VA-API is not among them: its encoders take only pictures
that lie in its own memory, which PyAV cannot hand over.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.clock import monotonic

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

Size = tuple[int, int]
CRF = 18
THREADS = 2
HARDWARE = ("h264_nvenc", "h264_videotoolbox", "h264_qsv", "h264_amf")
"""In the order in which they are tried: NVIDIA, Apple, Intel, AMD."""
PRESETS = ("veryfast", "superfast", "ultrafast")
"""Of libx264, finest first."""
SHARE = 0.25
"""Of the time between two pictures that encoding one may take."""
BITS_A_PIXEL = 0.3
"""For hardware, which knows no constant quality that all of them would understand."""
_TRIED_PICTURES = 8


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder by libav's name, the form of its pictures, its options; `bit_rate` 0 for none."""

    name: str
    form: str = "yuv420p"
    options: tuple[tuple[str, str], ...] = ()
    bit_rate: int = 0
    threads: int = 0


def software(preset: str = "veryfast") -> Encoder:
    """libx264; without mbtree, with which the same pictures gave another film one time in three.
    The number of threads is fixed for the same reason."""
    options = (("crf", str(CRF)), ("preset", preset), ("threads", str(THREADS)))
    return Encoder("libx264", "yuv420p", (*options, ("x264-params", "mbtree=0")), 0, THREADS)


@lru_cache(16)
def live_encoder(size: Size, fps: float) -> Encoder:
    """The encoder for what is recorded beside a show, of an even `size`."""
    for name in HARDWARE:
        encoder = _hardware(name, size, fps)
        if seconds_a_picture(encoder, size, fps) is not None:
            return encoder
    for preset in PRESETS[:-1]:
        took = seconds_a_picture(software(preset), size, fps)
        if took is not None and took <= SHARE / fps:
            return software(preset)
    return software(PRESETS[-1])


def seconds_a_picture(encoder: Encoder, size: Size, fps: float) -> float | None:
    """How long one of some test pictures takes, the first left out; None where it does not work."""
    import av

    pictures = _test_pictures(size)
    try:
        context = av.CodecContext.create(encoder.name, "w")
        set_up(context, encoder, size, round(fps))
        context.encode(_frame(pictures[0], encoder, 0))
        begun = monotonic()
        for n in range(1, _TRIED_PICTURES):
            context.encode(_frame(pictures[n % len(pictures)], encoder, n))
        context.encode(None)
    except (av.FFmpegError, OSError, ValueError):
        return None  # Not compiled in, or no such device here.
    return (monotonic() - begun) / (_TRIED_PICTURES - 1)


def set_up(context: Any, encoder: Encoder, size: Size, rate: Any) -> None:
    """Size, rate, options and colours into an encoder that is not open yet."""
    context.width, context.height = size
    context.pix_fmt, context.framerate, context.time_base = encoder.form, rate, 1 / _whole(rate)
    context.options = dict(encoder.options)
    if encoder.threads:
        context.thread_count = encoder.threads
    if encoder.bit_rate:
        context.bit_rate = encoder.bit_rate
    # Say which matrix was used (BT.709), else players guess by size and colours shift.
    context.colorspace = context.color_primaries = context.color_trc = 1
    context.color_range = 1


def converted(source: VideoFrame, form: str) -> VideoFrame:
    """A picture in full RGB as the encoder takes it: BT.709, limited range."""
    return source.reformat(
        format=form,
        src_colorspace="ITU709",
        dst_colorspace="ITU709",
        src_color_range="JPEG",
        dst_color_range="MPEG",
        threads=1,
    )


def _hardware(name: str, size: Size, fps: float) -> Encoder:
    """Without B-frames where that can be said: each picture is in the file at once."""
    form = "nv12" if name in ("h264_qsv", "h264_amf") else "yuv420p"
    return Encoder(name, form, (("bf", "0"),), int(BITS_A_PIXEL * size[0] * size[1] * fps))


def _whole(rate: Any) -> Any:
    from fractions import Fraction

    return Fraction(rate)


def _frame(picture: np.ndarray, encoder: Encoder, n: int) -> VideoFrame:
    import av

    frame = converted(av.VideoFrame.from_ndarray(picture, format="rgb24"), encoder.form)
    frame.pts = n
    return frame


def _test_pictures(size: Size) -> list[np.ndarray]:
    """Coarse noise that moves: harder than most of what is shown."""
    width, height = size
    coarse = np.random.default_rng(7).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3))
    whole = coarse.astype(np.uint8).repeat(8, 0).repeat(8, 1)[:height, :width]
    return [np.ascontiguousarray(np.roll(whole, 5 * n, 1)) for n in range(4)]
