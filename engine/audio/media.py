"""Sound files in: any format that PyAV reads becomes float32 stereo at the engine's rate.

`decode(path)` gives the whole file as one array (n, 2); `stream_hops` cuts it into AudioBlocks.
Runs on the calling thread and may take a second for a song: never call it on the frame path.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.errors import MediaError
from engine.records import HOP, SAMPLERATE, AudioBlock


def decode(path: str | Path) -> np.ndarray:
    """The sound of a file as float32 (n, 2) at SAMPLERATE.

    Mono is doubled; more than two channels are mixed down by FFmpeg's standard matrix, scaled so
    that it cannot clip. Damaged packets are left out. Raises MediaError for a file that is
    missing, unreadable or without sound.
    """
    parts = list(decode_parts(path))
    samples = np.concatenate(parts) if parts else np.zeros((0, 2), np.float32)
    if not len(samples):
        raise MediaError(f"{path}: holds no sound that can be decoded")
    return samples


def decode_parts(path: str | Path) -> Iterator[np.ndarray]:
    """The sound of a file piece by piece, each float32 (n, 2) at SAMPLERATE."""
    import av

    if not Path(path).is_file():
        raise MediaError(f"{path}: no such file")
    try:
        with av.open(str(path)) as file:
            if not file.streams.audio:
                raise MediaError(f"{path}: has no sound track")
            yield from _resampled(file, file.streams.audio[0])
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(f"{path}: cannot be read as sound ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _resampled(file, stream) -> Iterator[np.ndarray]:
    import av

    resampler = None
    for packet in file.demux(stream):
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            continue
        for frame in frames:
            resampler = resampler or _resampler(len(frame.layout.channels))
            frame.pts = None
            yield from map(_stereo, resampler.resample(frame))
    if resampler:
        yield from map(_stereo, resampler.resample(None))


def _resampler(channels: int):
    """Mono stays mono here: FFmpeg would make it 3 dB softer on its way to stereo."""
    import av

    layout = "mono" if channels == 1 else "stereo"
    return av.AudioResampler("flt", layout, SAMPLERATE, options={"rematrix_maxval": "1.0"})


def _stereo(frame) -> np.ndarray:
    samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))
    samples = np.clip(samples, -1.0, 1.0)  # lossy codecs overshoot
    return np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else samples


def stream_hops(samples: np.ndarray) -> Iterator[AudioBlock]:
    """Cut (n, 2) samples into AudioBlocks of HOP; the last one is filled up with silence."""
    for index in range(0, len(samples), HOP):
        block = samples[index : index + HOP]
        if len(block) < HOP:
            block = np.concatenate([block, np.zeros((HOP - len(block), 2), np.float32)])
        yield AudioBlock(index, block)
