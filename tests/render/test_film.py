"""Films, decoded again: how many pictures, how long the sound, the same twice; live recording."""

import contextlib
import subprocess
import sys

import av
import numpy as np
import pytest

from engine import clock
from engine.errors import MediaError
from engine.render.film import FilmWriter, even
from engine.render.preview import sample_picture
from engine.render.recorder import Recorder

RATE = 48_000


def wait_for(recorder):
    """Offer as a display would: not faster than the recorder can write."""
    while not recorder._pictures.empty():
        clock.sleep(0.001)


def level(value, size=(64, 36)):
    return np.full((size[1], size[0], 3), value, np.uint8)


def tone(seconds, hz=440.0):
    t = np.arange(int(seconds * RATE)) / RATE
    return np.repeat(0.5 * np.sin(2 * np.pi * hz * t)[:, None], 2, 1).astype(np.float32)


def decoded(path):
    """Pictures (n, h, w, 3), times of them, and the sound (m, 2)."""
    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
    pictures = np.stack([frame.to_ndarray(format="rgb24") for frame in frames])
    times = [float(frame.pts * frame.time_base) for frame in frames]
    with av.open(str(path)) as film:
        sound = []
        if film.streams.audio:
            sound = [frame.to_ndarray().T for frame in film.decode(audio=0)]
    return pictures, times, np.concatenate(sound) if sound else None


