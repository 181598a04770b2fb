"""What bench stage watches with: black and still pictures are found, on a screen and in films."""

import struct

import numpy as np
import pytest

from bench.stage_watch import Watch, seen, watched_film
from engine.render.film import FilmWriter


def grey(value):
    return np.full((36, 64, 3), value, np.uint8)


def test_black_and_still_pictures_are_found():
    watch = Watch()
    for n, value in enumerate((10, 60, 60, 60, 2, 90)):
        watch.look(grey(value), 0.5 * n)
    figures = watch.figures()
    assert figures["pictures"] == 6 and figures["distinct"] == 4 and figures["black"] == 1
    assert figures["longest_still_s"] == 1.5, "three alike, until the next one came"
    assert (figures["darkest"], figures["brightest"]) == (2.0, 90.0)


def test_the_screen_is_read_as_x_writes_it(tmp_path):
    head = [100 + 60, 7, 2, 24, 8, 4, 0, 0, 32, 0, 32, 32, 32, *[0] * 6, 5, *[0] * 5]
    head[11], head[12] = 32, 8 * 4
    picture = np.arange(4 * 8 * 4, dtype=np.uint8).reshape(4, 8, 4)
    raw = struct.pack(">25I", *head) + bytes(60) + bytes(5 * 12) + picture.tobytes()
    (tmp_path / "screen").write_bytes(raw)
    shown = seen(tmp_path / "screen", (6, 3))
    assert shown.shape == (3, 6, 3) and (shown == picture[:3, :6, 2::-1]).all()


def test_a_film_is_watched_to_its_end(tmp_path):
    sound = np.zeros((48_000, 2), np.float32)
    with FilmWriter(tmp_path / "film.mp4", (64, 36), 10, sound) as film:
        for n in range(10):
            film.write(grey(100 if 3 <= n < 8 else 20 * n + 10))
    found = watched_film(tmp_path / "film.mp4")
    assert found["pictures"] == 10 and found["sound_s"] == pytest.approx(1.0, abs=0.05)
    assert found["longest_still_s"] >= 0.1 and found["black"] == 0
