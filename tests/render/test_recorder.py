"""Live recordings: split films, a full disk, encoders, broken files; all decoded again."""

import shutil
import subprocess
import sys

import av
import numpy as np
import pytest

from engine import clock
from engine.errors import MediaError
from engine.render import encoders
from engine.render import recorder as module
from engine.render.mending import mend
from engine.render.recorder import Recorder, free_name

RATE, HOP = 48_000, 512
SIZE = (64, 36)


def level(value):
    return np.full((SIZE[1], SIZE[0], 3), value, np.uint8)


def play(recorder, seconds, fps, late=0.0, start=3.2):
    """Grey steps as pictures, a rising line as sound that comes `late`, as from a slow analysis."""
    hop = int(start * RATE)
    for n in range(round(seconds * fps)):
        time = start + n / fps
        recorder.offer(level(min(250, 2 * n)), time)
        while (hop + HOP) / RATE <= time - late:
            ramp = (np.arange(hop, hop + HOP) / RATE - start) / 10.0
            recorder.offer_sound(np.repeat(ramp[:, None], 2, 1).astype(np.float32), hop / RATE)
            hop += HOP
        while not recorder._pictures.empty():
            clock.sleep(0.001)


def lengths(path):
    """Pictures, and seconds of sound."""
    with av.open(str(path)) as film:
        pictures = sum(1 for _ in film.decode(video=0))
    with av.open(str(path)) as film:
        return pictures, sum(frame.samples for frame in film.decode(audio=0)) / RATE


def test_split_films_follow_each_other_without_a_gap(tmp_path):
    recorder = Recorder(tmp_path / "show.mp4", SIZE, 25, split_seconds=1.0)
    play(recorder, 2.6, 25, late=0.3)
    recorder.close()
    names = [path.name for path in recorder.paths]
    assert names == ["show.mp4", "show-2.mp4", "show-3.mp4"] and recorder.dropped == 0
    counts = [lengths(path) for path in recorder.paths]
    assert [count for count, _ in counts] == [25, 25, 15] and recorder.frames == 65
    for (count, sound), pictures in zip(counts, (1.0, 1.0, 0.6), strict=True):
        assert sound == pytest.approx(pictures, abs=0.045), count  # AAC packets are 21 ms


def test_sound_of_a_split_film_goes_on_where_the_other_ended(tmp_path):
    """The line that rises by 0.1 a second is heard on, in the second film from its first moment."""
    recorder = Recorder(tmp_path / "show.mkv", SIZE, 25, split_seconds=2.0)
    play(recorder, 3.4, 25)
    recorder.close()
    with av.open(str(recorder.paths[1])) as film:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in film.decode(audio=0)])
    middle = sound[int(0.4 * RATE) : int(0.6 * RATE)].mean()
    assert middle == pytest.approx(0.25, abs=0.01)


def test_an_existing_film_is_never_written_over(tmp_path):
    path = tmp_path / "show.mp4"
    for name in ("show.mp4", "show-2.mp4"):
        assert free_name(path).name == name
        (tmp_path / name).write_text("mine")
    recorder = Recorder(path, SIZE, 25)
    play(recorder, 0.4, 25)
    recorder.close()
    assert [p.name for p in recorder.paths] == ["show-3.mp4"] and path.read_text() == "mine"


def test_a_disk_that_is_nearly_full_ends_the_recording_well(tmp_path, monkeypatch):
    recorder = Recorder(tmp_path / "show.mp4", SIZE, 25)
    play(recorder, 0.8, 25)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(
        module.shutil, "disk_usage",
        lambda _: type(usage)(usage.total, usage.total, 1),
    )
    end = clock.monotonic() + 20.0
    while not recorder.over and clock.monotonic() < end:
        clock.sleep(0.01)
    assert recorder.over and "the disk is full (0 MB left)" in recorder.error
    assert lengths(recorder.paths[0])[0] == 20
    with pytest.raises(MediaError, match="the disk is full"):
        recorder.close()