def test_a_film_has_its_pictures_its_times_and_its_sound(tmp_path):
    path = tmp_path / "film.mp4"
    with FilmWriter(path, (64, 36), 25, tone(3.0)) as film:
        for n in range(50):
            film.write(level(4 * n))
        assert film.seconds == 2.0
        assert not path.exists(), "it takes its name when it is whole"
    pictures, times, sound = decoded(path)
    assert len(pictures) == 50 and pictures.shape[1:] == (36, 64, 3)
    assert np.allclose(np.diff(times), 1 / 25)
    assert np.abs(pictures.mean((1, 2, 3)) - 4.0 * np.arange(50)).max() < 4
    assert abs(len(sound) - 2 * RATE) <= 2048, "sound is cut off at the last picture"
    assert 0.45 < np.abs(sound[RATE // 2 : RATE]).max() < 0.56
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        assert stream.average_rate == 25 and stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert film.streams.audio[0].codec_context.name == "aac"


def test_colours_come_back(tmp_path):
    picture = level(0)
    picture[:18, :32] = (220, 40, 40)
    picture[18:, :32] = (40, 200, 60)
    picture[:, 32:] = (50, 60, 220)
    with FilmWriter(tmp_path / "c.mkv", (64, 36), 30) as film:
        film.write(picture)
    with av.open(str(tmp_path / "c.mkv")) as container:
        frame = next(container.decode(video=0))
    seen = frame.to_ndarray(format="rgb24", src_colorspace="ITU709").astype(int)
    for y, x in ((8, 15), (28, 15), (18, 50)):
        assert np.abs(seen[y, x] - picture[y, x]).max() < 12


def test_the_same_film_twice_is_the_same(tmp_path):
    pictures = [np.roll(sample_picture((64, 36)), 3 * n, 1) for n in range(12)]
    seen = []
    for n in range(12):  # The encoder's tools differ now and then: twice tells little.
        with FilmWriter(tmp_path / f"{n}.mp4", (64, 36), 30, tone(0.4)) as film:
            for picture in pictures:
                film.write(picture)
        seen.append(decoded(tmp_path / f"{n}.mp4"))
    for pictures, _, sound in seen[1:]:
        assert np.array_equal(pictures, seen[0][0]) and np.array_equal(sound, seen[0][2])


def test_odd_sizes_lose_their_last_column_and_row(tmp_path):
    assert even((65, 37)) == (64, 36) and even((1, 1)) == (2, 2)
    with FilmWriter(tmp_path / "odd.mp4", (65, 37), 30) as film:
        film.write(level(90, (65, 37)))
    assert decoded(tmp_path / "odd.mp4")[0].shape == (1, 36, 64, 3)


@pytest.mark.parametrize(
    ("name", "says"),
    [("film.xyz", "a film ends in .mp4"), ("none/film.mp4", "there is no folder")],
)
def test_a_bad_place_is_refused_at_once(tmp_path, name, says):
    with pytest.raises(MediaError, match=says):
        FilmWriter(tmp_path / name, (64, 36), 30)
    with pytest.raises(MediaError, match="fps = 0"):
        FilmWriter(tmp_path / "film.mp4", (64, 36), 0)


def test_a_wrong_picture_or_an_error_leaves_no_file(tmp_path):
    path = tmp_path / "film.mp4"
    with pytest.raises(MediaError, match="picture 1 is uint8"), FilmWriter(path, (64, 36), 30) as f:
        f.write(level(1))
        f.write(level(1, (32, 32)))
    assert not list(tmp_path.iterdir())


def test_the_frame_index_decides(tmp_path):
    """Frame n is the newest picture half a frame after n / fps; late ones are made good."""
    recorder = Recorder(tmp_path / "live.mp4", (64, 36), 10)
    # Times after the first:  0.0  0.04  0.1  0.13  (late)  0.45   -> frames 0 to 4
    for value, time in ((20, 7.0), (60, 7.04), (100, 7.1), (140, 7.13), (220, 7.45)):
        recorder.offer(level(value), time)
    recorder.close()
    pictures, times, sound = decoded(tmp_path / "live.mp4")
    seen = pictures.mean((1, 2, 3)).round()
    assert np.abs(seen - [60, 140, 140, 140, 220]).max() <= 3
    assert np.allclose(times, np.arange(5) / 10) and recorder.dropped == 0
    assert len(sound) == pytest.approx(0.5 * RATE, abs=2048) and np.abs(sound).max() < 1e-3


def test_recorded_sound_is_in_time_with_the_pictures(tmp_path):
    """A click heard and a light seen at the same show time are together in the film."""
    recorder = Recorder(tmp_path / "live.mp4", (64, 36), 50)
    hop, start = 512, 3.2
    click = int((start + 1.0) * RATE)
    for index in range(int(3.0 * RATE), int(5.5 * RATE), hop):
        samples = np.zeros((hop, 2), np.float32)
        if index <= click < index + hop:
            samples[click - index :] = 0.9
        if not 4.4 < index / RATE < 4.6:  # A gap, as when the sound server is restarted.
            recorder.offer_sound(samples, index / RATE)
    for n in range(100):
        recorder.offer(level(230 if n >= 50 else 20), start + n / 50)
        wait_for(recorder)
    recorder.close()
    pictures, _, sound = decoded(tmp_path / "live.mp4")
    light = int(np.argmax(pictures.mean((1, 2, 3)) > 120)) / 50
    heard = int(np.argmax(np.abs(sound[:, 0]) > 0.3)) / RATE
    assert light == 1.0 and heard == pytest.approx(1.0, abs=0.006)
    assert len(sound) / RATE == pytest.approx(2.3, abs=0.05)


def test_a_slow_recorder_drops_and_counts_and_never_waits(tmp_path, monkeypatch):
    write = FilmWriter.write
    monkeypatch.setattr(FilmWriter, "write", lambda *a: (clock.sleep(0.02), write(*a)))
    recorder = Recorder(tmp_path / "live.mp4", (64, 36), 30)
    start = clock.monotonic()
    for n in range(120):
        recorder.offer(level(n), n / 30)
    assert clock.monotonic() - start < 0.3
    recorder.close()
    assert recorder.dropped > 30
    assert recorder.frames >= 5 and len(decoded(tmp_path / "live.mp4")[0]) == recorder.frames


def test_a_recording_that_fails_says_so_at_the_end(tmp_path):
    recorder = Recorder(tmp_path / "live.mp4", (64, 36), 30)
    recorder.offer(level(1, (32, 32)), 0.0)
    recorder.offer(level(1, (32, 32)), 1.0)
    with pytest.raises(MediaError, match="picture 0 is uint8"):
        recorder.close()
    assert not list(tmp_path.iterdir())
    empty = Recorder(tmp_path / "none.mp4", (64, 36), 30)
    empty.close()
    assert not list(tmp_path.iterdir()), "nothing was offered"


def test_a_killed_recording_can_be_played(tmp_path):
    script = """
import os, sys, time
import numpy as np
from engine.render.recorder import Recorder
recorder = Recorder(sys.argv[1], (64, 36), 30)
rng = np.random.default_rng(1)
for n in range(240):
    recorder.offer(rng.integers(0, 255, (36, 64, 3), np.uint8), n / 30)
    recorder.offer_sound(np.zeros((1600, 2), np.float32))
    while not recorder._pictures.empty():
        time.sleep(0.001)
os._exit(9)
"""
    path = tmp_path / "live.mp4"
    done = subprocess.run([sys.executable, "-c", script, str(path)], timeout=60)
    assert done.returncode == 9
    seen = 0
    with av.open(str(path)) as film, contextlib.suppress(av.FFmpegError):
        for _ in film.decode(video=0):  # A player, too, stops where the file is torn.
            seen += 1
    assert seen >= 180
