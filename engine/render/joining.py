"""Films joined end to end, with the sound over all of them: pieces of one film in, the film out.

Pictures are copied as they were encoded, so the pieces must come from equal FilmWriters. The film
takes its name only when it is whole. On the calling thread.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from engine.errors import MediaError
from engine.records import SAMPLERATE
from engine.render.film import CONTAINERS

_CHUNK = 1024


def join_films(parts: Sequence[Path], path: Path, sound: np.ndarray) -> None:
    """Write `path` from the pictures of the parts and sound float32 (n, 2). Raises MediaError."""
    import av

    temporary = path.with_name(f".{path.stem}.part{path.suffix}")
    form = CONTAINERS[path.suffix.lower()]
    options = {"movflags": "faststart"} if form == "mp4" else {}
    try:
        with av.open(str(temporary), "w", format=form, options=options) as film:
            _join(film, parts, sound)
        os.replace(temporary, path)
    except (av.FFmpegError, OSError) as error:
        temporary.unlink(missing_ok=True)
        raise MediaError(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _join(film, parts: Sequence[Path], sound: np.ndarray) -> None:
    import av

    video = None
    spoken = film.add_stream("aac", rate=SAMPLERATE)
    spoken.layout, spoken.bit_rate = "stereo", 256_000
    written, offset = 0, Fraction(0)
    for part in parts:
        with av.open(str(part)) as piece:
            stream = piece.streams.video[0]
            video = video or film.add_stream_from_template(stream)
            frames = 0
            for packet in piece.demux(stream):
                if packet.dts is None:
                    continue
                shift = round(offset / packet.time_base)
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                packet.stream = video
                film.mux(packet)
                frames += 1
            offset += Fraction(frames) / stream.average_rate
        written = _speak(film, spoken, sound, written, round(offset * SAMPLERATE))
    film.mux(spoken.encode(None))


def _speak(film, stream, sound: np.ndarray, written: int, until: int) -> int:
    """Encode the sound up to a sample, so that it lies beside its pictures."""
    import av

    part = sound[written:until]
    for start in range(0, len(part), _CHUNK):
        planes = np.ascontiguousarray(part[start : start + _CHUNK].T, np.float32)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout="stereo")
        frame.sample_rate, frame.time_base = SAMPLERATE, Fraction(1, SAMPLERATE)
        frame.pts = written + start
        film.mux(stream.encode(frame))
    return written + len(part)
