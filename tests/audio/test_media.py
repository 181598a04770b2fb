"""Real files of many formats, made with PyAV, decoded to one shape; bad files say so."""

from __future__ import annotations

import av
import numpy as np
import pytest

from engine.audio.media import decode, stream_hops
from engine.errors import MediaError
from engine.records import HOP, SAMPLERATE

SECONDS = 1.0


def write(path, codec: str, rate: int, layout: str, sample_format: str) -> None:
    """A 1 kHz tone of amplitude 0.5 in every channel."""
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(round(SECONDS * rate)) / rate)
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        channels = len(stream.layout.channels)
        data = np.repeat(tone.astype(np.float32)[:, None], channels, axis=1).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(data), "flt", layout)
        frame.sample_rate = rate
        fifo, convert = av.AudioFifo(), av.AudioResampler(sample_format, layout, rate)
        for part in (*convert.resample(frame), *convert.resample(None)):
            fifo.write(part)
        for part in fifo.read_many(stream.frame_size or 1024, partial=True):
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))


@pytest.mark.parametrize(
    "name, codec, rate, layout, sample_format",
    [
        ("a.wav", "pcm_s16le", 44100, "mono", "s16"),
        ("a.wav", "pcm_f32le", 48000, "stereo", "flt"),
        ("a.wav", "pcm_s24le", 96000, "5.1", "s32"),
        ("a.flac", "flac", 44100, "stereo", "s16"),
        ("a.mp3", "libmp3lame", 44100, "stereo", "fltp"),
        ("a.mp3", "libmp3lame", 22050, "mono", "fltp"),
        ("a.ogg", "libopus", 48000, "stereo", "flt"),
        ("a.opus", "libopus", 48000, "mono", "flt"),
        ("a.m4a", "aac", 48000, "stereo", "fltp"),
        ("a.mkv", "ac3", 48000, "5.1", "fltp"),
    ],
)
def test_every_format_becomes_stereo_at_the_engines_rate(
    tmp_path, name, codec, rate, layout, sample_format
):
    write(tmp_path / name, codec, rate, layout, sample_format)
    samples = decode(tmp_path / name)
    assert samples.dtype == np.float32 and samples.shape[1] == 2
    assert abs(len(samples) / SAMPLERATE - SECONDS) < 0.1
    middle = samples[SAMPLERATE // 4 : 3 * SAMPLERATE // 4]
    spectrum = np.abs(np.fft.rfft(middle[:, 0]))
    assert spectrum.argmax() == 500  # 1 kHz in half a second
    level = np.sqrt(2 * np.mean(middle**2, axis=0))
    if layout in ("mono", "stereo"):
        # LAME lowers what it encodes to 95 %
        np.testing.assert_allclose(level, 0.475 if codec == "libmp3lame" else 0.5, rtol=0.03)
    else:
        assert 0.2 < level[0] <= 1.0 and level[0] == pytest.approx(level[1], rel=0.02)


def test_the_sound_of_a_film_is_heard(tmp_path):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as file:
        video = file.add_stream("mpeg4", rate=10)
        video.width = video.height = 32
        video.pix_fmt = "yuv420p"
        sound = file.add_stream("aac", rate=48000, layout="stereo")
        for _ in range(5):
            picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24")
            file.mux(video.encode(picture))
        for k in range(20):
            frame = av.AudioFrame.from_ndarray(
                np.full((2, 1024), 0.1, np.float32), "fltp", "stereo"
            )
            frame.sample_rate, frame.pts = 48000, 1024 * k
            file.mux(sound.encode(frame))
        for stream in (video, sound):
            file.mux(stream.encode(None))
    assert np.abs(decode(path)).max() > 0.05


def test_a_file_cut_short_plays_as_far_as_it_goes(tmp_path):
    write(tmp_path / "a.mp3", "libmp3lame", 44100, "stereo", "fltp")
    whole = (tmp_path / "a.mp3").read_bytes()
    (tmp_path / "cut.mp3").write_bytes(whole[: len(whole) // 2])
    assert 0.2 < len(decode(tmp_path / "cut.mp3")) / SAMPLERATE < 0.8


def test_bad_files_are_one_readable_line(tmp_path):
    (tmp_path / "text.wav").write_text("this is no sound\n" * 99)
    (tmp_path / "empty.mp3").write_bytes(b"")
    with av.open(str(tmp_path / "mute.mp4"), "w") as file:
        video = file.add_stream("mpeg4", rate=10)
        video.width = video.height = 32
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24")
        file.mux(video.encode(picture))
        file.mux(video.encode(None))
    for name, words in (
        ("none.wav", "no such file"),
        ("text.wav", "cannot be read as sound"),
        ("empty.mp3", "cannot be read as sound"),
        ("mute.mp4", "has no sound track"),
    ):
        with pytest.raises(MediaError, match=words) as caught:
            decode(tmp_path / name)
        assert name in str(caught.value) and "\n" not in str(caught.value)


def test_hops_cover_everything_and_the_last_is_filled_up():
    samples = np.random.default_rng(0).random((3 * HOP + 7, 2), np.float32)
    blocks = list(stream_hops(samples))
    assert [b.index for b in blocks] == [0, HOP, 2 * HOP, 3 * HOP]
    assert all(b.samples.shape == (HOP, 2) for b in blocks)
    joined = np.concatenate([b.samples for b in blocks])
    np.testing.assert_array_equal(joined[: len(samples)], samples)
    assert not joined[len(samples) :].any()
    assert blocks[0].time == pytest.approx(HOP / SAMPLERATE)