def test_a_file_that_cannot_grow_is_cut_to_what_plays(tmp_path):
    """A real refusal of the system in the middle of a picture: the largest file is limited."""
    script = """
import resource, signal, sys, time
import numpy as np
from engine.render.recorder import Recorder
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
recorder = Recorder(sys.argv[1], (64, 36), 30)
rng = np.random.default_rng(1)
for n in range(400):
    recorder.offer(rng.integers(0, 255, (36, 64, 3), np.uint8), n / 30)
    recorder.offer_sound(np.zeros((1600, 2), np.float32))
    while not recorder._pictures.empty() and not recorder.over:
        time.sleep(0.001)
recorder.wait() if recorder.over else recorder.end()
print(recorder.error, recorder.frames)
"""
    path = tmp_path / "live.mp4"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], timeout=120, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "live.mp4: File too large" in done.stdout
    pictures, sound = lengths(path)  # Decodes to its end without a word of libav.
    assert pictures >= 20 and path.stat().st_size < 150_000 and sound > 0.5


def test_only_whole_fragments_stay(tmp_path):
    recorder = Recorder(tmp_path / "whole.mp4", SIZE, 10)
    play(recorder, 4.0, 10)
    recorder.close()
    data = recorder.paths[0].read_bytes()
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(data[: data.rindex(b"moof") + 300])
    assert mend(torn) and 20 <= lengths(torn)[0] < 40
    torn.write_bytes(data[:40])
    assert not mend(torn) and torn.stat().st_size == 0


def test_the_live_encoder_is_one_that_works_here():
    encoder = encoders.live_encoder(SIZE, 30.0)
    assert encoders.seconds_a_picture(encoder, SIZE, 30.0) > 0.0
    assert encoder.name in (*encoders.HARDWARE, "libx264")
    nobody = encoders.Encoder("h264_nobody")
    assert encoders.seconds_a_picture(nobody, SIZE, 30.0) is None


def test_the_software_preset_keeps_pace(monkeypatch):
    """A hardware encoder that works is taken; else the finest preset that is quick enough."""
    took = {"libx264 veryfast": 0.02, "libx264 superfast": 0.004, "libx264 ultrafast": 0.003}

    def timed(encoder, size, fps):
        return took.get(f"{encoder.name} {dict(encoder.options).get('preset', '')}".strip())

    monkeypatch.setattr(encoders, "seconds_a_picture", timed)
    choose = encoders.live_encoder.__wrapped__
    assert dict(choose(SIZE, 30.0).options)["preset"] == "superfast"
    assert dict(choose(SIZE, 10.0).options)["preset"] == "veryfast"
    assert dict(choose(SIZE, 120.0).options)["preset"] == "ultrafast"
    took["h264_qsv"] = 0.001
    assert choose(SIZE, 30.0).name == "h264_qsv" and choose(SIZE, 30.0).bit_rate == 20735


def test_a_recording_that_cannot_keep_pace_lets_pictures_stand(tmp_path, monkeypatch):
    """Five pictures a second, each encoded for longer than a frame lasts: the film is as long as
    the show all the same, and each picture is where it belongs."""
    write = module.FilmWriter.write
    written = []

    def slow(film, picture):
        clock.sleep(0.02)
        written.append(film.frames)
        write(film, picture)

    monkeypatch.setattr(module.FilmWriter, "write", slow)
    recorder = Recorder(tmp_path / "show.mp4", SIZE, 100, split_seconds=2.0)
    for n in range(20):
        recorder.offer(level(10 * n), n / 5)
    recorder.close()
    assert len(written) < 250 and recorder.frames == 381 and recorder.dropped == 0
    assert len(recorder.paths) == 2
    seen, lasts = [], []
    for path in recorder.paths:
        with av.open(str(path)) as film:
            frames = list(film.decode(video=0))
            seen += [(f.time + 2.0 * len(lasts), f.to_ndarray(format="gray8").mean())
                     for f in frames]
        lasts.append(frames[-1].time)
    assert lasts[0] == pytest.approx(1.99) and lasts[1] == pytest.approx(1.80)
    for n in range(20):
        value = next(grey for time, grey in reversed(seen) if time <= n / 5 + 1e-6)
        assert value == pytest.approx(10 * n, abs=4)


def test_a_crash_costs_a_second_even_where_pictures_stand(tmp_path):
    film = module.FilmWriter(tmp_path / "show.mp4", SIZE, 30, live=encoders.software())
    for n in range(300):
        film.pass_over() if n % 15 else film.write(level(n // 2))
        film.write_sound(np.zeros((1600, 2), np.float32))
    film.close()
    assert (tmp_path / "show.mp4").read_bytes().count(b"moof") >= 8
    assert lengths(tmp_path / "show.mp4")[0] == 21
